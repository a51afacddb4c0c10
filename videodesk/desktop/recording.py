"""Clips and recordings of the live call: kept as files here, put into the outbox, recovered when the program was cut off. No Qt.

Beside every file that is being written lies a note (JSON) that says whose it is. It goes when the outbox has the file; a note that is
found at a start belongs to a recording that was cut off.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from videodesk.calls.capture_ports import CallMemory, ClipFacts, RecordingState
from videodesk.client.disk import digest_of, world
from videodesk.client.outbox import Outbox, OutboxEntry
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.core.ids import is_id, new_id
from videodesk.core.vocabulary import ConsentScope, SnapshotMethod
from videodesk.desktop.calling import CallHost, CallPhase
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.sealed import sealed
from videodesk.desktop.tasks import Tasks
from videodesk.desktop.tray import TrayItem, TrayStage
from videodesk.evidence.seal_ports import CaptureFacts, NoSealer, Sealer
from videodesk.protocol.messages import RecordCall, Wire
from videodesk.protocol.resources import SnapshotMeta

KEEP_S: Final = 20.0
_recovered: set[Path] = set()
_FURTHER: Final = 15  # files of one recording: one more each time the customer comes back with another codec


@dataclass(frozen=True, slots=True)
class ClipNote:
    """Whose a clip is: what lies beside its file while it is not yet in the outbox. `further` ids are for the files a recording may go on in."""

    snapshot_id: str
    person_id: str
    case_id: str
    call_id: str
    checklist_item: str | None = None
    further: tuple[str, ...] = ()
    consent_digest: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """What the recording controls show. `why_no_clip` and `why_no_recording`: the text key of why not, None when it works."""

    is_recording: bool = False
    since: datetime | None = None
    seconds: float = 0.0
    size_bytes: int = 0
    is_keeping: bool = False
    why_no_clip: str | None = "call.why.no_call"
    why_no_recording: str | None = "call.why.no_call"


class ClipFiler:
    """Puts finished clips into the outbox. Blocks for disk time: worker threads. `recover` finishes the files in a folder and tells of them."""

    def __init__(self, folder: Path, outbox: Outbox, recover: Callable[[Path], list[ClipFacts]], sealer: Sealer | None = None) -> None:
        self.folder = folder
        self._sealer = sealer or NoSealer()
        self._outbox = outbox
        self._recover = recover

    def begin(self, note: ClipNote) -> Path:
        """Write down whose the clip is; returns where its file goes (the writer chooses the suffix)."""
        path = self.folder / note.snapshot_id
        with world():
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".json").open("w", encoding="utf-8") as file:
                json.dump(asdict(note), file)
                file.flush()
                os.fsync(file.fileno())
        return path

    def file(self, note: ClipNote, facts: ClipFacts) -> OutboxEntry:
        """Put a finished clip, and the further ones of its recording, into the outbox; gives the first one's entry.

        When this returns they survive a crash there, and the note is gone. The same again is no error.
        """
        entries = [self._file_one(note, number, one) for number, one in enumerate((facts, *facts.more))]
        self.forget(note)
        return entries[0]

    def _file_one(self, note: ClipNote, number: int, facts: ClipFacts) -> OutboxEntry:
        with world():
            digest = digest_of(facts.path)
        meta = SnapshotMeta(
            case_id=note.case_id, call_id=note.call_id, method=SnapshotMethod.CLIP, digest=digest, media_type=facts.media_type,
            width_px=facts.width_px, height_px=facts.height_px, captured_at=facts.captured_at, duration_s=facts.duration_s, codec=facts.codec,
            is_evidence_grade=facts.is_evidence_grade, checklist_item=note.checklist_item)
        original_id = (note.snapshot_id, *note.further)[number]
        # A clip's file only ever grew; its seal stands in its poster, with the file's digest.
        said = CaptureFacts(
            original_id, original_id, note.case_id, note.call_id, SnapshotMethod.CLIP, facts.captured_at, facts.width_px, facts.height_px,
            codec=facts.codec, is_evidence_grade=facts.is_evidence_grade, consent_digest=note.consent_digest, duration_s=facts.duration_s,
            content_digest=digest, content_media_type=facts.media_type)
        poster = sealed(lambda: self._sealer.seal_capture(facts.poster, "image/jpeg", said), facts.poster)
        entry = self._outbox.keep_file(original_id, note.person_id, meta, facts.path, poster)
        facts.path.unlink(missing_ok=True)  # there already: a second time
        return entry

    def forget(self, note: ClipNote) -> None:
        """Nothing of it is here any more; a file that still lies here keeps its note."""
        if not self._files_of(note):
            (self.folder / f"{note.snapshot_id}.json").unlink(missing_ok=True)

    def recover(self) -> list[OutboxEntry]:
        """Take in what a crash left behind, each for its own person and case. What cannot be read or kept stays for the next start."""
        taken: list[OutboxEntry] = []
        finished = self._recover(self.folder)
        for found in sorted(self.folder.glob("*.json")):
            note = _read_note(found)
            if note is None:
                continue
            for facts in finished:
                base, _, number = facts.path.stem.partition("_")
                if base == note.snapshot_id:
                    with suppress(DeskError):  # the disk is full: the next start
                        taken.append(self._file_one(note, int(number or 1) - 1, facts))
            self.forget(note)
        return taken

    def _files_of(self, note: ClipNote) -> list[Path]:
        return [path for path in self.folder.glob(f"{note.snapshot_id}*") if path.suffix != ".json"]


def _read_note(path: Path) -> ClipNote | None:
    try:
        told = json.loads(path.read_bytes())
        note = ClipNote(**{**told, "further": tuple(told.get("further", ()))})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return note if note.snapshot_id == path.stem and all(is_id(one) for one in (note.snapshot_id, note.case_id, note.call_id, *note.further)) else None


class CallRecorder(Presenter[Recording]):
    """Intents of the recording controls. GUI thread; what writes runs as the program's tasks and outlives the screen."""

    def __init__(self, host: CallHost, tasks: Tasks, clock: Clock, *, filer: ClipFiler | None, send: Callable[[Wire], None], me_id: str,
                 put: Callable[[TrayItem], None]) -> None:
        """`put` shows an item in the tray."""
        super().__init__(Recording(), tasks, clock)
        self._host, self._all_tasks, self._filer, self._send, self._me_id, self._put = host, tasks, filer, send, me_id, put
        self._memory: CallMemory | None = None
        self._running: ClipNote | None = None
        self._is_begun = False  # the recorder was told, and did begin

    @property
    def running(self) -> ClipNote | None:
        """Whose recording runs now."""
        return self._running

    def remember(self, memory: CallMemory | None) -> None:
        """Another call's memory, or none."""
        self._memory = memory
        self.refresh()

    def refresh(self) -> None:
        """Look how it goes; a few times a second. A recording that ended by itself (consent withdrawn, disk full) is filed as it is."""
        memory = self._memory
        now = memory.recorder.state() if memory is not None else RecordingState()
        if self._running is not None and self._is_begun and memory is not None and not now.is_recording:
            self._finish(memory, now.problem)
        is_recording = self._running is not None
        since = (now.since or self.state.since) if is_recording else None
        self._set(is_recording=is_recording, since=since, size_bytes=now.size_bytes if is_recording else 0,
                  seconds=max(0.0, float(int((self.clock.now() - since).total_seconds()))) if since is not None else 0.0,
                  why_no_clip=self._why_no_clip(), why_no_recording=None if is_recording else self._why_no_recording())

    def _why_not(self) -> str | None:
        state = self._host.state
        if state.call is None or not state.is_talking or self._memory is None or self._filer is None:
            return "call.why.no_call"
        return None if ConsentScope.RECORDING in state.call.consents else "call.why.no_consent_recording"

    def _why_no_clip(self) -> str | None:
        why = self._why_not()
        if why is None and self._memory is not None and self._memory.rewind.span().from_s is None:
            return "call.why.nothing_kept"
        return why

    def _why_no_recording(self) -> str | None:
        state = self._host.state
        why = self._why_not()
        if why is None and state.phase is not CallPhase.LIVE:
            return "call.why.on_hold" if state.is_on_hold else "call.why.not_connected"
        return why

    # the last seconds
    def keep_last(self) -> None:
        """Keep the last 20 s as a clip."""
        memory, filer = self._memory, self._filer
        why = self._why_no_clip()
        if why is not None or memory is None or filer is None:
            self._host.change(notice=why)
            return
        if self.state.is_keeping:
            return
        note = self._note()
        self._show(note, memory, min(KEEP_S, _length(memory)))
        self._set(is_keeping=True)

        def write() -> OutboxEntry | None:
            facts = memory.recorder.keep_last(KEEP_S, filer.begin(note))
            if facts is None:
                filer.forget(note)
                return None
            return filer.file(note, facts)

        self._all_tasks.run("clip.keep", partial(asyncio.to_thread, write), partial(self._kept, note), partial(self._not_kept, note))

    def _kept(self, note: ClipNote, entry: OutboxEntry | None) -> None:
        self._set(is_keeping=False)
        if entry is None:
            self._lost(note, DeskError("clip.empty"))

    def _not_kept(self, note: ClipNote, problem: DeskError) -> None:
        self._set(is_keeping=False)
        self._lost(note, problem)

    # recording
    def toggle(self) -> None:
        """Start or end a recording."""
        memory, filer = self._memory, self._filer
        if self._running is not None and memory is not None:
            if self._is_begun:
                self._finish(memory)
            return
        why = self._why_no_recording()
        if why is not None or memory is None or filer is None:
            self._host.change(notice=why)
            return
        note = self._running = self._note()
        self._is_begun = False
        self._say(note, is_recording=True)

        def begin() -> None:
            memory.recorder.start(filer.begin(note))

        self._set(is_recording=True, since=self.clock.now())
        self._all_tasks.run("recording.start", partial(asyncio.to_thread, begin), partial(self._began, note), partial(self._not_begun, note))

    def _began(self, note: ClipNote, _none: None) -> None:
        self._is_begun = self._running is note
        self.refresh()

    def _not_begun(self, note: ClipNote, problem: DeskError) -> None:
        if self._running is note:
            self._running = None
            self._say(note, is_recording=False)
        self._set(is_recording=False, since=None)
        self._host.change(error=problem)

    def _finish(self, memory: CallMemory, problem: str | None = None) -> None:
        ending = self._ended(memory)
        if ending is None:
            return
        note, end = ending
        if problem is not None:
            self._host.change(error=DeskError(problem))
        self._all_tasks.run("recording.stop", partial(asyncio.to_thread, end, memory), partial(self._kept, note), partial(self._lost, note))

    def line_is_back(self) -> None:
        """A restarted service knows nothing of the recording any more: the customer's page must go on saying it."""
        if self._running is not None:
            self._say(self._running, is_recording=True)

    def hung_up(self) -> Callable[[CallMemory], OutboxEntry | None]:
        """The call ends: what a worker has to do before the memory goes, so that a recording which runs is kept."""
        ending = self._ended(self._memory) if self._memory is not None else None
        return (lambda _memory: None) if ending is None else ending[1]

    def _ended(self, memory: CallMemory) -> tuple[ClipNote, Callable[[CallMemory], OutboxEntry | None]] | None:
        note, filer = self._running, self._filer
        self._running = None
        if note is None or filer is None:
            return None
        self._say(note, is_recording=False)
        self._show(note, memory, self.state.seconds)
        self._set(is_recording=False, since=None, size_bytes=0)

        def end(memory: CallMemory) -> OutboxEntry | None:
            facts = memory.recorder.stop()
            if facts is None:
                filer.forget(note)
                return None
            return filer.file(note, facts)

        return note, end

    # at the program's start
    def recover(self, told: Callable[[int], None]) -> None:
        """Take in recordings that a crash cut off; `told` hears how many there were. Once in a program: later ones may be running."""
        filer = self._filer
        if filer is not None and filer.folder.is_dir() and filer.folder not in _recovered:
            _recovered.add(filer.folder)
            self._all_tasks.run("recording.recover", partial(asyncio.to_thread, filer.recover), lambda taken: told(len(taken)))

    # inside
    def _note(self) -> ClipNote:
        state = self._host.state
        if state.call is None:
            raise DeskError("call.unknown")
        item = state.chosen_item if any(found.view.id == state.chosen_item for found in state.checklist) else None
        now = self.clock.now()
        return ClipNote(new_id(now), self._me_id, state.call.case_id, state.call.id, item, tuple(new_id(now) for _ in range(_FURTHER)),
                        state.call.consent_digest)

    def _show(self, note: ClipNote, memory: CallMemory, seconds: float) -> None:
        pictures = memory.rewind.strip()
        preview = pictures[-1].picture if pictures else None
        self._put(TrayItem(note.snapshot_id, self.clock.now(), TrayStage.SAVING, note.checklist_item, preview, duration_s=max(0.1, seconds)))

    def _lost(self, note: ClipNote, problem: DeskError) -> None:
        shot = next((shot for shot in self._host.state.tray if shot.snapshot_id == note.snapshot_id), None)
        if shot is not None:
            self._put(replace(shot, stage=TrayStage.FAILED, error=problem))
        self._host.change(error=problem)

    def _say(self, note: ClipNote, *, is_recording: bool) -> None:
        self._send(RecordCall(call_id=note.call_id, is_recording=is_recording))


def _length(memory: CallMemory) -> float:
    span = memory.rewind.span()
    return 0.0 if span.from_s is None or span.to_s is None else span.to_s - span.from_s
