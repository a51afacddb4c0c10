"""Pictures of a call: painted, frozen, encoded. Arrays and codecs stay behind doors: a picture crosses as bytes with a width, a height and a stride."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from videodesk.core.vocabulary import SnapshotMethod


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to paint: BGRA, 8 bits a channel, opaque, rows of `stride_bytes`, in the media's own memory.

    `buffer` stays valid as long as this object lives. `seq` counts decoded frames of the call from 0. `source_width_px` and
    `source_height_px` are the frame's own size (the picture is scaled to what the view asked for). Times: `received_at_s` is the
    monotonic clock at the frame's last packet, `rtp_time` the 90 kHz RTP timestamp.
    """

    buffer: memoryview
    width_px: int
    height_px: int
    stride_bytes: int
    seq: int
    rtp_time: int
    received_at_s: float
    source_width_px: int
    source_height_px: int
    is_evidence_grade: bool = True
    owner: object = None


class PictureSlot(Protocol):
    """A latest-wins slot: the media thread puts, the view takes at paint time. No queue, no signal carries a picture."""

    def ask_size(self, width_px: int, height_px: int) -> None:
        """Ask for pictures that fit into this size in device pixels (aspect kept). GUI thread; from the next frame on."""
        ...

    def take(self) -> Picture | None:
        """The newest picture, or None when there was none yet. The same one may come twice: compare `seq`. GUI thread."""
        ...

    def on_fresh(self, wake: Callable[[], None] | None) -> None:
        """Call `wake` in the media thread when a picture is fresh and the last one was taken; it may only post, not work."""
        ...


@dataclass(frozen=True, slots=True)
class FrozenFrame:
    """A decoded frame kept whole for a snapshot. `handle` is the media's own; `preview` is what the eye sees at once."""

    handle: object
    seq: int
    rtp_time: int
    captured_at: datetime
    width_px: int
    height_px: int
    codec: str
    is_evidence_grade: bool
    preview: Picture
    method: SnapshotMethod = SnapshotMethod.FRAME


@dataclass(frozen=True, slots=True)
class EncodedOriginal:
    """An original's bytes as they will be kept forever."""

    data: bytes
    media_type: str
    width_px: int
    height_px: int
    method: SnapshotMethod


@dataclass(frozen=True, slots=True)
class Luma:
    """The brightness of a picture: 8 bits a pixel, rows of `stride_bytes`. `buffer` lives as long as this object."""

    buffer: memoryview
    width_px: int
    height_px: int
    stride_bytes: int
    owner: object = None


class StillSource(Protocol):
    """Where a snapshot's picture comes from."""

    def freeze(self) -> FrozenFrame | None:
        """The frame on screen (the newest decoded one where no view takes pictures) at full size, at once, without encoding.

        None before the first frame. Any thread, < 1 ms.
        """
        ...

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        """Encode a frozen frame (JPEG, quality 95, BT.601 as the browser shows it). Slow (ms): a worker thread calls it.

        The original's method is the frame's.
        """
        ...

    def around(self, frame: FrozenFrame, before_s: float, after_s: float) -> list[FrozenFrame]:
        """The frames that were decoded from `before_s` before to `after_s` after `frame`, as far as they are there by now, in order.

        `frame` itself among them; only those of evidence grade when `frame` is. Their method is `sharpest`. Any thread, < 1 ms.
        """
        ...

    def luma(self, frame: FrozenFrame) -> Luma:
        """The brightness of a frozen frame, without a copy. Any thread."""
        ...
