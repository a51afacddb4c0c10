"""The custody log: appended to only, provable, erasable; and what checking finds when somebody went round all that."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from videodesk.core.errors import Conflict, Gone
from videodesk.core.events import Event
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence.custody import bytes_of_head, canonical, make_entry, proofs, record
from videodesk.evidence.custody_check import check_log, salts_of
from videodesk.evidence.merkle import is_beginning, is_included, leaf_hash
from videodesk.evidence.vault_ports import MemoryVault
from videodesk.storage.memory.custody import MemoryCustody
from videodesk.storage.sql.custody import SqlCustody
from videodesk.storage.sql.engine import SqlStore
from videodesk.storage.sql.schema import metadata

NOW = datetime(2026, 3, 4, 9, 0, 0, 123456, tzinfo=UTC)
AGENT, CASE, OTHER = new_id(), new_id(), new_id()
KEY = ec.generate_private_key(ec.SECP256R1())


def sign(data):
    return KEY.sign(data, ec.ECDSA(hashes.SHA256()))


def signed(data, signature):
    try:
        KEY.public_key().verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


class NoBus:
    def publish(self, event: Event) -> None:
        """Nobody listens."""


@pytest.fixture
def store(tmp_path):
    made = SqlStore(f"sqlite:///{tmp_path / 'desk.db'}", NoBus(), MemoryVault(), sign)
    made.upgrade()
    yield made
    made.close()


@pytest.fixture(params=["memory", "sql"])
def log(request):
    if request.param == "memory":
        yield MemoryCustody(MemoryVault(), sign)
        return
    store = request.getfixturevalue("store")
    with store.engine.connect() as connection, connection.begin():
        yield SqlCustody(connection, MemoryVault(), sign)


def fill(log, count, case_id=CASE, head_each=1):
    for n in range(count):
        record(log, CustodyAction.VIEWED, AGENT, NOW + timedelta(microseconds=n), snapshot_id=new_id(), case_id=case_id if n % 2 else None,
               data={"n": n, "deep": {"list": [True, None, "é"]}})
        if (n + 1) % head_each == 0:
            log.close_head()


def check(log, checkpoint=None):
    return check_log(log, salts_of(log), signed, checkpoint)


def test_what_was_appended_is_read_again(log):
    assert (log.size(), log.last(), list(log.all()), log.close_head(), log.newest_head()) == (0, None, [], None, None)
    assert check(log).is_intact
    fill(log, 5)
    entries = list(log.all())
    assert [entry.index for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.index for entry in log.of_case(CASE)] == [2, 4]
    assert (log.size(), log.last()) == (5, entries[-1])
    assert entries[3].data == {"n": 3, "deep": {"list": [True, None, "é"]}}
    assert [leaf_hash(entry.leaf.encode()).hex() for entry in entries] == [entry.digest for entry in entries] == [one.hex() for one in log.leaf_hashes()]
    verdict = check(log)
    assert (verdict.is_intact, verdict.good_count, verdict.head, verdict.is_signed, verdict.heads) == (True, 5, log.newest_head().root, True, 5)


def test_a_leaf_commits_to_everything_and_names_nothing(log):
    entry = record(log, CustodyAction.CAPTURED, AGENT, NOW, snapshot_id="s1", case_id=CASE, data={"digest": "d"})
    salt = log.salt_of(CASE)
    case = hmac.new(salt, CASE.encode(), hashlib.sha256).hexdigest()
    detail = hmac.new(salt, b'{"data":{"digest":"d"},"snapshot_id":"s1"}', hashlib.sha256).hexdigest()
    assert entry.leaf == (
        f'{{"action":"captured","actor":"{AGENT}","at":"2026-03-04T09:00:00.123456+00:00","case":"{case}","detail":"{detail}","index":1,"v":1}}')
    assert log.salt_of(None) != salt != log.salt_of(OTHER)


def test_only_the_next_entry_is_appended(log):
    first = record(log, CustodyAction.CAPTURED, AGENT, NOW)
    salt = log.salt_of(None)
    for index in (0, 1, 3):
        with pytest.raises(Conflict, match=r"custody\.not_next"):
            log.append(make_entry(index, NOW, CustodyAction.VIEWED, AGENT, None, None, {}, salt))
    with pytest.raises(Conflict, match=r"custody\.not_next"):
        log.append(replace(make_entry(2, NOW, CustodyAction.VIEWED, AGENT, None, None, {}, salt), digest="0" * 64))
    assert list(log.all()) == [first]


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.none(), st.lists(st.text(max_size=3), max_size=3))))
def test_any_plain_data_comes_back_and_holds(data):
    log = MemoryCustody(MemoryVault())
    record(log, CustodyAction.VIEWED, AGENT, NOW, case_id=CASE, data=data)
    assert log.last().data == data
    assert check_log(log, salts_of(log)).is_intact


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"deep": [b"x"]}, NOW])
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(TypeError):
        canonical({"value": value})


def test_heads_and_proofs(log):
    fill(log, 9, head_each=2)
    heads = log.heads()
    assert [head.size for head in heads] == [2, 4, 6, 8]
    newest = log.close_head()
    assert (newest.size, log.close_head(), log.head_of(4), log.head_of(5), log.newest_head()) == (9, None, heads[1], None, newest)
    assert signed(bytes_of_head(newest), newest.signature)
    assert not signed(bytes_of_head(replace(newest, size=8)), newest.signature)
    held = proofs(log, newest)
    for entry in log.all():
        proof = held.inclusion(entry)
        path = [bytes.fromhex(one) for one in proof.path]
        assert is_included(leaf_hash(proof.leaf.encode()), proof.index - 1, newest.size, path, bytes.fromhex(newest.root))
    for head in heads:
        path = [bytes.fromhex(one) for one in held.consistency(head)]
        assert is_beginning(head.size, bytes.fromhex(head.root), newest.size, bytes.fromhex(newest.root), path)
    assert held.consistency(newest) == []


def test_an_erased_case_leaves_its_leaves(log):
    fill(log, 6)
    with pytest.raises((Conflict, DatabaseError)):
        log.erase_details(CASE)
    record(log, CustodyAction.ERASED, AGENT, NOW, case_id=CASE, data={"reason": "asked"})
    record(log, CustodyAction.VIEWED, AGENT, NOW, case_id=OTHER)
    newest = log.close_head()
    before = log.leaf_hashes()
    assert log.erase_details(CASE) == 4
    vault = log.vault if isinstance(log, MemoryCustody) else log._vault
    vault.destroy(CASE)
    with pytest.raises(Gone):
        record(log, CustodyAction.VIEWED, AGENT, NOW, case_id=CASE)
    assert log.leaf_hashes() == before
    assert log.of_case(CASE) == []
    verdict = check(log, newest)
    assert (verdict.is_intact, verdict.good_count, verdict.erased_count) == (True, 8, 4)


# ── what somebody with the database in hand may do ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("statement", [
    "UPDATE custody_leaves SET leaf = 'x'", "DELETE FROM custody_leaves", "UPDATE custody_leaves SET hash = 'x' WHERE \"index\" = 1",
    'INSERT OR REPLACE INTO custody_leaves SELECT * FROM custody_leaves WHERE "index" = 1',
    "UPDATE custody_heads SET root = 'x'", "DELETE FROM custody_heads", "INSERT OR REPLACE INTO custody_heads SELECT * FROM custody_heads WHERE size = 1",
    "UPDATE custody_details SET data = '{}'", "DELETE FROM custody_details",
    'INSERT OR REPLACE INTO custody_details SELECT * FROM custody_details WHERE "index" = 1',
])
def test_the_database_refuses_to_change_the_log(store, statement):
    with store.write() as uow:
        before = record(uow.custody, CustodyAction.CAPTURED, AGENT, NOW, case_id=CASE)
    with pytest.raises(DatabaseError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))
    with store.read() as uow:
        assert list(uow.custody.all()) == [before]


def go_round(store, *statements):
    """Without the triggers, and with them again afterwards: what checking finds must not hang on them."""
    with store.engine.begin() as connection:
        kept = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'custody%'")).all()
        for name, _ in kept:
            connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement.replace(":", r"\:")))
        for _, sql in kept:
            connection.execute(text(sql))


def verdict_of(store, checkpoint=None):
    with store.read() as uow:
        return check(uow.custody, checkpoint)


@pytest.fixture
def filled(store):
    for n in range(8):
        with store.write() as uow:
            record(uow.custody, CustodyAction.VIEWED, AGENT, NOW + timedelta(seconds=n), snapshot_id=new_id(), case_id=CASE, data={"n": n})
    return store


def forged(store, index, **changes):
    """A leaf as somebody who knows the salts would make it, with its own right hash."""
    with store.read() as uow:
        entry = next(entry for entry in uow.custody.all() if entry.index == index)
        entry = replace(entry, **changes)
        return make_entry(entry.index, entry.at, entry.action, entry.actor_id, entry.snapshot_id, entry.case_id, entry.data, uow.custody.salt_of(CASE))


def write_leaf(entry, at=None):
    return (f"UPDATE custody_leaves SET leaf = '{entry.leaf}', hash = '{entry.digest}' WHERE \"index\" = {at or entry.index}",
            f"UPDATE custody_details SET data = '{canonical(entry.data).decode()}' WHERE \"index\" = {at or entry.index}")


def test_an_altered_leaf_is_named(filled):
    go_round(filled, "UPDATE custody_leaves SET leaf = replace(leaf, 'viewed', 'stored') WHERE \"index\" = 3")
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem, verdict_of(filled).good_count) == (3, "altered", 2)


def test_an_altered_entry_with_all_its_hashes_is_named(filled):
    go_round(filled, *write_leaf(forged(filled, 5, data={"n": 77})))
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem) == (5, "altered")


def test_altered_details_are_named(filled):
    go_round(filled, "UPDATE custody_details SET data = '{\"n\":9}' WHERE \"index\" = 6")
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem) == (6, "detail_altered")
    go_round(filled, "UPDATE custody_details SET snapshot_id = 'x' WHERE \"index\" = 2")
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem) == (2, "detail_altered")


def test_removed_details_are_named(filled):
    go_round(filled, 'DELETE FROM custody_details WHERE "index" = 4')
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem) == (4, "detail_removed")


def test_a_removed_entry_is_named(filled):
    go_round(filled, 'DELETE FROM custody_leaves WHERE "index" = 4', 'DELETE FROM custody_details WHERE "index" = 4')
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem) == (4, "removed")
    # … and with the numbers closed up behind it
    go_round(filled, 'UPDATE custody_leaves SET "index" = "index" - 1 WHERE "index" > 4', 'UPDATE custody_details SET "index" = "index" - 1 WHERE "index" > 4')
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem) == (4, "reordered")


def test_reordered_entries_are_named(filled):
    go_round(filled, *(f'UPDATE {table} SET "index" = {new} WHERE "index" = {old}'
                       for table in ("custody_leaves", "custody_details") for old, new in ((3, -3), (7, 3), (-3, 7))))
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem) == (3, "reordered")
    with filled.read() as uow:
        third, seventh = (next(entry for entry in uow.custody.all() if f'"index":{n},' in entry.leaf) for n in (3, 7))
    # … and with the leaves rewritten, so that each stands where it says
    go_round(filled, *write_leaf(replace(forged(filled, 3), leaf=seventh.leaf.replace('"index":7', '"index":3'),
                                         digest=leaf_hash(seventh.leaf.replace('"index":7', '"index":3').encode()).hex()), 3),
             *write_leaf(replace(forged(filled, 7), leaf=third.leaf.replace('"index":3', '"index":7'),
                                 digest=leaf_hash(third.leaf.replace('"index":3', '"index":7').encode()).hex()), 7))
    assert verdict_of(filled).bad_index == 3


def test_a_cut_off_end_is_named(filled):
    with filled.read() as uow:
        checkpoint = uow.custody.newest_head()
    go_round(filled, 'DELETE FROM custody_leaves WHERE "index" > 6', 'DELETE FROM custody_details WHERE "index" > 6')
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem, verdict_of(filled).good_count) == (7, "truncated", 6)
    # … and with the heads cut off too: only what was noted elsewhere can tell
    go_round(filled, "DELETE FROM custody_heads WHERE size > 6")
    assert verdict_of(filled).is_intact
    assert (verdict_of(filled, checkpoint).bad_index, verdict_of(filled, checkpoint).problem) == (7, "truncated")


def test_an_entry_that_no_head_covers_is_named(filled):
    entry = forged(filled, 8)
    added = make_entry(9, NOW, CustodyAction.VIEWED, AGENT, None, CASE, {}, b"")
    go_round(filled, f"INSERT INTO custody_leaves VALUES (9, '{added.leaf}', '{added.digest}', 'viewed', 'x')",
             f"INSERT INTO custody_details VALUES (9, '{CASE}', NULL, '{canonical(entry.data).decode()}')")
    assert verdict_of(filled).bad_index == 9


def test_a_head_by_another_key_is_named(filled):
    with filled.read() as uow:
        newest = uow.custody.newest_head()
    other = ec.generate_private_key(ec.SECP256R1()).sign(bytes_of_head(newest), ec.ECDSA(hashes.SHA256())).hex()
    go_round(filled, f"UPDATE custody_heads SET signature = x'{other}' WHERE size = 8")
    assert (verdict_of(filled).bad_index, verdict_of(filled).problem) == (8, "head_altered")


def test_a_missing_guard_is_named(filled):
    with filled.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER custody_leaves_no_update"))
    assert verdict_of(filled).problem == "unguarded: custody_leaves_no_update"


def test_every_writing_transaction_ends_with_a_head(store):
    with store.write() as uow:
        for _ in range(3):
            record(uow.custody, CustodyAction.VIEWED, AGENT, NOW)
    with store.write() as uow:
        uow.custody.size()
    with pytest.raises(RuntimeError), store.write() as uow:
        record(uow.custody, CustodyAction.VIEWED, AGENT, NOW)
        raise RuntimeError
    with store.read() as uow:
        assert [(head.size, head.at) for head in uow.custody.heads()] == [(3, NOW)]
        assert len(metadata.tables["custody_leaves"].columns) == 5


def test_an_older_chain_is_taken_over(tmp_path):
    from alembic import command

    from videodesk.storage.sql import migrate

    vault, made = MemoryVault(), SqlStore(f"sqlite:///{tmp_path / 'old.db'}", NoBus())
    with made.engine.connect() as opened:
        connection = opened.execution_options(videodesk_writes=True)
        with connection.begin():
            command.upgrade(migrate.make_config(connection), "0002")
            for n in (1, 2):
                connection.execute(text(
                    f"INSERT INTO custody_entries VALUES ({n}, '2026-01-05 09:00:0{n}.000000', 'viewed', 'a', 's', '{CASE}', '{{\"n\"\\: {n}}}', '{n}', 'd{n}')"))
    made.close()
    store = SqlStore(f"sqlite:///{tmp_path / 'old.db'}", NoBus(), vault, sign)
    store.upgrade()
    with store.read() as uow:
        assert [(entry.index, entry.data, entry.case_id) for entry in uow.custody.of_case(CASE)] == [(1, {"n": 1}, CASE), (2, {"n": 2}, CASE)]
        assert uow.custody.last().at == datetime(2026, 1, 5, 9, 0, 2, tzinfo=UTC)
        assert check(uow.custody).is_signed
    store.close()
