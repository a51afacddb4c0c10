"""The record of a case as a form."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from videodesk.core.vocabulary import CaseKind, CauseCode, Language
from videodesk.desktop.i18n import t
from videodesk.desktop.presenters.case import CasePresenter, CaseState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Card, Choice, Field, LineEdit, TextArea

_GROUPS = (
    ("case.group_what", ("title", "kind", "product", "brand", "model", "serial", "ean", "order_number", "claim_ref")),
    ("case.group_who", ("customer_name", "email", "phone", "language")),
    ("case.group_incident", ("incident_on", "incident_place", "incident_cause", "incident_description")),
    ("case.group_money", ("claimed", "estimated", "decided")),
)
_WHOLE_ROW = {"title", "incident_description", "customer_name"}
_HINTS = {"incident_on": "case.day_hint", "claimed": "case.amount_hint"}
_LABELS = {name: f"case.{name}" for _group, names in _GROUPS for name in names}


class RecordForm(QWidget):
    """Every field reports its changes to the presenter; what is shown comes from its state."""

    def __init__(self, presenter: CasePresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._controls: dict[str, QWidget] = {}
        self._fields: dict[str, Field] = {}
        self._grids: list[tuple[QGridLayout, tuple[str, ...]]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE, SPACE, SPACE)
        column.setSpacing(2 * SPACE)
        for title, names in _GROUPS:
            card = Card(title)
            grid = QGridLayout()
            grid.setSpacing(SPACE + 4)
            card.body.addLayout(grid)
            for name in names:
                control = self._make(name)
                control.setObjectName(f"case.{name}")
                self._controls[name] = control
                self._fields[name] = Field(_LABELS[name], control, hint_key=_HINTS.get(name, ""))
            self._grids.append((grid, names))
            column.addWidget(card)
        self._sensitive = QCheckBox()
        self._sensitive.setObjectName("case.is_sensitive")
        self._sensitive.toggled.connect(lambda is_on: presenter.edit("is_sensitive", is_on))
        column.addWidget(self._sensitive)
        column.addStretch(1)
        self._across = 0
        self._lay_out(2)
        self.retranslate()

    def put(self, state: CaseState) -> None:
        """Show the form; a field in which the person types keeps its cursor."""
        for name, control in self._controls.items():
            value: Any = getattr(state.form, name)
            if isinstance(control, LineEdit | TextArea | Choice):
                control.put(value)
            key = state.mistakes.get(name, "")
            self._fields[name].set_error(t(key) if key else "")
        self._sensitive.blockSignals(True)
        self._sensitive.setChecked(state.form.is_sensitive)
        self._sensitive.blockSignals(False)

    def retranslate(self) -> None:
        """The box has no label of the kit."""
        self._sensitive.setText(t("case.is_sensitive"))
        self._sensitive.setAccessibleName(t("case.is_sensitive"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One field beside the other where there is room."""
        super().resizeEvent(event)
        self._lay_out(2 if self.width() >= 520 else 1)

    def _lay_out(self, across: int) -> None:
        if across == self._across:
            return
        self._across = across
        for grid, names in self._grids:
            row, place = 0, 0
            for name in names:
                is_whole = name in _WHOLE_ROW or across == 1
                if is_whole and place:
                    row, place = row + 1, 0
                grid.addWidget(self._fields[name], row, place, 1, 2 if is_whole else 1)
                place = place + (2 if is_whole else 1)
                if place >= 2:
                    row, place = row + 1, 0
            for column in (0, 1):
                grid.setColumnStretch(column, 1)

    def _make(self, name: str) -> QWidget:
        edit = self._presenter.edit
        choice: Choice[Any] | None = None
        if name == "kind":
            choice = Choice("kind", CaseKind)
        elif name == "language":
            choice = Choice("language", Language)
        elif name == "incident_cause":
            choice = Choice("cause", CauseCode, none_key="case.cause_unknown")
        if choice is not None:
            choice.chosen.connect(lambda value: edit(name, value))
            return choice
        if name == "incident_description":
            area = TextArea(lines=5)
            area.textChanged.connect(lambda: edit(name, area.toPlainText()[:10_000]))
            return area
        line = LineEdit()
        line.textChanged.connect(lambda text: edit(name, text))
        return line
