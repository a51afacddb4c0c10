"""Security headers on every answer, pages and API alike."""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST: Final = re.compile(r"[A-Za-z0-9.\-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_PERMISSIONS: Final = ", ".join([
    "camera=(self)", "microphone=(self)", "screen-wake-lock=(self)", "fullscreen=(self)", "autoplay=(self)", "clipboard-write=(self)",
    *(f"{name}=()" for name in (
        "accelerometer", "ambient-light-sensor", "bluetooth", "browsing-topics", "display-capture", "geolocation", "gyroscope", "hid",
        "magnetometer", "midi", "payment", "publickey-credentials-get", "serial", "usb", "xr-spatial-tracking",
    )),
])
_HSTS: Final = "max-age=31536000"


def content_security_policy(host: str) -> str:
    """The policy of every page: own files only, no inline script; `host` is the request's Host, for browsers whose 'self' has no ws."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join([
        "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "media-src 'self' blob:",
        f"connect-src 'self'{sockets}", "font-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'",
        "frame-src 'none'", "frame-ancestors 'none'",
    ])


class SecurityHeaders:
    """ASGI middleware: sets the headers on every HTTP answer.

    `is_hsts`: promise browsers that this name always speaks TLS; not with a self-signed certificate, whose warning a browser
    would then no longer let anyone pass.
    """

    def __init__(self, app: ASGIApp, *, is_hsts: bool = False) -> None:
        self._app = app
        self._is_hsts = is_hsts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; see the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        is_secure = scope["scheme"] == "https"

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = content_security_policy(host)
                headers["Permissions-Policy"] = _PERMISSIONS
                headers["Referrer-Policy"] = "no-referrer"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                if self._is_hsts and is_secure:
                    headers["Strict-Transport-Security"] = _HSTS
            await send(message)

        await self._app(scope, receive, dressed)
