"""`python -m tests.bench NAME [--json]`: run one benchmark. Ours, the floor and the peer are measured in the same run."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any


def names() -> list[str]:
    """The benchmarks there are: every module here that has `run`."""
    found = []
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("_"):
            continue
        text = (Path(__file__).parent / f"{module.name}.py").read_text(encoding="utf-8")
        if "\ndef run(" in text:
            found.append(module.name)
    return sorted(found)


def table(result: dict[str, Any]) -> str:
    """The result for a person."""
    lines = [f"{result['name']}"]
    for figure, values in result["figures"].items():
        unit = values["unit"]
        for who in ("ours", "floor", "peer"):
            if who in values:
                part = values[who]
                lines.append(f"  {figure:<14} {who:<6} median {part['median']:>10.3f} {unit:<6} p95 {part['p95']:>10.3f} {unit:<6} n {part['n']}")
        if "ratio" in values:
            ratio = values["ratio"]
            lines.append(f"  {figure:<14} ratio  median {ratio['median']:>10.3f}        p95 {ratio['p95']:>10.3f}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", choices=names())
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given, rest = parser.parse_known_args()
    sys.argv = [given.name, *rest]  # a benchmark may have flags of its own
    result = importlib.import_module(f"tests.bench.{given.name}").run()
    print(json.dumps(result) if given.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
