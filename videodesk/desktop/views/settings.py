"""Settings: appearance, devices with a check, shortcuts, about."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

import videodesk
from videodesk.core.errors import DeskError
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.i18n import error_text, t, word
from videodesk.desktop.kit.appearance import LanguageChoice, ScaleChoice, ThemeChoice
from videodesk.desktop.line_testing import ReportStore
from videodesk.desktop.presenters.line_test import LinePresenter
from videodesk.desktop.presenters.settings import SettingsPresenter, SettingsState
from videodesk.desktop.presenters.shortcuts import ShortcutsPresenter
from videodesk.desktop.ringing import Bell
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.devices_page import DevicesPage
from videodesk.desktop.views.line_page import LinePage
from videodesk.desktop.views.shortcut_page import ShortcutPage
from videodesk.desktop.widgets import Banner, Card, Field, View, label, scrolled

COLUMN_PX = 560


def make(context: DesktopContext) -> View:
    """The settings of this desktop."""
    return SettingsView(context, SettingsPresenter(context.media, context.preferences, context.tasks, context.clock,
                                                 context.api))


class SettingsView(View):
    """Tabs. Everything counts at once, except the scale: that counts from the next start."""

    title_key = "shell.settings"

    def __init__(self, context: DesktopContext, presenter: SettingsPresenter) -> None:
        super().__init__()
        self.setObjectName("settings")
        self._context = context
        self._settings = presenter
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * SPACE, SPACE, 3 * SPACE, SPACE)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("settings.tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self._devices = DevicesPage(presenter, Bell(context.preferences, self, times=1))
        self._shortcuts = ShortcutPage(ShortcutsPresenter(context.preferences, context.tasks, context.clock))
        self._line = LinePage(LinePresenter(context.api, context.media, ReportStore(context.work_dir), context.settings.service or "localhost",
                                            context.tasks, context.clock))
        for page in (scrolled(self._general()), scrolled(self._devices), scrolled(self._line), self._shortcuts, scrolled(self._about())):
            self.tabs.addTab(page, "")
        outer.addWidget(self.tabs)
        self.attach(presenter)
        self.retranslate()

    def _general(self) -> QWidget:
        page, column = _page()
        look = Card("settings.appearance")
        self.language = LanguageChoice(self._context.choose_language)
        self.theme = ThemeChoice(self._context.preferences, self._context.choose_theme)
        self.scale = ScaleChoice(self._context.preferences, self._choose_scale)
        look.body.addWidget(Field("settings.language", self.language))
        look.body.addWidget(Field("settings.theme", self.theme))
        look.body.addWidget(Field("settings.scale", self.scale, hint_key="settings.scale_hint"))
        self._restart = Banner("accent")
        look.body.addWidget(self._restart)
        column.addWidget(look)
        person = self._context.session.person
        who = Card("settings.account")
        who.body.addWidget(label(person.display_name, "strong", wraps=True))
        self._roles = label("", "muted", wraps=True)
        who.body.addWidget(self._roles)
        column.addWidget(who)
        column.addStretch(1)
        return page

    def _about(self) -> QWidget:
        page, column = _page()
        card = Card("settings.about")
        self._version = label("", wraps=True)
        self._where = label("", "muted", wraps=True)
        card.body.addWidget(self._version)
        card.body.addWidget(self._where)
        card.body.addWidget(label(key="settings.licences", role="caption", wraps=True))
        column.addWidget(card)
        reach = Card("settings.address")
        self._address = label("", "mono", wraps=True)
        self._address.setObjectName("settings.public_url")
        self._address.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self._why_not = label("", "muted", wraps=True)
        reach.body.addWidget(self._address)
        reach.body.addWidget(self._why_not)
        column.addWidget(reach)
        column.addStretch(1)
        return page

    def opened(self, page: str = "", **params: Any) -> None:
        """`page` "devices" opens the device check, "network" the network test, "shortcuts" the keys."""
        del params
        self._settings.look_address()
        places = {"devices": 1, "network": 2, "shortcuts": 3}
        if page in places:
            self.tabs.setCurrentIndex(places[page])

    def shut(self) -> None:
        """Let go of the devices first."""
        self._devices.release()
        self._line.shut()
        self._shortcuts.shut()
        super().shut()

    def retranslate(self) -> None:
        """What has no label of the kit."""
        for index, key in enumerate(("settings.general", "settings.devices", "line.tab", "shell.shortcuts", "settings.about")):
            self.tabs.setTabText(index, t(key))
        self.tabs.setAccessibleName(t("shell.settings"))
        self._roles.setText(", ".join(word("role", role) for role in self._context.session.person.roles))
        self._version.setText(t("settings.version", version=videodesk.__version__))
        self._where.setText(t("settings.data_dir", folder=str(self._context.settings.data_dir)))
        self._line.retranslate()
        super().retranslate()

    def panes(self) -> list[QWidget]:
        """Just the tabs."""
        return [self.tabs]

    def render_state(self, state: SettingsState) -> None:
        """The device page, and where customers reach the desk."""
        self._address.setText(state.public_url or "…")
        self._why_not.setText(t("settings.address_ok") if state.why_not is None else error_text(DeskError(state.why_not)))
        self._why_not.setVisible(bool(state.public_url))
        self._devices.put(state)

    def _choose_scale(self, scale_pct: int) -> None:
        self._context.preferences.change(scale_pct=scale_pct)
        self._restart.say("settings.scale_later", "accent")


def _page() -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    outer = QHBoxLayout(page)
    outer.setContentsMargins(0, 2 * SPACE, SPACE, 0)
    inside = QWidget()
    inside.setMaximumWidth(COLUMN_PX)
    column = QVBoxLayout(inside)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2 * SPACE)
    outer.addWidget(inside, 1)
    outer.addStretch(0)
    return page, column
