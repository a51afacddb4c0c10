"""The playout ring starts deep enough, recovers from running dry, and gives surplus delay back."""

import numpy as np
import pytest

from videodesk.media.audio import FRAME, MAX_DEPTH, RATE, START_DEPTH, CaptureRing, PlayoutRing, loudness
from videodesk.media.synthetic import Tone

SOUND = np.full(FRAME, 1000, dtype=np.int16)


def test_it_waits_for_some_depth_and_then_plays_all_of_it() -> None:
    ring = PlayoutRing()
    ring.put(SOUND)
    assert not any(ring.read(FRAME))
    for _ in range(START_DEPTH // FRAME):
        ring.put(SOUND)
    assert np.frombuffer(ring.read(FRAME), np.int16).tolist() == SOUND.tolist()


def test_reading_never_gives_more_or_less_than_asked() -> None:
    ring = PlayoutRing()
    for count in (1, 7, 480, 959, 961, 4096):
        ring.put(SOUND)
        assert len(ring.read(count)) == 2 * count


def test_running_dry_fades_to_silence_and_makes_it_deeper() -> None:
    ring = PlayoutRing()
    for _ in range(4):
        ring.put(SOUND)
    heard = np.frombuffer(ring.read(5 * FRAME), np.int16)
    assert ring.underruns == 0, "it had not started: fewer than asked for were there"
    ring.put(SOUND)
    ring.read(4 * FRAME)
    heard = np.frombuffer(ring.read(2 * FRAME), np.int16)
    assert ring.underruns == 1
    assert heard[0] == 1000
    assert heard[FRAME - 1] == 0
    assert not heard[FRAME:].any()


def test_delay_after_a_disturbance_does_not_stay() -> None:
    ring = PlayoutRing()
    for _ in range(12):  # 240 ms came at once
        ring.put(SOUND)
    before = None
    for _ in range(600):
        ring.put(SOUND)
        ring.read(FRAME)
        before = before or ring.depth_s
    assert before is not None
    assert before > 0.2
    assert ring.depth_s < 0.14


def test_nobody_playing_keeps_the_newest_only() -> None:
    ring = PlayoutRing()
    for _ in range(1000):
        ring.put(SOUND)
    assert ring._depth <= 2 * MAX_DEPTH


def test_on_hold_nothing_is_heard() -> None:
    ring = PlayoutRing()
    ring.is_muted = True
    for _ in range(20):
        ring.put(SOUND)
    assert not any(ring.read(FRAME))
    assert ring.level == 0


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
