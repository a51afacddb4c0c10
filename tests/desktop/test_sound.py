"""The sound adapter: where there is no device it says so; samples are spread over a device's channels without a change."""

from PySide6.QtMultimedia import QMediaDevices

from videodesk.desktop.sound import QtSound, _first_channel, _spread


class Silence:
    def read(self, frames: int) -> bytes:
        return bytes(2 * frames)

    def write(self, samples: bytes) -> None:
        pass


def test_a_machine_without_sound_gets_messages_and_no_exception(qapp) -> None:
    sound = QtSound()
    problems: list[str] = []
    devices = sound.devices()
    if QMediaDevices.audioOutputs() or QMediaDevices.audioInputs():
        assert devices
    else:
        assert devices == []
        assert sound.open_speaker(None, Silence(), problems.append) is None
        assert sound.open_microphone("gone", Silence(), problems.append) is None
        assert problems == ["device.no_speaker", "device.no_microphone"]
    sound.close()
    sound.close()


def test_mono_on_two_channels_and_back() -> None:
    samples = bytes(range(20))
    assert _spread(samples, 2) == b"".join(samples[at:at + 2] * 2 for at in range(0, 20, 2))
    assert _first_channel(_spread(samples, 2), 2) == samples
    assert _spread(samples, 1) is samples


def test_closed_it_stays_closed_and_who_still_asks_gets_nothing(qapp) -> None:
    sound = QtSound()
    sound.devices()
    end = sound.watch(lambda: None)
    sound.close()
    assert sound.open_speaker(None, Silence(), lambda code: None) is None
    assert sound._thread is None
    end()
    end()
