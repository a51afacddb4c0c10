"""The device check in the settings: camera picture, microphone level and recording, test sound, the bell; each with a verdict in words."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from videodesk.calls.device_check import RECORD_S, DeviceCheck, Sight, Voice
from videodesk.core.errors import WorldError
from videodesk.desktop.device_words import device_text, device_tone
from videodesk.desktop.i18n import error_text, t
from videodesk.desktop.presenters.settings import KINDS, SettingsPresenter, SettingsState
from videodesk.desktop.ringing import Bell
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.call_video import VideoView
from videodesk.desktop.widgets import Banner, Button, Card, ComboBox, EmptyState, Field, Icon, Label, label

WIDE_PX: Final = 760
_TONES: Final = {"ok": ("circle-check", "ok"), "warning": ("alert-triangle", "warning"), "neutral": ("info-circle", "text_muted")}


class Verdict(QWidget):
    """A sentence with a sign; hidden while there is none."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._icon = Icon("info-circle", size_px=18)
        self.label: Label = label(wraps=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self._icon)
        row.addWidget(self.label, 1)
        self.hide()

    def put(self, text: str, tone: str) -> None:
        """Say it; nothing hides it."""
        self.setVisible(bool(text))
        self._icon.set(*_TONES[tone])
        self.label.setText(text)
        self.setAccessibleName(text)


class DevicesPage(QWidget):
    """Runs only while it is seen. `bell` rings once on the device for waiting calls."""

    def __init__(self, presenter: SettingsPresenter, bell: Bell) -> None:
        super().__init__()
        self._presenter = presenter
        self._state = SettingsState()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2 * SPACE, SPACE, SPACE)
        outer.setSpacing(2 * SPACE)
        self._none = EmptyState("video-off", "settings.no_media_title", "settings.no_media_text")
        self._problem = Banner("warning", can_close=False)
        outer.addWidget(self._none)
        outer.addWidget(self._problem)
        self._content = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._content)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(2 * SPACE)
        outer.addWidget(self._content)
        outer.addStretch(1)
        self._boxes: dict[str, ComboBox] = {}
        for role in KINDS:
            self._boxes[role] = box = ComboBox()
            box.setObjectName(f"settings.{role}")
            box.activated.connect(partial(self._chosen, role))
        left = QVBoxLayout()
        left.setSpacing(2 * SPACE)
        left.addWidget(self._microphone())
        left.addWidget(self._sound(bell))
        left.addStretch(1)
        right = QVBoxLayout()
        right.addWidget(self._camera())
        right.addStretch(1)
        self._columns.addLayout(left, 1)
        self._columns.addLayout(right, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(presenter.tick)

    def _microphone(self) -> Card:
        card = Card("settings.microphone")
        self._boxes["microphone"].setAccessibleName(t("settings.microphone"))
        card.body.addWidget(self._boxes["microphone"])
        self._level = _bar()
        card.body.addWidget(self._level)
        self._hint = label(key="settings.level_hint", role="caption", wraps=True)
        card.body.addWidget(self._hint)
        self.record = Button("settings.record", icon_name="player-record", pressed=self._presenter.record, n=round(RECORD_S))
        self.record.setObjectName("settings.record")
        self.play = Button("settings.play_back", icon_name="player-play", pressed=self._presenter.play_recording)
        self.play.setObjectName("settings.play_back")
        card.body.addLayout(_row(self.record, self.play))
        self._recorded = _bar()
        card.body.addWidget(self._recorded)
        self.voice = Verdict("settings.voice")
        card.body.addWidget(self.voice)
        return card

    def _sound(self, bell: Bell) -> Card:
        card = Card("settings.speaker")
        self._boxes["speaker"].setAccessibleName(t("settings.speaker"))
        card.body.addWidget(self._boxes["speaker"])
        test = Button("settings.test_sound", icon_name="volume", pressed=self._presenter.play_sound)
        test.setObjectName("settings.test_sound")
        card.body.addLayout(_row(test))
        self._asked = QWidget()
        yes = Button("settings.heard_yes", pressed=lambda: self._presenter.answer(heard=True))
        no = Button("settings.heard_no", pressed=lambda: self._presenter.answer(heard=False))
        yes.setObjectName("settings.heard_yes")
        no.setObjectName("settings.heard_no")
        column = QVBoxLayout(self._asked)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(label(key="settings.heard"))
        column.addLayout(_row(yes, no))
        card.body.addWidget(self._asked)
        self.heard = Verdict("settings.heard")
        card.body.addWidget(self.heard)
        card.body.addWidget(Field("settings.ringer", self._boxes["ringer"]))
        card.body.addWidget(label(key="settings.ringer_hint", role="caption", wraps=True))
        ring = Button("settings.test_ring", icon_name="bell-ringing", pressed=bell.ring)
        ring.setObjectName("settings.test_ring")
        card.body.addLayout(_row(ring))
        return card

    def _camera(self) -> Card:
        card = Card("settings.camera")
        self._boxes["camera"].setAccessibleName(t("settings.camera"))
        card.body.addWidget(self._boxes["camera"])
        stage = QFrame()
        stage.setProperty("surface", "stage")
        inside = QVBoxLayout(stage)
        inside.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self._video = VideoView("settings.camera", is_mirrored=True)
        self._video.setMinimumSize(240, 200)
        inside.addWidget(self._video)
        card.body.addWidget(stage)
        self.sight = Verdict("settings.sight")
        card.body.addWidget(self.sight)
        return card

    def put(self, state: SettingsState) -> None:
        """Show the devices there are, the picture, the level, what was found, what is wrong."""
        self._state = state
        self._none.setVisible(not state.has_media)
        self._content.setVisible(state.has_media)
        self._video.set_slot(state.preview.pictures if state.preview is not None else None)
        self._level.setValue(round(state.level * 100))
        self._level.setAccessibleName(t("settings.level"))
        self._say_problems(state)
        self._put_check(state.check, state)
        for role, box in self._boxes.items():
            self._fill(box, role, state)
            if role != "ringer":
                box.setAccessibleName(t(f"settings.{role}"))

    def _say_problems(self, state: SettingsState) -> None:
        lines = [error_text(WorldError(code)) for code in state.problems]
        lines += [device_text(one) for one in state.news if device_tone(one) != "neutral" and f"device.no_{one.role}" not in state.problems]
        if lines:
            self._problem.say_text("\n".join(lines), "warning")
        else:
            self._problem.hide()

    def _put_check(self, check: DeviceCheck, state: SettingsState) -> None:
        is_there = state.preview is not None
        self.record.setEnabled(is_there and not check.is_recording and not check.is_playing)
        self.play.setEnabled(is_there and check.recorded_s > 0 and not check.is_recording and not check.is_playing)
        self._recorded.setVisible(check.is_recording)
        self._recorded.setValue(round(100 * check.recorded_s / RECORD_S))
        self._recorded.setAccessibleName(t("settings.recording"))
        if check.is_recording:
            self.voice.put(t("settings.recording"), "neutral")
        else:
            tone = "ok" if check.voice is Voice.WELL else "warning"
            self.voice.put("" if check.voice is Voice.UNKNOWN else t(f"settings.voice.{check.voice.value}"), tone)
        tone = "ok" if check.sight is Sight.WELL else "warning"
        self.sight.put("" if check.sight is Sight.UNKNOWN else t(f"settings.sight.{check.sight.value}"), tone)
        self._asked.setVisible(state.is_asked)
        self.heard.put("" if state.heard is None else t("settings.sound.well" if state.heard else "settings.sound.nothing"), "ok" if state.heard else "warning")

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

    def _chosen(self, role: str, index: int) -> None:
        self._presenter.choose(role, self._boxes[role].itemData(index))

    @staticmethod
    def _fill(box: ComboBox, role: str, state: SettingsState) -> None:
        there = [(device.label, device.id) for device in state.for_role(role)]
        wanted: list[tuple[str, str | None]] = [(t("settings.system_device"), None), *there]
        mine = state.wanted(role)
        if state.is_loaded and not there:
            wanted = [(t("settings.no_device"), None)]
        if not mine.is_system and state.is_loaded and all(device_id != state.chosen(role) for _label, device_id in there):
            wanted.append((t("settings.device_away", name=mine.label or mine.id), state.chosen(role)))
        have = [(box.itemText(i), box.itemData(i)) for i in range(box.count())]
        if have != wanted:
            box.clear()
            for text, device_id in wanted:
                box.addItem(text, device_id)
        box.setCurrentIndex(next((i for i, (_text, device_id) in enumerate(wanted) if device_id == state.chosen(role)), 0))


def _bar() -> QProgressBar:
    bar = QProgressBar()
    bar.setTextVisible(False)
    bar.setRange(0, 100)
    return bar


def _row(*buttons: Button) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(SPACE)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row
