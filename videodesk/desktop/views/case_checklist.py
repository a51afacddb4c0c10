"""The checklist beside a case: what is there, what is missing, what was skipped and why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.i18n import t
from videodesk.desktop.presenters.case import CasePresenter, CaseState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.dialogs import ask_reason
from videodesk.desktop.widgets import Badge, Card, Icon, IconButton, label
from videodesk.protocol.resources import ChecklistItemView, ChecklistView


class ChecklistCard(Card):
    """Items in order; the required ones that are missing stand out."""

    def __init__(self, presenter: CasePresenter) -> None:
        super().__init__("case.checklist")
        self._presenter = presenter
        self._shown: tuple[ChecklistView, Language] | None = None
        self._badge = Badge()
        self.head.addWidget(self._badge)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self.body.addWidget(self._progress)
        self._rows: list[QWidget] = []
        self._none = label(key="case.no_checklist", role="muted", wraps=True)
        self.body.addWidget(self._none)

    def put(self, state: CaseState) -> None:
        """Show it; rows are made anew only when something changed."""
        if state.case is None:
            return
        checklist = state.case.checklist
        if self._shown == (checklist, i18n.language()):
            return
        self._shown = (checklist, i18n.language())
        items = checklist.items
        self._none.setVisible(not items)
        self._progress.setVisible(bool(items))
        self._badge.setVisible(bool(items))
        required = [item for item in items if item.is_required]
        settled = [item for item in required if item.is_done or item.skipped_reason]
        self._progress.setRange(0, max(1, len(required)))
        self._progress.setValue(len(settled))
        self._progress.setAccessibleName(t("case.checklist_progress", done=len(settled), total=len(required)))
        missing = len(required) - len(settled)
        if missing:
            self._badge.set(t("case.missing", n=missing), "warning")
        else:
            self._badge.set(t("case.complete"), "ok")
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = [self._row(item) for item in items]
        for row in self._rows:
            self.body.addWidget(row)

    def _row(self, item: ChecklistItemView) -> QWidget:
        title = item.title.get(i18n.language(), item.id)
        hint = item.hint.get(i18n.language(), "")
        if item.is_done:
            symbol, colour, note = "circle-check", "ok", t("case.item_shots", n=len(item.snapshot_ids))
        elif item.skipped_reason:
            symbol, colour, note = "circle-x", "text_muted", t("case.item_skipped", reason=item.skipped_reason)
        else:
            symbol, colour, note = "circle-dashed", "warning" if item.is_required else "text_muted", hint
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 4, 0, 4)
        line.setSpacing(SPACE)
        line.addWidget(Icon(symbol, colour, 20), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(label(title if item.is_required else t("case.item_optional", title=title), wraps=True))
        if note:
            words.addWidget(label(note, "caption", wraps=True))
        line.addLayout(words, 1)
        if not item.is_done:
            button = (IconButton("case.unskip", "arrow-back-up", size_px=16, pressed=lambda: self._presenter.skip(item.id, ""))
                      if item.skipped_reason else IconButton("case.skip", "player-skip-forward", size_px=16, pressed=lambda: self._ask(item.id, title)))
            button.setAccessibleName(f"{button.toolTip()}: {title}")
            button.setObjectName(f"case.skip.{item.id}")
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _ask(self, item_id: str, title: str) -> None:
        ask_reason(self, t("case.skip_title", title=title), "case.skip_why", lambda reason: self._presenter.skip(item_id, reason))
