"""The migrated schema is the one of the metadata, and migrating is safe to repeat."""

from __future__ import annotations

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from videodesk.core.errors import WorldError
from videodesk.storage.bus_local import LocalBus
from videodesk.storage.sql import migrate
from videodesk.storage.sql.engine import SqlStore
from videodesk.storage.sql.schema import metadata


def statements(store):
    """What SQLite itself wrote down, but for the full-text index's own tables."""
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' ORDER BY type, name"))
        return {(row.type, row.name): " ".join((row.sql or "").replace('"', "").split()) for row in rows if row.tbl_name != "alembic_version"}


@pytest.fixture
def store(tmp_path):
    made = SqlStore(f"sqlite:///{tmp_path / 'desk.db'}", LocalBus())
    yield made
    made.close()


def test_a_migrated_database_is_what_the_metadata_says(store, tmp_path):
    store.upgrade()
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": migrate.is_ours})
        assert compare_metadata(context, metadata) == []
    made = SqlStore(f"sqlite:///{tmp_path / 'made.db'}", LocalBus())
    metadata.create_all(made.engine)
    ours, theirs = statements(store), statements(made)
    assert ours.keys() == theirs.keys(), "tables, indexes and triggers"
    triggers = {key: sql for key, sql in ours.items() if key[0] == "trigger"}
    assert len(triggers) >= 5
    assert triggers == {key: theirs[key] for key in triggers}
    made.close()


def test_the_head_is_the_newest_step(store):
    with store.engine.connect() as connection:
        assert ScriptDirectory.from_config(migrate.make_config(connection)).get_current_head() == migrate.HEAD


def test_what_was_kept_before_there_were_originals_is_its_own_first_one(store):
    from alembic import command
    from alembic.script import ScriptDirectory

    with store.engine.connect() as opened:
        connection = opened.execution_options(videodesk_writes=True)
        with connection.begin():
            config = migrate.make_config(connection)
            assert ScriptDirectory.from_config(config).get_base() == "0001"
            command.upgrade(config, "0001")
            for name, retake_of in (("s1", "NULL"), ("s2", "'s1'")):
                connection.execute(text(
                    "INSERT INTO snapshots VALUES (:id, 'c', 'k', 'frame', :digest, 'image/jpeg', 77, 1280, 720, '2026-01-05 09:00:00.123456', 'a',"
                    f" '2026-01-05 09:00:01.000000', 12, 90000, 'VP8', 1, 'label', 'x', {retake_of}, 'accepted')"),
                    {"id": name, "digest": name * 32})
            connection.execute(text("INSERT INTO annotations VALUES ('s1', 1, '{}', 'a', '2026-01-05 09:00:02')"))
    store.upgrade()
    with store.read() as uow:
        for name in ("s1", "s2"):
            snapshot, (original,) = uow.evidence.snapshot(name), uow.evidence.originals_of([name])
            assert (snapshot.leading, snapshot.is_chosen, snapshot.verdict, original.id) == (name, False, (), name)
            assert (original.digest, original.received_digest, original.location.value) == (name * 32, name * 32, "none")
            for field in ("method", "media_type", "size_bytes", "captured_at", "captured_by", "stored_at", "frame_seq", "rtp_time", "codec"):
                assert getattr(original, field) == getattr(snapshot, field), field
            assert (original.leads, original.is_readable, original.captured_at.microsecond) == (True, True, 123456)
        assert uow.evidence.annotation("s1").revision == 1


def test_migrating_again_changes_nothing(store):
    store.upgrade()
    before = statements(store)
    store.upgrade()
    assert statements(store) == before


def test_two_programs_that_start_at_once_migrate_once(tmp_path):
    problems = []

    def start():
        one = SqlStore(f"sqlite:///{tmp_path / 'desk.db'}", LocalBus())
        try:
            one.upgrade()
        except Exception as problem:
            problems.append(problem)
        one.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_database_of_a_later_version_is_left_alone(store):
    store.upgrade()
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WorldError) as caught:
        store.upgrade()
    assert caught.value.code == "storage.newer"
