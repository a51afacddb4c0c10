"""The command palette: everything that can be done on this screen, and cases, found by a few letters."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.desktop import keys
from videodesk.desktop.i18n import t
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol.resources import CasePage

MAX_CASES: Final = 8
_WAIT_S: Final = 0.15  # between the last letter and asking the service
_SELF: Final = "palette.open"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: an action (`id` of the table) or a case (`is_case`, `id` of it). `more` is its key, or what the case is about."""

    id: str
    text: str
    more: str = ""
    icon: str = ""
    is_case: bool = False


@dataclass(frozen=True, slots=True)
class PaletteState:
    """What the palette shows: the best first. `problem`: cases could not be asked for; actions are there all the same."""

    query: str = ""
    entries: tuple[Entry, ...] = ()
    is_searching: bool = False
    problem: DeskError | None = None


class PalettePresenter(Presenter[PaletteState]):
    """`place` is the screen in front: its actions come first. Made anew each time the palette opens."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, place: str) -> None:
        super().__init__(PaletteState(), tasks, clock)
        self._api = api
        specs = [*keys.in_scope(place), *(spec for spec in keys.in_scope("") if place and spec.id != _SELF)]
        self._actions = [Entry(spec.id, t(spec.text_key), spec.shortcut, spec.icon) for spec in specs]
        self._cases: tuple[Entry, ...] = ()
        self._show("")

    def search(self, query: str) -> None:
        """Show what fits; cases come a moment later."""
        if query == self.state.query:
            return
        self._cases = tuple(entry for entry in self._cases if score(query, f"{entry.text} {entry.more}") > 0)
        words = query.strip()
        self._set(is_searching=len(words) >= 2, problem=None)
        self._show(query)
        if len(words) < 2:
            self._cases = ()
            self._show(query)
            return

        async def ask() -> CasePage:
            await asyncio.sleep(_WAIT_S)
            return await self._api.cases(query=words, limit=MAX_CASES)

        self.tasks.run("palette.cases", ask, self._found, self._failed, replaces=True)

    def _found(self, page: CasePage) -> None:
        self._cases = tuple(
            Entry(case.id, case.number, " · ".join(part for part in (case.customer_name, case.product) if part), "folder", is_case=True) for case in page.items)
        self._set(is_searching=False)
        self._show(self.state.query)

    def _failed(self, problem: DeskError) -> None:
        self._set(is_searching=False, problem=problem)

    def _show(self, query: str) -> None:
        rated = [(score(query, entry.text), place, entry) for place, entry in enumerate(self._actions)]
        found = [entry for rate, _place, entry in sorted(rated, key=lambda one: (-one[0], one[1])) if rate > 0]
        self._set(query=query, entries=(*found, *self._cases))


def score(query: str, text: str) -> float:
    """How well `text` fits: 0 not at all; every word of the query must be in it. Beginnings of words weigh most, scattered letters least."""
    text, whole = text.lower(), 1.0
    for word in query.lower().split():
        at = text.find(word)
        if at == 0:
            whole += 4
        elif at > 0:
            whole += 3 if not text[at - 1].isalnum() else 2
        elif _is_scattered(word, text):
            whole += 0.5
        else:
            return 0.0
    return whole


def _is_scattered(word: str, text: str) -> bool:
    """Whether the letters come in this order, the first at the beginning of a word: "vd" finds "volgende"."""
    starts = [place for place, letter in enumerate(text) if letter == word[0] and (place == 0 or not text[place - 1].isalnum())]
    for start in starts:
        rest = iter(text[start:])
        if all(letter in rest for letter in word):
            return True
    return False
