"""A vault whose secrets are the same in every process: for desks that are started again, and for those that are copied."""

from __future__ import annotations

import hashlib

from videodesk.core.errors import Gone
from videodesk.evidence.vault_ports import CaseSecrets


class FixedVault:
    """Secrets made of the case's id: no secrets at all."""

    def __init__(self) -> None:
        self.gone: set[str] = set()

    def secrets_of(self, case_id: str) -> CaseSecrets:
        if case_id in self.gone:
            raise Gone("case.erased")
        return CaseSecrets(hashlib.sha256(b"salt" + case_id.encode()).digest(), hashlib.sha256(b"key" + case_id.encode()).digest())

    def destroy(self, case_id: str) -> None:
        self.gone.add(case_id)

    def is_destroyed(self, case_id: str) -> bool:
        return case_id in self.gone
