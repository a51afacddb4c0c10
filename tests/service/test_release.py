"""Redact before anyone else may see: who gets which bytes of a snapshot, over every route that hands some out; and what the log says of it."""

from __future__ import annotations

import json

import pytest

from tests.service.evidence_desk import EvidenceDesk, assert_problem, sha
from tests.service.packing import can_pack
from tests.service.pictures import picture
from videodesk.annotation import schema
from videodesk.annotation.document import Document
from videodesk.annotation.marks import Box, Mark, Point, Redaction, RedactionPen, RedactionReason, Step
from videodesk.cases.checklist import Checklists
from videodesk.core.errors import Invalid
from videodesk.core.ids import new_id
from videodesk.core.places import resources
from videodesk.core.vocabulary import CaseKind, Language
from videodesk.evidence.packages import Wish, package_contents
from videodesk.settings import load

FACE = Redaction(id="f", box=Box(4, 4, 20, 20), reason=RedactionReason.FACE, is_proposal=True)
PLATE = RedactionPen(id="p", points=(Point(5, 40), Point(50, 40)), width_px=6, reason=RedactionReason.PLATE)


@pytest.fixture
def desk(tmp_path):
    made = EvidenceDesk(tmp_path)
    made.desk.checklists = Checklists.load(resources() / "checklists", {CaseKind.PARCEL})
    yield made
    made.close()


def annotate(desk: EvidenceDesk, snapshot_id: str, base: int, *marks: Mark, who: str = "anna"):
    answer = desk.ask("POST", f"/snapshots/{snapshot_id}/annotation", who,
                      json={"base_revision": base, "document": schema.to_json(Document(64, 48, marks))})
    assert answer.status_code == 200, answer.text


def render(desk: EvidenceDesk, snapshot_id: str, revision: int, colour: str, *, has_redaction: bool = True) -> tuple[str, bytes]:
    data = picture(64, 48, "PNG", colour)
    rendition_id = new_id()
    meta = {"annotation_revision": revision, "digest": sha(data), "media_type": "image/png", "has_redaction": has_redaction}
    answer = desk.ask("PUT", f"/snapshots/{snapshot_id}/renditions/{rendition_id}", files={
        "metadata": (None, json.dumps(meta), "application/json"), "picture": ("r.png", data, "image/png")})
    assert answer.status_code == 200, answer.text
    return rendition_id, data


def release(desk: EvidenceDesk, one, who: str = "anna"):
    return desk.ask("POST", f"/snapshots/{one['id']}/release", who, json={"original_id": one["leading"]})


def routes(one) -> tuple[str, ...]:
    return (f"/snapshots/{one['id']}/original", f"/snapshots/{one['id']}/originals/{one['leading']}", f"/snapshots/{one['id']}/thumbnail")


def test_kinds_without_the_rule_are_open(desk):
    desk.desk.checklists = Checklists.load(resources() / "checklists", {CaseKind.GLASS})
    one = desk.kept()
    assert one["release"] == "open"
    for route in routes(one):
        assert desk.ask("GET", route, "saskia").status_code == 200


def test_before_it_is_redacted_only_the_agents_of_the_case_see_it(desk):
    one = desk.kept()
    assert one["release"] == "held"
    annotate(desk, one["id"], 0, Step(id="s", at=Point(5, 5)))
    rendition_id, _ = render(desk, one["id"], 1, "white", has_redaction=False)
    for route in (*routes(one), f"/renditions/{rendition_id}"):
        assert desk.ask("GET", route).status_code == 200
        for other in ("saskia", "bram"):
            assert_problem(desk.ask("GET", route, other), 403, "snapshot.not_redacted")
    denied = [entry for entry in desk.custody() if entry["action"] == "access_denied"]
    assert {(entry["actor_id"], entry["data"]["reason"]) for entry in denied} >= {
        (desk.people["saskia"], "snapshot.not_redacted"), (desk.people["bram"], "snapshot.not_redacted")}
    assert desk.ask("GET", f"/cases/{desk.case_id}/snapshots", "saskia").json()["items"][0]["release"] == "held", "that there is one is no secret"


def test_whose_the_case_becomes_sees_it(desk):
    one = desk.kept()
    case = desk.ask("GET", f"/cases/{desk.case_id}").json()
    changed = desk.ask("PATCH", f"/cases/{desk.case_id}", json={"assignee_id": desk.people["bram"]}, headers={"If-Match": str(case["revision"])})
    assert changed.status_code in {200, 422, 428}, changed.text
    if changed.status_code != 200:
        changed = desk.ask("PATCH", f"/cases/{desk.case_id}", json={"assignee_id": desk.people["bram"], "revision": case["revision"]})
    assert changed.status_code == 200, changed.text
    assert desk.ask("GET", routes(one)[0], "bram").status_code == 200
    assert_problem(desk.ask("GET", routes(one)[0], "saskia"), 403, "snapshot.not_redacted")


@pytest.mark.parametrize("mark", [FACE, PLATE], ids=["box", "pen"])
def test_after_redaction_others_see_that_rendition_and_nothing_else(desk, mark):
    one = desk.kept()
    annotate(desk, one["id"], 0, Step(id="s", at=Point(5, 5)))
    plain_id, _ = render(desk, one["id"], 1, "white", has_redaction=False)
    annotate(desk, one["id"], 1, mark)
    assert_problem(desk.ask("GET", routes(one)[2], "saskia"), 403, "snapshot.not_redacted")
    redacted_id, data = render(desk, one["id"], 2, "black")
    assert desk.ask("GET", f"/snapshots/{one['id']}", "saskia").json()["release"] == "redacted"
    assert desk.ask("GET", f"/renditions/{redacted_id}", "saskia").content == data
    for route in routes(one)[:2]:
        assert_problem(desk.ask("GET", route, "saskia"), 403, "snapshot.only_redacted")
    assert_problem(desk.ask("GET", f"/renditions/{plain_id}", "saskia"), 403, "snapshot.only_redacted")
    assert desk.ask("GET", routes(one)[2], "saskia").content == desk.ask("GET", routes(one)[2]).content
    # More is redacted: what showed less of it is no longer for others.
    annotate(desk, one["id"], 2, mark, Redaction(id="more", box=Box(30, 4, 10, 10)))
    assert_problem(desk.ask("GET", f"/renditions/{redacted_id}", "saskia"), 403, "snapshot.not_redacted")
    newest_id, newest = render(desk, one["id"], 3, "navy")
    assert desk.ask("GET", f"/renditions/{newest_id}", "saskia").content == newest
    assert_problem(desk.ask("GET", f"/renditions/{redacted_id}", "saskia"), 403, "snapshot.only_redacted")


def test_an_agent_of_the_case_says_that_there_is_nothing_to_redact(desk):
    one = desk.kept()
    for other in ("saskia", "bram"):
        assert_problem(release(desk, one, other), 403, "snapshot.not_redacted")
    assert_problem(desk.ask("POST", f"/snapshots/{one['id']}/release", json={"original_id": new_id()}), 409, "snapshot.release_stale")
    assert_problem(desk.ask("POST", f"/snapshots/{new_id()}/release", json={"original_id": one["leading"]}), 404, "snapshot.unknown")
    assert release(desk, one).json()["release"] == "cleared"
    assert release(desk, one).json()["release"] == "cleared"
    for route in routes(one):
        assert desk.ask("GET", route, "saskia").status_code == 200
    entries = [entry for entry in desk.custody() if entry["action"] == "cleared"]
    assert [(entry["actor_id"], entry["data"]) for entry in entries] == [
        (desk.people["anna"], {"original_id": one["leading"], "digest": one["digest"]})]


def test_a_picture_that_takes_the_lead_afterwards_was_not_looked_at(desk):
    one = desk.kept()
    assert release(desk, one).status_code == 200
    data, original_id = picture(64, 48, colour="red"), new_id()
    answer = desk.ask("PUT", f"/snapshots/{one['id']}/originals/{original_id}", files={
        "metadata": (None, json.dumps(desk.metadata(data, method="sharpest")), "application/json"), "original": ("o.jpg", data, "image/jpeg")})
    assert answer.status_code == 200, answer.text
    view = answer.json()
    assert (view["leading"], view["release"]) == (original_id, "held")
    for route in (*routes(one), *routes(view)):
        assert_problem(desk.ask("GET", route, "saskia"), 403, "snapshot.not_redacted")
    assert release(desk, view).json()["release"] == "cleared"
    assert desk.ask("GET", routes(view)[1], "saskia").content == data
    assert_problem(desk.ask("GET", routes(one)[1], "saskia"), 403, "snapshot.not_redacted")


def test_what_was_cleared_and_then_redacted_is_seen_redacted_only(desk):
    one = desk.kept()
    assert release(desk, one).status_code == 200
    annotate(desk, one["id"], 0, FACE)
    assert_problem(desk.ask("GET", routes(one)[0], "saskia"), 403, "snapshot.not_redacted")
    assert_problem(release(desk, one), 409, "snapshot.is_redacted")
    render(desk, one["id"], 1, "black")
    assert_problem(desk.ask("GET", routes(one)[0], "saskia"), 403, "snapshot.only_redacted")


def test_the_rule_of_its_time_stays_with_a_snapshot(desk):
    one = desk.kept()
    desk.desk.checklists = Checklists.load(resources() / "checklists")
    assert_problem(desk.ask("GET", routes(one)[0], "saskia"), 403, "snapshot.not_redacted")
    assert desk.kept("red")["release"] == "open"


def test_a_customers_photo_is_under_the_rule(desk):
    photo = desk.photo(picture(64, 48))
    assert photo.status_code in {200, 201}, photo.text
    one = desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"][0]
    assert one["release"] == "held"
    assert_problem(desk.ask("GET", routes(one)[0], "saskia"), 403, "snapshot.not_redacted")
    assert desk.ask("GET", routes(one)[0], "anna").status_code == 200


def test_packages_hold_back_what_others_may_not_see(desk, tmp_path):
    can_pack(desk.desk, tmp_path)
    held, cleared, redacted = desk.kept("teal"), desk.kept("olive"), desk.kept("maroon")
    assert release(desk, cleared).status_code == 200
    annotate(desk, redacted["id"], 0, FACE)
    _, data = render(desk, redacted["id"], 1, "black")
    with desk.store.read() as uow:
        case = uow.cases.get(desk.case_id)
        contents = package_contents(
            uow, desk.blobs, case, Wish(new_id(), Language.EN, is_outside_copy=False, desk_name="desk"), desk.desk.checklists, (), desk.clock.now())
    digests = {part.sha256 for part in contents.parts}
    assert cleared["digest"] in digests
    assert sha(data) in digests
    assert not {held["digest"], redacted["digest"]} & digests
    assert {one["sha256"] for one in contents.withheld} >= {held["digest"], redacted["digest"]}


def test_the_log_says_how_much_was_redacted_and_why_and_never_what(desk):
    one = desk.kept()
    annotate(desk, one["id"], 0, FACE, PLATE, Redaction(id="x", box=Box(40, 10, 5, 5), reason=RedactionReason.FACE, name="Mevrouw De Vries"))
    rendition_id, data = render(desk, one["id"], 1, "black")
    entry = next(entry for entry in desk.custody() if entry["action"] == "redacted")
    assert entry["actor_id"] == desk.people["anna"]
    assert entry["data"] == {
        "rendition_id": rendition_id, "digest": sha(data), "revision": 1, "redactions": 3, "proposed": 1,
        "kinds": {"redaction": 2, "redaction_pen": 1}, "reasons": {"face": 2, "plate": 1}}
    assert "Vries" not in json.dumps(desk.custody())


def test_the_setting_names_kinds_of_cases():
    assert load(environment={"VIDEODESK_REDACT_FIRST": "parcel home_contents"}).redact_first == (CaseKind.PARCEL, CaseKind.HOME_CONTENTS)
    with pytest.raises(Invalid, match=r"settings\.invalid"):
        load(environment={"VIDEODESK_REDACT_FIRST": "everything"})


def test_a_checklist_can_have_the_rule_itself(tmp_path):
    for kind in CaseKind:
        told = json.loads((resources() / "checklists" / f"{kind}.json").read_text(encoding="utf-8"))
        (tmp_path / f"{kind}.json").write_text(json.dumps(told | {"redact_first": kind is CaseKind.GLASS}), encoding="utf-8")
    lists = Checklists.load(tmp_path, {CaseKind.PARCEL})
    assert [kind for kind in CaseKind if lists.redacts_first(kind)] == sorted(
        [CaseKind.GLASS, CaseKind.PARCEL], key=list(CaseKind).index)
