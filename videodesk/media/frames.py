"""The way of a picture from the decoder to the eye and to the snapshot: a latest-wins slot, and full frames kept for stills.

Colour: browsers send BT.601 limited range whatever the size; FFmpeg's frames say "unspecified", so both are always given
explicitly (BT.709 would be wrong by up to 40 of 255).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from videodesk.calls.ports import EncodedOriginal, FrozenFrame, Picture
from videodesk.core.clock import Clock
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.media.decoding import DecodedFrame

JPEG_QUALITY: Final = 95
MAX_SIDE_PX: Final = 7680
SHOWN_LAG_S: Final = 1.0
"""A view that took nothing for longer is not looked at (hidden, minimised)."""


class FrameSlot:
    """A PictureSlot and StillSource over decoded frames.

    `put` runs in the media thread and converts there, only when the view took the last picture. `refresh` is how the view's
    `take` asks that thread to convert a newer frame that was passed over.
    """

    def __init__(self, clock: Clock, run_in_media: Callable[[Callable[[], None]], None] | None = None) -> None:
        self._clock = clock
        self._run_in_media = run_in_media
        self._lock = threading.Lock()
        self._reformatter = VideoReformatter()
        self._newest: DecodedFrame | None = None
        self._ready: tuple[Picture, DecodedFrame] | None = None
        self._shown: tuple[Picture, DecodedFrame] | None = None
        self._is_taken = True
        self._size = (1280, 720)
        self._wake: Callable[[], None] | None = None
        self.is_on_hold = False

    # ── media thread ──────────────────────────────────────────────────────────────────────────────────────────────

    def put(self, frame: DecodedFrame) -> None:
        """The newest decoded frame."""
        if self.is_on_hold:
            return
        with self._lock:
            self._newest = frame
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
        age = timedelta(seconds=max(0.0, self._clock.monotonic() - frame.received_at_s))
        return FrozenFrame(
            handle=frame, seq=frame.seq, rtp_time=frame.rtp_time, captured_at=self._clock.now() - age,
            width_px=frame.picture.width, height_px=frame.picture.height, codec=frame.codec,
            is_evidence_grade=frame.is_evidence_grade, preview=preview)

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        """JPEG at quality 95 without chroma loss beyond the video's own (4:4:4 of what was 4:2:0)."""
        decoded = frame.handle
        if not isinstance(decoded, DecodedFrame):
            message = "the handle of another still source"
            raise TypeError(message)
        data = encode_jpeg(to_bgr(decoded.picture))
        return EncodedOriginal(data=data, media_type="image/jpeg", width_px=frame.width_px, height_px=frame.height_px,
                               method=SnapshotMethod.FRAME)


def fit(source: tuple[int, int], asked: tuple[int, int]) -> tuple[int, int]:
    """The largest even size of `source`'s aspect within `asked`, at least 2×2."""
    scale = min(asked[0] / source[0], asked[1] / source[1])
    return max(2, int(source[0] * scale) & ~1), max(2, int(source[1] * scale) & ~1)


def to_picture(frame: DecodedFrame, asked: tuple[int, int], reformatter: VideoReformatter) -> Picture:
    """`frame` scaled to fit `asked`, as BGRA over FFmpeg's own memory (no further copy)."""
    source = frame.picture
    width, height = fit((source.width, source.height), asked)
    scaled = reformat(source, "bgra", reformatter, width, height, Interpolation.FAST_BILINEAR)  # half of BILINEAR's time
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


