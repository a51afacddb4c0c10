"""The jitter buffers: frames leave with their last packet, gaps are asked for again, given up, jumped over, and what is damaged is marked."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videodesk.media.jitter import GIVE_UP_S, MAX_PACKETS, SHOW_DAMAGED_S, AudioJitter, Part, SequenceNumbers, SoundPart, VideoJitter


def stream(frames: int, *, per_frame: int = 3, keys: tuple[int, ...] = (0,), first: int = 100, interval_s: float = 1 / 30) -> list[Part]:
    parts = []
    number = first
    for frame in range(frames):
        for place in range(per_frame):
            parts.append(Part(number=number, rtp_time=frame * 3000, is_last=place == per_frame - 1, data=f"{frame}.{place} ".encode(),
                              starts_frame=place == 0, starts_key=place == 0 and frame in keys, received_at_s=frame * interval_s))
            number += 1
    return parts


def numbers(frames: list) -> list[int]:
    return [int(frame.data.split(b".")[0]) for frame in frames]


def feed(buffer: VideoJitter, parts: list[Part]) -> list:
    return [frame for part in parts for frame in buffer.add(part)]


def test_a_frame_leaves_with_its_last_packet() -> None:
    buffer = VideoJitter()
    parts = stream(2)
    assert [numbers(buffer.add(part)) for part in parts] == [[], [], [0], [], [], [1]]


def test_reordering_within_a_frame_changes_nothing() -> None:
    buffer = VideoJitter()
    parts = stream(3)
    parts[3], parts[5] = parts[5], parts[3]
    assert numbers(feed(buffer, parts)) == [0, 1, 2]


def test_nothing_is_released_before_the_first_keyframe_and_one_is_asked_for() -> None:
    buffer = VideoJitter()
    released = feed(buffer, stream(6, keys=(4,))[:12])
    assert released == []
    assert buffer.wishes(1.0).keyframe
    assert not buffer.wishes(1.1).keyframe, "asked again too soon"
    assert numbers(feed(buffer, stream(6, keys=(4,))[12:])) == [4, 5]


def test_a_lost_packet_is_asked_for_again_and_again() -> None:
    buffer = VideoJitter()
    parts = stream(2)
    feed(buffer, parts[:4] + parts[5:])
    assert buffer.wishes(0.04).nack == (104,)
    assert buffer.wishes(0.05).nack == ()
    assert buffer.wishes(0.40).nack == (104,)
    assert numbers(buffer.add(parts[4])) == [1]
    assert not buffer.has_gap


def test_a_filled_gap_leaves_clean_frames() -> None:
    buffer = VideoJitter()
    parts = stream(5)
    out = feed(buffer, parts[:4] + parts[5:])
    out += buffer.add(parts[4])
    assert numbers(out) == [0, 1, 2, 3, 4]
    assert all(frame.is_whole for frame in out)


def test_a_gap_that_stays_asks_for_a_keyframe_and_jumps_to_it() -> None:
    buffer = VideoJitter()
    parts = stream(14, keys=(0, 12))
    lost = parts[4]
    before = feed(buffer, [part for part in parts[:36] if part is not lost])
    assert numbers(before) == [0]
    assert buffer.wishes(GIVE_UP_S + 0.1).keyframe
    after = feed(buffer, parts[36:])
    assert numbers(after) == [12, 13], "nothing between the gap and the keyframe is shown"
    assert all(frame.is_whole for frame in after)
    assert not buffer.has_gap


def test_without_a_keyframe_the_picture_goes_on_damaged_and_marked_until_one_comes() -> None:
    buffer = VideoJitter()
    count = int(SHOW_DAMAGED_S * 30) + 20
    parts = stream(count, keys=(0, count - 2))
    out = feed(buffer, [part for part in parts if part.number != 104])
    assert [frame.is_whole for frame in out if int(frame.data.split(b".")[0]) == 0] == [True]
    damaged = [frame for frame in out if not frame.is_whole]
    assert damaged, "nothing was shown damaged"
    assert max(numbers(damaged)) == count - 3, "the flag stayed until the keyframe"
    assert numbers([frame for frame in out if frame.is_whole]) == [0, count - 2, count - 1]


def test_a_decoder_error_marks_what_follows_until_a_keyframe() -> None:
    buffer = VideoJitter()
    parts = stream(4, keys=(0, 3))
    feed(buffer, parts[:3])
    buffer.decoder_failed()
    assert [frame.is_whole for frame in feed(buffer, parts[3:])] == [False, False, True]


def test_a_flood_without_an_end_stays_bounded() -> None:
    buffer = VideoJitter()
    feed(buffer, stream(1))
    for number in range(200, 200 + 3 * MAX_PACKETS):
        buffer.add(Part(number=number, rtp_time=1, is_last=False, data=b"x", starts_frame=False, starts_key=False, received_at_s=0.0))
    assert len(buffer._packets) + len(buffer._parts) <= 2 * MAX_PACKETS
    assert len(buffer._missing) <= MAX_PACKETS


def test_a_restarted_sender_is_followed() -> None:
    buffer = VideoJitter()
    feed(buffer, stream(3))
    assert numbers(feed(buffer, stream(2, first=100 + 10 * MAX_PACKETS))) == [0, 1]


def test_empty_probe_packets_between_frames_are_no_frames() -> None:
    buffer = VideoJitter()
    parts = stream(2)
    probe = Part(number=103, rtp_time=0, is_last=False, data=b"", starts_frame=False, starts_key=False, received_at_s=0.0)
    later = [Part(**{name: getattr(part, name) for name in Part.__slots__} | {"number": part.number + 1}) for part in parts[3:]]
    assert numbers(feed(buffer, [*parts[:3], probe, *later])) == [0, 1]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), loss=st.sampled_from([0.0, 0.02, 0.1, 0.3]), late=st.sampled_from([0.0, 0.2]))
def test_whatever_the_line_does_whole_frames_are_right_and_in_order(seed: int, loss: float, late: float) -> None:
    """A frame marked whole decodes from what was released whole before it: its predecessor, or it is a keyframe."""
    rng = random.Random(seed)
    parts = stream(120, keys=tuple(range(0, 120, 25)))
    arriving = [part for part in parts if rng.random() >= loss]
    arriving = [part for _, part in sorted(enumerate(arriving), key=lambda pair: pair[0] + (rng.randint(1, 8) if rng.random() < late else 0))]
    out = feed(VideoJitter(), arriving)
    seen = numbers(out)
    assert seen == sorted(set(seen))
    for place, frame in enumerate(out):
        number = seen[place]
        if not frame.is_whole or frame.is_key:
            continue
        assert place > 0 and seen[place - 1] == number - 1 and out[place - 1].is_whole
        assert frame.data == b"".join(part.data for part in parts[number * 3:number * 3 + 3])


@pytest.mark.parametrize("start", [0, 1, 65530, 32768])
def test_sequence_numbers_grow_over_the_wrap(start: int) -> None:
    unwrap = SequenceNumbers().unwrap
    base = unwrap(start)
    assert [unwrap((start + step) % 65536) - base for step in (1, 2, 4, 3, 10, 9, 11)] == [1, 2, 4, 3, 10, 9, 11]


def test_lost_sound_is_told_once_and_delay_does_not_stay() -> None:
    buffer = AudioJitter()
    out: list[SoundPart] = []
    for number in range(40):
        if number != 10:
            out += buffer.add(number, b"%d" % number, number * 960, number * 0.02)
    assert [part.data for part in out] == [b"%d" % n if n != 10 else None for n in range(40)]
    assert [part.rtp_time for part in out] == [n * 960 for n in range(40)]
    assert buffer.lost == 1


def lossy(share: float, count: int = 1000) -> VideoJitter:
    """A buffer that has seen this share of packets lost, each repaired 50 ms after it was asked for."""
    buffer = VideoJitter()
    for number in range(count):
        now_s = number * 0.005
        if share and number % round(1 / share) == 3:
            continue
        buffer.add(packet(number, now_s))
        for asked in buffer.wishes(now_s).nack:
            buffer.add(packet(asked, now_s + 0.05, is_repair=True))
    return buffer


def packet(number: int, now_s: float, *, is_repair: bool = False) -> Part:
    return Part(number=number, rtp_time=number * 3000, is_last=True, data=b"x", starts_frame=True, starts_key=number == 0, received_at_s=now_s, is_repair=is_repair)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.2])
def test_the_share_of_lost_packets_is_known(share: float) -> None:
    assert lossy(share).loss == pytest.approx(share, abs=0.02)


def test_what_was_only_overtaken_is_no_loss_and_says_nothing_of_the_way_there_and_back() -> None:
    buffer = VideoJitter()
    for number in range(0, 1000, 2):
        now_s = number * 0.005
        buffer.add(packet(number + 1 if number else 0, now_s))
        buffer.wishes(now_s)
        buffer.add(packet(number or 1, now_s + 0.002))
    assert buffer.loss < 0.02
    assert buffer.rtt_s == VideoJitter().rtt_s


@pytest.mark.parametrize(("share", "times"), [(0.01, 1), (0.2, 2)])
def test_on_a_bad_line_each_question_is_asked_twice(share: float, times: int) -> None:
    buffer = lossy(share)
    begin_s = 1000 * 0.005
    buffer.add(packet(1002, begin_s))
    asked = [number for step in range(5) for number in buffer.wishes(begin_s + step * 0.01).nack if number == 1001]
    assert len(asked) == times
    again = [number for step in range(5, 11) for number in buffer.wishes(begin_s + step * 0.01).nack if number == 1001]
    assert len(again) == times, "and again after the way there and back"
