"""The editor's page for redacting: proposals with a small picture each, the reason of a redaction, whether others may see the picture."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from videodesk.annotation.marks import Box, RedactionReason
from videodesk.annotation.privacy_ports import Proposal
from videodesk.core.vocabulary import ReleaseState
from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.rendition import image_of
from videodesk.desktop.i18n import error_text, t
from videodesk.desktop.presenters.annotate_redact import Marks, RedactPresenter, RedactState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.annotate_proposals import tag_of
from videodesk.desktop.widgets import Button, Choice, Field, Icon, label, scrolled, separator

TOOLS: Final = frozenset({Tool.REDACTION, Tool.REDACTION_PEN})
CROP_PX: Final = (96, 64)
_AROUND: Final = 0.5  # of the proposal's shorter side is shown around it, so that a person sees what it belongs to
_ROWS: Final = 3  # are seen at once
_ROW_PX: Final = CROP_PX[1] + 8


class _Proposals(QListWidget):
    """The proposals; Enter redacts the one at hand, Delete leaves it."""

    def __init__(self, presenter: RedactPresenter) -> None:
        super().__init__()
        self.setObjectName("redact.proposals")
        self.setIconSize(QSize(*CROP_PX))
        self.setUniformItemSizes(True)
        self.setWordWrap(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._presenter = presenter
        self._shown: tuple[tuple[int, Proposal], ...] = ()
        self._picture: Picture | None = None
        self.currentRowChanged.connect(presenter.choose)

    def show_proposals(self, picture: Picture | None, proposals: tuple[tuple[int, Proposal], ...], chosen: int) -> None:
        """Show these with their numbers; `chosen` is the row at hand."""
        with QSignalBlocker(self):
            if (picture, proposals) != (self._picture, self._shown):
                self._picture, self._shown = picture, proposals
                self.clear()
                for number, one in proposals:
                    item = QListWidgetItem(tag_of(number, one))
                    item.setSizeHint(QSize(CROP_PX[0], _ROW_PX))
                    if picture is not None:
                        small = crop_of(picture, one.box, self.devicePixelRatioF())
                        icon = QIcon(small)
                        icon.addPixmap(small, QIcon.Mode.Selected)  # Qt would tint it
                        item.setIcon(icon)
                    self.addItem(item)
                self.setFixedHeight(min(_ROWS, max(1, len(proposals))) * _ROW_PX + 4)
            self.setCurrentRow(chosen)
        if (item_at_hand := self.item(chosen)) is not None:
            self.scrollToItem(item_at_hand)

    def retranslate(self) -> None:
        """All words in the language chosen now."""
        self.setAccessibleName(t("redact.proposals"))
        for row, (number, one) in enumerate(self._shown):
            self.item(row).setText(tag_of(number, one))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Delete decide; arrows go on."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._presenter.accept()
        elif event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self._presenter.decline()
        else:
            super().keyPressEvent(event)


class RedactPanel(QWidget):
    """A page of the column beside the canvas. `show_state` keeps the picture at hand; all else comes from its own presenter."""

    def __init__(self, presenter: RedactPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("annotate.redact")
        self._presenter = presenter
        self._picture: Picture | None = None
        self._state = RedactState()
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 4, 8, 4)
        column.setSpacing(SPACE)
        self._build_release(column)
        self._build_finding(column)
        self._build_reason(column)
        column.addStretch(1)
        self._note = label(key="redact.note", role="caption", wraps=True)
        column.addWidget(self._note)
        self._scroll = scrolled(inside)
        outside.addWidget(self._scroll)
        presenter.watch(self._render)

    @property
    def presenter(self) -> RedactPresenter:
        """What proposes."""
        return self._presenter

    def _build_release(self, column: QVBoxLayout) -> None:
        self._release = QWidget()
        inside = QVBoxLayout(self._release)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(SPACE)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        self._release_icon = Icon("eye-off", "warning", 18)
        self.release_text = label(wraps=True)
        self.release_text.setObjectName("redact.release_state")
        row.addWidget(self._release_icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.release_text, 1)
        inside.addLayout(row)
        self.nothing = Button("redact.nothing", "secondary", icon_name="eye-check", pressed=self._presenter.say_nothing_to_redact)
        self.nothing.setObjectName("redact.nothing")
        inside.addWidget(self.nothing)
        inside.addWidget(separator())
        column.addWidget(self._release)

    def _build_finding(self, column: QVBoxLayout) -> None:
        self.search = Button("redact.find", "primary", icon_name="zoom-scan", pressed=self._presenter.find)
        self.search.setObjectName("redact.find")
        column.addWidget(self.search)
        self._reads = label(role="caption", wraps=True)
        column.addWidget(self._reads)
        self.said = label(wraps=True)
        self.said.setObjectName("redact.said")
        column.addWidget(self.said)
        self.list = _Proposals(self._presenter)
        column.addWidget(self.list)
        self._deciding = QWidget()
        rows = QVBoxLayout(self._deciding)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        self.accept = Button("redact.accept", "primary", icon_name="check", pressed=self._presenter.accept)
        self.decline = Button("redact.decline", "secondary", icon_name="x", pressed=self._presenter.decline)
        self.accept_all = Button("redact.accept_all", "secondary", icon_name="list-check", pressed=self._presenter.accept_all)
        self.decline_all = Button("redact.decline_all", "ghost", pressed=self._presenter.decline_all)
        for name, button in (("accept", self.accept), ("decline", self.decline), ("accept_all", self.accept_all), ("decline_all", self.decline_all)):
            button.setObjectName(f"redact.{name}")
        for pair in ((self.accept, self.decline), (self.accept_all, self.decline_all)):
            row = QHBoxLayout()
            row.setSpacing(4)
            for button in pair:
                row.addWidget(button, 1)
            rows.addLayout(row)
        column.addWidget(self._deciding)

    def _build_reason(self, column: QVBoxLayout) -> None:
        self._line = separator()
        column.addWidget(self._line)
        self.reason = Choice("redact.reason", RedactionReason, none_key="redact.reasons_differ")
        self.reason.setObjectName("redact.reason")
        self.reason.chosen.connect(self._presenter.give_reason)
        self._reason_field = Field("redact.reason_field", self.reason, hint_key="redact.reason_hint")
        column.addWidget(self._reason_field)

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────────────

    def show_state(self, state: AnnotateState) -> None:
        """Keep the picture for the small pictures of the proposals."""
        self._picture = state.picture

    def _render(self, state: RedactState) -> None:
        before, self._state = self._state, state
        had_focus = self.list.hasFocus() or any(one.hasFocus() for one in (self.accept, self.decline, self.accept_all, self.decline_all))
        is_held = state.release is ReleaseState.HELD
        self._release.setVisible(state.release is not ReleaseState.OPEN)
        self.release_text.setText(t(f"redact.release.{state.release}"))
        self._release_icon.set("eye-off" if is_held else "eye-check", "warning" if is_held else "ok")
        self.nothing.setVisible(is_held and not state.has_redaction)
        self.nothing.setEnabled(not state.is_releasing)
        self.search.setVisible(state.can_find)
        self.search.setEnabled(state.has_picture and not state.is_finding)
        self.search.set_key("redact.finding" if state.is_finding else "redact.find")
        self._reads.setVisible(state.can_find)
        self._reads.setText(t("redact.reads_words" if state.reads_words else "redact.reads_nothing"))
        said = error_text(state.problem) if state.problem is not None else t(state.notice, n=state.count) if state.notice else ""
        self.said.setText(said)
        self.said.setVisible(bool(said))
        self.list.show_proposals(self._picture, tuple(zip(state.numbers, state.proposals, strict=True)), state.chosen)
        for widget in (self.list, self._deciding):
            widget.setVisible(bool(state.proposals))
        for button in (self.accept, self.decline):
            button.setEnabled(state.at_hand is not None)
        if state.at_hand is not None and state.at_hand is not before.at_hand:
            self._scroll.ensureWidgetVisible(self.list)
        for widget in (self._line, self._reason_field):
            widget.setVisible(state.redactions > 0)
        self.reason.put(state.reason)
        if had_focus and not state.proposals:
            self.search.setFocus()

    def retranslate(self) -> None:
        """All in the language chosen now."""
        self.list.retranslate()
        self._render(self._state)


def crop_of(picture: Picture, box: Box, ratio: float = 1.0) -> QPixmap:
    """The proposal's place, outlined, with what is around it, as a small picture of at most CROP_PX."""
    around = 2 * _AROUND * min(box.width, box.height)
    across, down = box.width + around, box.height + around
    shape = CROP_PX[0] / CROP_PX[1]
    across, down = max(across, down * shape), max(down, across / shape)
    centre = box.centre
    left, top = max(0, int(centre.x - across / 2)), max(0, int(centre.y - down / 2))
    right, bottom = min(picture.width_px, int(centre.x + across / 2) + 1), min(picture.height_px, int(centre.y + down / 2) + 1)
    pixels = np.ascontiguousarray(picture.pixels[top:bottom, left:right])
    size = QSize(round(CROP_PX[0] * ratio), round(CROP_PX[1] * ratio))
    made = QPixmap.fromImage(image_of(pixels).scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation))
    scale = made.width() / (right - left)
    painter = QPainter(made)
    for colour, inset in (("#111418", 0.0), ("#ffffff", 1.0)):
        painter.setPen(QPen(QColor(colour), 1))
        painter.drawRect(QRectF((box.x - left) * scale, (box.y - top) * scale, box.width * scale, box.height * scale).adjusted(inset, inset, -inset - 1, -inset - 1))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


def make_redact_panel(context: DesktopContext, marks: Marks) -> RedactPanel:
    """The page for this editor; `marks` is its presenter."""
    return RedactPanel(RedactPresenter(marks, context.api, context.tasks, context.clock, context.privacy))
