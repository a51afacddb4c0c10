"""A real desk on a disk with one case that has something in every table and folder, and another beside it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.service.conftest import CHEAP, PASSWORD, PEOPLE
from tests.service.in_process import InProcess
from tests.service.pictures import noisy_picture
from videodesk.bootstrap import make_desk
from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.calls.model import Call, ChatEntry, EndedBy, Side
from videodesk.cases.model import Case, HistoryEntry, Note, Party
from videodesk.cases.usecases import known_case, note_history
from videodesk.core.clock import iso
from videodesk.core.ids import new_id
from videodesk.core.people import Person
from videodesk.core.vocabulary import (
    CallState,
    CaseKind,
    CaseStatus,
    ConsentScope,
    Disposition,
    Language,
    PartyRole,
    ReviewDecision,
    StillState,
)
from videodesk.evidence.copies import CustomerCopy
from videodesk.evidence.model import Annotation, AwaitedStill, Rendition
from videodesk.evidence.sniff import sniff
from videodesk.evidence.upload_ports import PartialUpload, UploadLimits
from videodesk.review.model import Decision
from videodesk.service.app import create_app
from videodesk.settings import Settings

NAME, SERIAL, CHAT, NOTE = "Wilhelmina Zwaluwstaart", "SN-QX7741-KZ", "Hij viel uit de vrachtwagen", "belt liever na zessen"
ADDRESS, CAPTION, COMMENT, DAMAGE = "zwaluwstaart@voorbeeld.nl", "kras op de linkerdeur", "nogmaals de achterkant", "deuk door heftruck"
WORDS = (NAME, SERIAL, CHAT, NOTE, ADDRESS, CAPTION, COMMENT, DAMAGE, "Zwaluwstaart", "zwaluwstaart", "qx7741")


@dataclass
class Made:
    """A case and what is to be looked for of it."""

    id: str
    number: str
    pictures: list[bytes]


class KeptDesk:
    """The desk as `videodesk serve` runs it, in a folder."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.settings = Settings(data_dir=folder, use_keyring=False, **settings)
        self.tokens: dict[str, str] = {}
        self.open()
        with self.desk.store.write() as uow:
            for name, roles in PEOPLE.items():
                uow.people.add(Person(new_id(), name, name.capitalize(), frozenset(roles), CHEAP.hash(PASSWORD), self.desk.clock.now()))

    def open(self) -> None:
        """Start (again)."""
        self.desk = make_desk(self.settings, is_embedded=False)
        self.app = create_app(self.desk, CHEAP)
        self.client = InProcess(self.app)

    def close(self) -> None:
        self.client.close()
        self.desk.pictures.close()
        self.desk.bus.close()
        self.desk.store.close()

    def ask(self, method: str, path: str, who: str = "saskia", **rest: Any):
        if who not in self.tokens:
            answer = self.client.request("POST", "/api/v1/session", json={"name": who, "password": PASSWORD})
            self.tokens[who] = answer.json()["token"]
        return self.client.request(method, f"/api/v1{path}", headers={"Authorization": f"Bearer {self.tokens[who]}"}, **rest)

    def case(self, name: str = NAME, serial: str = SERIAL, seed: int = 1) -> Made:
        """A case with everything, its call over. With another seed its words are others too."""
        note, chat, address, caption, comment, damage = (
            word if seed == 1 else word[::-1] for word in (NOTE, CHAT, ADDRESS, CAPTION, COMMENT, DAMAGE))
        now, desk = self.desk.clock.now(), self.desk
        case_id, call_id, invitation_id = new_id(), new_id(), new_id()
        with desk.store.write() as uow:
            anna = uow.people.by_name("anna").id
            number = uow.cases.next_number(2026)
            case = Case(case_id, number, CaseKind.PARCEL, CaseStatus.DECIDED, Language.NL, new_id(), now, now, title=damage, serial=serial,
                        parties=(Party(PartyRole.CUSTOMER, name, email=address),))
            uow.cases.add(case)
            uow.cases.replace(replace(case, revision=2, brand=name.rsplit(maxsplit=1)[-1]))
            uow.cases.add_note(Note(new_id(), case_id, new_id(), "Anna", note, now))
            uow.cases.add_history(HistoryEntry(case_id, now, new_id(), "Anna", "status", {"reason": damage}))
            uow.invitations.add(Invitation(invitation_id, case_id, Language.NL, f"{seed:064x}", f"{seed + 50:064x}", new_id(), "Anna", now,
                                           now + timedelta(days=1)))
            uow.invitations.add_consent(Consent(new_id(), invitation_id, "1", Language.NL, tuple(ConsentScope), now - timedelta(minutes=1)))
            uow.calls.add(Call(call_id, case_id, invitation_id, CallState.ENDED, now, agent_id=anna, ended_at=now, ended_by=EndedBy.AGENT,
                               disposition=Disposition.FOLLOW_UP, note=damage))
            uow.calls.add_chat(ChatEntry(new_id(), call_id, Side.CUSTOMER, chat, now))
            uow.copies.add(CustomerCopy(new_id(), case_id, call_id, f"{seed + 99:064x}", new_id(), "Anna", now, now + timedelta(days=1)))
        pictures = [noisy_picture(96 + seed, 64 + n) for n in range(3)]
        for n, data in enumerate(pictures[:2]):
            facts, snapshot_id = sniff(data), new_id()
            meta = {"case_id": case_id, "call_id": call_id, "method": "frame", "digest": _sha(data), "media_type": facts.media_type, "width_px": facts.width_px,
                    "height_px": facts.height_px, "captured_at": iso(now), "frame_seq": n}
            answer = self.ask("PUT", f"/snapshots/{snapshot_id}", "anna", files={
                "metadata": (None, json.dumps(meta), "application/json"), "original": ("original.jpg", data, facts.media_type)})
            assert answer.status_code == 200, answer.text
            assert self.ask("PATCH", f"/snapshots/{snapshot_id}", json={"caption": caption}).status_code == 200
            assert self.ask("GET", f"/snapshots/{snapshot_id}/thumbnail").status_code == 200
            with desk.store.write() as uow:
                uow.evidence.add_annotation(Annotation(snapshot_id, 1, {"marks": [{"kind": "text", "text": damage}]}, new_id(), now))
                digest = desk.blobs.of_case(case_id).put(pictures[2])
                uow.evidence.add_rendition(Rendition(new_id(), snapshot_id, 1, digest, "image/jpeg", 7, 8, 9, True, new_id(), now))
                uow.reviews.add(Decision(new_id(), snapshot_id, case_id, ReviewDecision.ACCEPTED, "", comment, new_id(), now))
                uow.evidence.save_awaited(AwaitedStill(snapshot_id, case_id, call_id, now, new_id(), StillState.ARRIVED))
        upload = PartialUpload(new_id(), "somebody", 5_000, now, case_id=case_id)
        desk.uploads.create(upload, UploadLimits(9, 10_000_000, 10_000_000), now)
        with desk.uploads.writing(upload.id, "somebody", 0, now) as writer:
            writer.write(pictures[0][:2_000])
        folder = self.folder / "packages" / case_id
        folder.mkdir(parents=True)
        (folder / f"{new_id()}.zip").write_bytes(b"PK" + pictures[0] + name.encode())
        return Made(case_id, number, pictures)

    def close_case(self, made: Made) -> None:
        """It is over, now."""
        with self.desk.store.write() as uow:
            case, now = known_case(uow, made.id), self.desk.clock.now()
            uow.cases.replace(replace(case, status=CaseStatus.CLOSED, revision=case.revision + 1, changed_at=now))
            note_history(uow, made.id, Person(new_id(), "anna", "Anna", frozenset(), "x", now).principal(), "status", now, new="closed")

    def traces(self, made: Made, words: tuple[str, ...] = WORDS) -> list[str]:
        """Where in the folder anything of this case still stands, in whatever file."""
        wanted = [word.encode() for word in words] + [picture[at:at + 24] for picture in made.pictures for at in (700, 1100, 1500)]
        return [f"{path.relative_to(self.folder)}: {one!r}" for path in sorted(self.folder.rglob("*")) if path.is_file()
                for data in [path.read_bytes()] for one in wanted if one in data]


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
