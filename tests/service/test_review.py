"""The review API."""

from __future__ import annotations

import pytest

from tests.service.evidence_desk import EvidenceDesk, assert_problem
from videodesk.core.ids import new_id


@pytest.fixture
def desk(tmp_path):
    made = EvidenceDesk(tmp_path)
    yield made
    made.close()


def decide(desk, snapshot_id, decision, who="saskia", decision_id=None, **words):
    return desk.ask("POST", f"/snapshots/{snapshot_id}/decisions", who, json={"id": decision_id or new_id(), "decision": decision, **words})


def test_retake_and_accept(desk):
    one = desk.kept()
    retake = decide(desk, one["id"], "retake_requested", comment="scherper, met het label")
    assert retake.status_code == 200, retake.text
    assert (retake.json()["decided_by_name"], retake.json()["comment"]) == ("Saskia", "scherper, met het label")
    queue = desk.ask("GET", "/review", params={"state": "retake_requested"}).json()
    assert [(item["id"], item["retaken_by"]) for item in queue["items"]] == [(one["id"], None)]
    again = desk.kept("red", retake_of=one["id"])
    assert decide(desk, again["id"], "accepted").status_code == 200
    before = desk.ask("GET", f"/snapshots/{one['id']}").json()
    assert (before["review_state"], before["retaken_by"], len(before["decisions"])) == ("retake_requested", again["id"], 1)
    counts = desk.ask("GET", "/review").json()["counts"]
    assert counts == {"pending": 0, "accepted": 1, "retake_requested": 1, "rejected": 0}


def test_an_agent_does_not_decide_and_nobody_on_their_own(desk):
    one = desk.kept()
    assert_problem(decide(desk, one["id"], "accepted", "anna"), 403, "permission.denied")
    own = desk.kept("red", who="saskia")
    assert_problem(decide(desk, own["id"], "accepted"), 403, "review.own_snapshot")
    assert_problem(decide(desk, one["id"], "retake_requested"), 422, "review.words_needed")
    assert_problem(decide(desk, one["id"], "rejected", comment="words only"), 422, "review.reason_needed")
    assert_problem(decide(desk, new_id(), "accepted"), 404, "snapshot.unknown")
    assert_problem(decide(desk, one["id"], "approved"), 422, "request.invalid")
    assert desk.ask("GET", "/review").json()["counts"]["pending"] == 2


def test_a_decision_is_idempotent(desk):
    one = desk.kept()
    first = decide(desk, one["id"], "rejected", decision_id=(decision_id := new_id()), reason="ander product")
    assert decide(desk, one["id"], "rejected", decision_id=decision_id, reason="ander product").json() == first.json()
    assert_problem(decide(desk, one["id"], "accepted", decision_id=decision_id), 409, "decision.differs")
    assert len(desk.ask("GET", f"/snapshots/{one['id']}").json()["decisions"]) == 1


def test_pages(desk):
    ids = []
    for colour in ("red", "green", "blue", "white", "black"):
        desk.clock.advance(1)
        ids.append(desk.kept(colour)["id"])
    seen, cursor = [], None
    for _ in range(3):
        page = desk.ask("GET", "/review", params={"limit": 2, "state": "pending"} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert seen == ids[::-1]
    assert desk.ask("GET", "/review", params={"case_id": desk.other_case_id}).json()["items"] == []
    assert_problem(desk.ask("GET", "/review", params={"cursor": "nonsense"}), 422, "cursor.invalid")
    assert_problem(desk.ask("GET", "/review", params={"limit": 0}), 422, "request.invalid")


def test_the_retake_reaches_the_agents_inbox(desk):
    seen = []
    subscription = desk.bus.subscribe(seen.append)
    one = desk.kept()
    decide(desk, one["id"], "retake_requested", comment="scherper")
    import time
    deadline = time.monotonic() + 60
    while not (decided := [event for event in seen if event.name == "review.decided"]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert decided[0].data["agent_id"] == desk.people["anna"]
    assert decided[0].data["snapshot_id"] == one["id"]
    assert "scherper" not in str(decided)
    subscription.close()
