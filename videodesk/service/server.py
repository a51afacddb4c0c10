"""ServiceServer: uvicorn in a loop that is already running, in the desktop's engine as in `videodesk serve`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from videodesk.core.errors import WorldError
from videodesk.service.app import create_app
from videodesk.service.desk import Desk
from videodesk.service.keeping import Keeping
from videodesk.service.stamping import Stamping
from videodesk.service.tls import TlsFiles, lan_addresses

HEADER_DEADLINE_S: Final = 10.0
MAX_CONNECTIONS_OF_ADDRESS: Final = 256
_GRACE_S: Final = 3
_STOP_S: Final = 10.0
_ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with an end to patience: a request's head must be there within HEADER_DEADLINE_S, or the connection is cut.

    uvicorn itself waits for dripped headers as long as they drip. One address gets MAX_CONNECTIONS_OF_ADDRESS connections at a
    time; this computer itself (a reverse proxy, the embedded desktop, a benchmark) any number.
    """

    _open: dict[str, int]
    _deadline: asyncio.TimerHandle | None = None
    _address: str | None = None

    def connection_made(self, transport: Any) -> None:
        """A connection came."""
        super().connection_made(transport)
        self._open = self.config.videodesk_connections  # type: ignore[attr-defined]  # one table per server, see ServiceServer
        host = str((transport.get_extra_info("peername") or ("",))[0])
        if host and host not in _LOOPBACK:
            if self._open.get(host, 0) >= MAX_CONNECTIONS_OF_ADDRESS:
                transport.abort()
                return
            self._address = host
            self._open[host] = self._open.get(host, 0) + 1
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        """Bytes came: maybe the head of the next request."""
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._start_deadline()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_deadline()

    def on_response_complete(self) -> None:
        """An answer is sent; what comes next has its own deadline."""
        self._stop_deadline()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """The head was there; from now on the socket's protocol watches the time."""
        self._stop_deadline()
        self._forget()  # its connection_lost goes to the other protocol; sockets have limits of their own
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_deadline()
        self._forget()
        super().connection_lost(exc)

    def _forget(self) -> None:
        if self._address is not None:
            self._open[self._address] -= 1
            if self._open[self._address] <= 0:
                del self._open[self._address]
            self._address = None

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(HEADER_DEADLINE_S, self._cut)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        self._deadline = None
        if self.transport is not None:
            self.transport.abort()


class _Server(uvicorn.Server):
    """uvicorn without its own idea of signals: whoever embeds it decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


class ServiceServer:
    """The running service. `desk.public_url` is filled in when it was empty: the address to show to customers."""

    def __init__(self, desk: Desk, *, host: str | None = None, port: int | None = None, tls: TlsFiles | None = None, app: FastAPI | None = None) -> None:
        self.desk = desk
        self.tls = tls
        self.app = app or create_app(desk)
        self.host = desk.settings.host if host is None else host
        self.port = desk.settings.port if port is None else port
        self.stamping: Stamping = self.app.state.stamping
        self.keeping: Keeping = self.app.state.keeping
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "https" if self.tls else "http"

    @property
    def url(self) -> str:
        """The address on this computer itself; the port is the real one once `start` has returned."""
        host = "127.0.0.1" if self.host in _ANYWHERE else self.host
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def lan_url(self) -> str:
        """The address in the network, where it listens to more than this computer."""
        found = lan_addresses() if self.host in _ANYWHERE else []
        return f"{self.scheme}://{f'[{found[0]}]' if ':' in found[0] else found[0]}:{self.port}" if found else self.url

    async def start(self) -> None:
        """Listen and serve in this loop; returns once it answers. WorldError("service.port_taken", port=…), ("service.not_started")."""
        if self._task is not None:
            return
        listening = self._bind()
        self.port = int(listening.getsockname()[1])
        settings = self.desk.settings
        self.desk.public_url = (settings.public_url or self.desk.public_url or self.lan_url).rstrip("/")
        config = uvicorn.Config(
            self.app, http=PatientProtocol, ws="websockets-sansio", log_config=None, access_log=False, server_header=False, lifespan="on",
            ws_max_size=1024 * 1024, h11_max_incomplete_event_size=32 * 1024, timeout_keep_alive=15, timeout_graceful_shutdown=_GRACE_S,
            proxy_headers=settings.trust_proxy, forwarded_allow_ips="127.0.0.1,::1",
            ssl_certfile=str(self.tls.certificate) if self.tls else None, ssl_keyfile=str(self.tls.key) if self.tls else None)
        config.videodesk_connections = {}  # type: ignore[attr-defined]  # protocols reach their server's state through its config only
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]), name="service")
        while not self._server.started:
            done, _ = await asyncio.wait({self._task}, timeout=0.01)
            if done:
                problem = self._task.exception()
                self._task = None
                listening.close()
                raise WorldError("service.not_started") from problem
        self.stamping.start()
        self.keeping.start()

    async def stop(self) -> None:
        """Stop serving: sockets are told, requests get a moment to end. Idempotent. The store stays open: it is its owner's."""
        if self._server is None or self._task is None:
            return
        task, self._task = self._task, None
        await asyncio.to_thread(self.stamping.stop)
        await asyncio.to_thread(self.keeping.stop)
        self._server.should_exit = True
        done, _ = await asyncio.wait({task}, timeout=_STOP_S)
        if not done:
            self._server.force_exit = True
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled() and (problem := task.exception()) is not None:
            raise problem

    async def wait_closed(self) -> None:
        """Return when it no longer serves, for whatever reason."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.host, self.port))
        except OSError as problem:
            listening.close()
            raise WorldError("service.port_taken", port=self.port) from problem
        listening.setblocking(False)
        return listening
