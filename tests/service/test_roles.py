"""Role × action on the API: the permission table is what decides, for every route."""

from __future__ import annotations

import re

import pytest

from tests.service.conftest import PASSWORD
from videodesk.core.ids import new_id
from videodesk.core.people import Role
from videodesk.core.permissions import PERMISSIONS, Action

PEOPLE = {Role.AGENT: "anna", Role.SUPERVISOR: "saskia", Role.ADMINISTRATOR: "adam"}
SOME = new_id()

# Every route with what it takes: method, path, action, body.
ROUTES = [
    ("GET", "/people", Action.SEE_PEOPLE, None),
    ("POST", "/people", Action.MANAGE_PEOPLE, {"name": "carla", "display_name": "Carla", "roles": ["agent"], "password": PASSWORD}),
    ("PATCH", f"/people/{SOME}", Action.MANAGE_PEOPLE, {"display_name": "X"}),
    ("GET", "/cases", Action.SEE_CASES, None),
    ("POST", "/cases", Action.EDIT_CASES, {"kind": "free"}),
    ("GET", f"/cases/{SOME}", Action.SEE_CASES, None),
    ("PATCH", f"/cases/{SOME}", Action.EDIT_CASES, {"revision": 1, "title": "x"}),
    ("POST", f"/cases/{SOME}/transitions", Action.EDIT_CASES, {"to": "intake"}),
    ("GET", f"/cases/{SOME}/history", Action.SEE_CASES, None),
    ("POST", f"/cases/{SOME}/notes", Action.EDIT_CASES, {"id": SOME, "text": "x"}),
    ("PUT", f"/cases/{SOME}/checklist/outside/skip", Action.EDIT_CASES, {"reason": "x"}),
    ("GET", "/checklists/parcel", Action.SEE_CASES, None),
    ("POST", f"/cases/{SOME}/invitations", Action.INVITE, {}),
    ("GET", "/invitations", Action.SEE_CASES, None),
    ("DELETE", f"/invitations/{SOME}", Action.INVITE, None),
    ("GET", "/calls", Action.SEE_CALLS, None),
    ("GET", f"/calls/{SOME}", Action.SEE_CALLS, None),
    ("POST", f"/calls/{SOME}/accept", Action.TAKE_CALLS, None),
    ("POST", f"/calls/{SOME}/end", Action.TAKE_CALLS, None),
    ("POST", f"/calls/{SOME}/wrap-up", Action.TAKE_CALLS, {"disposition": "follow_up"}),
    ("GET", f"/cases/{SOME}/snapshots", Action.SEE_EVIDENCE, None),
    ("GET", f"/cases/{SOME}/custody", Action.SEE_CUSTODY, None),
    ("POST", f"/cases/{SOME}/exports", Action.SEE_EVIDENCE, None),
    ("GET", f"/cases/{SOME}/copies", Action.SHARE, None),
    ("POST", f"/cases/{SOME}/copies", Action.SHARE, {"id": SOME}),
    ("DELETE", f"/cases/{SOME}/copies/{SOME}", Action.SHARE, None),
    ("GET", f"/cases/{SOME}/retention", Action.SEE_CASES, None),
    ("PUT", f"/cases/{SOME}/hold", Action.HOLD, {"reason": "x"}),
    ("DELETE", f"/cases/{SOME}/hold", Action.HOLD, None),
    ("POST", f"/cases/{SOME}/erasure", Action.ERASE, {"case_number": "VD-2026-000001", "reason": "x"}),
    ("GET", f"/erasures/{SOME}", Action.SEE_CASES, None),
    ("PUT", f"/snapshots/{SOME}", Action.CAPTURE, None),
    ("GET", f"/snapshots/{SOME}", Action.SEE_EVIDENCE, None),
    ("PATCH", f"/snapshots/{SOME}", Action.EDIT_CASES, {"caption": "x"}),
    ("GET", f"/snapshots/{SOME}/original", Action.SEE_EVIDENCE, None),
    ("GET", f"/snapshots/{SOME}/thumbnail", Action.SEE_EVIDENCE, None),
    ("GET", f"/snapshots/{SOME}/annotation", Action.SEE_EVIDENCE, None),
    ("POST", f"/snapshots/{SOME}/annotation", Action.ANNOTATE, {"base_revision": 0, "document": {}}),
    ("PUT", f"/snapshots/{SOME}/renditions/{SOME}", Action.ANNOTATE, None),
    ("POST", f"/snapshots/{SOME}/release", Action.ANNOTATE, {"original_id": SOME}),
    ("GET", f"/renditions/{SOME}", Action.SEE_EVIDENCE, None),
    ("GET", "/review", Action.SEE_REVIEWS, None),
    ("PUT", f"/snapshots/{SOME}/originals/{SOME}", Action.CAPTURE, None),
    ("GET", f"/snapshots/{SOME}/originals/{SOME}", Action.SEE_EVIDENCE, None),
    ("DELETE", f"/snapshots/{SOME}/still", Action.CAPTURE, None),
    ("POST", "/uploads", Action.CAPTURE, None),
    ("HEAD", f"/uploads/{SOME}", Action.CAPTURE, None),
    ("PATCH", f"/uploads/{SOME}", Action.CAPTURE, None),
    ("DELETE", f"/uploads/{SOME}", Action.CAPTURE, None),
    ("POST", "/seal/certificate", Action.CAPTURE, {"csr_pem": "x" * 64, "station_id": SOME}),
    ("GET", f"/snapshots/{SOME}/integrity", Action.SEE_EVIDENCE, None),
    ("GET", f"/cases/{SOME}/report", Action.EXPORT, None),
    ("POST", f"/cases/{SOME}/packages", Action.EXPORT, {"id": SOME}),
    ("GET", f"/packages/{SOME}", Action.EXPORT, None),
    ("GET", f"/packages/{SOME}/file", Action.EXPORT, None),
    ("POST", f"/snapshots/{SOME}/decisions", Action.REVIEW, {"id": SOME, "decision": "accepted"}),
]
CUSTOMERS = [
    ("GET", "/join/state", Action.JOIN_CALL, None),
    ("POST", "/join/consent", Action.GIVE_CONSENT, {"text_version": "0", "language": "nl", "granted": []}),
    ("GET", "/join/copy", Action.JOIN_CALL, None),
    ("POST", "/join/photos", Action.UPLOAD_PHOTO, None),
    ("POST", "/join/uploads", Action.UPLOAD_PHOTO, None),
    ("HEAD", f"/join/uploads/{SOME}", Action.UPLOAD_PHOTO, None),
    ("PATCH", f"/join/uploads/{SOME}", Action.UPLOAD_PHOTO, None),
    ("DELETE", f"/join/uploads/{SOME}", Action.UPLOAD_PHOTO, None),
    ("PUT", f"/join/stills/{SOME}", Action.UPLOAD_PHOTO, {}),
]
PUBLIC = {("GET", "/marker.pdf"), ("GET", "/info"), ("GET", "/seal/root"), ("GET", "/health"), ("GET", "/line/time"), ("POST", "/setup"), ("POST", "/session"), ("POST", "/join/exchange")}
# Opened by a link's token, not by who asks (tests/service/test_copies.py).
LINKED = {("POST", "/copy/open"), ("GET", "/copy/*/archive"), ("GET", "/copy/*/pictures/*/file"), ("GET", "/copy/*/pictures/*/preview")}
# For whoever is signed in or joined; bounded by how often (tests/service/test_line.py).
OWN = {("GET", "/me"), ("DELETE", "/session"), ("GET", "/line"), ("GET", "/line/down"), ("POST", "/line/up")}


def code_of(answer):
    if answer.request.method == "HEAD":  # no body to say it in
        return "permission.denied" if answer.status_code == 403 else None
    return answer.json().get("code") if answer.headers["content-type"] == "application/problem+json" else None


@pytest.fixture
def customer(client, visitor):
    return client.join(client.invite(client.make_case()["id"]))


@pytest.mark.parametrize("role", PEOPLE)
def test_the_desk(visitor, role):
    someone = visitor.as_(PEOPLE[role])
    for method, path, action, body in ROUTES:
        answer = someone.ask(method, path, **({} if body is None else {"json": body}))
        is_refused = answer.status_code == 403 and code_of(answer) == "permission.denied"
        assert is_refused is (action not in PERMISSIONS[role]), (role, method, path, answer.text)
        assert answer.status_code not in {401, 500}, (method, path, answer.text)


def test_a_customer_has_the_own_doors_only(customer, client):
    for method, path, _action, body in ROUTES:
        answer = customer.ask(method, path, **({} if body is None else {"json": body}))
        assert (answer.status_code, code_of(answer)) == (403, "permission.denied"), (method, path, answer.text)
    for method, path, _action, body in CUSTOMERS:
        more = {} if body is None else {"json": body}
        answer = customer.ask(method, path, **more)
        assert answer.status_code not in {401, 403, 404, 500} or code_of(answer) == "copy.unknown", path
        assert client.ask(method, path, **more).status_code == 403, path


def test_without_signing_in_nothing_answers(visitor):
    for method, path, _action, body in [*ROUTES, *CUSTOMERS, *((method, path, None, None) for method, path in OWN)]:
        for someone in (visitor, visitor.with_token("x" * 43)):
            answer = someone.ask(method, path, **({} if body is None else {"json": body}))
            assert answer.status_code == 401, (method, path, answer.text)
            assert answer.headers["www-authenticate"] == "Bearer"


def test_no_route_is_forgotten_here(visitor):
    described = {
        (method.upper(), re.sub(r"\{(\w+)\}", "*", path).removeprefix("/api/v1"))
        for path, item in visitor.http.get("/api/openapi.json").json()["paths"].items() for method in item
    }
    listed = {(method, re.sub(rf"{SOME}|(?<=checklist/)outside|(?<=checklists/)parcel", "*", path)) for method, path, *_ in [*ROUTES, *CUSTOMERS]}
    assert described == listed | PUBLIC | LINKED | OWN
