"""The shell: rail, top line, and one screen at a time. Screens are made when first opened and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from videodesk.client.channel import ChannelState
from videodesk.core.errors import DeskError
from videodesk.desktop import i18n, keys
from videodesk.desktop.actions import BY_ID, ActionSpec
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.i18n import error_text, t
from videodesk.desktop.kit.rail import PresenceButton, Rail
from videodesk.desktop.kit.shortcuts import ShortcutSheet
from videodesk.desktop.links import parse_link
from videodesk.desktop.navigation import RAIL, banner_maker, maker
from videodesk.desktop.presenters.palette import PalettePresenter
from videodesk.desktop.presenters.shell import CHOSEN, ShellPresenter, ShellState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.palette import Palette
from videodesk.desktop.views.screen_keys import is_typing
from videodesk.desktop.widgets import Banner, BannerStack, EmptyState, IconButton, View, label
from videodesk.protocol.messages import CallView, Wire

NOTICE_MS = 6000


class Shell(QWidget):
    """The signed-in window's content; `context.navigation` is this. Implements Navigation."""

    def __init__(self, make_context: Callable[[Shell], DesktopContext], sign_out: Callable[[], None],
                 alert: Callable[[str], None] = lambda _text: None) -> None:
        """`alert` tells the person by tray or taskbar where the window is not in front."""
        super().__init__()
        self.setObjectName("shell")
        self.context = context = make_context(self)
        self.presenter = ShellPresenter(context.api, context.tasks, context.clock, context.session, context.channel)
        self._alert = alert
        self._views: dict[str, View] = {}
        self._trail: list[tuple[str, dict[str, Any]]] = []
        self._build(sign_out)
        self._shortcuts: list[QShortcut] = []
        self._scoped: list[QShortcut] = []
        self._notice_timer = QTimer(self)
        self._notice_timer.setSingleShot(True)
        self._notice_timer.timeout.connect(self._notice.hide)
        self._noticed = 0
        self._ends = [context.events.subscribe(self._message), i18n.on_change(self.retranslate), keys.on_change(self._rekey)]
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)  # lists search by letter: single keys must come before them
        self.presenter.rang = self._rang
        self.presenter.watch(self._render)
        self.presenter.load_counts()
        self.open("inbox")
        # Made before it is needed: a call's first messages may come before the screen is opened.
        QTimer.singleShot(0, self, lambda: self._view("call"))

    def _build(self, sign_out: Callable[[], None]) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.rail = Rail()
        for name in RAIL:
            self.rail.add(name, f"go.{name}", lambda name=name: self._go(name))  # type: ignore[misc]
        self.rail.add_below(IconButton("help.open", pressed=self.show_help))
        self.rail.add_below(IconButton("help.shortcuts", pressed=self.show_shortcuts))
        row.addWidget(self.rail)
        column = QVBoxLayout()
        column.setSpacing(0)
        row.addLayout(column, 1)
        self.top = QWidget()
        line = QHBoxLayout(self.top)
        line.setContentsMargins(3 * SPACE, SPACE, 2 * SPACE, 0)
        self._back = IconButton("go.back", pressed=self.back)
        self._back.setObjectName("shell.back")
        self._title = label("", "title")
        self.presence = PresenceButton(CHOSEN, self.presenter.choose_presence)
        self.presence.sign_out.triggered.connect(lambda _checked=False: sign_out())
        line.addWidget(self._back)
        line.addWidget(self._title)
        line.addStretch(1)
        line.addWidget(self.presence)
        column.addWidget(self.top)
        self._line = Banner("warning", can_close=False)
        self._notice = Banner("accent")
        make_banner = banner_maker()
        self.call_banner = make_banner(self.context) if make_banner is not None else None
        column.addWidget(BannerStack(self._line, self._notice, *([self.call_banner] if self.call_banner is not None else [])))
        self.stack = QStackedWidget()
        column.addWidget(self.stack, 1)

    # Navigation
    def open(self, screen: str, **params: Any) -> None:
        """Show a screen."""
        view = self._view(screen)
        current = self._current()
        if current is not None and current is not view and not current.may_leave():
            return
        if not self._trail or self._trail[-1] != (screen, params):
            if screen in RAIL:
                self._trail.clear()
            self._trail.append((screen, params))
        self._show(screen, view, params)

    def back(self) -> None:
        """Show the screen before this one; the inbox at the end."""
        current = self._current()
        if len(self._trail) < 2:
            self.open("inbox")
            return
        if current is not None and not current.may_leave():
            return
        self._trail.pop()
        screen, params = self._trail[-1]
        self._show(screen, self._view(screen), params)

    def notify(self, key: str, **params: Any) -> None:
        """Tell the person something short."""
        self.presenter.notify(key, **params)

    def open_link(self, link: str) -> None:
        """Open a videodesk:// link; a wrong one is said."""
        if not link:
            return
        target = parse_link(link)
        if target is None:
            self.notify("shell.bad_link")
        else:
            self.open(target.screen, **target.params)

    @property
    def place(self) -> str:
        """The name of the screen in front."""
        return self._trail[-1][0] if self._trail else ""

    def view(self, screen: str) -> View | None:
        """A screen's view, when it was made already."""
        return self._views.get(screen)

    def shut(self) -> None:
        """The person signs out, or the program ends."""
        for end in self._ends:
            end()
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        for view in self._views.values():
            view.shut()
        banner_shut = getattr(self.call_banner, "shut", None)
        if callable(banner_shut):
            banner_shut()
        self.presenter.close()

    def line_changed(self, state: ChannelState, why: DeskError | None) -> None:
        """The channel's state, from the bridge."""
        self.presenter.line_changed(state.value, why)

    def show_shortcuts(self) -> None:
        """The `?` sheet."""
        sheet = ShortcutSheet(self.place, self, change=lambda: self.open("settings", page="shortcuts"))
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.open()

    def show_palette(self) -> None:
        """The command palette: everything that can be done here, and every case by its number or customer."""
        presenter = PalettePresenter(self.context.api, self.context.tasks, self.context.clock, self.place)
        palette = Palette(presenter, self.act, self.open, self)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.open()

    def show_help(self) -> None:
        """The help page about the screen in front."""
        if self.place != "help":
            self.open("help", about=self.place)

    def retranslate(self) -> None:
        """Everything of this window in the language chosen now: the kit first, then the views."""
        for widget in self.findChildren(QWidget):
            again = getattr(widget, "retranslate", None)
            if callable(again) and not isinstance(widget, View):
                again()
        for view in self._views.values():
            view.retranslate()
        self._render(self.presenter.state)
        self._head()

    # inside
    def _view(self, screen: str) -> View:
        if screen not in self._views:
            make = maker(screen)
            view = _Missing() if make is None else make(self.context)
            self._views[screen] = view
            self.stack.addWidget(view)
        return self._views[screen]

    def _show(self, screen: str, view: View, params: dict[str, Any]) -> None:
        current = self._current()
        if current is not None and current is not view:
            current.left()
        self.stack.setCurrentWidget(view)
        self._scope(screen)
        view.opened(**params)
        self._head()

    def _head(self) -> None:
        view = self._current()
        self.rail.select(self.place if self.place in RAIL else {"case": "cases", "annotate": "cases", "compare": "cases", "clip": "cases", "call": "inbox"}.get(self.place, ""))
        self._back.setVisible(len(self._trail) > 1)
        if view is not None:
            self._title.setText(t(view.title_key) if view.title_key else "")
            self.top.setVisible(not getattr(view, "is_immersive", False))

    def _current(self) -> View | None:
        widget = self.stack.currentWidget()
        return widget if isinstance(widget, View) else None

    def _go(self, name: str) -> None:
        self.open(name)
        self.rail.select(self.place if self.place in RAIL else "")

    def _message(self, message: Wire) -> None:
        self.presenter.handle(message)
        for view in self._views.values():
            view.handle(message)
        banner_handle = getattr(self.call_banner, "handle", None)
        if callable(banner_handle):
            banner_handle(message)

    def _rang(self, call: CallView) -> None:
        if self.call_banner is not None:
            return  # it rings and tells by itself
        name = call.customer_name or t("common.no_name")
        self._alert(t("shell.waits", name=name))

    def _render(self, state: ShellState) -> None:
        self.presence.put(state.presence, state.display_name)
        self.rail.buttons["inbox"].set_count(state.inbox_count)
        self.rail.buttons["review"].set_count(state.review_count)
        if state.line == "online":
            self._line.hide()
        elif state.line_problem is not None:
            self._line.say_text(error_text(state.line_problem), "warning")
        else:
            self._line.say(f"shell.line_{state.line}", "warning" if state.line == "offline" else "neutral")
        notice = state.notice
        if notice is not None and notice.number != self._noticed:
            self._noticed = notice.number
            self._notice.say_text(t(notice.key, **notice.params), "accent")
            self._notice_timer.start(NOTICE_MS)
            self._alert(self._notice.text)

    # keys
    def _shortcut(self, spec: ActionSpec) -> QShortcut:
        made = QShortcut(QKeySequence(spec.shortcut), self)
        made.activated.connect(lambda: self.act(spec.id))
        made.activatedAmbiguously.connect(lambda: self.act(spec.id))
        return made

    def _rekey(self) -> None:
        """The person chose other keys."""
        self._scope(self.place)
        self.retranslate()

    def _scope(self, screen: str) -> None:
        for shortcut in (*self._shortcuts, *self._scoped):
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._shortcuts = [self._shortcut(spec) for spec in keys.in_scope("") if spec.shortcut and not keys.is_character(spec.shortcut)]
        view = self._views[screen]
        # A screen that owns its keys (a canvas, the call) says so; the shell then leaves its scope alone.
        self._scoped = [] if getattr(view, "owns_keys", False) else [
            self._shortcut(spec) for spec in keys.in_scope(screen)
            if spec.shortcut and not spec.is_single_key and spec.id not in view.own_actions]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Single keys of this window, before lists and buttons see them."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            plain = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
            is_ours = watched.window() is self.window() and QApplication.activeModalWidget() is None
            if is_ours and plain == Qt.KeyboardModifier.NoModifier and event.text().isprintable() and not event.isAutoRepeat():
                return self.press_key(event.text(), is_shifted=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        return super().eventFilter(watched, event)

    def press_key(self, text: str, *, is_shifted: bool = False) -> bool:
        """A single key: the screen's action, or one that works everywhere. Not while a person types.

        A letter with Shift is another key than the letter where the screen has an action for it.
        """
        view = self._current()
        if not text or is_typing() or (view is not None and getattr(view, "owns_keys", False)):
            return False
        if is_shifted and text.isalpha():
            shifted = next((spec for spec in keys.in_scope(self.place) if spec.shortcut == f"Shift+{text.upper()}"), None)
            if shifted is not None:
                return self.act(shifted.id)
        for spec in (*keys.in_scope(self.place), *keys.in_scope("")):
            if spec.is_single_key and spec.shortcut.lower() == text.lower():
                return self.act(spec.id)
        return False

    def act(self, action_id: str) -> bool:
        """Do an action of the table: the screen's own first."""
        view = self._current()
        if view is not None and view.act(action_id):
            return True
        kind, _, name = action_id.partition(".")
        if kind == "go" and name in RAIL:
            self.open(name)
        elif action_id == "go.back":
            self.back()
        elif kind == "pane":
            self._cycle(1 if name == "next" else -1)
        elif action_id == "help.open":
            self.show_help()
        elif action_id == "help.shortcuts":
            self.show_shortcuts()
        elif action_id == "palette.open":
            self.show_palette()
        elif action_id == "program.quit":
            self.window().close()
        else:
            return BY_ID[action_id].scope == ""
        return True

    def _cycle(self, step: int) -> None:
        view = self._current()
        panes: list[QWidget] = [self.rail, self.top, *(view.panes() if view is not None else [])]
        panes = [pane for pane in panes if pane.isVisible() and first_focus(pane) is not None]
        if not panes:
            return
        focus = QApplication.focusWidget()
        here = next((i for i, pane in enumerate(panes) if focus is not None and (pane is focus or pane.isAncestorOf(focus))), -1)
        target = first_focus(panes[(here + step) % len(panes)] if here >= 0 else panes[0])
        if target is not None:
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)


def first_focus(pane: QWidget) -> QWidget | None:
    """The first widget in `pane` (itself included) that takes the focus by Tab."""
    for widget in [pane, *pane.findChildren(QWidget)]:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled():
            return widget
    return None


class _Missing(View):
    """A screen that this build does not have."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.addWidget(EmptyState("plug-connected-x", "shell.missing_title", "shell.missing_text"))
