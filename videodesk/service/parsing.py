"""From a text frame to a message."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError


class BadMessage(Exception):
    """A text that is no message: `code` of the error catalogue, `in_reply_to` the type it claims to be, `params["field"]` what is wrong."""

    def __init__(self, code: str, in_reply_to: str | None = None, **params: str) -> None:
        super().__init__(code)
        self.code, self.in_reply_to, self.params = code, in_reply_to, params


def parse(adapter: TypeAdapter[Any], text: str) -> Any:
    """The message in `text`, or BadMessage. Nothing of the text itself is in the error."""
    try:
        return adapter.validate_json(text)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    kind = str(first["type"])
    if kind == "json_invalid":
        raise BadMessage("protocol.not_json")
    if kind == "union_tag_invalid":
        raise BadMessage("protocol.unknown_type")
    where = [str(part) for part in first["loc"]]
    if not where:
        raise BadMessage("protocol.no_type")
    raise BadMessage("protocol.bad_field", where[0], field=".".join(where[1:])[:100])
