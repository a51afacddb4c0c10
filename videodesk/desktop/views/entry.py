"""Start, first-start wizard and sign-in form."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.i18n import error_text, t
from videodesk.desktop.kit.appearance import LanguageChoice, ThemeChoice
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presenters.entry import EntryPresenter, EntryState, Stage, suggested_name
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Banner, Button, EmptyState, Field, Icon, LineEdit, Spinner, View, label, scrolled


class EntryView(View):
    """One calm card in the middle of the window."""

    def __init__(self, presenter: EntryPresenter, preferences: PreferenceStore, choose_language: Callable[[Language], None],
                 choose_theme: Callable[[str], None]) -> None:
        super().__init__()
        self.setObjectName("entry")
        self._entry = presenter
        self._is_name_typed = False
        self._starting = _starting()
        self._failed = EmptyState("plug-connected-x", "settings.failed_title", "settings.failed_text", button="common.retry", pressed=presenter.start)
        self._welcome = self._make_welcome(preferences, choose_language, choose_theme)
        self._account = self._make_account()
        self._form = self._make_form()
        card = QFrame()
        card.setProperty("surface", "card")
        card.setFixedWidth(480)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(4 * SPACE, 4 * SPACE, 4 * SPACE, 4 * SPACE)
        inside.setSpacing(2 * SPACE)
        head = QHBoxLayout()
        head.addWidget(Icon("video", "accent_text", 28))
        head.addWidget(label("videodesk", "title"))
        head.addStretch(1)
        inside.addLayout(head)
        self._banner = Banner("danger", can_close=False)
        inside.addWidget(self._banner)
        # Not a QStackedWidget: that one does not let wrapped texts say how high they are.
        self._pages = (self._starting, self._failed, self._welcome, self._account, self._form)
        self._page: QWidget | None = None
        for page in self._pages:
            page.hide()
            inside.addWidget(page)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.addStretch(1)
        row = QHBoxLayout()  # stretches, not an alignment: that would cut wrapped texts
        row.addStretch(1)
        row.addWidget(card)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(middle))
        self.attach(presenter)

    def render_state(self, state: EntryState) -> None:
        """The page of the stage, and what is wrong."""
        page = {Stage.WELCOME: self._welcome, Stage.ACCOUNT: self._account, Stage.SIGN_IN: self._form, Stage.FAILED: self._failed}.get(
            state.stage, self._starting)
        if self._page is not page:
            self._page = page
            for other in self._pages:
                other.setVisible(other is page)
            first = {self._welcome: self._next, self._account: self._display_name.control, self._form: self._sign_name.control}.get(page)
            if first is not None:
                first.setFocus()
        if state.problem is None:
            self._banner.hide()
        else:
            self._banner.say_text(error_text(state.problem), "danger")
        errors = dict(state.field_errors)
        for name, field in (("display_name", self._display_name), ("name", self._name), ("password", self._password), ("setup_code", self._code),
                            ("name", self._sign_name), ("password", self._sign_password)):
            key = errors.get(name)
            field.set_error(t(key) if key else "")
        self._code.setVisible(state.needs_code)
        self._where.setText(t("settings.sign_in_at", url=state.url))
        self._file_warning.setVisible(state.is_token_in_file)
        for button in (self._create, self._sign_in, self._next):
            button.setEnabled(not state.is_busy)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return does what the page is for."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            for page, button in ((self._welcome, self._next), (self._account, self._create), (self._form, self._sign_in)):
                if self._page is page:
                    button.click()
                    return
        super().keyPressEvent(event)

    def _make_welcome(self, preferences: PreferenceStore, choose_language: Callable[[Language], None],
                      choose_theme: Callable[[str], None]) -> QWidget:
        page, column = _page()
        column.addWidget(label(key="settings.welcome_title", role="heading", wraps=True))
        column.addWidget(label(key="settings.welcome_text", role="muted", wraps=True))
        self.language = LanguageChoice(choose_language)
        self.theme = ThemeChoice(preferences, choose_theme)
        column.addWidget(Field("settings.language", self.language))
        column.addWidget(Field("settings.theme", self.theme))
        self._next = Button("common.next", "primary", pressed=self._go_on)
        self._next.setObjectName("entry.next")
        column.addLayout(_buttons(None, self._next))
        return page

    def _make_account(self) -> QWidget:
        page, column = _page()
        column.addWidget(label(key="settings.account_title", role="heading", wraps=True))
        column.addWidget(label(key="settings.account_text", role="muted", wraps=True))
        display, name, password, code = LineEdit(), LineEdit(max_chars=64), LineEdit(is_secret=True), LineEdit()
        for edit, called in ((display, "display_name"), (name, "name"), (password, "password"), (code, "setup_code")):
            edit.setObjectName(f"entry.{called}")
        display.textEdited.connect(lambda text: None if self._is_name_typed else name.put(suggested_name(text)))
        name.textEdited.connect(self._name_typed)
        self._display_name = Field("settings.display_name", display, hint_key="settings.display_name_hint")
        self._name = Field("settings.sign_in_name", name)
        self._password = Field("settings.password", password, hint_key="settings.password_hint")
        self._code = Field("settings.setup_code", code, hint_key="settings.setup_code_hint")
        for field in (self._display_name, self._name, self._password, self._code):
            column.addWidget(field)
        back = Button("common.back", "ghost", pressed=self._entry.go_back)
        self._create = Button("settings.create_account", "primary",
                              pressed=lambda: self._entry.create_account(display.text(), name.text(), password.text(), code.text()))
        self._create.setObjectName("entry.create")
        column.addLayout(_buttons(back, self._create))
        return page

    def _make_form(self) -> QWidget:
        page, column = _page()
        column.addWidget(label(key="settings.sign_in", role="heading"))
        self._where = label("", "muted", wraps=True)
        column.addWidget(self._where)
        name, password = LineEdit(max_chars=64), LineEdit(is_secret=True)
        name.setObjectName("sign_in.name")
        password.setObjectName("sign_in.password")
        self._sign_name = Field("settings.sign_in_name", name)
        self._sign_password = Field("settings.password", password)
        column.addWidget(self._sign_name)
        column.addWidget(self._sign_password)
        self._file_warning = label(key="settings.token_in_file", role="caption", wraps=True)
        column.addWidget(self._file_warning)
        self._sign_in = Button("settings.sign_in", "primary", pressed=lambda: self._entry.sign_in(name.text(), password.text()))
        self._sign_in.setObjectName("sign_in.submit")
        column.addLayout(_buttons(None, self._sign_in))
        return page

    def _name_typed(self, text: str) -> None:
        self._is_name_typed = bool(text)

    def _go_on(self) -> None:
        if self._entry.can_resume:
            self._entry.resume()
        else:
            self._entry.go_on()

    def retranslate(self) -> None:
        """Its own kit too: no shell is around it."""
        for widget in self.findChildren(QWidget):
            again = getattr(widget, "retranslate", None)
            if callable(again):
                again()
        super().retranslate()

    def follow_language(self) -> Callable[[], None]:
        """Retranslate at each change of language; returns what ends it, and this view's rendering."""
        end = i18n.on_change(self.retranslate)

        def end_both() -> None:
            end()
            self.detach()

        return end_both


def _page() -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACE + 4)
    return page, column


def _buttons(left: QWidget | None, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, SPACE, 0, 0)
    if left is not None:
        row.addWidget(left)
    row.addStretch(1)
    row.addWidget(right)
    return row


def _starting() -> QWidget:
    page, column = _page()
    row = QHBoxLayout()
    row.addWidget(Spinner())
    row.addWidget(label(key="settings.starting", role="muted", wraps=True), 1)
    column.addLayout(row)
    return page
