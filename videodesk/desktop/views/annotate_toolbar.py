"""The annotator's toolbar: the tools in groups with their keys, turning, undo and redo, and a menu of all that has no button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.i18n import t
from videodesk.desktop.icons import icon
from videodesk.desktop.keys import on_change, spec_of
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.views.flow import FlowLayout
from videodesk.desktop.widgets import IconButton

GROUPS: Final = (
    (Tool.SELECT, Tool.PAN),
    (Tool.ARROW, Tool.LINE, Tool.RECTANGLE, Tool.ELLIPSE),
    (Tool.PEN, Tool.HIGHLIGHTER),
    (Tool.TEXT, Tool.CALLOUT, Tool.STEP, Tool.STAMP),
    (Tool.SPOTLIGHT, Tool.RULER),
    (Tool.REDACTION, Tool.REDACTION_PEN),
    (Tool.CROP,),
)
_MORE: Final = (
    ("select_all", "copy", "cut", "paste", "duplicate"),
    ("copy_style", "paste_style"),
    ("reset_framing", "delete_all"),
    ("copy_picture", "compare"),
    ("export_web", "import_web"),
)


class _ToolButton(IconButton):
    """A tool; its key stands small in the corner."""

    def __init__(self, tool: Tool, pressed: Callable[[], None]) -> None:
        super().__init__(f"annotate.{tool}", size_px=20, is_checkable=True, pressed=pressed)
        self.setObjectName(f"annotate.tool.{tool}")
        self._tool = tool
        self.setFixedSize(QSize(38, 40))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon, and the key's letter."""
        super().paintEvent(event)
        letter = spec_of(f"annotate.{self._tool}").shortcut
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPixelSize(10)
        font.setWeight(QFont.Weight.Medium)
        painter.setFont(font)
        painter.setPen(token("accent_text" if self.isChecked() else "text_muted"))
        painter.drawText(self.rect().adjusted(0, 0, -4, -2), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom),
                         letter.replace("Shift+", "⇧"))
        painter.end()


def divider() -> QFrame:
    """A thin upright line between groups."""
    line = QFrame()
    line.setProperty("surface", "line")
    line.setFixedSize(1, 24)
    return line


def _breaking() -> QSizePolicy:
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    return policy


class AnnotateToolbar(QFrame):
    """`tool_chosen(Tool)`, `keep_toggled(bool)`, and `acted(str)`: the name of an action of the annotate scope."""

    tool_chosen = Signal(object)
    keep_toggled = Signal(bool)
    acted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setObjectName("annotate.toolbar")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 4, SPACE, 4)
        row.setSpacing(1)
        tools = QWidget()
        tools.setSizePolicy(_breaking())
        flow = FlowLayout(tools)
        self._tools: dict[Tool, _ToolButton] = {}
        exclusive = QButtonGroup(self)
        for group in GROUPS:
            inside = self._add_group(flow)
            for tool in group:
                button = _ToolButton(tool, lambda tool=tool: self.tool_chosen.emit(tool))  # type: ignore[misc]
                exclusive.addButton(button)
                self._tools[tool] = button
                inside.addWidget(button)
        self._turns = [self._action(inside, name) for name in ("turn_left", "turn_right")]
        self._keep = IconButton("annotate.keep_tool", size_px=20, is_checkable=True)
        self._keep.setObjectName("annotate.keep_tool")
        self._keep.setFixedSize(QSize(36, 40))
        self._keep.toggled.connect(self.keep_toggled)
        self._add_group(flow, is_last=True).addWidget(self._keep)
        row.addWidget(tools, 1)
        ends = QHBoxLayout()
        ends.setSpacing(1)
        self._undo = self._action(ends, "undo")
        self._redo = self._action(ends, "redo")
        self._more = self._make_menu()
        ends.addWidget(self._more)
        row.addLayout(ends)
        row.setAlignment(ends, Qt.AlignmentFlag.AlignTop)
        self._state = AnnotateState()
        self.destroyed.connect(on_change(self.update))

    def _action(self, row: QHBoxLayout, name: str) -> IconButton:
        button = IconButton(f"annotate.{name}", size_px=20, pressed=lambda: self.acted.emit(name))
        button.setObjectName(f"annotate.{name}")
        button.setFixedSize(QSize(36, 40))
        row.addWidget(button)
        return button

    @staticmethod
    def _add_group(flow: FlowLayout, *, is_last: bool = False) -> QHBoxLayout:
        """A group of buttons that stay together in one row."""
        group = QWidget()
        whole = QHBoxLayout(group)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        inside = QHBoxLayout()
        inside.setSpacing(1)
        whole.addLayout(inside)
        if not is_last:
            whole.addWidget(divider())
        flow.addWidget(group)
        return inside

    def _make_menu(self) -> IconButton:
        button = IconButton("annotate.more", "dots")
        button.setFixedSize(QSize(36, 40))
        button.setObjectName("annotate.more")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(button)
        self._menu.aboutToShow.connect(self._fill_menu)
        button.setMenu(self._menu)
        return button

    def _fill_menu(self) -> None:
        state = self._state
        can = {
            "copy": bool(state.selection), "cut": bool(state.selection), "duplicate": bool(state.selection), "paste": bool(state.copied),
            "copy_style": bool(state.selection), "paste_style": state.copied_style is not None, "delete_all": bool(state.document.marks),
            "select_all": bool(state.document.marks), "export_web": bool(state.document.marks),
            "reset_framing": state.framing != type(state.framing)(),
        }
        self._menu.clear()
        for place, names in enumerate(_MORE):
            if place:
                self._menu.addSeparator()
            for name in names:
                spec = spec_of(f"annotate.{name}")
                entry = self._menu.addAction(icon(spec.icon, "text", 18), t(spec.text_key).replace("&", "&&"))
                # Shown, not live: the screen reads its keys itself.
                if spec.shortcut:
                    entry.setText(f"{entry.text()}\t{QKeySequence(spec.shortcut).toString(QKeySequence.SequenceFormat.NativeText)}")
                entry.setObjectName(f"annotate.menu.{name}")
                entry.setEnabled(state.picture is not None and can.get(name, True))
                entry.triggered.connect(lambda _checked=False, name=name: self.acted.emit(name))

    def show_state(self, state: AnnotateState) -> None:
        """Show the tool and what can be undone."""
        self._state = state
        is_ready = state.picture is not None
        self._tools[state.tool].setChecked(True)
        self._keep.setChecked(state.keeps_tool)
        self._undo.setEnabled(state.history.can_undo)
        self._redo.setEnabled(state.history.can_redo)
        for widget in (*self._tools.values(), *self._turns, self._keep, self._more):
            widget.setEnabled(is_ready)
        self.update()

    def restyle(self) -> None:
        """Paint in the theme's colours."""
        for child in self.findChildren(QToolButton):
            child.update()
