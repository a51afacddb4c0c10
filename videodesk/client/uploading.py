"""Sending a large file in pieces (tus 1.0.0), resumable after a cut of the line and after a restart of either program.

The upload has the original's own id: after a restart nobody needs to remember it. Where to go on is always asked of the service.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import httpx

from videodesk.core.errors import Conflict, NotFound, OutOfSpace, WorldError

Ask = Callable[..., Awaitable[httpx.Response]]
Progress = Callable[[int, int], None]

# One request carries this much: what it took is told, and some proxies let no larger body through.
REQUEST_BYTES: Final = 8 * 1024 * 1024
_PIECE_BYTES: Final = 256 * 1024
_TUS: Final = {"Tus-Resumable": "1.0.0"}
_CONTENT: Final = "application/offset+octet-stream"
_ELSEWHERE: Final = frozenset({"upload.wrong_offset", "upload.taken_over"})


async def upload_file(ask: Ask, upload_id: str, path: Path, about: dict[str, str], progress: Progress) -> None:
    """Send `path` until the service has all of it. `about`: ids of what it is for. `progress(sent, of)` in the loop.

    A cut is mended at once as long as every try gets further; else the cut's error is raised and the next call goes on from there.
    """
    of = (await asyncio.to_thread(path.stat)).st_size
    offset = await _begun(ask, upload_id, of, about)
    while offset < of:
        progress(offset, of)
        try:
            reached = await _append(ask, upload_id, path, offset, of, progress)
        except OutOfSpace:
            raise
        except (Conflict, WorldError) as problem:
            if isinstance(problem, Conflict) and problem.code not in _ELSEWHERE:
                raise
            found = await _offset(ask, upload_id)
            if found is None or found <= offset:
                raise
            reached = found
        offset = reached
    progress(of, of)


async def forget_upload(ask: Ask, upload_id: str) -> None:
    """Let the service drop what it has of it."""
    try:
        await ask("DELETE", f"/uploads/{upload_id}", headers=_TUS)
    except NotFound:
        return


async def _begun(ask: Ask, upload_id: str, of: int, about: dict[str, str]) -> int:
    """Where to go on; begins the upload when there is none."""
    found = await _offset(ask, upload_id)
    if found is not None:
        return found
    told = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in {"id": upload_id, **about}.items())
    return _told_offset(await ask("POST", "/uploads", headers=_TUS | {"Upload-Length": str(of), "Upload-Metadata": told}))


async def _offset(ask: Ask, upload_id: str) -> int | None:
    try:
        return _told_offset(await ask("HEAD", f"/uploads/{upload_id}", headers=_TUS))
    except NotFound:
        return None


async def _append(ask: Ask, upload_id: str, path: Path, offset: int, of: int, progress: Progress) -> int:
    length = min(REQUEST_BYTES, of - offset)
    headers = _TUS | {"Upload-Offset": str(offset), "Content-Type": _CONTENT, "Content-Length": str(length)}
    return _told_offset(await ask("PATCH", f"/uploads/{upload_id}", headers=headers, content=_pieces(path, offset, length, of, progress)))


async def _pieces(path: Path, offset: int, length: int, of: int, progress: Progress) -> AsyncIterator[bytes]:
    """`length` bytes of the file from `offset`, read by a worker as they are wanted."""
    file: Any = await asyncio.to_thread(path.open, "rb", 0)
    try:
        await asyncio.to_thread(file.seek, offset)
        end = offset + length
        while offset < end:
            piece = await asyncio.to_thread(file.read, min(_PIECE_BYTES, end - offset))
            if not piece:
                raise WorldError("outbox.unwritable")  # the file became shorter under our hands
            yield piece
            offset += len(piece)
            progress(offset, of)
    finally:
        file.close()


def _told_offset(answer: httpx.Response) -> int:
    text = answer.headers.get("upload-offset", "")
    if not text.isdecimal():
        raise WorldError("service.unexpected", status=answer.status_code)
    return int(text)
