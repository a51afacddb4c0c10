"""What every screen is given: DesktopContext. The ports of the desktop's own surroundings. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from videodesk.annotation.measuring_ports import ReferenceFinder
from videodesk.annotation.privacy_ports import PrivacyFinder
from videodesk.calls.capture_ports import Vision
from videodesk.calls.ports import LocalMedia, MediaEngine
from videodesk.client.api import DeskApi
from videodesk.client.delivery import Delivery
from videodesk.client.outbox import Outbox
from videodesk.core.clock import Clock
from videodesk.core.people import Principal, Role
from videodesk.core.permissions import Action, is_allowed
from videodesk.core.vocabulary import Language
from videodesk.desktop.i18n import set_language
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.tasks import Tasks
from videodesk.evidence.seal_ports import NoSealer, Sealer
from videodesk.protocol.messages import Wire
from videodesk.protocol.resources import PersonView
from videodesk.settings import Settings


class Channel(Protocol):
    """The desktop's WebSocket to the service, as screens see it; it reconnects and resumes by itself."""

    def send(self, message: Wire) -> None:
        """Send a message, in order; kept while the line is down for a moment. Any thread."""
        ...


class Events(Protocol):
    """The channel's messages, in the GUI thread."""

    def subscribe(self, listener: Callable[[Wire], None]) -> Callable[[], None]:
        """Call `listener` for each message from now on; returns what ends it."""
        ...


class Navigation(Protocol):
    """The shell, as screens see it."""

    def open(self, screen: str, **params: Any) -> None:
        """Show screen `screen` (inbox, cases, case, call, annotate, review, settings); the one before comes back with `back`."""
        ...

    def back(self) -> None:
        """Show the screen before this one."""
        ...

    def notify(self, key: str, **params: Any) -> None:
        """Tell the person something short: in the window, and by the tray or taskbar where the window is not in front."""
        ...


def _no_theme(name: str) -> None:
    """Nothing to tint without a program around."""
    del name


@dataclass(slots=True)
class Session:
    """Who is signed in."""

    person: PersonView
    token: str = field(default="", repr=False)

    @property
    def principal(self) -> Principal:
        """The person as the one who acts."""
        return Principal(self.person.id, frozenset(self.person.roles), self.person.display_name)

    def can(self, action: Action) -> bool:
        """Whether the permission table lets this person do it; the service decides again."""
        return is_allowed(self.principal, action)

    @property
    def is_supervisor(self) -> bool:
        """Whether this person reviews."""
        return Role.SUPERVISOR in self.person.roles


@dataclass(slots=True)
class DesktopContext:
    """All that a screen may use. One for a signed-in session; `navigation` is the shell.

    `media`, `outbox`, `delivery`, `vision`, `finder` and `privacy` are None where there is none (tests, a machine without media): a screen then says so.
    `sealer` may become ready later, and seals nothing before (`is_ready`). `work_dir` is the desktop's own folder (originals not yet confirmed).
    """

    api: DeskApi
    tasks: Tasks
    clock: Clock
    settings: Settings
    preferences: PreferenceStore
    session: Session
    events: Events
    channel: Channel
    navigation: Navigation
    work_dir: Path
    media: MediaEngine | None = None
    outbox: Outbox | None = None
    delivery: Delivery | None = None
    vision: Vision | None = None
    finder: ReferenceFinder | None = None
    privacy: PrivacyFinder | None = None
    sealer: Sealer = field(default_factory=NoSealer)
    choose_language: Callable[[Language], None] = set_language
    choose_theme: Callable[[str], None] = _no_theme

    def open(self, screen: str, **params: Any) -> None:
        """Show another screen."""
        self.navigation.open(screen, **params)

    def local_media(self) -> LocalMedia:
        """The devices the person chose."""
        chosen = self.preferences.value
        return LocalMedia(chosen.camera_id, chosen.microphone_id, chosen.speaker_id, self.preferences.orders())
