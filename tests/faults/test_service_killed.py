"""A real service, ended by SIGKILL while a clip is on its way, and started again: the delivery goes on where the service is, and ends."""

from __future__ import annotations

import asyncio
import hashlib
import os
from types import SimpleNamespace

import pytest

from tests.client.test_live import in_call
from tests.e2e.conftest import PASSWORD, Serve
from tests.service.pictures import picture
from tests.service.test_clips import WEBM
from videodesk.client import uploading
from videodesk.client.delivery import Delivery
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.clock import SystemClock
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import ConsentScope, SnapshotMethod
from videodesk.protocol import resources as r


@pytest.fixture
async def service(tmp_path):
    made = Serve(tmp_path / "service", (("anna", "agent", "administrator"),))
    yield made
    await asyncio.to_thread(made.close)


@pytest.mark.timeout(400)
async def test_a_clip_arrives_whole_and_once_however_often_the_service_is_killed(service, tmp_path, monkeypatch, walked):
    monkeypatch.setattr(uploading, "REQUEST_BYTES", 1024 * 1024)
    api = HttpDeskApi(open_client(service.url))
    anna = (await api.sign_in(r.SignInIn(name="anna", password=PASSWORD))).person
    case, call, page = await in_call(SimpleNamespace(url=service.url), api, *ConsentScope)
    data, clip_id, loop = WEBM + os.urandom(6 * 1024 * 1024), new_id(), asyncio.get_running_loop()
    recording = tmp_path / "recording.webm"
    recording.write_bytes(data)
    meta = r.SnapshotMeta(case_id=case.id, call_id=call.id, method=SnapshotMethod.CLIP, digest=hashlib.sha256(data).hexdigest(), width_px=64,
                          height_px=48, media_type="video/webm", captured_at=SystemClock().now(), duration_s=1.0)
    outbox = Outbox(tmp_path / "outbox", SystemClock())
    reached, points, seen = asyncio.Event(), [10, 45, 80], []

    def changed(entry):
        seen.append((entry.state, entry.percent))
        if points and entry.state is OutboxState.SENT and (entry.percent or 0) >= points[0]:
            service.process.kill()
            points.pop(0)
            loop.call_soon_threadsafe(reached.set)

    outbox.on_change(changed)
    outbox.keep_file(clip_id, anna.id, meta, recording, picture(64, 48))
    delivery = Delivery(outbox, api, first_s=0.05, most_s=0.5)
    delivery.start(anna.id)
    for _ in range(3):
        async with asyncio.timeout(60):
            await reached.wait()
            reached.clear()
            while outbox.entry(clip_id).state is OutboxState.SENT:
                await asyncio.sleep(0.01)
        assert (outbox.entry(clip_id).state, outbox.entry(clip_id).error_code) == (OutboxState.KEPT, "service.offline"), "told as it is"
        await asyncio.to_thread(service.process.wait, 10)
        await asyncio.to_thread(service.launch)  # the delivery may bring it to the next point, and its end, before anybody else has asked it
    async with asyncio.timeout(60):
        while outbox.entry(clip_id).state is not OutboxState.CONFIRMED:
            await asyncio.sleep(0.01)
    await delivery.stop()
    [view] = await api.snapshots(case.id)
    assert [(one.id, one.digest) for one in view.originals] == [(clip_id, meta.digest)]
    assert await api.original_of(clip_id, clip_id) == data
    sent = [percent for state, percent in seen if state is OutboxState.SENT and percent is not None]
    halfway = next(n for n, percent in enumerate(sent) if percent >= 45)
    assert min(sent[halfway:]) > 10, "it did not begin anew"
    walked.append({"life": "clip", "kind": "service", "points": 3, "problems": []})
    outbox.close()
    await page.http.aclose()
    await api.close()
