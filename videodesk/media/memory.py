"""What is kept of one call while it goes on: the ring to look back into, and the recorder. It outlives the call's peers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from av.video.reformatter import Interpolation, VideoReformatter

from videodesk.calls.capture_ports import GapReason, StripPicture
from videodesk.core.clock import Clock
from videodesk.media.decoding import DecodedFrame
from videodesk.media.frames import to_picture
from videodesk.media.recorder import CallRecorder
from videodesk.media.rewind import RingRewind
from videodesk.media.ring import LIMIT_BYTES, LIMIT_S, Ring
from videodesk.media.tap import Tap

STRIP_PX: Final = (128, 72)


class DeskMemory:
    """A CallMemory. Its peers put what they receive into `tap`, and show `glance` what they decode.

    How the wall clock lies to the monotonic one is asked once, at the call's begin: when the clock is set in the middle of the call,
    the frames' times stay in order and in step with each other. Any thread.
    """

    def __init__(self, clock: Clock, *, limit_s: float = LIMIT_S, limit_bytes: int = LIMIT_BYTES) -> None:
        self._clock = clock
        self._began_at, self._began_s = clock.now(), clock.monotonic()
        self.tap = Tap()
        self.ring = Ring(limit_s=limit_s, limit_bytes=limit_bytes, ask_keyframe=self.tap.ask_keyframe)
        self._rewind = RingRewind(self.ring, clock, self.wall)
        self._recorder = CallRecorder(clock, self.tap, self.ring.units, self.wall)
        self._leave = self.tap.add(self.ring)
        self._reformatter = VideoReformatter()

    @property
    def rewind(self) -> RingRewind:
        return self._rewind

    @property
    def recorder(self) -> CallRecorder:
        return self._recorder

    def allow(self, *, stills: bool, recording: bool, off: GapReason | None = None) -> None:
        self.ring.allow(self._clock.monotonic(), stills=stills, recording=recording, off=off)
        self._recorder.allow(recording)
        self.tap.keeps_pictures = (stills or recording) and off is None

    def close(self) -> None:
        self._leave()
        self.tap.keeps_pictures = False
        self._recorder.close()
        self.ring.close()
        self._rewind.close()

    # ── for the peers ─────────────────────────────────────────────────────────────────────────────────────────────

    def wall(self, at_s: float) -> datetime:
        """What the wall clock showed at a moment of the monotonic one, as it went at the call's begin."""
        return self._began_at + timedelta(seconds=at_s - self._began_s)

    def allows_stills_at(self, at_s: float) -> bool:
        """Whether consent to stills covers this moment."""
        return self.ring.allows_stills_at(at_s)

    def glance(self, frame: DecodedFrame) -> None:
        """A decoded frame went by: about once a second it becomes a picture of the film strip (0.2 ms). The decoder's thread."""
        if self.ring.wants_strip(frame.received_at_s):
            small = to_picture(frame, STRIP_PX, self._reformatter, Interpolation.AREA)
            self.ring.put_strip(StripPicture(frame.received_at_s, self.wall(frame.received_at_s), small))
