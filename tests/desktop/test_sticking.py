"""The follower beside the video: frames and marks go to a Sticker in a thread of its own, places come back, nothing runs while nothing is held."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from videodesk.calls.live_ports import Follower, WatchedFrame
from videodesk.calls.pictures import Luma
from videodesk.calls.sticking_ports import StuckPlace
from videodesk.desktop.sticking import Sticking
from videodesk.protocol.live import LiveHold

WAIT_S = 10.0


class FakeSticker:
    """Writes down what it is given; a held mark is where it was put. `gate` keeps `put` waiting while it is not set."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.marks: dict[str, tuple[tuple[float, float], ...]] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.is_in_put = threading.Event()

    def put(self, frame: Luma, rtp_time: int) -> dict[str, StuckPlace]:
        """The marks, still."""
        assert frame.width_px == 2
        self.is_in_put.set()
        assert self.gate.wait(WAIT_S)
        self.said.append(f"put {rtp_time}")
        return {mark_id: StuckPlace(points, LiveHold.FOLLOWING) for mark_id, points in self.marks.items()}

    def hold(self, mark_id: str, points: Sequence[tuple[float, float]], rtp_time: int | None = None) -> bool:
        """Everything but `wall` can be held."""
        self.said.append(f"hold {mark_id} {rtp_time}")
        if mark_id == "wall":
            return False
        self.marks[mark_id] = tuple(points)
        return True

    def let_go(self, mark_id: str) -> None:
        """Gone."""
        self.said.append(f"let go {mark_id}")
        self.marks.pop(mark_id, None)


class Told:
    """What the follower said, and waiting for it."""

    def __init__(self) -> None:
        self.found: list[tuple[int, dict[str, StuckPlace]]] = []
        self._changed = threading.Condition()

    def __call__(self, frame: WatchedFrame, places: Mapping[str, StuckPlace]) -> None:
        with self._changed:
            self.found.append((frame.rtp_time, dict(places)))
            self._changed.notify_all()

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Until it is so, or the test fails."""
        with self._changed:
            assert self._changed.wait_for(holds, WAIT_S)


def frame(rtp_time: int) -> WatchedFrame:
    return WatchedFrame(Luma(memoryview(b"\x10\x20\x30\x40"), 2, 2, 2), rtp_time, rtp_time / 90_000, None)


def following(made: list[FakeSticker] | None = None) -> tuple[Follower, FakeSticker, Told]:
    sticker, told = FakeSticker(), Told()
    made = [] if made is None else made

    def make() -> FakeSticker:
        made.append(sticker)
        return sticker

    follower: Follower = Sticking(make)
    follower.on_found(told)
    return follower, sticker, told


def is_running() -> bool:
    return any(thread.name == "sticking" for thread in threading.enumerate())


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name == "sticking":
            thread.join(WAIT_S)
            assert not thread.is_alive()


def test_nothing_runs_until_something_is_held() -> None:
    made: list[FakeSticker] = []
    follower, _, _ = following(made)
    for at in range(5):
        follower.watched(frame(at))
    assert made == []
    assert not is_running()


def test_a_mark_is_held_on_the_frame_that_was_on_screen() -> None:
    follower, sticker, told = following()
    for at in range(40):
        follower.watched(frame(at))
    follower.hold("a1", [(0.25, 0.5)], 30)
    follower.watched(frame(40))
    told.wait_for(lambda: bool(told.found))
    # All frames that are remembered were put before it: it is held on one of them.
    assert sticker.said == [*[f"put {at}" for at in range(16, 40)], "hold a1 30", "put 40"]
    assert told.found == [(40, {"a1": StuckPlace(((0.25, 0.5),), LiveHold.FOLLOWING)})]
    follower.forget()
    wait_for_threads()


def test_a_thread_that_is_behind_looks_at_the_newest_frames() -> None:
    follower, sticker, told = following()
    follower.watched(frame(0))
    sticker.gate.clear()
    follower.hold("a1", [(0.5, 0.5)], None)
    assert sticker.is_in_put.wait(WAIT_S)
    for at in range(1, 9):
        follower.watched(frame(at))
    sticker.gate.set()
    told.wait_for(lambda: [at for at, _ in told.found] == [6, 7, 8])
    assert sticker.said[:2] == ["put 0", "hold a1 None"]
    follower.forget()
    wait_for_threads()


def test_a_mark_that_was_let_go_is_not_told_of() -> None:
    follower, sticker, told = following()
    follower.hold("a1", [(0.1, 0.1)], None)
    follower.hold("a2", [(0.2, 0.2)], None)
    follower.watched(frame(1))
    told.wait_for(lambda: len(told.found) == 1)
    follower.let_go("a1")
    follower.watched(frame(2))
    told.wait_for(lambda: len(told.found) == 2)
    assert set(told.found[1][1]) == {"a2"}
    assert "let go a1" in sticker.said
    follower.forget()
    wait_for_threads()


def test_with_the_last_mark_the_thread_ends() -> None:
    made: list[FakeSticker] = []
    follower, _, told = following(made)
    follower.hold("a1", [(0.1, 0.1)], None)
    follower.watched(frame(1))
    told.wait_for(lambda: len(told.found) == 1)
    follower.let_go("a1")
    wait_for_threads()
    follower.watched(frame(2))
    assert not is_running()
    follower.hold("a2", [(0.2, 0.2)], 2)
    follower.watched(frame(3))
    told.wait_for(lambda: len(told.found) == 2)
    assert len(made) == 2  # a new one: it starts without what the last one knew
    follower.forget()
    wait_for_threads()


def test_after_forgetting_nothing_comes_any_more() -> None:
    follower, sticker, told = following()
    follower.hold("a1", [(0.1, 0.1)], None)
    sticker.gate.clear()
    follower.watched(frame(1))
    assert sticker.is_in_put.wait(WAIT_S)
    follower.forget()
    sticker.gate.set()
    wait_for_threads()
    assert told.found == []


def test_what_cannot_be_held_is_not_told_of() -> None:
    follower, _, told = following()
    follower.hold("wall", [(0.1, 0.1)], None)
    follower.hold("a1", [(0.2, 0.2)], None)
    follower.watched(frame(1))
    told.wait_for(lambda: len(told.found) == 1)
    assert set(told.found[0][1]) == {"a1"}
    follower.forget()
    wait_for_threads()
