"""HttpLine: the network test's questions to the service, over HTTP and over a WebSocket, as a call uses them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC
from functools import partial
from typing import Final, Self

import httpx
from cryptography import x509
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from videodesk.calls.line_report import StepResult, StepState
from videodesk.client.asker import API
from videodesk.client.problems import from_answer
from videodesk.client.proof_http import HttpProof
from videodesk.core.clock import Clock, SystemClock
from videodesk.core.errors import DeskError
from videodesk.protocol import resources as r

Told = Callable[[StepResult], None]
DEADLINE_S: Final = 6.0
SPEED_S: Final = 2.5
ROUNDS: Final = 5
SIZES: Final = (32, 128, 512, 1024, 2048, 2048)
_PIECE: Final = 16 * 1024
_REASONS: Final = {
    "service.offline": "no_answer", "service.certificate": "certificate", "rate.limited": "too_often", "request.too_slow": "too_slow",
    "session.unknown": "signed_out", "session.expired": "signed_out", "session.missing": "signed_out"}


class HttpLine(HttpProof):
    """The routes below /line. `tls`: the context of a pinned certificate, as the channel has it."""

    tls: ssl.SSLContext | None = None

    def with_tls(self, tls: ssl.SSLContext | None) -> Self:
        """Itself, with this context for what does not go over HTTP."""
        self.tls = tls
        return self

    async def line(self) -> r.LineView:
        return await self._ask(r.LineView, "GET", "/line")

    async def probe_line(self, told: Told, clock: Clock | None = None) -> None:
        """All steps that only the service is needed for; `told` as each begins and is done. Never raises for what the network does.

        `clock` is the computer's own (not the desk's, which follows the service). The two speeds come last, one after the other: they
        would be measuring each other.
        """
        system = clock or SystemClock()
        host = self._client.base_url.netloc.decode("ascii", "replace")

        async def step(name: str, ask: Callable[[StepResult], Awaitable[StepResult]]) -> StepResult:
            begun = StepResult(name, StepState.RUNNING, host)
            told(begun)
            try:
                async with asyncio.timeout(DEADLINE_S):
                    result = await ask(begun)
            except (DeskError, OSError, TimeoutError, ValueError, WebSocketException, httpx.HTTPError) as problem:
                result = replace(begun, state=StepState.FAILED, reason=_reason(problem))
            told(result)
            return result

        service = asyncio.create_task(self._probe_time(step, system))
        await asyncio.gather(service, step("channel", lambda begun: self._channel(begun, system)), step("certificate", lambda begun: self._certificate(begun, system)))
        if service.result().state is StepState.FAILED or self._token is None:
            reason = "no_service" if service.result().state is StepState.FAILED else "signed_out"
            for name in ("down", "up"):
                told(StepResult(name, StepState.SKIPPED, host, reason=reason))
            return
        for name, transfer in (("down", self._take_noise), ("up", self._send_noise)):
            await step(name, partial(_speed, transfer, system))

    async def _probe_time(self, step: Callable[..., Awaitable[StepResult]], clock: Clock) -> StepResult:
        heard: list[tuple[float, float]] = []

        async def ask(begun: StepResult) -> StepResult:
            for _ in range(ROUNDS):
                sent_s = clock.monotonic()
                told = await self._ask(r.LineTime, "GET", "/line/time")
                round_s = clock.monotonic() - sent_s
                # Half the round trip ago the service wrote the time down.
                heard.append((round_s, (clock.now() - told.at).total_seconds() - round_s / 2))
            return replace(begun, state=StepState.OK, ms=round(min(heard)[0] * 1000, 1))

        async def compare(begun: StepResult) -> StepResult:
            if not heard:
                return replace(begun, state=StepState.SKIPPED, reason="no_service")
            return replace(begun, state=StepState.OK, seconds=round(min(heard)[1], 3))

        found = await step("service", ask)
        await step("clock", compare)
        return found

    async def _channel(self, begun: StepResult, clock: Clock) -> StepResult:
        """The round trip of a WebSocket ping; nobody says hello, so the connection that the desk has is not replaced."""
        url = str(self._client.base_url).rstrip("/").replace("http", "ws", 1) + "/ws/agent"
        async with connect(url, ssl=(self.tls or True) if url.startswith("wss") else None, open_timeout=None, ping_interval=None, close_timeout=0.5,
                           proxy=None, compression=None) as socket:
            sent_s = clock.monotonic()
            await (await socket.ping())
            return replace(begun, state=StepState.OK, ms=round((clock.monotonic() - sent_s) * 1000, 1))

    async def _certificate(self, begun: StepResult, clock: Clock) -> StepResult:
        url = self._client.base_url
        if url.scheme != "https":
            return replace(begun, state=StepState.SKIPPED, reason="plain")
        _, writer = await asyncio.open_connection(url.host, url.port or 443, ssl=self.tls or ssl.create_default_context())
        try:
            spoken = writer.get_extra_info("ssl_object")
            found = x509.load_der_x509_certificate(spoken.getpeercert(binary_form=True))
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        days = (found.not_valid_after_utc - clock.now().astimezone(UTC)).days
        state = StepState.OK if days >= 0 else StepState.FAILED
        return replace(begun, state=state, days=days, reason="" if days >= 0 else "certificate")

    async def _take_noise(self, size: int, count: Callable[[int], None]) -> None:
        async with self._client.stream("GET", f"{API}/line/down", params={"size_bytes": size}, headers=self._headers({})) as answer:
            if answer.status_code != 200:
                await answer.aread()
                raise from_answer(answer)
            async for piece in answer.aiter_raw():
                count(len(piece))

    async def _send_noise(self, size: int, count: Callable[[int], None]) -> None:
        piece = os.urandom(_PIECE)

        async def pieces() -> AsyncIterator[bytes]:
            for at in range(0, size, _PIECE):
                yield piece[:size - at]
                count(min(_PIECE, size - at))

        await self._request("POST", "/line/up", content=pieces(), headers={"Content-Type": "application/octet-stream"})


async def _speed(transfer: Callable[[int, Callable[[int], None]], Awaitable[None]], clock: Clock, begun: StepResult) -> StepResult:
    """The best of transfers that grow, within SPEED_S; of one that was not done by then, what came through."""
    best, counted = 0.0, [0]

    def count(octets: int) -> None:
        counted[0] += octets

    sent_s = clock.monotonic()
    try:
        async with asyncio.timeout(SPEED_S):
            for size_kib in SIZES:
                counted[0], sent_s = 0, clock.monotonic()
                await transfer(size_kib * 1024, count)
                best = max(best, _kbps(size_kib * 1024, clock.monotonic() - sent_s))
    except TimeoutError:
        if best == 0.0 or clock.monotonic() - sent_s > SPEED_S / 2:
            best = max(best, _kbps(counted[0], clock.monotonic() - sent_s))
    if best == 0.0:
        raise TimeoutError
    return replace(begun, state=StepState.OK, kbps=round(best))


def _kbps(octets: int, seconds: float) -> float:
    return octets * 8 / 1000 / max(seconds, 1e-6)


def _reason(problem: BaseException) -> str:
    """A key below line.reason."""
    if isinstance(problem, DeskError):
        return _REASONS.get(problem.code, "old_service" if problem.status == 404 else "odd_answer")
    if isinstance(problem, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(problem, ssl.SSLError):
        return "tls"
    if isinstance(problem, InvalidStatus | InvalidHandshake):
        return "no_upgrade"
    if isinstance(problem, ConnectionRefusedError | ConnectionResetError):
        return "closed"
    return "no_answer"

