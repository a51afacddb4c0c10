"""What can be said in numbers and words about the selected marks: name, words, place and size, order, alignment; and the picture's framing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.annotation.document import Framing
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import Arrow, Box, Callout, Line, Mark, Point, Ruler, Stamp, Text
from videodesk.annotation.shaping import Handle, dragged
from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.i18n import t
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.annotate_number import LARGEST, NumberEdit
from videodesk.desktop.widgets import Field, IconButton, Label, LineEdit, TextArea, label

_BOX: Final = ("x", "y", "width", "height")
_ENDS: Final = ("start_x", "start_y", "end_x", "end_y")
_TARGET: Final = ("target_x", "target_y")
_SIZES: Final = frozenset({"width", "height"})
_ORDER: Final = ("to_front", "forward", "backward", "to_back")
_ALIGN: Final = ("align_left", "align_centre", "align_right", "align_top", "align_middle", "align_bottom", "distribute_across", "distribute_down")
Act = Callable[[str], None]


class _Numbers(QWidget):
    """Number fields under their labels, two in a row; `prefix` parts the names of fields that are on the screen twice."""

    def __init__(self, names: Iterable[str], typed: Callable[[str], None], prefix: str = "annotate.") -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(4)
        self.edits: dict[str, NumberEdit] = {}
        self._fields: dict[str, Field] = {}
        for place, name in enumerate(names):
            edit = NumberEdit(0 if name in _SIZES else -LARGEST)
            edit.setObjectName(f"{prefix}{name}")
            edit.entered.connect(lambda name=name: typed(name))
            self.edits[name] = edit
            self._fields[name] = Field(f"annotate.box_{name}", edit)
            grid.addWidget(self._fields[name], place // 2, place % 2)

    def show_values(self, values: dict[str, float]) -> None:
        """Show these, and only these."""
        for name, edit in self.edits.items():
            self._fields[name].setVisible(name in values)
            if name in values:
                edit.put_value(values[name])

    def box(self, old: Box) -> Box:
        """`old` with what was typed; a number that was only shown rounded is not a change."""
        typed = (self.edits[name].value() if self._fields[name].isVisibleTo(self) else was for name, was in zip(_BOX, old, strict=True))
        return Box(*(was if round(was) == now else now for was, now in zip(old, typed, strict=True)))


def _values_of(mark: Mark, box: Box) -> dict[str, float]:
    if isinstance(mark, Arrow | Line | Ruler):
        return dict(zip(_ENDS, (*mark.start, *mark.end), strict=True))
    if isinstance(mark, Callout):  # its size is its words
        return {"x": box.x, "y": box.y} | dict(zip(_TARGET, mark.target, strict=True))
    return dict(zip(_BOX, box, strict=True))


def _action_row(names: Iterable[str], act: Act, prefix: str = "annotate.") -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(2)
    for name in names:
        button = IconButton(f"annotate.{name}", size_px=18, pressed=lambda name=name: act(name))  # type: ignore[misc]
        button.setObjectName(f"{prefix}{name}")
        row.addWidget(button)
    row.addStretch(1)
    return row


def _bin(act: Act, prefix: str = "annotate.") -> IconButton:
    button = IconButton("annotate.delete", size_px=18, pressed=lambda: act("delete"))
    button.setObjectName(f"{prefix}delete")
    button.set_icon("trash", "danger")
    return button


class _OneMark(QWidget):
    """Name, words and numbers of the only selected mark."""

    def __init__(self, presenter: AnnotatePresenter, act: Act) -> None:
        super().__init__()
        self._presenter = presenter
        self._mark: Mark | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = _action_row((*_ORDER, "duplicate"), act)
        row.addWidget(_bin(act))
        column.addLayout(row)
        self.name = LineEdit(max_chars=200)
        self.name.setObjectName("annotate.name")
        self.name.editingFinished.connect(lambda: self._presenter.rename(self.name.text()))
        self.words = TextArea(lines=2)
        self.words.setObjectName("annotate.mark_words")
        self.words.textChanged.connect(self._words_typed)
        self._words_field = Field("annotate.words", self.words)
        column.addWidget(Field("annotate.name", self.name))
        column.addWidget(self._words_field)
        self._numbers = _Numbers((*_BOX, *_ENDS, *_TARGET), self._typed)
        column.addWidget(self._numbers)

    def show_mark(self, mark: Mark) -> None:
        """Show this one."""
        if self._mark is None or self._mark.id != mark.id or not self.name.hasFocus():
            self.name.put(mark.name)
        self._mark = mark
        is_worded = isinstance(mark, Text | Callout | Stamp)
        self._words_field.setVisible(is_worded)
        if isinstance(mark, Text | Callout | Stamp) and (self.words.toPlainText().strip() or not self.words.hasFocus()):
            self.words.put(mark.text)
        self._numbers.show_values(_values_of(mark, bounds(mark, self._presenter.measure)))

    def _words_typed(self) -> None:
        words = self.words.toPlainText()
        if isinstance(self._mark, Text | Callout | Stamp) and words.strip() and words != self._mark.text:
            self._presenter.type_words(self._mark, words)

    def _typed(self, name: str) -> None:
        mark, edits = self._mark, self._numbers.edits
        if mark is None:
            return
        if name in _BOX:
            self._presenter.place(self._numbers.box(bounds(mark, self._presenter.measure)))
            return
        end = name.removesuffix("_x").removesuffix("_y")
        handle = Handle(end)
        old = {Handle.START: getattr(mark, "start", None), Handle.END: getattr(mark, "end", None), Handle.TARGET: getattr(mark, "target", None)}[handle]
        assert old is not None
        value = edits[name].value()
        to = Point(value, old.y) if name.endswith("_x") else Point(old.x, value)
        self._presenter.change(self._presenter.kept(dragged(mark, handle, to, measure=self._presenter.measure)))


class _SeveralMarks(QWidget):
    """The box around several selected marks, how they lie to each other, their order."""

    def __init__(self, presenter: AnnotatePresenter, act: Act) -> None:
        super().__init__()
        self._presenter = presenter
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._title = Label(role="strong")
        column.addWidget(self._title)
        row = _action_row((*_ORDER, "duplicate"), act, "annotate.several_")
        row.addWidget(_bin(act, "annotate.several_"))
        column.addLayout(row)
        self._numbers = _Numbers(_BOX, lambda _name: self._placed(), "annotate.several_")
        column.addWidget(self._numbers)
        grid = QGridLayout()
        grid.setSpacing(2)
        self._arranging: dict[str, IconButton] = {}
        for place, name in enumerate(_ALIGN):
            button = IconButton(f"annotate.{name}", size_px=18, pressed=lambda name=name: act(name))  # type: ignore[misc]
            button.setObjectName(f"annotate.{name}")
            self._arranging[name] = button
            grid.addWidget(button, place // 6, place % 6)
        for place, name in enumerate(("group", "ungroup")):
            button = IconButton(f"annotate.{name}", size_px=18, pressed=lambda name=name: act(name))  # type: ignore[misc]
            button.setObjectName(f"annotate.{name}")
            self._arranging[name] = button
            grid.addWidget(button, 1, 3 + place)
        grid.setColumnStretch(6, 1)
        column.addLayout(grid)

    def show_marks(self, marks: tuple[Mark, ...]) -> None:
        """Show these (two or more)."""
        self._title.setText(t("annotate.several", n=len(marks)))
        self._numbers.show_values(dict(zip(_BOX, self._presenter.common_box(), strict=True)))
        groups = {mark.group for mark in marks}
        self._arranging["group"].setEnabled(len(groups) > 1 or "" in groups)
        self._arranging["ungroup"].setEnabled(groups != {""})
        for name in ("distribute_across", "distribute_down"):
            self._arranging[name].setEnabled(len(marks) > 2)

    def _placed(self) -> None:
        self._presenter.place(self._numbers.box(self._presenter.common_box()))


class _FramingFields(QWidget):
    """Which part of the picture renditions show, in numbers."""

    def __init__(self, presenter: AnnotatePresenter, act: Act) -> None:
        super().__init__()
        self._presenter = presenter
        self._framed = Box(0, 0, 1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(label(key="annotate.framing", role="strong"))
        self._numbers = _Numbers(_BOX, lambda _name: self._presenter.crop(self._numbers.box(self._framed)), "annotate.crop_")
        column.addWidget(self._numbers)
        self._size = Label(role="caption")
        column.addWidget(self._size)
        row = _action_row(("turn_left", "turn_right"), act, "annotate.crop_")
        self._reset = IconButton("annotate.reset_framing", size_px=18, pressed=lambda: act("reset_framing"))
        self._reset.setObjectName("annotate.reset_framing")
        row.addWidget(self._reset)
        column.addLayout(row)

    def show_framing(self, state: AnnotateState) -> None:
        """Show what is cut, and how large a rendition becomes."""
        self._framed = state.framed
        self._numbers.show_values(dict(zip(_BOX, state.framed, strict=True)))
        width, height = state.document.rendition_size
        self._size.setText(t("annotate.rendition_size", width=width, height=height))
        self._reset.setEnabled(state.framing != Framing())


class DetailPanel(QWidget):
    """Shows the fields for what is selected: one mark, several, or the framing while cropping. `act` does an action by name."""

    def __init__(self, presenter: AnnotatePresenter, act: Act, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 0, 4, 0)
        self._one = _OneMark(presenter, act)
        self._several = _SeveralMarks(presenter, act)
        self._framing = _FramingFields(presenter, act)
        for part in (self._one, self._several, self._framing):
            part.hide()
            column.addWidget(part)
        column.addStretch(1)

    def show_state(self, state: AnnotateState) -> None:
        """Show what belongs to the selection."""
        marks = state.selection
        is_framing = state.tool is Tool.CROP and not marks and state.picture is not None
        if len(marks) == 1:
            self._one.show_mark(marks[0])
        elif marks:
            self._several.show_marks(marks)
        if is_framing:
            self._framing.show_framing(state)
        self._one.setVisible(len(marks) == 1)
        self._several.setVisible(len(marks) > 1)
        self._framing.setVisible(is_framing)
        self.setVisible(bool(marks) or is_framing)

    def take_focus(self, state: AnnotateState) -> None:
        """The list's Enter: the words of the mark, else its name."""
        mark = state.only
        if mark is None:
            return
        target = self._one.words if isinstance(mark, Text | Callout | Stamp) else self._one.name
        target.setFocus()
        target.selectAll()
