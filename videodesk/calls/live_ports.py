"""Ports of live drawing: the line to the customer's page, and frames to look at while the call goes on. Implemented by media/, and by fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from videodesk.calls.pictures import EncodedOriginal, FrozenFrame, Luma
from videodesk.calls.sticking_ports import StuckPlace
from videodesk.protocol.live import LiveMessage

FREEZE_SIDE_PX = 1280
"""A frozen picture's longer side for the page: what a phone shows, in few enough bytes for a weak line."""


@dataclass(frozen=True, slots=True)
class WatchedFrame:
    """A decoded frame, small and grey, for whoever follows things in it.

    `luma` is upright, at most 640 px wide, of the frame's shape. `captured_ms`: when it was captured by the page's clock (ms since
    1970); None until a sender report came.
    """

    luma: Luma
    rtp_time: int
    received_at_s: float
    captured_ms: float | None


FrameWatcher = Callable[[WatchedFrame], None]
"""Told each decoded frame, in the media thread: it may only put it somewhere."""


class LiveListener(Protocol):
    """What a LiveLine tells; in the engine's loop: pass it on, do no work."""

    def live_changed(self, *, is_open: bool) -> None:
        """The line is open, or no longer."""
        ...

    def live_said(self, message: LiveMessage) -> None:
        """The page said this. What was not of the protocol, and what was too much, is dropped before."""
        ...


class LiveLine(Protocol):
    """The data channel of one peer. Any thread."""

    @property
    def is_open(self) -> bool:
        """Whether the page can hear."""
        ...

    @property
    def has_room(self) -> bool:
        """Whether more may be said now. While it is False whoever draws gathers: moves of the same mark then become one."""
        ...

    def listen(self, listener: LiveListener | None) -> None:
        """Who is told from now on; at once that it is open, if it is."""
        ...

    def say(self, *messages: LiveMessage) -> None:
        """Send these in order; nothing happens while the line is closed. Never waits."""
        ...

    def show(self, freeze_id: str, picture: EncodedOriginal, *, may_draw: bool) -> None:
        """Send a frozen picture in parts, as the line has room; what `say` is given meanwhile goes before its next part.

        Another `show`, or `drop`, ends one that is under way. A picture of more than MAX_FREEZE_BYTES is a bug (ValueError).
        """
        ...

    def drop(self, freeze_id: str) -> None:
        """Back to the live video: no more of this picture is sent, the page is told."""
        ...


class LivePeer(Protocol):
    """What a media peer has for live drawing."""

    @property
    def live(self) -> LiveLine:
        """The line to the page; the same object for the peer's life."""
        ...

    def watch(self, watcher: FrameWatcher | None) -> None:
        """Tell `watcher` each frame from now on; None: nobody. Costs about half a millisecond a frame in the media thread. Any thread."""
        ...

    def encode_live(self, frame: FrozenFrame) -> EncodedOriginal:
        """A frozen frame (of this peer or of the call's ring) as JPEG for the page: at most FREEZE_SIDE_PX and MAX_FREEZE_BYTES. Slow: a worker."""
        ...


class Follower(Protocol):
    """Keeps live marks on what lies under them, beside the video (desktop/sticking.py, over a Sticker). GUI thread unless said otherwise."""

    def watched(self, frame: WatchedFrame) -> None:
        """The next frame; only the newest one waits. Any thread."""
        ...

    def hold(self, mark_id: str, points: Sequence[tuple[float, float]], rtp_time: int | None) -> None:
        """Follow what lies under these points on the frame with this time (None: the newest)."""
        ...

    def let_go(self, mark_id: str) -> None:
        """Follow this mark no more."""
        ...

    def forget(self) -> None:
        """The call is over, or another camera sends: follow nothing."""
        ...

    def on_found(self, told: Callable[[WatchedFrame, Mapping[str, StuckPlace]], None] | None) -> None:
        """Who is told where the marks are on a frame; in any thread."""
        ...
