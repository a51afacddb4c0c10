"""The customer's page as files: /join for the long link, / for the spoken code, /copy for the pictures. Answering is all it does; nothing here knows a token."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from videodesk.core.places import resources


class PageFiles(StaticFiles):
    """The page's files; a browser asks each time whether they changed (ETag), so that a new version is there at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file of the page."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def install(app: FastAPI) -> None:
    """Add the page's addresses."""
    folder = resources() / "join"

    async def page(_request: Request) -> Response:
        return FileResponse(folder / "index.html", headers={"Cache-Control": "no-cache"})

    async def copy(_request: Request) -> Response:
        return FileResponse(folder / "copy.html", headers={"Cache-Control": "no-cache"})

    async def icon(_request: Request) -> Response:
        return FileResponse(folder / "icon.svg", media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    async def robots(_request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    # Compressed here and not in the API: there it would tell the length of what is secret (BREACH).
    files = GZipMiddleware(PageFiles(directory=folder, check_dir=False), minimum_size=500)
    app.router.routes.extend([
        Route("/", page), Route("/join", page), Route("/join/", page), Route("/copy", copy), Route("/copy/", copy), Route("/favicon.ico", icon), Route("/robots.txt", robots),
        Mount("/join", files),
    ])
