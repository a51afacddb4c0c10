"""Taking a snapshot: frozen for the eye at once, then encoded and kept on disk by a worker, then the outbox's business. No Qt."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from videodesk.calls.ports import FrozenFrame, StillSource
from videodesk.client.outbox import Outbox, OutboxEntry
from videodesk.protocol.resources import SnapshotMeta


@dataclass(frozen=True, slots=True)
class Shot:
    """A snapshot between the key and the disk: frozen, named, not yet encoded."""

    snapshot_id: str
    person_id: str
    case_id: str
    call_id: str | None
    checklist_item: str | None
    frame: FrozenFrame
    stills: StillSource
    retake_of: str | None = None

    @property
    def captured_at(self) -> datetime:
        """When the picture was there, by our clock."""
        return self.frame.captured_at


class SnapshotTaker:
    """Encodes and keeps shots, two at a time. One for the program's life."""

    def __init__(self, outbox: Outbox, pool: Executor | None = None) -> None:
        self._outbox = outbox
        self._pool = pool or ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")

    async def keep(self, shot: Shot) -> OutboxEntry:
        """Encode the original and keep it here: when this returns, it is on disk. Raises what Outbox.keep raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.keep_now, shot)

    def keep_now(self, shot: Shot) -> OutboxEntry:
        """The same in this thread (blocks for some 20 ms)."""
        original = shot.stills.encode(shot.frame)
        meta = SnapshotMeta(
            case_id=shot.case_id, call_id=shot.call_id, method=original.method, digest=hashlib.sha256(original.data).hexdigest(),
            media_type=cast(Literal["image/jpeg", "image/png"], original.media_type), width_px=original.width_px,
            height_px=original.height_px, captured_at=shot.frame.captured_at, frame_seq=shot.frame.seq, rtp_time=shot.frame.rtp_time,
            codec=shot.frame.codec, is_evidence_grade=shot.frame.is_evidence_grade, checklist_item=shot.checklist_item,
            retake_of=shot.retake_of)
        return self._outbox.keep(shot.snapshot_id, shot.person_id, meta, original.data)
