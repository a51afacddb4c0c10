"""The review screen, driven by keys alone on the real view."""

import asyncio

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.desktop.drawn import damaged_parcel_jpeg
from tests.desktop.fakes import FakeDeskApi, make_context, sample_case
from videodesk.annotation.marks import Box, Redaction
from videodesk.core.errors import WorldError
from videodesk.core.people import Role
from videodesk.core.vocabulary import Language, ReviewDecision, ReviewState
from videodesk.desktop import i18n
from videodesk.desktop.drawing.painting import text_box
from videodesk.desktop.drawing.pictures import decode
from videodesk.desktop.drawing.rendition import render
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.presenters.review import Ask
from videodesk.desktop.views.review import make
from videodesk.protocol.messages import Happened

JPEG = damaged_parcel_jpeg(640, 360)
CTRL = Qt.KeyboardModifier.ControlModifier


def settle(rounds=6):
    for _ in range(rounds):
        QApplication.processEvents()


class Screen:
    def __init__(self, api, count=5):
        self.api = api
        self.case = asyncio.run(api.add_case(sample_case()))
        self.shots = [self.add() for _ in range(count)]
        self.context = make_context(api)
        self.view = make(self.context)
        self.presenter = self.view.presenter
        self.view.resize(1280, 800)
        self.view.show()
        self.view.opened()
        settle()

    def add(self, by=None, **more):
        who = by or self.api.other
        return self.api.add_snapshot(self.case.id, JPEG, "damage", size=(640, 360), captured_by=who.id, captured_by_name=who.display_name, **more)

    @property
    def state(self):
        return self.presenter.state

    def key(self, key, modifiers=Qt.KeyboardModifier.NoModifier, widget=None):
        QTest.keyClick(widget or self.focus(), key, modifiers)
        settle()

    def focus(self):
        return self.view.stage if self.state.is_large else self.view.sheet

    def named(self, name):
        return self.view.findChild(QWidget, name)

    def in_store(self, snapshot):
        return self.api.snapshots_by_id[snapshot.id]


@pytest.fixture
def screen(api):
    return Screen(api)


def test_newest_first_with_counts_per_state(screen):
    assert [item.id for item in screen.state.items] == [shot.id for shot in reversed(screen.shots)]
    assert screen.named("review.filter.pending").text() == "To review 5"
    assert screen.named("review.filter.all").text() == "All 5"


def test_accept_goes_to_the_next(screen):
    first, second = screen.state.items[0], screen.state.items[1]
    screen.key(Qt.Key.Key_A)
    assert screen.in_store(first).review_state is ReviewState.ACCEPTED
    assert screen.state.current_id == second.id
    assert screen.named("review.filter.pending").text() == "To review 4"
    assert screen.named("review.filter.accepted").text() == "Accepted 1"


def test_a_retake_needs_words_and_sends_them(screen):
    first = screen.state.items[0]
    screen.key(Qt.Key.Key_R)
    assert screen.state.ask is Ask.WORDS
    assert screen.in_store(first).review_state is ReviewState.PENDING
    QTest.keyClicks(screen.view.details.comment, "Closer, and the label too: <b>ja</b>")
    assert screen.state.current_id == first.id
    screen.key(Qt.Key.Key_Return, CTRL, screen.view.details.comment)
    made = screen.in_store(first).decisions[0]
    assert made.decision is ReviewDecision.RETAKE_REQUESTED
    assert made.comment == "Closer, and the label too: <b>ja</b>"
    assert screen.state.comment == ""
    assert screen.view.details.comment.toPlainText() == ""


def test_a_rejection_needs_a_reason(screen):
    first = screen.state.items[0]
    screen.key(Qt.Key.Key_X)
    assert screen.state.ask is Ask.REASON
    screen.key(Qt.Key.Key_Down, widget=screen.view.details.reason)
    screen.key(Qt.Key.Key_Return, widget=screen.view.details.reason)
    made = screen.in_store(first).decisions[0]
    assert made.decision is ReviewDecision.REJECTED
    assert made.reason


def test_a_comment_goes_with_the_next_decision(screen):
    first = screen.state.items[0]
    screen.key(Qt.Key.Key_C)
    QTest.keyClicks(screen.view.details.comment, "Mooi")
    screen.key(Qt.Key.Key_Return, CTRL, screen.view.details.comment)
    assert screen.in_store(first).review_state is ReviewState.PENDING
    screen.key(Qt.Key.Key_A)
    assert screen.in_store(first).decisions[0].comment == "Mooi"


def test_esc_takes_the_question_back(screen):
    screen.key(Qt.Key.Key_R)
    screen.key(Qt.Key.Key_Escape, widget=screen.view.details.comment)
    assert screen.state.ask is Ask.NOTHING
    assert all(shot.review_state is ReviewState.PENDING for shot in screen.api.snapshots_by_id.values())


def test_j_and_k_walk_and_enter_enlarges(screen):
    ids = [item.id for item in screen.state.items]
    screen.key(Qt.Key.Key_J)
    screen.key(Qt.Key.Key_J)
    screen.key(Qt.Key.Key_K)
    assert screen.state.current_id == ids[1]
    screen.key(Qt.Key.Key_Return)
    assert screen.view.stage.isVisible()
    assert screen.state.original is not None
    screen.key(Qt.Key.Key_J)
    assert screen.state.current_id == ids[2]
    assert screen.state.original is not None
    screen.key(Qt.Key.Key_Escape)
    assert not screen.view.stage.isVisible()
    for _ in range(9):
        screen.key(Qt.Key.Key_K)
    assert screen.state.current_id == ids[0]


def test_one_s_own_snapshot_cannot_be_decided_and_says_why(screen):
    own = screen.add(by=screen.api.person)
    screen.presenter.reload()
    screen.presenter.choose(own.id)
    for name in ("accept", "retake", "reject"):
        assert not screen.named(f"review.{name}").isEnabled()
    assert "yourself" in screen.named("review.why_not").text()
    for key in (Qt.Key.Key_A, Qt.Key.Key_R, Qt.Key.Key_X):
        screen.key(key)
    assert screen.in_store(own).review_state is ReviewState.PENDING
    assert "decide" not in screen.api.asked


def test_an_agent_cannot_decide():
    screen = Screen(FakeDeskApi(roles=(Role.AGENT,)))
    screen.key(Qt.Key.Key_A)
    assert not screen.named("review.accept").isEnabled()
    assert "supervisor" in screen.named("review.why_not").text()
    assert "decide" not in screen.api.asked


def test_original_and_marks(screen):
    shot = screen.state.items[0]
    presenter = AnnotatePresenter(screen.api, screen.context.tasks, screen.context.clock, decode=decode, render=render, measure=text_box,
                                  autosave_after_s=None)
    presenter.open(shot.id)
    presenter.add(Redaction(id="r", box=Box(0, 0, 640, 360)))
    presenter.save()
    screen.presenter.reload()
    screen.key(Qt.Key.Key_Return)
    assert screen.state.shown is screen.state.rendition
    assert (screen.state.shown.pixels == screen.state.shown.pixels[0, 0]).all()
    screen.key(Qt.Key.Key_O)
    assert screen.state.shown is screen.state.original
    assert not (screen.state.shown.pixels == screen.state.shown.pixels[0, 0]).all()
    screen.key(Qt.Key.Key_O)
    assert screen.state.shown is screen.state.rendition


def test_loupe_by_key_moves_with_the_arrows(screen):
    screen.key(Qt.Key.Key_Z)
    assert screen.state.is_large
    assert screen.view.stage.has_loupe
    before = screen.view.stage.grab().toImage()
    screen.key(Qt.Key.Key_Right)
    assert screen.view.stage.grab().toImage() != before
    screen.key(Qt.Key.Key_Z)
    assert not screen.view.stage.has_loupe


def test_zoom_stays_between_original_and_marks(screen):
    screen.key(Qt.Key.Key_Return)
    screen.view.stage.zoom_by(2.0, QPointF(100, 100))
    view = screen.view.stage.view
    screen.presenter.toggle_original()
    assert screen.view.stage.view == view


def happened(name, snapshot, clock):
    return Happened(seq=1, name=name, at=clock.now(), case_id=snapshot.case_id, data={"snapshot_id": snapshot.id})


def test_new_snapshots_and_others_decisions_come_by_themselves(screen):
    current = screen.state.items[1].id
    screen.presenter.choose(current)
    fresh = screen.add()
    screen.view.handle(happened("snapshot.added", fresh, screen.context.clock))
    settle()
    assert screen.state.items[0].id == fresh.id
    assert screen.state.current_id == current
    following = screen.state.items[3].id
    gone = screen.in_store(screen.shots[3])
    assert gone.id == current
    screen.api.snapshots_by_id[current] = gone.model_copy(update={"review_state": ReviewState.ACCEPTED})
    screen.view.handle(happened("review.decided", gone, screen.context.clock))
    settle()
    assert screen.state.current_id == following


def test_filters_and_the_empty_state(screen):
    QTest.mouseClick(screen.named("review.filter.rejected"), Qt.MouseButton.LeftButton)
    settle()
    assert screen.state.items == ()
    assert not screen.view.sheet.isVisible()
    assert screen.view._empty.isVisible()
    QTest.mouseClick(screen.named("review.filter.all"), Qt.MouseButton.LeftButton)
    settle()
    assert len(screen.state.items) == 5


def test_a_failed_decision_stays_and_says_why(screen):
    first = screen.state.items[0]
    screen.api.fail_next = WorldError("service.offline")
    screen.key(Qt.Key.Key_A)
    assert screen.state.current_id == first.id
    assert screen.view.banner.isVisible()
    screen.key(Qt.Key.Key_A)
    assert screen.in_store(first).review_state is ReviewState.ACCEPTED


def test_the_integrity_line_names_the_digest_and_the_grade(screen):
    bad = screen.add(is_evidence_grade=False)
    screen.presenter.reload()
    screen.presenter.choose(bad.id)
    assert screen.named("review.digest").text() == bad.digest
    assert "Not evidence grade" in screen.named("review.grade").text()


def test_five_hundred_are_paged_and_only_what_is_seen_is_fetched(api):
    screen = Screen(api, count=500)
    settle(40)
    assert len(screen.state.items) == 100
    assert 0 < api.asked.count("thumbnail") < 100
    bar = screen.view.sheet.verticalScrollBar()
    for _ in range(6):
        bar.setValue(bar.maximum())
        settle(10)
    assert len(screen.state.items) == 500
    assert len({item.id for item in screen.state.items}) == 500
    assert api.asked.count("thumbnail") < 400


def test_sixty_by_keyboard_alone(api):
    screen = Screen(api, count=60)
    for _ in range(60):
        screen.key(Qt.Key.Key_A)
    assert all(shot.review_state is ReviewState.ACCEPTED for shot in api.snapshots_by_id.values())
    assert screen.state.items == ()


def test_ways_to_the_case_and_to_the_marks(screen):
    QTest.mouseClick(screen.named("review.annotate"), Qt.MouseButton.LeftButton)
    QTest.mouseClick(screen.named("review.open_case"), Qt.MouseButton.LeftButton)
    current = screen.state.current
    assert screen.context.navigation.opened == [("annotate", {"snapshot_id": current.id}), ("case", {"case_id": current.case_id})]


def test_dutch_at_run_time(screen):
    i18n.set_language(Language.NL)
    for widget in [screen.view, *screen.view.findChildren(QWidget)]:
        if callable(getattr(widget, "retranslate", None)):
            widget.retranslate()
    assert screen.named("review.filter.pending").text() == "Te beoordelen 5"
    assert screen.named("review.accept").text() == "Goedkeuren"
