"""HttpDeskApi: the desk service over HTTP. Errors come back as the error tree by client/problems.py."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx

import videodesk
from videodesk.client.asker import PATIENT, SUFFIX, parse, part
from videodesk.client.line_http import HttpLine
from videodesk.client.uploading import forget_upload, upload_file
from videodesk.core.errors import Conflict, Invalid, NotFound, WorldError
from videodesk.core.vocabulary import CaseKind, CaseStatus, ReviewState
from videodesk.protocol import resources as r
from videodesk.protocol.messages import CallView

_TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0, pool=15.0)
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


class HttpDeskApi(HttpLine):
    """DeskApi over HTTP. Owned by the engine's loop; `sign_in` and `set_up` keep the token for the calls that follow."""

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
        return await self._ask(r.PersonView, "PATCH", f"/people/{part(person_id)}", body)

    # cases
    async def cases(self, query: str = "", status: CaseStatus | None = None, kind: CaseKind | None = None,
                    assignee_id: str | None = None, cursor: str | None = None, limit: int = 50) -> r.CasePage:
        asked = {"query": query, "status": status, "kind": kind, "assignee_id": assignee_id, "cursor": cursor, "limit": limit}
        return await self._ask(r.CasePage, "GET", "/cases", query=asked)

    async def case(self, case_id: str) -> r.CaseView:
        return await self._ask(r.CaseView, "GET", f"/cases/{part(case_id)}")

    async def add_case(self, body: r.CaseIn) -> r.CaseView:
        return await self._ask(r.CaseView, "POST", "/cases", body)

    async def change_case(self, case_id: str, body: r.CasePatch) -> r.CaseView:
        return await self._ask(r.CaseView, "PATCH", f"/cases/{part(case_id)}", body)

    async def move_case(self, case_id: str, body: r.TransitionIn) -> r.CaseView:
        return await self._ask(r.CaseView, "POST", f"/cases/{part(case_id)}/transitions", body)

    async def history(self, case_id: str) -> list[r.HistoryEntry]:
        return await self._list(r.HistoryEntry, f"/cases/{part(case_id)}/history")

    async def add_note(self, case_id: str, body: r.NoteIn) -> r.NoteView:
        return await self._ask(r.NoteView, "POST", f"/cases/{part(case_id)}/notes", body)

    async def skip_item(self, case_id: str, item_id: str, body: r.ChecklistSkip) -> r.ChecklistView:
        return await self._ask(r.ChecklistView, "PUT", f"/cases/{part(case_id)}/checklist/{part(item_id)}/skip", body)

    # invitations
    async def invite(self, case_id: str, body: r.InvitationIn) -> r.InvitationMade:
        return await self._ask(r.InvitationMade, "POST", f"/cases/{part(case_id)}/invitations", body)

    async def invitations(self, case_id: str | None = None) -> list[r.InvitationView]:
        return await self._list(r.InvitationView, "/invitations", {"case_id": case_id})

    async def revoke(self, invitation_id: str) -> None:
        await self._send("DELETE", f"/invitations/{part(invitation_id)}")

    # calls
    async def calls(self, case_id: str | None = None) -> list[CallView]:
        return await self._list(CallView, "/calls", {"case_id": case_id})

    async def call(self, call_id: str) -> CallView:
        return await self._ask(CallView, "GET", f"/calls/{part(call_id)}")

    async def accept(self, call_id: str) -> r.Accepted:
        return await self._ask(r.Accepted, "POST", f"/calls/{part(call_id)}/accept")

    async def end_call(self, call_id: str) -> CallView:
        return await self._ask(CallView, "POST", f"/calls/{part(call_id)}/end")

    async def wrap_up(self, call_id: str, body: r.WrapUpIn) -> CallView:
        return await self._ask(CallView, "POST", f"/calls/{part(call_id)}/wrap-up", body)

    # evidence
    async def put_snapshot(self, snapshot_id: str, meta: r.SnapshotMeta, original: bytes) -> r.SnapshotView:
        path = f"/snapshots/{part(snapshot_id)}"
        return await self._upload(r.SnapshotView, path, meta, "original", original, meta.media_type)

    async def put_original(self, snapshot_id: str, original_id: str, meta: r.SnapshotMeta, original: Path, poster: bytes | None = None,
                           progress: Callable[[int, int], None] | None = None) -> r.SnapshotView:
        path = f"/snapshots/{part(snapshot_id)}/originals/{part(original_id)}"
        told = progress or (lambda _sent, _of: None)
        size = (await asyncio.to_thread(original.stat)).st_size
        files: dict[str, Any] = {"metadata": (None, meta.model_dump_json().encode(), "application/json")}
        if poster is not None:
            files["poster"] = ("poster.jpg", poster, "image/jpeg")
        if size <= WHOLE_BYTES:
            told(0, size)
            files["original"] = (f"original.{SUFFIX[meta.media_type]}", await asyncio.to_thread(original.read_bytes), meta.media_type)
            stored = parse(r.SnapshotView, await self._request("PUT", path, files=files, timeout=PATIENT))
            told(size, size)
            return stored
        files["upload_id"] = (None, original_id.encode())
        about = {"case_id": meta.case_id, "snapshot_id": snapshot_id}
        # Asked first: the service may have it already (its answer was lost), or refuse it before its many bytes are sent.
        for is_last in (False, False, True):
            try:
                return parse(r.SnapshotView, await self._request("PUT", path, files=files, timeout=PATIENT))
            except (NotFound, Conflict, Invalid) as problem:
                if is_last or problem.code not in {"upload.unknown", "upload.unfinished", "snapshot.digest_mismatch"}:
                    raise
                if problem.code == "snapshot.digest_mismatch":  # it did not arrive as it was sent: from the beginning
                    await forget_upload(self._request, original_id)
            await upload_file(self._asking_patiently, original_id, original, about, told)
        raise AssertionError

    async def original_of(self, snapshot_id: str, original_id: str) -> bytes:
        return await self._bytes(f"/snapshots/{part(snapshot_id)}/originals/{part(original_id)}")

    async def save_original(self, snapshot_id: str, original_id: str, path: Path) -> None:
        found = next((one for one in (await self.snapshot(snapshot_id)).originals if one.id == original_id), None)
        if found is None:
            raise NotFound("snapshot.unknown_original")
        await self._save(f"/snapshots/{part(snapshot_id)}/originals/{part(original_id)}", path, found.digest)

    async def give_up_still(self, snapshot_id: str) -> r.SnapshotView:
        return await self._ask(r.SnapshotView, "DELETE", f"/snapshots/{part(snapshot_id)}/still")

    async def snapshot(self, snapshot_id: str) -> r.SnapshotView:
        return await self._ask(r.SnapshotView, "GET", f"/snapshots/{part(snapshot_id)}")

    async def snapshots(self, case_id: str) -> list[r.SnapshotView]:
        return await self._list(r.SnapshotView, f"/cases/{part(case_id)}/snapshots")

    async def change_snapshot(self, snapshot_id: str, body: r.SnapshotPatch) -> r.SnapshotView:
        return await self._ask(r.SnapshotView, "PATCH", f"/snapshots/{part(snapshot_id)}", body)

    async def original(self, snapshot_id: str) -> bytes:
        return await self._bytes(f"/snapshots/{part(snapshot_id)}/original")

    async def thumbnail(self, snapshot_id: str) -> bytes:
        return await self._bytes(f"/snapshots/{part(snapshot_id)}/thumbnail")

    async def release_snapshot(self, snapshot_id: str, body: r.ReleaseIn) -> r.SnapshotView:
        return await self._ask(r.SnapshotView, "POST", f"/snapshots/{part(snapshot_id)}/release", body)

    async def annotation(self, snapshot_id: str, revision: int | None = None) -> r.AnnotationView | None:
        try:
            answer = await self._send("GET", f"/snapshots/{part(snapshot_id)}/annotation", query={"revision": revision})
        except NotFound as problem:
            if problem.code == "annotation.none":
                return None
            raise
        return parse(r.AnnotationView, answer)

    async def put_annotation(self, snapshot_id: str, body: r.AnnotationIn) -> r.AnnotationView:
        return await self._ask(r.AnnotationView, "POST", f"/snapshots/{part(snapshot_id)}/annotation", body)

    async def put_rendition(self, snapshot_id: str, rendition_id: str, meta: r.RenditionMeta, picture: bytes) -> r.RenditionView:
        path = f"/snapshots/{part(snapshot_id)}/renditions/{part(rendition_id)}"
        return await self._upload(r.RenditionView, path, meta, "picture", picture, meta.media_type)

    async def rendition(self, rendition_id: str) -> bytes:
        return await self._bytes(f"/renditions/{part(rendition_id)}")

    async def custody(self, case_id: str) -> r.CustodyLog:
        return await self._ask(r.CustodyLog, "GET", f"/cases/{part(case_id)}/custody")

    # review
    async def review_queue(self, state: ReviewState | None = None, case_id: str | None = None, cursor: str | None = None,
                           limit: int = 100) -> r.ReviewQueue:
        return await self._ask(r.ReviewQueue, "GET", "/review",
                               query={"state": state, "case_id": case_id, "cursor": cursor, "limit": limit})

    async def decide(self, snapshot_id: str, body: r.DecisionIn) -> r.DecisionView:
        return await self._ask(r.DecisionView, "POST", f"/snapshots/{part(snapshot_id)}/decisions", body)

    async def export_case(self, case_id: str) -> dict[str, Any]:
        answer = await self._send("POST", f"/cases/{part(case_id)}/exports")
        try:
            record: dict[str, Any] = answer.json()
        except ValueError as problem:
            raise WorldError("service.unexpected", status=answer.status_code) from problem
        return record
