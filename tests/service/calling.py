"""A running service for the tests of calls, and peers that speak real WebSockets."""

import asyncio
import contextlib
import hashlib
import json
import secrets
import threading
from dataclasses import replace

import httpx
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.service.fixed_vault import FixedVault
from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.cases.model import Case, Party
from videodesk.core.clock import SystemClock
from videodesk.core.ids import new_id
from videodesk.core.people import Person, Role, SignIn
from videodesk.core.vocabulary import CaseKind, CaseStatus, ConsentScope, Language, PartyRole
from videodesk.protocol import messages as m
from videodesk.service.app import create_app
from videodesk.service.desk import Desk
from videodesk.service.hub import Hub, Times
from videodesk.settings import Settings
from videodesk.storage.blobs_encrypted import EncryptedCaseBlobs
from videodesk.storage.bus_local import LocalBus
from videodesk.storage.sql.engine import SqlStore
from videodesk.storage.sql.schema import metadata
from videodesk.storage.uploads_local import LocalUploads

QUICK = Times(hello_s=1.0, ping_s=0.2, silence_s=2.0, grace_s=60.0, keep_s=120.0, tick_s=0.05)
PATIENCE_S = 60.0
NAUGHTY = "<img src=x onerror=alert(1)> O'Brien\u202e \U0001f4a5"


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


class RunningService:
    """A desk on SQLite behind a real uvicorn; `restart` keeps the database and the port, and nothing else."""

    def __init__(self, folder, times=QUICK, **settings):
        self.folder, self.times, self.given = folder, times, settings
        self.port = 0
        self._cases = 0
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        bus = LocalBus()
        vault = FixedVault()
        store = SqlStore(f"sqlite:///{self.folder / 'desk.db'}", bus, vault)
        metadata.create_all(store.engine)
        settings = Settings(data_dir=self.folder, **self.given)
        self.desk = Desk(settings=settings, store=store, blobs=EncryptedCaseBlobs(self.folder / "blobs", vault),
                         uploads=LocalUploads(self.folder / "uploads", vault), vault=vault, bus=bus,
                         clock=SystemClock())
        app = create_app(self.desk)
        self.hub = app.state.hub = Hub(self.desk, self.times)
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="error", ws="websockets-sansio", lifespan="on", timeout_graceful_shutdown=2)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        wait(lambda: self.server.started)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self):
        self.server.should_exit = True
        self.thread.join(timeout=15)
        assert not self.thread.is_alive()
        self.desk.store.close()
        self.desk.bus.close()

    def restart(self):
        self.stop()
        self.start()

    def person(self, name="Anna", *roles):
        """A person with a sign-in; gives their token and id."""
        now = self.desk.clock.now()
        token = secrets.token_urlsafe(32)
        person = Person(new_id(now), f"{name.lower()}-{token[:8].lower()}", name, frozenset(roles or {Role.AGENT}), "x", now)
        with self.desk.store.write() as uow:
            uow.people.add(person)
            uow.people.add_sign_in(SignIn(digest(token), person.id, now, now.replace(year=now.year + 1)))
        return token, person.id

    def customer(self, *, has_consented=True):
        """A case with an invitation that was opened; gives the page's token and the invitation's id."""
        now = self.desk.clock.now()
        token = secrets.token_urlsafe(32)
        self._cases += 1
        case = Case(new_id(now), f"VD-2026-{secrets.randbelow(10**6):06d}", CaseKind.PARCEL, CaseStatus.SCHEDULED, Language.NL, new_id(now), now, now,
                    parties=(Party(PartyRole.CUSTOMER, NAUGHTY),))
        invitation = Invitation(new_id(now), case.id, Language.NL, digest(secrets.token_urlsafe(8)), digest(secrets.token_urlsafe(8)), new_id(now), "Anna", now,
                                now.replace(year=now.year + 1), first_opened_at=now, device_digest=digest("device"), session_digest=digest(token))
        with self.desk.store.write() as uow:
            uow.cases.add(case)
            uow.invitations.add(invitation)
            if has_consented:
                uow.invitations.add_consent(Consent(new_id(now), invitation.id, "1", Language.NL, tuple(ConsentScope), now))
        return token, invitation.id

    def revoke(self, invitation_id):
        from videodesk.core.events import Event

        now = self.desk.clock.now()
        with self.desk.store.write() as uow:
            invitation = uow.invitations.get(invitation_id)
            uow.invitations.save(replace(invitation, revoked_at=now))
            uow.emit(Event("invitation.revoked", now, {"invitation_id": invitation_id}, case_id=invitation.case_id))

    def call(self, call_id):
        with self.desk.store.read() as uow:
            return uow.calls.get(call_id)

    def post(self, token, path, body=None):
        return httpx.post(f"{self.url}/api/v1{path}", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)

    def get(self, token, path):
        return httpx.get(f"{self.url}/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)


def wait(condition, patience_s=PATIENCE_S):
    deadline = SystemClock().monotonic() + patience_s
    pause = threading.Event()
    while not (found := condition()):
        assert SystemClock().monotonic() < deadline, "waited in vain"
        pause.wait(0.01)
    return found


class Peer:
    """One side of a call. `seen` keeps all that came; `until` waits for one that fits, from where the last one was found."""

    def __init__(self, service, door, token, connection=None):
        self.service, self.door, self.token = service, door, token
        self.connection = connection or secrets.token_urlsafe(8)
        self.seen, self._place, self.handled, self.socket, self._task, self.close_code = [], 0, None, None, None, None
        self._news = asyncio.Condition()

    async def __aenter__(self):
        await self.come()
        return self

    async def __aexit__(self, *_):
        await self.cut()

    async def come(self, **hello):
        """Connect and say hello; gives the welcome."""
        await self.open()
        await self.send({"type": "hello", "protocol": 1, "token": self.token, "connection": self.connection, "resume_from": self.handled, **hello})
        return await self.until("welcome")

    async def open(self):
        await self.cut()
        self.socket = await connect(self.service.url.replace("http", "ws") + f"/ws/{self.door}", proxy=None, compression=None, ping_interval=None, max_size=None)
        self.close_code = None
        self._task = asyncio.create_task(self._read(self.socket))

    async def cut(self):
        """The line breaks: no closing handshake."""
        if self.socket is not None:
            self.socket.transport.abort()
            await self.socket.wait_closed()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def closed(self):
        async with asyncio.timeout(PATIENCE_S):
            await self._task
        return self.close_code

    async def _read(self, socket):
        try:
            async for text in socket:
                message = m.from_service.validate_json(text)
                if isinstance(message, m.Ping):
                    await socket.send(json.dumps({"type": "ping", "n": message.n}))
                    continue
                if not isinstance(message, m.Pong | m.Welcome) and message.seq:
                    assert self.handled is None or message.seq == self.handled + 1, "numbers have no gaps"
                if getattr(message, "seq", 0):
                    self.handled = message.seq
                async with self._news:
                    self.seen.append(message)
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        self.close_code = socket.close_code
        async with self._news:
            self._news.notify_all()

    async def send(self, message):
        await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def until(self, kind, fits=lambda _message: True):
        """The next message of this type that fits."""

        def find():
            for index in range(self._place, len(self.seen)):
                if self.seen[index].type == kind and fits(self.seen[index]):
                    self._place = index + 1
                    return self.seen[index]
            return None

        async with asyncio.timeout(PATIENCE_S), self._news:
            while (found := find()) is None:
                if self._task.done():
                    raise AssertionError(f"closed with {self.close_code} before {kind}; seen {self.seen[self._place:]}")
                await self._news.wait()
            return found

    def count(self, kind):
        return sum(1 for message in self.seen if message.type == kind)

    async def state(self, call_id, **state):
        await self.send({"type": "state.mine", "call_id": call_id, "state": {"is_connected": True, **state}})

    async def signal(self, call_id, epoch, **step):
        await self.send({"type": "signal", "call_id": call_id, "epoch": epoch, **step})

    async def round_trip(self):
        """All that was sent so far has been handled."""
        number = secrets.randbelow(2**40)
        await self.send({"type": "ping", "n": number})
        await self.until("pong", lambda pong: pong.n == number)
