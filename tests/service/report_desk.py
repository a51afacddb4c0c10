"""A desk with a case as a report would meet it: sealed pictures of a damaged parcel, marks, a redaction, decisions, a time stamp, texts from anywhere."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from tests.sealing.keys import capture_facts, desk_keys, rendition_facts
from tests.service.evidence_desk import EvidenceDesk, sha
from videodesk.annotation import schema
from videodesk.annotation.marks import Point, RedactionPen, RedactionReason
from videodesk.cases.model import Incident, Money, Party
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CauseCode, PartyRole
from videodesk.evidence.seal_ports import Stamp
from videodesk.sealing.pins import pins_of
from videodesk.sealing.report import TypstReport
from videodesk.sealing.verifier import Verifier
from videodesk.service.stamping import Stamping

HIDDEN = (205, 15, 230)  # the colour of what gets redacted; nothing else in these pictures comes near it


def parcel(number: int, size: tuple[int, int] = (1280, 720), *, label: bool = False, covered: bool = False) -> Image.Image:
    """A dented box on a floor. With `label` a piece in HIDDEN, which a person might want unreadable; `covered`: it is."""
    width, height = size
    picture = Image.new("RGB", size, (206, 204, 199))
    draw = ImageDraw.Draw(picture)
    for row in range(height // 2, height):
        draw.line([(0, row), (width, row)], fill=(150 - row * 40 // height, 146 - row * 38 // height, 140 - row * 36 // height))
    turn = number * 0.7
    x, y, side = width * (0.42 + 0.08 * math.sin(turn)), height * 0.5, min(width, height) * 0.30
    draw.polygon([(x - side, y - side * 0.55), (x + side * 0.3, y - side * 0.85), (x + side * 1.2, y - side * 0.45), (x - side * 0.1, y - side * 0.1)],
                 fill=(196, 158, 110))
    draw.polygon([(x - side, y - side * 0.55), (x - side * 0.1, y - side * 0.1), (x - side * 0.1, y + side * 0.95), (x - side, y + side * 0.4)],
                 fill=(168, 128, 82))
    draw.polygon([(x - side * 0.1, y - side * 0.1), (x + side * 1.2, y - side * 0.45), (x + side * 1.2, y + side * 0.5), (x - side * 0.1, y + side * 0.95)],
                 fill=(184, 142, 94))
    draw.line([(x - side * 0.35, y - side * 0.7), (x + side * 0.55, y - side * 0.28)], fill=(214, 196, 160), width=max(3, int(side * 0.07)))
    dent = side * (0.16 + 0.03 * (number % 4))
    draw.ellipse([x + side * 0.5, y + side * 0.1, x + side * 0.5 + dent * 2, y + side * 0.1 + dent * 1.6], fill=(112, 80, 48))
    if label:
        box = [x - side * 0.85, y - side * 0.1, x - side * 0.3, y + side * 0.25]
        draw.rectangle(box, fill=(18, 18, 18) if covered else HIDDEN)
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def jpeg(picture: Image.Image, quality: int = 92) -> bytes:
    out = io.BytesIO()
    noise = Image.effect_noise(picture.size, 45).convert("RGB")
    Image.blend(picture, noise, 0.12).save(out, "JPEG", quality=quality, exif=b"")
    return out.getvalue()


class ReportDesk(EvidenceDesk):
    """An EvidenceDesk with keys, a verifier and a maker of reports."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.keys = desk_keys(folder, now=self.clock.now())
        self.desk.keys = self.keys
        self.desk.reports = TypstReport(self.keys)
        self.desk.verifier = Verifier(pins_of(self.keys.root_pem), self.clock)
        self.desk.settings = self.desk.settings.model_copy(update={"desk_name": "Voorbeeld Schadeservice"})
        with self.store.write() as uow:
            case = uow.cases.get(self.case_id)
            uow.cases.replace(replace(
                case, title="Espressomachine, doos ingedrukt", revision=case.revision + 1, product="Espressomachine", brand="Aroma", model="EM-200",
                serial="SN-48213-0097", ean="8712345678906", claim_ref="SCH-2026-11873", order_number="4500918273", assignee_id=self.people["anna"],
                parties=(Party(PartyRole.CUSTOMER, "Mevrouw J. de Vries-Özdemir"), Party(PartyRole.CARRIER, "", "Snelpost B.V.")),
                incident=Incident(date(2026, 1, 3), "Utrecht", CauseCode.TRANSPORT,
                                  "Pakket bezorgd met een gat in de zijkant. De bezorger heeft het voor de deur gezet en geen foto gemaakt."),
                claimed=Money(Decimal("1249.00")), estimated=Money(Decimal("380.50"))))

    def capture(self, picture: bytes, snapshot_id: str | None = None, caption: str = "", **changes: Any) -> dict[str, Any]:
        """Keep a sealed frame of the call."""
        snapshot_id = snapshot_id or new_id()
        sealed = self.keys.sealer().seal_capture(picture, "image/jpeg", capture_facts(
            original_id=snapshot_id, snapshot_id=snapshot_id, case_id=self.case_id, call_id=self.call_id, captured_at=self.clock.now()))
        answer = self.put(sealed, snapshot_id, **{"codec": "VP8", **changes})
        assert answer.status_code == 200, answer.text
        if caption:
            changed = self.ask("PATCH", f"/snapshots/{snapshot_id}", json={"caption": caption})
            assert changed.status_code == 200, changed.text
        return {**answer.json(), "sealed": sealed}

    def annotate(self, snapshot_id: str, *kinds: str, size: tuple[int, int] = (1280, 720)) -> int:
        """Put marks on it; the revision."""
        base = self.ask("GET", f"/snapshots/{snapshot_id}").json()["annotation_revision"]
        marks = {
            "arrow": {"kind": "arrow", "id": "a1", "name": "", "colour": "#e5352b", "width_px": 6.0, "start": [100, 100], "end": [600, 400]},
            "redaction": {"kind": "redaction", "id": "r1", "name": "", "colour": "#000000", "width_px": 6.0, "box": [330, 320, 200, 120]},
        }
        document: dict[str, Any] = {
            "schema": "videodesk.annotation", "version": 1, "width_px": size[0], "height_px": size[1],
            "marks": [marks[kind] for kind in kinds if kind in marks]}
        if "redaction_pen" in kinds:  # younger than the first version
            pen = RedactionPen(id="p1", points=(Point(80, 95), Point(130, 95)), width_px=30, reason=RedactionReason.ADDRESS)
            standing = schema.from_json(document)
            document = schema.to_json(replace(standing, marks=(*standing.marks, pen)))
        answer = self.ask("POST", f"/snapshots/{snapshot_id}/annotation", json={"base_revision": base, "document": document})
        assert answer.status_code == 200, answer.text
        revision: int = answer.json()["revision"]
        return revision

    def render(self, kept: dict[str, Any], picture: bytes, revision: int, *, has_redaction: bool = False) -> bytes:
        """Keep a sealed rendition of it."""
        rendition_id = new_id()
        sealed = self.keys.sealer().seal_rendition(picture, "image/jpeg", kept["sealed"], "image/jpeg", rendition_facts(
            rendition_id=rendition_id, snapshot_id=kept["id"], case_id=self.case_id, annotation_revision=revision, has_redaction=has_redaction))
        meta = {"annotation_revision": revision, "digest": sha(sealed), "media_type": "image/jpeg", "has_redaction": has_redaction}
        answer = self.ask("PUT", f"/snapshots/{kept['id']}/renditions/{rendition_id}", files={
            "metadata": (None, json.dumps(meta), "application/json"), "picture": ("picture.jpg", sealed, "image/jpeg")})
        assert answer.status_code == 200, answer.text
        return sealed

    def stamp(self, seconds: float = 20.0) -> None:
        """An authority answers so much later."""
        self.clock.advance(seconds)
        clock = self.clock

        class Authority:
            name = "https://tsa.example.nl/tsr"

            def stamp(self, digest: str) -> Stamp:
                return Stamp(digest, self.name, b"token", clock.now())

        self.desk.authorities = (Authority(),)
        Stamping(self.desk).step()
        self.desk.authorities = ()

    def report(self, language: str = "nl", who: str = "anna") -> bytes:
        answer = self.ask("GET", f"/cases/{self.case_id}/report?language={language}", who)
        assert answer.status_code == 200, answer.text
        return answer.content


def furnished(folder: Path, pictures: int = 20) -> ReportDesk:
    """A case with so many pictures of 720p, every one of them sealed and covered by a time stamp but the last."""
    desk = ReportDesk(folder)
    items = ("outside", "label", "outside", "opened", "inner_packaging", "damage", "", "scale")
    captions = ("Doos van voren", "Sticker van de vervoerder", "", "Te weinig vulling tussen doos en machine", "", "Gat van 4 cm, rechts onder")
    for number in range(1, pictures + 1):
        item = items[number % len(items)]
        size = (720, 1280) if number % 7 == 4 else (1280, 720)
        kept = desk.capture(jpeg(parcel(number, size, label=number == 2)), checklist_item=item or None,
                            caption=captions[number % len(captions)])
        if number == 2:
            desk.render(kept, jpeg(parcel(number, size, label=True, covered=True)), desk.annotate(kept["id"], "redaction"), has_redaction=True)
        if number == 3:
            drawn = parcel(number, size)
            ImageDraw.Draw(drawn).line([(300, 160), (640, 380)], fill=(229, 53, 43), width=9)
            desk.render(kept, jpeg(drawn), desk.annotate(kept["id"], "arrow"))
        if number in {1, 3}:
            desk.ask("POST", f"/snapshots/{kept['id']}/decisions", "saskia", json={
                "id": new_id(), "decision": "accepted" if number == 1 else "retake_requested", "reason": "",
                "comment": "" if number == 1 else "Graag nog een keer, met een munt ernaast voor de maat."})
        if number < pictures:
            desk.stamp(12)
    return desk
