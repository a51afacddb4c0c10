"""Comparing pictures: which belong together, one look in all of them, wiping and showing through, from mouse and keyboard."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QPushButton

from tests.desktop.sample import busy_desk, jpeg, make_shell
from videodesk.core.errors import WorldError
from videodesk.desktop.presenters.compare import CompareMode, Look, partner_of
from videodesk.desktop.views.compare_stage import panes_of

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def api():
    return busy_desk()


@pytest.fixture
def shell(qapp, api):
    made = make_shell(api)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    yield made
    made.shut()
    made.close()


def pictures(api, most=4):
    """Still pictures of the case that has the most of them."""
    by_case = {}
    for one in api.snapshots_by_id.values():
        if one.duration_s is None:
            by_case.setdefault(one.case_id, []).append(one)
    return sorted(max(by_case.values(), key=len), key=lambda one: one.captured_at)[:most]


def opened(shell, snapshots):
    shell.open("compare", snapshot_ids=tuple(one.id for one in snapshots))
    view = shell.view("compare")
    QApplication.processEvents()
    return view, view._compare


def grabbed(stage, x, y):
    return stage.grab().toImage().pixelColor(x, y)


def test_pictures_chosen_together_in_the_case_lie_beside_each_other(shell, api):
    snapshots = pictures(api, 2)
    shell.open("case", case_id=snapshots[0].case_id)
    view = shell.view("case")
    view.tabs.setCurrentWidget(view.evidence)
    listed = view.findChild(QListView, "case.snapshots")
    rows = [row for row in range(listed.model().rowCount()) if "clip" not in str(listed.model().index(row).data()).lower()][:2]
    button = view.evidence.findChild(QPushButton, "case.compare")
    for row in rows:
        listed.selectionModel().select(listed.model().index(row), listed.selectionModel().SelectionFlag.Select)
    assert button.isEnabled()
    button.click()
    assert shell.place == "compare"
    state = shell.view("compare")._compare.state
    assert len(state.items) == 2
    assert all(one.picture is not None for one in state.items)


def test_one_look_in_every_picture(shell, api):
    view, presenter = opened(shell, pictures(api, 2))
    stage = view.stage
    left = stage.panes()[0].center()
    event = QWheelEvent(left, stage.mapToGlobal(left), QPoint(), QPoint(0, 480), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(stage, event)
    assert presenter.state.look.nearer == pytest.approx(1.25 ** 4)
    before = presenter.state.look
    start = stage.panes()[1].center().toPoint()
    QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(stage, start - QPoint(40, 10))
    QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=start - QPoint(40, 10))
    after = presenter.state.look
    assert after.x > before.x
    assert after.y > before.y
    QTest.keyClick(stage, Qt.Key.Key_Escape)
    assert presenter.state.look == Look()


def test_the_line_wipes_one_picture_over_the_other(shell, api):
    snapshots = pictures(api, 2)
    for one, hue in zip(snapshots, (0, 120), strict=True):
        api.originals[one.id] = jpeg(hue)
    view, presenter = opened(shell, snapshots)
    QTest.keyClick(view.stage, Qt.Key.Key_2)
    assert presenter.state.mode is CompareMode.SWIPE
    stage = view.stage
    width, height = stage.width(), stage.height()
    presenter.set_split(0.5)
    near_left, near_right = (round(width * 0.42), height // 2), (round(width * 0.58), height // 2)
    left, right = grabbed(stage, *near_left), grabbed(stage, *near_right)
    line = QPoint(round(width * 0.5), height // 3)
    QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=line)
    QTest.mouseMove(stage, QPoint(round(width * 0.7), height // 3))
    QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=QPoint(round(width * 0.7), height // 3))
    assert presenter.state.split == pytest.approx(0.7, abs=0.01)
    assert grabbed(stage, *near_left) == left
    assert grabbed(stage, *near_right) != right
    QTest.keyClick(stage, Qt.Key.Key_Left)
    assert presenter.state.split == pytest.approx(0.65, abs=0.01)


def test_onion_skin_shows_as_much_as_one_wants(shell, api):
    snapshots = pictures(api, 2)
    for one, hue in zip(snapshots, (0, 120), strict=True):
        api.originals[one.id] = jpeg(hue)
    view, presenter = opened(shell, snapshots)
    QTest.keyClick(view.stage, Qt.Key.Key_3)
    centre = view.stage.width() // 2, view.stage.height() // 2
    seen = []
    for share in (0.0, 0.5, 1.0):
        presenter.set_split(share)
        seen.append(grabbed(view.stage, *centre))
    assert seen[0].green() < seen[1].green() < seen[2].green() or seen[0].red() > seen[1].red() > seen[2].red()


def test_add_choose_swap_and_take_away(shell, api):
    snapshots = pictures(api, 4)
    view, presenter = opened(shell, snapshots[:2])
    assert presenter.state.can_add
    presenter.add(presenter.state.others[0].id)
    assert len(presenter.state.items) == 3
    assert presenter.state.items[2].picture is not None
    first, third = presenter.state.items[0].snapshot.id, presenter.state.items[2].snapshot.id
    QTest.keyClick(view.stage, Qt.Key.Key_X)
    assert presenter.state.items[0].snapshot.id == third
    presenter.choose(2)
    QTest.keyClick(view.stage, Qt.Key.Key_Delete)
    assert [one.snapshot.id for one in presenter.state.items] == [third, snapshots[1].id]
    assert first in [one.id for one in presenter.state.others]


def test_before_and_after_of_a_retake(api):
    first, second, *_ = pictures(api)
    later = first.model_copy(update={"id": second.id, "retake_of": first.id, "captured_at": first.captured_at + timedelta(hours=1), "checklist_item": None})
    other = first.model_copy(update={"id": "other", "captured_at": first.captured_at + timedelta(hours=2)})
    assert partner_of(later, [first, later, other]) is first
    assert partner_of(first.model_copy(update={"retaken_by": later.id}), [first, later, other]) is later
    assert partner_of(first, [first]) is None


def test_review_compares_with_what_belongs_to_it(shell, api):
    shell.open("review")
    QApplication.processEvents()
    review = shell.view("review")
    current = review._review.state.current
    assert current is not None
    assert review.act("review.compare")
    assert shell.place == "compare"
    assert current.id in {one.snapshot.id for one in shell.view("compare")._compare.state.items}


def test_a_picture_that_cannot_be_had_says_so_in_its_place(shell, api):
    snapshots = pictures(api, 2)
    fetch = api.original_of

    async def refuses(snapshot_id, original_id):
        if snapshot_id == snapshots[1].id:
            raise WorldError("api.unreachable")
        return await fetch(snapshot_id, original_id)

    api.original_of = refuses
    _view, presenter = opened(shell, snapshots)
    assert presenter.state.items[0].picture is not None
    assert presenter.state.items[1].problem is not None
    api.original_of = fetch
    presenter.reload()
    assert presenter.state.items[1].picture is not None


def test_without_the_service_one_can_try_again(shell, api):
    api.fail_next = WorldError("api.unreachable")
    view, presenter = opened(shell, pictures(api, 2))
    assert presenter.state.problem is not None
    assert view._pages.currentIndex() == 3
    presenter.reload()
    assert presenter.state.problem is None


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.01, 1000))
def test_one_never_looks_outside(x, y, nearer):
    look = Look(x, y, nearer).held()
    half = 0.5 / look.nearer
    assert half - 1e-9 <= look.x <= 1 - half + 1e-9
    assert half - 1e-9 <= look.y <= 1 - half + 1e-9
    assert look.held() == look


@given(st.integers(2, 4), st.integers(200, 2000), st.integers(200, 2000))
def test_panes_lie_apart_and_inside(count, width, height):
    room = QRectF(0, 0, width, height)
    found = panes_of(count, room)
    assert len(found) == count
    for number, pane in enumerate(found):
        assert room.adjusted(-1, -1, 1, 1).contains(pane)
        assert not any(pane.adjusted(1, 1, -1, -1).intersects(other) for other in found[:number])
        assert pane.contains(QPointF(pane.center()))


def test_what_is_asked_twice_is_shown_once(shell, api):
    one = pictures(api, 1)[0]
    _view, presenter = opened(shell, [one, one])
    assert len({item.snapshot.id for item in presenter.state.items}) == len(presenter.state.items)
    assert asyncio.run(api.snapshot(one.id)).id in {item.snapshot.id for item in presenter.state.items}


def test_what_is_chosen_stays_chosen_when_a_picture_comes(shell, api):
    snapshots = pictures(api, 2)
    shell.open("case", case_id=snapshots[0].case_id)
    view = shell.view("case")
    listed = view.findChild(QListView, "case.snapshots")
    listed.setCurrentIndex(listed.model().index(1))
    before = view.evidence._comparable()
    assert before
    case = view.evidence._state
    view.evidence.put(replace(case, snapshots=case.snapshots[1:]))
    assert view.evidence._comparable() == before
    assert listed.currentIndex().row() == 0
