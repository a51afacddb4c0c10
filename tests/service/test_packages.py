"""Evidence packages over HTTP: built with progress, kept for a day, handed out to who may, each time an entry in the log."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta

import pytest

from tests.service.evidence_desk import assert_problem
from tests.verify.sealed_case import SealedCase
from videodesk.core.errors import WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import SealVerdict
from videodesk.sealing.verdicts import worst


@pytest.fixture
def case(tmp_path):
    made = SealedCase(tmp_path)
    yield made
    made.desk.app.state.packages.close()
    made.close()


class SlowPacker:
    """Packs when it is told to; before that it has told how far it is."""

    def __init__(self, packer):
        self.packer = packer
        self.begun, self.go = threading.Event(), threading.Event()

    def pack(self, out, contents, step):
        step("files", 2, 7)
        self.begun.set()
        assert self.go.wait(60)
        self.packer.pack(out, contents, step)


class BrokenPacker:
    def __init__(self, problem):
        self.problem = problem

    def pack(self, _out, _contents, _step):
        raise self.problem


def ordered(case, who="anna", **wishes):
    return case.desk.ask("POST", f"/cases/{case.desk.case_id}/packages", who, json={"id": new_id(), **wishes})


def ready(case, package_id):
    """The package when it is no longer being built."""
    found = {}

    def is_over():
        found.update(case.desk.ask("GET", f"/packages/{package_id}").json())
        return found["state"] != "building"

    case.desk.wait_for(is_over)
    return found


def exported(case):
    return [entry["data"] for entry in case.desk.custody() if entry["action"] == "exported"]


def test_a_package_is_built_fetched_and_genuine(case, tmp_path):
    answer = ordered(case)
    assert (answer.status_code, answer.json()["state"], answer.json()["file_name"]) == (202, "building", "VD-2026-000001-evidence.zip")
    view = ready(case, answer.json()["id"])
    assert (view["state"], view["code"]) == ("ready", "")
    got = case.desk.ask("GET", f"/packages/{view['id']}/file")
    assert (got.status_code, got.headers["content-type"]) == (200, "application/zip")
    assert 'filename="VD-2026-000001-evidence.zip"' in got.headers["content-disposition"]
    assert (hashlib.sha256(got.content).hexdigest(), len(got.content)) == (view["digest"], view["size_bytes"])
    path = tmp_path / "got.zip"
    path.write_bytes(got.content)
    assert worst(one.verdict for one in case.verifier.check_path(path)) is SealVerdict.GENUINE
    part = case.desk.ask("GET", f"/packages/{view['id']}/file", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, got.content[10:20])


def test_it_says_how_far_it_is_and_is_not_handed_out_before_it_is_ready(case):
    slow = case.desk.desk.packer = SlowPacker(case.desk.desk.packer)
    package_id = ordered(case).json()["id"]
    try:
        assert slow.begun.wait(60)
        view = case.desk.ask("GET", f"/packages/{package_id}").json()
        assert (view["state"], view["step"], view["done"], view["total"]) == ("building", "files", 2, 7)
        assert_problem(case.desk.ask("GET", f"/packages/{package_id}/file"), 409, "package.not_ready")
    finally:
        slow.go.set()
    assert ready(case, package_id)["state"] == "ready"


def test_taking_it_away_is_in_the_log(case):
    """For each snapshot when it is ordered, with what it came to when it is ready, and each time the file is fetched."""
    view = ready(case, ordered(case, is_outside_copy=True).json()["id"])
    snapshots = [data for data in exported(case) if "package_id" not in data]
    assert len(snapshots) == len(case.snapshots)
    assert [data for data in exported(case) if "package_id" in data] == [
        {"package_id": view["id"], "digest": view["digest"], "size_bytes": view["size_bytes"], "is_outside_copy": True}]
    for _ in range(2):
        case.desk.ask("GET", f"/packages/{view['id']}/file", "bram")
    assert [data.get("step") for data in exported(case)][-2:] == ["file", "file"]
    with case.desk.store.read() as uow:
        assert view["digest"] in uow.timestamps.wanted()


def test_ordering_twice_makes_one(case):
    body = {"id": new_id()}
    path = f"/cases/{case.desk.case_id}/packages"
    case.desk.ask("POST", path, json=body)
    view = ready(case, body["id"])
    entries = len(exported(case))
    assert case.desk.ask("POST", path, json=body).json() == view
    assert len(exported(case)) == entries
    assert_problem(case.desk.ask("POST", f"/cases/{case.desk.other_case_id}/packages", json=body), 409, "package.exists")


@pytest.mark.parametrize(("problem", "code"), [
    (WorldError("blob.damaged", digest="ab" * 32), "blob.damaged"), (OSError(28, "No space left"), "storage.full"), (ZeroDivisionError(), "package.failed"),
])
def test_a_package_that_fails_says_why_and_can_be_asked_for_again(case, tmp_path, problem, code):
    good, case.desk.desk.packer = case.desk.desk.packer, BrokenPacker(problem)
    body = {"id": new_id()}
    path = f"/cases/{case.desk.case_id}/packages"
    case.desk.ask("POST", path, json=body)
    view = ready(case, body["id"])
    assert (view["state"], view["code"]) == ("failed", code)
    assert list((tmp_path / "packages").glob("*/*")) == []
    case.desk.desk.packer = good
    assert case.desk.ask("POST", path, json=body).json()["state"] == "building"
    assert ready(case, body["id"])["state"] == "ready"


def test_a_package_is_kept_for_a_day(case, tmp_path):
    first = ready(case, ordered(case).json()["id"])
    case.clock.advance(timedelta(hours=23).total_seconds())
    case.desk.sign_in_again()
    assert case.desk.ask("GET", f"/packages/{first['id']}/file").status_code == 200
    case.clock.advance(timedelta(hours=2).total_seconds())
    case.desk.sign_in_again()
    assert_problem(case.desk.ask("GET", f"/packages/{first['id']}/file"), 404, "package.unknown")
    second = ready(case, ordered(case).json()["id"])
    assert_problem(case.desk.ask("GET", f"/packages/{first['id']}"), 404, "package.unknown")
    assert {path.stem for path in (tmp_path / "packages").glob("*/*")} == {second["id"]}


def test_it_is_still_there_when_the_service_comes_back(case):
    from videodesk.service.packages import PackageRoom

    view = ready(case, ordered(case).json()["id"])
    case.desk.app.state.packages.close()
    case.desk.app.state.packages = PackageRoom(case.folder / "packages", case.clock)
    assert case.desk.ask("GET", f"/packages/{view['id']}").json() == view
    assert case.desk.ask("GET", f"/packages/{view['id']}/file").status_code == 200


def test_a_case_s_packages_can_be_taken_away(case, tmp_path):
    view = ready(case, ordered(case).json()["id"])
    case.desk.app.state.packages.forget_case(case.desk.case_id)
    assert_problem(case.desk.ask("GET", f"/packages/{view['id']}/file"), 404, "package.unknown")
    assert list((tmp_path / "packages").rglob("*.zip")) == []


def test_who_may(case):
    view = ready(case, ordered(case).json()["id"])
    assert_problem(ordered(case, "adam"), 403, "permission.denied")
    for path in (f"/packages/{view['id']}", f"/packages/{view['id']}/file"):
        assert_problem(case.desk.ask("GET", path, "adam"), 403, "permission.denied")
        assert case.desk.ask("GET", path, None).status_code == 401
    assert_problem(case.desk.ask("GET", f"/packages/{new_id()}"), 404, "package.unknown")
    assert_problem(case.desk.ask("POST", f"/cases/{new_id()}/packages", json={"id": new_id()}), 404, "case.unknown")


def test_a_desk_without_keys_packs_nothing(case):
    case.desk.desk.packer = None
    assert_problem(ordered(case), 503, "seal.no_keys")


# what is proven of a snapshot
def integrity(case, name):
    answer = case.desk.ask("GET", f"/snapshots/{case.snapshots[name]}/integrity")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_proven_of_a_sealed_frame(case):
    told = integrity(case, "overview")
    (one,) = told["originals"]
    assert (one["verdict"], one["seal"], one["reasons"], one["log_index"], one["covered_at"]) == ("genuine", "capture", [], 1, None)
    assert one["sealed_by"].startswith("Voorbeeld Schadeservice")
    assert (told["log_is_intact"], told["root_fingerprint"]) == (True, case.keys.root_fingerprint)
    case.stamp()
    (one,) = integrity(case, "overview")["originals"]
    assert (one["late_s"], one["is_late"], one["authority"]) == (30.0, False, "https://tsa.example.nl/tsr")


def test_a_stamp_that_came_late_is_called_late(case):
    case.clock.advance(60)
    case.stamp()
    assert integrity(case, "overview")["originals"][0]["is_late"]


def test_a_chosen_file_is_told_to_be_one(case):
    (one,) = integrity(case, "photo")["originals"]
    assert (one["verdict"], one["seal"], [why["code"] for why in one["reasons"]]) == ("genuine", "opened", ["opened_file"])


def test_what_has_no_seal_or_was_changed_is_told_to_be_so(case):
    plain = case.desk.kept("teal")
    answer = case.desk.ask("GET", f"/snapshots/{plain['id']}/integrity").json()["originals"][0]
    assert (answer["verdict"], answer["seal"], answer["reasons"][0]["code"]) == ("no-seal", "none", "unsealed_original")
    case.snapshots["plain"] = plain["id"]
    moved = case.add("moved", size=(64, 48), seed=20)
    case.desk.ask("GET", "/info")
    other = case.desk.put(moved, new_id())
    told = case.desk.ask("GET", f"/snapshots/{other.json()['id']}/integrity").json()["originals"][0]
    assert (told["verdict"], told["reasons"][0]["code"]) == ("altered", "facts_differ")


def test_a_log_that_was_tampered_with_is_seen(case):
    from sqlalchemy import text

    assert integrity(case, "overview")["log_is_intact"]
    with case.desk.store.engine.begin() as connection:
        for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(text("UPDATE custody_leaves SET leaf = replace(leaf, 'stored', 'viewed') WHERE \"index\" = 2"))
    case.clock.advance(6)
    assert not integrity(case, "overview")["log_is_intact"]


def test_who_may_see_what_is_proven(case):
    path = f"/snapshots/{case.snapshots['overview']}/integrity"
    assert_problem(case.desk.ask("GET", path, "adam"), 403, "permission.denied")
    assert_problem(case.desk.ask("GET", f"/snapshots/{new_id()}/integrity"), 404, "snapshot.unknown")
