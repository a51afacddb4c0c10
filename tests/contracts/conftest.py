"""Both stores, with their tables, for the contracts of repositories."""

from __future__ import annotations

import pytest

from videodesk.storage.bus_local import LocalBus
from videodesk.storage.memory.store import MemoryStore
from videodesk.storage.sql.engine import SqlStore
from videodesk.storage.sql.schema import metadata


@pytest.fixture(params=["sql", "memory"])
def store(request, tmp_path):
    bus = LocalBus()
    if request.param == "sql":
        store = SqlStore(f"sqlite:///{tmp_path / 'desk.db'}", bus)
        metadata.create_all(store.engine)
    else:
        store = MemoryStore(bus)
    yield store
    store.close()
    bus.close()
