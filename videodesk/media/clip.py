"""A clip on the disk, opened for looking at its frames: each can become a snapshot at the quality at which it was received."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import av
from av.video.reformatter import VideoReformatter

from videodesk.calls.capture_ports import StripPicture
from videodesk.calls.pictures import EncodedOriginal, FrozenFrame
from videodesk.core.errors import Invalid
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.media.decoding import DecodedFrame
from videodesk.media.frames import encode_jpeg, to_bgr, to_picture
from videodesk.media.remux import words_of

PREVIEW: Final = (1280, 720)
STRIP: Final = (192, 144)
AHEAD_S: Final = 3.0
"""So far ahead it is decoded on instead of sought."""
HALF_MS: Final = 0.0005


class FileClip:
    """A Clip. Frame-accurate: a frame is shown from its own time until the next one's. Any thread, one at a time."""

    def __init__(self, path: Path) -> None:
        """Open it; Invalid("clip.unreadable") when it is none of ours or broken."""
        try:
            self._container = av.open(str(path))
        except (av.FFmpegError, OSError) as error:
            raise Invalid("clip.unreadable") from error
        try:
            self._words = words_of(self._container)
            self._video = self._container.streams.video[0]
        except Invalid:
            self._container.close()
            raise
        self._video.codec_context.thread_count = 1
        self._lock = threading.Lock()
        self._reformatter = VideoReformatter()
        self._frames: Iterator[av.VideoFrame] | None = None
        self._shown: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = None

    @property
    def duration_s(self) -> float:
        return (self._container.duration or 0) / av.time_base

    def strip(self, count: int) -> Sequence[StripPicture]:
        found: list[StripPicture] = []
        for index in range(count):
            with self._lock:
                frame = self._at(self.duration_s * (index + 0.5) / count)
                if frame is None:
                    continue
                at_s = _seconds(frame)
                picture = to_picture(self._decoded(frame), STRIP, self._reformatter)
            found.append(StripPicture(at_s=at_s, captured_at=self._words.captured_at + timedelta(seconds=at_s), picture=picture))
        return found

    def frame_at(self, position_s: float) -> FrozenFrame | None:
        with self._lock:
            frame = self._at(position_s)
            if frame is None:
                return None
            decoded = self._decoded(frame)
            preview = to_picture(decoded, PREVIEW, self._reformatter)
        return FrozenFrame(
            handle=decoded, seq=decoded.seq, rtp_time=decoded.rtp_time, captured_at=self._words.captured_at + timedelta(seconds=decoded.received_at_s),
            width_px=frame.width, height_px=frame.height, codec=decoded.codec, is_evidence_grade=decoded.is_evidence_grade,
            preview=preview, method=SnapshotMethod.CLIP_FRAME)

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        decoded = frame.handle
        if not isinstance(decoded, DecodedFrame):
            message = "the handle of another still source"
            raise TypeError(message)
        return EncodedOriginal(data=encode_jpeg(to_bgr(decoded.picture)), media_type="image/jpeg", width_px=frame.width_px,
                               height_px=frame.height_px, method=frame.method)

    def close(self) -> None:
        with self._lock:
            self._frames = self._shown = self._next = None
            self._container.close()

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _at(self, position_s: float) -> av.VideoFrame | None:
        """The frame that is on screen at this position: the last one that began by then; the first one before that."""
        wanted_s = max(0.0, position_s) + HALF_MS  # times in the file are whole milliseconds
        shown = self._shown
        if shown is None or not _seconds(shown) <= wanted_s <= _seconds(shown) + AHEAD_S:
            self._seek(wanted_s)
        try:
            while self._next is not None and (self._shown is None or _seconds(self._next) <= wanted_s):
                self._shown = self._next
                self._next = next(self._frames, None) if self._frames is not None else None
        except av.FFmpegError:
            self._next = None
        return self._shown

    def _seek(self, wanted_s: float) -> None:
        base = self._video.time_base
        assert base is not None
        self._shown = self._next = self._frames = None
        try:
            self._container.seek(int(wanted_s / base), stream=self._video, backward=True)
        except av.FFmpegError:  # before the first picture (the sound began earlier), or nothing can be read any more
            try:
                self._container.seek(int(wanted_s / base), stream=self._video, backward=False)
            except av.FFmpegError:
                return
        self._frames = self._container.decode(self._video)
        try:
            self._next = next(self._frames, None)
        except av.FFmpegError:
            self._next = None

    def _decoded(self, frame: av.VideoFrame) -> DecodedFrame:
        at_s = _seconds(frame)
        at_ms = round(at_s * 1000)
        is_damaged = any(start <= at_ms <= end for start, end in self._words.damaged)
        return DecodedFrame(picture=frame, seq=at_ms, rtp_time=round(at_s * 90_000) & 0xFFFFFFFF, received_at_s=at_s,
                            is_evidence_grade=not is_damaged, codec=self._words.codec)


def _seconds(frame: av.VideoFrame) -> float:
    return float(frame.time or 0.0)
