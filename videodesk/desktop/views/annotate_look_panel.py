"""What the next mark looks like, and the selected ones: colours, widths, own styles, what a stamp says."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QColorDialog, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from videodesk.annotation.marks import COLOURS, MAX_WIDTH, Kind, Stamp, StampKind, kind_of
from videodesk.desktop.annotating import MAX_QUICK_STYLES, REDACTIONS, AnnotateState, QuickStyle
from videodesk.desktop.i18n import number, t
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.theme import token
from videodesk.desktop.views.annotate_number import NumberEdit
from videodesk.desktop.widgets import IconButton, label

COLOUR_KEYS: Final = dict(zip(COLOURS, ("red", "amber", "green", "blue", "black", "white"), strict=True))
WIDTH_KEYS: Final = ("thin", "medium", "thick")
_STAMP_ICONS: Final = {StampKind.OK: "circle-check", StampKind.DAMAGE: "alert-triangle", StampKind.SERIAL: "barcode"}


def colour_name(colour: str) -> str:
    """What a colour is called: its word, else its number."""
    return t(f"annotate.colour.{COLOUR_KEYS[colour]}") if colour in COLOUR_KEYS else colour


class _Swatch(QToolButton):
    """One colour."""

    def __init__(self, colour: str, key: str) -> None:
        super().__init__()
        self.colour = colour
        self._key = key
        self.setCheckable(True)
        self.setFixedSize(QSize(28, 34))
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
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
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
        self.setFixedSize(QSize(36, 34))
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


class _StyleChip(QToolButton):
    """One style of the person's own gallery; Del or the context menu's key takes it out: `dropped`."""

    dropped = Signal()

    def __init__(self, style: QuickStyle) -> None:
        super().__init__()
        self.style_shown = style
        self.setFixedSize(QSize(40, 32))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.retranslate()

    def retranslate(self) -> None:
        """Name it."""
        text = t("annotate.quick_style", colour=colour_name(self.style_shown.colour), width=number(round(self.style_shown.share * 1000, 1)))
        self.setAccessibleName(text)
        self.setToolTip(f"{text}\n{t('annotate.quick_style_hint')}")

    def paintEvent(self, event: QPaintEvent) -> None:
        """A stroke in that colour and weight on a ground that shows every colour."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        painter.setPen(QPen(token("focus"), 2) if self.hasFocus() else QPen(token("border_strong"), 1))
        painter.setBrush(token("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 3, -1, -3), 6, 6)
        width = min(10.0, max(2.0, self.style_shown.share * 900))
        middle = self.height() / 2
        for colour, weight in ((token("border_strong"), width + 1.5), (QColor(self.style_shown.colour), width)):
            painter.setPen(QPen(colour, weight, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(12, middle), QPointF(self.width() - 12, middle))
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Del takes it out."""
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.dropped.emit()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """A right click takes it out."""
        event.accept()
        self.dropped.emit()


class LookPanel(QWidget):
    """Colours, widths, styles and stamps; every choice goes to `presenter`."""

    def __init__(self, presenter: AnnotatePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("annotate.look")
        self._presenter = presenter
        self._styles: tuple[QuickStyle, ...] | None = None
        self._state = AnnotateState()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._build_colours(column)
        self._build_widths(column)
        self._gallery = QHBoxLayout()
        self._gallery.setSpacing(4)
        column.addLayout(self._gallery)
        self._build_stamps(column)

    def _build_colours(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.setSpacing(1)
        self._swatches = [_Swatch(colour, f"annotate.colour.{key}") for colour, key in COLOUR_KEYS.items()]
        group = QButtonGroup(self)
        group.setExclusive(False)
        for swatch in self._swatches:
            group.addButton(swatch)
            swatch.setObjectName(f"annotate.colour.{COLOUR_KEYS[swatch.colour]}")
            swatch.clicked.connect(lambda _checked=False, swatch=swatch: self._choose(swatch.colour))
            row.addWidget(swatch)
        self._custom = IconButton("annotate.colour.custom", "palette", size_px=18, pressed=self._ask_colour)
        self._custom.setObjectName("annotate.colour.custom")
        self._custom_swatch = _Swatch("#000000", "annotate.colour.own")
        self._custom_swatch.setObjectName("annotate.colour.own")
        self._custom_swatch.hide()
        self._custom_swatch.clicked.connect(lambda _checked=False: self._choose(self._custom_swatch.colour))
        row.addWidget(self._custom_swatch)
        row.addWidget(self._custom)
        row.addStretch(1)
        column.addLayout(row)

    def _build_widths(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.setSpacing(2)
        self._widths = [_WidthButton(place) for place in range(3)]
        group = QButtonGroup(self)
        group.setExclusive(False)
        for place, width in enumerate(self._widths):
            group.addButton(width)
            width.clicked.connect(lambda _checked=False, place=place: self._presenter.choose_width(self._state.widths[place]))
            row.addWidget(width)
        row.addSpacing(4)
        self._width_words = label(key="annotate.width_px", role="caption")
        self.width_number = NumberEdit(0.5, MAX_WIDTH, decimals=1)
        self.width_number.setObjectName("annotate.width_px")
        self.width_number.setFixedWidth(58)
        self.width_number.entered.connect(lambda: self._presenter.choose_width(self.width_number.value()))
        self._width_words.setBuddy(self.width_number)
        row.addWidget(self.width_number)
        row.addWidget(self._width_words)
        row.addStretch(1)
        self._keep_style = IconButton("annotate.keep_style", "plus", size_px=18, pressed=self._presenter.keep_style)
        self._keep_style.setObjectName("annotate.keep_style")
        row.addWidget(self._keep_style)
        column.addLayout(row)

    def _build_stamps(self, column: QVBoxLayout) -> None:
        self._stamps = QWidget()
        row = QHBoxLayout(self._stamps)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(4)
        self._stamp_buttons: dict[StampKind, IconButton] = {}
        for kind, icon_name in _STAMP_ICONS.items():
            button = IconButton(f"annotate.stamp_{kind}", icon_name, size_px=18, is_checkable=True,
                                pressed=lambda kind=kind: self._presenter.choose_stamp(kind))  # type: ignore[misc]
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setMinimumSize(QSize(0, 34))
            button.setMaximumSize(QSize(16_777_215, 34))
            button.setObjectName(f"annotate.stamp.{kind}")
            row.addWidget(button)
            self._stamp_buttons[kind] = button
        row.addStretch(1)
        column.addWidget(self._stamps)
        self._name_stamps()

    def _name_stamps(self) -> None:
        for kind, button in self._stamp_buttons.items():
            button.setText(t(f"annotate.stamp_{kind}").replace("&", "&&"))

    def _choose(self, colour: str) -> None:
        self._presenter.choose_colour(colour)
        self._show_look(self._state)  # a click on the chosen one may not let it go

    def _ask_colour(self) -> None:
        dialog = QColorDialog(QColor(self._custom_swatch.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(t("annotate.colour.custom"))
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(lambda colour: self._presenter.choose_colour(colour.name()))
        dialog.open()

    def show_state(self, state: AnnotateState) -> None:
        """Show colour and width of the selected mark, or of the next one."""
        self._state = state
        self._show_look(state)
        self._show_gallery(state.quick_styles)
        chosen = state.selected
        is_stamp = isinstance(chosen, Stamp) or (chosen is None and state.tool.kind is Kind.STAMP)
        self._stamps.setVisible(is_stamp)
        shown = chosen.stamp if isinstance(chosen, Stamp) else state.stamp
        for kind, button in self._stamp_buttons.items():
            button.setChecked(kind is shown)
        is_ready = state.picture is not None
        # Redactions are dark and a stamp has the colour of what it says: there is nothing to choose before it is set.
        is_free = is_ready and (chosen is not None or state.tool.kind not in {*REDACTIONS, Kind.STAMP})
        for widget in (*self._swatches, self._custom, self._custom_swatch):
            widget.setEnabled(is_free)
        for field in (*self._widths, self.width_number):
            field.setEnabled(is_ready)
        self._keep_style.setEnabled(is_ready and len(state.quick_styles) < MAX_QUICK_STYLES)

    def _show_look(self, state: AnnotateState) -> None:
        selected = state.selected
        style = state.style_for(state.tool.kind or Kind.ARROW)
        colour = style.colour if selected is None else selected.colour
        width = style.width_px if selected is None else selected.width_px
        for swatch in self._swatches:
            swatch.setChecked(swatch.colour == colour)
        is_custom = colour not in COLOUR_KEYS
        if is_custom:
            self._custom_swatch.colour = colour
        self._custom_swatch.setVisible(is_custom or self._custom_swatch.colour != "#000000")
        self._custom_swatch.setChecked(is_custom)
        for place, button in enumerate(self._widths):
            button.setChecked(state.widths[place] == width)
        self.width_number.put_value(width)
        kinds = {kind_of(mark) for mark in state.selection}
        self._width_words.setEnabled(kinds != {Kind.REDACTION})

    def _show_gallery(self, styles: tuple[QuickStyle, ...]) -> None:
        if styles == self._styles:
            return
        self._styles = styles
        while self._gallery.count():
            item = self._gallery.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, style in enumerate(styles):
            chip = _StyleChip(style)
            chip.setObjectName(f"annotate.style.{place}")
            chip.clicked.connect(lambda _checked=False, style=style: self._presenter.take_style(style))
            chip.dropped.connect(lambda style=style: self._presenter.drop_style(style))
            self._gallery.addWidget(chip)
        if styles:
            self._gallery.addStretch(1)

    def retranslate(self) -> None:
        """Name everything in the language chosen now."""
        self._name_stamps()

    def restyle(self) -> None:
        """Paint in the theme's colours."""
        for child in self.findChildren(QToolButton):
            child.update()
