"""Beside the picture: what the snapshot is, the supervisor's decision, what shows that the original is untouched."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from videodesk.core.clock import Clock
from videodesk.core.vocabulary import ReviewState
from videodesk.desktop.i18n import duration, exact_moment, language, moment_text, number, t, word
from videodesk.desktop.presenters.proof import ProofPresenter
from videodesk.desktop.presenters.review import Ask, ReviewPresenter, ReviewScreenState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.proof_panel import ProofPanel
from videodesk.desktop.widgets import (
    Badge,
    Button,
    ComboBox,
    ElidedLabel,
    Field,
    Icon,
    Label,
    TextArea,
    Tone,
    label,
    plain_tip,
    scrolled,
    separator,
)
from videodesk.protocol import resources as r

STATE_TONE: Final[dict[ReviewState, Tone]] = {
    ReviewState.PENDING: "neutral", ReviewState.ACCEPTED: "ok", ReviewState.RETAKE_REQUESTED: "warning", ReviewState.REJECTED: "danger",
}
REASONS: Final = ("blurred", "not_visible", "wrong_item", "too_dark", "private", "duplicate")


def item_title(state: ReviewScreenState) -> str:
    """The title of the checklist item that the snapshot is for, with the product; empty while the case is not known."""
    snapshot, case = state.current, state.case
    if snapshot is None or case is None:
        return ""
    titles = [item.title.get(language(), "") for item in case.checklist.items if item.id == snapshot.checklist_item]
    return " · ".join(part for part in (*titles, case.product) if part)


class _Words(TextArea):
    """The comment; Ctrl+Enter sends what it was asked for, Esc goes back to the pictures."""

    sent = Signal()
    gone = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter and Esc."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.sent.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.gone.emit()
        else:
            super().keyPressEvent(event)


class _Reason(ComboBox):
    """The reason of a rejection: one of the usual ones, or own words; Enter sends it."""

    sent = Signal()
    gone = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(ComboBox.InsertPolicy.NoInsert)
        for _reason in REASONS:
            self.addItem("")
        self.retranslate()
        self.setEditText("")

    def retranslate(self) -> None:
        """The reasons in the language chosen now; own words stay."""
        kept = self.currentText()
        for place, reason in enumerate(REASONS):
            self.setItemText(place, t(f"review.reason.{reason}"))
        self.setEditText(kept)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Esc."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.sent.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.gone.emit()
        else:
            super().keyPressEvent(event)


class _Fact(QWidget):
    """A small name with its value below."""

    def __init__(self, key: str, *, is_mono: bool = False) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(label(key=key, role="caption"))
        self.value = ElidedLabel(role="mono" if is_mono else "body")
        column.addWidget(self.value)

    def put(self, text: str) -> None:
        """Show this value; all of it is in the tool tip."""
        self.value.setText(text)
        self.value.setToolTip(plain_tip(text))
        self.setVisible(bool(text))


class ReviewPanel(QFrame):
    """`left` when the person is done with a field; `annotate_pressed` and `case_pressed` for the way elsewhere."""

    left = Signal()
    annotate_pressed = Signal()
    case_pressed = Signal()

    def __init__(self, presenter: ReviewPresenter, proof: ProofPresenter, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setObjectName("review.panel")
        self.setFixedWidth(332)
        self._presenter, self._proof = presenter, proof
        self._clock = clock
        self._state = ReviewScreenState()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        self._build_head(column)
        column.addWidget(separator())
        self._build_decision(column)
        self._build_earlier(column)
        column.addWidget(separator())
        self.proof = ProofPanel(proof)
        column.addWidget(self.proof)
        column.addWidget(separator())
        self._build_integrity(column)
        column.addStretch(1)
        outer.addWidget(scrolled(inside))

    def _build_head(self, column: QVBoxLayout) -> None:
        head = QHBoxLayout()
        self._number = Label(role="heading")
        self._number.setObjectName("review.case_number")
        self._badge = Badge()
        self._badge.setObjectName("review.badge")
        head.addWidget(self._number)
        head.addStretch(1)
        head.addWidget(self._badge)
        column.addLayout(head)
        self._item = label(role="strong", wraps=True)
        self._item.setObjectName("review.item")
        self._who = label(role="muted", wraps=True)
        column.addWidget(self._item)
        column.addWidget(self._who)
        row = QHBoxLayout()
        row.setSpacing(4)
        self._to_case = Button("review.open_case", "ghost", icon_name="folder", pressed=self.case_pressed.emit)
        self._to_case.setObjectName("review.open_case")
        self._to_marks = Button("review.annotate", "ghost", icon_name="pencil", pressed=self.annotate_pressed.emit)
        self._to_marks.setObjectName("review.annotate")
        row.addWidget(self._to_case)
        row.addWidget(self._to_marks)
        row.addStretch(1)
        column.addLayout(row)

    def _build_decision(self, column: QVBoxLayout) -> None:
        self._why_not = QFrame()
        self._why_not.setProperty("surface", "well")
        row = QHBoxLayout(self._why_not)
        row.addWidget(Icon("lock", "text_muted", 18), 0, Qt.AlignmentFlag.AlignTop)
        self._why_not_text = label(role="body", wraps=True)
        self._why_not_text.setObjectName("review.why_not")
        row.addWidget(self._why_not_text, 1)
        column.addWidget(self._why_not)
        self.comment = _Words("review.comment_hint", lines=3)
        self.comment.setObjectName("review.comment")
        self.comment.textChanged.connect(lambda: self._presenter.write_comment(self.comment.toPlainText()))
        self.comment.sent.connect(self.send)
        self.comment.gone.connect(self._go)
        self._comment_field = Field("review.comment", self.comment)
        self.reason = _Reason()
        self.reason.setObjectName("review.reason")
        self.reason.editTextChanged.connect(self._presenter.write_reason)
        self.reason.sent.connect(self._presenter.reject)
        self.reason.gone.connect(self._go)
        self._reason_field = Field("review.reason", self.reason)
        column.addWidget(self._comment_field)
        column.addWidget(self._reason_field)
        self._accept = Button("review.accept", "primary", pressed=self._presenter.accept)
        self._retake = Button("review.retake", "secondary", pressed=self._presenter.request_retake)
        self._reject = Button("review.reject", "secondary", pressed=self._presenter.reject)
        for name, button in (("accept", self._accept), ("retake", self._retake), ("reject", self._reject)):
            button.setObjectName(f"review.{name}")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column.addWidget(self._accept)
        both = QHBoxLayout()
        both.setSpacing(SPACE)
        both.addWidget(self._retake, 1)
        both.addWidget(self._reject, 1)
        column.addLayout(both)

    def _build_earlier(self, column: QVBoxLayout) -> None:
        self._earlier_title = label(key="review.earlier", role="caption")
        self._earlier = label(role="body", wraps=True)
        self._earlier.setObjectName("review.earlier")
        column.addWidget(self._earlier_title)
        column.addWidget(self._earlier)

    def _build_integrity(self, column: QVBoxLayout) -> None:
        head = QHBoxLayout()
        self._grade_icon = Icon("shield-check", "ok", 18)
        self._grade = label(role="strong", wraps=True)
        self._grade.setObjectName("review.grade")
        head.addWidget(self._grade_icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._grade, 1)
        column.addLayout(head)
        self._digest = _Fact("review.digest", is_mono=True)
        self._digest.value.setObjectName("review.digest")
        self._method = _Fact("review.method_label")
        self._captured = _Fact("review.captured")
        self._size = _Fact("review.size")
        self._verdict = _Fact("review.verdict")
        for name, fact in (("method", self._method), ("captured", self._captured), ("size", self._size), ("verdict", self._verdict)):
            fact.value.setObjectName(f"review.{name}")
        self.originals = ComboBox()
        self.originals.setObjectName("review.originals")
        self.originals.activated.connect(lambda place: self._presenter.look_at(str(self.originals.itemData(place))))
        self._originals_field = Field("review.originals", self.originals)
        column.addWidget(self._originals_field)
        for fact in (self._method, self._size, self._verdict, self._captured, self._digest):
            column.addWidget(fact)

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────────────

    def show_state(self, state: ReviewScreenState) -> None:
        """Show the snapshot in hand and what can be decided."""
        before, self._state = self._state, state
        snapshot = state.current
        self.setVisible(snapshot is not None)
        if snapshot is None:
            return
        self._number.setText(snapshot.case_number)
        self._badge.set(word("review.state", snapshot.review_state), STATE_TONE[snapshot.review_state])
        item = item_title(state)
        self._item.setText(item)
        self._item.setVisible(bool(item))
        at = moment_text(snapshot.captured_at, self._clock.now())
        self._who.setText(t("review.taken_by", by=snapshot.captured_by_name, at=at) + (f"\n{snapshot.caption}" if snapshot.caption else ""))
        is_clip = snapshot.duration_s is not None
        self._to_marks.set_key("call.tray.open_clip" if is_clip else "review.annotate")
        self._to_marks.set_icon("player-play" if is_clip else "pencil")
        self._show_decision(state)
        self._show_earlier(snapshot)
        self._show_integrity(snapshot)
        seen = state.seen_original
        self._proof.show(snapshot, None if seen is None else seen.id)
        if state.ask is not before.ask:
            self._ask(state.ask)

    def _show_decision(self, state: ReviewScreenState) -> None:
        why_not = state.why_not
        self._why_not.setVisible(why_not is not None)
        self._why_not_text.setText("" if why_not is None else t(why_not))
        may = why_not is None and not state.is_deciding
        self.comment.put(state.comment)
        if self.reason.currentText() != state.reason:
            self.reason.setEditText(state.reason)
        self._comment_field.setVisible(why_not is None)
        self._reason_field.setVisible(why_not is None and (state.ask is Ask.REASON or bool(state.reason)))
        self._comment_field.set_hint("review.sends_comment" if state.ask is Ask.WORDS else "")
        self._reason_field.set_hint("review.sends_reason")
        self._comment_field.set_error(t("review.words_needed") if state.ask is Ask.WORDS and not state.comment.strip() else "")
        self._reason_field.set_error(t("review.reason_needed") if state.ask is Ask.REASON and not state.reason.strip() else "")
        for button in (self._accept, self._retake, self._reject):
            button.setEnabled(may)
            button.setAccessibleDescription("" if why_not is None else t(why_not))

    def _show_earlier(self, snapshot: r.SnapshotView) -> None:
        now = self._clock.now()
        lines = []
        for made in reversed(snapshot.decisions):
            words = " – ".join(part for part in (made.reason, made.comment) if part)
            head = t("review.decided_by", decision=word("review.state", ReviewState(made.decision.value)), by=made.decided_by_name,
                     at=moment_text(made.at, now))
            lines.append(head + (f"\n{words}" if words else ""))
        self._earlier.setText("\n".join(lines))
        self._earlier.setVisible(bool(lines))
        self._earlier_title.setVisible(bool(lines))

    def _show_integrity(self, snapshot: r.SnapshotView) -> None:
        """The facts of the original that is looked at."""
        seen = self._state.seen_original
        facts: r.OriginalView | r.SnapshotView = snapshot if seen is None else seen
        is_good = facts.is_evidence_grade
        self._grade_icon.set("shield-check" if is_good else "alert-triangle", "ok" if is_good else "warning")
        self._grade.setText(t("review.grade" if is_good else "review.no_grade"))
        self._digest.put(facts.digest)
        frame = "" if facts.frame_seq is None else t("review.frame", seq=number(facts.frame_seq))
        self._method.put(" · ".join(part for part in (word("review.method", facts.method), facts.codec, frame) if part))
        self._captured.put(exact_moment(facts.captured_at))
        long = "" if facts.duration_s is None else duration(facts.duration_s)
        size = t("review.size_value", width=facts.width_px, height=facts.height_px, kb=number(facts.size_bytes / 1024))
        self._size.put(" · ".join(part for part in (size, long) if part))
        self._verdict.put(", ".join(word("call.verdict", problem) for problem in facts.verdict))
        self._show_originals(snapshot)

    def _show_originals(self, snapshot: r.SnapshotView) -> None:
        self._originals_field.setVisible(len(snapshot.originals) > 1)
        seen = self._state.seen_original
        with QSignalBlocker(self.originals):
            self.originals.clear()
            for original in snapshot.originals:
                leads = f" · {t('review.leads')}" if original.id == snapshot.leading else ""
                self.originals.addItem(word("call.method", original.method) + leads, original.id)
            if seen is not None:
                self.originals.setCurrentIndex(self.originals.findData(seen.id))

    def _ask(self, ask: Ask) -> None:
        if ask is Ask.WORDS:
            self.comment.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif ask is Ask.REASON:
            self.reason.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif self.comment.hasFocus() or self.reason.hasFocus():
            self.left.emit()

    # ── what the person can do ─────────────────────────────────────────────────────────────────────────────────

    def write(self) -> None:
        """Go to the comment."""
        if self._state.why_not is None:
            self.comment.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def send(self) -> None:
        """Ctrl+Enter in the comment: the decision it was asked for; a comment that nobody asked for just stays with the next decision."""
        if self._state.ask is Ask.WORDS:
            self._presenter.request_retake()
        elif self._state.ask is Ask.REASON:
            self._presenter.reject()
        else:
            self.left.emit()

    def _go(self) -> None:
        self._presenter.stop_asking()
        self.left.emit()

    def retranslate(self) -> None:
        """All words anew."""
        self.show_state(self._state)


