"""Microphones and speakers through QtMultimedia, in a thread of their own with Qt's event loop: a busy GUI does not make them stutter.

Samples are pulled from and pushed to plain rings (calls.ports.SampleSource, SampleSink); nothing here knows the network. A missing
or lost device is a problem code, never an exception.
"""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QIODevice, QObject, Qt, QThread, QTimer, Signal
from PySide6.QtMultimedia import QAudioDevice, QAudioFormat, QAudioSink, QAudioSource, QMediaDevices, QtAudio

from videodesk.calls.ports import Device, SampleSink, SampleSource, SoundStream

T = TypeVar("T")
RATE: Final = 48000
TICK_MS: Final = 10
BUFFER_MS: Final = 60
_ANSWER_S: Final = 4.0
_LISTED_MS: Final = 5000


class _Worker(QObject):
    """Runs callables in its thread."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asked.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def _run(self, work: Callable[[], None]) -> None:
        work()


class QtSound:
    """SoundDevices over QtMultimedia. The thread starts at the first use; a QCoreApplication must exist by then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: QThread | None = None
        self._worker: _Worker | None = None
        self._watch: QMediaDevices | None = None
        self._streams: list[_Stream] = []
        self._watchers: list[Callable[[], None]] = []
        self._known: list[Device] | None = None
        self._age = QElapsedTimer()
        self._is_over = False

    def devices(self) -> list[Device]:
        def find() -> list[Device] | None:
            found = []
            for kind, there, default in (
                    ("microphone", QMediaDevices.audioInputs(), QMediaDevices.defaultAudioInput()),
                    ("speaker", QMediaDevices.audioOutputs(), QMediaDevices.defaultAudioOutput())):
                found += [Device(id=_id(device), label=device.description(), kind=kind, is_default=device == default) for device in there]
            return found

        # Who follows the devices asks each second, in the thread that also plays: some sound systems take their time to list.
        known = self._known
        if known is not None and not self._age.hasExpired(_LISTED_MS):
            return list(known)
        listed: list[Device] | None = self._ask(find, None)
        if listed is None:  # a sound server that hangs: that is not the same as no devices
            return list(known or [])
        self._known = listed
        self._age.restart()
        return list(listed)

    def open_speaker(self, speaker_id: str | None, source: SampleSource, problem: Callable[[str], None]) -> SoundStream | None:
        def start() -> SoundStream | None:
            device = _choose(QMediaDevices.audioOutputs(), QMediaDevices.defaultAudioOutput(), speaker_id)
            shape = _format(device)
            if device is None or shape is None:
                problem("device.no_speaker")
                return None
            return self._keep(_Speaker(self, device, shape, source, problem))

        return self._ask(start, None)

    def open_microphone(self, microphone_id: str | None, sink: SampleSink, problem: Callable[[str], None]) -> SoundStream | None:
        def start() -> SoundStream | None:
            device = _choose(QMediaDevices.audioInputs(), QMediaDevices.defaultAudioInput(), microphone_id)
            shape = _format(device)
            if device is None or shape is None:
                problem("device.no_microphone")
                return None
            return self._keep(_Microphone(self, device, shape, sink, problem))

        return self._ask(start, None)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._is_started()
        self._watchers.append(changed)

        def end() -> None:
            with suppress(ValueError):
                self._watchers.remove(changed)

        return end

    def close(self) -> None:
        """Stop everything and end the thread; idempotent."""
        self._is_over = True  # who still asks (devices are followed by a thread) does not start it again
        for stream in list(self._streams):
            stream.close()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.quit()
            thread.wait(2000)

    def post(self, work: Callable[[], None]) -> None:
        """Run `work` in the sound thread, later."""
        worker = self._worker
        if worker is not None and self._thread is not None:
            with suppress(RuntimeError):  # Qt is going down and the worker with it
                worker.asked.emit(work)

    def forget(self, stream: _Stream) -> None:
        """A stream was closed."""
        with suppress(ValueError):
            self._streams.remove(stream)

    def _keep(self, stream: _Stream) -> SoundStream:
        self._streams.append(stream)
        return stream

    def _ask(self, work: Callable[[], T], otherwise: T) -> T:
        if not self._is_started():
            return otherwise
        answer: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            try:
                answer.set_result(work())
            except Exception as problem:  # noqa: BLE001 - carried to the thread that asked
                answer.set_exception(problem)

        self.post(run)
        try:
            return answer.result(timeout=_ANSWER_S)
        except TimeoutError:  # a sound server that hangs is no reason for us to
            return otherwise

    def _is_started(self) -> bool:
        with self._lock:
            application = QCoreApplication.instance()
            if application is None or self._is_over:
                return False
            if self._thread is None:
                thread, worker = QThread(), _Worker()
                thread.setObjectName("sound")
                worker.moveToThread(thread)
                thread.start()
                application.aboutToQuit.connect(self.close)
                self._thread, self._worker = thread, worker
                worker.asked.emit(self._watch_devices)
            return True

    def _watch_devices(self) -> None:
        self._watch = QMediaDevices()
        self._watch.audioInputsChanged.connect(self._devices_changed)
        self._watch.audioOutputsChanged.connect(self._devices_changed)

    def _devices_changed(self) -> None:
        self._known = None
        there = {_id(device) for device in (*QMediaDevices.audioInputs(), *QMediaDevices.audioOutputs())}
        for stream in list(self._streams):
            stream.check(there)
        for changed in tuple(self._watchers):
            changed()


class _Stream:
    """What a running speaker and microphone share. Made and used in the sound thread; `close` from any."""

    lost_code = ""

    def __init__(self, sound: QtSound, device: QAudioDevice, problem: Callable[[str], None]) -> None:
        self._sound = sound
        self._device_id = _id(device)
        self._problem = problem
        self._is_closed = False

    def check(self, there: set[str]) -> None:
        """The devices changed."""
        if not self._is_closed and self._device_id not in there:
            self._lose()

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._sound.forget(self)
            self._sound.post(self._stop)

    def _lose(self) -> None:
        self.close()
        self._problem(self.lost_code)

    def _stop(self) -> None:
        raise NotImplementedError


class _Speaker(_Stream):
    """Pushes samples of a source into a QAudioSink on a timer; Python is never called from the sound server's own thread."""

    lost_code = "device.speaker_lost"

    def __init__(self, sound: QtSound, device: QAudioDevice, shape: QAudioFormat, source: SampleSource, problem: Callable[[str], None]) -> None:
        super().__init__(sound, device, problem)
        self._source = source
        self._channels = shape.channelCount()
        self._sink = QAudioSink(device, shape)
        self._sink.setBufferSize(RATE * BUFFER_MS // 1000 * 2 * self._channels)
        self._sink.stateChanged.connect(self._changed)
        self._io: QIODevice | None = self._sink.start()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._fill)
        self._timer.start(TICK_MS)

    def _fill(self) -> None:
        if self._io is None or self._is_closed:
            return
        frames = self._sink.bytesFree() // (2 * self._channels)
        if frames > 0:
            self._io.write(_spread(self._source.read(frames), self._channels))

    def _changed(self, state: QtAudio.State) -> None:
        if state == QtAudio.State.StoppedState and self._sink.error() != QtAudio.Error.NoError and not self._is_closed:
            self._lose()

    def _stop(self) -> None:
        self._timer.stop()
        self._io = None
        self._sink.stop()


class _Microphone(_Stream):
    """Reads a QAudioSource as its data come."""

    lost_code = "device.microphone_lost"

    def __init__(self, sound: QtSound, device: QAudioDevice, shape: QAudioFormat, sink: SampleSink, problem: Callable[[str], None]) -> None:
        super().__init__(sound, device, problem)
        self._sink = sink
        self._channels = shape.channelCount()
        self._source = QAudioSource(device, shape)
        self._source.stateChanged.connect(self._changed)
        self._io: QIODevice | None = self._source.start()
        if self._io is not None:
            self._io.readyRead.connect(self._take)

    def _take(self) -> None:
        if self._io is None or self._is_closed:
            return
        data = bytes(self._io.readAll().data())
        self._sink.write(_first_channel(data, self._channels))

    def _changed(self, state: QtAudio.State) -> None:
        if state == QtAudio.State.StoppedState and self._source.error() != QtAudio.Error.NoError and not self._is_closed:
            self._lose()

    def _stop(self) -> None:
        self._io = None
        self._source.stop()


def _id(device: QAudioDevice) -> str:
    return bytes(device.id().data()).decode("utf-8", "replace")


def _choose(there: list[QAudioDevice], default: QAudioDevice, wanted: str | None) -> QAudioDevice | None:
    """The wanted device, else the system's own, else the first; None when there is none."""
    for device in there:
        if wanted is not None and _id(device) == wanted:
            return device
    if not default.isNull():
        return default
    return there[0] if there else None


def _format(device: QAudioDevice | None) -> QAudioFormat | None:
    """48 kHz, 16 bits, mono where the device takes it, else stereo; None when it takes neither."""
    if device is None:
        return None
    shape: Any = QAudioFormat()
    shape.setSampleRate(RATE)
    shape.setSampleFormat(QAudioFormat.SampleFormat.Int16)
    for channels in (1, 2):
        shape.setChannelCount(channels)
        if device.isFormatSupported(shape):
            return shape  # type: ignore[no-any-return]
    return None


def _spread(samples: bytes, channels: int) -> bytes:
    """Mono samples on every channel."""
    if channels == 1:
        return samples
    out = bytearray(len(samples) * channels)
    for channel in range(channels):
        out[2 * channel::2 * channels] = samples[0::2]
        out[2 * channel + 1::2 * channels] = samples[1::2]
    return bytes(out)


def _first_channel(samples: bytes, channels: int) -> bytes:
    """The first channel of interleaved samples."""
    if channels == 1:
        return samples
    out = bytearray(len(samples) // channels)
    out[0::2] = samples[0::2 * channels]
    out[1::2] = samples[1::2 * channels]
    return bytes(out)
