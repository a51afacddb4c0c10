"""Whoever reads evidence stands in the custody log: over the whole API, so that a new route cannot be forgotten."""

from __future__ import annotations

import json

import pytest

from tests.service.evidence_desk import sha
from tests.service.keyed_desk import keyed_desk
from tests.service.pictures import picture
from tests.service.test_evidence import box_mark, document, put_rendition
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CustodyAction

# Routes that answer with evidence, or with what was drawn on it; what the log then says.
READING = {
    "/snapshots/{snapshot_id}/original": CustodyAction.VIEWED,
    "/snapshots/{snapshot_id}/originals/{original_id}": CustodyAction.VIEWED,
    "/snapshots/{snapshot_id}/thumbnail": CustodyAction.VIEWED,
    "/snapshots/{snapshot_id}/annotation": CustodyAction.VIEWED,
    "/renditions/{rendition_id}": CustodyAction.VIEWED,
    "/cases/{case_id}/report": CustodyAction.PRINTED,
    "/packages/{package_id}/file": CustodyAction.EXPORTED,
}
# The customer's copy: tests/service/test_copies.py follows these through.
COPY = {"/copy/{copy_id}/archive", "/copy/{copy_id}/pictures/{snapshot_id}/file", "/copy/{copy_id}/pictures/{snapshot_id}/preview"}
# Facts, names, states, proofs: no evidence.
TELLING = {
    "/calls", "/calls/{call_id}", "/cases", "/cases/{case_id}", "/cases/{case_id}/copies", "/cases/{case_id}/custody", "/cases/{case_id}/history",
    "/cases/{case_id}/retention", "/cases/{case_id}/snapshots", "/checklists/{kind}", "/erasures/{erasure_id}", "/health", "/info", "/invitations",
    "/line", "/line/down", "/line/time", "/join/copy", "/join/state", "/marker.pdf", "/me", "/packages/{package_id}", "/people", "/review", "/seal/root", "/snapshots/{snapshot_id}",
    "/snapshots/{snapshot_id}/integrity",
}


@pytest.fixture
def desk(tmp_path):
    made = keyed_desk(tmp_path)
    yield made
    made.close()


def entries(desk):
    with desk.store.read() as uow:
        return list(uow.custody.all())


def test_every_route_that_reads_is_known_here(desk):
    reading = {path.removeprefix("/api/v1") for path, routes in desk.app.openapi()["paths"].items() if "get" in routes}
    assert reading - TELLING == set(READING) | COPY, "a route that answers GET either gives evidence, and enters that, or it does not"


@pytest.fixture
def filled(desk):
    """A snapshot with marks and a rendition, and a package; their ids by the routes' names."""
    snapshot = desk.kept()
    body = {"base_revision": 0, "document": document(box_mark("redaction"))}
    assert desk.ask("POST", f"/snapshots/{snapshot['id']}/annotation", json=body).status_code == 200
    rendition = put_rendition(desk, snapshot["id"], picture(64, 48, "PNG", "black")).json()
    package_id = new_id()
    assert desk.ask("POST", f"/cases/{desk.case_id}/packages", json={"id": package_id}).status_code == 202
    desk.wait_for(lambda: desk.ask("GET", f"/packages/{package_id}").json()["state"] != "building")
    return {"case_id": desk.case_id, "snapshot_id": snapshot["id"], "original_id": snapshot["id"], "rendition_id": rendition["id"], "package_id": package_id}


@pytest.mark.parametrize("route", sorted(READING))
def test_who_reads_stands_in_the_log(desk, filled, route):
    before = entries(desk)
    answer = desk.ask("GET", route.format(**filled), "saskia")
    assert answer.status_code == 200, answer.text
    added = entries(desk)[len(before):]
    assert added, "somebody read evidence, and nothing was entered"
    assert {(entry.action, entry.actor_id, entry.case_id) for entry in added} == {(READING[route], desk.people["saskia"], desk.case_id)}
    if "snapshot" in route or "rendition" in route:
        assert [entry.snapshot_id for entry in added] == [filled["snapshot_id"]]


@pytest.mark.parametrize("route", ["/snapshots/{snapshot_id}/thumbnail", "/snapshots/{snapshot_id}/annotation"])
def test_small_looks_are_entered_once_a_person_and_day(desk, filled, route):
    def looks():
        before = len(entries(desk))
        for who in ("saskia", "saskia", "anna", "saskia"):
            assert desk.ask("GET", route.format(**filled), who).status_code == 200
        return len(entries(desk)) - before

    assert looks() == 2
    assert looks() == 0
    desk.clock.advance(86_400)
    desk.sign_in_again()
    assert looks() == 2


def test_what_was_not_handed_out_is_not_entered(desk, filled):
    route = f"/renditions/{filled['rendition_id']}"
    digest = sha(desk.ask("GET", route).content)
    before = len(entries(desk))
    assert desk.ask("GET", route, headers={"If-None-Match": f'"{digest}"'}).status_code == 304
    assert desk.ask("GET", route, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert len(entries(desk)) == before
    assert desk.ask("GET", route, headers={"Range": "bytes=0-9"}).status_code == 206
    assert entries(desk)[-1].data["bytes"] == "0-9"


def test_the_record_says_who_took_it_away(desk, filled):
    before = len(entries(desk))
    record = desk.ask("POST", f"/cases/{desk.case_id}/exports", "saskia").json()
    assert [(entry["action"], entry["actor_id"]) for entry in record["custody"]["entries"][before:]] == [("exported", desk.people["saskia"])]
    assert record["custody"]["is_intact"]
    assert json.dumps(record)
