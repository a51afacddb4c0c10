"""The annotation document and its edits: each edit is a command with an exact inverse, undone and redone without limit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from videodesk.annotation.marks import Box, Mark, Redaction, RedactionPen, Step


@dataclass(frozen=True, slots=True)
class Framing:
    """How a rendition frames the original: cut to `crop` (whole px of the original; None: all of it), then turned `turns` quarters clockwise.

    Marks keep the original's coordinates whatever the framing; words are not turned upright again.
    """

    crop: Box | None = None
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """The marks on one original of `width_px` × `height_px` (upright as its EXIF says), the lowest first. Mark ids are unique."""

    width_px: int
    height_px: int
    marks: tuple[Mark, ...] = ()
    framing: Framing = Framing()

    def find(self, mark_id: str) -> Mark | None:
        """The mark with this id."""
        return next((mark for mark in self.marks if mark.id == mark_id), None)

    def index(self, mark_id: str) -> int:
        """The place of the mark with this id; KeyError when there is none."""
        for place, mark in enumerate(self.marks):
            if mark.id == mark_id:
                return place
        raise KeyError(mark_id)

    def step_number(self, mark_id: str) -> int:
        """The number that the step with this id shows: its place among the steps, from 1; KeyError when it is no step."""
        steps = [mark.id for mark in self.marks if isinstance(mark, Step)]
        if mark_id not in steps:
            raise KeyError(mark_id)
        return steps.index(mark_id) + 1

    @property
    def has_redaction(self) -> bool:
        """Whether pixels are destroyed in renditions of this document."""
        return any(isinstance(mark, Redaction | RedactionPen) for mark in self.marks)

    @property
    def framed(self) -> Box:
        """The part of the original that a rendition shows, in px of the original."""
        return self.framing.crop or Box(0, 0, self.width_px, self.height_px)

    @property
    def rendition_size(self) -> tuple[int, int]:
        """Width and height in px of a rendition: cut and turned."""
        width, height = round(self.framed.width), round(self.framed.height)
        return (height, width) if self.framing.turns % 2 else (width, height)


@dataclass(frozen=True, slots=True)
class Add:
    """Put `mark` in at `index`."""

    index: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Remove:
    """Take `mark` out, which stands at `index`."""

    index: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Change:
    """Replace `before`, which stands at `index`, by `after`; the id stays."""

    index: int
    before: Mark
    after: Mark


@dataclass(frozen=True, slots=True)
class Reorder:
    """Take the mark at `source` out and put it in again at `target`."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Frame:
    """Replace the framing `before` by `after`."""

    before: Framing
    after: Framing


@dataclass(frozen=True, slots=True)
class Together:
    """Several commands that are one step for the person."""

    commands: tuple[Command, ...]


Command = Add | Remove | Change | Reorder | Frame | Together


def apply(document: Document, command: Command) -> Document:  # noqa: C901 - one arm a command
    """The document after `command`. ValueError when the command does not fit the document (a bug, never a person's mistake)."""
    marks = document.marks
    match command:
        case Add(index, mark):
            if not 0 <= index <= len(marks) or document.find(mark.id) is not None:
                message = f"cannot add {mark.id} at {index}"
                raise ValueError(message)
            return replace(document, marks=(*marks[:index], mark, *marks[index:]))
        case Remove(index, mark):
            _expect(marks, index, mark)
            return replace(document, marks=marks[:index] + marks[index + 1:])
        case Change(index, before, after):
            _expect(marks, index, before)
            if before.id != after.id:
                message = "a change keeps the id"
                raise ValueError(message)
            return replace(document, marks=(*marks[:index], after, *marks[index + 1:]))
        case Reorder(source, target):
            if not (0 <= source < len(marks) and 0 <= target < len(marks)):
                message = f"cannot move {source} to {target}"
                raise ValueError(message)
            rest = marks[:source] + marks[source + 1:]
            return replace(document, marks=(*rest[:target], marks[source], *rest[target:]))
        case Frame(before, after):
            if document.framing != before:
                message = "another framing"
                raise ValueError(message)
            return replace(document, framing=after)
        case Together(commands):
            for part in commands:
                document = apply(document, part)
            return document


def inverse(command: Command) -> Command:
    """The command that takes `command` back exactly, so that the document is equal to the one before it."""
    match command:
        case Add(index, mark):
            return Remove(index, mark)
        case Remove(index, mark):
            return Add(index, mark)
        case Change(index, before, after):
            return Change(index, after, before)
        case Reorder(source, target):
            return Reorder(target, source)
        case Frame(before, after):
            return Frame(after, before)
        case Together(commands):
            return Together(tuple(inverse(part) for part in reversed(commands)))


def _expect(marks: tuple[Mark, ...], index: int, mark: Mark) -> None:
    if not 0 <= index < len(marks) or marks[index] != mark:
        message = f"{mark.id} is not at {index}"
        raise ValueError(message)


@dataclass(frozen=True, slots=True)
class History:
    """A document with everything done to it and everything taken back. Immutable: each method returns the next history."""

    document: Document
    done: tuple[Command, ...] = field(default=(), repr=False)
    undone: tuple[Command, ...] = field(default=(), repr=False)

    def do(self, command: Command) -> History:
        """Carry out `command`; what was taken back before is forgotten. A command that changes nothing leaves the history as it is."""
        after = apply(self.document, command)
        if after == self.document:
            return self
        return History(after, (*self.done, command), ())

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self.done)

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back."""
        return bool(self.undone)

    def undo(self) -> History:
        """Take the last command back; nothing happens when there is none."""
        if not self.done:
            return self
        last = self.done[-1]
        return History(apply(self.document, inverse(last)), self.done[:-1], (*self.undone, last))

    def redo(self) -> History:
        """Carry out again what was taken back last; nothing happens when there is none."""
        if not self.undone:
            return self
        last = self.undone[-1]
        return History(apply(self.document, last), (*self.done, last), self.undone[:-1])
