"""Drawing on the call's picture: by mouse and keyboard, what the page is told, freezing, why not, and what a snapshot takes with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from tests.desktop.fake_call import ANNA, FakeCallApi
from tests.desktop.fake_media import product
from tests.desktop.test_call_presenter import Screen
from tests.desktop.test_call_view import context_for, go_live
from videodesk.annotation import schema
from videodesk.annotation.marks import Arrow, Ellipse, Pen, Rectangle, Step
from videodesk.calls.live import Shown
from videodesk.calls.live_ports import WatchedFrame
from videodesk.calls.ports import LocalMedia, Luma
from videodesk.calls.sticking_ports import StuckPlace
from videodesk.client.delivery import Delivery
from videodesk.core.errors import Conflict
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.actions import in_scope
from videodesk.desktop.calling import TrayStage
from videodesk.desktop.drawing.living import draw_live
from videodesk.desktop.drawing.rendition import render
from videodesk.desktop.live_marks import annotation_of
from videodesk.desktop.live_state import LIVE_COLOURS, LiveTool, Seen
from videodesk.desktop.presenters.call import CallPresenter
from videodesk.desktop.tasks import ImmediateTasks
from videodesk.desktop.views.call import CallScreenView
from videodesk.protocol.live import (
    FADE_AFTER_MS,
    FADE_MS,
    LiveClear,
    LiveHold,
    LiveMark,
    LiveMarks,
    LiveSeen,
    LiveShape,
)

LATER_S = (FADE_AFTER_MS + FADE_MS) / 1000 + 1
RED = LIVE_COLOURS[0]


@pytest.fixture
def made(qapp, tmp_path):
    context = context_for(tmp_path)
    view = CallScreenView(context, post=lambda act: act())
    view.resize(1280, 760)
    view.show()
    view.peer = go_live(view, context)
    view.peer.live.become_open()
    view.clock = context.clock
    QApplication.processEvents()
    yield view
    view.shut()


def at(view, x: float, y: float) -> QPoint:
    where = view.video.picture_rect()
    return QPoint(round(where.x() + x * where.width()), round(where.y() + y * where.height()))


def drag(view, *places: tuple[float, float]) -> None:
    first, *rest = [at(view, *place) for place in places]
    QTest.mousePress(view.video, Qt.MouseButton.LeftButton, pos=first)
    for place in rest:
        QTest.mouseMove(view.video, place)
    QTest.mouseRelease(view.video, Qt.MouseButton.LeftButton, pos=rest[-1] if rest else first)


def drawer(view):
    return view.call_presenter.live


def told(view) -> dict[str, LiveMark]:
    """The marks the page has by now, as it would have taken them."""
    view.clock.advance(1.0)
    drawer(view).tick()
    marks: dict[str, LiveMark] = {}
    for message in view.peer.live.said:
        if isinstance(message, LiveClear):
            marks.clear()
            continue
        marks |= {mark.id: mark for mark in message.put}
        for more in message.more:
            marks[more.id] = marks[more.id].model_copy(update={"points": [*marks[more.id].points, *more.points]})
        for gone in message.gone:
            marks.pop(gone, None)
    return marks


def near(points, *wanted) -> bool:
    return np.allclose(points, wanted, atol=0.004)


# ── by mouse and keyboard ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("action", "shape"), [
    ("call.live_arrow", LiveShape.ARROW), ("call.live_line", LiveShape.LINE), ("call.live_rectangle", LiveShape.RECTANGLE),
    ("call.live_ellipse", LiveShape.ELLIPSE)])
def test_a_drag_is_told_to_the_page_where_it_was_on_the_picture(made, action, shape) -> None:
    made.act(action)
    drag(made, (0.2, 0.3), (0.5, 0.5), (0.7, 0.6))
    [mark] = told(made).values()
    assert (mark.shape, mark.colour, mark.fades, mark.freeze) == (shape, RED, True, "")
    assert near(mark.points, (0.2, 0.3), (0.7, 0.6))


def test_the_picture_counts_not_the_letterbox_around_it(made) -> None:
    made.peer.show(product(360, 640), seq=2)  # a phone held upright: broad margins left and right
    QApplication.processEvents()
    made.video.repaint()
    where = made.video.picture_rect()
    assert where.width() < made.video.width() / 2
    made.act("call.live_arrow")
    drag(made, (0.0, 1.0), (0.5, 0.5))
    [mark] = told(made).values()
    assert near(mark.points, (0.0, 1.0), (0.5, 0.5))
    count = len(made.peer.live.said)
    QTest.mouseClick(made.video, Qt.MouseButton.LeftButton, pos=QPoint(where.left() - 40, where.center().y()))
    told(made)
    assert len(made.peer.live.said) == count


def test_the_pen_goes_over_while_it_is_drawn_and_few_messages_carry_it(made) -> None:
    made.act("call.live_pen")
    QTest.mousePress(made.video, Qt.MouseButton.LeftButton, pos=at(made, 0.1, 0.5))
    for step in range(100):
        QTest.mouseMove(made.video, at(made, 0.1 + step * 0.008, 0.5))
        made.clock.advance(0.005)
    assert 8 <= len(made.peer.live.said) <= 0.5 / 0.033 + 2
    QTest.mouseRelease(made.video, Qt.MouseButton.LeftButton, pos=at(made, 0.9, 0.5))
    [mark] = told(made).values()
    assert len(mark.points) > 80
    assert near(mark.points[-1], (0.892, 0.5))


def test_steps_count_and_undo_takes_the_last_back(made) -> None:
    made.act("call.live_fades")
    made.act("call.live_step")
    for x in (0.2, 0.4, 0.6):
        drag(made, (x, 0.5))
    assert [mark.number for mark in told(made).values()] == [1, 2, 3]
    made.act("call.live_undo")
    assert [mark.number for mark in told(made).values()] == [1, 2]
    assert not any(mark.fades for mark in told(made).values())


def test_a_pointer_moves_and_fades_though_others_stay(made) -> None:
    made.act("call.live_fades")
    made.act("call.live_pointer")
    drag(made, (0.2, 0.2), (0.4, 0.4))
    [mark] = told(made).values()
    assert mark.fades
    assert near(mark.points, (0.4, 0.4))
    made.clock.advance(LATER_S)
    assert told(made) == {}
    assert drawer(made).state.marks == ()


def test_one_key_clears_on_both_sides(made) -> None:
    made.act("call.live_arrow")
    drag(made, (0.2, 0.2), (0.4, 0.4))
    assert told(made)
    made.act("call.live_clear")
    assert told(made) == {}
    assert made.peer.live.said[-1] == LiveClear(by="")
    assert not drawer(made).state.has_marks


def test_every_tool_has_a_key_of_its_own_in_the_call() -> None:
    keys = [spec.shortcut for spec in in_scope("call") if spec.shortcut]
    assert len(keys) == len(set(keys))
    assert all(next(spec for spec in in_scope("call") if spec.id == f"call.live_{tool.value}").is_single_key for tool in LiveTool)


def test_an_arrow_is_drawn_without_a_mouse(made) -> None:
    made.act("call.live_arrow")
    made.video.setFocus()
    for key, times in ((Qt.Key.Key_Return, 1), (Qt.Key.Key_Left, 10), (Qt.Key.Key_Space, 1), (Qt.Key.Key_Up, 20), (Qt.Key.Key_Return, 1)):
        for _ in range(times):
            QTest.keyClick(made.video, key)
    [mark] = told(made).values()
    assert near(mark.points, (0.4, 0.5), (0.4, 0.3))
    assert made.rewound.hand.cross is not None
    assert not made.rewound.shortcuts[0].isEnabled()  # the arrow keys are the hand's now
    assert made.rewound.leave()
    assert made.rewound.hand.cross is None
    assert drawer(made).state.tool is LiveTool.ARROW
    assert made.rewound.leave()
    assert drawer(made).state.tool is None


def test_a_double_click_is_two_marks_while_somebody_draws_and_full_screen_otherwise(made) -> None:
    asked = []
    made.video.double_clicked.disconnect()
    made.video.double_clicked.connect(lambda: asked.append(1))
    made.act("call.live_step")
    QTest.mouseDClick(made.video, Qt.MouseButton.LeftButton, pos=at(made, 0.5, 0.5))
    assert not asked
    assert told(made)
    made.act("call.live_step")
    QTest.mouseDClick(made.video, Qt.MouseButton.LeftButton, pos=at(made, 0.5, 0.5))
    assert asked


def test_the_row_of_tools_comes_with_the_tool_and_names_everything(made) -> None:
    assert made.tools.isHidden()
    made.act("call.draw")
    assert made.tools.isVisible()
    assert drawer(made).state.tool is LiveTool.POINTER
    for language in Language:
        i18n.set_language(language)
        assert all(button.accessibleName() for button in made.tools.findChildren(QAbstractButton))
    QTest.mouseClick(made.tools.swatches[3], Qt.MouseButton.LeftButton)
    assert drawer(made).state.colour == LIVE_COLOURS[3]
    made.act("call.live_colour")
    assert drawer(made).state.colour == LIVE_COLOURS[4]
    made.act("call.live_fades")
    made.act("call.live_arrow")
    drag(made, (0.2, 0.2), (0.4, 0.4))
    made.act("call.live_freeze")
    QTest.mouseClick(made.tools.close_bar, Qt.MouseButton.LeftButton)
    assert made.tools.isHidden()
    assert (drawer(made).state.tool, drawer(made).state.is_frozen, len(told(made))) == (None, False, 1)
    made.peer.live.become_open(is_open=False)
    made.act("call.live_arrow")
    assert made.tools.isVisible()  # it says why
    QTest.mouseClick(made.tools.close_bar, Qt.MouseButton.LeftButton)
    assert made.tools.isHidden()


def test_the_video_keeps_its_share_with_the_tools_open(made) -> None:
    made.act("call.draw")
    QApplication.processEvents()
    assert made.video.width() * made.video.height() >= 0.6 * made.width() * made.height()


# ── what is painted ────────────────────────────────────────────────────────────────────────────────────────────


def painted(marks: list[Shown], now_s: float = 0.0, size=(640, 360)) -> np.ndarray:
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(QColor("#808080"))
    painter = QPainter(image)
    draw_live(painter, QRectF(0, 0, *size), marks, now_s)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(size[1], size[0], 4)[:, :, :3].astype(int)


def one(shape: LiveShape, *points, **more) -> Shown:
    return Shown(LiveMark(id="m", shape=shape, points=list(points), colour=RED, width=0.01, **more), 0.0)


def reds(pixels: np.ndarray) -> np.ndarray:
    return (pixels[:, :, 2] > 190) & (pixels[:, :, 1] < 110) & (pixels[:, :, 0] < 110)


@pytest.mark.parametrize("shape", [*LiveShape])
def test_every_shape_is_painted_where_it_is(shape) -> None:
    points = {LiveShape.PEN: [(0.25, 0.5), (0.5, 0.5), (0.75, 0.5)], LiveShape.STEP: [(0.5, 0.5)], LiveShape.POINTER: [(0.5, 0.5)]}
    rows, columns = np.nonzero(reds(painted([one(shape, *points.get(shape, [(0.25, 0.25), (0.75, 0.75)]), number=3)])))
    assert (columns.min() + columns.max()) / 2 == pytest.approx(320, abs=8)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(180, abs=8)


def test_what_fades_and_what_is_lost_is_paler() -> None:
    line = one(LiveShape.LINE, (0.1, 0.5), (0.9, 0.5))
    whole = painted([line])[180, 320]
    half = painted([replace(line, mark=line.mark.model_copy(update={"fades": True}))], 4.5)[180, 320]
    lost = painted([replace(line, mark=line.mark.model_copy(update={"hold": LiveHold.LOST}))])[180, 320]
    ground = np.array([128, 128, 128])
    assert abs(whole - ground).sum() > 1.5 * abs(half - ground).sum() > 0
    assert abs(whole - ground).sum() > 2 * abs(lost - ground).sum() > 0


def test_marks_lie_on_the_video_in_the_window_and_not_on_a_rewound_picture(made) -> None:
    made.act("call.live_fades")
    made.act("call.live_rectangle")
    drag(made, (0.3, 0.3), (0.7, 0.7))
    place = at(made, 0.5, 0.3)

    def colour() -> QColor:
        return QColor(made.video.grab().toImage().pixel(place))

    assert colour().red() > 200
    assert colour().green() < 100
    made.video.set_rewound(made.peer.stills.preview)
    assert not (colour().red() > 200 and colour().green() < 100)


# ── why not, and the customer's side ───────────────────────────────────────────────────────────────────────────


def test_without_a_line_or_on_hold_nothing_is_drawn_and_the_screen_says_why(made) -> None:
    made.act("call.live_arrow")
    drag(made, (0.2, 0.2), (0.4, 0.4))
    made.act("call.hold")
    state = drawer(made).state
    assert (state.why_not, state.tool) == ("live.why.on_hold", None)
    assert made.controls.draw.accessibleDescription() == "The customer is on hold and sees no drawings."
    made.act("call.live_arrow")
    assert drawer(made).state.tool is None
    assert made.tools.words.text() == "The customer is on hold and sees no drawings."
    made.act("call.hold")
    made.peer.live.become_open(is_open=False)
    assert drawer(made).state.why_not == "live.why.no_line"
    assert not drawer(made).state.has_marks


def test_it_says_whether_the_customer_sees_it(made) -> None:
    made.act("call.live_fades")
    made.act("call.live_arrow")
    drag(made, (0.2, 0.2), (0.4, 0.4))
    told(made)
    assert drawer(made).state.seen is Seen.UNDER_WAY
    made.peer.live.hear(LiveSeen(seq=drawer(made).drawing.seq))
    assert drawer(made).state.seen is Seen.SEEN
    assert made.tools.words.text() == "The customer sees it"
    made.peer.live.hear(LiveSeen(seq=drawer(made).drawing.seq, is_hidden=True))
    assert made.tools.words.text() == "The customer has put the drawings away"


def test_while_the_line_is_full_nothing_is_piled_up(made) -> None:
    made.peer.live.has_room = False
    made.act("call.live_pointer")
    QTest.mousePress(made.video, Qt.MouseButton.LeftButton, pos=at(made, 0.1, 0.5))
    for step in range(50):
        QTest.mouseMove(made.video, at(made, 0.1 + step * 0.01, 0.5))
        made.clock.advance(0.02)
    assert made.peer.live.said == []
    made.peer.live.has_room = True
    drawer(made).tick()
    [message] = made.peer.live.said
    assert near(message.put[0].points, (0.59, 0.5))


def test_a_new_connection_begins_with_nothing_drawn(made) -> None:
    made.act("call.live_fades")
    made.act("call.live_arrow")
    drag(made, (0.2, 0.2), (0.4, 0.4))
    old = made.peer
    made.call_presenter.peer_made(type(old)([], old.media, old.listener), 2)
    assert drawer(made).state.marks == ()
    assert old.live.listener is None


# ── frozen ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_frozen_picture_goes_to_the_page_and_both_draw_on_it(made) -> None:
    made.act("call.live_freeze")
    [(freeze_id, picture)] = made.peer.live.shown
    assert cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR).shape == (360, 640, 3)
    assert made.video.shown is drawer(made).state.frozen.preview
    made.act("call.live_arrow")
    drag(made, (0.2, 0.2), (0.4, 0.4))
    [mark] = told(made).values()
    assert (mark.freeze, mark.fades) == (freeze_id, False)
    theirs = LiveMark(id="x1", shape=LiveShape.PEN, points=[(0.5, 0.5), (0.6, 0.6)], colour="#c026d3", by="customer", freeze=freeze_id)
    made.peer.live.hear(LiveMarks(seq=1, put=[theirs]))
    assert [shown.mark.by for shown in drawer(made).state.marks] == ["agent", "customer"]
    made.peer.show(product(640, 360, seed=9), seq=5)  # the live picture goes on beneath
    QApplication.processEvents()
    assert made.video.shown is drawer(made).state.frozen.preview
    made.act("call.live_freeze")
    assert made.peer.live.dropped == [freeze_id]
    assert drawer(made).state.marks == ()
    QApplication.processEvents()
    made.video.repaint()
    assert made.video.shown is made.peer.remote_pictures.picture


def test_escape_ends_first_the_tool_then_the_frozen_picture(made) -> None:
    made.act("call.live_freeze")
    made.act("call.live_pen")
    assert made.rewound.leave()
    assert drawer(made).state.is_frozen
    assert made.rewound.leave()
    assert not drawer(made).state.is_frozen
    assert not made.rewound.leave()


# ── marks that follow ──────────────────────────────────────────────────────────────────────────────────────────


class FakeFollower:
    """Follows what it is told to, as far as a test says."""

    def __init__(self) -> None:
        self.held: dict[str, tuple] = {}
        self.frames: list[WatchedFrame] = []
        self.told = None

    def watched(self, frame) -> None:
        self.frames.append(frame)

    def hold(self, mark_id, points, rtp_time) -> None:
        self.held[mark_id] = (tuple(points), rtp_time)

    def let_go(self, mark_id) -> None:
        self.held.pop(mark_id, None)

    def forget(self) -> None:
        self.held.clear()

    def on_found(self, told) -> None:
        self.told = told


FRAME = WatchedFrame(Luma(memoryview(b"\0" * 64), 8, 8, 8), 9000, 1.0, 1_700_000_000_123.0)


class Annotated(FakeCallApi):
    """A service that takes annotations."""

    def __init__(self) -> None:
        super().__init__()
        self.original, self.annotations, self.renditions = b"", [], []

    async def snapshot(self, snapshot_id):
        return self._stored(snapshot_id)

    async def put_snapshot(self, snapshot_id, meta, original):
        self.original = original
        return await super().put_snapshot(snapshot_id, meta, original)

    async def original_of(self, snapshot_id, original_id):
        assert original_id == snapshot_id
        return self.original

    async def put_annotation(self, snapshot_id, body):
        self._ask("put_annotation", snapshot_id)
        self.annotations.append((snapshot_id, body))
        return type("Answer", (), {"revision": 1})()

    async def put_rendition(self, snapshot_id, rendition_id, meta, data):
        del rendition_id, data
        self.renditions.append((snapshot_id, meta))
        return object()

    async def annotation(self, snapshot_id):
        del snapshot_id
        return


class Following(Screen):
    """The call screen's presenter with a follower and the real renderer, over a service that takes annotations."""

    def __init__(self, folder) -> None:
        super().__init__(folder)
        self.api, self.follower, self.posted = Annotated(), FakeFollower(), []
        self.presenter = CallPresenter(
            self.api, ImmediateTasks(), self.clock, media=self.media, outbox=self.outbox, send=self.sent.append, post=self.post, me=ANNA,
            devices=LocalMedia, follower=self.follower, render=render)

    def post(self, act) -> None:
        """At once, except from within a loop: a GUI thread has none."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            act()
        else:
            self.posted.append(act)

    def peer_says(self, what, *values) -> None:
        super().peer_says(what, *values)
        self.catch_up()

    def catch_up(self) -> None:
        while self.posted:
            self.posted.pop(0)()

    def open(self) -> Following:
        self.live()
        self.media.peer.live.become_open()
        return self

    def draw(self, tool, *places) -> str:
        live = self.presenter.live
        if live.state.tool is not tool:
            live.choose(tool)
        live.press(places[0])
        for place in places[1:]:
            live.move(place)
        live.release()
        return live.drawing.shown(self.clock.monotonic())[-1].mark.id

    def shoot_and_arrive(self) -> str:
        """S, and the snapshot is in the case."""
        self.presenter.snapshot()
        snapshot_id = self.state.latest
        asyncio.run(Delivery(self.outbox, self.api).deliver_once(ANNA.id))
        self.catch_up()
        assert self.state.shot(snapshot_id).stage is TrayStage.IN_CASE
        return snapshot_id


@pytest.fixture
def following(tmp_path):
    made = Following(tmp_path / "outbox")
    yield made.open()
    made.presenter.close()


def test_a_mark_on_the_video_is_followed_and_the_page_is_told_by_the_frames_time(following) -> None:
    box = following.draw(LiveTool.RECTANGLE, (0.6, 0.2), (0.2, 0.4))
    assert following.follower.held == {box: (((0.2, 0.2), (0.6, 0.2), (0.6, 0.4), (0.2, 0.4)), 3000)}
    following.draw(LiveTool.POINTER, (0.5, 0.5))
    assert [*following.follower.held] == [box]
    following.clock.advance(1.0)
    following.presenter.live.tick()
    moved = ((0.3, 0.3), (0.7, 0.3), (0.7, 0.5), (0.3, 0.5))
    following.clock.advance(1.0)
    following.follower.told(FRAME, {box: StuckPlace(moved, LiveHold.FOLLOWING)})
    message = following.media.peer.live.said[-1]
    assert (message.frame_ms, [tuple(one.points) for one in message.moved]) == (FRAME.captured_ms, [moved])
    following.clock.advance(1.0)
    following.follower.told(FRAME, {box: StuckPlace(moved, LiveHold.LOST)})
    assert following.presenter.live.state.lost == 1
    following.presenter.live.undo()
    assert following.follower.held == {}
    assert following.media.peer.watcher == following.follower.watched


def test_what_faded_or_was_cleared_is_followed_no_more(following) -> None:
    following.draw(LiveTool.ARROW, (0.2, 0.2), (0.5, 0.5))
    assert following.follower.held
    following.clock.advance(LATER_S)
    following.presenter.live.tick()
    assert following.follower.held == {}
    following.draw(LiveTool.LINE, (0.2, 0.2), (0.5, 0.5))
    following.presenter.live.clear()
    assert following.follower.held == {}


def test_a_snapshot_takes_places_of_the_frame_that_is_on_screen(following) -> None:
    live = following.presenter.live
    line = following.draw(LiveTool.LINE, (0.2, 0.2), (0.5, 0.5))
    for rtp_time, x in ((3000, 0.30), (6000, 0.35), (500_000, 0.9)):  # the screen shows the first; the thread is ahead of it
        live.found(replace(FRAME, rtp_time=rtp_time), {line: StuckPlace(((x, 0.2), (x, 0.6)), LiveHold.FOLLOWING)})
    assert [mark.points for mark in live.kept_marks()] == [[(0.30, 0.2), (0.30, 0.6)]]
    live.found(replace(FRAME, rtp_time=3000), {line: StuckPlace(((0.3, 0.2), (0.3, 0.6)), LiveHold.LOST)})
    following.media.peer.show(product(320, 180), seq=3000)
    assert [mark.points for mark in live.kept_marks()] == []


def test_on_a_frozen_picture_nothing_is_followed(following) -> None:
    following.presenter.live.freeze()
    following.draw(LiveTool.ARROW, (0.2, 0.2), (0.5, 0.5))
    assert following.follower.held == {}


# ── snapshots ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_lay_on_the_picture_at_the_snapshot_is_its_first_annotation(following) -> None:
    live = following.presenter.live
    live.toggle_fades()
    arrow = following.draw(LiveTool.ARROW, (0.25, 0.25), (0.5, 0.5))
    lost = following.draw(LiveTool.ELLIPSE, (0.1, 0.1), (0.2, 0.2))
    following.draw(LiveTool.STEP, (0.75, 0.5))
    following.draw(LiveTool.POINTER, (0.9, 0.9))
    following.follower.told(FRAME, {arrow: StuckPlace(((0.5, 0.25), (0.75, 0.5)), LiveHold.FOLLOWING),
                                    lost: StuckPlace(((0.1, 0.1),) * 4, LiveHold.LOST)})
    snapshot_id = following.shoot_and_arrive()
    [(filed, body)] = following.api.annotations
    document = schema.from_json(body.document)
    assert (filed, body.original_id, body.base_revision) == (snapshot_id, snapshot_id, 0)
    assert (document.width_px, document.height_px) == (320, 180)
    arrow_mark, step = document.marks
    assert isinstance(arrow_mark, Arrow)
    assert (tuple(arrow_mark.start), tuple(arrow_mark.end)) == ((160, 45), (240, 90))
    assert isinstance(step, Step)
    assert [meta.annotation_revision for _, meta in following.api.renditions] == [1]
    assert following.api.led == [(snapshot_id, snapshot_id)]
    assert not following.presenter.live_filing.is_waiting


def test_a_snapshot_of_the_frozen_picture_takes_the_customers_marks_too(following) -> None:
    live, peer = following.presenter.live, following.media.peer
    live.freeze()
    frozen = live.state.frozen
    theirs = LiveMark(id="x1", shape=LiveShape.PEN, points=[(0.5, 0.5), (0.6, 0.6)], colour="#c026d3", by="customer", freeze=live.state.freeze_id)
    peer.live.hear(LiveMarks(seq=1, put=[theirs]))
    peer.show(product(320, 180, seed=3), seq=40)  # another moment by now
    following.shoot_and_arrive()
    [(_, body)] = following.api.annotations
    assert [type(mark) for mark in schema.from_json(body.document).marks] == [Pen]
    expected = cv2.imencode(".jpg", frozen.handle, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    assert following.api.original == expected


def test_a_snapshot_without_marks_has_no_annotation_and_a_stale_one_is_left_to_who_was_first(following) -> None:
    following.shoot_and_arrive()
    assert following.api.annotations == []
    following.presenter.live.toggle_fades()
    following.draw(LiveTool.ARROW, (0.25, 0.25), (0.5, 0.5))
    following.api.fails["put_annotation"] = Conflict("annotation.stale")
    following.shoot_and_arrive()
    assert following.state.error is None
    assert following.api.annotations == []


def test_boxes_that_follow_are_boxes_while_upright_and_strokes_when_seen_from_the_side() -> None:
    upright = LiveMark(id="a", shape=LiveShape.RECTANGLE, points=[(0.2, 0.2), (0.6, 0.2), (0.6, 0.4), (0.2, 0.4)], colour=RED)
    turned = LiveMark(id="b", shape=LiveShape.ELLIPSE, points=[(0.2, 0.2), (0.6, 0.3), (0.55, 0.6), (0.15, 0.5)], colour=RED)
    plain = LiveMark(id="c", shape=LiveShape.ELLIPSE, points=[(0.6, 0.5), (0.2, 0.1)], colour=RED)
    document = annotation_of([upright, turned, plain], 1000, 500)
    box, stroke, ellipse = document.marks
    assert isinstance(box, Rectangle)
    assert tuple(box.box) == pytest.approx((200, 100, 400, 100))
    assert isinstance(stroke, Pen)
    assert stroke.points[0] == pytest.approx(stroke.points[-1])
    xs = [point.x for point in stroke.points]
    assert 150 < min(xs) < max(xs) < 600
    assert isinstance(ellipse, Ellipse)
    assert tuple(ellipse.box) == pytest.approx((200, 50, 400, 200))
    assert schema.from_json(schema.to_json(document)) == document


def test_where_the_line_is_opened_late_nothing_is_lost_and_nobody_else_is_told(tmp_path) -> None:
    screen = Following(tmp_path / "outbox").live()
    assert screen.presenter.live.state.why_not == "live.why.no_line"
    screen.media.peer.live.become_open()
    assert screen.presenter.live.state.why_not is None
    screen.draw(LiveTool.ARROW, (0.2, 0.2), (0.5, 0.5))
    assert not [message for message in screen.sent if "live" in message.type]  # nothing of it passes the service
    screen.presenter.close()
