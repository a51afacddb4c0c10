"""Originals and missing pieces on the case and review screens: named before a case is closed, each one reachable."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from tests.desktop.fakes import NEXT, FakeDeskApi, make_context
from tests.desktop.sample import busy_desk, jpeg
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.errors import NotAllowed
from videodesk.core.ids import new_id
from videodesk.core.people import Role
from videodesk.core.vocabulary import CaseStatus, SnapshotMethod, StillState
from videodesk.desktop.drawing.pictures import decode, decode_small
from videodesk.desktop.missing import PieceKind
from videodesk.desktop.presenters.case import CasePresenter
from videodesk.desktop.presenters.handover import HandoverPresenter
from videodesk.desktop.presenters.keeping import KeepingPresenter
from videodesk.desktop.presenters.proof import ProofPresenter
from videodesk.desktop.presenters.review import ReviewPresenter
from videodesk.desktop.tasks import ImmediateTasks
from videodesk.desktop.views import review as review_screen
from videodesk.desktop.views.case import CaseView
from videodesk.desktop.views.handover import HandoverPage
from videodesk.protocol import resources as r


class Desk:
    """A settled case with a snapshot of three originals and one whose still is awaited; an outbox beside it."""

    def __init__(self, folder) -> None:
        self.api = busy_desk(FakeDeskApi(roles=(Role.AGENT, Role.SUPERVISOR)))
        self.outbox = Outbox(folder / "outbox", self.api.clock)
        self.case_id = next(iter(self.api.cases_by_id))
        shots = [one for one in self.api.snapshots_by_id.values() if one.case_id == self.case_id]
        self.many, self.waits = shots[0].id, shots[1].id
        first = shots[0].originals[0]
        made = [first, *(first.model_copy(update={"id": new_id(self.api.clock.now()), **more}) for more in (
            {"method": SnapshotMethod.SHARPEST, "captured_at": first.captured_at - timedelta(seconds=0.3)},
            {"method": SnapshotMethod.TAKE_PHOTO, "width_px": 4000, "height_px": 3000, "verdict": ["glare"], "codec": ""}))]
        self.ids = [one.id for one in made]
        self.api.originals.update({one.id: jpeg(30 * place) for place, one in enumerate(made)})
        led = shots[0].model_copy(update={"originals": made, "captured_by": self.api.other.id})
        self.api.snapshots_by_id[self.many] = self.api._led(led, self.ids[2])
        self.api.snapshots_by_id[self.waits] = shots[1].model_copy(update={"still": StillState.AWAITED})
        self.api._change(self.case_id, status=CaseStatus.SETTLED, missing=[self.piece()])
        self.presenter = CasePresenter(self.api, ImmediateTasks(), self.api.clock, lambda *_args, **_more: None, outbox=self.outbox,
                                       decode=decode)

    def piece(self) -> r.MissingPiece:
        return r.MissingPiece(kind="still", snapshot_id=self.waits, since=self.api.clock.now(), sent_bytes=40, size_bytes=100)

    def keep(self, state=OutboxState.KEPT) -> str:
        original_id, data = new_id(self.api.clock.now()), jpeg(80)
        meta = r.SnapshotMeta(case_id=self.case_id, method=SnapshotMethod.FRAME, digest=hashlib.sha256(data).hexdigest(),
                              media_type="image/jpeg", width_px=640, height_px=360, captured_at=self.api.clock.now(), checklist_item="label")
        self.outbox.keep(original_id, self.api.person.id, meta, data)
        if state is OutboxState.REFUSED:
            self.outbox.mark(original_id, state, NotAllowed("consent.missing"))
        return original_id

    def shown(self):
        self.presenter.show(self.case_id)
        return self.presenter.state


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setitem(NEXT, CaseStatus.SETTLED, [CaseStatus.CLOSED])
    made = Desk(tmp_path)
    yield made
    made.outbox.close()


def test_each_missing_piece_has_a_name_a_place_and_how_far_it_is(desk):
    kept, refused = desk.keep(), desk.keep(OutboxState.REFUSED)
    found = {piece.kind: piece for piece in desk.shown().pieces}
    assert set(found) == {PieceKind.STILL, PieceKind.HERE, PieceKind.REFUSED}
    assert (found[PieceKind.STILL].percent, found[PieceKind.STILL].snapshot_id) == (40, desk.waits)
    assert (found[PieceKind.HERE].original_id, found[PieceKind.REFUSED].original_id) == (kept, refused)
    assert found[PieceKind.REFUSED].error.code == "consent.missing"
    assert "Verzendlabel" in dict(found[PieceKind.HERE].item).values() or found[PieceKind.HERE].item


def test_an_upload_that_the_outbox_knows_is_counted_once(desk):
    kept = desk.keep()
    upload = r.MissingPiece(kind="upload", snapshot_id=kept, since=desk.api.clock.now(), sent_bytes=1, size_bytes=2)
    stranger = upload.model_copy(update={"snapshot_id": None})
    desk.api._change(desk.case_id, missing=[upload, stranger])
    assert [piece.kind for piece in desk.shown().pieces] == [PieceKind.HERE, PieceKind.UPLOAD]


def test_closing_asks_first_when_something_is_missing_and_the_person_decides(desk):
    desk.shown()
    desk.presenter.move(CaseStatus.CLOSED)
    assert desk.presenter.state.closing.to is CaseStatus.CLOSED
    assert desk.presenter.state.case.status is CaseStatus.SETTLED
    desk.presenter.stop_closing()
    assert desk.presenter.state.closing is None
    desk.presenter.move(CaseStatus.CLOSED)
    desk.presenter.close_anyway()
    assert desk.presenter.state.case.status is CaseStatus.CLOSED


def test_given_up_nothing_is_missing_and_closing_asks_nothing(desk):
    desk.shown()
    desk.presenter.give_up_still(desk.waits)
    assert desk.presenter.state.pieces == ()
    desk.presenter.move(CaseStatus.CLOSED)
    assert desk.presenter.state.case.status is CaseStatus.CLOSED


def test_what_came_in_since_is_looked_at_before_closing(desk):
    desk.shown()
    desk.api._change(desk.case_id, missing=[])  # the still arrived; this screen has not heard yet
    desk.presenter.move(CaseStatus.CLOSED)
    assert desk.presenter.state.case.status is CaseStatus.CLOSED


def test_what_was_refused_can_be_sent_again_and_saved_outside_a_call(desk, tmp_path):
    refused = desk.keep(OutboxState.REFUSED)
    desk.shown()
    desk.presenter.save_here(refused, tmp_path / "copy.jpg")
    assert (tmp_path / "copy.jpg").read_bytes() == desk.outbox.original(refused)
    desk.presenter.retry(refused)
    assert desk.outbox.entry(refused).state is OutboxState.KEPT
    assert PieceKind.REFUSED not in {piece.kind for piece in desk.presenter.state.pieces}


def test_an_original_is_opened_and_let_lead(desk):
    desk.shown()
    desk.presenter.open_original(desk.many, desk.ids[1], "image/jpeg")
    assert desk.presenter.state.opened.picture.width_px == 640
    desk.presenter.lead(desk.many, desk.ids[0])
    assert next(one for one in desk.presenter.state.snapshots if one.id == desk.many).leading == desk.ids[0]


# ── on the screen ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def view(qapp, desk):
    desk.keep(OutboxState.REFUSED)
    context = make_context(desk.api, outbox=desk.outbox)
    parts = (desk.api, context.tasks, desk.api.clock)
    handover = HandoverPage(HandoverPresenter(*parts), KeepingPresenter(*parts, context.session.principal))
    made = CaseView(desk.presenter, ProofPresenter(*parts), handover, desk.api.person.id, desk.outbox)
    made.resize(1200, 760)
    made.show()
    made.opened(case_id=desk.case_id, tab="evidence")
    QApplication.processEvents()
    yield made
    made.shut()


def _choose(view, snapshot_id):
    model = view.evidence._model
    row = next(row for row, one in enumerate(model._items) if one.id == snapshot_id)
    view.evidence.list.setCurrentIndex(model.index(row))
    return view.evidence.originals


def test_the_chosen_tile_lists_its_originals_with_method_pixels_and_which_counts(desk, view):
    panel = _choose(view, desk.many)
    lines = [panel.list.item(row).text() for row in range(panel.list.count())]
    assert len(lines) == 3
    assert "4000 × 3000" in lines[2]
    assert panel.list.currentRow() == 2
    assert not panel.lead.isEnabled()
    panel.list.setCurrentRow(1)
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert desk.presenter.state.opened.original_id == desk.ids[1]
    assert view._original.isVisible()
    QTest.keyClick(view._original, Qt.Key.Key_Escape)
    assert desk.presenter.state.opened is None
    QTest.mouseClick(panel.lead, Qt.MouseButton.LeftButton)
    assert desk.api.snapshots_by_id[desk.many].leading == desk.ids[1]


def test_the_dialog_names_the_pieces_and_waiting_closes_nothing(desk, view):
    view._move_to(CaseStatus.CLOSED)
    QApplication.processEvents()
    dialog = view._closing
    words = " ".join(one.text() for one in dialog.findChildren(QLabel))
    assert "40 %" in words
    assert str(len(desk.presenter.state.pieces)) in dialog.title.text()
    dialog.wait.click()
    assert desk.presenter.state.closing is None
    assert desk.api.cases_by_id[desk.case_id].status is CaseStatus.SETTLED
    view._move_to(CaseStatus.CLOSED)
    view._closing.close_anyway.click()
    assert desk.api.cases_by_id[desk.case_id].status is CaseStatus.CLOSED


def test_a_clip_opens_as_a_clip_and_not_for_marks(desk, view):
    opened = []
    view.evidence.open_clip.connect(opened.append)
    desk.api.snapshots_by_id[desk.waits] = desk.api.snapshots_by_id[desk.waits].model_copy(update={"duration_s": 20.0})
    desk.presenter.reload()
    _choose(view, desk.waits)
    view.evidence.list.activated.emit(view.evidence.list.currentIndex())
    assert opened == [desk.waits]


# ── review ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def review(desk):
    presenter = ReviewPresenter(desk.api, ImmediateTasks(), desk.api.clock, make_context(desk.api).session.principal, decode=decode,
                                decode_small=decode_small)
    presenter.open(snapshot_id=desk.many)
    return presenter


def test_review_shows_what_leads_and_reaches_the_others(desk, review):
    assert review.state.seen_original.id == desk.ids[2]
    assert review.state.original is not None
    assert "original" in desk.api.asked
    review.next_original()
    assert (review.state.seen_original.id, review.state.is_leading) == (desk.ids[0], False)
    review.look_at(desk.ids[1])
    assert desk.api.asked[-1] == "original_of"
    assert review.state.seen_original.method is SnapshotMethod.SHARPEST
    review.step(1)
    review.step(-1)
    assert review.state.original_id is None


def test_the_panel_says_method_pixels_verdict_and_a_time_that_people_read(qapp, desk):
    context = make_context(desk.api)
    made = review_screen.make(context)
    made.resize(1200, 760)
    made.show()
    made.opened(snapshot_id=desk.many)
    QApplication.processEvents()
    value = {name: made.findChild(QLabel, f"review.{name}").text() for name in ("size", "verdict", "captured", "method")}
    assert "4000 × 3000" in value["size"]
    assert value["verdict"]
    assert "T" not in value["captured"].split()[-2]
    assert value["captured"].split()[2] == "2026"
    before = value["method"]
    QTest.keyClick(made, Qt.Key.Key_N)
    QApplication.processEvents()
    assert made.findChild(QLabel, "review.method").text() != before
    made.shut()
