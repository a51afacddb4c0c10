"""A call as both sides may see it."""

from __future__ import annotations

from videodesk.calls.invitations_model import consent_digest
from videodesk.calls.model import Call
from videodesk.calls.unit import CallUnit
from videodesk.core.errors import NotFound
from videodesk.protocol.messages import CallView, PartyState


def call_view(uow: CallUnit, call: Call, *, customer: PartyState | None = None, agent: PartyState | None = None) -> CallView:
    """The call with what the case and the newest consent say; `customer` and `agent`: what the sides say about themselves."""
    case = uow.cases.get(call.case_id)
    if case is None:
        raise NotFound("case.unknown")
    consents = uow.invitations.consents(call.invitation_id)
    return CallView(
        id=call.id, case_id=call.case_id, case_number=case.number, case_kind=case.kind, state=call.state,
        customer_name=case.customer_name, language=case.language, agent_id=call.agent_id, agent_name=call.agent_name,
        consents=sorted(consents[-1].granted) if consents else [],
        consent_digest=consent_digest(consents[-1]) if consents else "", is_recording=call.is_recording, epoch=call.epoch,
        waiting_since=call.waiting_since,
        accepted_at=call.accepted_at, connected_at=call.connected_at, ended_at=call.ended_at,
        customer=customer or PartyState(), agent=agent or PartyState(),
    )
