"""One contract for the repository of copies, run on SQLite and on the memory twin."""

from dataclasses import replace
from datetime import timedelta

import pytest

from videodesk.core.clock import HandClock
from videodesk.core.errors import Conflict, NotFound
from videodesk.core.ids import new_id
from videodesk.evidence.copies import CustomerCopy, token_digest, token_of

NOW = HandClock().now()
CASE = new_id()


def a_copy(**changes):
    copy_id = changes.pop("id", new_id())
    made = CustomerCopy(copy_id, CASE, new_id(), token_digest(token_of("key", copy_id)), new_id(), "Ünï <b>", NOW, NOW + timedelta(days=30))
    return replace(made, **changes)


def put(store, *copies):
    with store.write() as uow:
        for one in copies:
            uow.copies.add(one)


@pytest.mark.parametrize("copy", [a_copy(), a_copy(revoked_at=NOW, opened_at=NOW + timedelta(seconds=1))], ids=["new", "full"])
def test_what_is_added_is_found_as_it_was(store, copy):
    put(store, copy)
    with store.read() as uow:
        assert uow.copies.get(copy.id) == copy
        assert uow.copies.by_token(copy.token_digest) == copy
        assert uow.copies.get(new_id()) is None
        assert uow.copies.by_token("0" * 64) is None
        assert uow.copies.of_case(new_id()) == []


def test_a_case_s_copies_come_newest_first(store):
    old, new = a_copy(), a_copy(made_at=NOW + timedelta(hours=1))
    put(store, old, new, a_copy(case_id=new_id()))
    with store.read() as uow:
        assert uow.copies.of_case(CASE) == [new, old]


def test_an_id_is_taken_once(store):
    copy = a_copy()
    put(store, copy)
    with store.write() as uow:
        with pytest.raises(Conflict, match=r"copy\.exists"):
            uow.copies.add(a_copy(id=copy.id))
        uow.copies.add(a_copy())  # a refused row does not spoil the transaction


def test_saving_replaces_and_needs_one_that_is_there(store):
    copy = a_copy()
    put(store, copy)
    with store.write() as uow:
        uow.copies.save(replace(copy, opened_at=NOW))
        with pytest.raises(NotFound, match=r"copy\.unknown"):
            uow.copies.save(a_copy())
    with store.read() as uow:
        assert uow.copies.get(copy.id) == replace(copy, opened_at=NOW)
