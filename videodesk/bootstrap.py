"""The composition root: settings in, wired programs out. The only module that names adapters."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import structlog

from videodesk.calls.capture_ports import Vision
from videodesk.calls.line_report import LineReport, StepResult, put
from videodesk.calls.ports import Device
from videodesk.cases.usecases import known_case
from videodesk.client.channel import Channel, ChannelListener
from videodesk.client.delivery import Delivery
from videodesk.client.desk_clock import DeskClock
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.client.outbox import Outbox
from videodesk.client.tls import pinned_context
from videodesk.core.clock import Clock, SystemClock
from videodesk.core.errors import DeskError, WorldError
from videodesk.core.ids import new_id
from videodesk.core.people import Principal, Role
from videodesk.core.vocabulary import Language
from videodesk.desktop.parts import DesktopParts
from videodesk.desktop.session import TokenStore, system_keyring
from videodesk.evidence.sweep import sweep_blobs, take_over
from videodesk.protocol.resources import PackageIn
from videodesk.sealing.certificates import chain_of
from videodesk.sealing.embedded import seal_kind
from videodesk.sealing.external import external_seal
from videodesk.sealing.keys import LocalDeskKeys, open_keys
from videodesk.sealing.marker_page import marker_page
from videodesk.sealing.packer import BagPacker
from videodesk.sealing.pins import is_signed_by, pins_of
from videodesk.sealing.private_keys import no_keyring
from videodesk.sealing.report import TypstReport
from videodesk.sealing.station import LocalStation
from videodesk.sealing.timestamp import open_authorities
from videodesk.sealing.verifier import Verifier
from videodesk.sealing.verify_page import verify_page
from videodesk.service import admin, admin_keys, admin_log, admin_retention, logs
from videodesk.service.desk import Desk
from videodesk.service.erasing import finish_begun
from videodesk.service.packages import export_package as export
from videodesk.service.problems import text_of
from videodesk.service.server import ServiceServer
from videodesk.service.tls import tls_files, why_not_usable
from videodesk.settings import Settings
from videodesk.storage.blobs_encrypted import EncryptedCaseBlobs
from videodesk.storage.blobs_local import LocalBlobs, has_plain_blobs
from videodesk.storage.bus_local import LocalBus
from videodesk.storage.sql.engine import SqlStore
from videodesk.storage.uploads_local import LocalUploads
from videodesk.storage.vault_local import LocalVault

_AT_THE_TERMINAL: Final = Principal("service", frozenset({Role.SUPERVISOR}), "videodesk export")


def make_desk(settings: Settings, *, is_embedded: bool) -> Desk:
    """The service's parts: SQLite and local files in the data folder, an in-process bus."""
    clock = SystemClock()
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise WorldError("storage.unwritable", folder=str(settings.data_dir)) from problem
    bus = LocalBus()
    keys = open_desk_keys(settings, clock)
    vault = LocalVault(settings.data_dir / "keys" / "cases")
    store = SqlStore(f"sqlite:///{settings.data_dir / 'desk.sqlite'}", bus, vault, keys.sign_log)
    store.upgrade()
    blobs = EncryptedCaseBlobs(settings.data_dir / "blobs", vault, clock)
    if has_plain_blobs(settings.data_dir / "blobs"):
        _take_over(store, settings.data_dir / "blobs", blobs)
    return Desk(
        settings=settings, store=store, blobs=blobs, uploads=LocalUploads(settings.data_dir / "uploads", vault), bus=bus, clock=clock, is_embedded=is_embedded, embedded_secret=secrets.token_urlsafe(32) if is_embedded else None,
        setup_code=secrets.token_urlsafe(32) if is_embedded else "-".join(secrets.token_hex(2) for _ in range(3)),
        code_key=kept_secret(settings.data_dir / "code.key"), keys=keys, sealer=keys.sealer(), seal_kind=seal_kind, authorities=open_authorities(settings.tsa_urls, settings.tsa_roots), reports=TypstReport(keys),
        marker_page=marker_page, vault=vault, packer=BagPacker(keys, verify_page), verifier=Verifier(pins_of(keys.root_pem), clock))


def _take_over(store: SqlStore, folder: Path, blobs: EncryptedCaseBlobs) -> None:
    plain = LocalBlobs(folder)
    with store.read() as uow:
        damaged = take_over(uow.evidence, plain, blobs)
    plain.close()
    if damaged:
        structlog.get_logger(__name__).error("blobs.damaged", digests=damaged)


def open_desk_keys(settings: Settings, clock: Clock) -> LocalDeskKeys:
    """The desk's keys, made at the first start. WorldError("keys.unreadable" | "keys.keyring_closed"), Invalid for a wrong external key."""
    return open_keys(
        settings.data_dir / "keys", clock.now(), organisation=settings.desk_name, find_keyring=system_keyring if settings.use_keyring else no_keyring,
        external=external_seal(settings.seal_command, settings.seal_chain, is_digest=settings.seal_command_gets == "digest"))


def tidy(desk: Desk) -> None:
    """What a service does once when it starts: erasures that were begun are finished; what no record names (it was ended while something came in) and uploads that nobody finished go away."""
    desk.uploads.expire(desk.clock.now())
    finish_begun(desk)
    with desk.store.write() as uow:
        sweep_blobs(uow.evidence, desk.blobs)


def kept_secret(path: Path) -> str:
    """A random secret that is made once and kept in a file that only this account reads."""
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
    return path.read_text(encoding="ascii")


def run_service(settings: Settings) -> int:
    """`videodesk serve`: until SIGINT or SIGTERM."""
    logs.configure(settings.log_level, SystemClock())
    desk = make_desk(settings, is_embedded=False)
    tidy(desk)

    async def serve() -> None:
        server = ServiceServer(desk, port=_serve_port(settings), tls=tls_files(settings, desk.clock.now()))
        stopped = asyncio.Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, stopped.set)
        await server.start()
        for line in _announcement(server):
            print(line, flush=True)  # noqa: T201 - what the person at the terminal needs
        try:
            await stopped.wait()
        finally:
            await server.stop()
            _close(desk)

    with _uvloop() as runner:
        runner.run(serve())
    return 0


def _serve_port(settings: Settings) -> int:
    """8443 with TLS, 8080 without, unless the settings name one."""
    return settings.port or (8443 if settings.self_signed or settings.tls_cert else 8080)


def _announcement(server: ServiceServer) -> list[str]:
    """What `videodesk serve` says once it runs."""
    desk = server.desk
    lines = [f"videodesk serves {desk.public_url}"]
    if server.url != desk.public_url:
        lines.append(f"  on this computer  {server.url}")
    if server.tls is not None and server.tls.is_self_signed:
        lines.append(f"  certificate       self-signed, SHA-256 {server.tls.fingerprint}")
    if (reason := why_not_usable(desk.public_url)) is not None:
        lines.append(f"  join links        not usable: {text_of(reason, {})}")
    with desk.store.read() as uow:
        if not uow.people.all():
            lines.append(f"  first account     nobody yet; the setup code is {desk.setup_code}")
    return lines


def _close(desk: Desk) -> None:
    desk.pictures.close()
    desk.bus.close()
    desk.store.close()


@contextlib.contextmanager
def _uvloop() -> Iterator[asyncio.Runner]:
    if sys.platform == "win32":
        with asyncio.Runner() as runner:
            yield runner
    else:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            yield runner


class _Embedded:
    """A RunningService inside this program."""

    def __init__(self, server: ServiceServer, desk: Desk) -> None:
        self._server = server
        self.url = server.url
        self._desk = desk
        self.embedded_secret = desk.embedded_secret
        self.setup_code = desk.setup_code

    async def stop(self) -> None:
        await self._server.stop()
        await asyncio.to_thread(_close, self._desk)


class _Elsewhere:
    """The RunningService of --service."""

    embedded_secret: str | None = None
    setup_code = ""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    async def stop(self) -> None:
        """Not ours to stop."""


def run_desktop(settings: Settings, link: str | None = None, driver_socket: str | None = None) -> int:
    """The desktop app, with a service of its own unless the settings name another."""
    from videodesk.desktop.app import run_desktop as run
    from videodesk.desktop.sound import QtSound
    from videodesk.media.engine import AiortcEngine
    from videodesk.vision.measuring import EdgeFinder
    from videodesk.vision.privacy import PictureSearch, finding_process

    clock = DeskClock(SystemClock())
    logs.configure(settings.log_level, clock)
    trusted: dict[str, ssl.SSLContext] = {}

    async def reach_service() -> _Embedded | _Elsewhere:
        if settings.service is not None:
            return _Elsewhere(settings.service)
        desk = await asyncio.to_thread(make_desk, settings, is_embedded=True)
        await asyncio.to_thread(tidy, desk)
        server = ServiceServer(desk, tls=tls_files(settings, clock.now()))
        await server.start()
        if server.tls is not None:
            # This computer's own certificate, whatever names are in it: trusted by its fingerprint.
            trusted[server.url] = await pinned_context(server.url, server.tls.fingerprint)
        return _Embedded(server, desk)

    def make_api(url: str) -> HttpDeskApi:
        return HttpDeskApi(open_client(url, trusted.get(url)), heard=clock.hear).with_tls(trusted.get(url))

    def make_channel(url: str, listener: ChannelListener) -> Channel:
        return Channel(url, listener, tls=trusted.get(url))

    sound = QtSound()

    def make_media(_loop: asyncio.AbstractEventLoop) -> AiortcEngine:
        return AiortcEngine(sound=None if settings.synthetic_media else sound, is_synthetic=settings.synthetic_media, clock=clock,
                            rewind_s=settings.rewind_s, rewind_bytes=settings.rewind_mb * 1_000_000)

    parts = DesktopParts(
        settings=settings, clock=clock, work_dir=settings.data_dir, reach_service=reach_service, make_api=make_api, make_channel=make_channel,
        make_outbox=lambda folder: Outbox(folder, clock), make_delivery=Delivery, make_media=make_media, make_vision=lambda: make_vision(settings), finder=EdgeFinder(),
        make_privacy=lambda texts: PictureSearch(finding_process(), texts),
        make_sealer=lambda: LocalStation(settings.data_dir / "station", clock, system_keyring if settings.use_keyring else no_keyring),
        link=link, driver_socket=driver_socket, is_single_instance=driver_socket is None)
    try:
        return run(parts)
    finally:
        sound.close()


def make_vision(_settings: Settings) -> Vision:
    """What looks at pictures. Starts no process yet: its children start with the first picture, and end when idle or by `close`."""
    from videodesk.vision.codes import ZxingReader
    from videodesk.vision.judging import Judge
    from videodesk.vision.reading_process import looking_process, ocr_process
    from videodesk.vision.sticking import PlaneSticker
    from videodesk.vision.texts import RapidOcrReader, is_installed

    looking = looking_process()
    texts = RapidOcrReader(ocr_process()) if is_installed() else None

    def close() -> None:
        looking.close()
        if texts is not None:
            texts.close()

    return Vision(Judge(looking), ZxingReader(looking), texts, close, PlaneSticker)


def administer(settings: Settings, action: str, *, name: str, password: str | None, roles: list[str], display_name: str | None) -> list[str]:
    """`videodesk admin`: does it on the database and says what it did."""
    desk = make_desk(settings, is_embedded=False)
    chosen = [Role(role) for role in roles]
    try:
        if action == "list":
            return admin.list_people(desk)
        if action == "create":
            return admin.create(desk, name, display_name or name, chosen, password or "")
        if action == "password":
            return admin.reset_password(desk, name, password or "")
        if action == "roles":
            return admin.set_roles(desk, name, chosen)
        return admin.set_disabled(desk, name, is_disabled=action == "disable")
    finally:
        _close(desk)


def administer_keys(settings: Settings, action: str, *, request: Path | None = None, out: Path | None = None) -> list[str]:
    """`videodesk admin keys`: what it did, line by line. Makes the keys when there are none yet."""
    clock = SystemClock()
    # The certificate of a key kept elsewhere is what `certify` gives: it is not there before.
    opened = settings.model_copy(update={"seal_command": "", "seal_chain": None}) if action == "certify" else settings
    keys = open_desk_keys(opened, clock)
    if action == "rotate":
        return admin_keys.rotate(keys, clock.now())
    if action == "export":
        return admin_keys.export(keys, out)
    if action == "certify" and request is not None:
        return admin_keys.certify(keys, request, out, clock.now())
    return admin_keys.show(keys)


def administer_log(settings: Settings, action: str, *, checkpoint: Path | None = None, out: Path | None = None) -> tuple[list[str], bool]:
    """`videodesk admin log`: what it found, and whether the log is intact."""
    desk = make_desk(settings, is_embedded=False)
    chains = open_desk_keys(settings, desk.clock).log_chains_pem
    certificates = [chain_of(pem)[0] for pem in chains]
    try:
        if action == "checkpoint":
            return admin_log.checkpoint(desk, out), True
        return admin_log.verify(desk, lambda data, signature: any(is_signed_by(one, data, signature) for one in certificates), checkpoint)
    finally:
        _close(desk)


def administer_retention(settings: Settings, action: str) -> list[str]:
    """`videodesk admin retention`: what is due, or what was erased."""
    desk = make_desk(settings, is_embedded=False)
    try:
        return admin_retention.run(desk) if action == "run" else admin_retention.list_due(desk)
    finally:
        _close(desk)


def export_package(settings: Settings, case: str, out: Path, language: Language, *, is_outside_copy: bool) -> list[str]:
    """`videodesk export`: writes the package and says what it is."""
    desk = make_desk(settings, is_embedded=False)
    try:
        with desk.store.read() as uow:
            case_id = known_case(uow, case).id
        body = PackageIn(id=new_id(desk.clock.now()), language=language, is_outside_copy=is_outside_copy)
        digest, size = export(desk, _AT_THE_TERMINAL, case_id, body, out, lambda _step, _done, _total: None)
        root = desk.keys.root_fingerprint if desk.keys is not None else ""
        return [f"{out}", f"  size              {size} bytes", f"  SHA-256           {digest}", f"  root, SHA-256     {root}"]
    finally:
        _close(desk)


def error_text(problem: DeskError) -> str:
    """The English text of an error."""
    return text_of(problem.code, problem.params)


def list_devices(settings: Settings) -> list[Device]:
    """The devices of this machine, for the doctor."""
    from PySide6.QtCore import QCoreApplication

    from videodesk.desktop.sound import QtSound
    from videodesk.media.engine import AiortcEngine

    app = QCoreApplication.instance() or QCoreApplication(["videodesk"])
    sound = QtSound()
    try:
        return AiortcEngine(sound=None if settings.synthetic_media else sound, is_synthetic=settings.synthetic_media).devices()
    finally:
        sound.close()
        app.processEvents()


def try_line(settings: Settings, told: Callable[[StepResult], None]) -> LineReport:
    """The network test from the terminal: the service of --service (as the person who is signed in there, if anybody is), and the servers of a call."""
    from videodesk.desktop.line_testing import run_line_test
    from videodesk.media.engine import AiortcEngine
    from videodesk.service.turn import ice_servers

    clock, steps = SystemClock(), list[StepResult]()

    def note(result: StepResult) -> None:
        steps[:] = put(steps, result)
        told(result)

    async def run() -> None:
        servers = ice_servers(settings, clock, "doctor") if settings.turn_urls else None
        if settings.service is None:
            await AiortcEngine(is_synthetic=True).probe_servers(servers or [], note)
            return
        url = settings.service.rstrip("/")
        api = HttpDeskApi(open_client(url), await TokenStore(settings.data_dir, system_keyring() if settings.use_keyring else None).read(url))
        try:
            await run_line_test(api, AiortcEngine(is_synthetic=True), note, clock, servers)
        finally:
            await api.close()

    asyncio.run(run())
    return LineReport(clock.now(), settings.service or "", tuple(steps))


def try_authority(settings: Settings, url: str) -> tuple[str | None, float]:
    """Ask one time stamp authority: None when its token checks, else why not; and how many seconds its clock is ahead of this one."""
    try:
        (authority,) = open_authorities((url,), settings.tsa_roots)
        stamp = authority.stamp(secrets.token_hex(32))
    except DeskError as problem:
        return error_text(problem), 0.0
    return None, (stamp.stamped_at - SystemClock().now()).total_seconds()
