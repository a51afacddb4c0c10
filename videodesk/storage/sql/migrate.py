"""Brings a database to the newest schema: at every start, in one transaction, and at once when there is nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, inspect, text

from videodesk.core.errors import WorldError
from videodesk.evidence.vault_ports import CaseVault
from videodesk.storage.sql.schema import UtcDateTime

HEAD: Final = "0008"
_PATIENCE_MS: Final = 60_000
_SCRIPTS: Final = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, vault: CaseVault | None = None, sign_head: Callable[[bytes], bytes] | None = None) -> None:
    """Make or upgrade the schema; idempotent, and safe when two programs start at once. WorldError("storage.newer") for a later version's."""
    with engine.connect() as reading:
        version = _version(reading)
        reading.rollback()
    if version == HEAD:
        return
    with engine.connect() as opened:
        if engine.dialect.name == "sqlite":  # another program may be at it: that takes longer than any write, and it is not stuck
            opened.connection.driver_connection.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")  # type: ignore[union-attr]
        connection = opened.execution_options(videodesk_writes=True)
        with connection.begin():
            _upgrade(connection, _version(connection), vault, sign_head)


def _upgrade(
    connection: Connection, version: str | None, vault: CaseVault | None, sign_head: Callable[[bytes], bytes] | None,
) -> None:
    # Importing Alembic takes longer than everything else at a start; mostly there is nothing for it to do.
    from alembic import command
    from alembic.script import ScriptDirectory

    config = make_config(connection)
    config.attributes.update(vault=vault, sign_head=sign_head)  # what was logged before gets its salts
    if version is not None and version not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
        raise WorldError("storage.newer")
    command.upgrade(config, "head")


def make_config(connection: Connection) -> Any:
    """Alembic's configuration for one connection; there is no ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def is_ours(_object: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Whether Alembic should compare this: the full-text index keeps tables of its own."""
    return not (kind == "table" and name is not None and name.startswith("case_index"))


def render_item(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """How our column type is written in a step."""
    return "UtcDateTime()" if kind == "type" and isinstance(value, UtcDateTime) else False


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
