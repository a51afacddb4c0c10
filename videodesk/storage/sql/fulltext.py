"""Full-text search over cases: SQLite's FTS5 where it is, else every word by LIKE. The only SQL here that knows a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import (
    DDL,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    Table,
    Text,
    and_,
    delete,
    event,
    false,
    insert,
    select,
    text,
)

from videodesk.storage.sql.schema import metadata

case_words: Final = Table(
    "case_words", metadata,
    # A key of its own: the index names its rows by it, and SQLite may renumber a hidden rowid.
    Column("id", Integer, primary_key=True),
    Column("case_id", String(36), nullable=False, unique=True),
    Column("words", Text, nullable=False),
)

# An index over case_words, kept in step by triggers; "content" keeps the words from being stored twice.
FTS5_STATEMENTS: Final = (
    "CREATE VIRTUAL TABLE case_index USING fts5(words, content='case_words', content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
    """CREATE TRIGGER case_words_added AFTER INSERT ON case_words BEGIN
       INSERT INTO case_index(rowid, words) VALUES (new.id, new.words); END""",
    """CREATE TRIGGER case_words_removed AFTER DELETE ON case_words BEGIN
       INSERT INTO case_index(case_index, rowid, words) VALUES ('delete', old.id, old.words); END""",
)

# Old words stay in the index until its parts are merged into one.
MERGE: Final = "INSERT INTO case_index(case_index) VALUES ('optimize')"

for _statement in FTS5_STATEMENTS:
    event.listen(case_words, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]


def index(connection: Connection, case_id: str, words: Sequence[str]) -> None:
    """Set what a case is found by."""
    connection.execute(delete(case_words).where(case_words.c.case_id == case_id))
    # Each word has a blank before it: LIKE can then find where words begin.
    connection.execute(insert(case_words).values(case_id=case_id, words="".join(" " + word for word in words)))


def matching(connection: Connection, case_id: ColumnElement[str], words: Sequence[str]) -> ColumnElement[bool]:
    """The condition that each of `words` (letters and digits only) begins a word of the case; nothing matches no words."""
    if not words:
        return false()
    if connection.dialect.name == "sqlite":
        phrase = " ".join(f'"{word}"*' for word in words)
        found = select(case_words.c.case_id).where(
            text("case_words.id IN (SELECT rowid FROM case_index WHERE case_index MATCH :phrase)").bindparams(phrase=phrase))
        return case_id.in_(found)
    return case_id.in_(portable(words))


def portable(words: Sequence[str]) -> Select[tuple[str]]:
    """The same without an index, for any database."""
    return select(case_words.c.case_id).where(and_(*(case_words.c.words.contains(" " + word, autoescape=True) for word in words)))
