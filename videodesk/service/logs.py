"""Structured logs: one JSON object a line, without personal data (core/personal.py), from our code and from libraries alike."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from videodesk.core.clock import Clock, iso
from videodesk.core.personal import redact
from videodesk.service.problems import route_of

_OWN_KEYS: Final = ("event", "level", "logger", "timestamp", "method", "route")
_log = structlog.get_logger(__name__)


def _redacted(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    line.pop("color_message", None)  # uvicorn says it twice
    own = {key: line[key] for key in _OWN_KEYS if key in line}
    return redact(dict(line)) | {key: value for key, value in redact(own).items() if key != "event"}


def configure(level: str, clock: Clock, stream: TextIO | None = None) -> None:
    """Write logs of `level` and above to `stream` (standard error), ours and the standard library's. May be called again."""

    def stamped(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["timestamp"] = iso(clock.now())
        return line

    before: list[Any] = [
        structlog.contextvars.merge_contextvars, structlog.stdlib.add_logger_name, structlog.stdlib.add_log_level, stamped,
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(), wrapper_class=structlog.stdlib.BoundLogger, cache_logger_on_first_use=False)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.set_name("videodesk")
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info, _redacted,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]))
    root = logging.getLogger()
    for old in [known for known in root.handlers if known.get_name() == "videodesk"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):  # they bring handlers of their own
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # it writes whole addresses; RequestLog writes the route instead
    for chatty in ("httpx", "httpcore", "asyncio", "websockets", "alembic", "multipart", "python_multipart"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


class RequestLog:
    """ASGI middleware: one line per answer with method, route pattern, status and time; a request id in the log and in X-Request-Id."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; see the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        begun = self._clock.monotonic()
        status = 0

        async def marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, marked)
            finally:
                took_ms = round((self._clock.monotonic() - begun) * 1000, 1)
                _log.info("request", method=scope["method"], route=route_of(scope), status=status, took_ms=took_ms)
