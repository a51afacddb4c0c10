"""Settings: appearance, devices with a check, shortcuts, about."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QProgressBar, QTabWidget, QVBoxLayout, QWidget

import videodesk
from videodesk.core.errors import DeskError, WorldError
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.i18n import error_text, t, word
from videodesk.desktop.kit.appearance import LanguageChoice, ScaleChoice, ThemeChoice
from videodesk.desktop.presenters.settings import KINDS, SettingsPresenter, SettingsState
from videodesk.desktop.presenters.shortcuts import ShortcutsPresenter
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.call_video import VideoView
from videodesk.desktop.views.shortcut_page import ShortcutPage
from videodesk.desktop.widgets import Banner, Button, Card, ComboBox, EmptyState, Field, View, label, scrolled

WIDE_PX = 760
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
        self._devices = DevicesPage(presenter)
        self._shortcuts = ShortcutPage(ShortcutsPresenter(context.preferences, context.tasks, context.clock))
        for page in (scrolled(self._general()), scrolled(self._devices), self._shortcuts, scrolled(self._about())):
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
        """`page` "devices" opens the device check, "shortcuts" the keys."""
        del params
        self._settings.look_address()
        places = {"devices": 1, "shortcuts": 2}
        if page in places:
            self.tabs.setCurrentIndex(places[page])

    def shut(self) -> None:
        """Let go of the devices first."""
        self._devices.release()
        self._shortcuts.shut()
        super().shut()

    def retranslate(self) -> None:
        """What has no label of the kit."""
        for index, key in enumerate(("settings.general", "settings.devices", "shell.shortcuts", "settings.about")):
            self.tabs.setTabText(index, t(key))
        self.tabs.setAccessibleName(t("shell.settings"))
        self._roles.setText(", ".join(word("role", role) for role in self._context.session.person.roles))
        self._version.setText(t("settings.version", version=videodesk.__version__))
        self._where.setText(t("settings.data_dir", folder=str(self._context.settings.data_dir)))
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


class DevicesPage(QWidget):
    """Camera picture, microphone level, test sound; runs only while it is seen."""

    def __init__(self, presenter: SettingsPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2 * SPACE, SPACE, SPACE)
        outer.setSpacing(2 * SPACE)
        self._none = EmptyState("video-off", "settings.no_media_title", "settings.no_media_text")
        outer.addWidget(self._none)
        self._problem = Banner("warning", can_close=False)
        outer.addWidget(self._problem)
        self._content = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._content)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(2 * SPACE)
        outer.addWidget(self._content)
        outer.addStretch(1)
        choose = Card("settings.devices")
        self._boxes: dict[str, ComboBox] = {}
        for kind in KINDS:
            box = ComboBox()
            box.setObjectName(f"settings.{kind}")
            box.activated.connect(partial(self._chosen, kind))
            self._boxes[kind] = box
        choose.body.addWidget(Field("settings.camera", self._boxes["camera"]))
        choose.body.addWidget(Field("settings.microphone", self._boxes["microphone"]))
        self._level = QProgressBar()
        self._level.setTextVisible(False)
        self._level.setRange(0, 100)
        choose.body.addWidget(label(key="settings.level_hint", role="caption", wraps=True))
        choose.body.addWidget(self._level)
        choose.body.addWidget(Field("settings.speaker", self._boxes["speaker"]))
        row = QHBoxLayout()
        row.addWidget(Button("settings.test_sound", icon_name="volume", pressed=presenter.play_sound))
        row.addStretch(1)
        choose.body.addLayout(row)
        choose.body.addStretch(1)
        stage = QFrame()
        stage.setProperty("surface", "stage")
        inside = QVBoxLayout(stage)
        inside.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self._video = VideoView("settings.camera", is_mirrored=True)
        self._video.setMinimumSize(240, 180)
        inside.addWidget(self._video)
        self._columns.addWidget(choose, 1)
        self._columns.addWidget(stage, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(presenter.tick)

    def put(self, state: SettingsState) -> None:
        """Show the devices there are, the picture, the level, what is wrong."""
        self._none.setVisible(not state.has_media)
        self._content.setVisible(state.has_media)
        self._video.set_slot(state.preview.pictures if state.preview is not None else None)
        self._level.setValue(round(state.level * 100))
        self._level.setAccessibleName(t("settings.level"))
        if state.problems:
            self._problem.say_text("\n".join(error_text(WorldError(code)) for code in state.problems), "warning")
        else:
            self._problem.hide()
        for kind, box in self._boxes.items():
            self._fill(box, kind, state)

    def release(self) -> None:
        """Stop looking."""
        self._timer.stop()
        self._video.set_slot(None)
        self._presenter.stop_check()

    def showEvent(self, event: QShowEvent) -> None:
        """Run while seen."""
        super().showEvent(event)
        self._presenter.start_check()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go: the camera's lamp goes out."""
        super().hideEvent(event)
        self.release()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Picture below where there is no room beside."""
        super().resizeEvent(event)
        is_wide = self.width() >= WIDE_PX
        self._columns.setDirection(QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom)

    def _chosen(self, kind: str, index: int) -> None:
        self._presenter.choose(kind, self._boxes[kind].itemData(index))

    @staticmethod
    def _fill(box: ComboBox, kind: str, state: SettingsState) -> None:
        wanted = [(t("settings.system_device"), None), *((device.label, device.id) for device in state.of_kind(kind))]
        if state.is_loaded and len(wanted) == 1:
            wanted = [(t("settings.no_device"), None)]
        have = [(box.itemText(i), box.itemData(i)) for i in range(box.count())]
        if have != wanted:
            box.clear()
            for text, device_id in wanted:
                box.addItem(text, device_id)
        box.setCurrentIndex(next((i for i, (_text, device_id) in enumerate(wanted) if device_id == state.chosen(kind)), 0))


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
