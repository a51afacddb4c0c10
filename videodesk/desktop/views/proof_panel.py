"""What is proven of a picture: one calm line, and on demand by what and since when, in plain words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from videodesk.desktop.i18n import error_text, t
from videodesk.desktop.presenters.proof import ProofPresenter, ProofState
from videodesk.desktop.proof_words import ProofLine, grouped, proof_lines
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Button, Card, Icon, IconButton, Label, label, scrolled

_COLOURS = {"neutral": "text_muted", "ok": "ok", "warning": "warning", "danger": "danger"}


class _Line(QWidget):
    """A sign with its sentence."""

    def __init__(self, role: str = "body") -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        self._icon = Icon("shield", size_px=18)
        self.text: Label = label(role="strong" if role == "strong" else "body", wraps=True)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def put(self, line: ProofLine) -> None:
        """Show it."""
        self._icon.set(line.icon, _COLOURS[line.tone])
        self.text.setText(line.text)


class Fingerprint(QWidget):
    """The desk's fingerprint, to read aloud or to copy; hidden while there is none."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._root = ""
        block = QVBoxLayout(self)
        block.setContentsMargins(0, 4, 0, 0)
        block.setSpacing(2)
        head = QHBoxLayout()
        head.addWidget(label(key="proof.fingerprint", role="caption"))
        head.addStretch(1)
        copy = IconButton("proof.fingerprint_copy", "copy", size_px=16, pressed=lambda: QGuiApplication.clipboard().setText(self._root))
        copy.setObjectName(f"{name}_copy")
        head.addWidget(copy)
        block.addLayout(head)
        self._digits = label(role="mono", wraps=True)
        self._digits.setObjectName(name)
        self._digits.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        block.addWidget(self._digits)
        self.hide()

    def put(self, root: str) -> None:
        """Show it."""
        self._root = root
        self._digits.setText(grouped(root))
        self.setVisible(bool(root))


class ProofDetails(QWidget):
    """All sentences of the original that is looked at, and the desk's fingerprint."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE)
        self._lines: list[_Line] = []
        self._fingerprint = Fingerprint("proof.fingerprint")
        self._column.addWidget(self._fingerprint)

    def put(self, state: ProofState) -> None:
        """Show the answer, if there is one."""
        lines = proof_lines(state.seen, state.answer) if state.seen is not None and state.answer is not None else ()
        while len(self._lines) < len(lines):
            line = _Line()
            line.text.setObjectName(f"proof.line.{len(self._lines)}")
            self._column.insertWidget(len(self._lines), line)
            self._lines.append(line)
        for place, widget in enumerate(self._lines):
            widget.setVisible(place < len(lines))
            if place < len(lines):
                widget.put(lines[place])
        self._fingerprint.put(state.answer.root_fingerprint if state.answer is not None else "")


class ProofHead(QWidget):
    """The one line; what it says while it is not known."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        self._line = _Line("strong")
        self._line.text.setObjectName("proof.head")
        row.addWidget(self._line, 1)

    def put(self, state: ProofState) -> None:
        """Show the state in a line."""
        if state.problem is not None:
            self._line.put(ProofLine("alert-circle", "warning", error_text(state.problem)))
        else:
            self._line.put(state.headline or ProofLine("shield", "neutral", t("proof.checking")))


class ProofPanel(QWidget):
    """Head and details below each other, for the side of the review screen; `toggle` folds the details."""

    def __init__(self, presenter: ProofPresenter) -> None:
        super().__init__()
        self.setObjectName("proof.panel")
        self._presenter = presenter
        self._is_open = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        self._head = ProofHead()
        self.details = ProofDetails()
        self.again = Button("proof.again", "ghost", icon_name="refresh", pressed=presenter.again)
        self.again.setObjectName("proof.again")
        self.fold = Button("proof.hide", "ghost", pressed=self.toggle)
        self.fold.setObjectName("proof.fold")
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.fold)
        row.addWidget(self.again)
        row.addStretch(1)
        column.addWidget(self._head)
        column.addWidget(self.details)
        column.addLayout(row)
        self._end = presenter.watch(self.put)

    def toggle(self) -> None:
        """Fold or unfold the details."""
        self._is_open = not self._is_open
        self.put(self._presenter.state)

    def put(self, state: ProofState) -> None:
        """Show it."""
        self.setVisible(state.snapshot is not None)
        self._head.put(state)
        self.details.put(state)
        self.details.setVisible(self._is_open and state.answer is not None)
        self.fold.set_key("proof.hide" if self._is_open else "proof.details")
        self.fold.setVisible(state.answer is not None)

    def retranslate(self) -> None:
        """All words anew."""
        self.put(self._presenter.state)

    def shut(self) -> None:
        """Watch no more."""
        self._end()


class ProofCard(Card):
    """One line below the case's pictures; the details open in a window of their own, so that the pictures keep their room."""

    def __init__(self, presenter: ProofPresenter) -> None:
        super().__init__()
        self.setObjectName("case.proof")
        self._presenter = presenter
        self._dialog: ProofDialog | None = None
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        self._head = ProofHead()
        self.open = Button("case.proof", "secondary", icon_name="shield-check", pressed=self.show_details)
        self.open.setObjectName("case.proof.open")
        row.addWidget(self._head, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.open)
        self.body.addLayout(row)
        if (outer := self.layout()) is not None:
            outer.setContentsMargins(2 * SPACE, SPACE, SPACE + 4, SPACE)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._end = presenter.watch(self.put)

    def put(self, state: ProofState) -> None:
        """Show it."""
        self.setVisible(state.snapshot is not None)
        self._head.put(state)
        self.open.setEnabled(state.answer is not None)
        if self._dialog is not None:
            self._dialog.put(state)

    def show_details(self) -> None:
        """All of it."""
        if self._presenter.state.snapshot is None or self._dialog is not None:
            return
        self._dialog = ProofDialog(self._presenter, self.window())
        self._dialog.finished.connect(self._gone)
        self._dialog.open()

    def _gone(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def retranslate(self) -> None:
        """All words anew."""
        self.put(self._presenter.state)

    def shut(self) -> None:
        """Watch no more."""
        self._end()


class ProofDialog(QDialog):
    """What is proven of one picture, whole."""

    def __init__(self, presenter: ProofPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("proof")
        self.setWindowTitle(t("proof.title"))
        self.setMinimumWidth(560)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        column.addWidget(label(key="proof.title", role="title"))
        self._head = ProofHead()
        self.details = ProofDetails()
        inside = QWidget()
        block = QVBoxLayout(inside)
        block.setContentsMargins(0, 0, SPACE, 0)
        block.setSpacing(2 * SPACE)
        block.addWidget(self._head)
        block.addWidget(self.details)
        block.addStretch(1)
        column.addWidget(scrolled(inside), 1)
        row = QHBoxLayout()
        row.addWidget(Button("proof.again", "ghost", icon_name="refresh", pressed=presenter.again))
        row.addStretch(1)
        done = Button("common.close", "primary", pressed=self.accept)
        done.setObjectName("proof.done")
        row.addWidget(done)
        column.addLayout(row)
        self.put(presenter.state)
        self.resize(600, 400)
        done.setFocus()

    def put(self, state: ProofState) -> None:
        """Show it."""
        self._head.put(state)
        self.details.put(state)
