"""Looking back: what is decoded again is the very frame that was on screen, with its own time."""

import threading
from datetime import timedelta

import cv2
import numpy as np
import pytest

from tests.unit.media.coded import FPS, coded
from videodesk.calls.capture_ports import GapReason
from videodesk.calls.pictures import FrozenFrame, Picture
from videodesk.core.clock import HandClock
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.media import rewind as rewinding
from videodesk.media.decoding import DecodedFrame, VideoDecoding
from videodesk.media.frames import RECENT_S, FrameSlot, from_bgr
from videodesk.media.jitter import EncodedFrame
from videodesk.media.memory import DeskMemory
from videodesk.media.synthetic import DrawnCamera, read_frame_number

CODECS = ("VP8", "H264")


class Call:
    """A memory fed by hand; the frames' numbers are drawn in them, frame n comes at n / FPS."""

    def __init__(self, codec: str = "VP8", *, count: int = 60, interval: int = 15, **limits: object) -> None:
        self.clock = HandClock()
        self.memory = DeskMemory(self.clock, **limits)
        self.rewind = self.memory.rewind
        self.codec, self.coded = codec, coded(codec, count, interval)

    def put(self, number: int, *, is_whole: bool = True, data: bytes | None = None) -> None:
        found, is_key = self.coded[number]
        at_s = number / FPS
        if at_s > self.clock.monotonic():
            self.clock.advance(at_s - self.clock.monotonic())
        self.memory.tap.put_video(self.codec, found if data is None else data, number * 90_000 // FPS, at_s, is_key=is_key, is_whole=is_whole)

    def play(self, first: int = 0, last: int | None = None) -> "Call":
        for number in range(first, len(self.coded) if last is None else last):
            self.put(number)
        return self


def allowed(codec: str = "VP8", **options: object) -> Call:
    call = Call(codec, **options)
    call.memory.allow(stills=True, recording=False)
    return call


def number_in(frame: FrozenFrame | None) -> int | None:
    assert frame is not None
    return drawn_in(frame.preview)


def drawn_in(picture: Picture) -> int | None:
    rows = np.frombuffer(picture.buffer, np.uint8).reshape(-1, picture.stride_bytes)[:picture.height_px]
    return read_frame_number(rows[:, :picture.width_px * 4].reshape(picture.height_px, picture.width_px, 4))


@pytest.mark.parametrize("codec", CODECS)
def test_each_moment_gives_the_frame_that_was_on_screen(codec: str) -> None:
    call = allowed(codec).play()
    for at_s, number in ((0.0, 0), (0.05, 0), (3.0, 30), (2.94, 29), (1.5, 15), (5.9, 59), (5.85, 58), (4.4, 44), (1.49, 14), (-7.0, 0), (99.0, 59)):
        frame = call.rewind.frame_at(at_s)
        assert number_in(frame) == number
        assert frame.rtp_time == number * 90_000 // FPS
        assert frame.captured_at == call.memory.wall(number / FPS)
        assert frame.method is SnapshotMethod.REWOUND
        assert frame.is_evidence_grade
        assert (frame.width_px, frame.height_px, frame.codec) == (320, 180, codec)


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_kept_of_it_is_what_the_live_decoder_made(codec: str) -> None:
    live: list[DecodedFrame] = []
    is_done = threading.Event()
    decoding = VideoDecoding(live.append, lambda: None)
    call = allowed(codec, count=20)
    for number, (data, is_key) in enumerate(call.coded):
        while not decoding.put(codec, EncodedFrame(data, number, number / FPS, is_key, is_whole=True)):
            pytest.fail("the queue was full")
        call.put(number)
    decoding.run(is_done.set)
    assert is_done.wait(60)
    decoding.stop()
    for number in (0, 7, 14, 15, 19):
        found = call.rewind.frame_at(number / FPS)
        assert np.array_equal(found.handle.picture.to_ndarray(), live[number].picture.to_ndarray())
        original = call.rewind.encode(found)
        assert original.method is SnapshotMethod.REWOUND
        image = cv2.imdecode(np.frombuffer(original.data, np.uint8), cv2.IMREAD_COLOR)
        assert read_frame_number(image) == number
        assert image.shape == (180, 320, 3)


@pytest.mark.parametrize("codec", CODECS)
def test_steps_go_frame_by_frame_over_the_groups_to_the_ends(codec: str) -> None:
    call = allowed(codec).play()
    frame = call.rewind.frame_at(2.0)
    for number in (*range(21, 40), *range(38, 4, -1), *range(6, 10)):
        frame = call.rewind.step(frame, 1 if number > frame.seq else -1)
        assert number_in(frame) == number
    assert number_in(call.rewind.step(frame, 10)) == 19
    assert number_in(call.rewind.step(frame, -9)) == 0
    assert call.rewind.step(frame, -10) is None
    assert number_in(call.rewind.step(frame, 50)) == 59
    assert call.rewind.step(call.rewind.frame_at(5.9), 1) is None


def test_stepping_back_decodes_once_for_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    call = allowed().play()
    begun: list[int] = []
    begin = rewinding.GroupDecoder._begin
    monkeypatch.setattr(rewinding.GroupDecoder, "_begin", lambda decoder, place: (begun.append(place.index), begin(decoder, place))[1])
    frame = call.rewind.frame_at(2.9)
    for _ in range(14):
        frame = call.rewind.step(frame, -1)
    assert number_in(frame) == 15
    assert begun == [14]
    for _ in range(14):
        frame = call.rewind.step(frame, 1)
    assert begun == [14], "all of the group is at hand"
    for _ in range(14):
        frame = call.rewind.step(frame, 1)
    assert number_in(frame) == 43
    assert len(begun) == 2


def test_what_is_decoded_and_kept_at_hand_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewinding, "CACHE_BYTES", 5 * 320 * 180 * 3 // 2)
    call = allowed().play()
    assert number_in(call.rewind.frame_at(2.9)) == 29
    assert sorted(call.rewind._decoder._cache) == [25, 26, 27, 28, 29]
    assert number_in(call.rewind.frame_at(2.0)) == 20
    assert len(call.rewind._decoder._cache) == 5


def test_a_step_from_the_live_picture_begins_at_its_place() -> None:
    call = allowed().play()
    live = FrameSlot(call.clock)
    live.put(DecodedFrame(from_bgr(DrawnCamera(320, 180).draw(59)), seq=4711, rtp_time=0, received_at_s=5.9, is_evidence_grade=True, codec="VP8"))
    assert number_in(call.rewind.step(live.freeze(), -2)) == 57


def test_a_frame_that_left_the_ring_is_followed_by_the_oldest_there_is() -> None:
    call = allowed(limit_s=3.0).play(0, 20)
    old = call.rewind.frame_at(0.3)
    call.play(20)
    assert number_in(call.rewind.step(old, 1)) == 30
    assert call.rewind.step(old, -1) is None
    assert call.rewind.span().from_s == 3.0


@pytest.mark.parametrize("codec", CODECS)
def test_after_a_loss_frames_are_not_evidence_until_the_next_keyframe(codec: str) -> None:
    call = allowed(codec)
    call.play(0, 20)
    for number in range(22, 60):  # 20 and 21 were given up
        call.put(number, is_whole=number >= 30)
    assert call.rewind.frame_at(1.9).is_evidence_grade
    assert not call.rewind.frame_at(2.2).is_evidence_grade
    assert not call.rewind.frame_at(2.9).is_evidence_grade
    assert call.rewind.frame_at(3.0).is_evidence_grade


@pytest.mark.parametrize("codec", CODECS)
def test_a_frame_that_cannot_be_decoded_marks_the_rest_of_its_group(codec: str) -> None:
    call = allowed(codec)
    junk = b"\x00\x00\x00\x01\x41" + bytes(range(256)) if codec == "H264" else b""
    for number in range(45):
        call.put(number, data=junk if number == 20 else None)
    assert call.rewind.frame_at(1.6).is_evidence_grade
    broken = call.rewind.frame_at(2.0)
    assert broken is None or not broken.is_evidence_grade
    assert call.rewind.frame_at(3.1).is_evidence_grade
    assert number_in(call.rewind.frame_at(4.0)) == 40


def test_stepping_goes_past_a_frame_without_a_picture() -> None:
    call = allowed("VP8")
    for number in range(45):
        call.put(number, data=b"" if number in {20, 21} else None)
    frame = call.rewind.frame_at(1.9)
    assert number_in(frame) == 19
    seen = []
    while (frame := call.rewind.step(frame, 1)) is not None:
        seen.append(frame.seq)
    assert seen == sorted(set(seen))
    assert seen[-1] == 44


def test_nothing_there_gives_nothing() -> None:
    call = Call()
    call.play()
    assert call.rewind.frame_at(1.0) is None
    assert call.rewind.span().from_s is None
    assert call.rewind.strip() == ()


def test_a_camera_that_was_off_leaves_the_last_picture_and_a_gap() -> None:
    call = allowed().play(0, 20)
    call.memory.allow(stills=True, recording=False, off=GapReason.CAMERA_OFF)
    call.clock.advance(10)
    call.memory.allow(stills=True, recording=False)
    assert number_in(call.rewind.frame_at(8.0)) == 19
    (gap,) = call.rewind.span().gaps
    assert gap.reason is GapReason.CAMERA_OFF
    assert gap.to_s is None


def test_times_stay_in_order_when_the_clock_is_set_back() -> None:
    call = allowed().play(0, 20)
    began = call.memory.wall(0.0)
    call.clock._now -= timedelta(hours=1)
    call.play(20)
    assert call.rewind.frame_at(4.0).captured_at - began == timedelta(seconds=4)
    assert call.rewind.frame_at(1.0).captured_at - began == timedelta(seconds=1)


def test_the_live_frame_has_the_same_time_as_the_rewound_one() -> None:
    call = allowed().play()
    slot = FrameSlot(call.clock, wall=call.memory.wall)
    call.clock._now += timedelta(minutes=5)
    slot.put(DecodedFrame(from_bgr(DrawnCamera(320, 180).draw(40)), 40, 0, 4.0, is_evidence_grade=True, codec="VP8"))
    assert slot.freeze().captured_at == call.rewind.frame_at(4.0).captured_at


def test_the_film_strip_has_a_picture_a_second_of_what_is_there() -> None:
    call = Call(limit_s=4.0)
    camera = DrawnCamera(640, 360)

    def glance(number: int) -> None:
        call.memory.glance(DecodedFrame(from_bgr(camera.draw(number)), number, 0, number / FPS, is_evidence_grade=True, codec="VP8"))

    for number in range(60):
        call.put(number)
        glance(number)
        if number == 9:
            assert call.rewind.strip() == (), "not before consent"
            call.memory.allow(stills=True, recording=False)
    strip = call.rewind.strip()
    assert [picture.at_s for picture in strip] == [3.5, 4.5, 5.5], "from the first keyframe after consent; what left the ring is gone"
    for shown in strip:
        assert shown.captured_at == call.memory.wall(shown.at_s)
        assert (shown.picture.width_px, shown.picture.height_px) == (128, 72)
    assert call.rewind.span().size_bytes > 3 * 128 * 72 * 4


def test_who_looks_does_not_hold_up_what_comes_in() -> None:
    """While a frame is decoded again, the ring takes frames in and says what it has."""
    call = allowed().play(0, 40)
    is_decoding, may_go_on = threading.Event(), threading.Event()
    feed = rewinding.GroupDecoder._feed

    def slow(decoder: rewinding.GroupDecoder, place: object) -> None:
        is_decoding.set()
        assert may_go_on.wait(60)
        feed(decoder, place)

    found: list[FrozenFrame | None] = []
    looker = threading.Thread(target=lambda: found.append(call.rewind.frame_at(3.5)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewinding.GroupDecoder, "_feed", slow)
        looker.start()
        assert is_decoding.wait(60)
        call.play(40)
        assert call.rewind.span().to_s == 5.9
        assert call.rewind.strip() == ()
        call.memory.close()
        may_go_on.set()
        looker.join(20)
    assert number_in(found[0]) == 35
    assert call.rewind.frame_at(3.5) is None
    assert not call.rewind._decoder._cache, "what was decoded is let go of too"


def test_around_a_click_are_the_frames_of_the_moment() -> None:
    clock = HandClock()
    camera = DrawnCamera(320, 180)
    slot = FrameSlot(clock, recent_s=RECENT_S, allows=lambda at_s: at_s >= 0.9)

    def put(number: int, *, is_good: bool = True) -> None:
        slot.put(DecodedFrame(from_bgr(camera.draw(number)), number, 0, number / FPS, is_evidence_grade=is_good, codec="VP8"))

    for number in range(13):
        put(number, is_good=number != 11)
    clicked = slot.freeze()
    assert clicked.seq == 12
    for number in range(13, 20):
        put(number)
    around = slot.around(clicked, 0.5, 0.3)
    assert [frame.seq for frame in around] == [9, 10, 12, 13, 14, 15], "not from before consent, none that is damaged, not more than asked"
    assert {frame.method for frame in around} == {SnapshotMethod.SHARPEST}
    assert [drawn_in(frame.preview) for frame in around] == [9, 10, 12, 13, 14, 15]
    assert slot.encode(around[0]).method is SnapshotMethod.SHARPEST
    bright = slot.luma(around[-1])
    rows = np.frombuffer(bright.buffer, np.uint8).reshape(-1, bright.stride_bytes)[:bright.height_px, :bright.width_px]
    assert read_frame_number(rows) == 15
    assert [frame.seq for frame in slot.around(clicked, 9, 9)] == [9, 10, 12, 13, 14, 15, 16, 17, 18, 19]
    slot.is_on_hold = True
    put(20)
    assert [frame.seq for frame in slot.around(clicked, 9, 9)] == [12], "on hold nothing is at hand but what was clicked"


def test_recent_frames_are_bounded_in_time_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    slot = FrameSlot(HandClock(), recent_s=RECENT_S)
    picture = from_bgr(DrawnCamera(320, 180).draw(0))
    for number in range(100):
        slot.put(DecodedFrame(picture, number, 0, number / 30, is_evidence_grade=True, codec="VP8"))
    assert len(slot.around(slot.freeze(), 100, 100)) == 37
    monkeypatch.setattr("videodesk.media.frames.RECENT_BYTES", 10 * 320 * 180 * 3 // 2)
    slot.put(DecodedFrame(picture, 100, 0, 100 / 30, is_evidence_grade=True, codec="VP8"))
    assert len(slot.around(slot.freeze(), 100, 100)) == 10


def test_around_a_rewound_frame_is_itself() -> None:
    call = allowed().play()
    slot = FrameSlot(call.clock, recent_s=RECENT_S)
    slot.put(DecodedFrame(from_bgr(DrawnCamera(320, 180).draw(40)), 40, 0, 4.0, is_evidence_grade=True, codec="VP8"))
    frame = call.rewind.frame_at(4.0)
    assert slot.around(frame, 0.5, 0.3) == [frame]
