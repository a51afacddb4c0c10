"""Looking back: frames of the ring, decoded again by a decoder of their own. The call's loop and its decoder never wait for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, cast

import av
from av.video.reformatter import VideoReformatter

from videodesk.calls.capture_ports import KeptSpan, StripPicture
from videodesk.calls.pictures import EncodedOriginal, FrozenFrame
from videodesk.core.clock import Clock
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.media.decoding import DECODERS, DecodedFrame
from videodesk.media.frames import encode_frame, frozen, size_bytes, to_picture
from videodesk.media.ring import Place, Ring

CACHE_BYTES: Final = 48_000_000
"""Decoded frames that are kept at hand: stepping back costs a decoding only every so many frames (34 at 720p)."""
PREVIEW_PX: Final = (1920, 1080)
THREADS: Final = 2
MAX_UNUSABLE: Final = 30
"""So many frames in a row that give no picture are stepped over."""


class GroupDecoder:
    """Decodes frames of groups of pictures, each from its keyframe; goes on where it stopped. One thread at a time."""

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = threads
        self._decoder: av.VideoCodecContext | None = None
        self._codec = ""
        self._key: int | None = None
        self._fed = 0
        self._given = -1  # the newest frame that came out of the decoder
        self._damaged_from: int | None = None
        self._cache: OrderedDict[int, DecodedFrame] = OrderedDict()
        self._size_bytes = 0

    def frame(self, place: Place) -> DecodedFrame | None:
        """The picture of this frame; that of the nearest one before it in its group when it gives none; None when there is none at all."""
        number = place.kept.number
        found = self._cache.get(number)
        if found is not None:
            return found
        first = place.frames[0].number
        if self._decoder is None or self._key != first or number <= self._given:
            self._begin(place)
        while number not in self._cache and self._fed < len(place.frames) and self._fed <= place.index + self._threads:
            self._feed(place)
        if number not in self._cache:
            self._flush(place)
        found = self._cache.get(number)
        if found is None:
            earlier = [one for one in self._cache if first <= one < number]
            found = self._cache[max(earlier)] if earlier else None
        return found

    def forget(self) -> None:
        """Let go of the decoder and of what it decoded."""
        self._let_go()
        self._cache.clear()
        self._size_bytes = 0

    def __del__(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        """PyAV frees a decoder with the GIL held, and its threads may be waiting for that: they must have nothing left to do."""
        decoder, self._decoder, self._key = self._decoder, None, None
        if decoder is not None:
            decoder.flush_buffers()  # releases the GIL, and waits for them

    def _begin(self, place: Place) -> None:
        codec = place.kept.unit.codec
        if self._decoder is None or codec != self._codec:
            self._let_go()
            decoder = cast("av.VideoCodecContext", av.CodecContext.create(DECODERS[codec], "r"))
            decoder.thread_count = self._threads
            decoder.thread_type = "FRAME"
            self._decoder, self._codec = decoder, codec
        else:
            self._decoder.flush_buffers()
        self._key, self._fed, self._given, self._damaged_from = place.frames[0].number, 0, -1, None

    def _feed(self, place: Place) -> None:
        kept = place.frames[self._fed]
        self._fed += 1
        packet = av.Packet(kept.unit.data)
        packet.pts = packet.dts = kept.number
        assert self._decoder is not None
        try:
            pictures = self._decoder.decode(packet)
        except av.FFmpegError:
            self._damage(kept.number - self._threads)  # with frame threads the error may be an earlier frame's
            return
        self._take(place, pictures)

    def _flush(self, place: Place) -> None:
        assert self._decoder is not None
        try:
            self._take(place, self._decoder.decode(None))
        except av.FFmpegError:
            pass
        finally:
            self._let_go()

    def _take(self, place: Place, pictures: Sequence[av.VideoFrame]) -> None:
        first = place.frames[0].number
        for picture in pictures:
            index = (picture.pts if picture.pts is not None else -1) - first
            if not 0 <= index < len(place.frames):
                continue
            kept = place.frames[index]
            self._given = kept.number
            if picture.is_corrupt:
                self._damage(kept.number)
            is_good = kept.unit.is_whole and (self._damaged_from is None or kept.number < self._damaged_from)
            self._keep(DecodedFrame(
                picture=picture, seq=kept.number, rtp_time=kept.unit.rtp_time, received_at_s=kept.at_s,
                is_evidence_grade=is_good, codec=kept.unit.codec))

    def _damage(self, number: int) -> None:
        self._damaged_from = number if self._damaged_from is None else min(self._damaged_from, number)

    def _keep(self, frame: DecodedFrame) -> None:
        if frame.seq in self._cache:
            return
        self._cache[frame.seq] = frame
        self._size_bytes += size_bytes(frame)
        while self._size_bytes > CACHE_BYTES and len(self._cache) > 1:
            _, oldest = self._cache.popitem(last=False)
            self._size_bytes -= size_bytes(oldest)


class RingRewind:
    """A Rewind over a ring. `wall` says what the wall clock showed at a moment."""

    def __init__(self, ring: Ring, clock: Clock, wall: Callable[[float], datetime]) -> None:
        self._ring = ring
        self._clock = clock
        self._wall = wall
        self._lookers = threading.Lock()  # one decodes at a time; neither the loop nor the live decoder ever asks for it
        self._decoder = GroupDecoder()
        self._reformatter = VideoReformatter()
        self._is_closed = False

    def span(self) -> KeptSpan:
        return self._ring.span(self._clock.monotonic())

    def strip(self) -> Sequence[StripPicture]:
        return self._ring.strip()

    def frame_at(self, at_s: float) -> FrozenFrame | None:
        place = self._ring.at(at_s)
        return None if place is None else self._look(place)

    def step(self, frame: FrozenFrame, frames: int) -> FrozenFrame | None:
        number = self._number_of(frame)
        if number is None:
            return None
        towards = 1 if frames > 0 else -1
        for wanted in range(number + frames, number + frames + towards * MAX_UNUSABLE, towards):
            place = self._ring.numbered(wanted)
            if place is None:
                return self._oldest(towards, wanted)
            found = self._look(place)
            if found is not None and (found.seq - number) * towards > 0:
                return found
        return None

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        return encode_frame(frame)

    def close(self) -> None:
        """Let go of what was decoded; whoever looks just now does it when done."""
        self._is_closed = True
        if self._lookers.acquire(blocking=False):
            try:
                self._decoder.forget()
            finally:
                self._lookers.release()

    def _oldest(self, towards: int, wanted: int) -> FrozenFrame | None:
        """Where the frame that one stepped on from has left the ring meanwhile, the oldest one is the next."""
        first = self._ring.first_number
        place = self._ring.numbered(first) if first is not None and towards > 0 and wanted < first else None
        return None if place is None else self._look(place)

    def _number_of(self, frame: FrozenFrame) -> int | None:
        decoded = frame.handle
        if not isinstance(decoded, DecodedFrame):
            return None
        if frame.method is SnapshotMethod.REWOUND:
            return decoded.seq
        place = self._ring.at(decoded.received_at_s)  # a live frame: counted by the live decoder
        return None if place is None else place.kept.number

    def _look(self, place: Place) -> FrozenFrame | None:
        with self._lookers:
            decoded = self._decoder.frame(place)
            if self._is_closed:
                self._decoder.forget()
            if decoded is None:
                return None
            if decoded.seq != place.kept.number:  # on screen still stood the picture before, and not whole
                decoded = replace(decoded, is_evidence_grade=False)
            preview = to_picture(decoded, (min(PREVIEW_PX[0], decoded.picture.width), min(PREVIEW_PX[1], decoded.picture.height)), self._reformatter)
        return frozen(decoded, preview, self._wall(decoded.received_at_s), SnapshotMethod.REWOUND)
