"""The tab of a case from which things leave: evidence package, report, the customer's copy; and how long the case is kept."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from videodesk.core.vocabulary import Language
from videodesk.desktop.i18n import error_text, number, t
from videodesk.desktop.presenters.handover import HandoverPresenter, HandoverState
from videodesk.desktop.presenters.keeping import KeepingPresenter
from videodesk.desktop.proof_words import size_text, step_text
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.handover_copies import CopiesCard
from videodesk.desktop.views.keeping import KeepingCard
from videodesk.desktop.views.proof_panel import Fingerprint
from videodesk.desktop.views.saving import ask_where
from videodesk.desktop.widgets import Banner, Button, Card, Choice, ElidedLabel, Field, Icon, label
from videodesk.protocol.resources import CaseView


class _Done(QWidget):
    """A file that is there: its name, and buttons beside it."""

    def __init__(self, *buttons: Button) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(Icon("circle-check", "ok", 18))
        self.text = ElidedLabel(role="strong")
        row.addWidget(self.text, 1)
        for button in buttons:
            row.addWidget(button)


class PackageCard(Card):
    """Choose, build with progress, and what to do with the file."""

    def __init__(self, presenter: HandoverPresenter) -> None:
        super().__init__("proof.package")
        self.setObjectName("case.package")
        self._presenter = presenter
        self.body.addWidget(label(key="proof.package_lead", role="muted", wraps=True))
        self.outside = QCheckBox()
        self.outside.setObjectName("case.package.outside")
        self.outside.toggled.connect(lambda is_on: presenter.choose_outside(is_outside=is_on))
        self._hint = label(key="proof.package_outside_hint", role="caption", wraps=True)
        self._hint.setContentsMargins(28, 0, 0, SPACE)
        choice = QVBoxLayout()
        choice.setSpacing(0)
        choice.addWidget(self.outside)
        choice.addWidget(self._hint)
        self.body.addLayout(choice)
        self.make = Button("proof.package_make", "primary", icon_name="package", pressed=self.ask)
        self.make.setObjectName("case.package.make")
        self._step = label(role="body")
        self._step.setObjectName("case.package.step")
        self.bar = QProgressBar()
        self.bar.setObjectName("case.package.bar")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        row = QHBoxLayout()
        row.addWidget(self.make)
        row.addStretch(1)
        row.addWidget(self._step)
        self.body.addLayout(row)
        self.body.addWidget(self.bar)
        folder = Button("proof.open_folder", "secondary", icon_name="folder", pressed=self._open_folder)
        folder.setObjectName("case.package.folder")
        self.done = _Done(folder)
        self.done.text.setObjectName("case.package.done")
        self.how = label(key="proof.package_how", role="body", wraps=True)
        self.how.setObjectName("case.package.how")
        self.fingerprint = Fingerprint("case.package.fingerprint")
        self.body.addWidget(self.done)
        self.body.addWidget(self.how)
        self.body.addWidget(self.fingerprint)
        self.retranslate()

    def ask(self) -> None:
        """Ask where the package goes, then build it."""
        if self._presenter.state.case is not None and not self._presenter.state.is_packing:
            ask_where(self, self._presenter.package_name, self._presenter.pack)

    def put(self, state: HandoverState) -> None:
        """Show how far it is."""
        package, path = state.package, state.package_path
        self.outside.setEnabled(not state.is_packing)
        self.make.setEnabled(not state.is_packing)
        self.bar.setVisible(state.is_packing)
        self._step.setVisible(state.is_packing)
        if state.is_packing:
            percent = state.percent
            self.bar.setRange(0, 0 if percent is None else 100)
            self.bar.setValue(percent or 0)
            words = t("proof.package_building") if package is None else step_text(package)
            if package is not None and package.digest:
                words = t("proof.package_saving")
            count = t("proof.package_count", done=number(package.done), total=number(package.total)) if package is not None and percent is not None else ""
            self._step.setText(" · ".join(part for part in (words, count) if part))
        is_done = path is not None and not state.is_packing
        self.done.setVisible(is_done)
        self.how.setVisible(is_done)
        self.fingerprint.put(state.fingerprint if is_done else "")
        if path is not None:
            size = size_text(package.size_bytes) if package is not None else ""
            self.done.text.setText(t("proof.package_done", name=path.name, size=size))

    def _open_folder(self) -> None:
        _open_path(self._presenter.state.package_path, is_folder=True)

    def retranslate(self) -> None:
        """The box and the bar have no label of the kit."""
        self.outside.setText(t("proof.package_outside"))
        self.outside.setAccessibleName(t("proof.package_outside"))
        self.outside.setAccessibleDescription(t("proof.package_outside_hint"))
        self.bar.setAccessibleName(t("proof.progress"))


class ReportCard(Card):
    """The report as a PDF."""

    def __init__(self, presenter: HandoverPresenter) -> None:
        super().__init__("proof.report")
        self.setObjectName("case.report")
        self._presenter = presenter
        self.body.addWidget(label(key="proof.report_lead", role="muted", wraps=True))
        self.make = Button("proof.report_make", "secondary", icon_name="file-text", pressed=self.ask)
        self.make.setObjectName("case.report.make")
        self._busy = label(key="proof.report_busy", role="body")
        row = QHBoxLayout()
        row.addWidget(self.make)
        row.addStretch(1)
        row.addWidget(self._busy)
        self.body.addLayout(row)
        show = Button("proof.report_open", "secondary", icon_name="external-link", pressed=self._open)
        show.setObjectName("case.report.open")
        self.done = _Done(show)
        self.done.text.setObjectName("case.report.done")
        self.body.addWidget(self.done)

    def ask(self) -> None:
        """Ask where the report goes."""
        if self._presenter.state.case is not None and not self._presenter.state.is_reporting:
            ask_where(self, self._presenter.report_name, self._presenter.report)

    def put(self, state: HandoverState) -> None:
        """Show how far it is."""
        self.make.setEnabled(not state.is_reporting)
        self._busy.setVisible(state.is_reporting)
        self.done.setVisible(state.report_path is not None)
        if state.report_path is not None:
            self.done.text.setText(t("proof.report_done", name=state.report_path.name))

    def _open(self) -> None:
        _open_path(self._presenter.state.report_path)


class HandoverPage(QWidget):
    """All cards. Shows what its two presenters say; `shut` ends that."""

    def __init__(self, presenter: HandoverPresenter, keeping: KeepingPresenter) -> None:
        super().__init__()
        self.setObjectName("case.handover")
        self._presenter, self._keeping = presenter, keeping
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE + 4, SPACE, SPACE)
        column.setSpacing(2 * SPACE)
        self.banner = Banner("danger")
        self.banner.closer.clicked.connect(presenter.dismiss)
        self._language: Choice[Language] = Choice("language", Language)
        self._language.setObjectName("case.handover.language")
        self._language.setMaximumWidth(220)
        self._language.chosen.connect(presenter.choose_language)
        self.package = PackageCard(presenter)
        self.report = ReportCard(presenter)
        self.copies = CopiesCard(presenter)
        self.keeping = KeepingCard(keeping)
        choice = Field("proof.language", self._language)
        column.addWidget(self.banner)
        column.addWidget(choice, 0, Qt.AlignmentFlag.AlignLeft)
        for card in (self.package, self.report, self.copies, self.keeping):
            column.addWidget(card)
        column.addStretch(1)
        self.copies.setVisible(presenter.may_share)
        self._end = presenter.watch(self.put)

    def show_case(self, case: CaseView) -> None:
        """Everything is about this case."""
        self._presenter.show(case)
        self._keeping.show(case)

    def reload(self) -> None:
        """Fetch copies and retention anew."""
        self._presenter.reload()
        self._keeping.reload()

    def put(self, state: HandoverState) -> None:
        """Show the state."""
        if state.problem is None:
            self.banner.hide()
        else:
            self.banner.say_text(error_text(state.problem), "danger")
        self._language.put(state.language)
        self.package.put(state)
        self.report.put(state)
        self.copies.put(state)

    def retranslate(self) -> None:
        """All words anew."""
        self.put(self._presenter.state)

    def shut(self) -> None:
        """Watch no more."""
        self._end()
        self.keeping.shut()
        self._presenter.close()
        self._keeping.close()


def _open_path(path: Path | None, *, is_folder: bool = False) -> None:
    if path is not None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent if is_folder else path)))
