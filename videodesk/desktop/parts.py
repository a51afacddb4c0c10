"""What the desktop program is made of, filled by bootstrap: DesktopParts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from videodesk.annotation.measuring_ports import ReferenceFinder
from videodesk.annotation.privacy_ports import PrivacyFinder
from videodesk.calls.capture_ports import TextReader, Vision
from videodesk.calls.ports import MediaEngine
from videodesk.client.api import DeskApi
from videodesk.client.channel import ChannelListener, Outgoing
from videodesk.client.delivery import Delivery
from videodesk.client.outbox import Outbox
from videodesk.core.clock import Clock
from videodesk.desktop.sealing import Station
from videodesk.settings import Settings


class RunningService(Protocol):
    """A desk service the desktop started itself (or found at --service: then without secret and code)."""

    @property
    def url(self) -> str:
        """Where this desktop reaches it."""
        ...

    @property
    def embedded_secret(self) -> str | None:
        """Signs the embedded desktop in without a form."""
        ...

    @property
    def setup_code(self) -> str:
        """Allows the first account; empty when the person must type it."""
        ...

    async def stop(self) -> None:
        """End it; idempotent."""
        ...


class SigningApi(DeskApi, Protocol):
    """A DeskApi that can be given a sign-in token."""

    def use_token(self, token: str | None) -> None:
        """Use this token from now on. Any thread."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class LiveChannel(Protocol):
    """A channel (client.channel.Channel). All in the engine's loop."""

    def start(self, token: str) -> None:
        """Connect and stay connected."""
        ...

    async def stop(self) -> None:
        """Say goodbye."""
        ...

    def hurry(self) -> None:
        """Try again now."""
        ...

    def send(self, message: Outgoing) -> None:
        """Send, or keep for a moment."""
        ...


@dataclass(slots=True)
class DesktopParts:
    """Everything injected.

    `reach_service` runs in the engine: it starts the embedded service, or names the one of --service. `make_api` and `make_channel`
    are called in the engine's loop. `make_media` gets that loop, in the engine; None or a DeskError means no media on this machine.
    """

    settings: Settings
    clock: Clock
    work_dir: Path
    reach_service: Callable[[], Awaitable[RunningService]]
    make_api: Callable[[str], SigningApi]
    make_channel: Callable[[str, ChannelListener], LiveChannel]
    make_outbox: Callable[[Path], Outbox] | None = None
    make_delivery: Callable[[Outbox, DeskApi], Delivery] | None = None
    make_media: Callable[[asyncio.AbstractEventLoop], MediaEngine] | None = None
    make_vision: Callable[[], Vision] | None = None
    finder: ReferenceFinder | None = None
    make_privacy: Callable[[TextReader | None], PrivacyFinder] | None = None
    make_sealer: Callable[[], Station] | None = None
    link: str | None = None
    driver_socket: str | None = None
    is_single_instance: bool = True
