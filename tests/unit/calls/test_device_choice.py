"""Which device is used: the chosen one where it is, the next best where it is not, and no flapping with one that comes and goes."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from videodesk.calls.device_choice import (
    KIND_OF,
    REMEMBERED,
    SETTLE_S,
    SYSTEM,
    DeviceChange,
    Remembered,
    RoleWatch,
    Why,
    find,
    kept_of,
    learn,
    orders_of,
    pick,
)
from videodesk.calls.ports import Device


def mic(name: str, is_default: bool = False) -> Device:
    return Device(name, name.capitalize(), "microphone", is_default)


HEADSET, DESK, LAPTOP = mic("headset"), mic("desk"), mic("laptop", is_default=True)
WANTS_HEADSET = (Remembered("headset", "Headset"),)

names = st.sampled_from(["a", "b", "c", "d"])
orders = st.lists(names.map(lambda one: Remembered(one, one.upper())) | st.just(SYSTEM), max_size=5, unique=True).map(tuple)
there = st.lists(names, unique=True, max_size=4).flatmap(
    lambda ids: st.sampled_from([*ids, None]).map(lambda default: [Device(one, one.upper(), "microphone", one == default) for one in ids]))


@given(orders, there)
def test_something_is_used_whenever_there_is_something(order, present) -> None:
    best = pick("microphone", order, present)
    assert (best is None) == (present == [])
    assert best is None or best in present


@given(orders, there)
def test_nothing_chosen_earlier_is_passed_over(order, present) -> None:
    best = pick("microphone", order, present)
    met = [found for wanted in (order or (SYSTEM,)) if (found := find(wanted, present, "microphone")) is not None]
    default = [one for one in present if one.is_default]
    assert best == next(iter([*met, *default, *present]), None)


@given(orders, names)
def test_the_last_choice_comes_first_and_the_order_stays_short_and_without_doubles(order, name) -> None:
    choice = Remembered(name, name.upper())
    learnt = learn(order, choice)
    assert learnt[0] == choice
    assert len(learnt) == len(set(learnt)) <= REMEMBERED
    assert set(learnt) <= {*order, choice}
    assert orders_of(kept_of({"microphone": learnt})) == {"microphone": learnt}


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=3) | st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=8))
def test_a_damaged_file_gives_what_makes_sense(junk) -> None:
    for order in orders_of(dict.fromkeys(KIND_OF, junk)).values():
        assert all(isinstance(one.id, str) and isinstance(one.label, str) for one in order)


def test_a_device_on_another_socket_is_known_by_its_name_and_another_camera_under_the_same_id_is_not_taken_for_it() -> None:
    moved = Device("/dev/video4", "Webcam", "camera")
    other = Device("/dev/video0", "Built in", "camera", is_default=True)
    wanted = Remembered("/dev/video0", "Webcam")
    assert find(wanted, [other, moved], "camera") == moved
    assert find(wanted, [other], "camera") is None
    assert pick("camera", (wanted,), [other]) == other


def test_ringing_takes_a_speaker_of_its_own() -> None:
    loud, ear = Device("l", "Loud", "speaker"), Device("e", "Ear", "speaker", is_default=True)
    assert pick("ringer", (Remembered("l", "Loud"),), [ear, loud]) == loud
    assert pick("speaker", (), [ear, loud]) == ear


def begun(order=WANTS_HEADSET, *present: Device) -> RoleWatch:
    watch = RoleWatch("microphone", order)
    assert watch.look(present, 0.0) is None
    return watch


def test_unplugged_the_system_s_own_is_used_and_the_chosen_one_again_when_it_has_been_back_for_a_while() -> None:
    watch = begun(WANTS_HEADSET, HEADSET, DESK, LAPTOP)
    assert watch.look([DESK, LAPTOP], 10.0) == DeviceChange("microphone", Why.LOST, "Headset", "Laptop", "laptop")
    assert watch.look([DESK, HEADSET, LAPTOP], 11.0) is None
    assert watch.look([DESK, HEADSET, LAPTOP], 11.0 + SETTLE_S - 0.1) is None
    assert watch.look([DESK, HEADSET, LAPTOP], 11.0 + SETTLE_S) == DeviceChange("microphone", Why.BACK, "Laptop", "Headset", "headset")


def test_a_device_chosen_before_goes_before_the_system_s_own() -> None:
    watch = begun((*WANTS_HEADSET, Remembered("desk", "Desk")), HEADSET, DESK, LAPTOP)
    change = watch.look([DESK, LAPTOP], 1.0)
    assert change is not None
    assert change.now_id == "desk"


def test_with_nothing_left_it_says_so_once_and_takes_what_comes() -> None:
    watch = begun(WANTS_HEADSET, HEADSET)
    assert watch.look([], 1.0) == DeviceChange("microphone", Why.LOST, "Headset")
    assert watch.look([], 2.0) is None
    assert watch.look([DESK], 3.0) is None
    change = watch.look([DESK], 3.0 + SETTLE_S)
    assert change is not None
    assert (change.why, change.now_id, change.left) == (Why.BACK, "desk", "")


def test_chosen_and_not_there_at_the_start_is_said() -> None:
    watch = RoleWatch("microphone", WANTS_HEADSET)
    assert watch.look([LAPTOP], 0.0) == DeviceChange("microphone", Why.ABSENT, "Headset", "Laptop", "laptop")


def test_listed_but_dead_is_left_like_one_that_is_gone_and_tried_again_later() -> None:
    watch = begun(WANTS_HEADSET, HEADSET, LAPTOP)
    watch.fail(5.0)
    change = watch.look([HEADSET, LAPTOP], 5.0)
    assert change is not None
    assert (change.why, change.now_id) == (Why.LOST, "laptop")
    assert watch.look([HEADSET, LAPTOP], 6.0) is None
    back = next(change for at in range(7, 20) if (change := watch.look([HEADSET, LAPTOP], float(at))) is not None)
    assert back.now_id == "headset"


def test_the_system_s_own_is_followed_while_nothing_was_chosen_and_left_alone_as_a_stopgap() -> None:
    def system(default: str) -> list[Device]:
        return [mic(name, name == default) for name in ("desk", "laptop")]

    watch = begun((), *system("laptop"))
    assert watch.look(system("desk"), 1.0) == DeviceChange("microphone", Why.MOVED, "Laptop", "Desk", "desk")
    watch = begun(WANTS_HEADSET, HEADSET, *system("laptop"))
    assert watch.look(system("laptop"), 1.0) is not None
    assert watch.look(system("desk"), 2.0) is None


@given(st.lists(st.booleans(), min_size=40, max_size=200))
def test_a_headset_with_a_bad_plug_does_not_make_the_call_flap(plugged) -> None:
    """Whatever it does, four looks a second: it is taken again only after it has stayed, longer each time; the laptop's is used meanwhile."""
    watch = begun(WANTS_HEADSET, HEADSET, LAPTOP)
    taken_at, here_since, times = 0.0, 0.0, []
    for at, is_in in enumerate(plugged, 1):
        now_s = at / 4
        here_since = here_since if is_in else now_s + 0.25
        change = watch.look([HEADSET, LAPTOP] if is_in else [LAPTOP], now_s)
        assert watch.current is not None, "never silence while there is a microphone"
        if change is not None and change.now_id == "headset":
            assert now_s - here_since >= SETTLE_S - 1e-9
            times.append(now_s - here_since)
            taken_at = now_s
        elif change is not None:
            assert not is_in
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(times)), "each time it has to stay longer"
    assert taken_at <= len(plugged) / 4


@given(orders, st.lists(there, min_size=1, max_size=30))
def test_what_is_used_is_there_and_what_is_told_is_what_is_used(order, looks) -> None:
    watch = RoleWatch("microphone", order)
    used = None
    for at, present in enumerate(looks):
        change = watch.look(present, at * 1.5)
        current = watch.current.id if watch.current is not None else None
        if change is not None:
            assert change.now_id == current
        elif at:
            assert current == used, "it does not change without a word"
        used = current
        assert current is None or current in {one.id for one in present}
