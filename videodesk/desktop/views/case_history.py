"""What happened to a case, newest first."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from videodesk.core.vocabulary import CaseStatus, Language
from videodesk.desktop import i18n
from videodesk.desktop.i18n import moment_text, t, word
from videodesk.desktop.presenters.case import CaseState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Icon, label
from videodesk.protocol.resources import HistoryEntry

_ICONS: Final = {"status": "arrow-narrow-right", "field": "edit", "note": "note", "invitation": "link", "call": "phone", "snapshot": "camera",
                 "review": "eye-check", "checklist": "list-check"}
_SHOWN_MOST: Final = 200


class HistoryList(QWidget):
    """One line per entry."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, SPACE + 4, SPACE, SPACE)
        self._column.setSpacing(SPACE + 4)
        self._shown: tuple[tuple[HistoryEntry, ...], Language] | None = None

    def put(self, state: CaseState) -> None:
        """Show it."""
        if self._shown == (state.history, i18n.language()):
            return
        self._shown = (state.history, i18n.language())
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for entry in state.history[:_SHOWN_MOST]:
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(SPACE + 4)
            line.addWidget(Icon(_ICONS.get(entry.what, "circle-dot"), "text_muted", 18), 0, Qt.AlignmentFlag.AlignTop)
            words = QVBoxLayout()
            words.setSpacing(1)
            words.addWidget(label(_sentence(entry.what, entry.data), wraps=True))
            words.addWidget(label(f"{entry.actor_name} · {moment_text(entry.at, state.now)}", "caption", wraps=True))
            line.addLayout(words, 1)
            self._column.addWidget(row)
        if not state.history:
            self._column.addWidget(label(key="case.no_history", role="muted"))
        self._column.addStretch(1)


def _sentence(what: str, data: dict[str, Any]) -> str:
    if what == "status":
        status = str(data.get("to", ""))
        words = t("case.happened.status", status=word("status", status) if status in set(CaseStatus) else status)
        return f"{words}: {data['reason']}" if data.get("reason") else words
    if what == "field":
        names = data.get("fields") or [data.get("field", "")]
        known = i18n.texts(i18n.language())
        found = [t(f"case.{name}") for name in names if f"case.{name}" in known]
        return t("case.happened.field", fields=", ".join(found)) if found else t("case.happened.record")
    if what in _ICONS:
        return word("case.happened", what)
    return what
