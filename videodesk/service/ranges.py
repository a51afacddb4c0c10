"""Handing out immutable bytes over HTTP: ETag, conditions and single byte ranges (RFC 9110 §13, §14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from videodesk.evidence.ports import BlobStore

_RANGE: Final = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to but not including `end`."""

    start: int
    end: int


UNSATISFIABLE: Final = Span(-1, -1)


def wanted_span(header: str | None, size_bytes: int) -> Span | None:
    """The one range a Range header asks for; None for the whole, as for headers that we may ignore; UNSATISFIABLE beyond the end."""
    match = _RANGE.fullmatch(header) if header else None
    if match is None or match[0] == "bytes=-" or not (match[1] or match[2]):
        return None
    if not match[1]:
        last = int(match[2])
        return Span(max(0, size_bytes - last), size_bytes) if last and size_bytes else UNSATISFIABLE
    start = int(match[1])
    end = int(match[2]) + 1 if match[2] else size_bytes
    if end <= start and match[2]:
        return None  # a last position before the first: not a valid range
    return Span(start, min(end, size_bytes)) if start < size_bytes else UNSATISFIABLE


@dataclass(frozen=True, slots=True)
class Handout:
    """What to answer: decided before anything is written to a log, carried out after."""

    digest: str
    size_bytes: int
    media_type: str
    span: Span | None
    is_not_modified: bool

    @property
    def is_given(self) -> bool:
        """Whether any byte is handed out."""
        return not self.is_not_modified and self.span is not UNSATISFIABLE

    @property
    def part(self) -> str | None:
        """The part, as "first-last"; None for the whole."""
        return None if self.span is None else f"{self.span.start}-{self.span.end - 1}"

    def response(self, blobs: BlobStore, filename: str | None = None) -> Response:
        """200, 206, 304 or 416."""
        headers = {"ETag": f'"{self.digest}"', "Cache-Control": "private, no-cache", "Accept-Ranges": "bytes"}
        if self.is_not_modified:
            return Response(status_code=304, headers=headers)
        if self.span is UNSATISFIABLE:
            return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{self.size_bytes}"})
        if filename:
            headers["Content-Disposition"] = f'inline; filename="{filename}"'
        span = self.span or Span(0, self.size_bytes)
        headers["Content-Length"] = str(span.end - span.start)
        if self.span:
            headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{self.size_bytes}"
        pieces = blobs.chunks(self.digest, span.start, span.end)
        return StreamingResponse(pieces, status_code=206 if self.span else 200, headers=headers, media_type=self.media_type)


def handout(request: Request, digest: str, size_bytes: int, media_type: str) -> Handout:
    """Weigh the request's If-None-Match, Range and If-Range against the bytes with this digest."""
    known = request.headers.get("if-none-match", "")
    is_not_modified = known.strip() == "*" or digest in re.findall(r'"([0-9a-f]{64})"', known)
    condition = request.headers.get("if-range")
    may_be_part = condition is None or condition.strip() == f'"{digest}"'
    span = wanted_span(request.headers.get("range"), size_bytes) if may_be_part else None
    return Handout(digest, size_bytes, media_type, span, is_not_modified)
