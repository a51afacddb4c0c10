"""Cases over HTTP."""

from __future__ import annotations

import pytest

from videodesk.core.ids import new_id

NAUGHTY = "<img src=x onerror=alert(1)> '; DROP TABLE cases; --\u202e 💥 {0} %s"


def code_of(answer):
    return answer.json()["code"]


def test_a_case_is_opened_once_and_found_by_id_and_number(client, visitor):
    body = {"id": new_id(), "kind": "glass", "title": NAUGHTY, "claimed": {"amount": "12.30", "currency": "EUR"}, "incident": {"on": "2026-01-02"}}
    first = client.post("/cases", body)
    assert first.status_code == 201
    case = first.json()
    assert case["number"] == "VD-2026-000001"
    assert case["title"] == NAUGHTY
    assert case["claimed"] == {"amount": "12.30", "currency": "EUR"}, "a string, never a float"
    assert client.post("/cases", body).json() == case, "sent twice, it stands once"
    assert code_of(visitor.as_("bram").post("/cases", body)) == "case.exists"
    assert client.get(f"/cases/{case['number']}").json() == client.get(f"/cases/{case['id']}").json() == case
    assert client.get("/cases").json()["total"] == 1
    assert client.make_case()["number"] == "VD-2026-000002"


@pytest.mark.parametrize("bad", [
    {"kind": "spaceship"}, {}, {"kind": "glass", "unknown": 1}, {"kind": "glass", "claimed": {"amount": "-1"}}, {"kind": "glass", "id": "../x"},
    {"kind": "glass", "claimed": {"amount": "0.001"}}, {"kind": "glass", "claimed": {"amount": "NaN"}}, {"kind": "glass", "title": "x" * 201},
])
def test_what_is_wrong_is_refused_without_repeating_it(client, bad):
    answer = client.post("/cases", bad)
    assert (answer.status_code, code_of(answer)) == (422, "request.invalid")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "spaceship" not in answer.text
    assert client.get("/cases").json()["total"] == 0


@pytest.mark.parametrize("path", ["/cases/nothing", f"/cases/{new_id()}", "/cases/VD-2026-999999", "/cases/..%2f..%2fetc%2fpasswd", "/cases/%00"])
def test_unknown_cases(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_second_of_two_changes_must_look_first(client, visitor):
    case = client.make_case()
    changed = client.patch(f"/cases/{case['id']}", {"revision": 1, "product": "Vaas", "claimed": {"amount": "1.00"}})
    assert changed.json()["revision"] == 2
    late = visitor.as_("bram").patch(f"/cases/{case['id']}", {"revision": 1, "product": "Lamp"})
    assert (late.status_code, code_of(late)) == (409, "case.stale")
    assert client.get(f"/cases/{case['id']}").json()["product"] == "Vaas"
    cleared = client.patch(f"/cases/{case['id']}", {"revision": 2, "claimed": None})
    assert cleared.json()["claimed"] is None
    assert cleared.json()["product"] == "Vaas", "what is left out stays"
    assert code_of(client.patch(f"/cases/{case['id']}", {"revision": 3, "title": None})) == "request.invalid"
    assert code_of(client.patch(f"/cases/{case['id']}", {"revision": 3, "assignee_id": new_id()})) == "case.unknown_assignee"
    history = client.get(f"/cases/{case['id']}/history").json()
    assert [entry["what"] for entry in history] == ["field", "field", "created"]
    assert history[1]["data"]["fields"] == ["claimed", "product"]
    assert history[0]["actor_name"] == "Anna"


def test_moving_a_case(client):
    case = client.make_case()
    assert "intake" in case["next_statuses"]
    assert "waiting" not in case["next_statuses"]
    moved = client.post(f"/cases/{case['id']}/transitions", {"to": "intake"})
    assert moved.json()["status"] == "intake"
    for target, code in (("settled", "case.illegal_transition"), ("in_call", "case.illegal_transition"), ("withdrawn", "case.reason_missing"),
                         ("evidence_complete", "case.checklist_incomplete")):
        answer = client.post(f"/cases/{case['id']}/transitions", {"to": target})
        assert (answer.status_code, code_of(answer)) == (409, code)
    assert client.post(f"/cases/{case['id']}/transitions", {"to": "withdrawn", "reason": "op verzoek"}).json()["status"] == "withdrawn"


def test_skipping_items_completes_the_checklist(client):
    case = client.make_case(kind="glass")
    for item in case["checklist"]["items"]:
        if item["is_required"]:
            view = client.put(f"/cases/{case['id']}/checklist/{item['id']}/skip", {"reason": "al gezien"}).json()
    assert view["is_complete"]
    assert client.get("/cases").json()["items"][0]["missing_count"] == 0
    assert client.post(f"/cases/{case['id']}/transitions", {"to": "evidence_complete"}).status_code == 200
    assert not client.put(f"/cases/{case['id']}/checklist/whole/skip", {"reason": ""}).json()["is_complete"]
    assert client.put(f"/cases/{case['id']}/checklist/outside/skip", {"reason": "x"}).status_code == 404, "another kind's item"


def test_notes(client, visitor):
    case = client.make_case()
    body = {"id": new_id(), "text": NAUGHTY}
    first = client.post(f"/cases/{case['id']}/notes", body)
    assert first.status_code == 201
    assert client.post(f"/cases/{case['id']}/notes", body).json() == first.json()
    assert client.get(f"/cases/{case['id']}").json()["notes"] == [first.json()]
    other = client.make_case()
    assert client.post(f"/cases/{other['id']}/notes", body).status_code == 409, "an id belongs to one case"


def test_pages(client):
    numbers = [client.make_case()["number"] for _ in range(7)]
    seen, cursor = [], None
    while True:
        page = client.get("/cases", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["number"] for item in page["items"]]
        assert page["total"] == 7
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(seen) == numbers
    for bad in ("x", "2026-01-01~x", "~" + new_id(), "9999-12-31T23:59:59-23:00~" + new_id()):
        answer = client.get("/cases", params={"cursor": bad})
        assert (answer.status_code, code_of(answer)) == (422, "cursor.malformed"), bad
    assert client.get("/cases", params={"query": "vries"}).json()["total"] == 7
    assert client.get("/cases", params={"query": '"'}).json()["total"] == 0


def test_events_tell_what_happened_and_no_names(client, desk):
    heard = []
    desk.bus.publish = heard.append
    case = client.make_case()
    client.patch(f"/cases/{case['id']}", {"revision": 1, "title": "x"})
    made = client.invite(case["id"])
    client.join(made).consent("video")
    client.delete(f"/invitations/{made['id']}")
    assert [event.name for event in heard] == ["case.added", "case.changed", "invitation.made", "invitation.opened", "consent.given", "invitation.revoked"]
    assert all(event.case_id == case["id"] for event in heard)
    assert "Vries" not in str(heard)
