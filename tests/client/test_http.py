"""HttpDeskApi against a small application: bodies, errors, a service that is not there."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from videodesk.client.api import DeskApi
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.client.proof_api import ProofApi
from videodesk.core.errors import (
    Conflict,
    DeskError,
    Gone,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OutOfSpace,
    RateLimited,
    TooLarge,
    UnsupportedMedia,
    WorldError,
)
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.protocol import resources as r

ME = {"id": new_id(), "name": "anna", "display_name": "Anna", "roles": ["agent"], "is_disabled": False, "presence": "offline"}


def problem(status: int, code: str, **params) -> JSONResponse:
    body = {"type": "about:blank", "title": code, "status": status, "detail": "…", "code": code, "params": params, "retryable": False}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


class Desk:
    """What the small service was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes, dict[str, str]]] = []
        self.answer: Response = JSONResponse(ME)
        self.parts: dict[str, bytes] = {}

    async def take(self, request: Request) -> Response:
        if request.headers.get("content-type", "").startswith("multipart/"):
            async with request.form() as form:
                for name, value in form.items():
                    self.parts[name] = value.encode() if isinstance(value, str) else await value.read()
        body = b"" if self.parts else await request.body()
        self.asked.append((request.method, request.scope["raw_path"].decode() + "?" + request.url.query, body, dict(request.headers)))
        return self.answer


@pytest.fixture
async def desk():
    desk = Desk()
    app = Starlette(routes=[Route("/{path:path}", desk.take, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])])
    desk.api = HttpDeskApi(open_client("http://desk.test", transport=httpx.ASGITransport(app=app)))
    yield desk
    await desk.api.close()


def test_it_is_a_desk_api():
    made: DeskApi = HttpDeskApi(open_client("http://desk.test"))
    missing = [name for port in (DeskApi, ProofApi) for name in vars(port) if not name.startswith("_") and not hasattr(made, name)]
    assert missing == []


async def test_sign_in_keeps_the_token_and_sign_out_forgets_it(desk):
    desk.answer = JSONResponse({"token": "t" * 40, "expires_at": "2026-01-05T09:00:00Z", "person": ME})
    await desk.api.sign_in(r.SignInIn(name="anna", password="x"))
    desk.answer = JSONResponse(ME)
    assert (await desk.api.me()).display_name == "Anna"
    assert desk.asked[-1][3]["authorization"] == "Bearer " + "t" * 40
    desk.answer = Response(status_code=204)
    await desk.api.sign_out()
    assert desk.api.token is None


@pytest.mark.parametrize(("status", "kind"), [
    (401, NotSignedIn), (403, NotAllowed), (404, NotFound), (409, Conflict), (410, Gone), (413, TooLarge), (415, UnsupportedMedia),
    (422, Invalid), (429, RateLimited), (503, WorldError), (507, OutOfSpace), (500, DeskError),
])
async def test_each_problem_becomes_its_class_with_code_and_params(desk, status, kind):
    desk.answer = problem(status, "call.already_taken", by="bram")
    with pytest.raises(kind) as caught:
        await desk.api.me()
    assert type(caught.value) is kind
    assert caught.value.code == "call.already_taken"
    assert caught.value.params["by"] == "bram"


async def test_a_proxy_without_a_service_behind_it_is_offline(desk):
    desk.answer = PlainTextResponse("bad gateway", status_code=502)
    with pytest.raises(WorldError, match=r"service\.offline"):
        await desk.api.me()


@pytest.mark.parametrize("answer", [PlainTextResponse("<html>hotel wifi, log in</html>"), JSONResponse({"id": 1}),
                                    PlainTextResponse("no", status_code=404), Response(status_code=302)])
async def test_an_answer_that_is_no_answer_is_an_error_not_a_crash(desk, answer):
    desk.answer = answer
    with pytest.raises(DeskError, match=r"service\.unexpected"):
        await desk.api.me()


async def test_nobody_there_is_offline():
    api = HttpDeskApi(open_client("http://127.0.0.1:9"))
    with pytest.raises(WorldError, match=r"service\.offline"):
        await api.info()
    await api.close()


@pytest.mark.parametrize(("raised", "code"), [(httpx.ReadTimeout, "service.slow"), (httpx.ConnectTimeout, "service.offline"),
                                              (httpx.RemoteProtocolError, "service.offline")])
async def test_network_failures_have_codes(raised, code):
    def fail(_request):
        raise raised("…")

    api = HttpDeskApi(open_client("http://desk.test", transport=httpx.MockTransport(fail)))
    with pytest.raises(WorldError, match=code.replace(".", r"\.")):
        await api.info()
    await api.close()


async def test_a_patch_sends_only_what_changes_and_null_keeps_its_meaning(desk):
    desk.answer = problem(409, "snapshot.gone")
    with pytest.raises(Conflict):
        await desk.api.change_snapshot(new_id(), r.SnapshotPatch(checklist_item=None))
    assert json.loads(desk.asked[-1][2]) == {"checklist_item": None}


@pytest.mark.parametrize("tricky", ["../people", "a/b", "?x=1", "..", "", "%2e%2e", "é\x00"])
async def test_an_id_never_leaves_its_path_segment(desk, tricky):
    desk.answer = problem(404, "case.unknown")
    with pytest.raises(NotFound):
        await desk.api.case(tricky)
    path = desk.asked[-1][1].rstrip("?")
    assert path.startswith("/api/v1/cases/")
    assert path.count("/") == 4
    assert path.rsplit("/", 1)[1] not in {"", ".", ".."}


async def test_a_snapshot_goes_as_two_parts_byte_for_byte(desk):
    data, snapshot_id = bytes(range(256)) * 20, new_id()
    meta = r.SnapshotMeta(case_id=new_id(), method=SnapshotMethod.FRAME, digest=hashlib.sha256(data).hexdigest(), media_type="image/jpeg",
                          width_px=10, height_px=10, captured_at=datetime(2026, 1, 5, 9, tzinfo=UTC))
    desk.answer = problem(403, "consent.missing")
    with pytest.raises(NotAllowed):
        await desk.api.put_snapshot(snapshot_id, meta, data)
    assert desk.asked[-1][:2] == ("PUT", f"/api/v1/snapshots/{snapshot_id}?")
    assert desk.parts["original"] == data
    assert r.SnapshotMeta.model_validate_json(desk.parts["metadata"]) == meta


async def test_lists_come_with_or_without_an_envelope_and_no_annotation_is_none(desk):
    desk.answer = JSONResponse([ME])
    assert len(await desk.api.people()) == 1
    desk.answer = JSONResponse({"items": [ME, ME]})
    assert len(await desk.api.people()) == 2
    desk.answer = problem(404, "annotation.none")
    assert await desk.api.annotation(new_id()) is None
