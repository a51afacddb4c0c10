"""The base of all screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from videodesk.desktop.presentation import Presenter
from videodesk.protocol.messages import Wire


class View(QWidget):
    """A screen: widgets that show a presenter's state and pass on what the person does.

    The shell makes a view once by its module's `make(context)`, calls `opened(**params)` each time it is shown, `left()` when another
    screen comes, `handle` for every message of the channel, `retranslate` and `restyle` when language or theme change, and
    `shut` at the program's end. A subclass calls `attach(presenter)` at the end of its constructor.
    """

    title_key: str = ""
    own_actions: frozenset[str] = frozenset()  # those whose keys the view takes itself (arrows, which lists need elsewhere on it)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.presenter: Presenter[Any] | None = None
        self._end_watch: Callable[[], None] = _nothing

    def attach(self, presenter: Presenter[Any]) -> None:
        """Show `presenter`'s state from now on."""
        self.presenter = presenter
        self._end_watch = presenter.watch(self.render_state)

    def detach(self) -> None:
        """Show no more states: the widget goes, the presenter may live on."""
        self._end_watch()

    def render_state(self, state: Any) -> None:
        """Call `render`; the widget's own QWidget.render is another thing."""
        raise NotImplementedError

    def opened(self, **params: Any) -> None:
        """The screen comes to the front."""

    def may_leave(self) -> bool:
        """Whether another screen may come now (False: the view asks the person something first)."""
        return True

    @property
    def is_saving(self) -> bool:
        """Whether something of this screen is on its way to the service: sign-out and the program's end wait for it a moment."""
        return False

    def left(self) -> None:
        """Another screen came to the front."""

    def handle(self, message: Wire) -> None:
        """A message of the channel."""
        if self.presenter is not None:
            self.presenter.handle(message)

    def act(self, action_id: str) -> bool:
        """Do an action of the table that belongs to this screen; False when it is none of ours."""
        del action_id
        return False

    def panes(self) -> list[QWidget]:
        """The widgets that F6 goes through, in order."""
        return [self]

    def retranslate(self) -> None:
        """The language changed: the kit's widgets translate themselves, this shows the state anew."""
        if self.presenter is not None:
            self.render_state(self.presenter.state)

    def restyle(self) -> None:
        """The theme changed: the kit's widgets tint themselves; override for what is painted by hand."""

    def shut(self) -> None:
        """The program ends, or the person signs out."""
        self.detach()
        if self.presenter is not None:
            self.presenter.close()


def _nothing() -> None:
    """Nothing is watched yet."""
