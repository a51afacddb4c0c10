"""The custody log in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from videodesk.core.errors import Conflict
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence.custody import bytes_of_head, canonical
from videodesk.evidence.merkle import Tree, leaf_hash
from videodesk.evidence.model import CustodyEntry, LogRow
from videodesk.evidence.seal_ports import TreeHead
from videodesk.evidence.vault_ports import DESK, CaseVault, MemoryVault


@dataclass(slots=True)
class MemoryCustody:
    """CustodyRepository over lists; the store around it serialises writers and undoes what fails."""

    vault: CaseVault = field(default_factory=MemoryVault)
    sign: Callable[[bytes], bytes] | None = None
    entries: list[CustodyEntry] = field(default_factory=list)
    signed: list[TreeHead] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)

    def salt_of(self, case_id: str | None) -> bytes:
        return self.vault.secrets_of(case_id or DESK).salt

    def size(self) -> int:
        return len(self.entries)

    def last(self) -> CustodyEntry | None:
        return self.entries[-1] if self.entries else None

    def append(self, entry: CustodyEntry) -> None:
        if entry.index != self.size() + 1 or entry.digest != leaf_hash(entry.leaf.encode()).hex():
            raise Conflict("custody.not_next")
        self.entries.append(entry)

    def of_case(self, case_id: str) -> list[CustodyEntry]:
        return [entry for entry in self.entries if entry.case_id == case_id]

    def all(self) -> Iterator[CustodyEntry]:
        return iter(list(self.entries))

    def rows(self) -> Iterator[LogRow]:
        for entry in self.entries:
            data = None if entry.index in self.erased else canonical(entry.data).decode()
            yield LogRow(entry.index, entry.leaf, entry.digest, entry.case_id, entry.snapshot_id, data)

    def leaf_hashes(self, size: int | None = None) -> list[bytes]:
        return [bytes.fromhex(entry.digest) for entry in self.entries[:size]]

    def close_head(self) -> TreeHead | None:
        if not self.entries or (self.signed and self.signed[-1].size == self.size()):
            return None
        head = TreeHead(self.size(), Tree(self.leaf_hashes()).root().hex(), self.entries[-1].at, b"")
        self.signed.append(replace(head, signature=self.sign(bytes_of_head(head)) if self.sign else b""))
        return self.signed[-1]

    def heads(self) -> list[TreeHead]:
        return list(self.signed)

    def head_roots(self) -> list[tuple[int, str]]:
        return [(head.size, head.root) for head in self.signed]

    def newest_head(self) -> TreeHead | None:
        return self.signed[-1] if self.signed else None

    def head_of(self, size: int) -> TreeHead | None:
        return next((head for head in self.signed if head.size == size), None)

    def erase_details(self, case_id: str) -> int:
        mine = [entry for entry in self.entries if entry.case_id == case_id]
        if mine and not any(entry.action is CustodyAction.ERASED for entry in mine):
            raise Conflict("custody.not_next")
        for entry in mine:
            self.erased.add(entry.index)
            self.entries[entry.index - 1] = replace(entry, case_id=None, snapshot_id=None, data={})
        return len(mine)

    def missing_guards(self) -> list[str]:
        return []
