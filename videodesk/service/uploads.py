"""Multipart uploads: read after the sender is known to be allowed in, bounded while they arrive, spooled and never whole in memory.

FastAPI would read a declared form before it asks who sends it; so these routes declare no body and describe it in OpenAPI by hand.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from videodesk.core.errors import Invalid, TooLarge, UnsupportedMedia, WorldError
from videodesk.core.ids import UUID_PATTERN
from videodesk.core.vocabulary import LocationState, SealKind
from videodesk.evidence.location import without_location
from videodesk.evidence.model import MAX_ORIGINAL_BYTES, PictureFacts
from videodesk.evidence.originals import Received
from videodesk.evidence.ports import BlobStore, StagedBlob
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.service.desk import Desk

_FIELDS: Final = 8
_FIELD_BYTES: Final = 64 * 1024
_FORM_BYTES: Final = 128 * 1024  # what a form may have besides its file
MAX_POSTER_BYTES: Final = 4 * 1024 * 1024
_CHUNK_BYTES: Final = 1024 * 1024
_Body = TypeVar("_Body", bound=BaseModel)
Seal = Callable[[bytes, LocationState], bytes]
"""Seals a customer's picture, of whose place this became; the same bytes when there is no key. Raises WorldError."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """A received form: its file (None where it may be left out), its text fields, and further files by name."""

    file: UploadFile | None
    fields: dict[str, str]
    more: dict[str, UploadFile]

    def body(self, field: str, model: type[_Body]) -> _Body:
        """The JSON field as a `model`; Invalid("request.invalid", field=…) when it is missing or wrong."""
        try:
            return model.model_validate_json(self.fields.get(field, ""))
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            where = ".".join(str(part) for part in (field, *first["loc"]))
            raise Invalid("request.invalid", field=where[:200], problem=first["type"]) from problem

    def chunks(self) -> Iterator[bytes]:
        """The file in pieces. Blocks: in a worker thread."""
        if self.file is not None:
            self.file.file.seek(0)
            while piece := self.file.file.read(_CHUNK_BYTES):
                yield piece

    def small(self, name: str, limit_bytes: int) -> bytes:
        """A further file, whole; Invalid("upload.file_missing"), TooLarge("upload.too_large"). Blocks: in a worker thread."""
        file = self.more.get(name)
        if file is None:
            raise Invalid("upload.file_missing", field=name)
        file.file.seek(0)
        data = file.file.read(limit_bytes + 1)
        if len(data) > limit_bytes:
            raise TooLarge("upload.too_large", limit_bytes=limit_bytes)
        return data


@asynccontextmanager
async def received_form(
    request: Request, part: str, limit_bytes: int = MAX_ORIGINAL_BYTES, *, instead: str | None = None, more: tuple[str, ...] = (),
) -> AsyncIterator[Upload]:
    """Receive the request's multipart form, whose file is the part named `part`. The field `instead` may take its place.

    The files `more` may come with it.
    UnsupportedMedia("upload.not_multipart"), TooLarge("upload.too_large") as soon as it is, Invalid("upload.malformed"),
    Invalid("upload.file_missing").
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMedia("upload.not_multipart")
    promised = request.headers.get("content-length", "0")
    if promised.isdecimal() and int(promised[:20]) > limit_bytes + _FORM_BYTES:
        raise TooLarge("upload.too_large", limit_bytes=limit_bytes)
    bounded = Request(request.scope, _bounded(request.receive, limit_bytes))
    parser = MultiPartParser(request.headers, bounded.stream(), max_files=1 + len(more), max_fields=_FIELDS, max_part_size=_FIELD_BYTES)
    try:
        try:
            form = await parser.parse()
        except (MultiPartException, ClientDisconnect) as problem:
            raise Invalid("upload.malformed") from problem
        files = {name: value for name, value in form.items() if isinstance(value, UploadFile)}
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        if part not in files and (instead is None or instead not in fields):
            raise Invalid("upload.file_missing", field=part)
        yield Upload(files.get(part), fields, {name: files[name] for name in more if name in files})
    finally:
        # Not form.close(): a part that was cut off is not in the form, and its spooled file would stay open until it is collected.
        for spooled in parser._files_to_close_on_error:  # noqa: SLF001 - Starlette names no public way to them
            spooled.close()


def _bounded(receive: Receive, limit_bytes: int) -> Receive:
    seen_bytes = 0

    async def receive_bounded() -> Message:
        nonlocal seen_bytes
        message = await receive()
        seen_bytes += len(message.get("body", b""))
        if seen_bytes > limit_bytes + _FORM_BYTES:
            raise TooLarge("upload.too_large", limit_bytes=limit_bytes)
        return message

    return receive_bounded


@contextmanager
def decoded(desk: Desk, blobs: BlobStore, original: StagedBlob, facts: PictureFacts) -> Iterator[Received]:
    """The staged original with its thumbnail, which shows that it can be decoded; raises what LimitedPictures.thumbnail raises."""
    data = original.read()
    thumbnail = desk.pictures.thumbnail(data, facts)
    with blobs.stage([thumbnail], len(thumbnail)) as staged:
        yield Received(original, facts, staged, seal=desk.seal_kind(data))


@contextmanager
def from_customer(
    desk: Desk, blobs: BlobStore, sent: StagedBlob, facts: PictureFacts, keeps_location: Callable[[], bool], seal: Seal,
) -> Iterator[Received]:
    """The staged picture as it may be kept: without the place in its metadata unless the customer consented to keep that, and sealed.

    `keeps_location` is asked only when there is one. What cannot be sealed is kept as it is: a picture is worth more than its seal.
    """
    data = sent.read()
    cleaned = without_location(data, facts.media_type)
    location = LocationState.NONE if cleaned is None else LocationState.KEPT if keeps_location() else LocationState.STRIPPED
    bare = cleaned if cleaned is not None and location is LocationState.STRIPPED else data
    try:
        made = seal(bare, location)
    except WorldError as problem:
        _log.warning("seal.failed", code=problem.code)
        made = bare
    if made is data:
        yield Received(sent, facts, location=location)
        return
    with blobs.stage([made], len(made)) as staged:
        yield Received(staged, facts, location=location, received_digest=sent.digest, seal=desk.seal_kind(made))


@contextmanager
def with_poster(desk: Desk, blobs: BlobStore, clip: StagedBlob, facts: PictureFacts, poster: bytes) -> Iterator[Received]:
    """The staged clip with a thumbnail made of its poster."""
    seal = desk.seal_kind(poster)
    with contextlib.ExitStack() as stack:
        thumbnail = desk.pictures.thumbnail(poster, sniff(poster[:HEAD_BYTES]))
        staged = stack.enter_context(blobs.stage([thumbnail], MAX_POSTER_BYTES))
        if seal is not SealKind.CAPTURE:
            yield Received(clip, facts, staged)
        else:
            yield Received(clip, facts, staged, seal=seal, seal_blob=stack.enter_context(blobs.stage([poster], MAX_POSTER_BYTES)))


def form_in_openapi(
    part: str, model: type[BaseModel] | None = None, *, instead: str | None = None, **fields: dict[str, Any],
) -> dict[str, Any]:
    """The `openapi_extra` of a route that takes such a form: the file `part`, JSON `metadata` by `model`, further text fields.

    The id `instead` may take the file's place.
    """
    properties: dict[str, Any] = {part: {"type": "string", "contentMediaType": "application/octet-stream"}, **fields}
    required = [] if instead else [part]
    if instead:
        properties[instead] = {"type": "string", "pattern": UUID_PATTERN}
    encoding = {part: {"contentType": "image/jpeg, image/png, image/webp"}}
    if model is not None:
        properties["metadata"] = _inlined(model.model_json_schema())
        encoding["metadata"] = {"contentType": "application/json"}
        required.append("metadata")
    schema = {"type": "object", "properties": properties, "required": required}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema, "encoding": encoding}}}}


def _inlined(schema: Any, definitions: dict[str, Any] | None = None) -> Any:
    """A JSON schema without $defs, which would not resolve inside an OpenAPI document."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    known = definitions or schema.get("$defs", {})
    if "$ref" in schema:
        return _inlined(known[schema["$ref"].rpartition("/")[2]], known)
    return {key: _inlined(value, known) for key, value in schema.items() if key != "$defs"}
