"""HttpDeskApi: the desk service over HTTP. Errors come back as the error tree by client/problems.py."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

import videodesk
from videodesk.client.disk import UNFINISHED, sync_folder, world
from videodesk.client.problems import from_answer, offline
from videodesk.client.uploading import forget_upload, upload_file
from videodesk.core.errors import Conflict, Invalid, NotFound, WorldError
from videodesk.core.vocabulary import CaseKind, CaseStatus, ReviewState
from videodesk.protocol import resources as r
from videodesk.protocol.messages import CallView

M = TypeVar("M", bound=BaseModel)
API: Final = "/api/v1"
_TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0, pool=15.0)
# An original may be tens of megabytes and the line poor: only standing still counts as too slow.
_UPLOAD_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0, pool=60.0)
_SUFFIX: Final = {"image/jpeg": "jpg", "image/png": "png", "video/webm": "webm", "video/mp4": "mp4"}
# Up to this size an original goes in one request: begun anew after a cut it costs less than asking where to go on.
WHOLE_BYTES: Final = 4 * 1024 * 1024


def open_client(url: str, tls: ssl.SSLContext | None = None, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client for the service at `url` (without /api/v1). `tls`: from client/tls.py for a pinned self-signed certificate.

    Proxies of the environment are not used for a service on this machine or in the house: the address given is the address asked.
    """
    return httpx.AsyncClient(
        base_url=url.rstrip("/"), timeout=_TIMEOUT, transport=transport, verify=tls or True, trust_env=False, follow_redirects=False,
        headers={"User-Agent": f"videodesk/{videodesk.__version__}", "Accept": "application/json"},
        limits=httpx.Limits(max_connections=8, max_keepalive_connections=4))


class HttpDeskApi:
    """DeskApi over HTTP. Owned by the engine's loop; `sign_in` and `set_up` keep the token for the calls that follow."""

    def __init__(self, client: httpx.AsyncClient, token: str | None = None, heard: Callable[[datetime], None] | None = None) -> None:
        """`heard`: told what time it is for the service, with every answer of the desk service itself."""
        self._client = client
        self._token = token
        self._heard = heard

    @property
    def token(self) -> str | None:
        """The sign-in token in use."""
        return self._token

    def use_token(self, token: str | None) -> None:
        """Use a token kept from an earlier sign-in; None forgets it."""
        self._token = token

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    # people and signing in
    async def info(self) -> r.ServiceInfo:
        return await self._ask(r.ServiceInfo, "GET", "/info")

    async def set_up(self, body: r.SetUpIn) -> r.SignedIn:
        signed_in = await self._ask(r.SignedIn, "POST", "/setup", body)
        self._token = signed_in.token
        return signed_in

    async def sign_in(self, body: r.SignInIn) -> r.SignedIn:
        signed_in = await self._ask(r.SignedIn, "POST", "/session", body)
        self._token = signed_in.token
        return signed_in

    async def sign_out(self) -> None:
        await self._send("DELETE", "/session")
        self._token = None

    async def me(self) -> r.PersonView:
        return await self._ask(r.PersonView, "GET", "/me")

    async def people(self) -> list[r.PersonView]:
        return await self._list(r.PersonView, "/people")

    async def add_person(self, body: r.PersonIn) -> r.PersonView:
        return await self._ask(r.PersonView, "POST", "/people", body)

    async def change_person(self, person_id: str, body: r.PersonPatch) -> r.PersonView:
        return await self._ask(r.PersonView, "PATCH", f"/people/{_part(person_id)}", body)

    # cases
    async def cases(self, query: str = "", status: CaseStatus | None = None, kind: CaseKind | None = None,
                    assignee_id: str | None = None, cursor: str | None = None, limit: int = 50) -> r.CasePage:
        asked = {"query": query, "status": status, "kind": kind, "assignee_id": assignee_id, "cursor": cursor, "limit": limit}
        return await self._ask(r.CasePage, "GET", "/cases", query=asked)

    async def case(self, case_id: str) -> r.CaseView:
        return await self._ask(r.CaseView, "GET", f"/cases/{_part(case_id)}")

    async def add_case(self, body: r.CaseIn) -> r.CaseView:
        return await self._ask(r.CaseView, "POST", "/cases", body)

    async def change_case(self, case_id: str, body: r.CasePatch) -> r.CaseView:
        return await self._ask(r.CaseView, "PATCH", f"/cases/{_part(case_id)}", body)

    async def move_case(self, case_id: str, body: r.TransitionIn) -> r.CaseView:
        return await self._ask(r.CaseView, "POST", f"/cases/{_part(case_id)}/transitions", body)

    async def history(self, case_id: str) -> list[r.HistoryEntry]:
        return await self._list(r.HistoryEntry, f"/cases/{_part(case_id)}/history")

    async def add_note(self, case_id: str, body: r.NoteIn) -> r.NoteView:
        return await self._ask(r.NoteView, "POST", f"/cases/{_part(case_id)}/notes", body)

    async def skip_item(self, case_id: str, item_id: str, body: r.ChecklistSkip) -> r.ChecklistView:
        return await self._ask(r.ChecklistView, "PUT", f"/cases/{_part(case_id)}/checklist/{_part(item_id)}/skip", body)

    # invitations
    async def invite(self, case_id: str, body: r.InvitationIn) -> r.InvitationMade:
        return await self._ask(r.InvitationMade, "POST", f"/cases/{_part(case_id)}/invitations", body)

    async def invitations(self, case_id: str | None = None) -> list[r.InvitationView]:
        return await self._list(r.InvitationView, "/invitations", {"case_id": case_id})

    async def revoke(self, invitation_id: str) -> None:
        await self._send("DELETE", f"/invitations/{_part(invitation_id)}")

    # calls
    async def calls(self, case_id: str | None = None) -> list[CallView]:
        return await self._list(CallView, "/calls", {"case_id": case_id})

    async def call(self, call_id: str) -> CallView:
        return await self._ask(CallView, "GET", f"/calls/{_part(call_id)}")

    async def accept(self, call_id: str) -> r.Accepted:
        return await self._ask(r.Accepted, "POST", f"/calls/{_part(call_id)}/accept")

    async def end_call(self, call_id: str) -> CallView:
        return await self._ask(CallView, "POST", f"/calls/{_part(call_id)}/end")

    async def wrap_up(self, call_id: str, body: r.WrapUpIn) -> CallView:
        return await self._ask(CallView, "POST", f"/calls/{_part(call_id)}/wrap-up", body)

    # evidence
    async def put_snapshot(self, snapshot_id: str, meta: r.SnapshotMeta, original: bytes) -> r.SnapshotView:
        path = f"/snapshots/{_part(snapshot_id)}"
        return await self._upload(r.SnapshotView, path, meta, "original", original, meta.media_type)

    async def put_original(self, snapshot_id: str, original_id: str, meta: r.SnapshotMeta, original: Path, poster: bytes | None = None,
                           progress: Callable[[int, int], None] | None = None) -> r.SnapshotView:
        path = f"/snapshots/{_part(snapshot_id)}/originals/{_part(original_id)}"
        told = progress or (lambda _sent, _of: None)
        size = (await asyncio.to_thread(original.stat)).st_size
        files: dict[str, Any] = {"metadata": (None, meta.model_dump_json().encode(), "application/json")}
        if poster is not None:
            files["poster"] = ("poster.jpg", poster, "image/jpeg")
        if size <= WHOLE_BYTES:
            told(0, size)
            files["original"] = (f"original.{_SUFFIX[meta.media_type]}", await asyncio.to_thread(original.read_bytes), meta.media_type)
            stored = _parse(r.SnapshotView, await self._request("PUT", path, files=files, timeout=_UPLOAD_TIMEOUT))
            told(size, size)
            return stored
        files["upload_id"] = (None, original_id.encode())
        about = {"case_id": meta.case_id, "snapshot_id": snapshot_id}
        # Asked first: the service may have it already (its answer was lost), or refuse it before its many bytes are sent.
        for is_last in (False, False, True):
            try:
                return _parse(r.SnapshotView, await self._request("PUT", path, files=files, timeout=_UPLOAD_TIMEOUT))
            except (NotFound, Conflict, Invalid) as problem:
                if is_last or problem.code not in {"upload.unknown", "upload.unfinished", "snapshot.digest_mismatch"}:
                    raise
                if problem.code == "snapshot.digest_mismatch":  # it did not arrive as it was sent: from the beginning
                    await forget_upload(self._request, original_id)
            await upload_file(self._asking_patiently, original_id, original, about, told)
        raise AssertionError

    async def original_of(self, snapshot_id: str, original_id: str) -> bytes:
        return await self._bytes(f"/snapshots/{_part(snapshot_id)}/originals/{_part(original_id)}")

    async def save_original(self, snapshot_id: str, original_id: str, path: Path) -> None:
        found = next((one for one in (await self.snapshot(snapshot_id)).originals if one.id == original_id), None)
        if found is None:
            raise NotFound("snapshot.unknown_original")
        unfinished = path.with_name(path.name + UNFINISHED)
        try:
            with world(), unfinished.open("wb") as file:
                hasher = hashlib.sha256()
                async for piece in self._stream(f"/snapshots/{_part(snapshot_id)}/originals/{_part(original_id)}"):
                    hasher.update(piece)
                    await asyncio.to_thread(file.write, piece)
            if hasher.hexdigest() != found.digest:
                raise WorldError("blob.damaged", digest=found.digest)
            with world():
                unfinished.replace(path)
                sync_folder(path.parent)
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    async def give_up_still(self, snapshot_id: str) -> r.SnapshotView:
        return await self._ask(r.SnapshotView, "DELETE", f"/snapshots/{_part(snapshot_id)}/still")

    async def snapshot(self, snapshot_id: str) -> r.SnapshotView:
        return await self._ask(r.SnapshotView, "GET", f"/snapshots/{_part(snapshot_id)}")

    async def snapshots(self, case_id: str) -> list[r.SnapshotView]:
        return await self._list(r.SnapshotView, f"/cases/{_part(case_id)}/snapshots")

    async def change_snapshot(self, snapshot_id: str, body: r.SnapshotPatch) -> r.SnapshotView:
        return await self._ask(r.SnapshotView, "PATCH", f"/snapshots/{_part(snapshot_id)}", body)

    async def original(self, snapshot_id: str) -> bytes:
        return await self._bytes(f"/snapshots/{_part(snapshot_id)}/original")

    async def thumbnail(self, snapshot_id: str) -> bytes:
        return await self._bytes(f"/snapshots/{_part(snapshot_id)}/thumbnail")

    async def annotation(self, snapshot_id: str, revision: int | None = None) -> r.AnnotationView | None:
        try:
            answer = await self._send("GET", f"/snapshots/{_part(snapshot_id)}/annotation", query={"revision": revision})
        except NotFound as problem:
            if problem.code == "annotation.none":
                return None
            raise
        return _parse(r.AnnotationView, answer)

    async def put_annotation(self, snapshot_id: str, body: r.AnnotationIn) -> r.AnnotationView:
        return await self._ask(r.AnnotationView, "POST", f"/snapshots/{_part(snapshot_id)}/annotation", body)

    async def put_rendition(self, snapshot_id: str, rendition_id: str, meta: r.RenditionMeta, picture: bytes) -> r.RenditionView:
        path = f"/snapshots/{_part(snapshot_id)}/renditions/{_part(rendition_id)}"
        return await self._upload(r.RenditionView, path, meta, "picture", picture, meta.media_type)

    async def rendition(self, rendition_id: str) -> bytes:
        return await self._bytes(f"/renditions/{_part(rendition_id)}")

    async def custody(self, case_id: str) -> r.CustodyLog:
        return await self._ask(r.CustodyLog, "GET", f"/cases/{_part(case_id)}/custody")

    # review
    async def review_queue(self, state: ReviewState | None = None, case_id: str | None = None, cursor: str | None = None,
                           limit: int = 100) -> r.ReviewQueue:
        return await self._ask(r.ReviewQueue, "GET", "/review",
                               query={"state": state, "case_id": case_id, "cursor": cursor, "limit": limit})

    async def decide(self, snapshot_id: str, body: r.DecisionIn) -> r.DecisionView:
        return await self._ask(r.DecisionView, "POST", f"/snapshots/{_part(snapshot_id)}/decisions", body)

    async def export_case(self, case_id: str) -> dict[str, Any]:
        answer = await self._send("POST", f"/cases/{_part(case_id)}/exports")
        try:
            record: dict[str, Any] = answer.json()
        except ValueError as problem:
            raise WorldError("service.unexpected", status=answer.status_code) from problem
        return record

    # how it is asked
    async def _ask(self, model: type[M], method: str, path: str, body: BaseModel | None = None,
                   query: dict[str, Any] | None = None) -> M:
        return _parse(model, await self._send(method, path, body, query))

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
            part: (f"{part}.{_SUFFIX.get(media_type, 'bin')}", data, media_type),
        }
        return _parse(model, await self._request("PUT", path, files=files, timeout=_UPLOAD_TIMEOUT))

    async def _send(self, method: str, path: str, body: BaseModel | None = None, query: dict[str, Any] | None = None) -> httpx.Response:
        # A patch says what changes: what was not set is left out, so that null keeps its meaning.
        content = None if body is None else json.dumps(body.model_dump(mode="json", exclude_unset=method == "PATCH")).encode()
        asked = {key: str(value) for key, value in (query or {}).items() if value is not None and value != ""}
        return await self._request(method, path, content=content, params=asked or None,
                                   headers={} if content is None else {"Content-Type": "application/json"})

    async def _asking_patiently(self, method: str, path: str, **rest: Any) -> httpx.Response:
        return await self._request(method, path, timeout=_UPLOAD_TIMEOUT, **rest)

    async def _stream(self, path: str) -> AsyncIterator[bytes]:
        try:
            async with self._client.stream("GET", API + path, headers=self._headers({}), timeout=_UPLOAD_TIMEOUT) as answer:
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


def _part(text: str) -> str:
    """One path segment: whatever `text` holds, it stays one segment."""
    return quote(text, safe="") if text not in {"", ".", ".."} else "-"


def _parse(model: type[M], answer: httpx.Response) -> M:
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as problem:
        raise WorldError("service.unexpected", status=answer.status_code) from problem
