"""Taking a snapshot: frozen for the eye at once, then encoded, sealed and kept on disk by a worker, then the outbox's business. No Qt.

When that is done there is time to look: which frame around it is the sharpest, and what is wrong with the picture.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol, cast

from videodesk.calls.capture_ports import PictureJudge
from videodesk.calls.ports import EncodedOriginal, FrozenFrame, Luma, StillSource
from videodesk.client.outbox import Outbox, OutboxEntry
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.desktop.sealed import sealed
from videodesk.evidence.seal_ports import CaptureFacts, NoSealer, Sealer
from videodesk.protocol.resources import SnapshotMeta

BEFORE_S: Final = 0.5
AFTER_S: Final = 0.3
CLEARLY: Final = 1.02  # so many times the clicked frame's score; 1.1 gave away a third of a dB and more (measurements.md)


class FrameEncoder(Protocol):
    """What makes an original of a frozen frame: the live picture, the ring, a clip."""

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        """Slow (ms): a worker calls it."""
        ...


@dataclass(frozen=True, slots=True)
class Shot:
    """A snapshot between the key and the disk: frozen, named, not yet encoded. `taken_from`: the clip that the frame was picked from.

    `consent_digest` names the customer's answer that counted at the key press (CallView.consent_digest).
    """

    snapshot_id: str
    person_id: str
    case_id: str
    call_id: str | None
    checklist_item: str | None
    frame: FrozenFrame
    stills: FrameEncoder
    retake_of: str | None = None
    taken_from: str | None = None
    consent_digest: str = ""

    @property
    def captured_at(self) -> datetime:
        """When the picture was there, by our clock."""
        return self.frame.captured_at


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look around a shot found. `better` is the sharper frame that was kept beside it, if there was one."""

    verdict: tuple[str, ...]
    better: FrozenFrame | None = None
    better_verdict: tuple[str, ...] = ()
    entry: OutboxEntry | None = None
    luma: Luma | None = None


class SnapshotTaker:
    """Encodes and keeps shots, two at a time; looks at one at a time, in a thread of its own: the next key press waits for no look."""

    def __init__(self, outbox: Outbox, pool: Executor | None = None, *, sealer: Sealer | None = None,
                 wait: Callable[[float], Awaitable[Any]] = asyncio.sleep) -> None:
        self._outbox = outbox
        self._sealer = sealer or NoSealer()
        self._pool = pool or ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")
        self._eyes = ThreadPoolExecutor(max_workers=1, thread_name_prefix="looking")
        self._wait = wait

    async def keep(self, shot: Shot) -> OutboxEntry:
        """Encode the original and keep it here: when this returns, it is on disk. Raises what Outbox.keep raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.keep_now, shot)

    def keep_now(self, shot: Shot) -> OutboxEntry:
        """The same in this thread (blocks for some 20 ms)."""
        return self._keep(shot, shot.frame, shot.snapshot_id, ())

    async def look(self, shot: Shot, source: StillSource, judge: PictureJudge) -> Looked:
        """Once the frames after the key press are there too: judge the picture, and keep a clearly sharper frame beside it."""
        await self._wait(AFTER_S)
        return await asyncio.get_running_loop().run_in_executor(self._eyes, self.look_now, shot, source, judge)

    def look_now(self, shot: Shot, source: StillSource, judge: PictureJudge) -> Looked:
        """The same in this thread."""
        clicked = shot.frame
        luma = source.luma(clicked)
        seen = judge.verdict(luma)
        frames = source.around(clicked, BEFORE_S, AFTER_S)
        if len(frames) > 1:
            lumas = [source.luma(frame) for frame in frames]
            place = judge.sharpest(lumas)
            better, best = frames[place], lumas[place]
            if better.seq != clicked.seq:
                found = judge.verdict(best)
                if found.sharpness > CLEARLY * seen.sharpness:
                    entry = self._keep(shot, better, new_id(better.captured_at), found.problems)
                    return Looked(seen.problems, better, found.problems, entry, best)
        return Looked(seen.problems, luma=luma)

    def _keep(self, shot: Shot, frame: FrozenFrame, original_id: str, verdict: tuple[str, ...]) -> OutboxEntry:
        original = shot.stills.encode(frame)
        is_first = original_id == shot.snapshot_id
        method = original.method if is_first else SnapshotMethod.SHARPEST
        facts = CaptureFacts(
            original_id, shot.snapshot_id, shot.case_id, shot.call_id, method, frame.captured_at, original.width_px, original.height_px, frame.seq,
            frame.rtp_time, frame.codec, frame.is_evidence_grade, shot.consent_digest, taken_from=shot.taken_from)
        # The sealed file is the original: its digest is the one that everything names from now on.
        data = sealed(lambda: self._sealer.seal_capture(original.data, original.media_type, facts), original.data)
        meta = SnapshotMeta(
            case_id=shot.case_id, call_id=shot.call_id, method=method,
            digest=hashlib.sha256(data).hexdigest(), media_type=cast(Literal["image/jpeg", "image/png"], original.media_type),
            width_px=original.width_px, height_px=original.height_px, captured_at=frame.captured_at, frame_seq=frame.seq,
            rtp_time=frame.rtp_time, codec=frame.codec, is_evidence_grade=frame.is_evidence_grade, checklist_item=shot.checklist_item,
            retake_of=shot.retake_of, taken_from=shot.taken_from, verdict=cast(Any, list(verdict)))
        return self._outbox.keep(original_id, shot.person_id, meta, data, None if is_first else shot.snapshot_id)
