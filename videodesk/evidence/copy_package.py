"""The customer's copy as an evidence package: the pictures it gives, their entries of the custody log with proofs, the customer's consent.

Nothing of the case's record, marks or report: what the desk wrote down for itself stays here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from videodesk.cases.model import Case
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence.copies import CopyUnit, CustomerCopy, Given
from videodesk.evidence.model import CustodyEntry
from videodesk.evidence.package_ports import Contents
from videodesk.evidence.packages import PackageUnit, Wish, consent_part, custody_parts, picture_parts
from videodesk.evidence.ports import BlobStore

_TOLD: Final = frozenset({CustodyAction.CAPTURED, CustodyAction.STORED, CustodyAction.RENDERED, CustodyAction.REDACTED})


class CopyPackageUnit(PackageUnit, CopyUnit, Protocol):
    """One transaction over copies and all that a package tells."""


def copy_contents(
    uow: CopyPackageUnit, blobs: BlobStore, case: Case, copy: CustomerCopy, given: Sequence[Given], wish: Wish, now: datetime,
) -> Contents:
    """What goes into the ZIP of a copy."""
    call = uow.calls.get(copy.call_id)
    snapshots = {one.snapshot.id for one in given}
    wanted = {one.picture.id for one in given}
    parts, withheld = [], []
    for number, one in enumerate(given, 1):
        found, kept_back = picture_parts(uow, blobs, number, one.snapshot)
        parts += [part for part in found if wanted & {part.facts.get("original_id"), part.facts.get("rendition_id")}]
        withheld += [told for told in kept_back if told["role"] != "marks"]

    def is_told(entry: CustodyEntry) -> bool:
        return entry.snapshot_id in snapshots and entry.action in _TOLD

    proofs, tokens = custody_parts(uow, case, is_told)
    consent = [] if call is None else [consent_part(uow, case, call.invitation_id)]
    return Contents(
        id=wish.id, made_at=now, language=wish.language, is_outside_copy=True, case_id=case.id, case_number=case.number,
        case_kind=case.kind.value, desk_name=wish.desk_name, parts=(*parts, *consent, *proofs), withheld=tuple(withheld), tokens=tuple(tokens),
        authorities_pem=wish.authorities_pem if tokens else "")
