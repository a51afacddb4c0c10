"""Live drawing's data channel (the page makes it in its offer), and what is taken off the video for it: grey frames, frozen pictures."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from pydantic import ValidationError

from videodesk.calls.live_ports import FREEZE_SIDE_PX, FrameWatcher, LiveListener, WatchedFrame
from videodesk.calls.pictures import EncodedOriginal, FrozenFrame, Luma
from videodesk.core.clock import Clock
from videodesk.media.decoding import DecodedFrame
from videodesk.media.frames import decoded_of, encode_jpeg, to_bgr
from videodesk.media.tap import SenderReport, SoundUnit, VideoUnit
from videodesk.protocol.live import (
    FREEZE_PART_BYTES,
    LIVE_LABEL,
    LIVE_MESSAGE,
    MAX_FREEZE_BYTES,
    MAX_LIVE_BYTES,
    LiveFreeze,
    LiveFreezePart,
    LiveMessage,
    LiveThaw,
)

ROOM_BYTES: Final = 24 * 1024
"""More than this unsent: whoever draws gathers first (a stroke's message is some hundred bytes)."""
LIMIT_BYTES: Final = 512 * 1024
"""More than this unsent: the page hears nothing any more, and nothing more is queued for it."""
BURST: Final = 120
PER_SECOND: Final = 60.0
"""What a page may say: one that draws says 30 messages a second."""
WATCHED_WIDTH_PX: Final = 640
NTP_EPOCH_S: Final = 2_208_988_800  # RFC 5905 §6: from 1900 to 1970
VIDEO_RATE: Final = 90_000
_QUALITIES: Final = (85, 75, 65, 50, 35, 20)


class Sluice:
    """Lets a burst through, then so many a second: a hostile page cannot keep the loop busy with reading."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left, self._at_s = float(BURST), clock.monotonic()

    def passes(self) -> bool:
        """Whether one more may pass now."""
        now_s = self._clock.monotonic()
        self._left = min(float(BURST), self._left + (now_s - self._at_s) * PER_SECOND)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class DataChannelLine:
    """A LiveLine over the data channel that aiortc hands out with the page's offer. Made and used in the engine's loop, asked from any thread.

    aiortc sends what it is given in turn and knows no priorities, so a frozen picture waits here, and goes part by part while little is unsent.
    """

    def __init__(self, clock: Clock) -> None:
        self._loop = asyncio.get_running_loop()
        self._sluice = Sluice(clock)
        self._channel: Any = None
        self._listener: LiveListener | None = None
        self._parts: deque[LiveMessage] = deque()
        self._showing = ""

    def take(self, channel: Any) -> None:
        """A data channel of the page (aiortc's "datachannel" event); one of another label is none of ours and is closed."""
        if channel.label != LIVE_LABEL or self._channel is not None:
            channel.close()
            return
        self._channel = channel
        channel.bufferedAmountLowThreshold = ROOM_BYTES // 2
        channel.on("message", self._heard)
        channel.on("bufferedamountlow", self._go_on)
        channel.on("close", self._closed)
        self._tell_open()

    def close(self) -> None:
        """The peer goes. Engine loop."""
        channel, self._channel = self._channel, None
        self._parts.clear()
        if channel is not None:
            channel.remove_all_listeners()
            self._tell_open()

    # ── the port ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_open(self) -> bool:
        channel = self._channel
        return channel is not None and channel.readyState == "open"

    @property
    def has_room(self) -> bool:
        channel = self._channel
        return channel is not None and channel.bufferedAmount < ROOM_BYTES

    def listen(self, listener: LiveListener | None) -> None:
        def begin() -> None:
            self._listener = listener
            if self.is_open:
                self._tell_open()

        self._in_loop(begin)

    def say(self, *messages: LiveMessage) -> None:
        def send() -> None:
            for message in messages:
                self._send(message)

        self._in_loop(send)

    def show(self, freeze_id: str, picture: EncodedOriginal, *, may_draw: bool) -> None:
        if len(picture.data) > MAX_FREEZE_BYTES:
            message = f"{len(picture.data)} bytes are too many for a frozen picture"
            raise ValueError(message)
        parts = [picture.data[at:at + FREEZE_PART_BYTES] for at in range(0, len(picture.data), FREEZE_PART_BYTES)]
        first = LiveFreeze(id=freeze_id, width_px=picture.width_px, height_px=picture.height_px, size_bytes=len(picture.data), may_draw=may_draw)
        rest = [LiveFreezePart(id=freeze_id, index=index, data=base64.b64encode(part).decode("ascii")) for index, part in enumerate(parts)]

        def begin() -> None:
            self._showing = freeze_id
            self._parts = deque([first, *rest])
            self._go_on()

        self._in_loop(begin)

    def drop(self, freeze_id: str) -> None:
        def end() -> None:
            if self._showing == freeze_id:
                self._parts.clear()
                self._showing = ""
            self._send(LiveThaw(id=freeze_id))

        self._in_loop(end)

    # ── inside, engine loop ───────────────────────────────────────────────────────────────────────────────────────

    def _in_loop(self, act: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            self._loop.call_soon_threadsafe(act)

    def _send(self, message: LiveMessage) -> None:
        channel = self._channel
        if channel is not None and channel.readyState == "open" and channel.bufferedAmount < LIMIT_BYTES:
            channel.send(message.model_dump_json())

    def _go_on(self) -> None:
        while self._parts and self.is_open and self.has_room:
            self._send(self._parts.popleft())

    def _heard(self, data: object) -> None:
        listener = self._listener
        if listener is None or not isinstance(data, str) or len(data) > MAX_LIVE_BYTES or not self._sluice.passes():
            return
        try:
            message = LIVE_MESSAGE.validate_json(data)
        except ValidationError:
            return
        listener.live_said(message)

    def _closed(self) -> None:
        self._channel = None
        self._parts.clear()
        self._tell_open()

    def _tell_open(self) -> None:
        if self._listener is not None:
            self._listener.live_changed(is_open=self.is_open)


class PageClock:
    """When a frame of the customer's video was captured by the page's own clock, from the sender reports (RFC 3550 §6.4.1). A TapSink."""

    def __init__(self) -> None:
        self._report: tuple[int, float] | None = None  # set in one go: read in the media thread

    def video(self, unit: VideoUnit) -> None:
        """Nothing of the frames is needed."""

    def sound(self, unit: SoundUnit) -> None:
        """Nor of the sound."""

    def report(self, report: SenderReport) -> None:
        """This RTP time was at this time of the customer's clock."""
        if report.kind == "video":
            self._report = (report.rtp_time, report.ntp_s)

    def forget(self) -> None:
        """Another sender, another clock."""
        self._report = None

    def captured_ms(self, rtp_time: int) -> float | None:
        """Ms since 1970 by the page's clock; None before the first report. Any thread."""
        report = self._report
        if report is None:
            return None
        ticks = (rtp_time - report[0]) & 0xFFFFFFFF
        if ticks >= 1 << 31:
            ticks -= 1 << 32
        return (report[1] - NTP_EPOCH_S + ticks / VIDEO_RATE) * 1000


class Watching:
    """Hands small grey frames to a watcher, where there is one. `put` runs in the media thread."""

    def __init__(self, clock: PageClock) -> None:
        self.watcher: FrameWatcher | None = None
        self._clock = clock
        self._reformatter = VideoReformatter()

    def put(self, frame: DecodedFrame) -> None:
        """The newest decoded frame."""
        watcher = self.watcher
        if watcher is not None:
            watcher(WatchedFrame(_grey(frame.picture, self._reformatter), frame.rtp_time, frame.received_at_s, self._clock.captured_ms(frame.rtp_time)))


def _grey(picture: av.VideoFrame, reformatter: VideoReformatter) -> Luma:
    width = min(WATCHED_WIDTH_PX, picture.width)
    height = max(2, round(picture.height * width / picture.width))
    small = reformatter.reformat(
        picture, width=width, height=height, format="gray", src_colorspace=Colorspace.ITU601, dst_colorspace=Colorspace.ITU601,
        src_color_range=ColorRange.MPEG, dst_color_range=ColorRange.JPEG, interpolation=Interpolation.FAST_BILINEAR, threads=1)
    plane = small.planes[0]
    return Luma(buffer=memoryview(plane), width_px=width, height_px=height, stride_bytes=plane.line_size, owner=small)


def encode_live(frame: FrozenFrame) -> EncodedOriginal:
    """A frozen frame as JPEG for the page: no longer than FREEZE_SIDE_PX, no more than MAX_FREEZE_BYTES. Slow (ms)."""
    image = to_bgr(decoded_of(frame).picture)
    height, width = image.shape[:2]
    scale = min(1.0, FREEZE_SIDE_PX / max(width, height))
    while True:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = image if scale >= 1 else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        for quality in _QUALITIES:
            data = encode_jpeg(small, quality)
            if len(data) <= MAX_FREEZE_BYTES:
                return EncodedOriginal(data=data, media_type="image/jpeg", width_px=size[0], height_px=size[1], method=frame.method)
        scale *= 0.7
