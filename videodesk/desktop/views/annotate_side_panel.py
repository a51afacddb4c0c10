"""The column beside the canvas: looks, the marks with their fields, and the pages that other tools bring (measuring, redacting)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.i18n import t
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.annotate_detail_panel import Act, DetailPanel
from videodesk.desktop.views.annotate_look_panel import LookPanel
from videodesk.desktop.views.annotate_marks import MarksList, MarksModel
from videodesk.desktop.widgets import label, scrolled

SIDE_PX: Final = 288
_LIST_PX: Final = 148  # heading and two rows
_FIELDS_PX: Final = 120


class Shows(Protocol):
    """A page of the column is a QWidget that can show the screen's state."""

    def show_state(self, state: AnnotateState) -> None:
        """Show it."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """A page that another tool brings: its title's key, its widget, the tools that turn to it."""

    key: str
    widget: QWidget
    shows: Shows
    tools: frozenset[Tool]


class _MarksPage(QWidget):
    """List and details."""

    def __init__(self, presenter: AnnotatePresenter, act: Act, *, has_heading: bool) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        if has_heading:
            heading = label(key="annotate.marks", role="heading")
            heading.setContentsMargins(4, 0, 4, 0)
            column.addWidget(heading)
        self.list = MarksList(presenter)
        self.list.setMinimumHeight(104)
        column.addWidget(self.list, 1)
        self._empty = label(key="annotate.no_marks", role="muted", wraps=True)
        self._empty.setContentsMargins(4, 0, 4, 0)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._empty, 1)
        self._details = DetailPanel(presenter, act)
        self._scroll = scrolled(self._details)
        column.addWidget(self._scroll)
        self.list.wanted.connect(lambda: self._details.take_focus(presenter.state))

    def show_state(self, state: AnnotateState) -> None:
        """Show the marks and what is selected."""
        count = len(state.document.marks)
        self.list.setVisible(count > 0)
        self._empty.setVisible(count == 0)
        self.list.show_state(state)
        self._details.show_state(state)
        self._scroll.setVisible(not self._details.isHidden())
        self._share_height()

    def _share_height(self) -> None:
        """The fields get the height that they need; the list gets the rest, and never less than two rows."""
        needed = self._details.sizeHint().height() + 2
        self._scroll.setFixedHeight(min(needed, max(_FIELDS_PX, self.height() - _LIST_PX)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the height anew."""
        super().resizeEvent(event)
        self._share_height()


class SidePanel(QFrame):
    """Looks above, pages below. `act` does an action of the annotate scope by its name."""

    def __init__(self, presenter: AnnotatePresenter, act: Act, pages: tuple[Page, ...] = (),
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setObjectName("annotate.panel")
        self.setFixedWidth(SIDE_PX)
        self._pages = pages
        self._tool = Tool.SELECT
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(SPACE)
        self.look = LookPanel(presenter)
        self.look.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column.addWidget(self.look)
        line = QFrame()
        line.setProperty("surface", "line")
        line.setFixedHeight(1)
        column.addWidget(line)
        self.tabs = QTabBar()
        self.tabs.setObjectName("annotate.pages")
        self.tabs.setExpanding(True)
        self.tabs.setDrawBase(False)
        self.tabs.setProperty("dense", True)  # three words in Dutch
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setVisible(bool(pages))
        column.addWidget(self.tabs)
        self._stack = QStackedWidget()
        column.addWidget(self._stack, 1)
        self._marks_page = _MarksPage(presenter, act, has_heading=not pages)
        for widget in (self._marks_page, *(page.widget for page in pages)):
            self.tabs.addTab("")
            self._stack.addWidget(widget)
        self.tabs.currentChanged.connect(self._stack.setCurrentIndex)
        self.retranslate()

    @property
    def list(self) -> MarksList:
        """The list of marks."""
        return self._marks_page.list

    @property
    def model(self) -> MarksModel:
        """What the list shows."""
        return self._marks_page.list.marks

    def show_state(self, state: AnnotateState) -> None:
        """Show the state on every page; a tool that has a page turns to it."""
        self.look.show_state(state)
        self._marks_page.show_state(state)
        for page in self._pages:
            page.shows.show_state(state)
        if state.tool is not self._tool:
            self._turn_to(state.tool)

    def show_page(self, widget: QWidget) -> None:
        """Turn to this page."""
        self.tabs.setCurrentIndex(self._stack.indexOf(widget))

    def _turn_to(self, tool: Tool) -> None:
        before, self._tool = self._tool, tool
        for place, page in enumerate(self._pages, start=1):
            if tool in page.tools:
                self.tabs.setCurrentIndex(place)
                return
        # After one ruler the tool is select again: its page stays. Another drawing tool has to do with the marks.
        if tool is not Tool.SELECT or before is Tool.SELECT:
            self.tabs.setCurrentIndex(0)

    def retranslate(self) -> None:
        """Name the pages in the language chosen now."""
        for place, key in enumerate(("annotate.marks", *(page.key for page in self._pages))):
            self.tabs.setTabText(place, t(key).replace("&", "&&"))
        self.tabs.setAccessibleName(t("annotate.pages"))
