"""Frozen dataclasses as JSON records and back, by their own annotations (pydantic): one codec for every store."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_record(value: Any, kind: Any) -> Any:
    """`value` of type `kind` as JSON-able data: dates as text, Decimal as text, tuples as lists."""
    return _adapter(kind).dump_python(value, mode="json")


def from_record(record: Any, kind: type[T]) -> T:
    """The value again."""
    made: T = _adapter(cast(Any, kind)).validate_python(record)
    return made
