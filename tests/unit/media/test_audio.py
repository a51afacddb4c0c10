"""The microphone ring gives what is there, and levels are what a meter shows."""

import numpy as np
import pytest

from videodesk.media.audio import RATE, CaptureRing, loudness
from videodesk.media.synthetic import Tone


def test_the_microphone_ring_gives_silence_when_empty_and_drops_the_oldest() -> None:
    ring = CaptureRing()
    assert ring.read(10) == bytes(20)
    ring.write(np.arange(RATE, dtype=np.int16).tobytes())
    assert np.frombuffer(ring.read(1), np.int16)[0] == np.arange(RATE, dtype=np.int16)[-RATE // 5]


@pytest.mark.parametrize(("samples", "level"), [(np.zeros(960, np.int16), 0.0), (np.full(960, 32767, np.int16), 1.0), (np.zeros(0, np.int16), 0.0)])
def test_the_meter_goes_from_nothing_to_full(samples: np.ndarray, level: float) -> None:
    assert loudness(samples) == pytest.approx(level, abs=0.01)


def test_the_tone_is_heard_and_goes_on_without_a_step() -> None:
    tone = Tone()
    samples = np.frombuffer(tone.read(960) + tone.read(960), np.int16).astype(int)
    assert loudness(samples.astype(np.int16)) > 0.5
    assert np.abs(np.diff(samples)).max() < 500
