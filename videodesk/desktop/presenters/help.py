"""Help: the pages of this language, the one in front, and what a search leaves of them."""

from __future__ import annotations

from dataclasses import dataclass

from videodesk.core.clock import Clock
from videodesk.core.vocabulary import Language
from videodesk.desktop.help_pages import ABOUT, SLUGS, HelpPage, pages
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks


@dataclass(frozen=True, slots=True)
class HelpState:
    """What the screen shows. `page` is None where nothing was found; `at` is the block that the search leads to."""

    found: tuple[HelpPage, ...] = ()
    page: HelpPage | None = None
    query: str = ""
    at: int | None = None


class HelpPresenter(Presenter[HelpState]):
    """Reads our own files only."""

    def __init__(self, language: Language, tasks: Tasks, clock: Clock) -> None:
        super().__init__(HelpState(), tasks, clock)
        self._language = language
        self._slug = SLUGS[0]
        self._show()

    def about(self, screen: str) -> None:
        """Show the page about a screen, without a search."""
        self._slug = ABOUT.get(screen, SLUGS[0])
        self._set(query="")
        self._show()

    def choose(self, slug: str) -> None:
        """Show this page."""
        self._slug = slug
        self._show()

    def search(self, query: str) -> None:
        """Leave the pages that hold all these words; the first of them where the page in front does not."""
        self._set(query=query)
        self._show()

    def speak(self, language: Language) -> None:
        """The same page in another language."""
        self._language = language
        self._show()

    def _show(self) -> None:
        words = tuple(self.state.query.lower().split())
        found = tuple(page for page in pages(self._language) if page.holds(words))
        page = next((page for page in found if page.slug == self._slug), found[0] if found else None)
        self._set(found=found, page=page, at=page.first_with(words) if page is not None and words else None)
