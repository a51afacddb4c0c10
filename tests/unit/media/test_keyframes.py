"""When a keyframe is worth asking for."""

from itertools import pairwise

from videodesk.calls.ports import Quality, QualityLevel
from videodesk.media.keyframes import ASK_AGAIN_S, BASE_S, MAX_S, PLENTY_KBPS, SHARE, KeyframePace

GOOD = Quality(level=QualityLevel.GOOD, bitrate_kbps=2400)
WEAK = Quality(level=QualityLevel.WEAK, reasons=("loss",), bitrate_kbps=2400)
BAD = Quality(level=QualityLevel.BAD, reasons=("loss",), bitrate_kbps=2400)


def play(pace: KeyframePace, begin_s: float, end_s: float, *, answers: bool = True, key_octets: int = 20_000) -> list[float]:
    """A stream at 20 frames a second whose sender answers each request with its next frame; the times of the requests."""
    asked: list[float] = []
    is_wanted = begin_s == 0
    for tick in range(round((end_s - begin_s) * 20)):
        now_s = begin_s + tick / 20
        pace.note_frame(now_s, key_octets if is_wanted else 4000, is_key=is_wanted)
        is_wanted = pace.is_due(now_s)
        if is_wanted:
            asked.append(now_s)
        is_wanted = is_wanted and answers
    return asked


def pauses(asked: list[float]) -> set[float]:
    return {round(later - earlier, 2) for earlier, later in pairwise(asked)}


def test_on_a_good_link_they_come_at_the_base_interval() -> None:
    pace = KeyframePace()
    pace.note_quality(GOOD)
    asked = play(pace, 0, 20)
    assert min(pauses(asked)) >= BASE_S
    assert max(pauses(asked)) <= BASE_S + 0.11


def test_a_request_that_is_not_answered_is_repeated_but_not_at_once() -> None:
    asked = play(KeyframePace(), 0, 10, answers=False)
    assert min(pauses(asked)) >= ASK_AGAIN_S
    assert len(asked) >= (10 - BASE_S) / (ASK_AGAIN_S + 0.11)


def test_a_weak_link_is_asked_less_often_and_a_bad_one_least() -> None:
    pace = KeyframePace()
    pace.note_quality(GOOD)
    pace.note_quality(WEAK)
    assert pace.interval_s == 2 * BASE_S
    pace.note_quality(WEAK)
    pace.note_quality(WEAK)
    assert pace.interval_s == MAX_S
    for _ in range(2):
        pace.note_quality(GOOD)
    assert pace.interval_s == MAX_S, "two good seconds are not yet a good link"
    for _ in range(30):
        pace.note_quality(GOOD)
    assert pace.interval_s == BASE_S
    pace.note_quality(BAD)
    assert pace.interval_s == MAX_S


def test_what_is_not_the_links_fault_changes_nothing() -> None:
    pace = KeyframePace()
    pace.note_quality(Quality(level=QualityLevel.WEAK, reasons=("small_picture", "no_sound"), bitrate_kbps=2400))
    assert pace.interval_s == BASE_S


def test_where_bits_are_few_keyframes_are_too() -> None:
    pace = KeyframePace()
    for kbps, interval_s in ((2400, BASE_S), (PLENTY_KBPS, BASE_S), (PLENTY_KBPS / 2, 2 * BASE_S), (PLENTY_KBPS / 100, MAX_S)):
        pace.note_quality(Quality(level=QualityLevel.GOOD, bitrate_kbps=kbps))
        assert pace.interval_s == interval_s


def test_keyframes_take_no_more_than_their_share() -> None:
    pace = KeyframePace()
    octets_per_s = PLENTY_KBPS * 125
    pace.note_quality(Quality(level=QualityLevel.GOOD, bitrate_kbps=octets_per_s * 8 / 1000))
    pace.note_frame(0.0, 60_000, is_key=True)
    assert pace.interval_s == 60_000 / (SHARE * octets_per_s)
    assert pace.interval_s > BASE_S
    pace.note_quality(Quality(level=QualityLevel.GOOD, bitrate_kbps=10))
    assert pace.interval_s == MAX_S


def test_a_wish_goes_out_at_once_and_ends_with_the_keyframe() -> None:
    pace = KeyframePace(base_s=None)
    assert play(pace, 0, 5) == []
    pace.wants_key = True
    assert len(play(pace, 5, 8)) == 1
    assert not pace.wants_key


def test_a_camera_that_is_off_is_not_asked() -> None:
    pace = KeyframePace()
    play(pace, 0, 3)
    pace.wants_key = True
    assert not pace.is_due(5.0)
    pace.note_frame(60.0, 4000, is_key=False)
    assert pace.is_due(60.05)
