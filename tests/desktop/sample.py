"""A desk on an ordinary day: a dozen cases, snapshots, invitations, waiting customers. Pictures are drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from PySide6.QtCore import QBuffer, QIODevice, QPointF
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPen

from tests.desktop.fakes import FakeDeskApi, FakeNavigation, make_context, sample_case
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, CaseKind, CaseStatus, PartyRole, ReviewDecision, ReviewState, SealKind, SnapshotMethod
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.shell import Shell
from videodesk.protocol import resources as r

PEOPLE = (
    ("Fatima El Amrani", "Espressomachine Barista 300", CaseKind.PARCEL), ("Jan-Willem van der Bergh", "Wollen winterjas maat 38", CaseKind.CLOTHING),
    ("Sanne de Groot", "Eettafel eiken 220 × 100 cm met uitschuifbaar blad", CaseKind.FURNITURE), ("Kees Smit", "Wasmachine W1 EcoSpeed", CaseKind.WHITE_GOODS),
    ("Aylin Yılmaz", "Galaxy Tab S9", CaseKind.SCREEN), ("Pieter Dijkstra", "Stadsfiets Dublin 7", CaseKind.BICYCLE),
    ("Mohammed Bouzid", "Laminaat na lekkage", CaseKind.HOME_CONTENTS), ("Eva Lindqvist", "Voorruit", CaseKind.GLASS),
    ("Tom Bakker", "Advies bruiloft", CaseKind.STYLING), ("Noor Hendriks", "Hoekbank", CaseKind.FURNITURE),
    ("Lotte Visser", "Regenjas", CaseKind.CLOTHING), ("Daan Mulder", "Vaatwasser", CaseKind.WHITE_GOODS),
)
STATUSES = (None, None, CaseStatus.IN_CALL, CaseStatus.EVIDENCE_INCOMPLETE, CaseStatus.EVIDENCE_COMPLETE, CaseStatus.IN_REVIEW,
            CaseStatus.CHANGES_REQUESTED, CaseStatus.DECIDED)


def jpeg(hue: int, width: int = 640, height: int = 360) -> bytes:
    """A drawn box as JPEG."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    ground = QLinearGradient(QPointF(0, 0), QPointF(width, height))
    ground.setColorAt(0, QColor.fromHsv(hue, 60, 200))
    ground.setColorAt(1, QColor.fromHsv(hue, 90, 110))
    painter.fillRect(0, 0, width, height, ground)
    painter.setPen(QPen(QColor(90, 60, 40), 3))
    painter.setBrush(QColor.fromHsv(hue, 110, 170))
    painter.drawRect(width // 4, height // 4, width // 2, height // 2)
    painter.drawLine(width // 3, height // 3, width // 2, height // 2)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPEG", 90)
    return bytes(buffer.data().data())


def busy_desk(api: FakeDeskApi | None = None, rename: Callable[[str], str] = str) -> FakeDeskApi:
    """The desk; `rename` replaces every text of foreign origin (hostile strings)."""
    api = api or FakeDeskApi()
    run = asyncio.run
    cases = []
    for i, (name, product, kind) in enumerate(PEOPLE):
        api.clock.advance(3600 * 7)
        party = r.Party(role=PartyRole.CUSTOMER, name=rename(name), email="klant@example.nl", phone=rename("+31 6 12345678"))
        cases.append(run(api.add_case(sample_case(
            kind=kind, title=rename(product + (" beschadigd" if i % 2 else "")), product=rename(product),
            order_number=rename(f"WEB-2026-88{213 + i}"), brand=rename("Sage"), parties=[party]))))
    first = cases[0]
    run(api.move_case(first.id, r.TransitionIn(to=CaseStatus.INTAKE)))
    for case, status in zip(cases, STATUSES, strict=False):
        if status is not None:
            api._change(case.id, status=status)
    run(api.add_note(first.id, r.NoteIn(id=new_id(api.clock.now()), text=rename("De klant heeft de doos nog. Zij vraagt of de monteur op zaterdag kan."))))
    run(api.skip_item(first.id, "inside", r.ChecklistSkip(reason=rename("Verpakking al weggegooid"))))
    asked = r.DecisionView(id=new_id(api.clock.now()), snapshot_id=first.id, decision=ReviewDecision.RETAKE_REQUESTED, reason="",
                           comment=rename("Het label is niet te lezen. Graag dichterbij en zonder flits."), decided_by=api.other.id,
                           decided_by_name=rename("Saskia Meijer"), at=api.clock.now())
    api.add_snapshot(first.id, jpeg(30), "outside")
    api.add_snapshot(first.id, jpeg(200), "label", review_state=ReviewState.ACCEPTED, annotation_revision=2)
    api.add_snapshot(first.id, jpeg(10), "damage", review_state=ReviewState.RETAKE_REQUESTED, decisions=[asked])
    api.add_snapshot(first.id, jpeg(120), None, is_evidence_grade=False, method=SnapshotMethod.UPLOAD, seal=SealKind.OPENED)
    for i in (0, 1, 4):
        run(api.invite(cases[i].id, r.InvitationIn()))
    api.clock.advance(600)
    api.add_call(cases[2].id, waited_s=312)
    api.add_call(cases[5].id, waited_s=47)
    for i in (3, 6, 7):
        api.add_call(cases[i].id, CallState.ENDED, waited_s=9000 * i, ended_at=api.clock.now() - timedelta(hours=5 * i))
    return api


def make_shell(api: FakeDeskApi | None = None, **more: object) -> Shell:
    """A shell over fakes, 1280×800, not yet shown."""

    def context(shell: Shell) -> DesktopContext:
        return make_context(api or FakeDeskApi(), navigation=shell, **more)

    shell = Shell(context, sign_out=lambda: None)
    shell.resize(1280, 800)
    return shell


__all__ = ["FakeNavigation", "busy_desk", "jpeg", "make_shell"]
