"""The annotator's toolbar: tools with their keys, colours, widths, undo and redo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QColorDialog, QFrame, QHBoxLayout, QToolButton, QWidget

from videodesk.annotation.marks import COLOURS
from videodesk.desktop.actions import BY_ID
from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.i18n import t
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.widgets import IconButton

COLOUR_KEYS: Final = dict(zip(COLOURS, ("red", "amber", "green", "blue", "black", "white"), strict=True))
WIDTH_KEYS: Final = ("thin", "medium", "thick")


class _ToolButton(IconButton):
    """A tool; its key stands small in the corner."""

    def __init__(self, tool: Tool, pressed: Callable[[], None]) -> None:
        super().__init__(f"annotate.{tool}", size_px=20, is_checkable=True, pressed=pressed)
        self.setObjectName(f"annotate.tool.{tool}")
        self._key = BY_ID[f"annotate.{tool}"].text_key
        self._letter = BY_ID[f"annotate.{tool}"].shortcut
        self.setFixedSize(QSize(40, 40))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon, and the key's letter."""
        super().paintEvent(event)
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPixelSize(10)
        font.setWeight(QFont.Weight.Medium)
        painter.setFont(font)
        painter.setPen(token("accent_text" if self.isChecked() else "text_muted"))
        painter.drawText(self.rect().adjusted(0, 0, -5, -2), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom), self._letter)
        painter.end()


class _Swatch(QToolButton):
    """One colour."""

    def __init__(self, colour: str, key: str) -> None:
        super().__init__()
        self.colour = colour
        self._key = key
        self.setCheckable(True)
        self.setFixedSize(QSize(30, 40))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.retranslate()

    def retranslate(self) -> None:
        """Name it."""
        text = t(self._key)
        self.setToolTip(text)
        self.setAccessibleName(text)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """A disc; a ring around it when chosen or focused."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QRectF(self.rect()).center()
        painter.setPen(QPen(token("border_strong"), 1))
        painter.setBrush(QColor(self.colour))
        painter.drawEllipse(centre, 9, 9)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked():
            painter.setPen(QPen(token("text"), 2))
            painter.drawEllipse(centre, 12.5, 12.5)
        if self.hasFocus():
            painter.setPen(QPen(token("focus"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        painter.end()


class _WidthButton(QToolButton):
    """One of the three widths."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place
        self.setObjectName(f"annotate.width.{WIDTH_KEYS[place]}")
        self.setCheckable(True)
        self.setFixedSize(QSize(36, 40))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.retranslate()

    def retranslate(self) -> None:
        """Name it."""
        text = t(f"annotate.width.{WIDTH_KEYS[self._place]}")
        self.setToolTip(text)
        self.setAccessibleName(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A stroke of that weight."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(token("accent_text" if self.isChecked() else "text"), (1.75, 3.5, 6)[self._place],
                            Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        middle = self.height() / 2
        painter.drawLine(QPointF(11, middle), QPointF(self.width() - 11, middle))
        painter.end()


def _divider() -> QFrame:
    line = QFrame()
    line.setProperty("surface", "line")
    line.setFixedSize(1, 24)
    return line


class AnnotateToolbar(QFrame):
    """`tool_chosen(Tool)`, `keep_toggled(bool)`, `colour_chosen(str)`, `width_chosen(int: place)`, `undo_pressed`, `redo_pressed`."""

    tool_chosen = Signal(object)
    keep_toggled = Signal(bool)
    colour_chosen = Signal(str)
    width_chosen = Signal(int)
    undo_pressed = Signal()
    redo_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setObjectName("annotate.toolbar")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 4, SPACE, 4)
        row.setSpacing(2)
        self._tools: dict[Tool, _ToolButton] = {}
        group = QButtonGroup(self)
        for tool in Tool:
            button = _ToolButton(tool, lambda tool=tool: self.tool_chosen.emit(tool))  # type: ignore[misc]
            group.addButton(button)
            self._tools[tool] = button
            row.addWidget(button)
        self._keep = IconButton("annotate.keep_tool", size_px=18, is_checkable=True)
        self._keep.setObjectName("annotate.keep_tool")
        self._keep.toggled.connect(self.keep_toggled)
        row.addWidget(self._keep)
        self._add_divider(row)
        self._swatches = self._make_swatches(row)
        self._add_divider(row)
        self._widths = [_WidthButton(place) for place in range(3)]
        widths = QButtonGroup(self)
        for place, width in enumerate(self._widths):
            widths.addButton(width)
            width.clicked.connect(lambda _checked=False, place=place: self.width_chosen.emit(place))
            row.addWidget(width)
        row.addStretch(1)
        self._undo = IconButton("annotate.undo", pressed=self.undo_pressed.emit)
        self._redo = IconButton("annotate.redo", pressed=self.redo_pressed.emit)
        self._undo.setObjectName("annotate.undo")
        self._redo.setObjectName("annotate.redo")
        row.addWidget(self._undo)
        row.addWidget(self._redo)

    def _make_swatches(self, row: QHBoxLayout) -> list[_Swatch]:
        swatches = [_Swatch(colour, f"annotate.colour.{key}") for colour, key in COLOUR_KEYS.items()]
        group = QButtonGroup(self)
        group.setExclusive(False)
        for swatch in swatches:
            swatch.setObjectName(f"annotate.colour.{COLOUR_KEYS[swatch.colour]}")
            swatch.clicked.connect(lambda _checked=False, swatch=swatch: self.colour_chosen.emit(swatch.colour))
            row.addWidget(swatch)
        self._custom = IconButton("annotate.colour.custom", "palette", size_px=18, pressed=self._ask_colour)
        self._custom.setObjectName("annotate.colour.custom")
        self._custom_swatch = _Swatch("#000000", "annotate.colour.own")
        self._custom_swatch.hide()
        self._custom_swatch.clicked.connect(lambda _checked=False: self.colour_chosen.emit(self._custom_swatch.colour))
        row.addWidget(self._custom_swatch)
        row.addWidget(self._custom)
        return swatches

    @staticmethod
    def _add_divider(row: QHBoxLayout) -> None:
        row.addSpacing(6)
        row.addWidget(_divider())
        row.addSpacing(6)

    def _ask_colour(self) -> None:
        dialog = QColorDialog(QColor(self._custom_swatch.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(t("annotate.colour.custom"))
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(lambda colour: self.colour_chosen.emit(colour.name()))
        dialog.open()

    def show_state(self, state: AnnotateState) -> None:
        """Show tool, colour and width (the selected mark's, where there is one) and what can be undone."""
        is_ready = state.picture is not None
        self._tools[state.tool].setChecked(True)
        self._keep.setChecked(state.keeps_tool)
        selected = state.selected
        colour = state.colour if selected is None else selected.colour
        width = state.width_px if selected is None else selected.width_px
        for swatch in self._swatches:
            swatch.setChecked(swatch.colour == colour)
        is_custom = colour not in COLOUR_KEYS
        if is_custom:
            self._custom_swatch.colour = colour
        self._custom_swatch.setVisible(is_custom or self._custom_swatch.colour != "#000000")
        self._custom_swatch.setChecked(is_custom)
        nearest = min(range(3), key=lambda place: abs(state.widths[place] - width))
        self._widths[nearest].setChecked(True)
        self._undo.setEnabled(state.history.can_undo)
        self._redo.setEnabled(state.history.can_redo)
        for widget in (*self._tools.values(), *self._swatches, *self._widths, self._custom, self._keep):
            widget.setEnabled(is_ready)
        self.update()

    def restyle(self) -> None:
        """Paint in the theme's colours."""
        for child in self.findChildren(QToolButton):
            child.update()
