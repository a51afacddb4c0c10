"""Package, report, copy, hold and erasure from the case screen: progress, refusals, what may not be pressed, what is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QToolButton,
)

from tests.desktop.fake_proof import PDF, ROOT, ZIP
from tests.desktop.fakes import FakeDeskApi, make_context
from tests.desktop.sample import busy_desk
from videodesk.core.errors import WorldError
from videodesk.core.people import Role
from videodesk.core.vocabulary import Language, PackageState
from videodesk.desktop import i18n
from videodesk.desktop.presenters.handover import HandoverPresenter
from videodesk.desktop.presenters.keeping import KeepingPresenter
from videodesk.desktop.tasks import ImmediateTasks
from videodesk.desktop.views import case as case_screen
from videodesk.protocol import resources as r


@pytest.fixture
def desk(qapp):
    return busy_desk(FakeDeskApi())


@pytest.fixture
def case(desk):
    return next(iter(desk.cases_by_id.values()))


@pytest.fixture
def handover(desk, case):
    made = HandoverPresenter(desk, ImmediateTasks(), desk.clock, poll_s=0)
    made.show(case)
    return made


@pytest.fixture
def keeping(desk, case):
    made = KeepingPresenter(desk, ImmediateTasks(), desk.clock, make_context(desk).session.principal)
    made.show(case)
    return made


# ── the package ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_package_is_built_watched_and_saved(desk, handover, tmp_path):
    desk.package_steps = [{"step": "pictures", "done": 3, "total": 9}, {"step": "pictures", "done": 8, "total": 9}]
    seen = []
    handover.watch(lambda state: seen.append((state.is_packing, state.percent)))
    handover.pack(tmp_path / "a.zip")
    assert (True, 33) in seen
    assert (True, 88) in seen
    assert handover.state.package_path == tmp_path / "a.zip"
    assert (tmp_path / "a.zip").read_bytes() == ZIP
    assert not handover.state.is_packing


def test_a_copy_for_outside_is_asked_for_as_one_and_called_so(desk, handover, case, tmp_path):
    handover.choose_outside(is_outside=True)
    handover.choose_language(Language.EN)
    assert handover.package_name == f"{case.number}-outside-evidence.zip"
    handover.pack(tmp_path / "a.zip")
    (asked,) = desk.packages_asked
    assert asked.is_outside_copy
    assert asked.language is Language.EN


def test_a_package_that_fails_says_why_and_can_be_tried_again(desk, handover, tmp_path):
    desk.package_steps = [{"state": PackageState.FAILED, "code": "blob.damaged"}]
    handover.pack(tmp_path / "a.zip")
    assert handover.state.problem.code == "blob.damaged"
    assert not handover.state.is_packing
    assert not (tmp_path / "a.zip").exists()
    handover.pack(tmp_path / "a.zip")
    assert handover.state.package_path is not None
    assert handover.state.problem is None


def test_a_cut_line_while_it_is_built_ends_the_waiting(desk, handover, tmp_path):
    desk.fail_next = WorldError("service.offline")
    handover.pack(tmp_path / "a.zip")
    assert handover.state.problem.code == "service.offline"
    assert not handover.state.is_packing


def test_another_case_begins_anew(desk, handover, tmp_path):
    handover.pack(tmp_path / "a.zip")
    other = list(desk.cases_by_id.values())[1]
    handover.show(other)
    assert handover.state.package_path is None
    assert handover.state.case.id == other.id


def test_the_report_is_saved_in_the_language_chosen(desk, handover, tmp_path):
    handover.choose_language(Language.EN)
    handover.report(tmp_path / "r.pdf")
    assert desk.reports_asked == [Language.EN]
    assert (tmp_path / "r.pdf").read_bytes() == PDF
    assert handover.state.report_path == tmp_path / "r.pdf"


def test_copies_are_made_listed_and_revoked(desk, handover):
    handover.make_copy()
    (copy,) = handover.state.copies
    assert copy.link in handover.mail_of(copy)
    handover.choose_language(Language.EN)
    assert handover.mail_of(copy).startswith("Your photos")
    handover.revoke(copy.id)
    (copy,) = handover.state.copies
    assert copy.revoked_at is not None
    assert handover.mail_of(copy) == ""


# ── keeping ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hold_needs_a_reason_and_stops_erasure(keeping, case):
    keeping.hold("   ")
    assert not keeping.state.retention.is_held
    keeping.hold("court")
    assert keeping.state.retention.hold_reason == "court"
    assert keeping.state.why_not == "proof.erase_why_held"
    keeping.ask_erasure()
    keeping.type_number(case.number)
    keeping.write_reason("asked for")
    assert not keeping.state.can_erase
    keeping.release()
    assert keeping.state.can_erase


@pytest.mark.parametrize(("typed", "reason"), [("", "asked for"), ("VD-2026-99", "asked for"), ("{number}", ""), ("{number}", "  ")])
def test_nothing_is_erased_without_the_number_and_a_reason(desk, keeping, case, typed, reason):
    keeping.ask_erasure()
    keeping.type_number(typed.replace("{number}", case.number))
    keeping.write_reason(reason)
    keeping.erase()
    assert "erase" not in desk.asked


def test_an_erasure_gives_a_certificate_that_can_be_kept(desk, keeping, case, tmp_path):
    keeping.ask_erasure()
    keeping.type_number(f" {case.number.lower()} ")
    keeping.write_reason("the customer asked")
    keeping.erase()
    assert keeping.state.certificate.case_number == case.number
    assert keeping.state.retention.erased_at is not None
    keeping.save_certificate(tmp_path / "c.txt")
    kept = (tmp_path / "c.txt").read_text(encoding="utf-8")
    assert case.number in kept
    assert "the customer asked" in kept
    assert keeping.state.certificate_path == tmp_path / "c.txt"


def test_a_refused_erasure_is_said_and_leaves_the_question_open(desk, keeping, case):
    keeping.ask_erasure()
    keeping.type_number(case.number)
    keeping.write_reason("the customer asked")
    desk.fail_next = WorldError("service.offline")
    keeping.erase()
    assert keeping.state.problem.code == "service.offline"
    assert keeping.state.is_asking
    assert keeping.state.certificate is None


# ── the screen ─────────────────────────────────────────────────────────────────────────────────────────────────────


def screen(desk, case):
    context = make_context(desk)
    made = case_screen.make(context)
    made.navigation = context.navigation
    made.resize(1200, 760)
    made.show()
    made.opened(case_id=case.id)
    QApplication.processEvents()
    return made


@pytest.fixture
def view(desk, case):
    made = screen(desk, case)
    made.handover._presenter._poll_s = 0
    yield made
    made.shut()


def choose(path):
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    QApplication.processEvents()


def press(widget, kind, name):
    QTest.mouseClick(widget.findChild(kind, name), Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def test_the_key_asks_where_and_the_card_says_what_is_there_and_how_it_is_checked(desk, view, case, tmp_path):
    assert view.act("case.package")
    choose(tmp_path / "kept.zip")
    page = view.handover
    assert page.findChild(QLabel, "case.package.done").text().startswith("Saved: kept.zip")
    assert "verify.html" in page.findChild(QLabel, "case.package.how").text()
    assert page.findChild(QLabel, "case.package.fingerprint").text().replace(" ", "") == ROOT
    assert page.package.done.isVisible()
    assert not page.findChild(QProgressBar, "case.package.bar").isVisible()


def test_while_it_is_built_the_bar_moves_and_nothing_can_be_begun_twice(desk, view, case):
    presenter = view.handover._presenter
    building = r.PackageView(id=case.id, case_id=case.id, state=PackageState.BUILDING, step="", done=3, total=9)
    presenter._set(is_packing=True, package=building)
    bar = view.handover.findChild(QProgressBar, "case.package.bar")
    assert not bar.isHidden()
    assert bar.value() == 33
    assert bar.accessibleName()
    assert "3 of 9" in view.handover.findChild(QLabel, "case.package.step").text()
    assert not view.handover.findChild(QPushButton, "case.package.make").isEnabled()


def test_the_box_for_outside_goes_along(desk, view, case, tmp_path):
    view.handover.findChild(QCheckBox, "case.package.outside").setChecked(True)
    view.act("case.package")
    choose(tmp_path / "out.zip")
    assert desk.packages_asked[0].is_outside_copy


def test_the_report_s_key_saves_it(desk, view, case, tmp_path):
    assert view.act("case.report")
    choose(tmp_path / "r.pdf")
    assert (tmp_path / "r.pdf").read_bytes() == PDF
    assert not view.handover.report.done.isHidden()


def test_the_e_mail_of_a_copy_goes_to_the_clipboard(desk, view, case):
    view._show_handover()
    press(view.handover, QPushButton, "case.copies.make")
    press(view.handover, QPushButton, "case.copies.mail")
    (copy,) = desk.copies_by_id.values()
    assert copy.link in QGuiApplication.clipboard().text()
    assert view.handover.findChild(QLabel, "case.copies.copied").text()
    press(view.handover, QToolButton, "case.copies.revoke")
    assert view.handover.findChild(QPushButton, "case.copies.mail") is None or not view.handover.findChild(QPushButton, "case.copies.mail").isVisible()


def test_an_agent_sees_how_long_it_is_kept_and_may_not_change_it(qapp):
    desk = busy_desk(FakeDeskApi(roles=(Role.AGENT,)))
    case = next(iter(desk.cases_by_id.values()))
    view = screen(desk, case)
    view._show_handover()
    page = view.handover
    assert "7 years" in page.findChild(QLabel, "case.keeping.text").text()
    for name in ("hold", "release", "erase"):
        assert page.findChild(QPushButton, f"case.keeping.{name}").isHidden()
    view.shut()


def test_a_date_is_told_once_the_case_is_closed(desk, case):
    desk.closed(case.id, desk.clock.now() - timedelta(days=1))
    view = screen(desk, case)
    assert "Will be erased after" in view.handover.findChild(QLabel, "case.keeping.text").text()
    view.shut()


def test_erasing_wants_the_number_typed_and_shows_the_certificate(desk, view, case, tmp_path):
    view._show_handover()
    view.handover.findChild(QPushButton, "case.keeping.erase").click()
    QApplication.processEvents()
    dialog = QApplication.activeModalWidget()
    now = dialog.findChild(QPushButton, "erasure.now")
    assert not now.isEnabled()
    QTest.keyClicks(dialog.findChild(QLineEdit, "erasure.number"), case.number)
    assert not now.isEnabled(), "a reason is still missing"
    QTest.keyClicks(dialog.findChild(QPlainTextEdit, "erasure.reason"), "asked for")
    assert now.isEnabled()
    now.click()
    QApplication.processEvents()
    assert case.number in dialog.findChild(QPlainTextEdit, "erasure.certificate").toPlainText()
    dialog.findChild(QPushButton, "erasure.save").click()
    QApplication.processEvents()
    choose(tmp_path / "c.txt")
    assert (tmp_path / "c.txt").exists()
    assert view.navigation.opened == []
    dialog.accept()
    QApplication.processEvents()
    assert view.handover.findChild(QPushButton, "case.keeping.erase").isHidden()
    assert view.navigation.opened == [("cases", {})], "there is nothing to see here any more"


def test_every_word_changes_with_the_language(desk, view, case):
    view._show_handover()
    i18n.set_language(Language.NL)
    for widget in view.findChildren(QLabel):
        again = getattr(widget, "retranslate", None)
        if callable(again):
            again()
    for card in (view.handover, view.handover.package, view.handover.keeping):
        card.retranslate()
    assert view.handover.findChild(QCheckBox, "case.package.outside").text().startswith("Voor buiten")
    assert "jaar" in view.handover.findChild(QLabel, "case.keeping.text").text()
