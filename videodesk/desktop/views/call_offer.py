"""A code that was found, offered near the case's data: one key takes it over, nothing does so by itself."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from videodesk.desktop.calling import CallScreen
from videodesk.desktop.i18n import t
from videodesk.desktop.offers import Offer
from videodesk.desktop.reading import LIVE
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Button, Icon, IconButton, label, repolish

_SHOWN_CHARS = 120


class OfferBar(QFrame):
    """The first offer; hidden while there is none."""

    taken = Signal()
    dismissed = Signal()

    def __init__(self, width_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("call.offer")
        self._offer: Offer | None = None
        self._icon = Icon("barcode", size_px=18)
        self.text = label(wraps=True)
        self.text.setObjectName("call.offer.text")
        self.text.setMinimumWidth(width_px)
        self.take = Button("call.read.take", "primary", pressed=self.taken.emit)
        self.copy = IconButton("call.read.copy", "copy", size_px=14, pressed=self._copy)
        self.closer = IconButton("common.close", "x", size_px=14, pressed=self.dismissed.emit)
        self.more = label(role="caption")
        for widget, name in ((self.take, "take"), (self.copy, "copy"), (self.closer, "close")):
            widget.setObjectName(f"call.offer.{name}")
        words = QHBoxLayout()
        words.setSpacing(SPACE)
        words.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self.text, 1)
        words.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self.closer, 0, Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.take)
        row.addStretch(1)
        row.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE - 2, SPACE - 2, SPACE - 2)
        column.setSpacing(4)
        column.addLayout(words)
        column.addLayout(row)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.hide()

    def show_state(self, state: CallScreen) -> None:
        """Show the first offer, or that reading is under way."""
        self._offer = state.offers[0] if state.offers else None
        offer, is_reading = self._offer, state.reading is not None
        self.setVisible(offer is not None or is_reading)
        if offer is None:
            self._say(t("call.read.live" if state.reading == LIVE else "call.read.text") if is_reading else "", "neutral")
        else:
            standing = getattr(state.case, offer.field) if offer.field is not None and state.case is not None else ""
            self._say(_sentence(offer, standing), "warning" if offer.is_asking else "accent")
            self.take.set_key("call.read.replace" if standing else "call.read.take")
        self.take.setVisible(offer is not None and offer.field is not None)
        self.copy.setVisible(offer is not None)
        self.closer.setVisible(offer is not None)
        self.more.setVisible(len(state.offers) > 1 and self.take.isVisibleTo(self))
        self.more.setText(t("call.read.more", n=len(state.offers) - 1))

    def _say(self, text: str, tone: str) -> None:
        self.text.setText(text)
        self.setAccessibleName(text)
        self._icon.set("alert-triangle" if tone == "warning" else "barcode", "warning" if tone == "warning" else "text")
        if self.property("banner") != tone:
            self.setProperty("banner", tone)
            repolish(self)

    def _copy(self) -> None:
        if self._offer is not None:
            QGuiApplication.clipboard().setText(self._offer.text)


def _sentence(offer: Offer, standing: str) -> str:
    text = offer.text if len(offer.text) <= _SHOWN_CHARS else offer.text[:_SHOWN_CHARS] + "…"
    if offer.is_asking:
        return t("call.read.sure", text=text, standing=standing)
    found = t(f"call.read.found_{offer.kind}", text=text)
    return f"{found}. {t('call.read.standing', standing=standing)}" if standing else found


