"""Port of the vault: each case's own key and salt, kept apart from the database, so that destroying them erases what they covered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final, Protocol

from videodesk.core.errors import Gone

DESK: Final = "desk"  # the salt of custody entries that belong to no case


@dataclass(frozen=True, slots=True)
class CaseSecrets:
    """32 random bytes each: `salt` keys the commitments in the custody log, `key` the AES-256-GCM of the bytes at rest."""

    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)


class CaseVault(Protocol):
    """The secrets of cases by their ids (and of DESK). Any thread; what was made survives the power's failure before it is returned."""

    def secrets_of(self, case_id: str) -> CaseSecrets:
        """The case's secrets, made at the first asking; Gone("case.erased") when they were destroyed. Cheap when asked again."""
        ...

    def destroy(self, case_id: str) -> None:
        """Destroy them for good, on the disk too; idempotent. Nobody gets others for the same id."""
        ...

    def is_destroyed(self, case_id: str) -> bool:
        """Whether they were."""
        ...


class MemoryVault:
    """A CaseVault that keeps nothing over a restart."""

    def __init__(self) -> None:
        self._secrets: dict[str, CaseSecrets | None] = {}

    def __deepcopy__(self, _memo: object) -> MemoryVault:
        """A vault is one thing: who copies what hangs on it means the same secrets."""
        return self

    def secrets_of(self, case_id: str) -> CaseSecrets:
        """Made at the first asking."""
        found = self._secrets.setdefault(case_id, CaseSecrets(secrets.token_bytes(32), secrets.token_bytes(32)))
        if found is None:
            raise Gone("case.erased")
        return found

    def destroy(self, case_id: str) -> None:
        """Remember only that they are gone."""
        self._secrets[case_id] = None

    def is_destroyed(self, case_id: str) -> bool:
        """Whether they were destroyed."""
        return case_id in self._secrets and self._secrets[case_id] is None
