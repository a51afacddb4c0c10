"""Keeping, holding and erasing cases: nothing is left of an erased one, wherever the service was stopped, and the rest stands."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests.service.evidence_desk import assert_problem
from tests.service.kept_case import WORDS, KeptDesk
from videodesk.bootstrap import tidy
from videodesk.cli import main
from videodesk.core.clock import HandClock, SystemClock
from videodesk.core.errors import WorldError
from videodesk.core.people import Principal, Role
from videodesk.core.vocabulary import CallState, CustodyAction
from videodesk.evidence.custody_check import check_log, salts_of
from videodesk.sealing.certificates import chain_of
from videodesk.sealing.pins import is_signed_by
from videodesk.service.admin_retention import list_due, run
from videodesk.service.erasing import erase_case, packages_on_disk
from videodesk.service.keeping import PERIOD_S, RETRY_S, Keeping
from videodesk.settings import load
from videodesk.storage.sql.cases import case_history
from videodesk.storage.sql.schema import metadata

# Rows that name no case: the desk's own, or the log's leaves, which hide whose they are.
OF_THE_DESK = {"people", "sign_ins", "chosen_presence", "case_numbers", "custody_leaves", "custody_heads", "timestamps", "timestamps_wanted", "erasures"}


@pytest.fixture
def kept(tmp_path):
    made = KeptDesk(tmp_path / "desk", backups=("Nightly copy, 30 days",))
    yield made
    made.close()


def erase(kept, made, **changes):
    return kept.ask("POST", f"/cases/{made.id}/erasure", json={"case_number": made.number, "reason": "On request"} | changes)


def assert_whole(kept, other):
    """The log verifies and another case is all there."""
    log = chain_of(kept.desk.keys.log_chain_pem)[0]
    with kept.desk.store.read() as uow:
        verdict = check_log(uow.custody, salts_of(uow.custody), lambda data, signature: is_signed_by(log, data, signature))
    assert (verdict.problem, verdict.is_signed) == (None, True)
    shown = kept.ask("GET", f"/cases/{other.id}/snapshots").json()["items"]
    assert len(shown) == 2
    for one, data in zip(shown, other.pictures, strict=False):
        assert kept.ask("GET", f"/snapshots/{one['id']}/original").content in other.pictures, data[:4]
        assert kept.ask("GET", f"/snapshots/{one['id']}/thumbnail").status_code == 200
    assert [one["number"] for one in kept.ask("GET", "/cases?query=pietersen").json()["items"]] == [other.number]


def rows_of(kept):
    with kept.desk.store.engine.connect() as connection:
        return {name: connection.execute(select(func.count()).select_from(table)).scalar() for name, table in metadata.tables.items()}


def test_nothing_is_left_of_an_erased_case(kept):
    other = kept.case("Piet Pietersen", "SN-OTHER", seed=7)
    made = kept.case()
    everywhere = {name for name, count in rows_of(kept).items() if count} - OF_THE_DESK
    assert everywhere == metadata.tables.keys() - OF_THE_DESK - {"holds"}, "a table that this test fills with nothing"
    assert any("desk.sqlite" in trace for trace in kept.traces(made))
    answer = erase(kept, made)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["case_number"], told["erased_by_name"], told["backups"]) == (made.number, "Saskia", ["Nightly copy, 30 days"])
    assert told["rows"] > 20
    assert told["files"] >= 5
    assert told["size_bytes"] > sum(map(len, made.pictures))
    assert kept.traces(made) == []
    # What is left of its id: the certificate, and the vault's note that nobody makes it new secrets.
    assert [trace.split(":")[0] for trace in kept.traces(made, (made.id,))] == ["desk.sqlite"]
    assert [path.name for path in kept.folder.rglob(f"*{made.id}*")] == [f"{made.id}.gone"]
    assert kept.desk.vault.is_destroyed(made.id)
    assert_whole(kept, other)
    assert_problem(kept.ask("GET", f"/cases/{made.number}"), 410, "case.erased")
    view = kept.ask("GET", f"/cases/{made.id}/retention").json()
    assert (view["erased_at"], view["erase_after"]) == (told["erased_at"], None)
    assert erase(kept, made).json() == told == kept.ask("GET", f"/erasures/{told['id']}").json()
    with kept.desk.store.read() as uow:
        entry = next(one for one in uow.custody.all() if one.index == told["log_index"])
    assert (entry.action, entry.case_id, entry.data) == (CustodyAction.ERASED, None, {})


def test_words_of_a_case_among_many_are_gone_from_every_page(kept):
    """Rows that move between pages, the index's old parts, and what an earlier version deleted without zeroing leave no copies behind."""
    made = kept.case()
    with contextlib.closing(sqlite3.connect(kept.folder / "desk.sqlite")) as earlier:
        earlier.execute("PRAGMA secure_delete=OFF")
        earlier.executemany("INSERT INTO case_notes VALUES (?, ?, 'a', 'A', ?, '2026-01-05 09:00:00.000000')",
                            [(f"n{n}", made.id, "zwaluwspoor " * 40) for n in range(50)])
        earlier.commit()
        earlier.execute("DELETE FROM case_notes WHERE author_id = 'a'")
        earlier.commit()
    with kept.desk.store.write() as uow:
        case = uow.cases.get(made.id)
        for n in range(60):
            uow.cases.add(replace(case, id=f"{n:08x}{made.id[8:]}", number=f"VD-2025-{n:06d}", serial=f"SN-{n}", title="x" * (n * 37 % 900),
                                  parties=(), brand="Anders"))
        for n in range(3, 40):
            case = replace(case, revision=n, order_number=f"{n}", title="zwaluwnest " * n)
            uow.cases.replace(case)
    with kept.desk.store.engine.connect() as somebody:  # else SQLite empties the WAL by itself when the last connection goes
        somebody.exec_driver_sql("SELECT 1 FROM cases")
        somebody.rollback()
        assert any("zwaluwspoor" in trace for trace in kept.traces(made, ("zwaluwspoor",)))
        assert erase(kept, made).status_code == 200
        left = kept.traces(made, (*WORDS, "zwaluwnest", "zwaluwspoor"))
    assert left == []


class Killed(BaseException):
    """The power failed."""


STEPS = {
    "before the secrets go": lambda desk: (desk.vault, "destroy"),
    "before the uploads go": lambda desk: (desk.uploads, "forget_case"),
    "before the files go": lambda desk: (desk.blobs, "remove_case"),
    "before the traces go": lambda desk: (desk.store, "scrub"),
}


@pytest.mark.parametrize("step", STEPS)
def test_one_that_was_killed_is_finished_at_the_next_start(kept, monkeypatch, step):
    other, made = kept.case("Piet Pietersen", "SN-OTHER", seed=7), kept.case()

    def killed(*_args):
        raise Killed

    place, name = STEPS[step](kept.desk)
    with monkeypatch.context() as patched:
        patched.setattr(place, name, killed)
        with pytest.raises(Killed):
            erase_case(kept.desk, Principal("s", frozenset({Role.SUPERVISOR}), "S"), made.id, made.number, "x", packages_on_disk(kept.desk))
    with kept.desk.store.read() as uow:
        (begun,) = uow.retention.unfinished()
    assert_problem(kept.ask("GET", f"/erasures/{begun.id}"), 503, "erasure.unfinished")
    kept.close()
    kept.open()
    tidy(kept.desk)
    assert kept.ask("GET", f"/erasures/{begun.id}").status_code == 200
    assert kept.traces(made) == []
    assert kept.desk.vault.is_destroyed(made.id)
    assert_whole(kept, other)


def test_a_failure_inside_the_transaction_leaves_the_case_as_it_was(kept, monkeypatch):
    made = kept.case()
    before = rows_of(kept)

    def fails(*_args):
        raise WorldError("storage.unavailable")

    with monkeypatch.context() as patched:
        patched.setattr("videodesk.storage.sql.custody.SqlCustody.erase_details", fails)
        assert_problem(erase(kept, made), 503, "storage.unavailable")
    assert rows_of(kept) == before
    assert kept.ask("GET", f"/cases/{made.id}").status_code == 200
    assert not kept.desk.vault.is_destroyed(made.id)


def test_a_disk_that_cannot_be_cleaned_now_is_cleaned_by_the_loop(kept, monkeypatch):
    made, keeping = kept.case(), Keeping(kept.desk, lambda _case: None)

    def locked():
        raise WorldError("storage.locked")

    with monkeypatch.context() as patched:
        patched.setattr(kept.desk.store, "scrub", locked)
        assert_problem(erase(kept, made), 503, "erasure.unfinished")
        assert keeping.step() == RETRY_S
    assert keeping.step() == PERIOD_S
    assert erase(kept, made).status_code == 200


def test_what_stands_against_erasing(kept):
    made = kept.case()
    path = f"/cases/{made.number}/hold"
    assert_problem(kept.ask("PUT", path, "anna", json={"reason": "x"}), 403, "permission.denied")
    held = kept.ask("PUT", path, json={"reason": "Court case"}).json()
    assert (held["is_held"], held["hold_reason"], held["held_by_name"], held["erase_after"]) == (True, "Court case", "Saskia", None)
    assert kept.ask("PUT", path, json={"reason": "Court case"}).json() == held
    assert_problem(erase(kept, made), 409, "case.held")
    assert kept.ask("DELETE", path).json()["is_held"] is False
    assert kept.ask("DELETE", path).json()["is_held"] is False
    assert_problem(erase(kept, made, case_number="VD-2026-999999"), 422, "erasure.number_mismatch")
    assert_problem(erase(kept, made, reason="  "), 422, "case.reason_missing")
    with kept.desk.store.read() as uow:
        told = [entry.action for entry in uow.custody.of_case(made.id)]
    assert told.count(CustodyAction.HOLD_SET) == told.count(CustodyAction.HOLD_RELEASED) == 1
    with kept.desk.store.write() as uow:
        (call,) = uow.calls.of_case(made.id)
        uow.calls.replace(replace(call, state=CallState.WRAP_UP, version=2))
    assert_problem(erase(kept, made), 409, "case.in_call")
    assert kept.ask("GET", f"/cases/{made.id}").status_code == 200


def test_a_case_with_nothing_in_it_is_erased_too(kept):
    made = kept.ask("POST", "/cases", "anna", json={"kind": "free"}).json()
    answer = kept.ask("POST", f"/cases/{made['id']}/erasure", json={"case_number": made["number"].lower(), "reason": "By mistake"})
    assert (answer.status_code, answer.json()["files"], answer.json()["size_bytes"]) == (200, 0, 0), answer.text
    assert kept.desk.vault.is_destroyed(made["id"])


def test_one_case_that_cannot_be_erased_does_not_keep_the_others(kept, monkeypatch):
    first, second = kept.case(seed=2), kept.case(seed=3)
    for one in (first, second):
        kept.close_case(one)
    kept.desk.clock = HandClock(SystemClock().now() + timedelta(days=2000))
    read = kept.desk.vault.secrets_of

    def damaged(case_id):
        if case_id == first.id:
            raise WorldError("vault.damaged", case_id=case_id)
        return read(case_id)

    monkeypatch.setattr(kept.desk.vault, "secrets_of", damaged)
    assert [line.split()[0] for line in run(kept.desk)] == [second.number]


def test_the_loop_erases_what_is_due_and_nothing_that_is_held_or_open(kept):
    clock = kept.desk.clock = HandClock()
    open_, held, short, due = kept.case(seed=2), kept.case(seed=3), kept.case(seed=4), kept.case(seed=5)
    for one in (held, due):
        kept.close_case(one)
    kept.ask("PUT", f"/cases/{held.id}/hold", json={"reason": "x"})
    keeping = Keeping(kept.desk, lambda _case: None)
    clock.advance(timedelta(days=1824).total_seconds())
    kept.close_case(short)
    kept.tokens.clear()
    view = kept.ask("GET", f"/cases/{due.id}/retention", "anna").json()
    assert (view["retention_class"], view["days"], view["erase_after"] is None) == ("claim", 1825, False)
    assert keeping.step() == PERIOD_S
    assert kept.ask("GET", f"/cases/{due.id}").status_code == 200
    assert "nothing is due" in list_due(kept.desk)
    clock.advance(timedelta(days=1).total_seconds())
    kept.tokens.clear()
    assert any(due.number in line for line in list_due(kept.desk))
    assert keeping.step() == PERIOD_S
    assert {one.id: kept.ask("GET", f"/cases/{one.id}").status_code for one in (open_, held, short, due)} == {
        open_.id: 200, held.id: 200, short.id: 200, due.id: 410}
    kept.ask("DELETE", f"/cases/{held.id}/hold")
    assert any(held.number in line for line in run(kept.desk))
    assert run(kept.desk) == ["nothing is due"]


def test_the_command_line_lists_and_erases(kept, capsys):
    made = kept.case()
    kept.close_case(made)
    flags = ["--data-dir", str(kept.folder), "--no-use-keyring", "--keep-claim-days", "1"]
    assert main(["admin", "retention", "list", *flags]) == 0
    assert "nothing is due" in capsys.readouterr().out
    with kept.desk.store.write() as uow:
        moved = SystemClock().now() - timedelta(days=2)
        uow._connection.execute(update(case_history).where(case_history.c.case_id == made.id).values(at=moved))
    assert main(["admin", "retention", "list", *flags]) == 0
    assert made.number in capsys.readouterr().out
    assert main(["admin", "retention", "run", *flags]) == 0
    assert f"{made.number}  erased" in capsys.readouterr().out
    assert kept.traces(made) == []


def test_backups_are_phrases():
    assert load(environment={"VIDEODESK_BACKUPS": "Nightly copy, 30 days; Tape in the safe, 1 year;"}).backups == (
        "Nightly copy, 30 days", "Tape in the safe, 1 year")
