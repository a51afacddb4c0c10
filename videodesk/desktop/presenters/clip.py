"""One clip: fetched to this machine, looked through frame by frame, and frames taken from it as snapshots of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Final

from videodesk.calls.capture_ports import Clip, StripPicture
from videodesk.calls.pictures import FrozenFrame
from videodesk.client.api import DeskApi
from videodesk.client.disk import UNFINISHED, world
from videodesk.client.outbox import Outbox, OutboxEntry
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError, Invalid
from videodesk.core.ids import new_id
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.snapshots import Shot, SnapshotTaker
from videodesk.desktop.tasks import Tasks
from videodesk.evidence.seal_ports import Sealer
from videodesk.protocol.resources import SnapshotView

STRIP_PICTURES: Final = 24
_NUDGE_S: Final = 0.012  # the next frame is looked for in steps shorter than any frame
_NUDGES: Final = 80
_SUFFIX: Final = {"video/webm": ".webm", "video/mp4": ".mp4"}


class ClipStage(StrEnum):
    """Which of its faces the screen shows."""

    LOADING = "loading"
    DOWNLOADING = "downloading"
    READY = "ready"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class ClipSource:
    """What is known of a clip: by the service, or by the outbox while it is on its way there."""

    snapshot_id: str
    original_id: str
    case_id: str
    case_number: str
    call_id: str | None
    checklist_item: str | None
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    duration_s: float
    captured_at: datetime
    codec: str
    is_evidence_grade: bool


@dataclass(frozen=True, slots=True)
class ClipState:
    """What the clip screen shows. Pixels are never compared: `turn` counts the frames shown. `path`: where the file is, for playing.

    `taken` counts the frames that were taken here and are kept.
    """

    stage: ClipStage = ClipStage.LOADING
    source: ClipSource | None = None
    path: Path | None = None
    received_bytes: int = 0
    duration_s: float = 0.0
    position_s: float = 0.0
    frame: FrozenFrame | None = field(default=None, compare=False)
    turn: int = 0
    pictures: tuple[StripPicture, ...] = field(default=(), compare=False)
    picture_count: int = 0
    is_loading: bool = False
    taken: int = 0
    is_taking: bool = False
    problem: DeskError | None = None

    @property
    def percent(self) -> int:
        """How much of the file is here."""
        whole = self.source.size_bytes if self.source is not None else 0
        return min(100, 100 * self.received_bytes // whole) if whole else 0


@dataclass(frozen=True, slots=True)
class _Wish:
    at_s: float | None = None
    frames: int = 0


class ClipPresenter(Presenter[ClipState]):
    """Shows one clip at a time. `open_clip` opens a file (slow, a worker); fetched files lie in `folder` while they are looked at."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, *, open_clip: Callable[[Path], Clip] | None, outbox: Outbox | None,
                 folder: Path, me_id: str, sealer: Sealer | None = None) -> None:
        super().__init__(ClipState(), tasks, clock)
        self._api, self._all_tasks, self._open_clip, self._outbox, self._folder, self._me_id = api, tasks, open_clip, outbox, folder, me_id
        self._taker = SnapshotTaker(outbox, sealer=sealer) if outbox is not None else None
        self._clip: Clip | None = None
        self._wanted = ""
        self._fetched: Path | None = None
        self._is_busy = False
        self._next: _Wish | None = None

    # opening
    def show(self, snapshot_id: str) -> None:
        """Show this clip from its begin; the one that is open already stays as it is."""
        if snapshot_id == self._wanted and self.state.stage is not ClipStage.BROKEN:
            return
        self.leave()
        self._wanted = snapshot_id

        async def load() -> ClipSource:
            try:
                return of_view(await self._api.snapshot(snapshot_id))
            except DeskError:  # not sent yet, or no line: what is kept here can be looked at
                entry = None if self._outbox is None else await asyncio.to_thread(self._outbox.entry, snapshot_id)
                if entry is None:
                    raise
                return of_entry(entry)

        self.tasks.run("clip.load", load, partial(self._found, snapshot_id), self._broken, replaces=True)

    def again(self) -> None:
        """Try once more what did not work."""
        wanted, self._wanted = self._wanted, ""
        self.show(wanted)

    def leave(self) -> None:
        """Let go of the clip, and of the file that was fetched for it."""
        self.tasks.cancel_all()
        clip, fetched = self._clip, self._fetched
        self._clip = self._fetched = None
        self._wanted, self._next = "", None
        fresh = ClipState()
        self._set(**{name: getattr(fresh, name) for name in ClipState.__dataclass_fields__ if name != "turn"}, turn=self.state.turn + 1)
        if clip is not None or fetched is not None:
            self._all_tasks.run("clip.close", partial(asyncio.to_thread, _let_go, clip, fetched))

    def _found(self, wanted: str, source: ClipSource) -> None:
        if wanted != self._wanted:
            return
        self._set(source=source)
        suffix = _SUFFIX.get(source.media_type)
        if suffix is None or self._open_clip is None:
            self._broken(Invalid("clip.unreadable") if suffix is None else DeskError("device.no_media"))
            return
        path = self._fetched = self._folder / f"{source.original_id}{suffix}"
        self._set(stage=ClipStage.DOWNLOADING)

        async def fetch() -> Path:
            here = None if self._outbox is None else await asyncio.to_thread(_in_outbox, self._outbox, source.original_id)
            if here is not None:
                return here
            await asyncio.to_thread(_make_room, path.parent)
            await self._api.save_original(source.snapshot_id, source.original_id, path)
            return path

        self.tasks.run("clip.fetch", fetch, partial(self._arrived, wanted), self._broken)

    def look(self) -> None:
        """See how much has arrived; a few times a second."""
        if self.state.stage is ClipStage.DOWNLOADING and self._fetched is not None:
            unfinished = self._fetched.with_name(self._fetched.name + UNFINISHED)
            try:
                self._set(received_bytes=unfinished.stat().st_size)
            except OSError:
                return  # not yet there, or finished just now

    def _arrived(self, wanted: str, path: Path) -> None:
        open_clip = self._open_clip
        if wanted != self._wanted or open_clip is None:
            return
        if path != self._fetched:
            self._fetched = None  # the outbox's own file
        self._set(path=path)
        self.tasks.run("clip.open", partial(asyncio.to_thread, open_clip, path), partial(self._opened, wanted), self._broken)

    def _opened(self, wanted: str, clip: Clip) -> None:
        if wanted != self._wanted:
            self._all_tasks.run("clip.close", partial(asyncio.to_thread, clip.close))
            return
        self._clip = clip
        self._set(stage=ClipStage.READY, duration_s=clip.duration_s, problem=None)
        self.go_to(0.0)
        self.tasks.run("clip.strip", partial(asyncio.to_thread, clip.strip, STRIP_PICTURES), partial(self._pictured, clip), self._say)

    def _pictured(self, clip: Clip, pictures: Any) -> None:
        if clip is self._clip:
            self._set(pictures=tuple(pictures), picture_count=len(pictures))

    def _broken(self, problem: DeskError) -> None:
        self._set(stage=ClipStage.BROKEN, problem=problem)

    def _say(self, problem: DeskError) -> None:
        self._set(problem=problem)

    # looking
    def go_to(self, at_s: float) -> None:
        """The frame at this second."""
        at_s = min(max(0.0, at_s), self.state.duration_s)
        self._set(position_s=at_s)
        self._want(_Wish(at_s=at_s))

    def played_to(self, at_s: float) -> None:
        """The player is here: the playhead follows, the frame comes when it pauses."""
        self._set(position_s=min(max(0.0, at_s), self.state.duration_s))

    def step_seconds(self, seconds: float) -> None:
        """Back or forth."""
        self.go_to(self.state.position_s + seconds)

    def step_frames(self, frames: int) -> None:
        """So many frames back or forth."""
        self._want(_Wish(frames=frames))

    def _want(self, wish: _Wish) -> None:
        clip = self._clip
        if clip is None:
            return
        if self._is_busy:
            waiting = self._next
            self._next = _Wish(waiting.at_s, waiting.frames + wish.frames) if wish.at_s is None and waiting is not None else wish
            return
        self._is_busy = True
        self._set(is_loading=True)
        frame = self.state.frame
        self._all_tasks.run("clip.decode", partial(asyncio.to_thread, _decode, clip, wish, frame), partial(self._decoded, clip, wish),
                            partial(self._not_decoded, clip))

    def _decoded(self, clip: Clip, wish: _Wish, found: FrozenFrame | None) -> None:
        self._is_busy = False
        if clip is self._clip and found is not None:
            at_s = found.preview.received_at_s if wish.at_s is None else self.state.position_s
            self._set(frame=found, turn=self.state.turn + 1, position_s=at_s, problem=None)
        self._go_on()

    def _not_decoded(self, clip: Clip, problem: DeskError) -> None:
        self._is_busy = False
        if clip is self._clip:
            self._set(problem=problem)
        self._go_on()

    def _go_on(self) -> None:
        waiting, self._next = self._next, None
        if waiting is not None:
            self._want(waiting)
        self._set(is_loading=self._is_busy)

    # taking
    def take(self) -> None:
        """Make the frame that is shown a snapshot of its own, with its own time; kept here first, like every original."""
        source, frame, clip, taker = self.state.source, self.state.frame, self._clip, self._taker
        if source is None or frame is None or clip is None or taker is None or self.state.is_taking:
            return
        shot = Shot(new_id(self.clock.now()), self._me_id, source.case_id, source.call_id, source.checklist_item, frame, clip,
                    taken_from=source.snapshot_id)
        self._set(is_taking=True)
        self._all_tasks.run("clip.take", lambda: taker.keep(shot), self._taken, self._not_taken)

    def _taken(self, _entry: OutboxEntry) -> None:
        self._set(taken=self.state.taken + 1, is_taking=False, problem=None)

    def _not_taken(self, problem: DeskError) -> None:
        self._set(is_taking=False, problem=problem)

    def close(self) -> None:
        """The program ends."""
        self.leave()
        super().close()


def of_view(view: SnapshotView) -> ClipSource:
    """As the service knows it."""
    return ClipSource(view.id, view.leading, view.case_id, view.case_number, view.call_id, view.checklist_item, view.media_type,
                      view.size_bytes, view.width_px, view.height_px, view.duration_s or 0.0, view.captured_at, view.codec, view.is_evidence_grade)


def of_entry(entry: OutboxEntry) -> ClipSource:
    """As the outbox knows it."""
    meta = entry.meta
    return ClipSource(entry.snapshot_id, entry.original_id, meta.case_id, "", meta.call_id, meta.checklist_item, meta.media_type,
                      entry.size_bytes, meta.width_px, meta.height_px, meta.duration_s or 0.0, meta.captured_at, meta.codec, meta.is_evidence_grade)


def _make_room(folder: Path) -> None:
    """The folder for files that are looked at; what a crash left there goes."""
    with world():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink(missing_ok=True)


def _in_outbox(outbox: Outbox, original_id: str) -> Path | None:
    entry = outbox.entry(original_id)
    return entry.path if entry is not None and entry.path.is_file() else None


def _let_go(clip: Clip | None, fetched: Path | None) -> None:
    if clip is not None:
        clip.close()
    if fetched is not None:
        with world():
            fetched.unlink(missing_ok=True)


def _decode(clip: Clip, wish: _Wish, shown: FrozenFrame | None) -> FrozenFrame | None:
    """Slow: a worker. A frame is the clip's picture from its own time until the next one's."""
    frame = clip.frame_at(wish.at_s or 0.0) if wish.at_s is not None or shown is None else shown
    for _ in range(abs(wish.frames)):
        found = _neighbour(clip, frame, 1 if wish.frames > 0 else -1)
        if found is None:
            break
        frame = found
    return frame


def _neighbour(clip: Clip, frame: FrozenFrame | None, step: int) -> FrozenFrame | None:
    if frame is None:
        return None
    own_s = frame.preview.received_at_s
    for number in range(1, _NUDGES):
        at_s = own_s + step * _NUDGE_S * number
        if not 0 <= at_s <= clip.duration_s:
            return clip.frame_at(0.0) if step < 0 < own_s else None
        found = clip.frame_at(at_s)
        if found is not None and found.preview.received_at_s != own_s:
            return found
    return None
