"""Decoding: the video decoder in its own thread, with a bounded queue. Sound is decoded when it is played (playout.py)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final, cast

import av
from av.codec.context import Flags

from videodesk.media.jitter import EncodedFrame

QUEUE_FRAMES: Final = 24
"""Coded frames that may wait; more means that this machine cannot keep up: drop to the next keyframe rather than lag."""

DECODERS: Final = {"VP8": "vp8", "H264": "h264"}  # FFmpeg's own VP8 decoder is 9-27 % cheaper than libvpx


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A decoded frame at its own size, and where it comes from. `seq` counts from 0 over the stream's life."""

    picture: av.VideoFrame
    seq: int
    rtp_time: int
    received_at_s: float
    is_evidence_grade: bool
    codec: str


FrameSink = Callable[[DecodedFrame], None]


class VideoDecoding:
    """A thread that decodes frames in order and hands them to `sink`, there. `trouble` is called there too when a frame was unusable."""

    def __init__(self, sink: FrameSink, trouble: Callable[[], None]) -> None:
        self._sink = sink
        self._trouble = trouble
        self._queue: SimpleQueue[tuple[str, EncodedFrame] | Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="video-decode", daemon=True)
        self._seq = 0
        self._is_damaged = False
        self._thread.start()

    def put(self, codec: str, frame: EncodedFrame) -> bool:
        """Queue a frame; False when the queue was full: the frame and the queue were dropped. Any thread."""
        if self._queue.qsize() < QUEUE_FRAMES:
            self._queue.put((codec, frame))
            return True
        try:
            while True:
                self._queue.get_nowait()
        except Empty:
            return False

    def run(self, work: Callable[[], None]) -> None:
        """Do `work` in the decoding thread, after what is queued. Any thread."""
        self._queue.put(work)

    def stop(self) -> None:
        """Drop what is queued and end the thread; waits for the frame being decoded (ms)."""
        try:
            while True:
                self._queue.get_nowait()
        except Empty:
            self._queue.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        decoder: av.VideoCodecContext | None = None
        name = ""
        while (task := self._queue.get()) is not None:
            if not isinstance(task, tuple):
                task()
                continue
            codec, frame = task
            if decoder is None or codec != name:
                decoder, name = _video_decoder(codec), codec
            self._decode(decoder, codec, frame)

    def _decode(self, decoder: av.VideoCodecContext, codec: str, frame: EncodedFrame) -> None:
        packet = av.Packet(frame.data)
        try:
            pictures = decoder.decode(packet)
        except av.FFmpegError:
            self._is_damaged = True
            self._trouble()
            return
        if frame.is_key:
            self._is_damaged = False
        for picture in pictures:
            if picture.is_corrupt and not self._is_damaged:
                self._is_damaged = True
                self._trouble()
            decoded = DecodedFrame(
                picture=picture, seq=self._seq, rtp_time=frame.rtp_time, received_at_s=frame.received_at_s,
                is_evidence_grade=frame.is_whole and not self._is_damaged, codec=codec)
            self._seq += 1
            self._sink(decoded)


def _video_decoder(codec: str) -> av.VideoCodecContext:
    decoder = cast("av.VideoCodecContext", av.CodecContext.create(DECODERS[codec], "r"))
    decoder.thread_count = 1  # a second thread costs more than it gives at 720p, and frame threading would add a frame's delay
    decoder.flags |= Flags.low_delay
    return decoder
