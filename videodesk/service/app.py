"""The service as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool

from videodesk.service import join, openapi, problems, signaling
from videodesk.service.api import (
    calls,
    cases,
    checklists,
    copies,
    evidence,
    info,
    integrity,
    invitations,
    line,
    marker,
    originals,
    packages,
    people,
    photos,
    reports,
    retention,
    review,
    seal,
    stills,
    uploads,
)
from videodesk.service.api import join as join_api
from videodesk.service.auth import Passwords
from videodesk.service.desk import Desk
from videodesk.service.headers import SecurityHeaders
from videodesk.service.hub import Hub
from videodesk.service.integrity import SealsSeen
from videodesk.service.keeping import Keeping
from videodesk.service.limits import BodyLimit, Limits, RateLimit
from videodesk.service.logs import RequestLog
from videodesk.service.packages import PackageRoom
from videodesk.service.stamping import Stamping

_TIDY_EVERY_S: Final = 3600.0


def create_app(desk: Desk, passwords: Passwords | None = None) -> FastAPI:
    """Everything the service answers. `passwords`: another cost of hashing, for tests."""
    app = FastAPI(title="videodesk", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None, lifespan=_life, redirect_slashes=False)
    app.state.desk = desk
    app.state.hub = Hub(desk)
    app.state.limits = Limits(desk.clock)
    app.state.stamping = Stamping(desk)
    app.state.seals_seen = SealsSeen()
    app.state.packages = PackageRoom(desk.settings.data_dir / "packages", desk.clock)
    app.state.keeping = Keeping(desk, app.state.packages.forget_case)
    app.state.passwords = passwords or Passwords()
    api = APIRouter(prefix="/api/v1")
    for part in (info, line, marker, people, cases, checklists, invitations, join_api, photos, uploads, stills, calls, evidence, originals, review, reports, seal, copies, packages, integrity, retention):
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(signaling.router)
    openapi.install(app)
    join.install(app)
    problems.install(app)
    app.add_exception_handler(uploads.WrongVersion, uploads.wrong_version)
    settings = desk.settings
    # The last one added is the outermost.
    app.add_middleware(BodyLimit)
    app.add_middleware(RateLimit, limits=app.state.limits)
    app.add_middleware(problems.BugShield)
    app.add_middleware(SecurityHeaders, is_hsts=settings.tls_cert is not None or settings.trust_proxy)
    app.add_middleware(RequestLog, clock=desk.clock)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    hub: Hub = app.state.hub
    await hub.start()
    tidying = asyncio.create_task(_tidy_packages(app.state.packages))
    try:
        yield
    finally:
        await hub.stop()
        tidying.cancel()
        await run_in_threadpool(app.state.packages.close)
        desk: Desk = app.state.desk
        desk.pictures.close()


async def _tidy_packages(room: PackageRoom) -> None:
    """What is older than a day goes within the hour, whether or not anybody asks for another."""
    while True:
        await run_in_threadpool(room.tidy)
        await asyncio.sleep(_TIDY_EVERY_S)
