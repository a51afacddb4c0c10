"""RTP times on one clock: the fastest packets say where it lies, nothing jumps, nothing goes back."""

import random
from itertools import pairwise

import numpy as np
import pytest

from tests.unit.media.material import loudest_hz, opus, tone
from videodesk.media.audio import RATE
from videodesk.media.mixing import LATEST_S, Mixer
from videodesk.media.opus import opus_decoder
from videodesk.media.timeline import SLEW, SenderClocks, StreamClock, lay_out

FRAME_S = 1 / 30


def rtp(at_s: float, base: int = 0xFFFF_0000) -> int:
    return (base + round(at_s * 90_000)) & 0xFFFFFFFF


@pytest.mark.parametrize("seed", range(5))
def test_jitter_does_not_move_it(seed: int) -> None:
    chance = random.Random(seed)
    clock = StreamClock(90_000)
    off = []
    for number in range(900):
        at_s = number * FRAME_S
        clock.note(rtp(at_s), 50 + at_s + chance.random() * 0.15)
        off.append(clock.at_s(rtp(at_s)) - 50 - at_s)
    assert max(off[60:]) < 0.02
    assert min(off) > -0.001


def test_a_sender_whose_clock_runs_fast_is_followed() -> None:
    clock = StreamClock(90_000)
    for number in range(30 * 600):
        at_s = number * FRAME_S
        clock.note(rtp(at_s * 1.0002), 50 + at_s)
    assert clock.at_s(rtp(at_s * 1.0002)) == pytest.approx(50 + at_s, abs=0.01)


def test_a_way_that_becomes_slower_is_followed_without_a_jump() -> None:
    clock = StreamClock(90_000)
    shown = []
    for number in range(30 * 90):
        at_s = number * FRAME_S
        clock.note(rtp(at_s), 50 + at_s + (0.3 if at_s > 10 else 0.0))
        shown.append(clock.at_s(rtp(at_s)))
    steps = [later - earlier for earlier, later in pairwise(shown)]
    assert min(steps) > 0
    assert max(steps) < FRAME_S * (1 + SLEW) + 0.001
    assert shown[-1] == pytest.approx(50 + at_s + 0.3, abs=0.01)


def test_a_sender_that_counts_anew_begins_anew() -> None:
    clock = StreamClock(90_000)
    for number in range(90):
        clock.note(rtp(number * FRAME_S), 50 + number * FRAME_S)
    clock.report(rtp(1), 1000)
    clock.note(rtp(0, base=1_234_567_890), 60.0)
    assert clock.at_s(rtp(0, base=1_234_567_890)) == pytest.approx(60.0)
    assert clock.sender_offset_s is None, "what was said of the old count says nothing of the new one"


def test_reports_lay_sound_to_picture() -> None:
    clocks = SenderClocks()
    for number in range(60):
        clocks.video.note(rtp(number * FRAME_S), 50 + number * FRAME_S + 0.2)
        clocks.sound.note(number * 1600, 50 + number * FRAME_S + 0.02)
    assert clocks.reported_skew_s == 0
    clocks.video.report(rtp(1), 7000)
    clocks.sound.report(48_000, 7000)
    assert clocks.reported_skew_s == pytest.approx(0.18, abs=0.001)
    clocks.settle()
    assert clocks.sound_at_s(48_000) == pytest.approx(clocks.video.at_s(rtp(1)), abs=0.001)


def test_what_is_all_there_is_laid_out_by_its_fastest_frames() -> None:
    frames = [(rtp(number * FRAME_S), 50 + number * FRAME_S + (0.1 if number % 3 else 0.0)) for number in range(60)]
    again = [(rtp(number * FRAME_S, base=1_500_000_000), 70 + number * FRAME_S + (0.1 if number % 3 else 0.0)) for number in range(60)]
    shown = lay_out([*frames, *again], 90_000)
    assert shown == pytest.approx([50 + number * FRAME_S for number in range(60)] + [70 + number * FRAME_S for number in range(60)], abs=0.001)


# ── the mix ───────────────────────────────────────────────────────────────────────────────────────────────────────


def decoded(packets: list[tuple[float, bytes]]) -> np.ndarray:
    decoder = opus_decoder()
    return np.concatenate([decoder.decode(payload) for _, payload in packets]).astype(float) / 32768


def test_it_waits_for_the_side_that_is_held_up_but_not_for_ever() -> None:
    mixer = Mixer()
    customer, agent = tone(440, 3), tone(700, 3)
    out = []
    for number in range(25):
        mixer.put("customer", number * 0.02, customer[number])
        mixer.put("agent", number * 0.02, agent[number])
        out += mixer.take()
    for number in range(25, 45):  # the customer's packets do not come
        mixer.put("agent", number * 0.02, agent[number])
        out += mixer.take()
    assert len(out) == 25
    for number in range(25, 45):  # now they do, all at once
        mixer.put("customer", number * 0.02, customer[number])
    out += mixer.take()
    assert len(out) == 45
    for number in range(45, 130):  # now they stay away
        mixer.put("agent", number * 0.02, agent[number])
        out += mixer.take()
    assert len(out) == pytest.approx(130 - LATEST_S * 50, abs=LATEST_S * 50)
    out += mixer.take(everything=True)
    sound = decoded(out)
    assert loudest_hz(sound[int(0.1 * RATE):int(0.8 * RATE)], 2) == {440, 700}, "what was held up is in it"
    assert loudest_hz(sound[int(1.5 * RATE):int(2.3 * RATE)]) == {700}


def test_a_silence_of_minutes_is_silence_of_minutes() -> None:
    mixer = Mixer()
    mixer.put("agent", 0.0, tone(440, 1)[0])
    mixer.move_to(60)
    out = mixer.take()
    assert len(out) == (60 - LATEST_S) * 50
    assert sum(len(payload) for _, payload in out[100:]) < 10 * len(out), "silence costs next to nothing"


def test_loud_on_both_sides_is_cut_and_does_not_wrap() -> None:
    loud = opus(np.full(RATE // 2, 0.0) + np.sin(2 * np.pi * 300 * np.arange(RATE // 2) / RATE) * 0.9)
    mixer = Mixer()
    for number, payload in enumerate(loud):
        mixer.put("customer", number * 0.02, payload)
        mixer.put("agent", number * 0.02, payload)
    sound = decoded(mixer.take(everything=True))
    assert np.abs(np.diff(sound)).max() < 0.5
