"""A desk service in process, on SQLite and local files, with people, a case, a call and an opened invitation."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from tests.service.fixed_vault import FixedVault
from tests.service.in_process import InProcess
from tests.service.pictures import picture
from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.calls.model import Call
from videodesk.cases.model import Case, Party
from videodesk.core.clock import HandClock, SystemClock, iso
from videodesk.core.ids import new_id
from videodesk.core.people import Person, Role, SignIn
from videodesk.core.vocabulary import CallState, CaseKind, CaseStatus, ConsentScope, Language, PartyRole
from videodesk.evidence.sniff import sniff
from videodesk.service.app import create_app
from videodesk.service.auth import Passwords
from videodesk.service.desk import Desk
from videodesk.settings import Settings
from videodesk.storage.blobs_encrypted import EncryptedCaseBlobs
from videodesk.storage.bus_local import LocalBus
from videodesk.storage.sql.engine import SqlStore
from videodesk.storage.sql.schema import metadata
from videodesk.storage.uploads_local import LocalUploads

API = "/api/v1"
PEOPLE = {"anna": Role.AGENT, "bram": Role.AGENT, "saskia": Role.SUPERVISOR, "adam": Role.ADMINISTRATOR}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class EvidenceDesk:
    """The service and one case with a running call of anna's; `customer` is the token of the invitation's page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.bus = LocalBus()
        self.events: list[Any] = []
        self.vault = FixedVault()
        self.store = SqlStore(f"sqlite:///{folder / 'desk.db'}", self.bus, self.vault)
        metadata.create_all(self.store.engine)
        self.desk = Desk(settings=Settings(data_dir=folder), store=self.store, blobs=EncryptedCaseBlobs(folder / "blobs", self.vault),
                         uploads=LocalUploads(folder / "uploads", self.vault), bus=self.bus, clock=self.clock, vault=self.vault)
        self.app = create_app(self.desk, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
        self.people: dict[str, str] = {}
        self.case_id, self.other_case_id, self.invitation_id, self.call_id = (new_id() for _ in range(4))
        self.customer = "customer-token-" + "c" * 20
        self.blobs = self.desk.blobs.of_case(self.case_id)
        self._fill()
        self.client = InProcess(self.app)

    def _fill(self) -> None:
        now = self.clock.now()
        later = now + timedelta(days=1)
        with self.store.write() as uow:
            for name, role in PEOPLE.items():
                person = Person(new_id(), name, name.capitalize(), frozenset({role}), "x", now)
                self.people[name] = person.id
                uow.people.add(person)
            for case_id in (self.case_id, self.other_case_id):
                uow.cases.add(Case(case_id, uow.cases.next_number(2026), CaseKind.PARCEL, CaseStatus.IN_CALL, Language.NL, self.people["anna"], now, now,
                                   parties=(Party(PartyRole.CUSTOMER, "Klaas <b>Klant</b>"),)))
            self.invitation = Invitation(
                self.invitation_id, self.case_id, Language.NL, sha(b"t"), sha(b"c"), self.people["anna"], "Anna", now, later,
                first_opened_at=now, device_digest=sha(b"d"), session_digest=sha(self.customer.encode()),
            )
            uow.invitations.add(self.invitation)
            uow.calls.add(Call(id=self.call_id, case_id=self.case_id, invitation_id=self.invitation_id, state=CallState.CONNECTED,
                               waiting_since=now, agent_id=self.people["anna"]))
        self.consent(*ConsentScope)
        self.sign_in_again()

    def sign_in_again(self) -> None:
        """Give everybody their token (back), and the customer an open invitation."""
        now = self.clock.now()
        with self.store.write() as uow:
            for name, person_id in self.people.items():
                digest = sha(self.token(name).encode())
                uow.people.remove_sign_in(digest)
                uow.people.add_sign_in(SignIn(digest, person_id, now, now + timedelta(days=1)))
            uow.invitations.save(self.invitation)

    def close(self) -> None:
        self.client.close()
        self.desk.pictures.close()
        self.store.close()
        self.bus.close()

    def restart_uploads(self) -> None:
        """The service was ended and knows only what is on the disk."""
        self.desk.uploads = LocalUploads(self.folder / "uploads", self.vault)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = SystemClock().monotonic() + 60
        pause = threading.Event()
        while not condition():
            assert SystemClock().monotonic() < deadline, "waited in vain"
            pause.wait(0.02)

    def consent(self, *scopes: ConsentScope) -> None:
        with self.store.write() as uow:
            uow.invitations.add_consent(Consent(new_id(), self.invitation_id, "1", Language.NL, scopes, self.clock.now()))

    def token(self, name: str) -> str:
        return self.customer if name == "customer" else f"token-of-{name}-" + "t" * 20

    def ask(self, method: str, path: str, who: str | None = "anna", **rest: Any):
        headers = {"Authorization": f"Bearer {self.token(who)}"} if who else {}
        return self.client.request(method, API + path, headers=headers | rest.pop("headers", {}), **rest)

    def metadata(self, data: bytes, **changes: Any) -> dict[str, Any]:
        facts = sniff(data)
        return {
            "case_id": self.case_id, "call_id": self.call_id, "method": "frame", "digest": sha(data), "media_type": facts.media_type,
            "width_px": facts.width_px, "height_px": facts.height_px, "captured_at": iso(self.clock.now()), "frame_seq": 12,
        } | changes

    def put(self, data: bytes, snapshot_id: str | None = None, who: str | None = "anna", meta: dict[str, Any] | None = None, **changes: Any):
        meta = self.metadata(data, **changes) if meta is None else meta
        return self.ask("PUT", f"/snapshots/{snapshot_id or new_id()}", who, files={
            "metadata": (None, json.dumps(meta), "application/json"), "original": ("original.jpg", data, meta["media_type"]),
        })

    def kept(self, colour: str = "teal", **changes: Any) -> dict[str, Any]:
        answer = self.put(picture(64, 48, colour=colour), **changes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def photo(self, data: bytes, who: str | None = "customer", **fields: str):
        return self.ask("POST", "/join/photos", who, files={"photo": ("photo.jpg", data, "image/jpeg")}, data=fields)

    def custody(self) -> list[dict[str, Any]]:
        return self.ask("GET", f"/cases/{self.case_id}/custody").json()["items"]


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer is problem+json with this status and code."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    return body
