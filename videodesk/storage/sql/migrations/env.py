"""Alembic runs this for every command; the connection comes from migrate.py, inside its transaction."""

from __future__ import annotations

from alembic import context

import videodesk.storage.sql.unit  # noqa: F401 - every table is known once all repositories are
from videodesk.storage.sql.migrate import is_ours, render_item
from videodesk.storage.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, include_object=is_ours, render_item=render_item,
    compare_server_default=True, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
