"""The running desktop: engine, bridge, window; from the entry to the shell and back, and a clean end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from videodesk.annotation.privacy_ports import PrivacyFinder
from videodesk.calls.capture_ports import Vision
from videodesk.calls.ports import MediaEngine
from videodesk.client.delivery import Delivery
from videodesk.client.outbox import Outbox
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.bridge import Bridge, BridgedChannel
from videodesk.desktop.context import DesktopContext, Session
from videodesk.desktop.engine import Engine
from videodesk.desktop.parts import DesktopParts, LiveChannel, RunningService, SigningApi
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presenters.entry import EntryPresenter, Link
from videodesk.desktop.sealing import Station, keep_enrolled
from videodesk.desktop.session import TokenStore, system_keyring
from videodesk.desktop.shell import Shell
from videodesk.desktop.theme import apply_theme
from videodesk.desktop.views.entry import EntryView
from videodesk.desktop.window import MainWindow
from videodesk.evidence.seal_ports import NoSealer
from videodesk.protocol.messages import Happened, Wire
from videodesk.protocol.resources import SignedIn

LEAVE_MS: Final = 50
LEAVE_TRIES: Final = 60
_log = logging.getLogger("videodesk.desktop")


class Program:
    """Made once, in the GUI thread. `bug` takes exceptions nobody expected."""

    def __init__(self, app: QApplication, parts: DesktopParts, preferences: PreferenceStore, bug: Callable[[BaseException], None]) -> None:
        self._app = app
        self._parts = parts
        self._preferences = preferences
        self.engine = Engine(bug=bug)
        self.bridge = Bridge(self.engine)
        self.window = MainWindow(preferences, self._may_close)
        self.shell: Shell | None = None
        self._service: RunningService | None = None
        self._api: SigningApi | None = None
        self._media: MediaEngine | None = None
        self._outbox: Outbox | None = None
        self._vision: Vision | None = None
        self._privacy: PrivacyFinder | None = None
        self._sealer: Station | None = None
        self._enrolling: asyncio.Task[None] | None = None
        self._channel: LiveChannel | None = None
        self._delivery: Delivery | None = None
        self._link_wanted = parts.link or ""
        self._leave_tries = 0
        self._end_entry: Callable[[], None] = _nothing
        self.bridge.subscribe(self._heard)
        self._end_line: Callable[[], None] = _nothing
        tokens = TokenStore(parts.work_dir, system_keyring())
        self._entry = EntryPresenter(self._reach, tokens, self.bridge, parts.clock, self._entered)

    def start(self) -> None:
        """Show the window and begin; the rest comes by itself."""
        self.engine.start()
        self._show_entry()
        self.window.show()
        self._entry.start()

    def stop(self) -> None:
        """End everything, in order: screens, channel, outbox, service, loop."""
        if self.shell is not None:
            self.shell.shut()
        self._entry.close()
        self.engine.stop(self._wind_down)
        if self._outbox is not None:
            self._outbox.close()
        if self._vision is not None:
            self._vision.close()
        if self._privacy is not None:
            self._privacy.close()

    def quit(self) -> None:
        """As if the person closed the window."""
        if self.window.close():
            self._app.quit()

    def take_link(self, link: str) -> None:
        """A later start handed this over; or the driver."""
        self.window.come_to_front()
        if self.shell is not None:
            self.shell.open_link(link)
        else:
            self._link_wanted = link

    def choose_language(self, language: Language) -> None:
        """At run time, and kept."""
        self._preferences.change(language=language.value)
        i18n.set_language(language)

    def choose_theme(self, name: str) -> None:
        """At run time, and kept."""
        self._preferences.change(theme=name)
        apply_theme(self._app, name)

    def sign_out(self) -> None:
        """Back to the entry, once what was typed is saved."""
        if not self._is_ready_to_leave(self.sign_out):
            return
        self._end_line()
        if self.shell is not None:
            self.shell.shut()
            self.shell = None
        api, channel, delivery = self._api, self._channel, self._delivery
        self._channel = self._delivery = None

        async def leave() -> None:
            self._stop_enrolling()
            if channel is not None:
                await channel.stop()
            if delivery is not None:
                await delivery.stop()
            if api is not None:
                with suppress(DeskError):
                    await api.sign_out()
                api.use_token(None)

        self._show_entry()
        self.bridge.run("program.sign_out", leave, lambda _none: self._entry.signed_out())

    def _show_entry(self) -> None:
        self._end_entry()
        view = EntryView(self._entry, self._preferences, self.choose_language, self.choose_theme)
        self._end_entry = view.follow_language()
        self.window.put(view)

    async def _reach(self) -> Link:
        if self._service is None:
            self._service = await self._parts.reach_service()
        if self._api is None:
            self._api = self._parts.make_api(self._service.url)
        return Link(self._service.url, self._api, self._service.embedded_secret, self._service.setup_code)

    def _entered(self, link: Link, signed_in: SignedIn) -> None:
        self.bridge.run("program.prepare", lambda: self._prepare(link, signed_in), lambda _none: self._show_shell(signed_in),
                        self._entry.not_entered)

    async def _prepare(self, link: Link, signed_in: SignedIn) -> None:
        """What takes a moment, in the engine: media, outbox, channel."""
        loop = asyncio.get_running_loop()
        if self._media is None and self._parts.make_media is not None:
            try:
                self._media = self._parts.make_media(loop)
            except DeskError as problem:
                _log.warning("no media: %s", problem.code)
        if self._vision is None and self._parts.make_vision is not None:
            self._vision = await asyncio.to_thread(self._parts.make_vision)
        if self._privacy is None and self._parts.make_privacy is not None:
            self._privacy = self._parts.make_privacy(None if self._vision is None else self._vision.texts)
        if self._outbox is None and self._parts.make_outbox is not None:
            self._outbox = await asyncio.to_thread(self._parts.make_outbox, self._parts.work_dir / "outbox")
        if self._outbox is not None and self._parts.make_delivery is not None and self._api is not None:
            self._delivery = self._parts.make_delivery(self._outbox, self._api)
            self._delivery.start(signed_in.person.id)
        if self._sealer is None and self._parts.make_sealer is not None:
            self._sealer = self._parts.make_sealer()
        if self._sealer is not None and self._api is not None:
            # An embedded service has another port each time; it is this computer's own desk all the same.
            desk = "embedded" if link.embedded_secret is not None else link.url
            self._enrolling = loop.create_task(keep_enrolled(self._sealer, desk, self._api, self._parts.clock), name="enrol")
        self._channel = self._parts.make_channel(link.url, self.bridge)

    def _heard(self, message: Wire) -> None:
        """A case was erased: what this computer keeps of it for a day after it was sent goes too."""
        outbox = self._outbox
        if outbox is not None and isinstance(message, Happened) and message.name == "case.erased" and message.case_id is not None:
            self.bridge.run("outbox.forget_case", partial(asyncio.to_thread, outbox.forget_case, message.case_id))

    def _show_shell(self, signed_in: SignedIn) -> None:
        if self._api is None or self._channel is None:
            return
        api, channel = self._api, self._channel
        session = Session(signed_in.person, signed_in.token)
        bridged = BridgedChannel(self.engine, channel.send)

        def make(shell: Shell) -> DesktopContext:
            return DesktopContext(
                api=api, tasks=self.bridge, clock=self._parts.clock, settings=self._parts.settings, preferences=self._preferences,
                session=session, events=self.bridge, channel=bridged, navigation=shell, media=self._media, outbox=self._outbox,
                delivery=self._delivery, vision=self._vision, finder=self._parts.finder, privacy=self._privacy, sealer=self._sealer or NoSealer(), work_dir=self._parts.work_dir, choose_language=self.choose_language, choose_theme=self.choose_theme)

        self._end_entry()
        self._end_entry = _nothing
        self.shell = shell = Shell(make, self.sign_out, self.window.alert)
        self.window.put(shell)
        self.bridge.line_changed.connect(shell.line_changed)

        def end_line() -> None:
            self.bridge.line_changed.disconnect(shell.line_changed)
            self._end_line = _nothing

        self._end_line = end_line
        self.engine.call(channel.start, signed_in.token)
        link, self._link_wanted = self._link_wanted, ""
        shell.open_link(link)

    def _may_close(self) -> bool:
        if not self._is_ready_to_leave(self.quit):
            return False
        self._app.quit()
        return True

    def _is_ready_to_leave(self, again: Callable[[], None]) -> bool:
        """Ask the screen in front; while it saves, try `again` a little later (at most 3 s: then the service is gone)."""
        view = self.shell.view(self.shell.place) if self.shell is not None else None
        if view is None:
            return True
        if not view.may_leave():
            return False
        if view.is_saving and self._leave_tries < LEAVE_TRIES:
            self._leave_tries += 1
            QTimer.singleShot(LEAVE_MS, again)
            return False
        self._leave_tries = 0
        return True

    def _stop_enrolling(self) -> None:
        if self._enrolling is not None:
            self._enrolling.cancel()
            self._enrolling = None

    async def _wind_down(self) -> None:
        self._stop_enrolling()
        if self._channel is not None:
            await self._channel.stop()
        if self._delivery is not None:
            await self._delivery.stop()
        if self._api is not None:
            await self._api.close()
        if self._service is not None:
            await self._service.stop()


def _nothing() -> None:
    """Nothing to end."""
