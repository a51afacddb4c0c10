"""Marks as a Web Annotation file (W3C), for other programs and from them."""

from __future__ import annotations

import json
from typing import Final

from videodesk.annotation.arranging import pasted
from videodesk.annotation.document import Add, Command, Document, Frame, Together
from videodesk.annotation.web_annotation import from_web, to_web
from videodesk.core.errors import Invalid
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.marking.arranging import AnnotateArranging

MAX_FILE_BYTES: Final = 8 << 20


class AnnotateExchanging(AnnotateArranging):
    """Writing the marks for other programs, and taking over what those wrote."""

    def web_page(self) -> bytes:
        """The marks of the open snapshot as JSON-LD in UTF-8."""
        state = self.state
        name = "" if state.snapshot is None else state.snapshot.id
        page = to_web(state.document, page_id=f"urn:videodesk:marks:{name}", source=f"urn:uuid:{name}", measure=self.measure)
        return json.dumps(page, indent=2, ensure_ascii=False).encode()

    def take_page(self, found: Document) -> int:
        """Put the marks of a file that `read_page` read on this picture, as one step; how many. An empty picture gets its framing too."""
        document = self.state.document
        if not found.marks or not self.has_room(len(found.marks)):
            return 0
        if document.marks:
            command, ids = pasted(document, found.marks, self.fresh_id, measure=self.measure)
        else:
            adds: tuple[Command, ...] = tuple(Add(place, mark) for place, mark in enumerate(found.marks))
            command, ids = Together((*adds, Frame(document.framing, found.framing))), tuple(mark.id for mark in found.marks)
        self.do(command, *ids)
        return len(ids)


def read_page(data: bytes, state: AnnotateState) -> Document:
    """The marks in a file of another program, for the picture of `state`; any thread. Invalid("annotation.not_web") when it is no such file.

    Invalid("annotation.invalid", …) when it is one that does not fit here.
    """
    code = "annotation.not_web"
    if len(data) > MAX_FILE_BYTES:
        raise Invalid(code)
    try:
        page = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Invalid(code) from None
    return from_web(page, state.document.width_px, state.document.height_px)
