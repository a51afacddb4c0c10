"""Annotate and review on the real service, over HTTP, with the engine in its own thread."""

import asyncio
import hashlib
import io
import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import httpx
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.desktop.conftest import qapp  # noqa: F401 - the fixture
from tests.desktop.drawn import damaged_parcel_jpeg
from tests.desktop.fakes import FakeChannel, FakeEvents, FakeNavigation
from tests.desktop.test_annotate import event_move
from tests.service.conftest import PASSWORD, Client, live_service  # noqa: F401 - the fixture
from videodesk.annotation.marks import Point
from videodesk.calls.model import Call
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.core.clock import SystemClock
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, ConsentScope, ReviewState, SnapshotMethod
from videodesk.desktop.annotating import Filed
from videodesk.desktop.bridge import Bridge
from videodesk.desktop.context import DesktopContext, Session
from videodesk.desktop.engine import Engine
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.views import annotate, review
from videodesk.protocol import resources as r
from videodesk.settings import Settings

JPEG = damaged_parcel_jpeg()
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def until(condition, what, limit_s=20.0):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"not in time: {what()}" if callable(what) else what
        QApplication.processEvents()
        QTest.qWait(5)


@pytest.fixture
def engine(qapp):  # noqa: F811
    made = Engine()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def desktop_of(live_service, engine, tmp_path):  # noqa: F811
    opened = []

    def make(name):
        async def sign_in():
            api = HttpDeskApi(open_client(live_service.url))
            signed = await api.sign_in(r.SignInIn(name=name, password=PASSWORD))
            return api, signed

        api, signed = engine.submit(sign_in).result(20)
        opened.append(api)
        return DesktopContext(
            api=api, tasks=Bridge(engine), clock=SystemClock(), settings=Settings(data_dir=tmp_path), preferences=PreferenceStore(None),
            session=Session(signed.person, signed.token), events=FakeEvents(), channel=FakeChannel(), navigation=FakeNavigation(), work_dir=tmp_path)

    yield make
    for api in opened:
        engine.submit(api.close).result(10)


def snapshot_by(live_service, name):  # noqa: F811
    with httpx.Client(base_url=live_service.url, trust_env=False, timeout=60) as http:
        agent = Client(http, {}).as_(name)
        case = agent.make_case()
        made = agent.invite(case["id"])
        customer = agent.join(made)
        customer.consent(*(scope.value for scope in ConsentScope))
        now = SystemClock().now()
        call_id = new_id(now)
        with live_service.desk.store.write() as uow:
            uow.calls.add(Call(id=call_id, case_id=case["id"], invitation_id=made["id"], state=CallState.CONNECTED, waiting_since=now,
                               agent_id=agent.get("/me").json()["id"]))

        async def put():
            api = HttpDeskApi(open_client(live_service.url), agent.headers["Authorization"].removeprefix("Bearer "))
            meta = r.SnapshotMeta(
                case_id=case["id"], call_id=call_id, method=SnapshotMethod.FRAME, digest=hashlib.sha256(JPEG).hexdigest(), media_type="image/jpeg",
                width_px=1280, height_px=720, captured_at=SystemClock().now(), checklist_item=case["checklist"]["items"][0]["id"])
            try:
                return await api.put_snapshot(new_id(), meta, JPEG)
            finally:
                await api.close()

        return asyncio.run(put())


def test_annotate_by_mouse_then_reopen_then_decide_by_keyboard(live_service, engine, desktop_of):  # noqa: F811
    shot = snapshot_by(live_service, "anna")
    context = desktop_of("anna")
    view = annotate.make(context)
    view.resize(1280, 800)
    view.show()
    view.opened(snapshot_id=shot.id)
    marks = view.presenter
    until(lambda: marks.state.picture is not None, lambda: str(marks.state.problem))

    def drag(key, start, end):
        QTest.keyClick(view.canvas, key)
        places = [view.canvas.view.to_widget(Point(*at)).toPoint() for at in (start, end)]
        QTest.mousePress(view.canvas, LEFT, NONE, places[0])
        event_move(view.canvas, (places[0] + places[1]) / 2, NONE)
        event_move(view.canvas, places[1], NONE)
        QTest.mouseRelease(view.canvas, LEFT, NONE, places[1])

    drag(Qt.Key.Key_A, (1120, 120), (950, 330))
    drag(Qt.Key.Key_B, (370, 338), (604, 446))
    assert len(marks.state.document.marks) == 2
    # Nobody presses save: it saves by itself.
    until(lambda: marks.state.filed is Filed.SAVED, "the autosave")
    document = marks.state.document

    again = annotate.make(desktop_of("anna"))
    again.opened(snapshot_id=shot.id)
    until(lambda: again.presenter.state.picture is not None, "the picture again")
    assert again.presenter.state.document == document

    supervisor = desktop_of("saskia")
    kept = engine.submit(lambda: supervisor.api.original(shot.id)).result(20)
    assert hashlib.sha256(kept).hexdigest() == shot.digest
    sheet = review.make(supervisor)
    sheet.resize(1280, 800)
    sheet.show()
    sheet.opened()
    until(lambda: sheet.presenter.state.current is not None, "the queue")
    QTest.keyClick(sheet.sheet, Qt.Key.Key_Return)
    until(lambda: sheet.presenter.state.rendition is not None, "the rendition")
    shown = sheet.presenter.state.shown.pixels
    assert (shown[345:440, 375:600] == shown[345, 375]).all()
    thumbnail = engine.submit(lambda: supervisor.api.thumbnail(shot.id)).result(20)
    with Image.open(io.BytesIO(thumbnail)) as small:
        dark = np.asarray(small.convert("L"))[90:108, 98:146]
    assert dark.max() < 60
    QTest.keyClick(sheet.stage, Qt.Key.Key_R)
    QTest.keyClicks(sheet.details.comment, "Closer please")
    QTest.keyClick(sheet.details.comment, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: sheet.presenter.state.items == () and not sheet.presenter.state.is_deciding, "the decision")
    decided = engine.submit(lambda: supervisor.api.snapshot(shot.id)).result(20)
    assert decided.review_state is ReviewState.RETAKE_REQUESTED
    assert decided.decisions[0].comment == "Closer please"
    log = engine.submit(lambda: supervisor.api.custody(shot.case_id)).result(20)
    assert {"annotated", "redacted", "reviewed"} <= {entry.action.value for entry in log.items}
    for screen in (view, again, sheet):
        screen.shut()
        screen.close()
