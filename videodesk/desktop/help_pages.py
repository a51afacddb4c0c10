"""The help pages as data: parsed from resources/help, searched, and the page of shortcuts made from the action table. No Qt.

A page is a small part of Markdown, so that it also reads well elsewhere: `# title`, `## heading`, paragraphs, `- bullets`, `1. steps`,
fenced code, and tables of two columns. Nothing in it is ever handed to Qt as markup.

`python -m videodesk.desktop.help_pages [--check]` writes the pages of shortcuts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from videodesk.core.places import resources
from videodesk.core.vocabulary import Language
from videodesk.desktop.actions import SCOPES, in_scope
from videodesk.desktop.i18n import texts

BlockKind = Literal["heading", "text", "bullet", "step", "code", "row"]

SLUGS: Final = ("start", "invitations", "call", "snapshots", "capture", "annotate", "measure", "review", "evidence", "shortcuts", "trouble")
ABOUT: Final = {"cases": "invitations", "case": "invitations", "call": "call", "annotate": "annotate", "review": "review", "settings": "trouble"}
"""Which page a screen's F1 opens; the others open the first."""

_KEY_WORDS: Final = {
    Language.NL: {"Del": "Delete", "Return": "Enter", "Left": "←"},
    Language.EN: {"Del": "Delete", "Return": "Enter", "Left": "←"},
}


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a page. `second` is a step's number, or a row's second column."""

    kind: BlockKind
    text: str
    second: str = ""


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One page."""

    slug: str
    title: str
    blocks: tuple[Block, ...]

    def holds(self, words: tuple[str, ...]) -> bool:
        """Whether every one of `words` (lower case) stands somewhere on the page."""
        everything = " ".join([self.title, *(f"{block.text} {block.second}" for block in self.blocks)]).lower()
        return all(word in everything for word in words)

    def first_with(self, words: tuple[str, ...]) -> int | None:
        """The first block with one of `words`; None where only the title has them."""
        return next((i for i, block in enumerate(self.blocks) if any(word in f"{block.text} {block.second}".lower() for word in words)), None)


@cache
def pages(language: Language) -> tuple[HelpPage, ...]:
    """All pages of a language, in the order in which they are shown."""
    return tuple(parse(slug, _file(language, slug).read_text(encoding="utf-8")) for slug in SLUGS)


def parse(slug: str, source: str) -> HelpPage:
    """A page from its text."""
    lines = source.splitlines()
    title = lines[0].removeprefix("# ") if lines else ""
    return HelpPage(slug, title, tuple(_blocks(lines[1:])))


def _blocks(lines: list[str]) -> Iterator[Block]:
    kind: BlockKind | None = None
    parts: list[str] = []
    second = ""

    def whole() -> Iterator[Block]:
        if kind is not None and parts:
            yield Block(kind, "\n".join(parts) if kind == "code" else " ".join(parts), second)

    for line in lines:
        if line.startswith("```"):
            yield from whole()
            kind, parts, second = (None if kind == "code" else "code"), [], ""
        elif kind == "code":
            parts.append(line)
        elif not line.strip():
            yield from whole()
            kind, parts = None, []
        elif (begun := _begin(line)) is not None:
            yield from whole()
            kind, text, second = begun
            parts = [text] if text else []
        elif kind is None:
            kind, parts, second = "text", [line.strip()], ""
        else:
            parts.append(line.strip())
    yield from whole()


def _begin(line: str) -> tuple[BlockKind, str, str] | None:
    """What a line begins, or None when it goes on with what is there. A table's head has no words and is left out."""
    number, dot, rest = line.partition(". ")
    if line.startswith("## "):
        return "heading", line[3:], ""
    if line.startswith("- "):
        return "bullet", line[2:], ""
    if dot and number.isdigit():
        return "step", rest, number
    if line.startswith("|"):
        first, _bar, last = line.removeprefix("|").removesuffix("|").partition(" | ")
        return ("row", first.strip(), last.strip()) if last.strip() else ("text", "", "")
    return None


def shortcut_page(language: Language) -> str:
    """The page of shortcuts, from the action table."""
    words = texts(language)

    def word(key: str) -> str:
        found = words[key]
        return found if isinstance(found, str) else found["other"]

    lines = [f"# {word('help.shortcuts_title')}", "", word("help.shortcuts_text"), ""]
    for scope in SCOPES:
        specs = [spec for spec in in_scope(scope) if spec.shortcut]
        if specs:
            lines += [f"## {word('shell.everywhere' if scope == '' else f'shell.scope_{scope}')}", "", "|  |  |", "|---|---|"]
            lines += [f"| {word(spec.text_key)} | {keys_in_words(spec.shortcut, language)} |" for spec in specs]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def keys_in_words(shortcut: str, language: Language) -> str:
    """A shortcut as people read it: `Ctrl + Delete`."""
    keys = [*shortcut[:-2].split("+"), "+"] if shortcut.endswith("++") else shortcut.split("+")
    return " + ".join(_KEY_WORDS[language].get(key, key) for key in keys)


def documents() -> dict[Path, str]:
    """Every generated page with its text as it should be now."""
    return {_file(language, "shortcuts"): shortcut_page(language) for language in Language}


def _file(language: Language, slug: str) -> Path:
    return resources() / "help" / language.value / f"{slug}.md"


def main(arguments: list[str] | None = None) -> int:
    """Write the pages of shortcuts; with --check only say which are stale (exit code 1)."""
    parser = argparse.ArgumentParser(prog="python -m videodesk.desktop.help_pages")
    parser.add_argument("--check", action="store_true", help="Change nothing; fail when a page is not fresh.")
    if parser.parse_args(arguments).check:
        stale = [path for path, text in documents().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
        sys.stderr.writelines(f"not fresh: {path}\n" for path in stale)
        return 1 if stale else 0
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
