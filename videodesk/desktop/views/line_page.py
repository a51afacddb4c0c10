"""The network test's page: what it means in words, what was asked, earlier tests, a text for IT."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from videodesk.calls.line_report import Advice, StepResult, StepState, advise
from videodesk.desktop.i18n import exact_moment, t
from videodesk.desktop.line_words import advice_text, report_text, step_name, step_result
from videodesk.desktop.presenters.line_test import LinePresenter, LineState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Banner, Button, Card, ComboBox, Icon, Label, label

COLUMN_PX: Final = 720
_SIGNS: Final = {"ok": ("circle-check", "ok"), "neutral": ("info-circle", "text_muted"), "warning": ("alert-triangle", "warning"),
                 "danger": ("alert-circle", "danger")}
_STATES: Final = {StepState.OK: ("circle-check", "ok"), StepState.FAILED: ("circle-x", "danger"), StepState.SKIPPED: ("circle-dashed", "text_muted"),
                  StepState.RUNNING: ("hourglass", "accent_text"), StepState.WAITING: ("circle-dashed", "text_muted")}


class LinePage(QWidget):
    """See the module. Keeps no test running that nobody sees."""

    def __init__(self, presenter: LinePresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._state = LineState()
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 2 * SPACE, SPACE, 0)
        inside = QWidget()
        inside.setMaximumWidth(COLUMN_PX)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * SPACE)
        outer.addWidget(inside, 1)
        outer.addStretch(0)
        column.addWidget(self._what_it_means())
        column.addWidget(self._what_was_asked())
        column.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setInterval(150)
        self._timer.timeout.connect(presenter.tick)
        self._end = presenter.watch(self._render)

    def _what_it_means(self) -> Card:
        card = Card("line.title")
        card.body.addWidget(label(key="line.lead", role="muted", wraps=True))
        self.start = Button("line.start", "primary", icon_name="wifi", pressed=self._presenter.start)
        self.start.setObjectName("line.start")
        self.cancel = Button("line.cancel", "secondary", icon_name="x", pressed=self._presenter.stop)
        self.cancel.setObjectName("line.cancel")
        self.copy = Button("line.copy", "secondary", icon_name="copy", pressed=self._copy)
        self.copy.setObjectName("line.copy")
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for button in (self.start, self.cancel, self.copy):
            row.addWidget(button)
        row.addStretch(1)
        card.body.addLayout(row)
        self._progress = QProgressBar()
        self._progress.setObjectName("line.progress")
        self._progress.setTextVisible(False)
        self._word = label(role="muted", wraps=True)
        self._word.setObjectName("line.word")
        self._copied = Banner("ok")
        card.body.addWidget(self._word)
        card.body.addWidget(self._progress)
        card.body.addWidget(self._copied)
        self._advice = QVBoxLayout()
        self._advice.setSpacing(SPACE)
        card.body.addLayout(self._advice)
        return card

    def _what_was_asked(self) -> Card:
        card = Card("line.steps")
        self.earlier = ComboBox()
        self.earlier.setObjectName("line.history")
        self.earlier.activated.connect(self._presenter.show)
        card.head.addWidget(self.earlier)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(2 * SPACE)
        self._grid.setVerticalSpacing(SPACE)
        self._grid.setColumnStretch(3, 1)
        card.body.addLayout(self._grid)
        self._rows: list[_Row] = []
        self._asked = card
        return card

    def retranslate(self) -> None:
        """The language changed."""
        self._render(self._state)

    def shut(self) -> None:
        """The screen goes for good."""
        self._timer.stop()
        self._end()
        self._presenter.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Earlier tests are read when it is seen."""
        super().showEvent(event)
        self._presenter.load()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """What nobody waits for is stopped."""
        super().hideEvent(event)
        self._timer.stop()
        self._presenter.stop()
        self._copied.hide()

    def _render(self, state: LineState) -> None:
        self._state = state
        report = state.report
        steps = state.steps if state.is_running else report.steps if report is not None else ()
        self.start.setVisible(not state.is_running)
        self.start.set_key("line.again" if report is not None else "line.start")
        self.cancel.setVisible(state.is_running)
        self.copy.setVisible(report is not None)
        self._progress.setVisible(state.is_running)
        self._progress.setRange(0, max(1, len(steps)))
        self._progress.setValue(state.done)
        if state.is_running:
            self._word.setText(t("line.running", done=state.done, n=len(steps)))
            self._copied.hide()
        else:
            self._word.setText(t("line.none_yet") if report is None else t("line.at", at=exact_moment(report.at)))
        self._progress.setAccessibleName(self._word.text())
        self._put_advice(advise(report) if report is not None else ())
        self._asked.setVisible(bool(steps))
        self._put_steps(steps)
        self._put_history(state)

    def _put_advice(self, found: tuple[Advice, ...]) -> None:
        while (item := self._advice.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for number, one in enumerate(found):
            self._advice.addWidget(_said(one, f"line.advice.{number}"))

    def _put_steps(self, steps: tuple[StepResult, ...]) -> None:
        while len(self._rows) < len(steps):
            self._rows.append(_Row(self._grid, len(self._rows)))
        for at, row in enumerate(self._rows):
            row.put(steps[at] if at < len(steps) else None)

    def _put_history(self, state: LineState) -> None:
        wanted = [f"{exact_moment(one.at)} · {t(f'line.level.{one.level}')}" for one in state.reports]
        if [self.earlier.itemText(at) for at in range(self.earlier.count())] != wanted:
            self.earlier.clear()
            self.earlier.addItems(wanted)
        self.earlier.setCurrentIndex(state.shown)
        self.earlier.setVisible(len(wanted) > 1 and not state.is_running)
        self.earlier.setAccessibleName(t("line.history"))
        self.earlier.setMinimumContentsLength(24)

    def _copy(self) -> None:
        if (report := self._state.report) is not None:
            QGuiApplication.clipboard().setText(report_text(report))
            self._copied.say("line.copied", "ok")


def _said(advice: Advice, name: str) -> QWidget:
    """A sentence with a sign before it."""
    row = QFrame()
    row.setObjectName(name)
    inside = QHBoxLayout(row)
    inside.setContentsMargins(0, 0, 0, 0)
    inside.setSpacing(SPACE)
    text = advice_text(advice)
    row.setAccessibleName(f"{t(f'line.level.{advice.level}')}: {text}")
    column = QVBoxLayout()
    column.setContentsMargins(0, 1, 0, 0)
    column.addWidget(Icon(*_SIGNS[advice.level], 18))
    column.addStretch(1)
    inside.addLayout(column)
    inside.addWidget(label(text, wraps=True), 1)
    return row


class _Row:
    """A step: sign, name, address, result."""

    def __init__(self, grid: QGridLayout, at: int) -> None:
        self._icon = Icon("circle-dashed", size_px=18)
        self._name: Label = label()
        self._where: Label = label(role="caption")
        self._result: Label = label(wraps=True)
        for column, widget in enumerate((self._icon, self._name, self._where, self._result)):
            grid.addWidget(widget, at, column)

    def put(self, step: StepResult | None) -> None:
        """Show a step, or nothing."""
        for widget in (self._icon, self._name, self._where, self._result):
            widget.setVisible(step is not None)
        if step is None:
            return
        self._icon.set(*_STATES[step.state])
        if step.state is StepState.OK and step.reason:
            self._icon.set("alert-triangle", "warning")
        self._name.setText(step_name(step))
        self._where.setText(step.where)
        self._result.setText(step_result(step))
        self._result.setAccessibleName(f"{step_name(step)}: {step_result(step)}")


