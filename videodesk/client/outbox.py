"""The outbox: originals that are kept here before anybody says so, and sent to the case until the service has them.

    keep       metadata file, original (tmp + fsync + rename), folder fsync, row (synchronous=FULL)                     → kept here
    keep_file  clip fsync, poster and metadata file (fsync), folder fsync, rename into the outbox, folder fsync, row    → kept here
    deliver    PUT with the id that was made here                                                               → sent → confirmed

Whatever dies in between, nothing that was kept is lost: after a restart `recover` finds a file without a row by its metadata
file, and a row that was sent but never confirmed is sent again (the service knows the id). What the service refuses for good
stays here, is shown, can be tried again and taken out as a file; nothing is ever dropped silently. Confirmed originals stay for
a day (`tidy`), or until the disk is full. Nothing here depends on the wall clock going forward.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from videodesk.client.disk import (
    UNFINISHED,
    Fault,
    copy_file,
    digest_of,
    move_file,
    no_fault,
    sync_file,
    sync_folder,
    world,
    write_file,
)
from videodesk.client.outbox_entry import OutboxEntry, OutboxState
from videodesk.client.outbox_rows import OutboxRows
from videodesk.core.clock import Clock, iso
from videodesk.core.errors import Conflict, DeskError, Invalid, NotFound, OutOfSpace, WorldError
from videodesk.core.ids import is_id, require_id
from videodesk.protocol.resources import SnapshotMeta

__all__ = ["Outbox", "OutboxEntry", "OutboxState"]

_SUFFIX: Final = {"image/jpeg": ".jpg", "image/png": ".png", "video/webm": ".webm", "video/mp4": ".mp4"}
_POSTER: Final = ".poster.jpg"


class Outbox:
    """One folder with originals and its own SQLite file. Every method blocks for disk time: call it in a worker thread.

    Thread-safe; one process at a time (the desktop is a single instance).
    """

    def __init__(self, folder: Path, clock: Clock, changed: Callable[[OutboxEntry], None] | None = None, at: Fault = no_fault) -> None:
        """`changed`: as for `on_change`, from the first moment on. `at`: told of named points, for tests that end the process there."""
        self._folder = folder
        self._files = folder / "originals"
        self._clock = clock
        self._listeners = [changed] if changed else []
        self._at = at
        self._progress: dict[str, tuple[int, int]] = {}
        self._sound: set[str] = set()
        with world():
            self._files.mkdir(parents=True, exist_ok=True)
            self._rows = OutboxRows(folder, self._files, clock)
        self.set_aside: list[Path] = []
        with suppress(WorldError):  # a full or read-only disk: what is known can still be sent, the rest is found next time
            self._rows.come_to_rest()
            self.recover()

    def on_change(self, changed: Callable[[OutboxEntry], None]) -> Callable[[], None]:
        """Tell this one of every change from now on, in the thread that made it; returns what ends it."""
        self._listeners.append(changed)

        def end() -> None:
            if changed in self._listeners:
                self._listeners.remove(changed)

        return end

    def _changed(self, entry: OutboxEntry) -> None:
        for listener in tuple(self._listeners):
            listener(entry)

    def close(self) -> None:
        """Let go of the database."""
        self._rows.close()

    # keeping
    def keep(self, original_id: str, person_id: str, meta: SnapshotMeta, original: bytes, snapshot_id: str | None = None) -> OutboxEntry:
        """Keep a picture: when this returns, it survives a crash of the program and of the machine. The same again is no error.

        `snapshot_id`: the snapshot it belongs to, when it is not its first original. On a full disk confirmed originals make room.
        Raises OutOfSpace("outbox.full"), WorldError("outbox.unwritable"), Conflict("snapshot.differs"), Invalid("snapshot.digest").
        """
        if (known := self._known(original_id, snapshot_id, meta)) is not None:
            return known
        if hashlib.sha256(original).hexdigest() != meta.digest:
            raise Invalid("snapshot.digest")
        entry = self._fresh(original_id, person_id, meta, snapshot_id, len(original))
        try:
            self._keep_picture(entry, original)
        except OutOfSpace:
            if not self.tidy(None):
                raise
            self._keep_picture(entry, original)
        self._changed(entry)
        return entry

    def keep_file(self, original_id: str, person_id: str, meta: SnapshotMeta, path: Path, poster: bytes,
                  snapshot_id: str | None = None) -> OutboxEntry:
        """Take over a clip's finished file (from the same disk: by its name alone) with its poster (JPEG); else as `keep`.

        When it raises, the file still is where it was. Reads all of the file once.
        """
        if (known := self._known(original_id, snapshot_id, meta)) is not None:
            return known
        with world():
            if digest_of(path) != meta.digest:
                raise Invalid("snapshot.digest")
            entry = self._fresh(original_id, person_id, meta, snapshot_id, path.stat().st_size)
        entry = replace(entry, poster=self._files / (original_id + _POSTER))
        try:
            self._keep_clip(entry, path, poster)
        except OutOfSpace:
            if not self.tidy(None):
                raise
            self._keep_clip(entry, path, poster)
        self._changed(entry)
        return entry

    def _known(self, original_id: str, snapshot_id: str | None, meta: SnapshotMeta) -> OutboxEntry | None:
        require_id(original_id, "original_id")
        require_id(snapshot_id or original_id, "snapshot_id")
        before = self.entry(original_id)
        if before is not None and before.meta.digest != meta.digest:
            raise Conflict("snapshot.differs")
        return before

    def _fresh(self, original_id: str, person_id: str, meta: SnapshotMeta, snapshot_id: str | None, size_bytes: int) -> OutboxEntry:
        path = self._files / (original_id + _SUFFIX[meta.media_type])
        return OutboxEntry(original_id, snapshot_id or original_id, person_id, meta, path, OutboxState.KEPT, self._clock.now(), size_bytes)

    def _keep_picture(self, entry: OutboxEntry, original: bytes) -> None:
        with world():
            try:
                # Not synced: it only matters when the program dies before the row is there, and then the system still has it.
                write_file(_note(entry), _told(entry), sync=False, at=self._at)
                self._at("metadata written")
                write_file(entry.path, original, at=self._at)
                self._at("original renamed")
                sync_folder(self._files)
                self._at("folder synced")
                self._rows.insert(entry)
            except (OSError, WorldError):  # nobody is told "kept here", so nothing stays that would say so later
                _drop(entry)
                raise
        self._at("row written")

    def _keep_clip(self, entry: OutboxEntry, path: Path, poster: bytes) -> None:
        assert entry.poster is not None
        with world():
            try:
                sync_file(path)
                self._at("clip synced")
                write_file(entry.poster, poster, at=self._at)
                self._at("poster written")
                write_file(_note(entry), _told(entry), at=self._at)
                sync_folder(self._files)
                self._at("clip announced")
                move_file(path, entry.path)
                self._at("clip moved")
                sync_folder(self._files)
                self._at("folder synced")
                self._rows.insert(entry)
            except (OSError, WorldError):
                if entry.path.is_file() and not path.exists():
                    move_file(entry.path, path)
                _drop(entry)
                raise
        self._at("row written")

    # looking
    def entry(self, original_id: str) -> OutboxEntry | None:
        """The entry of this original (a snapshot's id is that of its first)."""
        found = self._rows.entry(original_id)
        return None if found is None else self._seen(found)

    def entries(self, case_id: str | None = None) -> list[OutboxEntry]:
        """All entries (of a case), in the order in which they came in."""
        return [self._seen(entry) for entry in self._rows.entries(case_id=case_id)]

    def originals_of(self, snapshot_id: str) -> list[OutboxEntry]:
        """What is here of one snapshot, in the order in which it came in."""
        return [self._seen(entry) for entry in self._rows.entries(snapshot_id=snapshot_id)]

    def waiting(self, person_id: str) -> list[OutboxEntry]:
        """What still has to go to the service in this person's name, oldest first."""
        return [self._seen(entry) for entry in self._rows.entries(person_id=person_id) if entry.is_waiting]

    def original(self, original_id: str) -> bytes:
        """A picture's bytes; NotFound("snapshot.unknown") when it is no longer here, Conflict("outbox.damaged") when it differs."""
        entry = self._here(original_id)
        with world():
            data = entry.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != entry.meta.digest:
            raise Conflict("outbox.damaged")
        return data

    def check(self, original_id: str) -> OutboxEntry:
        """The entry, once its file was read and found sound (once in the program's life). Raises as `original` does."""
        entry = self._here(original_id)
        if original_id not in self._sound:
            with world():
                if digest_of(entry.path) != entry.meta.digest:
                    raise Conflict("outbox.damaged")
            self._sound.add(original_id)
        return entry

    def save_as(self, original_id: str, path: Path) -> None:
        """Write a copy of an original to `path` (over what is there), whole or not at all. Raises as `original` and `keep` do."""
        entry = self.check(original_id)
        with world():
            copy_file(entry.path, path)
            sync_folder(path.parent)

    # how far it is
    def mark(self, original_id: str, state: OutboxState, problem: DeskError | None = None) -> OutboxEntry:
        """Write down how far it is; a confirmed one never goes back."""
        if state is not OutboxState.SENT:
            self._progress.pop(original_id, None)
        self._rows.mark(original_id, state, problem)
        return self._told_of(original_id)

    def tell_progress(self, entry: OutboxEntry, sent: int, of: int) -> None:
        """How many bytes of it are on the other side. Quick, and not on the disk: any thread; screens hear of every further percent."""
        before = self._progress.get(entry.original_id)
        self._progress[entry.original_id] = (sent, of)
        if before is None or not of or 100 * before[0] // of != 100 * sent // of:
            self._changed(replace(entry, progress=(sent, of)))

    def progress(self, original_id: str) -> tuple[int, int] | None:
        """(sent, of) in bytes while it is on its way."""
        return self._progress.get(original_id)

    def assign(self, snapshot_id: str, checklist_item: str | None) -> OutboxEntry | None:
        """Let a snapshot that is not confirmed belong to another checklist item; None when it is too late for that, or on its way."""
        entry = self.entry(snapshot_id)
        if entry is None or entry.state not in {OutboxState.KEPT, OutboxState.REFUSED}:
            return None
        for one in self.originals_of(snapshot_id):
            self._rows.set_metadata(one.original_id, one.meta.model_copy(update={"checklist_item": checklist_item}))
        return self._told_of(snapshot_id)

    def amend(self, original_id: str, **changes: str | None) -> OutboxEntry:
        """Change what is said of one original before it goes (again)."""
        entry = self._here(original_id)
        self._rows.set_metadata(original_id, entry.meta.model_copy(update=changes))
        return self._told_of(original_id)

    def retry(self, original_id: str) -> OutboxEntry:
        """Send a refused one again, and the others of its snapshot that were refused with it."""
        entry = self.entry(original_id)
        for other in self.originals_of(entry.snapshot_id) if entry is not None else ():
            if other.state is OutboxState.REFUSED and other.original_id != original_id:
                self.mark(other.original_id, OutboxState.KEPT)
        return self.mark(original_id, OutboxState.KEPT)

    # after a restart, and in the end
    def recover(self) -> list[OutboxEntry]:
        """Take in files without a row (the program ended between the two). What cannot be understood goes to `set_aside/`."""
        taken: list[OutboxEntry] = []
        with world():
            adopted = (self._adopt(note) for note in sorted(self._files.glob("*.json")))
            taken.extend(entry for entry in adopted if entry is not None)
            known = {entry.original_id for entry in self._rows.entries()}
            for stray in sorted(self._files.iterdir()):
                if stray.name.split(".")[0] not in known:
                    self._put_aside(stray)
                elif stray.name.endswith(UNFINISHED):  # of one that is here
                    stray.unlink()
        for entry in taken:
            self._changed(entry)
        return taken

    def tidy(self, older_than: timedelta | None = timedelta(days=1)) -> int:
        """Remove confirmed originals that the service has for longer than this (None: all of them); returns how many."""
        now, day = self._clock.now(), timedelta(days=1)
        old = self._rows.confirmed(now - older_than, now + day) if older_than is not None else [
            entry for entry in self._rows.entries() if entry.state is OutboxState.CONFIRMED]
        with world():
            for entry in old:
                _drop(entry)
                self._rows.remove(entry.original_id)
        return len(old)

    def forget_case(self, case_id: str) -> int:
        """The service erased this case: its confirmed originals go from here too; how many. What never got there stays, and is shown."""
        gone = [entry for entry in self._rows.entries(case_id=case_id) if entry.state is OutboxState.CONFIRMED]
        with world():
            for entry in gone:
                _drop(entry)
                self._rows.remove(entry.original_id)
        return len(gone)

    def _adopt(self, note: Path) -> OutboxEntry | None:
        """The entry for a metadata file whose original is whole but has no row yet."""
        if not is_id(note.stem) or self._rows.entry(note.stem) is not None:
            return None
        try:
            told = json.loads(note.read_bytes())
            meta = SnapshotMeta.model_validate(told["metadata"])
            person_id, kept_at = str(told["person_id"]), datetime.fromisoformat(told["kept_at"])
            snapshot_id = require_id(str(told.get("snapshot_id", note.stem)))
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError, Invalid):
            return None
        path = note.with_suffix(_SUFFIX[meta.media_type])
        poster = self._files / (note.stem + _POSTER)
        unfinished = path.with_name(path.name + UNFINISHED)
        for found in (path, unfinished):
            if found.is_file() and digest_of(found) == meta.digest:
                sync_file(found)
                if found is unfinished:
                    found.replace(path)
                sync_folder(self._files)
                return self._rows.insert(OutboxEntry(
                    note.stem, snapshot_id, person_id, meta, path, OutboxState.KEPT, kept_at, path.stat().st_size,
                    poster if poster.is_file() else None))
        return None

    def _put_aside(self, stray: Path) -> None:
        corner = self._folder / "set_aside"
        corner.mkdir(exist_ok=True)
        stray.replace(corner / stray.name)
        self.set_aside.append(corner / stray.name)

    def _here(self, original_id: str) -> OutboxEntry:
        entry = self.entry(original_id)
        if entry is None or not entry.path.is_file():
            raise NotFound("snapshot.unknown")
        return entry

    def _told_of(self, original_id: str) -> OutboxEntry:
        entry = self.entry(original_id)
        if entry is None:
            raise NotFound("snapshot.unknown")
        self._changed(entry)
        return entry

    def _seen(self, entry: OutboxEntry) -> OutboxEntry:
        progress = self._progress.get(entry.original_id)
        return entry if progress is None else replace(entry, progress=progress)


def _note(entry: OutboxEntry) -> Path:
    return entry.path.with_suffix(".json")


def _told(entry: OutboxEntry) -> bytes:
    return json.dumps({"person_id": entry.person_id, "snapshot_id": entry.snapshot_id, "kept_at": iso(entry.kept_at),
                       "metadata": entry.meta.model_dump(mode="json")}).encode()


def _drop(entry: OutboxEntry) -> None:
    """Unlink what belongs to an entry; the metadata file first, so that nothing is adopted that is meant to go."""
    with suppress(OSError):
        for path in (_note(entry), entry.path, entry.poster):
            if path is not None:
                path.unlink(missing_ok=True)
