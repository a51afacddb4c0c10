"""Live drawing's marks: gathered, fading, frozen, undone; and whatever is done, the page ends with what the desk shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videodesk.calls.live import BATCH_S, LiveDrawing
from videodesk.calls.sticking_ports import StuckPlace
from videodesk.protocol.live import (
    FADE_AFTER_MS,
    FADE_MS,
    MAX_LIVE_BYTES,
    MAX_LIVE_MARKS,
    MAX_STROKE_POINTS,
    LiveClear,
    LiveHold,
    LiveMark,
    LiveMarks,
    LiveMore,
    LiveSeen,
    LiveShape,
)

RED = "#e5352b"
GONE_S = (FADE_AFTER_MS + FADE_MS) / 1000 + 0.01


class Page:
    """The other side, as live.py says that it behaves."""

    def __init__(self) -> None:
        self.marks: dict[str, LiveMark] = {}
        self.seq = 0

    def take(self, message: LiveMarks) -> None:
        assert len(message.model_dump_json()) <= MAX_LIVE_BYTES
        assert message.seq == self.seq + 1
        self.seq = message.seq
        for mark in message.put:
            assert mark.id in self.marks or len(self.marks) < MAX_LIVE_MARKS
            self.marks[mark.id] = mark
        for more in message.more:
            mark = self.marks[more.id]
            self.marks[more.id] = mark.model_copy(update={"points": [*mark.points, *more.points]})
        for moved in message.moved:
            if moved.id in self.marks:
                self.marks[moved.id] = self.marks[moved.id].model_copy(update={"points": moved.points, "hold": moved.hold})
        for mark_id in message.gone:
            self.marks.pop(mark_id, None)


def begun(drawing: LiveDrawing, shape: LiveShape = LiveShape.PEN, at: tuple[float, float] = (0.5, 0.5), now_s: float = 0.0, *, fades: bool = False) -> str:
    made = drawing.begin(shape, at, now_s, colour=RED, width=0.006, fades=fades)
    assert made is not None
    return made


def drawn(drawing: LiveDrawing, shape: LiveShape = LiveShape.ARROW, now_s: float = 0.0, *, fades: bool = False) -> str:
    mark_id = begun(drawing, shape, (0.2, 0.2), now_s, fades=fades)
    drawing.draw(mark_id, (0.6, 0.4), now_s)
    assert drawing.finish(mark_id, now_s)
    return mark_id


def test_a_stroke_goes_over_in_few_messages() -> None:
    drawing, page = LiveDrawing(), Page()
    mark_id = begun(drawing, at=(0.1, 0.5))
    count = 0
    for step in range(1, 400):  # two seconds of a mouse that says its place 200 times a second
        now_s = step / 200
        drawing.draw(mark_id, (0.1 + step / 500, 0.5), now_s)
        if (message := drawing.batch(now_s)) is not None:
            page.take(message)
            count += 1
    drawing.finish(mark_id, 2.0)
    while (message := drawing.batch(2.0 + count)) is not None:
        page.take(message)
        count += 1
    assert page.marks[mark_id].points == drawing.mark(mark_id).points
    assert count <= 2.1 / BATCH_S


def test_nothing_is_told_twice_within_a_batch_and_nothing_when_there_is_nothing() -> None:
    drawing = LiveDrawing()
    assert drawing.due_in_s(0.0) is None
    drawn(drawing)
    assert drawing.due_in_s(0.0) == 0.0
    assert drawing.batch(0.0) is not None
    assert drawing.batch(1.0) is None
    drawn(drawing, now_s=0.01)
    assert drawing.batch(0.01) is None
    assert drawing.due_in_s(0.01) == pytest.approx(BATCH_S - 0.01)
    assert drawing.batch(BATCH_S) is not None


def test_a_pointer_that_moved_while_the_line_was_full_is_one_change() -> None:
    drawing = LiveDrawing()
    pointer = begun(drawing, LiveShape.POINTER)
    for step in range(100):
        drawing.draw(pointer, (step / 100, 0.5), step / 100)
    message = drawing.batch(1.0)
    assert [mark.points for mark in message.put] == [[(0.99, 0.5)]]
    assert message.put[0].fades


@pytest.mark.parametrize("shape", [LiveShape.ARROW, LiveShape.LINE, LiveShape.RECTANGLE, LiveShape.ELLIPSE])
def test_a_click_with_a_tool_that_needs_a_length_leaves_nothing(shape: LiveShape) -> None:
    drawing = LiveDrawing()
    mark_id = begun(drawing, shape)
    assert not drawing.finish(mark_id, 0.0)
    assert drawing.shown(0.0) == ()
    assert drawing.batch(0.0) is None


def test_a_click_that_the_page_saw_already_is_taken_back_there() -> None:
    drawing, page = LiveDrawing(), Page()
    mark_id = begun(drawing, LiveShape.ARROW)
    page.take(drawing.batch(0.0))
    assert mark_id in page.marks
    drawing.finish(mark_id, 0.1)
    page.take(drawing.batch(1.0))
    assert page.marks == {}


def test_steps_count_and_the_number_of_one_taken_back_is_given_again() -> None:
    drawing = LiveDrawing()
    for number in (1, 2, 3):
        assert drawing.mark(begun(drawing, LiveShape.STEP)).number == number
    drawing.undo()
    assert drawing.next_number == 3
    drawing.freeze_as("f1")
    assert drawing.next_number == 1


def test_what_fades_goes_by_itself_and_the_page_is_told() -> None:
    drawing, page = LiveDrawing(), Page()
    stays, fades = drawn(drawing), drawn(drawing, fades=True)
    page.take(drawing.batch(0.0))
    assert {one.mark.id for one in drawing.shown(FADE_AFTER_MS / 1000 - 0.01)} == {stays, fades}
    half = next(one for one in drawing.shown(4.5) if one.mark.id == fades)
    assert half.opacity(4.5) == pytest.approx(0.5)
    assert drawing.wakes_at_s == pytest.approx(4.0)
    assert [one.mark.id for one in drawing.shown(GONE_S)] == [stays]
    page.take(drawing.batch(GONE_S))
    assert [*page.marks] == [stays]


def test_what_is_under_the_hand_does_not_fade() -> None:
    drawing = LiveDrawing()
    mark_id = begun(drawing, fades=True)
    assert [one.opacity(60.0) for one in drawing.shown(60.0)] == [1.0]
    drawing.finish(mark_id, 60.0)
    assert drawing.shown(60.0 + GONE_S) == ()


def test_undo_takes_the_last_of_the_agent_on_what_is_shown() -> None:
    drawing = LiveDrawing()
    on_video = drawn(drawing)
    drawing.freeze_as("f1")
    assert drawing.undo() is None
    frozen = drawn(drawing)
    drawing.take(LiveMarks(seq=1, put=[customers("x1", "f1")]), 0.0)
    assert drawing.undo() == frozen
    assert drawing.mark(on_video) is not None
    assert [one.mark.by for one in drawing.shown(0.0)] == ["customer"]


def customers(mark_id: str, freeze: str, **more: object) -> LiveMark:
    return LiveMark(id=mark_id, shape=LiveShape.PEN, points=[(0.3, 0.3)], colour="#c026d3", by="customer", freeze=freeze, **more)


def test_the_customer_draws_on_the_frozen_picture_only_and_never_in_the_agents_name() -> None:
    drawing = LiveDrawing()
    mine = drawn(drawing)
    drawing.take(LiveMarks(seq=1, put=[customers("x1", "")]), 0.0)
    assert [one.mark.id for one in drawing.shown(0.0)] == [mine]
    drawing.freeze_as("f1")
    mine = drawn(drawing)
    forged = customers(mine, "f1").model_copy(update={"by": "agent", "hold": LiveHold.FOLLOWING})
    drawing.take(LiveMarks(seq=2, put=[forged, customers("x2", "f0")], gone=[mine]), 0.0)
    shown = {one.mark.id: one.mark for one in drawing.shown(0.0)}
    assert len(shown) == 1  # theirs is taken away again by the same message; ours stays
    assert shown[mine].by == "agent"
    drawing.take(LiveMarks(seq=3, put=[forged], more=[LiveMore(id=mine, points=[(0.9, 0.9)])]), 0.0)
    theirs = [one.mark for one in drawing.shown(0.0) if one.mark.by == "customer"]
    assert [(mark.hold, mark.points) for mark in theirs] == [(LiveHold.STILL, [(0.3, 0.3), (0.9, 0.9)])]
    drawing.take(LiveClear(by=""), 0.0)
    assert [one.mark.id for one in drawing.shown(0.0)] == [mine]


def test_a_page_cannot_draw_without_end() -> None:
    drawing = LiveDrawing()
    drawing.freeze_as("f1")
    for number in range(200):
        drawing.take(LiveMarks(seq=number + 1, put=[customers(f"x{number}", "f1")], more=[LiveMore(id="x1", points=[(0.5, 0.5)] * 400)]), 0.0)
    shown = drawing.shown(0.0)
    assert len(shown) == MAX_LIVE_MARKS
    assert max(len(one.mark.points) for one in shown) <= MAX_STROKE_POINTS
    assert drawing.begin(LiveShape.STEP, (0.1, 0.1), 0.0, colour=RED, width=0.006, fades=False) is None


def test_seen_is_what_the_page_has_painted_of_all_there_is() -> None:
    drawing = LiveDrawing()
    assert drawing.is_seen
    drawn(drawing)
    assert not drawing.is_seen
    drawing.batch(0.0)
    assert not drawing.is_seen
    drawing.take(LiveSeen(seq=1), 0.0)
    assert drawing.is_seen
    drawing.freeze_as("f1")
    assert not drawing.is_seen
    drawing.take(LiveSeen(seq=1, freeze="f1"), 0.0)
    assert drawing.is_seen


def test_what_was_drawn_stays_seen_while_marks_follow_and_the_answer_lags_behind() -> None:
    drawing = LiveDrawing()
    mark_id = drawn(drawing)
    said = drawing.batch(0.0)
    assert said is not None
    for number in range(1, 4):
        drawing.found(33.0 * number, {mark_id: StuckPlace(((0.1 + 0.01 * number, 0.2), (0.5, 0.6)), LiveHold.FOLLOWING)})
        assert not drawing.is_seen, "nothing came back yet"
        assert drawing.batch(float(number)) is not None
    drawing.take(LiveSeen(seq=said.seq), 4.0)
    assert drawing.is_seen, "where it is by now is on its way; the mark itself is there"
    drawn(drawing)
    assert not drawing.is_seen
    drawing.batch(9.0)
    drawing.take(LiveSeen(seq=said.seq + 3), 9.0)
    assert not drawing.is_seen
    drawing.take(LiveSeen(seq=said.seq + 4), 9.0)
    assert drawing.is_seen


def test_following_marks_are_told_with_their_frames_time() -> None:
    drawing, page = LiveDrawing(), Page()
    mark_id = drawn(drawing)
    page.take(drawing.batch(0.0))
    drawing.found(1234.5, {mark_id: StuckPlace(((0.3, 0.3), (0.7, 0.5)), LiveHold.FOLLOWING), "nobody": StuckPlace(((0, 0),), LiveHold.LOST)})
    message = drawing.batch(1.0)
    assert (message.frame_ms, message.put) == (1234.5, [])
    page.take(message)
    assert page.marks[mark_id].hold is LiveHold.FOLLOWING
    assert page.marks[mark_id].points == [(0.3, 0.3), (0.7, 0.5)]
    drawing.undo()
    drawing.found(1300.0, {mark_id: StuckPlace(((0.4, 0.3), (0.8, 0.5)), LiveHold.FOLLOWING)})
    page.take(drawing.batch(2.0))
    assert page.marks == {}


def test_clearing_takes_all_and_leaves_nothing_to_tell() -> None:
    drawing = LiveDrawing()
    drawn(drawing)
    drawing.batch(0.0)
    drawn(drawing)
    assert drawing.clear() == LiveClear(by="")
    assert drawing.shown(0.0) == ()
    assert drawing.batch(1.0) is None


def test_a_new_line_begins_anew_but_gives_no_id_twice() -> None:
    drawing = LiveDrawing()
    before = drawn(drawing)
    drawing.batch(0.0)
    drawing.forget()
    assert drawing.shown(0.0) == ()
    after = drawn(drawing)
    assert after != before
    assert drawing.batch(0.0).seq == 1


PLACES = st.tuples(st.floats(-5, 5, allow_nan=False), st.floats(-5, 5, allow_nan=False))
DOINGS = st.lists(st.one_of(
    st.tuples(st.just("begin"), st.sampled_from([*LiveShape]), PLACES, st.booleans()),
    st.tuples(st.just("draw"), st.lists(PLACES, min_size=1, max_size=80)),
    st.tuples(st.just("finish")), st.tuples(st.just("undo")), st.tuples(st.just("clear")),
    st.tuples(st.just("freeze"), st.sampled_from(["", "f1", "f2"])),
    st.tuples(st.just("wait"), st.floats(0, 3)),
    st.tuples(st.just("say")),
    st.tuples(st.just("found"), PLACES, st.sampled_from([LiveHold.FOLLOWING, LiveHold.LOST])),
), max_size=60)


@settings(max_examples=150, deadline=None)
@given(DOINGS)
def test_whatever_is_done_the_page_ends_with_what_the_desk_shows(doings: list[tuple]) -> None:
    drawing, page, now_s, hand = LiveDrawing(), Page(), 0.0, None

    def say() -> None:
        message = drawing.batch(now_s)
        if message is not None:
            page.take(message)

    for what, *given_ in doings:
        if what == "begin":
            hand = drawing.begin(given_[0], given_[1], now_s, colour=RED, width=0.006, fades=given_[2])
        elif what == "draw" and hand is not None:
            for place in given_[0]:
                drawing.draw(hand, place, now_s)
        elif what == "finish" and hand is not None:
            drawing.finish(hand, now_s)
            hand = None
        elif what == "undo":
            drawing.undo()
        elif what == "clear":
            drawing.clear()
            page.marks.clear()
        elif what == "freeze":
            drawing.freeze_as(given_[0])
            page.marks = {name: mark for name, mark in page.marks.items() if mark.freeze in {"", given_[0]}}
        elif what == "wait":
            now_s += given_[0]
        elif what == "say":
            say()
        elif what == "found":
            drawing.found(now_s, {one.mark.id: StuckPlace((given_[0],) * len(one.mark.points), given_[1]) for one in drawing.shown(now_s)})
    while drawing.due_in_s(now_s) is not None:
        now_s += BATCH_S
        say()
    freezes = {"", drawing.freeze}
    shown = {one.mark.id: one.mark for freeze in freezes for one in drawing._shown.values() if one.mark.freeze == freeze}
    assert page.marks == shown
