"""The transport-wide feedback packs what a reader of the draft unpacks."""

import random
from struct import unpack_from

from hypothesis import given, settings
from hypothesis import strategies as st

from videodesk.media.congestion import TransportFeedback


def unpack(packet: bytes) -> dict[int, float | None]:
    """An independent reader: sequence number -> arrival in seconds (of the feedback's own clock), None for lost."""
    first, kind, length = unpack_from("!BBH", packet)
    assert (first & 0x1F, kind, (length + 1) * 4) == (15, 205, len(packet))
    end = len(packet) - (packet[-1] if first & 0x20 else 0)
    base, count = unpack_from("!HH", packet, 12)
    at = int.from_bytes(packet[16:19], "big") * 0.064
    statuses: list[int] = []
    place = 20
    while len(statuses) < count:
        (chunk,) = unpack_from("!H", packet, place)
        place += 2
        if not chunk & 0x8000:
            statuses += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            statuses += [chunk >> (12 - 2 * symbol) & 3 for symbol in range(7)]
        else:
            statuses += [chunk >> (13 - symbol) & 1 for symbol in range(14)]
    out: dict[int, float | None] = {}
    for step, status in enumerate(statuses[:count]):
        if status == 0:
            out[(base + step) & 0xFFFF] = None
            continue
        delta, place = (packet[place], place + 1) if status == 1 else (unpack_from("!h", packet, place)[0], place + 2)
        at += delta * 0.00025
        out[(base + step) & 0xFFFF] = at
    assert place == end, "bytes left over"
    return out


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32), start=st.sampled_from([0, 65500, 30000]), loss=st.sampled_from([0.0, 0.05, 0.5]))
def test_every_arrival_is_reported_at_its_time_and_every_loss_too(seed: int, start: int, loss: float) -> None:
    rng = random.Random(seed)
    feedback = TransportFeedback()
    now, sent, reported = 1000.0, {}, {}
    for number in range(400):
        now += rng.choice([0.0, 0.0003, 0.004, 0.08, 0.5])
        if number == 0 or rng.random() >= loss:
            sent[(start + number) & 0xFFFF] = now
            feedback.note((start + number) & 0xFFFF, now)
        if rng.random() < 0.1:
            for packet in feedback.packets(1, 2, 0.0):
                reported |= unpack(packet)
    for packet in feedback.packets(1, 2, 0.0):
        reported |= unpack(packet)
    assert {number for number, at in reported.items() if at is not None} == set(sent)
    origin = reported[start] - sent[start]
    for number, at in sent.items():
        assert abs(reported[number] - at - origin) < 0.0006, number
    last = max(step for step in range(400) if (start + step) & 0xFFFF in sent)
    lost = {(start + step) & 0xFFFF for step in range(last) if (start + step) & 0xFFFF not in sent}
    assert {number for number, at in reported.items() if at is None} == lost


def test_a_silence_of_a_minute_is_no_overflow() -> None:
    feedback = TransportFeedback()
    feedback.note(1, 0.0)
    feedback.note(2, 60.0)
    packets = feedback.packets(1, 2, 0.0)
    assert len(packets) == 2
    assert set(unpack(packets[1])) == {2}


def test_on_a_narrow_line_few_packets_are_told_of_seldom_and_many_at_once() -> None:
    feedback = TransportFeedback()
    told = []
    for turn in range(100):  # a packet each 20 ms, a look each 50
        now_s = turn * 0.02
        feedback.note(turn, now_s)
        if turn % 5 in {2, 4} and feedback.is_due(now_s):
            told.append(now_s)
            feedback.packets(1, 2, now_s)
    assert 6 <= len(told) / 2 <= 8, "about seven a second"
    for number in range(100, 110):
        feedback.note(number, 2.0)
    assert feedback.is_due(2.0)
