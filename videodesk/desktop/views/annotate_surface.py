"""What the canvas is to its parts (places, keys, cursors, painting): they know this, not the widget."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QKeyEvent, QPainter

from videodesk.annotation.marks import Kind, Mark, Point
from videodesk.annotation.shaping import Handle
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.drawing.turned import Placing
from videodesk.desktop.drawing.viewport import Viewport
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.views.annotate_gesture import Gesture
from videodesk.desktop.views.annotate_scene import Scene
from videodesk.desktop.views.annotate_words import WordsEditor


class Places(Protocol):
    """What lies where (CanvasPlaces)."""

    def handle_points(self, chosen: tuple[Mark, ...]) -> dict[Handle, Point]:
        """Where marks are taken hold of, in px of the original."""
        ...

    def handle_places(self, chosen: tuple[Mark, ...]) -> dict[Handle, QPointF]:
        """The same, in the widget."""
        ...

    def handle_at(self, place: QPointF) -> Handle | None:
        """The handle of the selection under the pointer."""
        ...

    def crop_at(self, place: QPointF) -> Handle | bool:
        """The crop's handle under the pointer; else whether the pointer is in the crop."""
        ...

    def mark_at(self, place: QPointF) -> Mark | None:
        """The mark under the pointer."""
        ...


class Proposals(Protocol):
    """What is proposed to be redacted (CanvasProposals)."""

    def at(self, place: QPointF) -> int | None:
        """The place in the list of the proposal under the pointer."""
        ...

    def press(self, event: QKeyEvent) -> bool:
        """Whether the key was about the one at hand."""
        ...

    def paint(self, painter: QPainter) -> None:
        """Outline them. For a painter on logical pixels."""
        ...


class Surface(Protocol):
    """The canvas: its state, what is in hand, and the few things its keys do."""

    state: AnnotateState
    presenter: AnnotatePresenter
    scene: Scene
    words: WordsEditor
    gesture: Gesture | None
    held_handle: Handle | None
    pointer: QPointF
    has_loupe: bool
    is_space_held: bool

    @property
    def view(self) -> Viewport:
        """Zoom and place of the (turned) picture."""
        ...

    @property
    def placing(self) -> Placing:
        """Where the original's px lie in the widget."""
        ...

    @property
    def places(self) -> Places:
        """What lies where."""
        ...

    @property
    def proposals(self) -> Proposals:
        """What is proposed to be redacted."""
        ...

    def place_mark(self, kind: Kind) -> None:
        """A mark of this kind in the middle of what is seen."""
        ...

    def fit(self) -> None:
        """Show the whole picture."""
        ...

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the picture by logical pixels."""
        ...

    def update(self) -> None:
        """Paint again soon."""
        ...

    def width(self) -> int:
        """Logical pixels."""
        ...

    def height(self) -> int:
        """Logical pixels."""
        ...

    def rect(self) -> QRect:
        """The widget's inside."""
        ...

    def hasFocus(self) -> bool:
        """Whether keys come here."""
        ...
