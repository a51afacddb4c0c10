"""The ring of encoded frames: what it takes in, what it drops, what it says is missing."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from videodesk.calls.capture_ports import Gap, GapReason, StripPicture
from videodesk.calls.pictures import Picture
from videodesk.media.ring import UNIT_BYTES, Ring
from videodesk.media.tap import SoundUnit, Tap, VideoUnit


def unit(at_s: float, *, key: bool = False, size: int = 1000, codec: str = "VP8", whole: bool = True) -> VideoUnit:
    return VideoUnit(codec, bytes(size), round(at_s * 90_000) & 0xFFFFFFFF, at_s, is_key=key, is_whole=whole)


def sound(at_s: float, side: str = "customer") -> SoundUnit:
    return SoundUnit(side, b"opus", round(at_s * 48_000) & 0xFFFFFFFF, at_s)


def strip_picture(at_s: float, size: int = 64) -> StripPicture:
    return StripPicture(at_s, datetime(2026, 1, 5, tzinfo=UTC), Picture(memoryview(bytes(size)), 4, 4, 16, 0, 0, at_s, 4, 4))


def play(ring: Ring, begin_s: float, end_s: float, *, fps: int = 10, interval_s: float = 1.0) -> None:
    """A stream with keyframes at an interval, from `begin_s` on; the first is one."""
    for number in range(round((end_s - begin_s) * fps)):
        ring.video(unit(begin_s + number / fps, key=number % round(interval_s * fps) == 0))


def allowed(**options: object) -> Ring:
    ring = Ring(**options)
    ring.allow(0.0, stills=True, recording=True)
    return ring


def test_nothing_from_before_consent_is_kept() -> None:
    asked: list[int] = []
    ring = Ring(ask_keyframe=lambda: asked.append(1))
    play(ring, 0, 5)
    ring.sound(sound(4.9))
    assert ring.span(5.0).from_s is None
    ring.allow(5.0, stills=True, recording=True)
    assert asked == [1], "a keyframe is wanted, there is nothing to begin from"
    ring.video(unit(4.99, key=True))  # came before, was told later
    for number in range(5):
        ring.video(unit(5.0 + number / 10))
    assert ring.units() == []
    play(ring, 5.5, 6.5)
    span = ring.span(6.5)
    assert (span.from_s, span.to_s) == (5.5, 6.4)
    assert not ring.allows_stills_at(4.99)
    assert ring.allows_stills_at(5.0)


def test_consent_that_is_taken_back_ends_it_and_what_there_was_stays() -> None:
    ring = allowed()
    play(ring, 0, 3)
    ring.allow(3.0, stills=False, recording=True)
    play(ring, 3, 5)
    ring.sound(sound(4.0))
    assert not ring.wants_strip(4.0)
    ring.allow(5.0, stills=True, recording=True)
    ring.video(unit(5.0))
    play(ring, 5.1, 6)
    assert {round(one.received_at_s, 1) for one in ring.units() if isinstance(one, VideoUnit)}.isdisjoint({3.0, 3.5, 4.9, 5.0})
    assert ring.span(6.0).gaps == (Gap(3.0, 5.1, GapReason.NO_CONSENT),)
    assert not ring.allows_stills_at(4.0)


def test_camera_off_and_hold_empty_nothing_and_are_told() -> None:
    ring = allowed()
    play(ring, 0, 2)
    ring.allow(2.0, stills=True, recording=True, off=GapReason.CAMERA_OFF)
    assert ring.span(3.0).gaps == (Gap(2.0, None, GapReason.CAMERA_OFF),)
    ring.allow(4.0, stills=True, recording=True, off=GapReason.ON_HOLD)
    ring.allow(4.5, stills=True, recording=True, off=GapReason.ON_HOLD)
    ring.allow(6.0, stills=True, recording=True)
    play(ring, 6.5, 7.5)
    span = ring.span(7.5)
    assert span.gaps == (Gap(2.0, 4.0, GapReason.CAMERA_OFF), Gap(4.0, 6.5, GapReason.ON_HOLD))
    assert span.from_s == 0.0
    assert ring.at(5.0).kept.at_s == 1.9, "in a gap stood the last picture before it"


def test_a_line_that_was_lost_is_a_gap_and_one_that_is_shows_at_once() -> None:
    ring = allowed()
    play(ring, 0, 2)
    assert ring.span(2.5).gaps == ()
    assert ring.span(10.0).gaps == (Gap(1.9, None, GapReason.LOST),)
    play(ring, 20, 21)
    assert ring.span(21.0).gaps == (Gap(1.9, 20.0, GapReason.LOST),)


def test_the_oldest_groups_go_whole() -> None:
    ring = allowed(limit_s=10.0)
    play(ring, 0, 25, interval_s=2.0)
    span = ring.span(25.0)
    assert (span.from_s, span.to_s) == (16.0, 24.9)
    assert ring.units()[0].is_key
    assert ring.at(3.0).kept.at_s == 16.0
    assert ring.at(99.0).kept.at_s == 24.9
    assert ring.numbered(0) is None
    assert ring.numbered(ring.first_number).kept.at_s == 16.0


def test_memory_is_bounded_sound_and_strip_included() -> None:
    limit = 40 * (1000 + UNIT_BYTES)
    ring = allowed(limit_bytes=limit)
    for second in range(60):
        for number in range(10):
            ring.video(unit(second + number / 10, key=number == 0))
            ring.sound(sound(second + number / 10))
        if ring.wants_strip(second + 0.9):
            ring.put_strip(strip_picture(second + 0.9, 2000))
        assert ring.span(second + 1).size_bytes <= limit
    span = ring.span(60.0)
    assert span.from_s == 58.0
    assert all(picture.at_s >= span.from_s for picture in ring.strip())
    assert all(one.received_at_s >= span.from_s for one in ring.units())
    assert len(ring.strip()) == 2


def test_a_group_that_is_too_large_by_itself_is_let_go_and_a_keyframe_asked() -> None:
    asked: list[int] = []
    ring = Ring(limit_bytes=20_000, ask_keyframe=lambda: asked.append(1))
    ring.allow(0.0, stills=True, recording=True)
    ring.video(unit(0.0, key=True))
    for number in range(1, 40):
        ring.video(unit(number / 10))
    assert len(asked) == 2
    assert ring.span(4.0).from_s is None
    assert ring.span(4.0).size_bytes == 0
    ring.video(unit(4.1, key=True))
    assert ring.span(4.1).from_s == 4.1


def test_another_codec_begins_with_its_own_keyframe() -> None:
    ring = allowed()
    play(ring, 0, 1)
    ring.video(unit(1.0, codec="H264"))
    ring.video(unit(1.1))
    assert ring.span(1.1).to_s == 0.9
    ring.video(unit(1.2, codec="H264", key=True))
    assert ring.span(1.2).to_s == 1.2


def test_sound_is_kept_only_while_a_recording_may_be_made() -> None:
    ring = Ring()
    ring.allow(0.0, stills=True, recording=False)
    play(ring, 0, 1)
    ring.sound(sound(0.5))
    assert all(isinstance(one, VideoUnit) for one in ring.units())
    ring.allow(1.0, stills=True, recording=True)
    ring.sound(sound(0.9))
    ring.sound(sound(1.1, "agent"))
    assert [one.side for one in ring.units() if isinstance(one, SoundUnit)] == ["agent"]


def test_sound_without_pictures_does_not_grow_for_ever() -> None:
    ring = allowed(limit_s=5.0)
    ring.video(unit(0.0, key=True))
    for number in range(1000):
        ring.sound(sound(number / 50))
    assert len(ring.units()) <= 1 + 5 * 50 + 1


def test_frames_that_come_in_late_do_not_turn_time_back() -> None:
    ring = allowed()
    for at_s, key in ((0.0, True), (0.5, False), (0.3, False), (0.6, False)):
        ring.video(unit(at_s, key=key))
    assert [kept.at_s for kept in ring.at(0.6).frames] == [0.0, 0.5, 0.5, 0.6]


def test_what_is_over_is_let_go() -> None:
    ring = allowed()
    play(ring, 0, 2)
    ring.put_strip(strip_picture(1.0))
    ring.close()
    ring.close()
    ring.allow(2.0, stills=True, recording=True)
    play(ring, 2, 3)
    assert ring.units() == []
    assert ring.strip() == ()
    assert ring.span(3.0).size_bytes == 0
    assert not ring.is_taking


FRAME = st.tuples(st.just("frame"), st.sampled_from([True, False, False, False]), st.integers(0, 4000), st.sampled_from([0.0, 0.03, 0.3, 3.0]))
ALLOW = st.tuples(st.just("allow"), st.sampled_from([True, True, True, False]), st.booleans(),
                  st.sampled_from([None, None, None, GapReason.CAMERA_OFF, GapReason.ON_HOLD]))
STEPS = st.lists(st.one_of(
    FRAME, FRAME, FRAME, FRAME, ALLOW,
    st.tuples(st.just("sound"), st.floats(0, 1)),
    st.tuples(st.just("strip"), st.floats(0, 2)),
    st.tuples(st.just("late"), st.floats(0, 5)),
), min_size=40, max_size=120)


@given(STEPS, st.sampled_from([2.0, 8.0, 20.0]), st.sampled_from([5000, 15_000, 60_000]))
@settings(deadline=None, max_examples=150)
def test_whatever_comes_the_bounds_hold_and_the_span_can_be_decoded(steps: list[tuple], limit_s: float, limit_bytes: int) -> None:
    ring = Ring(limit_s=limit_s, limit_bytes=limit_bytes)
    now_s, takes_since, sound_since = 100.0, None, None
    refused: set[int] = set()  # ids of units that may not be kept
    every: list[VideoUnit] = []  # as they were sent, in order: what builds on what
    for step in steps:
        if step[0] == "frame":
            now_s += step[3]
            made = unit(now_s, key=step[1], size=step[2])
            every.append(made)
            if takes_since is None:
                refused.add(id(made))
            ring.video(made)
        elif step[0] == "late":
            made = unit(now_s - step[1], key=True)
            every.append(made)
            if takes_since is None or made.received_at_s < takes_since:
                refused.add(id(made))
            ring.video(made)
        elif step[0] == "sound":
            now_s += step[1]
            made = sound(now_s)
            if takes_since is None or sound_since is None:
                refused.add(id(made))
            every.append(made)
            ring.sound(made)
        elif step[0] == "strip":
            wants = ring.wants_strip(now_s - step[1])
            assert not wants or (takes_since is not None and now_s - step[1] >= takes_since)
            ring.put_strip(strip_picture(now_s - step[1]))
        else:
            _, stills, recording, off = step
            ring.allow(now_s, stills=stills, recording=recording, off=off)
            may = stills and off is None
            takes_since = None if not may else now_s if takes_since is None else takes_since
            sound_since = None if not recording else now_s if sound_since is None else sound_since
        _check(ring, now_s, limit_s, limit_bytes, refused, every)


def _check(ring: Ring, now_s: float, limit_s: float, limit_bytes: int, refused: set[int], every: list) -> None:
    span, units = ring.span(now_s), ring.units()
    pictures = [one for one in units if isinstance(one, VideoUnit)]
    assert span.size_bytes <= limit_bytes
    assert span.size_bytes == sum(len(one.data) + UNIT_BYTES for one in pictures) + sum(
        len(one.payload) + UNIT_BYTES for one in units if isinstance(one, SoundUnit)) + sum(one.picture.buffer.nbytes for one in ring.strip())
    assert not [one for one in units if id(one) in refused], "from a time without consent"
    if span.from_s is None:
        assert units == [] or not pictures
        return
    assert span.to_s - span.from_s <= limit_s
    first = ring.at(span.from_s)
    assert first.frames[0].unit.is_key
    sent = [one for one in every if isinstance(one, VideoUnit)]
    places = {id(one): place for place, one in enumerate(sent)}
    number = ring.first_number
    while (place := ring.numbered(number)) is not None:
        kept = place.kept
        assert place.frames[0].unit.is_key
        if not kept.unit.is_key:  # it builds on the very frame that was sent before it
            assert places[id(kept.unit)] == places[id(place.frames[place.index - 1].unit)] + 1
        number += 1
    assert number - ring.first_number == len(pictures), "every frame has its place"
    times = [ring.numbered(one).kept.at_s for one in range(ring.first_number, number)]
    assert times == sorted(times)
    assert all(gap.to_s is None or gap.to_s > span.from_s for gap in span.gaps)
    assert all(picture.at_s >= span.from_s for picture in ring.strip())


def test_the_tap_pauses_and_goes_on_with_a_keyframe() -> None:
    tap, asked = Tap(), []
    ring = allowed()
    end = tap.add(ring)
    tap.keeps_pictures = True
    tap.on_keyframe_asked(lambda: asked.append(1))

    def put(at_s: float, *, key: bool = False) -> None:
        tap.put_video("VP8", b"frame", 0, at_s, is_key=key, is_whole=True)
        tap.put_sound("agent", b"opus", 0, at_s)

    put(0.0, key=True)
    tap.pause(True)
    put(0.1)
    put(0.2, key=True)
    tap.pause(False)
    assert asked == [1]
    put(0.3)
    put(0.4, key=True)
    put(0.5)
    end()
    put(0.6)
    assert [one.received_at_s for one in ring.units() if isinstance(one, VideoUnit)] == [0.0, 0.4, 0.5]
    assert [one.received_at_s for one in ring.units() if isinstance(one, SoundUnit)] == [0.0, 0.3, 0.4, 0.5]


def test_the_tap_says_a_vp8_keyframes_size() -> None:
    tap, ring = Tap(), allowed()
    tap.add(ring)
    header = b"\x10\x00\x00\x9d\x01\x2a" + (1280).to_bytes(2, "little") + (720).to_bytes(2, "little")
    tap.put_video("VP8", header + bytes(10), 0, 1.0, is_key=True, is_whole=True)
    tap.put_video("VP8", bytes(10), 0, 1.1, is_key=False, is_whole=True)
    assert [(one.width_px, one.height_px) for one in ring.units()] == [(1280, 720)] * 2
    tap.put_video("H264", b"\x00\x00\x00\x01\x67", 0, 1.2, is_key=True, is_whole=True)
    assert ring.units()[-1].width_px == 0
