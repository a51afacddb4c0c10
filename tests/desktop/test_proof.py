"""What is proven, in words and on the screens: seal, log, time; late, missing, broken and unsealed are said plainly."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from tests.desktop.fake_proof import ROOT
from tests.desktop.fakes import FakeDeskApi, make_context
from tests.desktop.sample import busy_desk, jpeg
from videodesk.core.errors import WorldError
from videodesk.core.vocabulary import Language, SealKind, SealVerdict
from videodesk.desktop import i18n
from videodesk.desktop.presenters.proof import ProofPresenter
from videodesk.desktop.proof_words import headline, how_long, proof_lines
from videodesk.desktop.tasks import ImmediateTasks
from videodesk.desktop.views import case as case_screen
from videodesk.desktop.views import review as review_screen
from videodesk.protocol import resources as r


@pytest.fixture
def desk(qapp):
    return busy_desk(FakeDeskApi())


@pytest.fixture
def case_id(desk):
    return next(iter(desk.cases_by_id))


def shots(desk, case_id):
    return [one for one in desk.snapshots_by_id.values() if one.case_id == case_id]


def said(answer):
    one = answer.originals[0]
    return [headline(one, answer), *proof_lines(one, answer)]


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_well_says_by_whom_where_in_the_log_and_since_when(desk, case_id):
    head, seal, log, time = said(desk.proven(shots(desk, case_id)[0]))
    assert head.tone == "ok"
    assert "Videodesk Loket Utrecht" in seal.text
    assert "41" in log.text
    assert "57" in log.text
    assert "tijd.voorbeeld.nl" in time.text
    assert "12 seconds" in time.text
    assert {line.tone for line in (seal, log, time)} == {"ok"}


def test_a_late_stamp_warns_and_says_how_much(desk, case_id):
    snapshot = shots(desk, case_id)[0]
    late = desk.proven(snapshot, covered_at=snapshot.captured_at + timedelta(minutes=7), late_s=420.0, is_late=True)
    head, _, _, time = said(late)
    assert head.tone == time.tone == "warning"
    assert "7 minutes" in time.text


def test_a_stamp_that_is_still_to_come_is_no_alarm(desk, case_id):
    head, _, _, time = said(desk.proven(shots(desk, case_id)[0], covered_at=None, late_s=None, authority=""))
    assert head.tone == "ok"
    assert time.tone == "neutral"
    assert head.text != "Genuine and unaltered"


def test_a_desk_without_a_time_service_promises_no_stamp(desk, case_id):
    answer = desk.proven(shots(desk, case_id)[0], covered_at=None, late_s=None, authority="").model_copy(update={"can_stamp": False})
    head, _, _, time = said(answer)
    assert head.text == "Genuine and unaltered"
    assert "no time service" in time.text


def test_a_broken_log_is_red_whatever_the_seal_says(desk, case_id):
    answer = desk.proven(shots(desk, case_id)[0]).model_copy(update={"log_is_intact": False})
    head, seal, log, _ = said(answer)
    assert head.tone == log.tone == "danger"
    assert seal.tone == "ok"


def test_without_a_seal_it_says_so_and_is_never_green(desk, case_id):
    snapshot = shots(desk, case_id)[0]
    head, seal, *_ = said(desk.proven(snapshot, seal=SealKind.NONE, verdict=SealVerdict.NO_SEAL, sealed_by=""))
    assert head.tone == seal.tone == "warning"
    assert "without a seal" in seal.text


def test_a_file_that_somebody_chose_is_not_called_genuine(desk, case_id):
    head, seal, *_ = said(desk.proven(shots(desk, case_id)[0], seal=SealKind.OPENED))
    assert "enuine" not in head.text
    assert "chose" in seal.text


@pytest.mark.parametrize("verdict", [one for one in SealVerdict if not one.is_good])
@pytest.mark.parametrize("language", list(Language))
def test_no_bad_verdict_is_green_and_every_one_gives_its_reasons(desk, case_id, verdict, language):
    i18n.set_language(language)
    answer = desk.proven(shots(desk, case_id)[0], verdict=verdict, reasons=[r.Reason(code="of_the_test", params={})])
    head, _, _, _, why = said(answer)
    assert head.tone in {"warning", "danger"}
    assert "of_the_test" in why.text
    assert len(head.text) > len(verdict)
    assert not head.text.startswith(("verdict.", "proof."))


def test_an_unproven_seal_s_claims_are_not_repeated(desk, case_id):
    answer = desk.proven(shots(desk, case_id)[0], verdict=SealVerdict.ALTERED, sealed_by="Somebody")
    assert not any("Somebody" in line.text for line in said(answer))
    assert not any("Nothing in the picture was changed" in line.text for line in said(answer))


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (180, "3 minutes"), (7_200, "2 hours"), (259_200, "3 days")])
def test_durations_in_words(qapp, seconds, words):
    assert how_long(seconds) == words


# ── the presenter ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def presenter(desk):
    return ProofPresenter(desk, ImmediateTasks(), desk.clock)


def test_it_asks_once_for_a_snapshot_and_again_when_there_is_more_of_it(desk, case_id, presenter):
    snapshot = shots(desk, case_id)[0]
    presenter.show(snapshot)
    presenter.show(snapshot)
    assert desk.asked.count("integrity") == 1
    more = snapshot.model_copy(update={"originals": [*snapshot.originals, snapshot.originals[0].model_copy(update={"id": snapshot.case_id})]})
    presenter.show(more)
    assert desk.asked.count("integrity") == 2


def test_another_original_of_the_same_snapshot_is_looked_at_without_asking(desk, case_id, presenter):
    snapshot = shots(desk, case_id)[0]
    second = snapshot.originals[0].model_copy(update={"id": case_id, "seal": SealKind.NONE})
    snapshot = snapshot.model_copy(update={"originals": [*snapshot.originals, second]})
    desk.snapshots_by_id[snapshot.id] = snapshot
    presenter.show(snapshot)
    assert presenter.state.seen.seal is SealKind.CAPTURE
    presenter.show(snapshot, case_id)
    assert presenter.state.seen.seal is SealKind.NONE
    assert desk.asked.count("integrity") == 1


def test_a_failure_is_shown_and_the_old_answer_is_not_taken_for_another_picture(desk, case_id, presenter):
    first, second, *_ = shots(desk, case_id)
    presenter.show(first)
    desk.fail_next = WorldError("service.offline")
    presenter.show(second)
    assert presenter.state.answer is None
    assert presenter.state.problem.code == "service.offline"
    presenter.again()
    assert presenter.state.answer.snapshot_id == second.id
    assert presenter.state.problem is None


# ── the screens ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def case_view(desk, case_id):
    made = case_screen.make(make_context(desk))
    made.resize(1200, 760)
    made.show()
    made.opened(case_id=case_id, tab="evidence")
    QApplication.processEvents()
    yield made
    made.shut()


def text_of(widget, name):
    return widget.findChild(QLabel, name).text()


def test_the_chosen_picture_has_its_state_below_the_grid_and_all_of_it_by_a_key(desk, case_view):
    grid = case_view.evidence
    grid.list.setCurrentIndex(grid.list.model().index(0, 0))
    assert text_of(grid.proof, "proof.head") == "Genuine and unaltered"
    assert case_view.act("case.proof")
    QApplication.processEvents()
    dialog = QApplication.activeModalWidget()
    lines = [text_of(dialog, f"proof.line.{place}") for place in range(3)]
    assert all(lines)
    QTest.mouseClick(dialog.findChild(object, "proof.fingerprint_copy"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == ROOT
    dialog.accept()


def test_a_small_picture_says_that_it_has_no_seal(desk, case_id, case_view):
    desk.add_snapshot(case_id, jpeg(90), seal=SealKind.NONE)
    case_view.presenter.reload()
    model = case_view.evidence.list.model()
    spoken = [model.index(row, 0).data(int(Qt.ItemDataRole.AccessibleTextRole)) for row in range(model.rowCount())]
    assert sum("no seal" in text for text in spoken) == 1
    assert sum("sealed on arrival" in text for text in spoken) == 1


def test_the_review_screen_has_the_panel_and_a_key_folds_it(desk, case_id):
    view = review_screen.make(make_context(desk))
    view.resize(1200, 760)
    view.show()
    view.opened(snapshot_id=shots(desk, case_id)[0].id)
    QApplication.processEvents()
    panel = view.details.proof
    assert text_of(panel, "proof.head") == "Genuine and unaltered"
    assert panel.details.isVisible()
    assert view.act("review.proof")
    assert not panel.details.isVisible()
    i18n.set_language(Language.NL)
    view.details.proof.retranslate()
    assert text_of(panel, "proof.head") == "Echt en ongewijzigd"
    view.shut()


def test_what_comes_from_elsewhere_stays_plain_text(desk, case_id, case_view):
    snapshot = shots(desk, case_id)[0]
    desk.integrity_of[snapshot.id] = desk.proven(snapshot, sealed_by="<b>me</b>", authority="<img src=x>")
    case_view._proof.again()
    grid = case_view.evidence
    grid.list.setCurrentIndex(grid.list.model().index(0, 0))
    case_view._proof.again()
    case_view.act("case.proof")
    dialog = QApplication.activeModalWidget()
    assert "<b>me</b>" in text_of(dialog, "proof.line.0")
    assert all(one.textFormat() == Qt.TextFormat.PlainText for one in dialog.findChildren(QLabel))
    dialog.accept()


def test_the_fake_answers_as_the_service_does(desk, case_id):
    answer = asyncio.run(desk.integrity(shots(desk, case_id)[3].id))
    assert answer.originals[0].seal is SealKind.OPENED
