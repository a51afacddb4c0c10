"""Three lives that are walked: a snapshot with its second original, a still of the customer's camera, a clip; and the machine they run on.

A life is lived once (`live`), is broken off anywhere, and finished (`finish`) as the program, the page or the person would: what is on the
disk is sent on, what nobody was promised is done again under the same id. Everything that is promised on the way is noted.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from limits import parse

from tests.service.evidence_desk import EvidenceDesk
from tests.service.fixed_vault import FixedVault
from tests.service.pictures import noisy_picture, picture
from tests.service.test_clips import WEBM
from videodesk.bootstrap import tidy
from videodesk.client import delivery as delivery_module
from videodesk.client import http as http_module
from videodesk.client import uploading
from videodesk.client.delivery import Delivery
from videodesk.client.disk import world
from videodesk.client.http import HttpDeskApi
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.clock import HandClock, iso
from videodesk.core.errors import DeskError
from videodesk.core.ids import new_id
from videodesk.core.people import Principal, Role
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.evidence.custody_check import check_log, salts_of
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.evidence.stills import await_still
from videodesk.protocol.resources import SnapshotMeta
from videodesk.service import limits
from videodesk.service.api import uploads as upload_routes
from videodesk.service.case_views import missing_pieces
from videodesk.service.desk import Desk
from videodesk.settings import Settings
from videodesk.storage import uploads_local
from videodesk.storage.blobs_encrypted import EncryptedCaseBlobs
from videodesk.storage.bus_local import LocalBus
from videodesk.storage.sql.engine import SqlStore
from videodesk.storage.uploads_local import LocalUploads

Note = Callable[[dict], None]
SNAPSHOT, SECOND, AWAITED, STILL, UPLOAD, CLIP = (new_id() for _ in range(6))
ROUNDS = 6


def small_pieces() -> None:
    """Little data in many steps: what is large begins at 32 kB. And nobody asks too often."""
    http_module.WHOLE_BYTES = delivery_module.WHOLE_BYTES = 32 * 1024
    uploading.REQUEST_BYTES, uploading._PIECE_BYTES = 40 * 1024, 16 * 1024
    upload_routes._PIECE_BYTES = 16 * 1024
    limits.REQUESTS = parse("1000000/10 seconds")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Seed:
    """A desk with people, a case, a call and an awaited still, to copy; and the one application that all machines serve with."""

    def __init__(self, folder: Path) -> None:
        small_pieces()
        desk = EvidenceDesk(folder / "service")
        principal = Principal(desk.people["anna"], frozenset({Role.AGENT}), "Anna", None)
        with desk.store.write() as uow:
            await_still(uow, principal, uow.calls.get(desk.call_id), AWAITED, desk.clock.now())
        self.folder, self.app, self.pictures = folder, desk.app, desk.desk.pictures
        self.case_id, self.call_id, self.person_id = desk.case_id, desk.call_id, desk.people["anna"]
        self.agent, self.customer, self.start = desk.token("anna"), desk.token("customer"), desk.clock.now()
        self.pictures.thumbnail(picture(), sniff(picture()[:HEAD_BYTES]))  # its children start before anything is counted
        desk.client.close()
        desk.store.close()
        (folder / "desk").mkdir()
        Outbox(folder / "desk" / "outbox", HandClock(self.start)).close()

    def close(self) -> None:
        self.pictures.close()


@dataclass
class Clocks:
    """How far the two wall clocks are off."""

    desk: timedelta = timedelta()
    service: timedelta = timedelta()


class Machine:
    """Desktop and service on one folder: `desk/` and `service/`. Constructing it is starting the programs."""

    def __init__(self, seed: Seed, folder: Path, note: Note, clocks: Clocks | None = None) -> None:
        self.seed, self.folder, self.note = seed, folder, note
        off = clocks or Clocks()
        self.start_service(HandClock(seed.start + off.service))
        self.outbox = Outbox(folder / "desk" / "outbox", HandClock(seed.start + off.desk), self._changed)
        self.answers: list[tuple[str, int]] = []
        self.use(httpx.ASGITransport(self._noting, raise_app_exceptions=False, client=("127.0.0.1", 50_000)), "http://testserver")

    def start_service(self, clock: HandClock) -> None:
        data = self.folder / "service"
        self.bus, vault = LocalBus(), FixedVault()
        self.store = SqlStore(f"sqlite:///{data / 'desk.db'}", self.bus, vault)
        blobs = EncryptedCaseBlobs(data / "blobs", vault, clock)
        self.blobs = blobs.of_case(self.seed.case_id)
        self.desk = Desk(settings=Settings(data_dir=data), store=self.store, blobs=blobs, uploads=LocalUploads(data / "uploads", vault), vault=vault,
                         bus=self.bus, clock=clock, pictures=self.seed.pictures)
        self.seed.app.state.desk = self.desk
        with suppress(DeskError):  # a full disk: at the next start
            tidy(self.desk)

    def use(self, transport: httpx.AsyncBaseTransport, url: str) -> None:
        """The line between the two."""
        self.line = httpx.AsyncClient(transport=transport, base_url=url, trust_env=False, timeout=60)
        self.api = HttpDeskApi(self.line, self.seed.agent)
        self.delivery = Delivery(self.outbox, self.api)

    async def stop(self) -> None:
        await self.line.aclose()
        self.outbox.close()
        self.store.close()
        self.bus.close()

    async def deliver(self) -> None:
        """Rounds of delivery until nothing waits (or nothing moves)."""
        for _ in range(ROUNDS):
            if await self.delivery.deliver_once(self.seed.person_id) is None:
                return

    async def customer(self, method: str, path: str, headers: dict[str, str] | None = None, **rest) -> httpx.Response:
        told = {"Authorization": f"Bearer {self.seed.customer}", "Tus-Resumable": "1.0.0"} | (headers or {})
        return await self.line.request(method, f"/api/v1{path}", headers=told, **rest)

    def has(self, original_id: str, data: bytes) -> bool:
        """Whether the service has this original, with all its bytes."""
        with self.store.read() as uow:
            found = uow.evidence.original(original_id)
        with suppress(DeskError):
            return found is not None and self.blobs.read(found.digest) == data
        return False

    def _changed(self, entry) -> None:
        self.note({"told": entry.state.value, "id": entry.original_id})

    async def _noting(self, scope, receive, send) -> None:
        """The application; its good answers are promises."""
        async def noted(message) -> None:
            if message["type"] == "http.response.start":
                status, path = message["status"], scope["path"]
                self.answers.append((f"{scope['method']} {path}", status))
                offset = dict(message["headers"]).get(b"upload-offset")
                if status < 300:
                    self.note({"answer": scope["method"], "id": path.rpartition("/")[2], "offset": int(offset) if offset else None})
            await send(message)

        await self.seed.app(scope, receive, noted)


class Life:
    """What is common to the three. `originals`: what there is in the end, by id."""

    name = ""
    snapshot_id = ""
    originals: dict[str, bytes]

    def __init__(self, seed: Seed) -> None:
        self.seed = seed

    def meta(self, data: bytes, **more) -> SnapshotMeta:
        known = {"method": SnapshotMethod.FRAME, "width_px": 64, "height_px": 48, "media_type": "image/jpeg"}
        return SnapshotMeta(case_id=self.seed.case_id, call_id=self.seed.call_id, digest=sha(data), captured_at=self.seed.start, **known | more)

    async def live(self, machine: Machine) -> None:
        raise NotImplementedError

    async def finish(self, machine: Machine) -> None:
        await self.live(machine)

    def broken(self, machine: Machine, notes: list[dict], kind: str) -> list[str]:
        """Which promises do not hold, right after everything was started again."""
        found = []
        for original_id, data in self.originals.items():
            kept = any(note.get("kept") == original_id for note in notes)
            entry = machine.outbox.entry(original_id)
            if kept and (entry is None or entry.path.read_bytes() != data):
                found.append(f"lost: {original_id} was kept here")
            stored = any(note.get("told") == OutboxState.CONFIRMED and note["id"] == original_id for note in notes) or any(
                note.get("answer") == "PUT" and note["id"] == original_id for note in notes)
            if stored and not machine.has(original_id, data):
                found.append(f"lost: {original_id} was in the case")
        offsets = [note["offset"] for note in notes if note.get("answer") in {"POST", "PATCH"} and note["offset"] is not None]
        for upload in machine.desk.uploads.of_case(self.seed.case_id, machine.desk.clock.now()):
            part = (machine.folder / "service" / "uploads" / f"{upload.id}.part").open("rb", buffering=0)
            there = b"".join(uploads_local._plain(part, machine.desk.uploads._entries[upload.id].key, 0))
            if len(there) != upload.offset or (kind != "names" and not any(data.startswith(there) for data in self.originals.values())):
                found.append(f"false: an offset of {upload.offset} with {len(there)} bytes")
        finished = any(note.get("answer") == "PUT" for note in notes)
        if offsets and not finished and kind in {"killed", "torn", "running"}:
            there = [one.offset for one in machine.desk.uploads.of_case(self.seed.case_id, machine.desk.clock.now())]
            here = any(machine.has(one, data) for one, data in self.originals.items())
            if not here and (not there or there[0] < max(offsets)):
                found.append(f"lost: {max(offsets)} bytes were told, {there} are there")
        return found

    def wrong(self, machine: Machine) -> list[str]:
        """What is not as it must be in the end."""
        found = []
        with machine.store.read() as uow:
            snapshots = uow.evidence.snapshots_of(self.seed.case_id)
            originals = uow.evidence.originals_of([one.id for one in snapshots])
            log, named = list(uow.custody.all()), uow.evidence.named_digests()
            is_intact = check_log(uow.custody, salts_of(uow.custody)).is_intact
            missing = [one.kind for one in missing_pieces(machine.desk, uow, self.seed.case_id)
                       if one.kind != "still" or self.snapshot_id == AWAITED]  # the others' lives leave it awaited
        if [one.id for one in snapshots] != [self.snapshot_id]:
            found.append(f"{'doubled' if len(snapshots) > 1 else 'lost'}: {len(snapshots)} snapshots")
        if sorted(one.id for one in originals) != sorted(self.originals):
            found.append(f"{'doubled' if len(originals) > len(self.originals) else 'lost'}: {len(originals)} originals")
        found += [f"lost: the bytes of {one}" for one, data in self.originals.items() if not machine.has(one, data)]
        if not is_intact:
            found.append("half: the custody log is broken")
        entered = sorted((entry.action.value, entry.data.get("original_id")) for entry in log if entry.action.value in {"captured", "stored"})
        if entered != sorted((action, one) for action in ("captured", "stored") for one in self.originals):
            found.append(f"doubled: custody {entered}")
        if unnamed := set(machine.blobs.digests()) ^ named:
            found.append(f"half: {len(unnamed)} blobs without a name or names without a blob")
        if missing:
            found.append(f"false: {missing} is told to be missing")
        states = {entry.state for entry in machine.outbox.entries()} - {OutboxState.CONFIRMED}
        if states:
            found.append(f"false: {states} of what is in the case")
        if rubbish := [path.name for path in (machine.folder / "desk" / "outbox" / "originals").glob("*.tmp")]:
            found.append(f"half: {rubbish}")
        return found


class SnapshotLife(Life):
    """The clicked frame and the sharpest one, kept here and sent."""

    name = "snapshot"
    snapshot_id = SNAPSHOT

    def __init__(self, seed: Seed) -> None:
        super().__init__(seed)
        self.originals = {SNAPSHOT: picture(64, 48, colour="teal"), SECOND: picture(64, 48, colour="navy")}

    async def live(self, machine: Machine) -> None:
        for original_id, data in self.originals.items():
            meta = self.meta(data, method=SnapshotMethod.FRAME if original_id == SNAPSHOT else SnapshotMethod.SHARPEST)
            machine.outbox.keep(original_id, self.seed.person_id, meta, data, SNAPSHOT)
            machine.note({"kept": original_id})
        await machine.deliver()


class ClipLife(Life):
    """A recording that is taken over, and goes in pieces."""

    name = "clip"
    snapshot_id = CLIP

    def __init__(self, seed: Seed) -> None:
        super().__init__(seed)
        self.originals = {CLIP: WEBM + random.Random(1).randbytes(120_000)}
        self.poster = picture(64, 48, colour="olive")

    async def live(self, machine: Machine) -> None:
        data = self.originals[CLIP]
        meta = self.meta(data, method=SnapshotMethod.CLIP, media_type="video/webm", duration_s=20.0)
        recording = machine.folder / "desk" / "recording.webm"
        if machine.outbox.entry(CLIP) is None and not (recording.is_file() and recording.read_bytes() == data):
            with world():
                recording.write_bytes(data)
        machine.outbox.keep_file(CLIP, self.seed.person_id, meta, recording, self.poster)
        machine.note({"kept": CLIP})
        await machine.deliver()


class StillLife(Life):
    """What the customer's page does with a still: begin with the first bytes, go on from where the service is, make it evidence."""

    name = "still"
    snapshot_id = AWAITED

    def __init__(self, seed: Seed) -> None:
        super().__init__(seed)
        self.originals = {STILL: noisy_picture(540, 400)}

    async def live(self, machine: Machine) -> None:
        data = self.originals[STILL]
        for _ in range(ROUNDS):
            with suppress(httpx.TransportError):
                if await self._try(machine, data):
                    return

    async def _try(self, machine: Machine, data: bytes) -> bool:
        offset = await self._begun(machine, data)
        while offset is not None and offset < len(data):
            offset = await self._append(machine, data, offset)
        if offset is None:
            return False
        body = {"call_id": self.seed.call_id, "snapshot_id": AWAITED, "upload_id": UPLOAD, "method": "take_photo", "digest": sha(data),
                "captured_at": iso(self.seed.start)}
        answer = await machine.customer("PUT", f"/join/stills/{STILL}", content=json.dumps(body), headers={"Content-Type": "application/json"})
        return answer.status_code == 200

    async def _begun(self, machine: Machine, data: bytes) -> int | None:
        found = await machine.customer("HEAD", f"/join/uploads/{UPLOAD}")
        if found.status_code == 404:
            told = ",".join(f"{name} {_base64(value)}" for name, value in {"id": UPLOAD, "snapshot_id": AWAITED}.items())
            found = await machine.customer("POST", "/join/uploads", content=data[:20_000], headers={
                "Upload-Length": str(len(data)), "Upload-Metadata": told, "Content-Type": "application/offset+octet-stream"})
        return _offset(found)

    async def _append(self, machine: Machine, data: bytes, offset: int) -> int | None:
        found = await machine.customer("PATCH", f"/join/uploads/{UPLOAD}", content=data[offset:offset + 30_000], headers={
            "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
        return _offset(found)


def _base64(text: str) -> str:
    import base64
    return base64.b64encode(text.encode()).decode()


def _offset(answer: httpx.Response) -> int | None:
    return int(answer.headers["upload-offset"]) if answer.status_code < 300 and "upload-offset" in answer.headers else None


LIVES: dict[str, type[Life]] = {life.name: life for life in (SnapshotLife, StillLife, ClipLife)}
