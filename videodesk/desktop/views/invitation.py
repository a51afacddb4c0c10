"""The invitation: link, QR, spoken code, texts to copy, WhatsApp; shown once, revocable."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import QByteArray, QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from videodesk.core.errors import WorldError
from videodesk.core.vocabulary import InvitationState, Language
from videodesk.desktop import i18n
from videodesk.desktop.i18n import error_text, moment_text, t
from videodesk.desktop.presenters.case import CasePresenter, CaseState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Badge, Banner, Button, Card, Choice, Field, Icon, IconButton, LineEdit, Spinner, label
from videodesk.protocol.resources import InvitationMade, InvitationView

QR_PX = 168
_LARGEST_SVG = 200_000


class InvitationDialog(QDialog):
    """For one invitation. Closing it forgets link and code on this side: they are stored hashed only."""

    def __init__(self, presenter: CasePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("invitation")
        self.setWindowTitle(t("case.invite_title"))
        self._presenter = presenter
        self._made: InvitationMade | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        column.addWidget(label(key="case.invite_title", role="title"))
        self._banner = Banner("warning", can_close=False)
        column.addWidget(self._banner)
        self._pages = QStackedWidget()
        waiting = QWidget()
        QVBoxLayout(waiting).addWidget(Spinner(32), 0, Qt.AlignmentFlag.AlignCenter)
        self._waiting = waiting
        self._ready = self._make_ready()
        self._pages.addWidget(waiting)
        self._pages.addWidget(self._ready)
        column.addWidget(self._pages, 1)
        row = QHBoxLayout()
        self._revoke = Button("case.revoke", "ghost", icon_name="ban", pressed=self._take_back)
        self._copied = label("", "caption")
        self._copied.setProperty("tone", "ok")
        done = Button("case.invite_done", "primary", pressed=self.accept)
        done.setObjectName("invitation.done")
        row.addWidget(self._revoke)
        row.addStretch(1)
        row.addWidget(self._copied)
        row.addWidget(done)
        column.addLayout(row)
        self.setMinimumWidth(680)

    def _make_ready(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * SPACE)
        self._link = LineEdit(max_chars=1000)
        self._link.setReadOnly(True)
        self._link.setObjectName("invitation.link")
        line = QHBoxLayout()
        line.addWidget(Field("case.invite_link", self._link), 1)
        self._copy_link = self._copy("case.copy_link", lambda made: made.join_link, "primary")
        line.addWidget(self._copy_link, 0, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(line)
        middle = QHBoxLayout()
        middle.setSpacing(3 * SPACE)
        self._qr = label()
        self._qr.setFixedSize(QSize(QR_PX, QR_PX))
        middle.addWidget(self._qr, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label(key="case.invite_spoken", role="caption"))
        self._code = label("", "code")
        self._code.setObjectName("invitation.code")
        self._code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        words.addWidget(self._code)
        self._address = label("", "muted", wraps=True)
        words.addWidget(self._address)
        words.addSpacing(SPACE)
        self._until = label("", "caption", wraps=True)
        words.addWidget(self._until)
        words.addStretch(1)
        middle.addLayout(words, 1)
        column.addLayout(middle)
        self._language: Choice[Language] = Choice("language", Language)
        self._language.setMinimumWidth(140)
        texts = QHBoxLayout()
        texts.setSpacing(SPACE)
        texts.addWidget(Field("case.invite_language", self._language), 1)
        whatsapp = Button("case.whatsapp", icon_name="brand-whatsapp", pressed=self._open_whatsapp)
        mail = self._copy("case.copy_mail", lambda made: f"{made.texts[self._chosen()].email_subject}\n\n{made.texts[self._chosen()].email_body}")
        sms = self._copy("case.copy_sms", lambda made: made.texts[self._chosen()].sms)
        mail.set_icon("mail")
        sms.set_icon("device-mobile-message")
        for button in (mail, sms, whatsapp):
            texts.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(texts)
        return page

    def put(self, state: CaseState) -> None:
        """Waiting, there, or refused."""
        made = state.invitation
        if made is None:
            self._pages.setCurrentWidget(self._waiting)
            if self._made is not None and not state.is_inviting:
                self.accept()  # revoked
            elif state.problem is not None:
                self._banner.say_text(error_text(state.problem), "danger", button_key="common.retry", pressed=self._presenter.invite)
            return
        if made is self._made:
            return
        self._made = made
        self._pages.setCurrentWidget(self._ready)
        self._link.put(made.join_link)
        self._copy_link.setFocus()
        self._code.setText(f"{made.spoken_code[:3]} {made.spoken_code[3:]}")
        self._code.setAccessibleName(" ".join(made.spoken_code))
        self._address.setText(t("case.invite_type_at", address=made.short_address))
        self._until.setText(t("case.invite_until", moment=moment_text(made.expires_at, state.now)))
        self._language.put(state.case.language if state.case is not None else i18n.language())
        self._show_qr(made.qr_svg)
        if made.is_usable:
            self._banner.hide()
        else:
            self._banner.say_text(error_text(WorldError(made.why_not)) if made.why_not else t("case.not_usable"), "warning")

    def _chosen(self) -> Language:
        return self._language.value() or Language.NL

    def _copy(self, key: str, text: object, kind: str = "secondary") -> Button:
        def put() -> None:
            if self._made is not None and callable(text):
                QGuiApplication.clipboard().setText(text(self._made))
                self._copied.setText(t("common.copied"))

        button = Button(key, "primary" if kind == "primary" else "secondary", icon_name="copy", pressed=put)
        button.setObjectName("invitation." + key.rpartition(".")[2])
        return button

    def _show_qr(self, svg: str) -> None:
        """White ground and a quiet zone in every theme: scanners need it."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(QR_PX * ratio), round(QR_PX * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.white)
        if len(svg) <= _LARGEST_SVG:
            renderer = QSvgRenderer(QByteArray(svg.encode()))
            painter = QPainter(picture)
            inside = picture.rect().adjusted(0, 0, 0, 0)
            inside.setSize(QSize(QR_PX - 16, QR_PX - 16))
            inside.moveTo(8, 8)
            renderer.render(painter, inside.toRectF())
            painter.end()
        self._qr.setPixmap(picture)
        self._qr.setAccessibleName(t("case.invite_qr"))

    def _open_whatsapp(self) -> None:
        if self._made is not None:
            url = self._made.texts[self._chosen()].whatsapp_url
            if urlsplit(url).scheme == "https" and urlsplit(url).netloc == "wa.me":
                QDesktopServices.openUrl(QUrl(url))

    def _take_back(self) -> None:
        if self._made is not None:
            self._presenter.revoke(self._made.id)


class InvitationsCard(Card):
    """The invitations of a case that still open the door."""

    def __init__(self, presenter: CasePresenter) -> None:
        super().__init__("case.invitations")
        self._presenter = presenter
        self._shown: tuple[tuple[InvitationView, ...], Language] | None = None
        self._rows: list[QWidget] = []
        self.hide()

    def put(self, state: CaseState) -> None:
        """Show them; nothing where there are none."""
        found = state.open_invitations
        if self._shown == (found, i18n.language()):
            return
        self._shown = (found, i18n.language())
        self.setVisible(bool(found))
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = [self._row(invitation, state) for invitation in found]
        for row in self._rows:
            self.body.addWidget(row)

    def _row(self, invitation: InvitationView, state: CaseState) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE)
        line.addWidget(Icon("link", "text_muted", 18))
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(label(t("case.invite_until", moment=moment_text(invitation.expires_at, state.now)), wraps=True))
        words.addWidget(label(t("case.invited_at", moment=moment_text(invitation.created_at, state.now)), "caption", wraps=True))
        line.addLayout(words, 1)
        if invitation.state is InvitationState.USED:
            line.addWidget(Badge(t("case.invite_used"), "ok"))
        button = IconButton("case.revoke", "ban", size_px=16, pressed=lambda: self._presenter.revoke(invitation.id))
        line.addWidget(button)
        return row
