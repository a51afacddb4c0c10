"""Settings → shortcuts: every action with its key, each of which can be changed."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QCheckBox, QDialog, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from videodesk.desktop import keys
from videodesk.desktop.actions import BY_ID, SCOPES
from videodesk.desktop.i18n import t
from videodesk.desktop.presenters.shortcuts import ShortcutsPresenter, ShortcutsState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Banner, Button, IconButton, LineEdit, label, scrolled

_COLUMN_PX: Final = 640
_CLASH_PX: Final = 84  # three lines: a wrapped banner does not ask a dialog for its height
_MODIFIERS: Final = {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock}


def key_words(shortcut: str) -> str:
    """A shortcut as the system writes it; a dash where there is none."""
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText) or shortcut or "–"


class ShortcutPage(QWidget):
    """The page. What is found by the search field is shown; a press on a key changes it."""

    def __init__(self, presenter: ShortcutsPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings.shortcuts")
        self._presenter = presenter
        self._query = ""
        self._dialog: KeyDialog | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * SPACE, 0, 0)
        column.setSpacing(2 * SPACE)
        head = QHBoxLayout()
        self.search = LineEdit("shell.find_shortcut", max_chars=40)
        self.search.setObjectName("shortcuts.search")
        self.search.textChanged.connect(self._look_for)
        self.search.setMaximumWidth(_COLUMN_PX - 180)
        head.addWidget(self.search, 1)
        self._all = Button("settings.keys_reset_all", "ghost", icon_name="repeat", pressed=presenter.reset_all)
        self._all.setObjectName("shortcuts.reset_all")
        head.addWidget(self._all)
        head.addStretch(1)
        column.addLayout(head)
        self.characters = QCheckBox()
        self.characters.setObjectName("shortcuts.characters")
        self.characters.toggled.connect(lambda are_on: presenter.allow_characters(are_on=are_on))
        column.addWidget(self.characters)
        self._table = QWidget()
        self._table.setMaximumWidth(_COLUMN_PX)
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, SPACE, 0)
        self._grid.setHorizontalSpacing(SPACE)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        column.addWidget(scrolled(self._table), 1)
        self._state = presenter.state
        self._end = presenter.watch(self._render)
        self.retranslate()

    def retranslate(self) -> None:
        """All words anew."""
        self.characters.setText(t("settings.keys_characters"))
        self._fill()

    def shut(self) -> None:
        """The screen goes."""
        self._end()

    def _look_for(self, query: str) -> None:
        self._query = query.strip().lower()
        self._fill()

    def _render(self, state: ShortcutsState) -> None:
        is_other = (state.own, state.has_character_keys) != (self._state.own, self._state.has_character_keys)
        self._state = state
        self.characters.setChecked(state.has_character_keys)
        self._all.setEnabled(bool(state.own))
        if is_other:
            self._fill()
        if state.waits_for and self._dialog is None:
            self._dialog = KeyDialog(self._presenter, self)
            self._dialog.finished.connect(self._answered)
            self._dialog.open()

    def _answered(self, _result: int) -> None:
        self._dialog = None

    def _fill(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        own = dict(self._state.own)
        row = 0
        for scope in SCOPES:
            specs = [spec for spec in keys.in_scope(scope) if self._query in f"{t(spec.text_key)} {spec.shortcut}".lower()]
            if not specs:
                continue
            heading = label(key="shell.everywhere" if scope == "" else f"shell.scope_{scope}", role="heading")
            heading.setContentsMargins(0, SPACE if row else 0, 0, 0)
            self._grid.addWidget(heading, row, 0, 1, 3)
            row += 1
            for spec in specs:
                self._add_row(row, spec.id, own)
                row += 1
        if row == 0:
            self._grid.addWidget(label(key="shell.no_shortcut", role="muted"), 0, 0)
        self._grid.setRowStretch(row + 1, 1)

    def _add_row(self, row: int, action_id: str, own: dict[str, str]) -> None:
        spec = keys.spec_of(action_id)
        self._grid.addWidget(label(key=spec.text_key), row, 0)
        button = QPushButton(key_words(spec.shortcut))
        button.setObjectName(f"shortcut.{action_id}")
        button.setProperty("kind", "secondary")
        button.setMinimumWidth(120)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setAccessibleName(t("settings.keys_change", name=t(spec.text_key), keys=key_words(spec.shortcut)))
        button.clicked.connect(partial(self._wait_for, action_id))
        self._grid.addWidget(button, row, 1, Qt.AlignmentFlag.AlignRight)
        if action_id in own:
            back = IconButton("settings.keys_reset", "arrow-back-up", size_px=16, pressed=partial(self._presenter.reset, action_id))
            back.setObjectName(f"shortcut.reset.{action_id}")
            self._grid.addWidget(back, row, 2)

    def _wait_for(self, action_id: str, _checked: bool = False) -> None:
        self._presenter.wait_for(action_id)


class KeyDialog(QDialog):
    """Takes one key press for the action that waits; Esc leaves it as it is."""

    def __init__(self, presenter: ShortcutsPresenter, parent: QWidget) -> None:
        super().__init__(parent.window())
        self.setObjectName("shortcuts.key")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(t("shell.shortcuts"))
        self.setMinimumWidth(460)
        self._presenter = presenter
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        self._name = label(t(BY_ID[presenter.state.waits_for].text_key), "heading", wraps=True)
        column.addWidget(self._name)
        self._ask = label(key="settings.keys_press", wraps=True)
        column.addWidget(self._ask)
        self._clash = Banner("warning", can_close=False)
        column.addWidget(self._clash)
        row = QHBoxLayout()
        self._none = Button("settings.keys_none", "ghost", pressed=presenter.clear)
        self._take = Button("settings.keys_take_over", "primary", pressed=presenter.take_over)
        self._take.setObjectName("shortcuts.take_over")
        leave = Button("common.cancel", "ghost", pressed=self.reject)
        row.addWidget(self._none)
        row.addStretch(1)
        row.addWidget(leave)
        row.addWidget(self._take)
        column.addLayout(row)
        for button in (self._none, self._take, leave):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.installEventFilter(self)
        self.setFocus()
        self._end = presenter.watch(self._render)
        self.finished.connect(self._over)

    def _over(self, _result: int) -> None:
        self._end()
        self._presenter.give_up()

    def _render(self, state: ShortcutsState) -> None:
        if not state.waits_for:
            self.accept()
            return
        self._take.setVisible(bool(state.clash))
        if state.clash:
            other = BY_ID[state.clash]
            where = t("shell.everywhere") if other.scope == "" else t(f"shell.scope_{other.scope}")
            self._clash.setMinimumHeight(_CLASH_PX)
            self._clash.say_text(t("settings.keys_clash", keys=key_words(state.wanted), name=t(other.text_key), where=where), "warning")
        else:
            self._clash.hide()

    def event(self, event: QEvent) -> bool:
        """Keys that are shortcuts elsewhere come here first."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The key, unless only a modifier is down."""
        if event.key() == Qt.Key.Key_Escape:
            self.reject()
            return
        if Qt.Key(event.key()) in _MODIFIERS:
            return
        pressed = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
        text = event.text()
        if text.isprintable() and len(text) == 1 and not text.isalnum():
            pressed = text  # "?" is Shift+/ on one keyboard and Shift+ß on another: the sign counts
        if pressed:
            self._presenter.press(pressed)
