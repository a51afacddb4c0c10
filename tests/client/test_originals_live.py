"""Originals against the real service: further ones, and a large file in pieces, with the line cut and the answers lost."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import cv2
import httpx
import numpy as np
import pytest

from tests.client.test_live import PICTURE, as_person, in_call, meta_of, service
from videodesk.client import uploading
from videodesk.client.delivery import Delivery
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.clock import SystemClock
from videodesk.core.errors import Conflict, NotFound, WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import ConsentScope, SnapshotMethod

__all__ = ["as_person", "service"]
LARGE = cv2.imencode(".png", np.random.default_rng(7).integers(0, 255, (1000, 1500, 3), np.uint8))[1].tobytes()


class CutLine(httpx.AsyncHTTPTransport):
    """Cuts requests (PUT2: the second PUT) in the middle of their bodies, or after the service has answered."""

    def __init__(self, *cuts: tuple[str, str]) -> None:
        super().__init__()
        self.cuts = list(cuts)
        self.asked: list[str] = []

    async def handle_async_request(self, request):
        self.asked.append(request.method)
        for method, where in self.cuts:
            if f"{request.method}{self.asked.count(request.method)}" != method:
                continue
            self.cuts.remove((method, where))
            if where == "body":
                request = httpx.Request(request.method, request.url, headers=request.headers, content=self._half(request.stream))
                return await super().handle_async_request(request)
            answer = await super().handle_async_request(request)
            await answer.aread()
            raise httpx.ReadError("cut")
        return await super().handle_async_request(request)

    @staticmethod
    async def _half(stream):
        sent = 0
        async for piece in stream:
            sent += len(piece)
            yield piece
            if sent > 1_000_000:
                raise httpx.WriteError("cut")


def large_meta(case, call, **more):
    return meta_of(case.id, call.id, **more).model_copy(update={
        "digest": hashlib.sha256(LARGE).hexdigest(), "media_type": "image/png", "width_px": 1500, "height_px": 1000,
        "method": SnapshotMethod.SHARPEST})


@pytest.fixture(autouse=True)
def _small_requests(monkeypatch):
    monkeypatch.setattr(uploading, "REQUEST_BYTES", 2 * 1024 * 1024)


@pytest.fixture
async def desk(service, as_person, tmp_path):
    api, anna = await as_person("anna")
    case, call, page = await in_call(service, api, *ConsentScope)
    path = tmp_path / "large.png"
    path.write_bytes(LARGE)
    yield SimpleNamespace(api=api, anna=anna, case=case, call=call, path=path, url=service.url, folder=tmp_path)
    await page.close()


async def test_a_further_original_leads_and_both_are_there(desk):
    first, second = new_id(), new_id()
    await desk.api.put_snapshot(first, meta_of(desk.case.id, desk.call.id), PICTURE)
    small = desk.folder / "small.jpg"
    small.write_bytes(PICTURE)
    meta = meta_of(desk.case.id, desk.call.id).model_copy(update={"method": SnapshotMethod.SHARPEST})
    told = []
    view = await desk.api.put_original(first, second, meta, small, progress=lambda sent, of: told.append((sent, of)))
    assert (view.leading, [one.id for one in view.originals]) == (second, [first, second])
    assert told == [(0, len(PICTURE)), (len(PICTURE), len(PICTURE))]
    assert await desk.api.original_of(first, second) == PICTURE
    with pytest.raises(NotFound):
        await desk.api.original_of(first, new_id())
    with pytest.raises(NotFound, match=r"still\.not_asked"):
        await desk.api.give_up_still(first)


@pytest.mark.parametrize("cuts", [
    [], [("POST1", "answer")], [("PATCH1", "body")], [("PATCH2", "answer")], [("PUT1", "answer")], [("PUT2", "answer")], [("HEAD1", "answer")],
    [("PATCH1", "body"), ("HEAD2", "answer"), ("PUT3", "answer"), ("PATCH3", "answer")],
])
async def test_a_large_original_arrives_whatever_is_cut(desk, cuts):
    line = CutLine(*cuts)
    api = HttpDeskApi(open_client(desk.url, transport=line), desk.api.token)
    outbox, told = Outbox(desk.folder / "outbox", SystemClock()), []
    outbox.on_change(lambda entry: told.append((entry.state, entry.percent)))
    one = new_id()
    outbox.keep(one, desk.anna.id, large_meta(desk.case, desk.call), LARGE)
    delivery = Delivery(outbox, api)
    for _ in range(len(cuts) + 1):
        if await delivery.deliver_once(desk.anna.id) is None:
            break
    assert outbox.entry(one).state is OutboxState.CONFIRMED
    [view] = await desk.api.snapshots(desk.case.id)
    assert [(found.id, found.digest) for found in view.originals] == [(one, hashlib.sha256(LARGE).hexdigest())]
    await desk.api.save_original(one, one, desk.folder / "back.png")
    assert (desk.folder / "back.png").read_bytes() == LARGE
    assert told[-1] == (OutboxState.CONFIRMED, 100)
    assert line.cuts == []
    assert (await desk.api.case(desk.case.id)).missing == []
    if cuts == [("PUT2", "answer")]:
        assert line.asked.count("POST") == 1, "what the service has is not sent twice"
    await api.close()
    outbox.close()


async def test_what_is_refused_is_refused_before_its_bytes_are_sent_and_other_bytes_are_no_repetition(desk):
    line = CutLine()
    api = HttpDeskApi(open_client(desk.url, transport=line), desk.api.token)
    elsewhere = large_meta(desk.case, desk.call).model_copy(update={"case_id": new_id()})
    with pytest.raises(NotFound, match=r"case\.unknown"):
        await api.put_original(new_id(), new_id(), elsewhere, desk.path)
    assert "PATCH" not in line.asked
    one = new_id()
    await api.put_original(one, one, large_meta(desk.case, desk.call), desk.path)
    with pytest.raises(Conflict, match=r"snapshot\.differs"):
        await api.put_original(one, one, large_meta(desk.case, desk.call).model_copy(update={"digest": "0" * 64}), desk.path)
    await api.close()


async def test_damaged_on_the_way_it_is_sent_from_the_beginning(desk, monkeypatch):
    one, other = new_id(), desk.folder / "other.png"
    other.write_bytes(LARGE[:-1] + bytes([LARGE[-1] ^ 1]))
    meta = large_meta(desk.case, desk.call)
    with pytest.raises(WorldError):
        cut = HttpDeskApi(open_client(desk.url, transport=CutLine(("PATCH3", "answer"), ("HEAD2", "answer"))), desk.api.token)
        await cut.put_original(one, one, meta, other)  # the service now holds bytes that are not ours
    view = await desk.api.put_original(one, one, meta, desk.path)
    assert view.digest == meta.digest
    await cut.close()
