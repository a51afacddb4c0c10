"""A retake inside the call: asked live, shown with the supervisor's words, answered by the next snapshot."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import Qt

from tests.desktop.fake_call import ANNA, CASE_ID, NOW, asked_again
from tests.desktop.test_call_presenter import Screen
from tests.desktop.test_call_view import context_for, go_live
from videodesk.client.delivery import Delivery
from videodesk.client.outbox import OutboxState
from videodesk.core.errors import Invalid
from videodesk.desktop.views.call import CallScreenView
from videodesk.protocol import messages as m

WORDS = "Please closer, <b>the tear</b> is not sharp"


@pytest.fixture
def screen(tmp_path):
    made = Screen(tmp_path / "outbox")
    yield made.live()
    made.outbox.close()


def deliver(screen) -> None:
    asyncio.run(Delivery(screen.outbox, screen.api).deliver_once(ANNA.id))
    screen.tell(m.Happened, name="snapshot.added", at=NOW, case_id=CASE_ID)


def ask(screen, snapshot_id: str) -> None:
    screen.api.stored = [asked_again(view, WORDS) if view.id == snapshot_id else view for view in screen.api.stored]
    screen.tell(m.Happened, name="review.decided", at=NOW, case_id=CASE_ID, data={"snapshot_id": snapshot_id})


def first_in_case(screen) -> str:
    screen.shoot()
    deliver(screen)
    assert screen.state.next_item.id == "label"
    return screen.state.tray[0].snapshot_id


def test_a_retake_asked_during_the_call_is_suggested_and_answered_by_the_next_snapshot(screen):
    first = first_in_case(screen)
    ask(screen, first)
    assert [(shot.snapshot_id, shot.words) for shot in screen.state.retakes] == [(first, WORDS)]
    assert screen.state.next_item.id == "outside"
    outside = screen.state.checklist[0]
    assert (outside.retake.snapshot_id, outside.is_done) == (first, False)
    screen.shoot()
    meta = screen.outbox.entries()[-1].meta
    assert (meta.retake_of, meta.checklist_item) == (first, "outside")
    assert screen.state.retakes == (), "it is on its way: not asked twice"
    deliver(screen)
    assert screen.state.retakes == ()
    assert screen.state.checklist[0].is_done
    screen.shoot()
    last = screen.outbox.entries()[-1].meta
    assert (last.retake_of, last.checklist_item) == (None, "label")


def test_what_was_chosen_by_hand_is_no_retake(screen):
    first = first_in_case(screen)
    screen.presenter.capturing.choose_item("receipt")
    ask(screen, first)
    screen.shoot()
    meta = screen.outbox.entries()[-1].meta
    assert (meta.retake_of, meta.checklist_item) == (None, "receipt")
    assert screen.state.next_item.id == "outside", "now the retake"


def test_a_retake_that_is_refused_leaves_the_request_open(screen):
    first = first_in_case(screen)
    ask(screen, first)
    screen.shoot()
    screen.outbox.mark(screen.outbox.entries()[-1].snapshot_id, OutboxState.REFUSED, Invalid("picture.mismatch"))
    assert [shot.snapshot_id for shot in screen.state.retakes] == [first]


def test_tray_checklist_and_banner_say_it_in_the_supervisors_words(qapp, tmp_path):
    context = context_for(tmp_path)
    view = CallScreenView(context, post=lambda act: act())
    view.resize(1208, 752)
    view.show()
    go_live(view, context)
    view.act("call.snapshot")
    first = view._state.tray[0].snapshot_id
    asyncio.run(Delivery(context.outbox, context.api).deliver_once(ANNA.id))
    context.api.stored = [asked_again(context.api.stored[0], WORDS)]
    view.handle(m.Happened(seq=1, name="review.decided", at=NOW, case_id=CASE_ID))
    tray, checklist = view.side.tray.model(), view.side.checklist.model()
    assert tray.index(0, 0).data().endswith(", retake")
    assert "the tear" in tray.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "retake asked" in checklist.index(0, 0).data()
    assert WORDS in view.side.banner.text
    assert view.side.banner.isVisible()
    for tip in (tray.index(0, 0).data(Qt.ItemDataRole.ToolTipRole), checklist.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)):
        assert "<" not in tip, "a tip guesses markup"
    view.grab()
    view.act("call.snapshot")
    assert context.outbox.entries()[-1].meta.retake_of == first
    assert not view.side.banner.isVisible()
    view.shut()
    context.outbox.close()
