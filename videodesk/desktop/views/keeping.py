"""How long the case is kept, the legal hold, and erasing it: confirmed by typing its number, with a certificate to keep."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.desktop.i18n import day, error_text, exact_moment, t, word
from videodesk.desktop.presenters.keeping import KeepingPresenter, KeepingState
from videodesk.desktop.proof_words import certificate_text
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.dialogs import ask_reason
from videodesk.desktop.views.saving import ask_where
from videodesk.desktop.widgets import Banner, Button, Card, Field, Icon, LineEdit, TextArea, label

_YEAR_DAYS: Final = 365


def keeping_text(state: KeepingState) -> str:
    """How long, in one sentence or two."""
    kept = state.retention
    if kept is None:
        return ""
    if kept.erased_at is not None:
        return t("proof.keep_erased", moment=exact_moment(kept.erased_at))
    years, rest = divmod(kept.days, _YEAR_DAYS)
    length = t("proof.keep_days", n=kept.days) if rest or years < 2 else t("proof.keep_years", n=years)
    days = word("proof.class", kept.retention_class) + f": {length}"
    if kept.is_held:
        return f"{days}. {t('proof.keep_held')}"
    if kept.erase_after is None:
        return f"{days}. {t('proof.keep_open')}"
    return f"{days}. {t('proof.keep_until', day=day(kept.erase_after.astimezone()))}"


class KeepingCard(Card):
    """Retention, hold, erasure. Buttons only for those who may. `erased`: the case is gone, and its certificate was read."""

    erased = Signal()

    def __init__(self, presenter: KeepingPresenter) -> None:
        super().__init__("proof.keeping")
        self.setObjectName("case.keeping")
        self._presenter = presenter
        self._dialog: ErasureDialog | None = None
        self.banner = Banner("danger")
        self.banner.closer.clicked.connect(presenter.dismiss)
        self._text = label(wraps=True)
        self._text.setObjectName("case.keeping.text")
        self._held = QWidget()
        line = QHBoxLayout(self._held)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE)
        line.addWidget(Icon("lock", "warning", 18))
        self._held_text = label(role="strong", wraps=True)
        self._held_text.setObjectName("case.keeping.held")
        line.addWidget(self._held_text, 1)
        self.hold = Button("proof.hold", "secondary", icon_name="lock", pressed=self._ask_hold)
        self.release = Button("proof.release", "secondary", pressed=presenter.release)
        self.erase = Button("proof.erase", "danger", icon_name="eraser", pressed=self.ask_erasure)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for button, name in ((self.hold, "hold"), (self.release, "release"), (self.erase, "erase")):
            button.setObjectName(f"case.keeping.{name}")
        row.addWidget(self.hold)
        row.addWidget(self.release)
        row.addStretch(1)
        row.addWidget(self.erase)
        for part in (self.banner, self._text, self._held):
            self.body.addWidget(part)
        self.body.addLayout(row)
        self._end = presenter.watch(self.put)

    def put(self, state: KeepingState) -> None:
        """Show the state."""
        kept = state.retention
        is_gone = kept is not None and kept.erased_at is not None
        is_held = kept is not None and kept.is_held
        if state.problem is not None and not state.is_asking:
            self.banner.say_text(error_text(state.problem), "danger")
        else:
            self.banner.hide()
        self._text.setText(keeping_text(state))
        self._held.setVisible(is_held)
        if kept is not None and kept.is_held:
            since = exact_moment(kept.held_at) if kept.held_at is not None else ""
            self._held_text.setText(t("proof.held", name=kept.held_by_name, moment=since, reason=kept.hold_reason))
        self.hold.setVisible(state.may_hold and not is_held and not is_gone)
        self.release.setVisible(state.may_hold and is_held)
        self.erase.setVisible(state.may_erase and not is_gone)
        self.erase.setEnabled(state.why_not is None)
        why = "" if state.why_not is None else t(state.why_not)
        self.erase.setToolTip(why)
        self.erase.setAccessibleDescription(why)
        if state.is_asking and self._dialog is None:
            self._dialog = ErasureDialog(self._presenter, self.window())
            self._dialog.finished.connect(self._gone)
            self._dialog.open()
        if self._dialog is not None:
            self._dialog.put(state)

    def ask_erasure(self) -> None:
        """Ask for the number."""
        state = self._presenter.state
        if state.may_erase and state.why_not is None:
            self._presenter.ask_erasure()

    def _ask_hold(self) -> None:
        ask_reason(self, t("proof.hold"), "proof.hold_why", self._presenter.hold)

    def _gone(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()
        is_erased = self._presenter.state.certificate is not None
        self._presenter.stop_asking()
        if is_erased:
            self.erased.emit()

    def retranslate(self) -> None:
        """All words anew."""
        self.put(self._presenter.state)

    def shut(self) -> None:
        """Watch no more."""
        self._end()


class ErasureDialog(QDialog):
    """First the question, then the certificate."""

    def __init__(self, presenter: KeepingPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("erasure")
        self.setMinimumWidth(520)
        self._presenter = presenter
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        self._title = label(role="title", wraps=True)
        self._title.setObjectName("erasure.title")
        column.addWidget(self._title)
        self.banner = Banner("danger", can_close=False)
        column.addWidget(self.banner)
        self._question, self._certificate = self._make_question(), self._make_certificate()
        column.addWidget(self._question)
        column.addWidget(self._certificate)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        self._saved = label("", "caption")
        self._saved.setProperty("tone", "ok")
        self._saved.setObjectName("erasure.saved")
        self._cancel = Button("common.cancel", "secondary", pressed=self.reject)
        self.erase = Button("proof.erase_now", "danger", icon_name="eraser", pressed=presenter.erase)
        self.erase.setObjectName("erasure.now")
        self.save = Button("proof.certificate_save", "secondary", icon_name="download", pressed=self._save)
        self.save.setObjectName("erasure.save")
        self.closer = Button("common.close", "primary", pressed=self.accept)
        self.closer.setObjectName("erasure.done")
        row.addWidget(self._saved)
        row.addStretch(1)
        for button in (self._cancel, self.save, self.erase, self.closer):
            row.addWidget(button)
        column.addLayout(row)
        self.put(presenter.state)
        self.number.setFocus()

    def _make_question(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * SPACE)
        column.addWidget(label(key="proof.erase_text", wraps=True))
        self.number = LineEdit(max_chars=40)
        self.number.setObjectName("erasure.number")
        self.number.textChanged.connect(self._presenter.type_number)
        self._number_field = Field("proof.erase_number", self.number, hint_key="proof.erase_number_hint")
        self.reason = TextArea(lines=2)
        self.reason.setObjectName("erasure.reason")
        self.reason.textChanged.connect(lambda: self._presenter.write_reason(self.reason.toPlainText()))
        column.addWidget(self._number_field)
        column.addWidget(Field("proof.erase_reason", self.reason))
        return page

    def _make_certificate(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        self.certificate = TextArea(lines=13)
        self.certificate.setObjectName("erasure.certificate")
        self.certificate.setReadOnly(True)
        self.certificate.setAccessibleName(t("proof.certificate"))
        column.addWidget(self.certificate)
        return page

    def put(self, state: KeepingState) -> None:
        """Show where it is."""
        number = state.case.number if state.case is not None else ""
        made = state.certificate
        self.setWindowTitle(t("proof.erase"))
        self._title.setText(t("proof.erase_title", number=number) if made is None else t("proof.erase_done"))
        self._question.setVisible(made is None)
        self._certificate.setVisible(made is not None)
        if state.problem is not None:
            self.banner.say_text(error_text(state.problem), "danger")
        else:
            self.banner.hide()
        if made is None:
            wrong = bool(state.typed) and not number.startswith(state.typed.strip().upper())
            self._number_field.set_error(t("proof.erase_wrong_number") if wrong else "")
        else:
            self.certificate.put(certificate_text(made))
        self.erase.setVisible(made is None)
        self.erase.setEnabled(state.can_erase)
        self.erase.set_key("proof.erase_busy" if state.is_erasing else "proof.erase_now")
        self._cancel.setVisible(made is None)
        self._cancel.setEnabled(not state.is_erasing)
        self.save.setVisible(made is not None)
        self.closer.setVisible(made is not None)
        path = state.certificate_path
        self._saved.setText("" if path is None else t("proof.certificate_saved", name=path.name))

    def reject(self) -> None:
        """Not while it is being erased."""
        if not self._presenter.state.is_erasing:
            super().reject()

    def _save(self) -> None:
        made = self._presenter.state.certificate
        if made is not None:
            ask_where(self, f"{made.case_number}.txt", self._presenter.save_certificate)
