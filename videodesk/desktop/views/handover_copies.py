"""The customer's copies of a case: each link with what became of it, and buttons to mail or revoke it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.i18n import day, moment_text, t
from videodesk.desktop.presenters.handover import HandoverPresenter, HandoverState
from videodesk.desktop.proof_words import is_past
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Badge, Button, Card, Icon, IconButton, Tone, label
from videodesk.protocol.resources import CopyView


def copy_state(copy: CopyView, now: datetime) -> tuple[str, Tone]:
    """The text key of what became of a link, and its tone."""
    if copy.revoked_at is not None:
        return "proof.copy_revoked", "neutral"
    if is_past(copy.expires_at, now):
        return "proof.copy_expired", "neutral"
    return ("proof.copy_opened", "ok") if copy.opened_at is not None else ("proof.copy_not_opened", "accent")


class CopiesCard(Card):
    """Newest first."""

    def __init__(self, presenter: HandoverPresenter) -> None:
        super().__init__("proof.copy")
        self.setObjectName("case.copies")
        self._presenter = presenter
        self._shown: tuple[tuple[CopyView, ...], Language] | None = None
        self._rows: list[QWidget] = []
        self.body.addWidget(label(key="proof.copy_lead", role="muted", wraps=True))
        self._none = label(key="proof.copy_none", role="body", wraps=True)
        self.body.addWidget(self._none)
        self._list = QVBoxLayout()
        self._list.setSpacing(SPACE + 4)
        self.body.addLayout(self._list)
        row = QHBoxLayout()
        row.setContentsMargins(0, SPACE, 0, 0)
        self.make = Button("proof.copy_make", "secondary", icon_name="link", pressed=presenter.make_copy)
        self.make.setObjectName("case.copies.make")
        self._copied = label("", "caption")
        self._copied.setProperty("tone", "ok")
        self._copied.setObjectName("case.copies.copied")
        row.addWidget(self.make)
        row.addStretch(1)
        row.addWidget(self._copied)
        self.body.addLayout(row)

    def put(self, state: HandoverState) -> None:
        """Show them."""
        self.make.setEnabled(not state.is_copying)
        self._none.setVisible(not state.copies)
        if self._shown == (state.copies, i18n.language()):
            return
        self._shown = (state.copies, i18n.language())
        self._copied.setText("")
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = [self._row(copy) for copy in state.copies]
        for row in self._rows:
            self._list.addWidget(row)

    def _row(self, copy: CopyView) -> QWidget:
        now = self._presenter.clock.now()
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE)
        line.addWidget(Icon("photo-check", "text_muted", 18))
        words = QVBoxLayout()
        words.setSpacing(1)
        made = moment_text(copy.made_at or now, now)
        words.addWidget(label(t("proof.copy_of", n=copy.pictures, moment=made), wraps=True))
        key, tone = copy_state(copy, now)
        if copy.link:
            words.addWidget(label(t("proof.copy_until", day=day(copy.expires_at.astimezone())), "caption", wraps=True))
        line.addLayout(words, 1)
        line.addWidget(Badge(t(key), tone))
        if copy.link:
            mail = Button("proof.copy_mail", "secondary", icon_name="mail", pressed=lambda: self._clip(self._presenter.mail_of(copy)))
            mail.setObjectName("case.copies.mail")
            link = IconButton("proof.copy_link", "copy", size_px=16, pressed=lambda: self._clip(copy.link))
            link.setObjectName("case.copies.link")
            stop = IconButton("proof.copy_revoke", "ban", size_px=16, pressed=lambda: self._presenter.revoke(copy.id))
            stop.setObjectName("case.copies.revoke")
            for button in (mail, link, stop):
                line.addWidget(button)
        return row

    def _clip(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._copied.setText(t("common.copied"))
