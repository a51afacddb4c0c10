"""Writes resources/docs/PROTOCOL.md and resources/join/types.d.ts from the message types: `python -m videodesk.protocol.document [--check]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from videodesk.protocol.chapters import protocol_page
from videodesk.protocol.typescript import type_declarations

_RESOURCES: Final = Path(__file__).resolve().parents[2] / "resources"


def documents() -> dict[Path, str]:
    """Every generated file with its text as it should be now."""
    return {
        _RESOURCES / "docs" / "PROTOCOL.md": protocol_page(),
        _RESOURCES / "join" / "types.d.ts": type_declarations(),
    }


def stale() -> list[Path]:
    """The files that are missing or differ from what the code says."""
    return [path for path, text in documents().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def main(arguments: list[str] | None = None) -> int:
    """Write the files; with --check only say which are stale (exit code 1)."""
    parser = argparse.ArgumentParser(prog="python -m videodesk.protocol.document", description=__doc__)
    parser.add_argument("--check", action="store_true", help="Change nothing; fail when a file is not fresh.")
    if parser.parse_args(arguments).check:
        old = stale()
        sys.stderr.writelines(f"not fresh: {path}\n" for path in old)
        return 1 if old else 0
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
