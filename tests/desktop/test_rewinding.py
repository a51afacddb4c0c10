"""Rewinding without a screen: where the playhead goes, one decoding at a time, what S takes, when it ends by itself."""

from __future__ import annotations

import pytest

from tests.desktop.fake_memory import BEGIN, FPS, FakeMemory
from videodesk.calls.capture_ports import GapReason
from videodesk.core.clock import HandClock
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.desktop.rewinding import Rewinder
from videodesk.desktop.tasks import FinishedHandle, ImmediateTasks


class LateTasks(ImmediateTasks):
    """Decodes only when told."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = []

    def run(self, name, work, done=None, failed=None):
        self.waiting.append(lambda: ImmediateTasks.run(self, name, work, done, failed))
        return FinishedHandle()

    def finish_one(self) -> None:
        self.waiting.pop(0)()


class Strip:
    """A rewinder over a fake ring with a minute in it."""

    def __init__(self, tasks) -> None:
        self.clock = HandClock(BEGIN)
        self.memory, self.kept = FakeMemory(), []
        self.rewinder = Rewinder(tasks, self.clock, lambda frame, ring: self.kept.append((frame, ring)))
        self.grow(60)
        self.rewinder.remember(self.memory)

    def grow(self, to_s) -> None:
        self.clock.advance(to_s - (self.clock.now() - BEGIN).total_seconds())
        self.memory.rewind.grow(to_s)

    @property
    def state(self):
        return self.rewinder.state


@pytest.fixture
def strip():
    return Strip(ImmediateTasks())


@pytest.fixture
def late():
    made = Strip(LateTasks())
    made.tasks = made.rewinder._all_tasks
    return made


def test_live_shows_what_is_kept_and_how_much_of_it(strip):
    state = strip.state
    assert not state.is_rewinding
    assert (state.from_s, state.to_s, state.now_s) == (0.0, 60.0, 60.0)
    assert state.length_s == 60
    assert 0 < state.size_bytes < state.limit_bytes == 60_000_000
    assert len(state.pictures) == 61


def test_a_second_back_and_back_again_and_forth_until_it_is_live(strip):
    strip.rewinder.step_seconds(-1)
    assert strip.state.is_rewinding
    assert strip.state.position_s == pytest.approx(59)
    assert strip.state.frame.preview.received_at_s == pytest.approx(59)
    strip.rewinder.step_seconds(-1)
    assert strip.state.ago_s == pytest.approx(2)
    strip.rewinder.step_seconds(1)
    assert strip.state.ago_s == pytest.approx(1)
    strip.rewinder.step_seconds(1)
    assert not strip.state.is_rewinding
    assert strip.state.frame is None


def test_forth_means_nothing_while_it_is_live(strip):
    strip.rewinder.step_seconds(1)
    strip.rewinder.step_frames(1)
    assert not strip.state.is_rewinding


def test_frames_are_stepped_one_by_one_and_the_last_one_leads_to_live(strip):
    strip.rewinder.step_frames(-1)
    newest = strip.state.frame.seq
    strip.rewinder.step_frames(-1)
    strip.rewinder.step_frames(-1)
    assert strip.state.frame.seq == newest - 2
    assert strip.state.position_s == pytest.approx((newest - 2) / FPS)
    strip.rewinder.step_frames(1)
    assert strip.state.frame.seq == newest - 1
    strip.rewinder.step_frames(2)
    assert not strip.state.is_rewinding


def test_the_ends(strip):
    strip.rewinder.go_oldest()
    assert strip.state.position_s == 0
    strip.rewinder.step_seconds(-5)
    assert strip.state.position_s == 0, "nothing before the first one"
    strip.rewinder.go_live()
    assert not strip.state.is_rewinding


def test_the_moment_stays_while_the_call_goes_on(strip):
    strip.rewinder.go_to(50)
    strip.grow(70)
    strip.rewinder.refresh()
    assert strip.state.position_s == pytest.approx(50)
    assert strip.state.ago_s == pytest.approx(20)
    assert strip.state.to_s == 70


def test_while_one_is_decoded_only_the_newest_wish_waits(late):
    for at_s in (10, 20, 30, 40):
        late.rewinder.go_to(at_s)
    assert len(late.tasks.waiting) == 1
    assert late.state.is_loading
    assert late.state.position_s == 40
    late.tasks.finish_one()
    assert late.memory.rewind.decoded == [10]
    assert late.state.frame.preview.received_at_s == 10, "dragging shows something"
    assert late.state.position_s == 40, "and the playhead is where the hand is"
    late.tasks.finish_one()
    assert late.memory.rewind.decoded == [10, 40]
    assert late.tasks.waiting == []
    assert not late.state.is_loading


def test_steps_that_come_while_one_is_decoded_add_up(late):
    late.rewinder.go_to(30)
    for _ in range(3):
        late.rewinder.step_frames(-1)
    late.tasks.finish_one()
    late.tasks.finish_one()
    assert late.state.frame.seq == 30 * FPS - 3
    assert late.tasks.waiting == []


def test_what_comes_after_going_live_is_not_shown(late):
    late.rewinder.go_to(30)
    late.rewinder.go_live()
    late.tasks.finish_one()
    assert late.state.frame is None
    assert not late.state.is_loading
    late.rewinder.go_to(20)
    late.tasks.finish_one()
    assert late.state.frame.preview.received_at_s == 20


def test_the_frame_that_is_shown_is_taken_with_its_own_time(late):
    assert not late.rewinder.snapshot(), "live: the other S"
    late.rewinder.go_to(30)
    assert not late.rewinder.snapshot(), "nothing is shown yet"
    late.tasks.finish_one()
    late.rewinder.go_to(10)
    assert late.rewinder.snapshot()
    [(frame, ring)] = late.kept
    assert frame.preview.received_at_s == 30, "what the eye sees"
    assert frame.method is SnapshotMethod.REWOUND
    assert (frame.captured_at - BEGIN).total_seconds() == 30
    assert ring is late.memory.rewind


def test_it_ends_by_itself_when_the_ring_is_emptied_or_the_call_ends(strip):
    strip.rewinder.go_to(30)
    strip.memory.rewind.empty()
    strip.rewinder.refresh()
    assert not strip.state.is_rewinding
    strip.grow(80)
    strip.rewinder.go_to(79)
    assert strip.state.is_rewinding
    strip.rewinder.remember(None)
    assert strip.state.frame is None
    assert not strip.state.has_pictures


def test_what_falls_out_of_the_ring_can_still_be_taken(strip):
    strip.rewinder.go_to(5)
    strip.grow(200)
    strip.rewinder.refresh()
    assert strip.state.from_s == 80
    assert strip.rewinder.snapshot()
    assert strip.kept[0][0].preview.received_at_s == 5


def test_a_frame_that_cannot_be_decoded_is_said_and_the_next_one_works(strip):
    strip.memory.rewind.fails = DeskError("clip.unreadable")
    strip.rewinder.go_to(30)
    assert strip.state.error.code == "clip.unreadable"
    assert not strip.state.is_loading
    strip.rewinder.go_to(31)
    assert strip.state.error is None
    assert strip.state.frame.preview.received_at_s == 31


def test_in_a_gap_the_playhead_stays_where_it_was_put_and_the_reason_is_known(strip):
    strip.memory.rewind.gap(20, 30, GapReason.CAMERA_OFF)
    strip.rewinder.go_to(25)
    assert strip.state.gap.reason is GapReason.CAMERA_OFF
    assert strip.state.position_s >= 25
    strip.rewinder.go_to(31)
    assert strip.state.gap is None


def test_nothing_is_there_before_the_first_picture():
    clock, memory = HandClock(BEGIN), FakeMemory()
    rewinder = Rewinder(ImmediateTasks(), clock, lambda frame, ring: None)
    rewinder.remember(memory)
    for press in (lambda: rewinder.step_seconds(-1), lambda: rewinder.step_frames(-1), rewinder.go_oldest, lambda: rewinder.go_to(3)):
        press()
    assert not rewinder.state.is_rewinding
