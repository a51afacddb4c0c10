"""The routes of seals, packages, retention and copies: what is asked, and files that come whole or not at all."""

from __future__ import annotations

import hashlib

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from videodesk.client.http import HttpDeskApi, open_client
from videodesk.core.errors import WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import Language, PackageState
from videodesk.protocol import resources as r

CASE, PACKAGE, COPY = new_id(), new_id(), new_id()
NOW = "2026-01-05T09:00:00Z"
RETENTION = {"case_id": CASE, "retention_class": "claim", "days": 30}
VIEW = {"id": COPY, "case_id": CASE, "expires_at": NOW}


class Desk:
    """What the small service was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.answer: Response = JSONResponse({})

    async def take(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        self.asked.append((request.method, request.url.path.removeprefix("/api/v1") + (f"?{request.url.query}" if request.url.query else "")))
        return self.answer


@pytest.fixture
async def desk():
    desk = Desk()
    app = Starlette(routes=[Route("/{path:path}", desk.take, methods=["GET", "POST", "PUT", "DELETE"])])
    desk.api = HttpDeskApi(open_client("http://desk.test", transport=httpx.ASGITransport(app=app)))
    yield desk
    await desk.api.close()


def ready(data: bytes) -> r.PackageView:
    return r.PackageView(id=PACKAGE, case_id=CASE, state=PackageState.READY, size_bytes=len(data), digest=hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(("answer", "asks", "expected"), [
    (RETENTION, lambda api: api.retention(CASE), ("GET", f"/cases/{CASE}/retention")),
    (RETENTION, lambda api: api.hold(CASE, r.HoldIn(reason="court")), ("PUT", f"/cases/{CASE}/hold")),
    (RETENTION, lambda api: api.release(CASE), ("DELETE", f"/cases/{CASE}/hold")),
    (VIEW, lambda api: api.make_copy(CASE, r.CopyIn(id=COPY)), ("POST", f"/cases/{CASE}/copies")),
    (VIEW, lambda api: api.revoke_copy(CASE, COPY), ("DELETE", f"/cases/{CASE}/copies/{COPY}")),
    ({"id": PACKAGE, "case_id": CASE, "state": "building"}, lambda api: api.build_package(CASE, r.PackageIn(id=PACKAGE)),
     ("POST", f"/cases/{CASE}/packages")),
    ({"id": PACKAGE, "case_id": CASE, "state": "building"}, lambda api: api.package(PACKAGE), ("GET", f"/packages/{PACKAGE}")),
    ({"root_pem": "pem", "fingerprint": "ab" * 32}, lambda api: api.seal_root(), ("GET", "/seal/root")),
])
async def test_each_route_is_asked_as_it_is_called(desk, answer, asks, expected):
    desk.answer = JSONResponse(answer)
    await asks(desk.api)
    assert desk.asked == [expected]


async def test_a_hold_says_its_reason(desk):
    desk.answer = JSONResponse(RETENTION)
    await desk.api.hold(CASE, r.HoldIn(reason="court"))
    assert desk.bodies == [b'{"reason": "court"}']


async def test_copies_are_a_list(desk):
    desk.answer = JSONResponse({"items": [VIEW]})
    assert [one.id for one in await desk.api.copies(CASE)] == [COPY]


async def test_a_package_comes_whole_and_says_how_far_it_is(desk, tmp_path):
    data = b"PK" * 5_000
    desk.answer = Response(data, media_type="application/zip")
    heard: list[tuple[int, int]] = []
    await desk.api.save_package(ready(data), tmp_path / "a.zip", lambda got, of: heard.append((got, of)))
    assert (tmp_path / "a.zip").read_bytes() == data
    assert heard[-1] == (len(data), len(data))
    assert desk.asked == [("GET", f"/packages/{PACKAGE}/file")]


async def test_a_package_with_another_digest_is_not_kept(desk, tmp_path):
    desk.answer = Response(b"PK damaged", media_type="application/zip")
    with pytest.raises(WorldError, match=r"blob\.damaged"):
        await desk.api.save_package(ready(b"PK as it was"), tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


async def test_a_report_is_asked_for_in_a_language(desk, tmp_path):
    desk.answer = Response(b"%PDF", media_type="application/pdf")
    await desk.api.save_report(CASE, Language.EN, tmp_path / "report.pdf")
    assert desk.asked == [("GET", f"/cases/{CASE}/report?language=en")]
    assert (tmp_path / "report.pdf").read_bytes() == b"%PDF"


async def test_a_refused_report_leaves_no_file(desk, tmp_path):
    desk.answer = JSONResponse({"type": "about:blank", "title": "gone", "detail": "gone", "code": "case.erased", "status": 410}, status_code=410,
                               media_type="application/problem+json")
    with pytest.raises(Exception, match=r"case\.erased"):
        await desk.api.save_report(CASE, Language.NL, tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []
