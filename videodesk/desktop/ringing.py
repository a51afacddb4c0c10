"""The bell of a waiting call, on the device that was chosen for it: the loudspeakers may ring while the call itself is on a headset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QUrl
from PySide6.QtMultimedia import QAudioDevice, QMediaDevices, QSoundEffect
from PySide6.QtWidgets import QApplication

from videodesk.calls.device_choice import Order, pick
from videodesk.calls.ports import Device
from videodesk.core.places import resources
from videodesk.desktop.preferences import PreferenceStore

_RING: Final = "ring.wav"
_TIMES: Final = 5


class Bell:
    """Rings on the chosen device as it is when it begins; on the next best where that one is gone. GUI thread."""

    def __init__(self, preferences: PreferenceStore, parent: QObject, times: int = _TIMES) -> None:
        self._preferences = preferences
        self._parent = parent
        self._times = times
        self._effect: QSoundEffect | None = None

    def ring(self) -> None:
        """Begin, unless it rings already."""
        source = resources() / "sounds" / _RING
        if not source.is_file():
            QApplication.beep()
            return
        if self._effect is None:
            self._effect = QSoundEffect(self._parent)
            self._effect.setSource(QUrl.fromLocalFile(str(source)))
            self._effect.setLoopCount(self._times)
        if not self._effect.isPlaying():
            device = ringer(QMediaDevices.audioOutputs(), QMediaDevices.defaultAudioOutput(), self._preferences.orders().get("ringer", ()))
            if device is not None and device != self._effect.audioDevice():
                self._effect.setAudioDevice(device)
            self._effect.play()

    def stop(self) -> None:
        """Be silent."""
        if self._effect is not None:
            self._effect.stop()


def ringer(there: Sequence[QAudioDevice], default: QAudioDevice, order: Order) -> QAudioDevice | None:
    """The device that rings; None when there is none."""
    known = {bytes(one.id().data()).decode("utf-8", "replace"): one for one in there}
    best = pick("ringer", order, [Device(device_id, one.description(), "speaker", one == default) for device_id, one in known.items()])
    return known[best.id] if best is not None else None
