"""The help screen: pages at the left with a search, the page at the right. Made of the kit's plain labels: no markup is ever shown."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from videodesk.desktop.context import DesktopContext
from videodesk.desktop.help_pages import SLUGS, Block, HelpPage
from videodesk.desktop.i18n import language, t
from videodesk.desktop.presenters.help import HelpPresenter, HelpState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Badge, EmptyState, LineEdit, View, label, scrolled, separator

PAGES_PX: Final = 248
COLUMN_PX: Final = 660


def make(context: DesktopContext) -> View:
    """The help of this desktop."""
    return HelpView(context, HelpPresenter(language(), context.tasks, context.clock))


class HelpView(View):
    """`opened(about="call")` shows the page about that screen."""

    title_key = "shell.help"

    def __init__(self, context: DesktopContext, presenter: HelpPresenter) -> None:
        super().__init__()
        self.setObjectName("help")
        self._context = context
        self._help = presenter
        self._shown: HelpPage | None = None
        self._pieces: list[QWidget] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, SPACE)
        row.setSpacing(4 * SPACE)
        self.search = LineEdit("help.search", max_chars=60)
        self.search.setObjectName("help.search")
        self.search.textChanged.connect(presenter.search)
        self._list = QWidget()
        self._list.setFixedWidth(PAGES_PX)
        column = QVBoxLayout(self._list)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.search)
        column.addSpacing(SPACE)
        self._group = QButtonGroup(self)
        self._buttons = {slug: self._button(slug) for slug in SLUGS}
        for button in self._buttons.values():
            column.addWidget(button)
        column.addStretch(1)
        row.addWidget(self._list)
        self._paper = QWidget()
        self._paper.setMaximumWidth(COLUMN_PX)
        self._column = QVBoxLayout(self._paper)
        self._column.setContentsMargins(0, 0, SPACE, 3 * SPACE)
        self._column.setSpacing(SPACE)
        self._empty = EmptyState("search", "help.nothing_title", "help.nothing_text")
        holder = QWidget()
        beside = QHBoxLayout(holder)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self._paper, 1)
        beside.addStretch(0)
        self._area = scrolled(holder)
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # arrows and Page Down scroll it
        row.addWidget(self._area, 1)
        row.addWidget(self._empty, 1)
        self.attach(presenter)

    def _button(self, slug: str) -> QPushButton:
        button = QPushButton()
        button.setObjectName(f"help.page.{slug}")
        button.setProperty("kind", "ghost")
        button.setProperty("align", "left")
        button.setCheckable(True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(partial(self._choose, slug))
        self._group.addButton(button)
        return button

    # ── the shell's calls ──────────────────────────────────────────────────────────────────────────────────────

    def opened(self, about: str = "", **params: Any) -> None:
        """Show the page about the screen one came from."""
        del params
        self._help.about(about)
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def panes(self) -> list[QWidget]:
        """The pages, then the page."""
        return [self._list, self._area]

    def retranslate(self) -> None:
        """The same page in the other language."""
        self._shown = None
        self._help.speak(language())
        super().retranslate()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back to the work."""
        if event.key() == Qt.Key.Key_Escape:
            self._context.navigation.back()
        else:
            super().keyPressEvent(event)

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: HelpState) -> None:
        """Show the pages found and the one in front."""
        if self.search.text() != state.query:
            self.search.setText(state.query)
        found = {page.slug: page.title for page in state.found}
        for slug, button in self._buttons.items():
            button.setVisible(slug in found)
            if slug in found:
                button.setText(found[slug].replace("&", "&&"))
                button.setAccessibleName(found[slug])
            button.setChecked(state.page is not None and state.page.slug == slug)
        self._area.setVisible(state.page is not None)
        self._empty.setVisible(state.page is None)
        if state.page is not None and state.page is not self._shown:
            self._fill(state.page)
        if state.at is not None and state.page is not None:
            QTimer.singleShot(0, self, partial(self._look_at, state.at))

    def _choose(self, slug: str, _checked: bool = False) -> None:
        self._help.choose(slug)

    def _look_at(self, block: int) -> None:
        if block < len(self._pieces):
            self._area.ensureWidgetVisible(self._pieces[block], 0, 8 * SPACE)

    def _fill(self, page: HelpPage) -> None:
        self._shown = page
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._column.addWidget(label(page.title, "title", wraps=True))
        self._pieces = [_piece(block) for block in page.blocks]
        for piece in self._pieces:
            self._column.addWidget(piece)
        self._column.addStretch(1)
        self._area.setAccessibleName(t("help.page", title=page.title))
        self._area.verticalScrollBar().setValue(0)


def _piece(block: Block) -> QWidget:
    """A block as widgets of the kit."""
    piece = QFrame()
    piece.setProperty("surface", "flat")
    if block.kind == "row":
        outer = QVBoxLayout(piece)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(6)
        line = QHBoxLayout()
        line.addWidget(label(block.text, wraps=True), 1)
        line.addWidget(Badge(block.second), 0, Qt.AlignmentFlag.AlignVCenter)
        outer.addLayout(line)
        outer.addWidget(separator())
        return piece
    row = QHBoxLayout(piece)
    row.setContentsMargins(0, 2 * SPACE if block.kind == "heading" else 0, 0, 0)
    row.setSpacing(SPACE + 4)
    if block.kind in {"bullet", "step"}:
        sign = label("•" if block.kind == "bullet" else f"{block.second}.", "strong" if block.kind == "step" else "muted")
        sign.setFixedWidth(20)
        sign.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
    text = label(block.text, "heading" if block.kind == "heading" else "mono" if block.kind == "code" else "body", wraps=True)
    if block.kind == "code":
        piece.setProperty("surface", "well")
        row.setContentsMargins(2 * SPACE, SPACE + 4, 2 * SPACE, SPACE + 4)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
    row.addWidget(text, 1)
    return piece
