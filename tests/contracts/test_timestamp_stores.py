"""One contract for the repository of time stamps, run on SQLite and on the memory twin."""

from datetime import timedelta

from videodesk.core.clock import HandClock
from videodesk.evidence.seal_ports import Stamp
from videodesk.evidence.stamps import Covering

NOW = HandClock().now()
A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def a_stamp(digest=A, authority="https://tsa.example/", seconds=0.0):
    return Stamp(digest, authority, bytes(range(256)), NOW + timedelta(seconds=seconds))


def test_what_is_added_is_found_as_it_was(store):
    stamp, later = a_stamp(seconds=0.25), a_stamp(authority="https://other.example/", seconds=9)
    with store.write() as uow:
        uow.timestamps.add(later)
        uow.timestamps.add(stamp)
    with store.read() as uow:
        assert uow.timestamps.of(A) == [stamp, later]
        assert uow.timestamps.of(B) == []


def test_the_first_stamp_of_an_authority_stays(store):
    with store.write() as uow:
        uow.timestamps.add(a_stamp())
        uow.timestamps.add(a_stamp(seconds=100))
    with store.read() as uow:
        assert uow.timestamps.of(A) == [a_stamp()]


def test_what_is_wanted_waits_in_its_order_until_it_is_stamped(store):
    with store.write() as uow:
        uow.timestamps.want(B, NOW)
        uow.timestamps.want(A, NOW + timedelta(seconds=1))
        uow.timestamps.want(B, NOW + timedelta(seconds=2))
    with store.write() as uow:
        assert uow.timestamps.wanted() == [B, A]
        uow.timestamps.add(a_stamp(B))
    with store.write() as uow:
        assert uow.timestamps.wanted() == [A]
        uow.timestamps.want(B, NOW)
    with store.read() as uow:
        assert uow.timestamps.wanted() == [A], "it has a stamp"


def test_an_entry_is_covered_by_the_earliest_stamp_on_a_head_that_holds_it(store):
    first, second, package = a_stamp(A), a_stamp(B, seconds=60), a_stamp(C, seconds=-60)
    with store.write() as uow:
        assert uow.timestamps.covering(1) is None
        assert uow.timestamps.newest_head() is None
        uow.timestamps.add(second, log_size=9)
        uow.timestamps.add(first, log_size=4)
        uow.timestamps.add(package)
    with store.read() as uow:
        assert uow.timestamps.covering(1) == uow.timestamps.covering(4) == Covering(4, first)
        assert uow.timestamps.covering(5) == uow.timestamps.covering(9) == Covering(9, second)
        assert uow.timestamps.covering(10) is None
        assert uow.timestamps.newest_head() == Covering(9, second)
