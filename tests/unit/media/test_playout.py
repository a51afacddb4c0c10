"""What is heard: in order, with little delay on a good line, understandable on a bad one, and never later for longer than needed."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.media.spoken import Steps, best_match, carry, packets_of, voice
from videodesk.media.opus import FRAME, RATE, EchoingDecoder, LibOpusDecoder, has_copy, opus_decoder, samples_in
from videodesk.media.playout import LEAST_S, MOST_S, OVERFLOW, Playout

SAID = voice(30.0, seed=5)
PACKETS = packets_of(SAID)
ROBUST = packets_of(SAID, loss_pct=20)


def delays(heard, said, begin_s: float, end_s: float) -> list[float]:
    found = [best_match(heard, said, begin_s + at * 0.5) for at in range(int((end_s - begin_s) / 0.5))]
    return [delay for alike, delay in found if alike > 0.7]


def test_on_a_good_line_all_is_heard_after_a_twentieth_of_a_second() -> None:
    clock = Steps()
    player = Playout(clock)
    heard = carry(PACKETS, lambda _: 0.03, player, clock, seconds=12)
    assert player.counters.concealed == 0
    assert player.counters.late_packets == 0
    found = delays(heard, SAID, 2, 12)
    assert len(found) >= 15
    assert max(found) < 0.03 + LEAST_S + 0.03
    assert player.level > 0


def test_lost_packets_come_from_the_copy_in_the_next_one() -> None:
    chance = random.Random(3)
    lost = {number for number in range(600) if chance.random() < 0.1}
    lost -= {number for number in lost if number - 1 in lost}

    def hear(packets: list[bytes]) -> tuple[Playout, np.ndarray]:
        clock = Steps()
        player = Playout(clock)
        return player, carry(packets, lambda n: None if n in lost else 0.03, player, clock, seconds=12)

    robust, heard = hear(ROBUST)
    plain, poor = hear(PACKETS)
    assert robust.counters.recovered > 4 * robust.counters.concealed, "in speech; the encoder copies no pauses"
    assert plain.counters.recovered == 0
    assert plain.counters.concealed >= 0.8 * FRAME * len([n for n in lost if n > 10])
    assert np.mean([best_match(heard, SAID, 1 + at * 0.25)[0] for at in range(40)]) > np.mean([best_match(poor, SAID, 1 + at * 0.25)[0] for at in range(40)])
    assert max(delays(heard, SAID, 2, 11)) < 0.03 + LEAST_S + 0.04, "a lost packet does not delay what follows"


def test_an_uneven_line_is_waited_for_no_longer_than_it_needs_and_forgotten_in_ten_seconds() -> None:
    chance = random.Random(4)
    clock = Steps()
    player = Playout(clock)
    targets: list[float] = []

    def late(number: int) -> float:
        return 0.03 + (chance.uniform(0, 0.1) if 200 <= number < 500 else 0.0)

    heard = carry(PACKETS, late, player, clock, seconds=29, each_read=lambda: targets.append(player.target_s))
    assert targets[350] == pytest.approx(LEAST_S)
    assert 0.08 < targets[1000] < 0.16
    assert targets[-800] == pytest.approx(LEAST_S), "ten seconds after the last uneven packet"
    assert player.counters.concealed < 0.06 * 300 * FRAME, "nearly all uneven packets were in time"
    calm, after = delays(heard, SAID, 2, 4), delays(heard, SAID, 22, 28)
    assert np.median(after) <= 1.2 * np.median(calm)


@pytest.mark.parametrize("held_s", [0.12, 0.3, 0.45])
def test_after_a_stall_the_delay_is_taken_back(held_s: float) -> None:
    clock = Steps()
    player = Playout(clock)
    begin, end = 250, 250 + int(held_s * 50)

    def late(number: int) -> float:
        return 0.03 + (end - number) * 0.02 if begin <= number < end else 0.03

    heard = carry(PACKETS, late, player, clock, seconds=20)
    calm, after = delays(heard, SAID, 2, 5), delays(heard, SAID, 5 + held_s + 10, 19.5)
    assert np.median(after) <= 1.2 * np.median(calm)
    assert player.counters.shortened > 0


def test_a_cut_is_silent_after_a_moment_and_goes_on_by_itself() -> None:
    clock = Steps()
    player = Playout(clock)
    heard = carry(PACKETS, lambda n: None if 150 <= n < 400 else 0.03, player, clock, seconds=12)
    assert not heard[int(5.0 * RATE):int(7.9 * RATE)].any()
    assert delays(heard, SAID, 9, 12)
    assert max(delays(heard, SAID, 9, 12)) < 0.15
    assert player.counters.concealed <= 0.55 * RATE, "a cut is no concealment for ever"


def test_silence_that_the_sender_leaves_out_is_no_loss_and_costs_no_delay() -> None:
    """DTX: a packet each 400 ms, its time going on."""
    clock = Steps()
    player = Playout(clock)
    numbers = [*range(100), *range(100, 300, 20), *range(300, 500)]
    packets = [PACKETS[n] if n < 100 or n >= 300 else PACKETS[n][:1] for n in numbers]
    heard = carry(packets, lambda _: 0.03, player, clock, seconds=9.5, time_of=lambda place: numbers[place] * FRAME)
    assert player.counters.concealed <= 2 * FRAME
    assert delays(heard, SAID, 7, 9.5)
    assert max(delays(heard, SAID, 7, 9.5)) < 0.12


def test_a_slow_speaker_does_not_pile_up_delay_and_a_fast_one_does_not_stutter() -> None:
    for rate in (0.995, 1.005):
        clock = Steps()
        player = Playout(clock)
        step = 480
        heard = []
        base = clock.now_s
        sent = 0
        for turn in range(int(20 * RATE / step)):
            clock.now_s = base + turn * step / RATE / rate
            while sent < len(PACKETS) and sent * FRAME / RATE <= clock.now_s - base:
                player.put(PACKETS[sent], sent * FRAME, base + sent * FRAME / RATE)
                sent += 1
            heard.append(player.read(step))
        assert player.depth_s < 0.12
        assert player.counters.concealed < RATE // 10


def test_nobody_listening_keeps_little_and_the_meter_moving() -> None:
    clock = Steps()
    player = Playout(clock)
    levels = []
    for number, packet in enumerate(PACKETS[:500]):
        clock.now_s += 0.02
        player.put(packet, number * FRAME, clock.now_s)
        levels.append(player.level)
    assert player.depth_s <= 0.1
    assert np.median(levels[100:]) > 0.3


def test_on_hold_nothing_is_heard_and_afterwards_it_goes_on_with_what_is_said_then() -> None:
    clock = Steps()
    player = Playout(clock)
    turns = iter(range(10_000))

    def hold() -> None:
        player.is_muted = 300 <= next(turns) < 600

    heard = carry(PACKETS, lambda _: 0.03, player, clock, seconds=10, each_read=hold)
    assert not heard[int(3.2 * RATE):int(5.9 * RATE)].any()
    assert len(delays(heard, SAID, 6.2, 9.7)) > 3
    assert max(delays(heard, SAID, 6.2, 9.7)) < 0.1
    player.is_muted = True
    assert player.level == 0


def test_another_stream_is_heard_whatever_its_times() -> None:
    clock = Steps()
    player = Playout(clock)
    carry(PACKETS[:100], lambda _: 0.03, player, clock, seconds=2)
    player.restart()
    heard = carry(PACKETS, lambda _: 0.03, player, clock, seconds=4, time_of=lambda n: n * FRAME)
    assert best_match(heard, SAID, 2.5)[0] > 0.7


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 80), st.binary(max_size=40) | st.integers(0, 80), st.integers(0, 1), st.sampled_from([1, 160, 480, 960, 4800])), max_size=120))
def test_whatever_comes_exactly_what_is_asked_for_is_given(events: list[tuple[int, bytes | int, int, int]]) -> None:
    clock = Steps()
    player = Playout(clock)
    for time, payload, passes, frames in events:
        clock.now_s += passes * 0.02
        player.put(payload if isinstance(payload, bytes) else PACKETS[payload], time * FRAME * 37 % (1 << 32), clock.now_s)
        assert len(player.read(frames)) == 2 * frames
        assert 0 <= player.depth_s <= (OVERFLOW + 5760 + FRAME) / RATE
        assert LEAST_S <= player.target_s <= MOST_S


def test_the_decoder_in_the_wheels_knows_copies() -> None:
    """Fails when a new PyAV comes without a libopus that can be called: sound would lose its repair."""
    assert isinstance(opus_decoder(), LibOpusDecoder)
    assert sum(has_copy(packet) for packet in ROBUST[:500]) > 100
    assert not any(has_copy(packet) for packet in PACKETS[:500])
    assert all(samples_in(packet) == FRAME for packet in PACKETS)


@pytest.mark.parametrize("make", [opus_decoder, EchoingDecoder])
def test_both_decoders_give_the_samples_that_they_should(make) -> None:
    decoder = make()
    loud = next(n for n in range(60, 200) if all(np.abs(SAID[at * FRAME:(at + 1) * FRAME].astype(int)).mean() > 5000 for at in range(n - 4, n)))
    heard = np.concatenate([decoder.decode(packet) for packet in PACKETS[:loud]])
    assert abs(len(heard) - loud * FRAME) <= FRAME
    assert max(best_match(heard, SAID, at / 10)[0] for at in range(2, loud // 5 - 2)) > 0.7
    first = decoder.decode(None)
    assert len(first) == FRAME
    assert np.abs(first.astype(int)).max() > 0
    for _ in range(30):
        last = decoder.conceal(FRAME)
    assert np.abs(last.astype(int)).max() < np.abs(first.astype(int)).max() / 4, "what is made up fades"
    assert len(decoder.decode(b"\xff\xff\xff")) > 0, "what is no packet counts as lost"
    assert len(decoder.recover(PACKETS[loud + 1], FRAME)) == FRAME


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_bytes_harm_the_decoder(payload: bytes) -> None:
    assert 0 <= samples_in(payload) <= 5760
    decoder = opus_decoder()
    assert len(decoder.decode(payload)) >= 120
    assert len(decoder.recover(payload, FRAME)) == FRAME
    has_copy(payload)
