"""Limits: how much one address may ask, how often a password or a spoken code may be tried, and how large a request may be."""

from __future__ import annotations

import math
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from videodesk.core.clock import Clock
from videodesk.core.errors import RateLimited
from videodesk.service.problems import problem, problem_of

MAX_BODY_BYTES: Final = 2 * 1024 * 1024
# Multipart uploads bound themselves while they arrive (service/uploads.py); this is the outermost wall.
MAX_UPLOAD_BYTES: Final = 70 * 1024 * 1024
# One request of a resumable upload; how large the whole may be was settled when it began (service/api/uploads.py).
MAX_STREAM_BYTES: Final = 4 * 1024 * 1024 * 1024

REQUESTS: Final = parse("1200/10 seconds")
SIGN_INS_OF_ADDRESS: Final = parse("30/5 minutes")
SIGN_INS_OF_NAME: Final = parse("10/5 minutes")
# Of one person or customer: a test of the line takes about fifteen requests of at most 2 MiB.
LINE_TESTS: Final = parse("90/5 minutes")
CERTIFICATES_OF_PERSON: Final = parse("20/hour")
EXCHANGES: Final = parse("60/5 minutes")
WRONG_CODES_OF_ADDRESS: Final = parse("5/15 minutes")
WRONG_CODES_OF_DEVICE: Final = parse("5/15 minutes")
# All addresses together: a million codes and a hundred tries an hour leave a guesser years, while links go on working.
WRONG_CODES_OF_DESK: Final = parse("100/hour")


class Limits:
    """Counts in memory, one per running service. Any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, limit: RateLimitItem, *who: str) -> None:
        """Count one try; RateLimited("rate.limited", retry_after_s=…) when there were too many."""
        if not self._limiter.hit(limit, *who):
            raise self._limited(limit, who)

    def check(self, limit: RateLimitItem, *who: str) -> None:
        """As `take`, without counting."""
        if not self._limiter.test(limit, *who):
            raise self._limited(limit, who)

    def count(self, limit: RateLimitItem, *who: str) -> None:
        """Count one try, whatever the limit."""
        self._limiter.hit(limit, *who)

    def forget(self, limit: RateLimitItem, *who: str) -> None:
        """Begin anew: it was the right person after all."""
        self._limiter.clear(limit, *who)

    def _limited(self, limit: RateLimitItem, who: tuple[str, ...]) -> RateLimited:
        ends_at = self._limiter.get_window_stats(limit, *who).reset_time
        import time

        left_s = ends_at - time.time()  # noqa: TID251 - the library counts in the system's time
        return RateLimited("rate.limited", retry_after_s=max(1, min(math.ceil(left_s), limit.get_expiry())))


class RateLimit:
    """ASGI middleware: at most REQUESTS from one address. A socket counts once, when it opens (its messages have a limit of their own)."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; see the class."""
        if scope["type"] == "http":
            try:
                self._limits.take(REQUESTS, address_of(scope))
            except RateLimited as error:
                await problem_of(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """ASGI middleware: 413 as soon as a body is larger than it may be, by its announced length or by what arrives."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; see the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit, is_announced = _limit_of(scope)
        if is_announced:
            await self._refuse(limit, scope, receive, send)
            return
        body = _CountedBody(limit, receive, send)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if not body.is_too_large:
                raise
        if body.is_too_large and not body.has_begun:
            await self._refuse(limit, scope, receive, send)

    @staticmethod
    async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        answer = problem(413, "request.too_large", {"limit_bytes": limit})
        answer.headers["Connection"] = "close"
        await answer(scope, receive, send)


class _CountedBody:
    """Receives a body until it is too large, and holds back what the application makes of the rest."""

    def __init__(self, limit: int, receive: Receive, send: Send) -> None:
        self._left = limit
        self._receive = receive
        self._send = send
        self.is_too_large = False
        self.has_begun = False

    async def receive(self) -> Message:
        """The next piece; as if the sender had hung up once it is too much."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.is_too_large = True
                return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Pass on, unless the answer is about a body that was broken off."""
        if self.is_too_large and not self.has_begun:
            return
        self.has_begun = self.has_begun or message["type"] == "http.response.start"
        await self._send(message)


def _limit_of(scope: Scope) -> tuple[int, bool]:
    """How large the body may be, and whether it says already that it is larger."""
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type", b"")
    is_stream = kind.startswith(b"application/offset+octet-stream") and b"/uploads" in scope["path"].encode()
    limit = MAX_STREAM_BYTES if is_stream else MAX_UPLOAD_BYTES if kind.startswith(b"multipart/form-data") else MAX_BODY_BYTES
    announced = headers.get(b"content-length", b"0")
    return limit, announced.isdigit() and (len(announced) > 18 or int(announced) > limit)


def address_of(scope: Scope) -> str:
    """The peer's address, as far as it can be told apart: an IPv6 network of 64 bits is one household."""
    client = scope.get("client")
    host = str(client[0]) if client else "unknown"
    if ":" in host and "." not in host:
        return ":".join(host.split(":")[:4])
    return host
