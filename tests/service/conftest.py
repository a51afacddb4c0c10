"""A running desk for the tests of the service."""

from __future__ import annotations

import asyncio
import threading
import warnings
from dataclasses import dataclass

import httpx
import pytest
import structlog
from argon2 import PasswordHasher

from tests.service.fixed_vault import FixedVault
from videodesk.core.clock import HandClock, SystemClock
from videodesk.core.ids import new_id
from videodesk.core.people import Person, Role
from videodesk.service.app import create_app
from videodesk.service.auth import Passwords
from videodesk.service.desk import Desk
from videodesk.service.server import ServiceServer
from videodesk.settings import Settings
from videodesk.storage.blobs_encrypted import EncryptedCaseBlobs
from videodesk.storage.bus_local import LocalBus
from videodesk.storage.sql.engine import SqlStore
from videodesk.storage.sql.schema import metadata
from videodesk.storage.uploads_local import LocalUploads

with warnings.catch_warnings():
    # Starlette wants httpx2 for its test client; httpx, which the product itself uses, works as well.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PASSWORD = "correct-horse-1"
PEOPLE = {
    "anna": {Role.AGENT}, "bram": {Role.AGENT}, "saskia": {Role.SUPERVISOR}, "adam": {Role.ADMINISTRATOR},
}
DEVICE = "a-device-of-22-characters"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
_HASH = CHEAP.hash(PASSWORD)


def quiet_logs() -> None:
    """Logs through the standard library, which pytest shows of a failing test; structlog's own default draws a trace for seconds."""
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(), wrapper_class=structlog.stdlib.BoundLogger, cache_logger_on_first_use=False)


quiet_logs()


def make_desk(folder, clock=None, **settings) -> Desk:
    bus = LocalBus()
    vault = FixedVault()
    store = SqlStore(f"sqlite:///{folder / 'desk.db'}", bus, vault)
    metadata.create_all(store.engine)
    desk = Desk(
        settings=Settings(data_dir=folder, **settings), store=store, blobs=EncryptedCaseBlobs(folder / "blobs", vault),
        uploads=LocalUploads(folder / "uploads", vault), bus=bus, clock=clock or HandClock(), vault=vault,
        setup_code="setup-code-of-the-test", public_url="http://localhost:8080", code_key="a key for the tests")
    with store.write() as uow:
        for name, roles in PEOPLE.items():
            uow.people.add(Person(new_id(desk.clock.now()), name, name.capitalize(), frozenset(roles), _HASH, desk.clock.now()))
    return desk


def close_desk(desk) -> None:
    desk.store.close()
    desk.bus.close()
    desk.pictures.close()


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def desk(tmp_path, clock):
    made = make_desk(tmp_path, clock)
    yield made
    close_desk(made)


@dataclass
class Client:
    """The API as one person sees it; `as_(name)` is somebody else."""

    http: TestClient
    headers: dict[str, str]

    def as_(self, name) -> Client:
        if name is None:
            return Client(self.http, {})
        answer = self.http.post("/api/v1/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return Client(self.http, {"Authorization": f"Bearer {answer.json()['token']}"})

    def with_token(self, token) -> Client:
        return Client(self.http, {"Authorization": f"Bearer {token}"})

    def ask(self, method, path, **more):
        headers = self.headers | more.pop("headers", {})
        return self.http.request(method, f"/api/v1{path}", headers=headers, **more)

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, json=body, **more)

    def put(self, path, body=None, **more):
        return self.ask("PUT", path, json=body, **more)

    def patch(self, path, body=None, **more):
        return self.ask("PATCH", path, json=body, **more)

    def delete(self, path, **more):
        return self.ask("DELETE", path, **more)

    # steps that many tests take
    def make_case(self, **values):
        answer = self.post("/cases", {"kind": "parcel", "parties": [{"role": "customer", "name": "Mevrouw De Vries"}]} | values)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def invite(self, case_id, **values):
        answer = self.post(f"/cases/{case_id}/invitations", values)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def join(self, made, device=DEVICE) -> Client:
        """The customer who opened the invitation."""
        answer = self.as_(None).post("/join/exchange", {"token": made["join_link"].partition("#")[2], "device": device})
        assert answer.status_code == 200, answer.text
        return self.with_token(answer.json()["token"])

    def consent(self, *granted):
        answer = self.post("/join/consent", {"text_version": self.get("/join/state").json()["consent_text"]["version"], "language": "nl",
                                             "granted": list(granted)})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def app(desk):
    return create_app(desk, CHEAP)


@pytest.fixture
def visitor(app):
    """Somebody who is not signed in."""
    with TestClient(app, base_url="http://localhost:8080", raise_server_exceptions=False) as http:
        yield Client(http, {})


@pytest.fixture
def client(visitor):
    """Anna, an agent."""
    return visitor.as_("anna")


class LiveService:
    """A real uvicorn in a thread of its own."""

    def __init__(self, folder, tls=None, **settings) -> None:
        folder.mkdir(exist_ok=True)
        self.desk = make_desk(folder, SystemClock(), host="127.0.0.1", **settings)
        self.desk.public_url = ""
        self.app = create_app(self.desk, CHEAP)
        self.server = ServiceServer(self.desk, app=self.app, tls=tls)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self.run(self.server.start())
        except Exception:
            self.close()
            raise
        self.url = self.server.url

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def sign_in(self, name) -> httpx.Client:
        """An HTTP client of this person, below /api/v1."""
        http = httpx.Client(base_url=f"{self.url}/api/v1", trust_env=False, timeout=60)
        answer = http.post("/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return http

    def close(self) -> None:
        self.run(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        close_desk(self.desk)


@pytest.fixture
def live_service(tmp_path):
    service = LiveService(tmp_path)
    yield service
    service.close()
