"""DeskApi: all that the desktop may ask of the desk service. Implemented by HttpDeskApi and, in tests, by FakeDeskApi.

Every method runs in the engine's loop and raises a DeskError: the service's own, or WorldError("service.offline") when it cannot
be reached. Ids that the sender makes (cases, notes, snapshots, decisions) make a repeated call harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from videodesk.client.line_api import LineApi
from videodesk.client.proof_api import ProofApi
from videodesk.core.vocabulary import CaseKind, CaseStatus, ReviewState
from videodesk.protocol import resources as r
from videodesk.protocol.messages import CallView


class DeskApi(LineApi, ProofApi, Protocol):
    """The desk service, method by method; the route is named in each docstring (below /api/v1). Seals and copies: ProofApi."""

    # people and signing in
    async def info(self) -> r.ServiceInfo:
        """GET /info."""
        ...

    async def set_up(self, body: r.SetUpIn) -> r.SignedIn:
        """POST /setup: the first account (all three roles); Conflict("setup.done") later."""
        ...

    async def sign_in(self, body: r.SignInIn) -> r.SignedIn:
        """POST /session."""
        ...

    async def sign_out(self) -> None:
        """DELETE /session."""
        ...

    async def me(self) -> r.PersonView:
        """GET /me."""
        ...

    async def people(self) -> list[r.PersonView]:
        """GET /people."""
        ...

    async def add_person(self, body: r.PersonIn) -> r.PersonView:
        """POST /people."""
        ...

    async def change_person(self, person_id: str, body: r.PersonPatch) -> r.PersonView:
        """PATCH /people/{id}."""
        ...

    # cases
    async def cases(self, query: str = "", status: CaseStatus | None = None, kind: CaseKind | None = None,
                    assignee_id: str | None = None, cursor: str | None = None, limit: int = 50) -> r.CasePage:
        """GET /cases?query=&status=&kind=&assignee_id=&cursor=&limit=."""
        ...

    async def case(self, case_id: str) -> r.CaseView:
        """GET /cases/{id}; {id} may be a case number."""
        ...

    async def add_case(self, body: r.CaseIn) -> r.CaseView:
        """POST /cases."""
        ...

    async def change_case(self, case_id: str, body: r.CasePatch) -> r.CaseView:
        """PATCH /cases/{id}."""
        ...

    async def move_case(self, case_id: str, body: r.TransitionIn) -> r.CaseView:
        """POST /cases/{id}/transitions."""
        ...

    async def history(self, case_id: str) -> list[r.HistoryEntry]:
        """GET /cases/{id}/history, newest first."""
        ...

    async def add_note(self, case_id: str, body: r.NoteIn) -> r.NoteView:
        """POST /cases/{id}/notes."""
        ...

    async def skip_item(self, case_id: str, item_id: str, body: r.ChecklistSkip) -> r.ChecklistView:
        """PUT /cases/{id}/checklist/{item}/skip."""
        ...

    # invitations
    async def invite(self, case_id: str, body: r.InvitationIn) -> r.InvitationMade:
        """POST /cases/{id}/invitations."""
        ...

    async def invitations(self, case_id: str | None = None) -> list[r.InvitationView]:
        """GET /invitations?case_id= ; without a case all that are open."""
        ...

    async def revoke(self, invitation_id: str) -> None:
        """DELETE /invitations/{id}."""
        ...

    # calls
    async def calls(self, case_id: str | None = None) -> list[CallView]:
        """GET /calls?case_id= ; without a case: waiting, then one's own open ones, then the recent (50)."""
        ...

    async def call(self, call_id: str) -> CallView:
        """GET /calls/{id}."""
        ...

    async def accept(self, call_id: str) -> r.Accepted:
        """POST /calls/{id}/accept; Conflict("call.already_taken") for all but one; the same agent again gets the same answer.

        Conflict("call.agent_busy") while the agent talks in another call.
        """
        ...

    async def end_call(self, call_id: str) -> CallView:
        """POST /calls/{id}/end."""
        ...

    async def wrap_up(self, call_id: str, body: r.WrapUpIn) -> CallView:
        """POST /calls/{id}/wrap-up."""
        ...

    # evidence
    async def put_snapshot(self, snapshot_id: str, meta: r.SnapshotMeta, original: bytes) -> r.SnapshotView:
        """PUT /snapshots/{id}, multipart `metadata` (JSON) + `original`; idempotent, Conflict("snapshot.differs") for other bytes."""
        ...

    async def put_original(self, snapshot_id: str, original_id: str, meta: r.SnapshotMeta, original: Path, poster: bytes | None = None,
                           progress: Callable[[int, int], None] | None = None) -> r.SnapshotView:
        """PUT /snapshots/{id}/originals/{original_id}: a further original, or (with the snapshot's own id) its first.

        Multipart `metadata` + `original`; a file of more than 4 MB is uploaded before, resumably (POST, HEAD, PATCH /uploads as in tus
        1.0), and named by `upload_id` instead; a clip goes with its `poster` (JPEG). `progress(sent, of)` in bytes, in the engine's loop.
        Idempotent; Conflict("snapshot.differs") for other bytes under the same id.
        """
        ...

    async def original_of(self, snapshot_id: str, original_id: str) -> bytes:
        """GET /snapshots/{id}/originals/{original_id} (Range is honoured)."""
        ...

    async def save_original(self, snapshot_id: str, original_id: str, path: Path) -> None:
        """The same, into a file: for clips, which do not fit into memory. Checked against its digest."""
        ...

    async def give_up_still(self, snapshot_id: str) -> r.SnapshotView:
        """DELETE /snapshots/{id}/still: nobody waits for the camera's still any more; one that comes all the same is kept."""
        ...

    async def snapshot(self, snapshot_id: str) -> r.SnapshotView:
        """GET /snapshots/{id}."""
        ...

    async def snapshots(self, case_id: str) -> list[r.SnapshotView]:
        """GET /cases/{id}/snapshots, oldest first."""
        ...

    async def change_snapshot(self, snapshot_id: str, body: r.SnapshotPatch) -> r.SnapshotView:
        """PATCH /snapshots/{id}."""
        ...

    async def original(self, snapshot_id: str) -> bytes:
        """GET /snapshots/{id}/original (Range is honoured)."""
        ...

    async def thumbnail(self, snapshot_id: str) -> bytes:
        """GET /snapshots/{id}/thumbnail: JPEG, longest side 320 px, of the newest rendition, else of the original."""
        ...

    async def release_snapshot(self, snapshot_id: str, body: r.ReleaseIn) -> r.SnapshotView:
        """POST /snapshots/{id}/release: there is nothing to redact; Conflict("snapshot.release_stale", "snapshot.is_redacted")."""
        ...

    async def annotation(self, snapshot_id: str, revision: int | None = None) -> r.AnnotationView | None:
        """GET /snapshots/{id}/annotation?revision= ; None when nothing was ever annotated."""
        ...

    async def put_annotation(self, snapshot_id: str, body: r.AnnotationIn) -> r.AnnotationView:
        """POST /snapshots/{id}/annotation: a new revision; Conflict("annotation.stale")."""
        ...

    async def put_rendition(self, snapshot_id: str, rendition_id: str, meta: r.RenditionMeta, picture: bytes) -> r.RenditionView:
        """PUT /snapshots/{id}/renditions/{rendition_id}, multipart `metadata` + `picture`."""
        ...

    async def rendition(self, rendition_id: str) -> bytes:
        """GET /renditions/{id}."""
        ...

    async def custody(self, case_id: str) -> r.CustodyLog:
        """GET /cases/{id}/custody."""
        ...

    # review
    async def review_queue(self, state: ReviewState | None = None, case_id: str | None = None, cursor: str | None = None,
                           limit: int = 100) -> r.ReviewQueue:
        """GET /review?state=&case_id=&cursor=&limit=."""
        ...

    async def decide(self, snapshot_id: str, body: r.DecisionIn) -> r.DecisionView:
        """POST /snapshots/{id}/decisions; NotAllowed("review.own_snapshot") for one's own."""
        ...

    # taking the record away
    async def export_case(self, case_id: str) -> dict[str, Any]:
        """POST /cases/{id}/exports: the whole record as JSON; each export is a custody entry."""
        ...
