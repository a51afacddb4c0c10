"""Redact before anyone else may see: what leaves the desk obeys it too - the customer's copy and its ZIP, reports, packages, clips."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest

from tests.sealing.pdf_parts import pictures_in, shows
from tests.service.evidence_desk import assert_problem, sha
from tests.service.pictures import picture
from tests.service.report_desk import HIDDEN, ReportDesk, jpeg, parcel
from tests.service.test_clips import POSTER, put_clip
from tests.service.test_copies import desk as copying_desk  # noqa: F401 - a fixture
from tests.service.test_copies import end, fetch, key, mine, open_
from tests.service.test_release import FACE, PLATE, annotate, release, render
from videodesk.cases.checklist import Checklists
from videodesk.core.clock import iso
from videodesk.core.ids import new_id
from videodesk.core.places import resources
from videodesk.core.vocabulary import CaseKind

OTHERS = ("saskia", "bram")


def under_the_rule(desk):
    desk.desk.checklists = Checklists.load(resources() / "checklists", {CaseKind.PARCEL})
    return desk


@pytest.fixture
def desk(copying_desk):  # noqa: F811 - pytest's way
    yield under_the_rule(copying_desk)
    copying_desk.app.state.packages.close()


@pytest.fixture
def paper(tmp_path):
    made = under_the_rule(ReportDesk(tmp_path))
    yield made
    made.close()


# the customer's copy
def copy_of(desk):
    """What the page of the call's copy shows, and the answer that opened it."""
    answer = open_(desk, key(mine(desk)["link"]))
    assert answer.status_code == 200, answer.text
    return answer.json(), answer


def unzipped(data):
    archive = zipfile.ZipFile(io.BytesIO(data))
    return {sha(archive.read(name)) for name in archive.namelist()}


def test_a_copy_gives_nothing_of_what_is_held(desk):
    one = desk.kept()
    end(desk)
    told, answer = copy_of(desk)
    assert (told["pictures"], told["archive"]) == ([], "")
    assert mine(desk)["pictures"] == 0
    base = f"/api/v1/copy/{told['id']}"
    for below in ("preview", "file"):
        assert_problem(fetch(desk, answer, f"{base}/pictures/{one['id']}/{below}"), 404, "copy.unknown_picture")
    assert_problem(fetch(desk, answer, f"{base}/archive"), 404, "copy.empty")


def test_a_copy_gives_what_an_agent_cleared_and_takes_it_back_when_another_leads(desk):
    one = desk.kept()
    end(desk)
    told, answer = copy_of(desk)
    base = f"/api/v1/copy/{told['id']}"
    assert release(desk, one).status_code == 200
    assert sha(fetch(desk, answer, f"{base}/pictures/{one['id']}/file").content) == one["digest"]
    assert one["digest"] in unzipped(fetch(desk, answer, f"{base}/archive").content)
    lead(desk, one)
    assert_problem(fetch(desk, answer, f"{base}/pictures/{one['id']}/file"), 404, "copy.unknown_picture")
    assert_problem(fetch(desk, answer, f"{base}/archive"), 404, "copy.empty")


def lead(desk, one, colour="red"):
    """Another original takes the lead; its bytes."""
    data = picture(64, 48, colour=colour)
    answer = desk.ask("PUT", f"/snapshots/{one['id']}/originals/{new_id()}", files={
        "metadata": (None, json.dumps(desk.metadata(data, method="sharpest", call_id=desk.call_id)), "application/json"),
        "original": ("o.jpg", data, "image/jpeg")})
    assert answer.status_code == 200, answer.text
    assert answer.json()["leading"] != one["leading"]
    return answer.json(), data


@pytest.mark.parametrize("is_cleared", [False, True], ids=["held before", "cleared before"])
@pytest.mark.parametrize("mark", [FACE, PLATE], ids=["box", "pen"])
def test_a_copy_gives_the_redacted_rendition_alone(desk, mark, is_cleared):
    one, held = desk.kept(), desk.kept("navy")
    end(desk)
    told, answer = copy_of(desk)
    base = f"/api/v1/copy/{told['id']}"
    if is_cleared:
        assert release(desk, one).status_code == 200
        assert len(copy_of(desk)[0]["pictures"]) == 1
    annotate(desk, one["id"], 0, mark)
    assert copy_of(desk)[0]["pictures"] == [], "the marks redact; the picture in which they do is not here yet"
    _, data = render(desk, one["id"], 1, "black")
    (shown,) = copy_of(desk)[0]["pictures"]
    assert (shown["id"], shown["is_redacted"]) == (one["id"], True)
    assert fetch(desk, answer, shown["file"]).content == data
    inside = unzipped(fetch(desk, answer, f"{base}/archive").content)
    assert sha(data) in inside
    assert not {one["digest"], held["digest"]} & inside


def test_the_zip_of_a_copy_has_no_original_that_nobody_looked_at(desk):
    one = desk.kept()
    view, data = lead(desk, one)
    assert release(desk, view).status_code == 200
    end(desk)
    _, answer = copy_of(desk)
    inside = unzipped(fetch(desk, answer, answer.json()["archive"]).content)
    assert sha(data) in inside
    assert one["digest"] not in inside


# packages
def package(desk, who="saskia", **wishes):
    """A finished package's view, and the answer that gives its file."""
    body = {"id": new_id(), **wishes}
    ordered = desk.ask("POST", f"/cases/{desk.case_id}/packages", who, json=body)
    assert ordered.status_code == 202, ordered.text
    found = {}

    def is_over():
        found.update(desk.ask("GET", f"/packages/{body['id']}", who).json())
        return found["state"] != "building"

    desk.wait_for(is_over)
    return found, desk.ask("GET", f"/packages/{body['id']}/file", who)


@pytest.mark.parametrize("who", ["saskia", "anna"])
@pytest.mark.parametrize("is_outside_copy", [False, True])
def test_a_package_has_only_what_others_may_see_whoever_asks_for_it(desk, who, is_outside_copy):
    held, cleared, redacted = desk.kept("teal"), desk.kept("olive"), desk.kept("maroon")
    assert release(desk, cleared).status_code == 200
    annotate(desk, redacted["id"], 0, FACE)
    _, data = render(desk, redacted["id"], 1, "black")
    _, file = package(desk, who, is_outside_copy=is_outside_copy)
    inside = unzipped(file.content)
    assert {cleared["digest"], sha(data)} <= inside
    assert not {held["digest"], redacted["digest"]} & inside


@pytest.mark.parametrize("is_outside_copy", [False, True])
def test_of_a_cleared_picture_only_the_original_that_was_looked_at_goes_into_a_package(desk, is_outside_copy):
    one = desk.kept()
    view, data = lead(desk, one)
    assert release(desk, view).status_code == 200
    _, file = package(desk, is_outside_copy=is_outside_copy)
    inside = unzipped(file.content)
    assert sha(data) in inside
    assert one["digest"] not in inside
    assert_problem(desk.ask("GET", f"/snapshots/{one['id']}/originals/{one['leading']}", "saskia"), 403, "snapshot.not_redacted")


def test_a_package_from_before_a_redaction_is_handed_out_no_more(desk):
    one = desk.kept()
    assert release(desk, one).status_code == 200
    view, file = package(desk)
    assert one["digest"] in unzipped(file.content)
    desk.clock.advance(5)
    annotate(desk, one["id"], 0, FACE)
    for who in ("saskia", "anna"):
        assert_problem(desk.ask("GET", f"/packages/{view['id']}/file", who), 410, "package.expired")
    _, data = render(desk, one["id"], 1, "black")
    _, again = package(desk)
    inside = unzipped(again.content)
    assert sha(data) in inside
    assert one["digest"] not in inside


def test_a_redaction_while_a_package_is_built_ends_it(desk):
    one = desk.kept()
    assert release(desk, one).status_code == 200
    good = desk.desk.packer

    class Interrupted:
        def pack(self, out, contents, step):
            desk.clock.advance(5)
            annotate(desk, one["id"], 0, FACE)
            good.pack(out, contents, step)

    desk.desk.packer = Interrupted()
    view, file = package(desk)
    assert (view["state"], view["code"]) == ("failed", "package.expired")
    assert_problem(file, 409, "package.not_ready")


def test_cases_without_the_rule_keep_their_packages(desk):
    desk.desk.checklists = Checklists.load(resources() / "checklists")
    one = desk.kept()
    view, _ = package(desk)
    desk.clock.advance(5)
    annotate(desk, one["id"], 0, FACE)
    assert desk.ask("GET", f"/packages/{view['id']}/file", "saskia").status_code == 200


# reports
def small(*, covered=False):
    return jpeg(parcel(2, (320, 180), label=True, covered=covered))


def pictures_of(desk, who):
    """How many pictures a report has, and whether any shows what is hidden."""
    found = list(pictures_in(desk.report("en", who)))
    return len(found), any(shows(one, HIDDEN) for one in found)


@pytest.mark.parametrize("who", ["saskia", "anna"])
@pytest.mark.parametrize("how", ["redaction", "redaction_pen"])
def test_a_report_has_no_picture_that_is_held_whoever_prints_it(paper, who, how):
    one = paper.capture(small())
    drawn = paper.annotate(one["id"], "arrow", size=(320, 180))
    paper.render(one, small(), drawn)
    assert pictures_of(paper, who) == (0, False), "neither the original nor what was drawn on it"
    assert release(paper, one).status_code == 200
    assert pictures_of(paper, who) == (1, True), "what would be seen"
    revision = paper.annotate(one["id"], "arrow", how, size=(320, 180))
    assert pictures_of(paper, who) == (0, False)
    paper.render(one, small(covered=True), revision, has_redaction=True)
    assert pictures_of(paper, who) == (1, False)


def test_a_report_has_no_frame_of_a_clip_that_is_held(paper):
    paper.clock.advance(60)
    clip = put_clip(paper).json()
    assert pictures_of(paper, "anna")[0] == 0
    assert release(paper, clip).status_code == 200
    assert pictures_of(paper, "anna")[0] == 1
    annotate(paper, picked(paper, clip)["id"], 0, FACE)
    assert pictures_of(paper, "anna")[0] == 0, "the clip shows what was redacted on a picture taken from it"


# clips
def picked(desk, clip):
    """A frame that was picked from the clip."""
    return desk.kept(method="clip_frame", call_id=None, taken_from=clip["id"], captured_at=iso(desk.clock.now() - timedelta(seconds=7)))


def refused(desk, clip, code="snapshot.not_redacted"):
    for who in OTHERS:
        for path in ("original", f"originals/{clip['leading']}", "thumbnail"):
            for headers in ({}, {"Range": "bytes=0-3"}, {"If-None-Match": f'"{clip["digest"]}"'}):
                assert_problem(desk.ask("GET", f"/snapshots/{clip['id']}/{path}", who, headers=headers), 403, code)


def test_of_a_clip_that_is_held_others_get_no_byte_and_no_poster(desk):
    desk.clock.advance(60)
    clip = put_clip(desk).json()
    assert clip["release"] == "held"
    refused(desk, clip)
    part = desk.ask("GET", f"/snapshots/{clip['id']}/original", headers={"Range": "bytes=0-3"})
    assert (part.status_code, len(part.content)) == (206, 4), "the agent of the case plays it"
    end(desk)
    assert copy_of(desk)[0]["pictures"] == []
    _, file = package(desk)
    assert not {clip["digest"], sha(POSTER)} & unzipped(file.content)


def test_a_cleared_clip_is_seen_until_something_is_redacted_on_a_picture_from_it(desk):
    desk.clock.advance(60)
    clip = put_clip(desk).json()
    assert release(desk, clip).json()["release"] == "cleared"
    assert desk.ask("GET", f"/snapshots/{clip['id']}/original", "saskia", headers={"Range": "bytes=0-3"}).status_code == 206
    end(desk)
    assert [one["id"] for one in copy_of(desk)[0]["pictures"]] == [clip["id"]]
    _, file = package(desk)
    assert clip["digest"] in unzipped(file.content)
    frame = picked(desk, clip)
    assert frame["release"] == "held", "that the clip was cleared says nothing of it"
    assert_problem(desk.ask("GET", f"/snapshots/{frame['id']}/original", "saskia"), 403, "snapshot.not_redacted")
    desk.clock.advance(5)
    annotate(desk, frame["id"], 0, FACE)
    _, data = render(desk, frame["id"], 1, "black")
    refused(desk, clip)
    assert desk.ask("GET", f"/snapshots/{clip['id']}", "saskia").json()["release"] == "held"
    assert_problem(release(desk, clip), 409, "snapshot.is_redacted")
    assert desk.ask("GET", f"/snapshots/{clip['id']}/original").status_code == 200
    (shown,) = copy_of(desk)[0]["pictures"]
    assert (shown["id"], shown["is_redacted"]) == (frame["id"], True)
    _, file = package(desk)
    inside = unzipped(file.content)
    assert sha(data) in inside
    assert not {clip["digest"], frame["digest"], sha(POSTER)} & inside
