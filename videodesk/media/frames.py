"""The way of a picture from the decoder to the eye and to the snapshot: a latest-wins slot, and full frames kept for stills.

Colour: browsers send BT.601 limited range whatever the size; FFmpeg's frames say "unspecified", so both are always given
explicitly (BT.709 would be wrong by up to 40 of 255).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from videodesk.calls.ports import EncodedOriginal, FrozenFrame, Luma, Picture
from videodesk.core.clock import Clock
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.media.decoding import DecodedFrame

JPEG_QUALITY: Final = 95
MAX_SIDE_PX: Final = 7680
SHOWN_LAG_S: Final = 1.0
"""A view that took nothing for longer is not looked at (hidden, minimised)."""
RECENT_S: Final = 1.2
"""Decoded frames are kept for so long, to find the sharpest one among them."""
RECENT_BYTES: Final = 100_000_000
"""And at most so much of them: 1.2 s of 720p are 50 MB, 0.9 s of 1080p are 100 MB."""


class FrameSlot:
    """A PictureSlot and StillSource over decoded frames.

    `put` runs in the media thread and converts there, only when the view took the last picture; `run_in_media` is how the view's
    `take` asks that thread to convert a newer frame that was passed over. `wall` says what the wall clock showed at a moment (None:
    the clock is asked); `allows` whether consent to stills covers one, for the frames around a clicked one.
    """

    def __init__(self, clock: Clock, run_in_media: Callable[[Callable[[], None]], None] | None = None, *,
                 wall: Callable[[float], datetime] | None = None, allows: Callable[[float], bool] | None = None,
                 recent_s: float = 0.0) -> None:
        self._clock = clock
        self._run_in_media = run_in_media
        self._wall = wall or self._ask_wall
        self._allows = allows or (lambda _: True)
        self._recent_s = recent_s
        self._recent: deque[DecodedFrame] = deque()
        self._recent_bytes = 0
        self._lock = threading.Lock()
        self._reformatter = VideoReformatter()
        self._newest: DecodedFrame | None = None
        self._ready: tuple[Picture, DecodedFrame] | None = None
        self._shown: tuple[Picture, DecodedFrame] | None = None
        self._is_taken = True
        self._size = (1280, 720)
        self._wake: Callable[[], None] | None = None
        self._is_on_hold = False

    @property
    def is_on_hold(self) -> bool:
        """While on hold nothing that comes is shown or kept. Any thread."""
        return self._is_on_hold

    @is_on_hold.setter
    def is_on_hold(self, is_on_hold: bool) -> None:
        with self._lock:
            self._is_on_hold = is_on_hold
            if is_on_hold:
                self._recent.clear()
                self._recent_bytes = 0

    # ── media thread ──────────────────────────────────────────────────────────────────────────────────────────────

    def put(self, frame: DecodedFrame) -> None:
        """The newest decoded frame."""
        with self._lock:
            if self._is_on_hold:
                return
            self._newest = frame
            self._note_recent(frame)
            if not self._is_taken:
                return
        self._convert()

    def _convert(self) -> None:
        with self._lock:
            frame = self._newest
            size = self._size
            if frame is None or (self._ready is not None and self._ready[1] is frame):
                return
        picture = to_picture(frame, size, self._reformatter)
        with self._lock:
            self._ready = (picture, frame)
            self._is_taken = False
            wake = self._wake
        if wake is not None:
            wake()

    def _note_recent(self, frame: DecodedFrame) -> None:
        self._recent.append(frame)
        self._recent_bytes += size_bytes(frame)
        while len(self._recent) > 1 and (
                frame.received_at_s - self._recent[0].received_at_s > self._recent_s or self._recent_bytes > RECENT_BYTES):
            self._recent_bytes -= size_bytes(self._recent.popleft())

    # ── GUI thread ────────────────────────────────────────────────────────────────────────────────────────────────

    def ask_size(self, width_px: int, height_px: int) -> None:
        with self._lock:
            self._size = (max(2, min(width_px, MAX_SIDE_PX)), max(2, min(height_px, MAX_SIDE_PX)))

    def take(self) -> Picture | None:
        with self._lock:
            self._is_taken = True
            if self._ready is None:
                return None
            self._shown = self._ready
            is_behind = self._newest is not self._ready[1]
            picture = self._ready[0]
        if is_behind and self._run_in_media is not None:
            self._run_in_media(self._convert)
        return picture

    def on_fresh(self, wake: Callable[[], None] | None) -> None:
        with self._lock:
            self._wake = wake

    # ── stills, any thread ────────────────────────────────────────────────────────────────────────────────────────

    def freeze(self) -> FrozenFrame | None:
        """The frame on screen, also when the screen lags: what the eye saw is kept. The newest decoded one where no view looks."""
        with self._lock:
            newest, shown, size = self._newest, self._shown, self._size
        if newest is None:
            return None
        if shown is not None and newest.received_at_s - shown[1].received_at_s <= SHOWN_LAG_S:
            preview, frame = shown
        else:
            preview, frame = to_picture(newest, size, VideoReformatter()), newest
        return frozen(frame, preview, self._wall(frame.received_at_s), SnapshotMethod.FRAME)

    def around(self, frame: FrozenFrame, before_s: float, after_s: float) -> list[FrozenFrame]:
        clicked = decoded_of(frame)
        if frame.method is SnapshotMethod.REWOUND:  # this very one was looked for
            return [frame]
        at_s = clicked.received_at_s
        with self._lock:
            recent, size = list(self._recent), self._size
        if all(one is not clicked for one in recent):
            recent = sorted([*recent, clicked], key=lambda one: one.seq)
        return [
            frozen(one, frame.preview if one is clicked else later_picture(one, size), self._wall(one.received_at_s), SnapshotMethod.SHARPEST)
            for one in recent
            if one is clicked or (
                at_s - before_s <= one.received_at_s <= at_s + after_s and self._allows(one.received_at_s)
                and (one.is_evidence_grade or not frame.is_evidence_grade))]

    def luma(self, frame: FrozenFrame) -> Luma:
        return luma(frame)

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        return encode_frame(frame)

    def _ask_wall(self, at_s: float) -> datetime:
        return self._clock.now() - timedelta(seconds=max(0.0, self._clock.monotonic() - at_s))


def decoded_of(frame: FrozenFrame) -> DecodedFrame:
    """The decoded frame behind a frozen one of this package."""
    if not isinstance(frame.handle, DecodedFrame):
        message = "the handle of another still source"
        raise TypeError(message)
    return frame.handle


def size_bytes(frame: DecodedFrame) -> int:
    """What a decoded frame (4:2:0) takes."""
    return frame.picture.width * frame.picture.height * 3 // 2


def frozen(frame: DecodedFrame, preview: Picture, captured_at: datetime, method: SnapshotMethod) -> FrozenFrame:
    """A decoded frame kept whole."""
    return FrozenFrame(
        handle=frame, seq=frame.seq, rtp_time=frame.rtp_time, captured_at=captured_at, width_px=frame.picture.width,
        height_px=frame.picture.height, codec=frame.codec, is_evidence_grade=frame.is_evidence_grade, preview=preview, method=method)


def encode_frame(frame: FrozenFrame) -> EncodedOriginal:
    """JPEG at quality 95 without chroma loss beyond the video's own (4:4:4 of what was 4:2:0)."""
    return EncodedOriginal(data=encode_jpeg(to_bgr(decoded_of(frame).picture)), media_type="image/jpeg",
                           width_px=frame.width_px, height_px=frame.height_px, method=frame.method)


def luma(frame: FrozenFrame) -> Luma:
    """The brightness of a frozen frame as it was sent (BT.601 limited range: 16 is black, 235 white)."""
    picture = decoded_of(frame).picture
    plane = picture.planes[0]
    return Luma(buffer=memoryview(plane), width_px=picture.width, height_px=picture.height, stride_bytes=plane.line_size, owner=picture)


@dataclass(slots=True)
class LaterPicture:
    """A Picture that is made when it is first looked at: most frames around a clicked one never are."""

    frame: DecodedFrame
    asked: tuple[int, int]
    _made: Picture | None = None

    def __getattr__(self, name: str) -> object:
        if self._made is None:
            self._made = to_picture(self.frame, self.asked, VideoReformatter())
        return getattr(self._made, name)


def later_picture(frame: DecodedFrame, asked: tuple[int, int]) -> Picture:
    """`to_picture`, later."""
    return cast("Picture", LaterPicture(frame, asked))


def fit(source: tuple[int, int], asked: tuple[int, int]) -> tuple[int, int]:
    """The largest even size of `source`'s aspect within `asked`, at least 2×2."""
    scale = min(asked[0] / source[0], asked[1] / source[1])
    return max(2, int(source[0] * scale) & ~1), max(2, int(source[1] * scale) & ~1)


def to_picture(frame: DecodedFrame, asked: tuple[int, int], reformatter: VideoReformatter,
               interpolation: Interpolation = Interpolation.FAST_BILINEAR) -> Picture:
    """`frame` scaled to fit `asked`, as BGRA over FFmpeg's own memory (no further copy)."""
    source = frame.picture
    width, height = fit((source.width, source.height), asked)
    scaled = reformat(source, "bgra", reformatter, width, height, interpolation)  # FAST_BILINEAR takes half of BILINEAR's time
    plane = scaled.planes[0]
    return Picture(
        buffer=memoryview(plane), width_px=width, height_px=height, stride_bytes=plane.line_size, seq=frame.seq,
        rtp_time=frame.rtp_time, received_at_s=frame.received_at_s, source_width_px=source.width, source_height_px=source.height,
        is_evidence_grade=frame.is_evidence_grade, owner=scaled)


def reformat(frame: av.VideoFrame, pixel_format: str, reformatter: VideoReformatter | None = None,
             width: int | None = None, height: int | None = None,
             interpolation: Interpolation = Interpolation.BILINEAR) -> av.VideoFrame:
    """`frame` as RGB of some layout, from BT.601 limited range, bilinear."""
    return (reformatter or VideoReformatter()).reformat(
        frame, width=width or frame.width, height=height or frame.height, format=pixel_format,
        src_colorspace=Colorspace.ITU601, dst_colorspace=Colorspace.ITU601,
        src_color_range=ColorRange.MPEG, dst_color_range=ColorRange.JPEG, interpolation=interpolation, threads=1)


def to_bgr(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """`frame` at its own size as an array (height, width, 3), BGR, contiguous."""
    return np.ascontiguousarray(reformat(frame, "bgr24").to_ndarray())


def from_bgr(image: NDArray[np.uint8]) -> av.VideoFrame:
    """An array (height, width, 3), BGR, even sides, as a frame as browsers send it: yuv420p, BT.601 limited range.

    By OpenCV: swscale's way back from RGB is off by up to 5 of 255.
    """
    planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def encode_jpeg(image: NDArray[np.uint8], quality: int = JPEG_QUALITY) -> bytes:
    """A BGR array as JPEG (JFIF: BT.601 full range, 4:4:4)."""
    is_done, data = cv2.imencode(".jpg", image, [
        cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444])
    if not is_done:
        message = "JPEG encoding failed"
        raise RuntimeError(message)
    return data.tobytes()


