"""The dialog for a new case: what is needed to invite, the rest later."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.core.vocabulary import CaseKind, Language
from videodesk.desktop.i18n import error_text, t
from videodesk.desktop.presenters.cases import CasesState, NewCase
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Banner, Button, Choice, Field, LineEdit, label


class NewCaseDialog(QDialog):
    """Kind, customer, product."""

    def __init__(self, add: Callable[[NewCase], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("new_case")
        self.setWindowTitle(t("cases.new"))
        self.setMinimumWidth(520)
        self._add = add
        self._was_adding = False
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        column.addWidget(label(key="cases.new", role="title"))
        self._banner = Banner("danger", can_close=False)
        column.addWidget(self._banner)
        self._kind: Choice[CaseKind] = Choice("kind", CaseKind)
        self._language: Choice[Language] = Choice("language", Language)
        self._name, self._email, self._phone, self._product, self._order = LineEdit(), LineEdit(), LineEdit(), LineEdit(), LineEdit()
        grid = QGridLayout()
        grid.setSpacing(SPACE + 4)
        self._name_field = Field("case.customer_name", self._name)
        places = (
            (Field("case.kind", self._kind), 0, 0, 1), (Field("case.language", self._language), 0, 1, 1), (self._name_field, 1, 0, 2),
            (Field("case.email", self._email), 2, 0, 1), (Field("case.phone", self._phone), 2, 1, 1),
            (Field("case.product", self._product), 3, 0, 1), (Field("case.order_number", self._order), 3, 1, 1))
        for field, row, place, span in places:
            grid.addWidget(field, row, place, 1, span)
        for edit, name in ((self._kind, "kind"), (self._language, "language"), (self._name, "customer_name"), (self._email, "email"),
                           (self._phone, "phone"), (self._product, "product"), (self._order, "order_number")):
            edit.setObjectName(f"new_case.{name}")
        column.addLayout(grid)
        column.addStretch(1)
        row_ = QHBoxLayout()
        row_.addStretch(1)
        row_.addWidget(Button("common.cancel", "ghost", pressed=self.reject))
        self._create = Button("cases.create", "primary", pressed=self._done)
        self._create.setObjectName("new_case.create")
        self._create.setDefault(True)
        row_.addWidget(self._create)
        column.addLayout(row_)
        self._name.setFocus()

    def put(self, state: CasesState) -> None:
        """Busy, done, or what went wrong."""
        self._create.setEnabled(not state.is_adding)
        if self._was_adding and not state.is_adding:
            if state.problem is None:
                self.accept()
            else:
                self._banner.say_text(error_text(state.problem), "danger")
        self._was_adding = state.is_adding

    def _done(self) -> None:
        if not self._name.text().strip():
            self._name_field.set_error(t("settings.fill_in"))
            self._name.setFocus()
            return
        self._name_field.set_error("")
        self._add(NewCase(kind=self._kind.value() or CaseKind.FREE, customer_name=self._name.text(), email=self._email.text(),
                          phone=self._phone.text(), product=self._product.text(), order_number=self._order.text(),
                          language=self._language.value() or Language.NL))
