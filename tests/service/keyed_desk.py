"""An evidence desk as bootstrap wires one: with keys, seals, reports, packages and a verifier."""

from __future__ import annotations

from pathlib import Path

from tests.sealing.keys import desk_keys
from tests.service.evidence_desk import EvidenceDesk
from videodesk.sealing.embedded import seal_kind
from videodesk.sealing.packer import BagPacker
from videodesk.sealing.pins import pins_of
from videodesk.sealing.report import TypstReport
from videodesk.sealing.verifier import Verifier
from videodesk.sealing.verify_page import verify_page


def keyed_desk(folder: Path) -> EvidenceDesk:
    """Its keys are those of `desk_keys(folder)` at the desk's own time."""
    made = EvidenceDesk(folder)
    keys = desk_keys(folder, now=made.clock.now())
    made.desk.keys, made.desk.sealer, made.desk.seal_kind = keys, keys.sealer(), seal_kind
    made.desk.reports, made.desk.packer = TypstReport(keys), BagPacker(keys, verify_page)
    made.desk.verifier = Verifier(pins_of(keys.root_pem), made.clock)
    return made
