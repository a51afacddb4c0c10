"""How the desk service is asked over HTTP: the sign-in token, answers as models, errors as the error tree by client/problems.py."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from videodesk.client.disk import UNFINISHED, sync_folder, world
from videodesk.client.problems import from_answer, offline
from videodesk.core.errors import WorldError

M = TypeVar("M", bound=BaseModel)
API: Final = "/api/v1"
# An original may be tens of megabytes and the line poor: only standing still counts as too slow.
PATIENT: Final = httpx.Timeout(60.0, connect=5.0, pool=60.0)
SUFFIX: Final = {"image/jpeg": "jpg", "image/png": "png", "video/webm": "webm", "video/mp4": "mp4"}


class Asker:
    """Asks, with the token of who is signed in. Owned by the engine's loop."""

    def __init__(self, client: httpx.AsyncClient, token: str | None = None, heard: Callable[[datetime], None] | None = None) -> None:
        """`heard`: told what time it is for the service, with every answer of the desk service itself."""
        self._client = client
        self._token = token
        self._heard = heard

    async def _ask(self, model: type[M], method: str, path: str, body: BaseModel | None = None,
                   query: dict[str, Any] | None = None) -> M:
        return parse(model, await self._send(method, path, body, query))

    async def _list(self, model: type[M], path: str, query: dict[str, Any] | None = None) -> list[M]:
        answer = await self._send("GET", path, query=query)
        try:
            found = answer.json()
            return TypeAdapter(list[model]).validate_python(  # type: ignore[valid-type]
                found["items"] if isinstance(found, dict) else found)
        except (ValidationError, ValueError, KeyError) as problem:
            raise WorldError("service.unexpected", status=answer.status_code) from problem

    async def _bytes(self, path: str) -> bytes:
        return (await self._send("GET", path)).content

    async def _upload(self, model: type[M], path: str, meta: BaseModel, part: str, data: bytes, media_type: str) -> M:
        files = {
            "metadata": (None, meta.model_dump_json().encode(), "application/json"),
            part: (f"{part}.{SUFFIX.get(media_type, 'bin')}", data, media_type),
        }
        return parse(model, await self._request("PUT", path, files=files, timeout=PATIENT))

    async def _send(self, method: str, path: str, body: BaseModel | None = None, query: dict[str, Any] | None = None) -> httpx.Response:
        # A patch says what changes: what was not set is left out, so that null keeps its meaning.
        content = None if body is None else json.dumps(body.model_dump(mode="json", exclude_unset=method == "PATCH")).encode()
        asked = {key: str(value) for key, value in (query or {}).items() if value is not None and value != ""}
        return await self._request(method, path, content=content, params=asked or None,
                                   headers={} if content is None else {"Content-Type": "application/json"})

    async def _asking_patiently(self, method: str, path: str, **rest: Any) -> httpx.Response:
        return await self._request(method, path, timeout=PATIENT, **rest)

    async def _save(self, path: str, target: Path, digest: str = "", query: dict[str, str] | None = None,
                    progress: Callable[[int], None] | None = None) -> None:
        """Into a file, whole or not at all; checked against `digest` where one is known. `progress` hears the bytes that are there."""
        unfinished = target.with_name(target.name + UNFINISHED)
        try:
            with world(), unfinished.open("wb") as file:
                hasher, size = hashlib.sha256(), 0
                async for piece in self._stream(path, query):
                    hasher.update(piece)
                    await asyncio.to_thread(file.write, piece)
                    size += len(piece)
                    if progress is not None:
                        progress(size)
            if digest and hasher.hexdigest() != digest:
                raise WorldError("blob.damaged", digest=digest)
            with world():
                unfinished.replace(target)
                sync_folder(target.parent)
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    async def _stream(self, path: str, query: dict[str, str] | None = None) -> AsyncIterator[bytes]:
        try:
            async with self._client.stream("GET", API + path, params=query, headers=self._headers({}), timeout=PATIENT) as answer:
                if answer.status_code != 200:
                    await answer.aread()
                    raise from_answer(answer) if answer.status_code >= 400 else WorldError("service.unexpected", status=answer.status_code)
                async for piece in answer.aiter_raw(1024 * 1024):
                    yield piece
        except httpx.TransportError as problem:
            raise offline(problem) from problem

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return more if self._token is None else more | {"Authorization": f"Bearer {self._token}"}

    async def _request(self, method: str, path: str, **rest: Any) -> httpx.Response:
        headers = self._headers(rest.pop("headers", {}))
        try:
            answer = await self._client.request(method, API + path, headers=headers, **rest)
        except (httpx.TransportError, OSError) as problem:
            raise offline(problem) from problem
        if answer.status_code >= 400:
            raise from_answer(answer)
        if self._heard is not None and "date" in answer.headers:
            with suppress(ValueError):
                self._heard(parsedate_to_datetime(answer.headers["date"]))
        if answer.status_code >= 300:
            raise WorldError("service.unexpected", status=answer.status_code)
        return answer


def part(text: str) -> str:
    """One path segment: whatever `text` holds, it stays one segment."""
    return quote(text, safe="") if text not in {"", ".", ".."} else "-"


def parse(model: type[M], answer: httpx.Response) -> M:
    """The answer as a model; WorldError("service.unexpected") when it is none."""
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as problem:
        raise WorldError("service.unexpected", status=answer.status_code) from problem
