"""The editor's page for measuring: what gives the scale, where it is, what the chosen ruler says and why it cannot."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from videodesk.annotation.marks import Measured, Reference, ReferenceKind
from videodesk.annotation.measuring import MARKER_MM
from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.i18n import error_text, number, t, word
from videodesk.desktop.presenters.annotate_measure import LARGEST_MM, Marks, MeasurePresenter, MeasureState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.annotate_corners import CornersDialog, CornersPreview
from videodesk.desktop.views.annotate_number import NumberEdit
from videodesk.desktop.widgets import Button, Choice, ComboBox, Field, Icon, IconButton, Label, label, scrolled, separator

TOOLS: Final = frozenset({Tool.RULER})
_SQUARES: Final = tuple(zip(("large", "small"), sorted(MARKER_MM.values(), reverse=True), strict=True))


class MeasurePanel(QWidget):
    """A page of the column beside the canvas. `show_state` keeps the picture at hand; all else comes from its own presenter."""

    def __init__(self, presenter: MeasurePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("annotate.measure")
        self._presenter = presenter
        self._picture: Picture | None = None
        self._state = MeasureState()
        self._dialog: CornersDialog | None = None
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 4, 8, 4)
        column.setSpacing(SPACE)
        self._result = QWidget()
        self._build_result(QVBoxLayout(self._result))
        column.addWidget(self._result)
        self._build_reference(column)
        column.addStretch(1)
        self._note = label(key="measure.note", role="caption", wraps=True)
        column.addWidget(self._note)
        outside.addWidget(scrolled(inside))
        presenter.watch(self._render)

    def _build_reference(self, column: QVBoxLayout) -> None:
        self.kind = Choice("measure.kind", ReferenceKind)
        self.kind.setObjectName("measure.kind")
        self.kind.chosen.connect(self._presenter.choose)
        column.addWidget(Field("measure.reference", self.kind))
        self._hint = label(role="caption", wraps=True)
        column.addWidget(self._hint)
        self.seek = Button("measure.find", "primary", icon_name="zoom-scan", pressed=self._presenter.find)
        self.seek.setObjectName("measure.find")
        self.corners = Button("measure.corners", "secondary", icon_name="focus-2", pressed=self._ask_corners)
        self.corners.setObjectName("measure.corners")
        self.length = NumberEdit(0.0, LARGEST_MM, decimals=1)
        self.length.setObjectName("measure.length")
        self.length.returnPressed.connect(self._use_ruler)
        self._length_field = Field("measure.length", self.length)
        self.use = Button("measure.use_ruler", "primary", icon_name="ruler-measure", pressed=self._use_ruler)
        self.use.setObjectName("measure.use_ruler")
        self._build_marker()
        for widget in (self._length_field, self.use, self.seek, self.corners):
            column.addWidget(widget)
        said = QHBoxLayout()
        said.setSpacing(SPACE)
        self._said_icon = Icon("info-circle", "text_muted", 18)
        self.said = label(wraps=True)
        self.said.setObjectName("measure.said")
        said.addWidget(self._said_icon)
        said.addWidget(self.said, 1)
        column.addLayout(said)
        standing = QHBoxLayout()
        standing.setSpacing(SPACE)
        self.in_use = label(role="muted", wraps=True)
        self.in_use.setObjectName("measure.in_use")
        self.forget = IconButton("measure.forget", "x", size_px=16, pressed=self._presenter.forget)
        self.forget.setObjectName("measure.forget")
        standing.addWidget(self.in_use, 1)
        standing.addWidget(self.forget)
        self.preview = CornersPreview(self.open_corners)
        column.addWidget(self.preview)
        column.addLayout(standing)
        column.addWidget(self._marker)

    def _build_marker(self) -> None:
        self._marker = QWidget()
        column = QVBoxLayout(self._marker)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.page = Button("measure.print", "ghost", icon_name="external-link", pressed=lambda: self._presenter.with_print_url(_open_page))
        self.page.setObjectName("measure.print")
        self.link = IconButton("measure.copy_link", "copy", size_px=18, pressed=lambda: self._presenter.with_print_url(self._copy))
        self.link.setObjectName("measure.copy_link")
        row.addWidget(self.page, 1)
        row.addWidget(self.link)
        column.addLayout(row)
        self.printed = NumberEdit(50, 200, decimals=1)
        self.printed.setObjectName("measure.printed")
        self.printed.entered.connect(lambda: self._presenter.print_is(self.printed.value()))
        column.addWidget(Field("measure.printed", self.printed, hint_key="measure.printed_hint"))
        self.square = ComboBox()
        self.square.setObjectName("measure.square")
        for _ in _SQUARES:
            self.square.addItem("")
        self.square.activated.connect(lambda place: self._presenter.mean_square(_SQUARES[place][1]))
        column.addWidget(Field("measure.square", self.square))

    def _build_result(self, column: QVBoxLayout) -> None:
        """On top, because that is what the person wants to know once a ruler is chosen."""
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(key="measure.result", role="caption"))
        self.value = Label(role="title")
        self.value.setObjectName("measure.value")
        self.interval = label(wraps=True)
        self.interval.setObjectName("measure.interval")
        column.addWidget(self.value)
        column.addWidget(self.interval)
        column.addSpacing(4)
        column.addWidget(separator())

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────────────

    def show_state(self, state: AnnotateState) -> None:
        """Keep the picture for the corners; a dialog over another picture goes."""
        if state.picture is not self._picture:
            self._picture = state.picture
            if self._dialog is not None:
                self._dialog.reject()
            self._show_preview(self._state)

    def _render(self, state: MeasureState) -> None:
        self._state = state
        is_length, is_marker = state.kind is ReferenceKind.KNOWN_LENGTH, state.kind is ReferenceKind.MARKER
        self.kind.put(state.kind)
        self._hint.setText(t(f"measure.hint.{state.kind}"))
        for widget in (self._length_field, self.use):
            widget.setVisible(is_length)
        self.seek.setVisible(state.can_find and not is_length)
        self.corners.setVisible(not is_length)
        self._marker.setVisible(is_marker)
        self.seek.setEnabled(state.has_picture and not state.is_finding)
        self.seek.set_key("measure.finding" if state.is_finding else "measure.find")
        self.corners.setEnabled(state.has_picture and not state.is_finding)
        self.corners.set_key("measure.adjust" if state.is_ours else "measure.corners")
        self.use.setEnabled(state.ruler is not None)
        self.printed.put_value(state.printed_mm)
        with QSignalBlocker(self.square):
            for place, (name, side) in enumerate(_SQUARES):
                self.square.setItemText(place, t(f"measure.square.{name}"))
                if side == state.square_mm:
                    self.square.setCurrentIndex(place)
        self._say(state)
        self._show_preview(state)
        self._show_result(state)

    def _show_preview(self, state: MeasureState) -> None:
        reference = state.reference
        self.preview.show_corners(self._picture, reference.points if reference is not None else ())
        self.preview.setEnabled(state.is_ours and state.kind is not ReferenceKind.KNOWN_LENGTH)

    def _say(self, state: MeasureState) -> None:
        if state.problem is not None:
            icon_name, colour, text = "alert-triangle", "warning", error_text(state.problem)
        elif state.notice:
            is_trouble = state.notice in {"measure.not_found", "measure.no_ruler", "measure.no_length", "measure.no_address"}
            icon_name, colour, text = ("alert-triangle", "warning", t(state.notice)) if is_trouble else ("circle-check", "ok", t(state.notice))
        else:
            icon_name, colour, text = "info-circle", "text_muted", t("measure.none") if state.reference is None else ""
        self._said_icon.set(icon_name, colour)
        self._said_icon.setVisible(bool(text))
        self.said.setText(text)
        self.said.setVisible(bool(text))
        standing = state.reference
        self.in_use.setText("" if standing is None else t("measure.in_use", kind=reference_words(standing)))
        self.in_use.setVisible(standing is not None)
        self.forget.setVisible(standing is not None)

    def _show_result(self, state: MeasureState) -> None:
        ruler = state.ruler
        self._result.setVisible(ruler is not None)
        if ruler is not None and ruler.measured is not None and ruler.reference is not None:
            value, low, high = lengths(ruler.measured)
            self.value.setText(t("measure.value", value=value))
            self.interval.setText(t("measure.interval", low=low, high=high, kind=word("measure.kind", ruler.reference.kind)))
        elif ruler is not None:
            self.value.setText(t("measure.unmeasured"))
            self.interval.setText(t("measure.none") if state.why is None else error_text(state.why))

    def retranslate(self) -> None:
        """All in the language chosen now."""
        self.preview.retranslate()
        self._render(self._state)

    # ── what the person does ───────────────────────────────────────────────────────────────────────────────────

    def open_corners(self) -> CornersDialog | None:
        """Put the corners by hand; nothing without a picture."""
        if self._picture is None:
            return None
        title = t("measure.dialog", kind=word("measure.kind", self._state.kind))
        self._dialog = dialog = CornersDialog(self, title, self._picture, self._presenter.start_corners(), self._presenter.put_corners)
        dialog.finished.connect(self._closed)
        dialog.open()
        return dialog

    def _ask_corners(self) -> None:
        self.open_corners()

    def _closed(self, _result: int) -> None:
        self._dialog = None
        self.corners.setFocus()

    def _use_ruler(self) -> None:
        self._presenter.use_ruler(self.length.value() if self.length.text().strip() else 0.0)

    def _copy(self, url: str) -> None:
        QGuiApplication.clipboard().setText(url)
        self._presenter.say_copied()


def lengths(measured: Measured) -> tuple[str, str, str]:
    """Value, low and high in mm, as exact as they are known, in this language's spelling."""
    digits = 0 if (measured.high_mm - measured.low_mm) / 2 >= 2 else 1
    return number(measured.value_mm, digits), number(measured.low_mm, digits), number(measured.high_mm, digits)


def reference_words(reference: Reference) -> str:
    """The reference's kind and size."""
    width, height = (number(side, 0 if abs(side - round(side)) < 0.05 else 1) for side in reference.size_mm)
    is_length = reference.kind is ReferenceKind.KNOWN_LENGTH
    size = t("measure.in_use_length", length=width) if is_length else t("measure.in_use_size", width=width, height=height)
    return f"{word('measure.kind', reference.kind)}, {size}"


def _open_page(url: str) -> None:
    if url.startswith(("https://", "http://")):
        QDesktopServices.openUrl(QUrl(url))


def make_panel(context: DesktopContext, marks: Marks) -> MeasurePanel:
    """The page for this editor; `marks` is its presenter."""
    return MeasurePanel(MeasurePresenter(marks, context.api, context.tasks, context.clock, context.finder))
