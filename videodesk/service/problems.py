"""The one place that turns errors into HTTP answers: problem+json (RFC 9457) with the English text of the error catalogue."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from videodesk.core.errors import DeskError, Invalid, NotSignedIn, Param
from videodesk.core.places import resources

MEDIA_TYPE: Final = "application/problem+json"
BUG: Final = "service.bug"
_log = structlog.get_logger(__name__)

# What the framework itself refuses.
_HTTP_CODES: Final[dict[int, str]] = {
    400: "request.invalid",
    404: "request.no_such_address",
    405: "request.no_such_method",
    413: "request.too_large",
    415: "request.unsupported_media",
}


@cache
def _english() -> dict[str, str]:
    texts: dict[str, str] = json.loads((resources() / "i18n" / "en" / "errors.json").read_text(encoding="utf-8"))
    return texts


def text_of(code: str, params: dict[str, Param]) -> str:
    """The English text of an error, the code itself when the catalogue has none."""
    template = _english().get(code, code)
    try:
        return template.format_map({name: "" if value is None else value for name, value in params.items()})
    except (KeyError, IndexError, ValueError):
        return template


def problem(status: int, code: str, params: dict[str, Param] | None = None, *, retryable: bool = False) -> Response:
    """The answer for an error."""
    told = params or {}
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    body = {
        "type": f"urn:videodesk:error:{code}", "title": title, "status": status, "detail": text_of(code, told), "code": code,
        "params": told, "retryable": retryable,
    }
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(told.get("retry_after_s", 1))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(json.dumps(body, ensure_ascii=False), status, headers, MEDIA_TYPE)


def problem_of(error: DeskError) -> Response:
    """The answer for an expected error."""
    return problem(error.status, error.code, error.params, retryable=error.retryable)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""
    app.add_exception_handler(DeskError, _desk_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


async def _desk_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, DeskError)
    return problem_of(error)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = dict(error.errors()[0]) if error.errors() else {"loc": ("body",), "type": "invalid"}
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    if first["type"] == "json_invalid":
        return problem_of(Invalid("request.not_json"))
    # What was sent is not repeated: it may be personal.
    return problem_of(Invalid("request.invalid", field=where[:200], problem=str(first["type"])[:100]))


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        return problem_of(NotSignedIn("session.missing"))
    answer = problem(error.status_code, _HTTP_CODES.get(error.status_code, "request.refused"))
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


class BugShield:
    """ASGI middleware: a bug is logged with its trace and answered by 500 without a word about its inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; see the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            _log.exception("bug", method=scope["method"], route=route_of(scope))
            if has_begun:  # the answer cannot be taken back: breaking it off is the only way to say that it is not whole
                raise
            await problem(500, BUG)(scope, receive, send)


def route_of(scope: Scope) -> str:
    """The route's pattern, never the address itself: that may hold what only two people should know."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "(none)"
