"""Ports of the capture: what a call keeps while it goes on, and what looks at pictures. Implemented by media/ and vision/, and by fakes.

As in calls/pictures.py pictures cross as bytes with a width, a height and a stride. Positions in time (`at_s`) are the monotonic clock
at a frame's last packet, the one that `Picture.received_at_s` is of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from videodesk.calls.pictures import EncodedOriginal, FrozenFrame, Luma, Picture
from videodesk.calls.sticking_ports import Sticker

# ── what a call keeps ──────────────────────────────────────────────────────────────────────────────────────────────


class GapReason(StrEnum):
    """Why nothing was kept for a while."""

    CAMERA_OFF = "camera_off"
    ON_HOLD = "on_hold"
    NO_CONSENT = "no_consent"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of which nothing is kept. `to_s` is None while it lasts."""

    from_s: float
    to_s: float | None
    reason: GapReason


@dataclass(frozen=True, slots=True)
class KeptSpan:
    """What the ring holds now: from the first frame that can be shown to the newest one, in order; None when it is empty."""

    from_s: float | None
    to_s: float | None
    size_bytes: int
    limit_bytes: int
    limit_s: float
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class StripPicture:
    """A small picture of the film strip, about one a second."""

    at_s: float
    captured_at: datetime
    picture: Picture


class Rewind(Protocol):
    """The last minutes of a call, encoded as they came in. Any thread; `frame_at` and `step` are slow (ms): a worker calls them."""

    def span(self) -> KeptSpan:
        """What is there now; < 1 ms."""
        ...

    def strip(self) -> Sequence[StripPicture]:
        """The small pictures of what is there, oldest first; < 1 ms."""
        ...

    def frame_at(self, at_s: float) -> FrozenFrame | None:
        """The frame that was on screen at `at_s` (clamped to the span), decoded again, at full size; None when nothing is there.

        Its method is `rewound`, its `captured_at` its own time.
        """
        ...

    def step(self, frame: FrozenFrame, frames: int) -> FrozenFrame | None:
        """The frame `frames` later (negative: earlier) than this one, within what is kept; None at the end."""
        ...

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        """As StillSource.encode, for a frame of this ring."""
        ...


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """A finished clip on the disk. `captured_at` is its first frame's time; `poster` a JPEG of a frame in it.

    `more`: the clips after it of the same recording; a file has one picture codec, and the customer came back with another.
    """

    path: Path
    media_type: Literal["video/webm", "video/mp4"]
    width_px: int
    height_px: int
    duration_s: float
    captured_at: datetime
    codec: str
    is_evidence_grade: bool
    poster: bytes
    more: tuple[ClipFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingState:
    """How a recording goes. `problem` is an error code (`outbox.full` …) when it had to stop by itself."""

    is_recording: bool = False
    since: datetime | None = None
    size_bytes: int = 0
    problem: str | None = None


class Recorder(Protocol):
    """Writes what was received, as it was received, with the sound of both sides. `keep_last` and `stop` are slow: a worker calls them."""

    def keep_last(self, seconds: float, path: Path) -> ClipFacts | None:
        """Write the newest `seconds` that the ring holds to `path` (suffix set by the codec); None when the ring is empty."""
        ...

    def start(self, path: Path) -> None:
        """Begin to write to `path` (it begins with the next keyframe, which is asked for). What is written survives kill -9 up to the last second."""
        ...

    def stop(self) -> ClipFacts | None:
        """End the recording and finish the file; None when nothing came in."""
        ...

    def state(self) -> RecordingState:
        """How it goes now; < 1 ms."""
        ...


class CallMemory(Protocol):
    """What is kept of one call while it goes on; outlives the peers of the call (a reconnect makes a new peer)."""

    @property
    def rewind(self) -> Rewind:
        """The ring."""
        ...

    @property
    def recorder(self) -> Recorder:
        """Clips and recordings."""
        ...

    def allow(self, *, stills: bool, recording: bool, off: GapReason | None = None) -> None:
        """What consent allows from now on; `off` says why nothing can come although it is allowed. Nothing before the first call of it is kept.

        Without `stills` the ring takes nothing in; what it holds from a time with consent stays. Without `recording` a running recording ends.
        """
        ...

    def close(self) -> None:
        """The call is over: let go of the memory, finish a running recording's file. Idempotent."""
        ...


class Clip(Protocol):
    """A clip on the disk, opened for looking at its frames. Slow: a worker calls it."""

    @property
    def duration_s(self) -> float:
        """How long it is."""
        ...

    def strip(self, count: int) -> Sequence[StripPicture]:
        """`count` small pictures, evenly spread; `at_s` counts from the clip's begin."""
        ...

    def frame_at(self, position_s: float) -> FrozenFrame | None:
        """The frame at this position from the clip's begin; its method is `clip_frame`."""
        ...

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        """As StillSource.encode."""
        ...

    def close(self) -> None:
        """Let go of the file; idempotent."""
        ...


# ── what looks at pictures ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """What is wrong with a picture, worst first: `blurred`, `too_dark`, `glare`, `too_small`. Empty: nothing. `sharpness` is its score."""

    problems: tuple[str, ...] = ()
    sharpness: float = 0.0


class PictureJudge(Protocol):
    """Says how good pictures are. Slow (ms): a worker calls it."""

    def sharpest(self, pictures: Sequence[Luma]) -> int:
        """The index of the sharpest one."""
        ...

    def verdict(self, picture: Luma) -> PictureVerdict:
        """Whether a person should take it again."""
        ...

    def verdict_of(self, data: bytes) -> PictureVerdict:
        """The same for an encoded picture of ours or of the camera (JPEG, PNG, WebP)."""
        ...


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code on a picture. `format` as zxing-cpp spells it (`EAN13`, `QRCode`, `DataMatrix` …); corners in pixels of the upright picture, clockwise from the code's own top left.

    A code with several parts (GS1: article and serial number) is several of these.
    """

    text: str
    format: str
    kind: Literal["ean", "serial", "link", "other"]
    corners: tuple[tuple[int, int], ...] = ()


class CodeReader(Protocol):
    """Reads barcodes, QR and DataMatrix. Slow (10-100 ms): a worker calls it."""

    def read(self, data: bytes) -> list[FoundCode]:
        """The codes on an encoded picture."""
        ...

    def read_luma(self, picture: Luma) -> list[FoundCode]:
        """The codes on a live or frozen frame."""
        ...


@dataclass(frozen=True, slots=True)
class FoundText:
    """A line of text on a picture; `confidence` 0..1. `is_serial_like`: it looks like a serial number."""

    text: str
    confidence: float
    is_serial_like: bool
    corners: tuple[tuple[int, int], ...] = ()


class TextReader(Protocol):
    """Reads printed text (OCR) in a process of its own; the optional extra `[ocr]`. Seconds: a worker calls it."""

    def read(self, data: bytes) -> list[FoundText]:
        """The lines on an encoded picture. WorldError("ocr.failed") when its process died or took too long."""
        ...

    def close(self) -> None:
        """End its process; idempotent."""
        ...


def _nothing_to_close() -> None:
    """For a Vision without processes."""


@dataclass(frozen=True, slots=True)
class Vision:
    """All that looks at pictures. `texts` is None where the extra is not installed; `close` ends its processes, idempotent.

    `make_sticker` makes what follows the marks of one call.
    """

    judge: PictureJudge
    codes: CodeReader
    texts: TextReader | None = None
    close: Callable[[], None] = _nothing_to_close
    make_sticker: Callable[[], Sticker] | None = None
