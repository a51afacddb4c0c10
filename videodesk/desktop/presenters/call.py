"""The call screen: one call from acceptance to wrap-up. Ties the channel's messages to the media peer (desktop/peering.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from videodesk.calls.capture_ports import CallMemory, GapReason, Vision
from videodesk.calls.device_choice import DeviceChange
from videodesk.calls.live_ports import Follower
from videodesk.calls.ports import LocalMedia, MediaEngine, MediaPeer, PeerState, Quality, StillSource
from videodesk.client.api import DeskApi
from videodesk.client.outbox import Outbox
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import ConsentScope, Disposition, SnapshotMethod
from videodesk.desktop.asking import CameraAsks
from videodesk.desktop.calling import CallPhase, CallScreen, ChatItem, phase_of
from videodesk.desktop.capturing import Capturing
from videodesk.desktop.device_words import fresh_news, solved
from videodesk.desktop.drawing.filing import Render
from videodesk.desktop.live_drawing import LiveDrawer
from videodesk.desktop.live_filing import LiveFiling
from videodesk.desktop.peering import Allowed, Peering, Posted
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.recording import CallRecorder, ClipFiler
from videodesk.desktop.rewinding import Rewinder
from videodesk.desktop.tasks import Tasks
from videodesk.evidence.seal_ports import Sealer
from videodesk.protocol import messages as m
from videodesk.protocol import resources as r

FROZEN_S: Final = 0.8  # how long the frozen picture stays before the video goes on


class CallPresenter(Presenter[CallScreen]):
    """Intents and messages of the call screen. GUI thread; `post` brings a call from any thread into it."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, *, media: MediaEngine | None, outbox: Outbox | None,
                 send: Callable[[m.Wire], None], post: Callable[[Callable[[], None]], None], me: r.PersonView,
                 devices: Callable[[], LocalMedia], vision: Vision | None = None, clips: Path | None = None, sealer: Sealer | None = None,
                 render: Render | None = None, follower: Follower | None = None,
                 wait: Callable[[float], Awaitable[Any]] = asyncio.sleep) -> None:
        super().__init__(CallScreen(), tasks, clock)
        self._api, self._all_tasks, self._media = api, tasks, media
        self._send, self._post, self._me, self._devices = send, post, me, devices
        self.capturing = Capturing(self, api, self.tasks, tasks, clock, outbox=outbox, vision=vision, send=send, me=me,
                                   sealer=sealer, wait=wait)
        self.camera = CameraAsks(self, send)
        filer = ClipFiler(clips, outbox, media.recover_clips, sealer) if clips is not None and outbox is not None and media is not None else None
        self.rewinder = Rewinder(tasks, clock, self.capturing.take_rewound)
        self.recorder = CallRecorder(self, tasks, clock, filer=filer, send=send, me_id=me.id, put=self.capturing.put)
        self.live = LiveDrawer(self, tasks, clock, post=post, rewound=lambda: self.rewinder.frame, follower=follower)
        self.live_filing = LiveFiling(api, tasks, clock, render=render, lead=self.capturing.lead, failed=self.capturing.say_problem,
                                      sealer=sealer)
        self.watch(self.live.follow)
        self._clips = clips
        self._peering: Peering | None = None
        self._chat_is_open = False
        self.microphone_level = 0.0  # read by the view's meter; too frequent for a State
        if outbox is not None:
            outbox.on_change(lambda entry: post(partial(self.capturing.outbox_changed, entry)))
            outbox.on_change(lambda entry: post(partial(self.live_filing.outbox_changed, entry)))

    # ── for its parts (CallHost) ────────────────────────────────────────────────────────────────────────────────

    def change(self, **changes: Any) -> None:
        """Change fields of the state and tell the view."""
        self._set(**changes)

    def prepare(self, **changes: Any) -> None:
        """Change fields of the state; the view hears of it with the next change."""
        self._state = replace(self._state, **changes)

    # ── opening ────────────────────────────────────────────────────────────────────────────────────────────────

    def open(self, call_id: str) -> None:
        """Take this call, or come back to it. Taken by someone else: the screen says so and takes nothing over."""
        if self.state.call is not None and self.state.call.id == call_id and self.state.phase is not CallPhase.REFUSED:
            return
        self._drop_peering()
        self._clear(CallPhase.OPENING)
        self.tasks.run("call.accept", lambda: self._api.accept(call_id), self._accepted, self._not_accepted, replaces=True)

    def _clear(self, phase: CallPhase) -> None:
        fresh = CallScreen(phase=phase, is_online=self.state.is_online)
        self._set(**{field.name: getattr(fresh, field.name) for field in fields(fresh)})

    def _accepted(self, accepted: r.Accepted) -> None:
        self._take_call(accepted.call)
        if self.state.is_talking:
            self._reach(accepted.call, accepted.ice_servers)
        self.capturing.load_case(accepted.call.case_id)

    def _not_accepted(self, problem: DeskError) -> None:
        self._set(phase=CallPhase.REFUSED, error=problem)

    def _reach(self, call: m.CallView, servers: list[m.IceServer]) -> None:
        if self._media is None:
            self.media_problem("device.no_media")
            return
        if self._peering is None:
            self._peering = Peering(call.id, self._media, self._send, Posted(self, partial(self._in_gui, call.id)), self._devices,
                                    self._clips)
        peering = self._peering
        self._allow()
        self._all_tasks.run("call.ready", lambda: peering.ready(call.epoch, servers), failed=self._say_problem)

    # ── messages of the channel ────────────────────────────────────────────────────────────────────────────────

    def handle(self, message: m.Wire) -> None:
        self.capturing.handle(message)
        if isinstance(message, m.Welcome):
            self._welcomed(message)
        elif isinstance(message, m.CallReady | m.CallChanged):
            if self._is_ours(message.call.id) or self._becomes_ours(message):
                self._take_call(message.call)
                if isinstance(message, m.CallReady) and self.state.is_talking:
                    self._reach(message.call, message.ice_servers)
        elif isinstance(message, m.Signaled):
            peering = self._peering
            if peering is not None and peering.call_id == message.call_id:
                self._all_tasks.run("call.signaled", lambda: peering.signaled(message), failed=self._say_problem)
        elif isinstance(message, m.ChatLine) and self._is_ours(message.call_id):
            self._take_chat(message)

    def channel_changed(self, *, is_online: bool) -> None:
        """The line to the service came or went; the video goes on without it."""
        self._set(is_online=is_online)

    def _welcomed(self, message: m.Welcome) -> None:
        self._set(is_online=True)
        self.capturing.line_is_back()
        if self.state.call is None:
            return
        mine = next((call for call in message.calls if call.id == self.state.call.id), None)
        if mine is not None:
            self._take_call(mine)
            self._say_my_state()  # a restarted service knows nothing of it any more
            self.recorder.line_is_back()
        for line in message.chat:
            if self._is_ours(line.call_id):
                self._take_chat(line)
        for item in self.state.chat:  # said while the line was down: again, the service knows the id
            if not item.is_sent:
                self._send(m.ChatSend(call_id=self.state.call.id, message_id=item.message_id, text=item.text))
        if self.state.case is not None:
            self.capturing.load_case(self.state.case.id)

    def _becomes_ours(self, message: m.CallReady | m.CallChanged) -> bool:
        """A call of ours that is announced before (or without) `open`: taken from the inbox, or found again after a restart."""
        is_free = self.state.call is None or self.state.phase in {CallPhase.NONE, CallPhase.REFUSED}
        if not (is_free and isinstance(message, m.CallReady) and message.call.agent_id == self._me.id):
            return False
        if self.state.phase is not CallPhase.OPENING:
            self._clear(CallPhase.OPENING)
        self.capturing.load_case(message.call.case_id)
        return True

    def _is_ours(self, call_id: str) -> bool:
        return self.state.call is not None and self.state.call.id == call_id

    def _take_call(self, call: m.CallView) -> None:
        if call.agent_id is not None and call.agent_id != self._me.id:
            self._drop_peering()
            self._set(phase=CallPhase.REFUSED, error=DeskError("call.already_taken"), call=call)
            return
        phase = phase_of(call, self.state.peer_state)
        self.camera.told(call.customer)
        self._set(call=call, phase=phase, error=None)
        self._allow()
        if phase in {CallPhase.WRAP_UP, CallPhase.NONE}:
            self._drop_peering()

    # ── media ──────────────────────────────────────────────────────────────────────────────────────────────────

    def peer_made(self, peer: MediaPeer, epoch: int) -> None:
        """A new peer took the place of the old one."""
        del epoch
        self._set(peer=peer, peer_state=PeerState.NEW)
        self._follow_peer(PeerState.NEW)

    def memory_made(self, memory: CallMemory) -> None:
        """What comes in from now on is kept here, as far as consent allows."""
        self.rewinder.remember(memory)
        self.recorder.remember(memory)

    def peer_state(self, state: PeerState) -> None:
        """Our connection to the other side changed."""
        was_connected = self.state.is_connected
        self._follow_peer(state)
        if self.state.is_connected != was_connected:
            self._say_my_state()

    def quality(self, quality: Quality) -> None:
        """The verdict of the last second."""
        self._set(quality=quality)

    def levels(self, microphone: float, speaker: float) -> None:
        """Sound levels, ten times a second."""
        del speaker
        self.microphone_level = microphone

    def media_problem(self, code: str) -> None:
        """A device failed or is missing."""
        if code not in self.state.problems:
            self._set(problems=(*self.state.problems, code))

    def device_changed(self, change: DeviceChange) -> None:
        """Another device came into use: the newest word on each role stands until the person has read it."""
        self._set(moved=fresh_news(self.state.moved, change), problems=solved(self.state.problems, change))

    def devices_chosen(self) -> None:
        """The person chose other devices while the call runs."""
        if (peering := self._peering) is not None:
            self._all_tasks.run("call.devices", lambda: peering.change_devices(self._devices()), failed=self._say_problem)

    def reconnect(self) -> None:
        """The person does not want to wait: a fresh connection now."""
        if self._peering is not None:
            self._all_tasks.run("call.restart", self._peering.restart, failed=self._say_problem)

    def dismiss_problem(self, code: str) -> None:
        """The person has read it: a problem's code, or the role of a device that changed."""
        self._set(problems=tuple(known for known in self.state.problems if known != code),
                  moved=tuple(known for known in self.state.moved if known.role != code))

    def _follow_peer(self, state: PeerState) -> None:
        call = self.state.call
        self._set(peer_state=state, phase=phase_of(call, state) if call is not None and self.state.is_talking else self.state.phase)

    def _say_my_state(self) -> None:
        state = self.state
        if state.call is not None and state.is_talking:
            mine = m.PartyState(is_connected=state.is_connected, audio_muted=not state.microphone_on, video_muted=not state.camera_on)
            self._send(m.MyState(call_id=state.call.id, state=mine))

    def _drop_peering(self) -> None:
        peering, self._peering = self._peering, None
        finish = self.recorder.hung_up()
        if peering is not None:
            self._all_tasks.run("call.close", lambda: peering.close(finish), failed=self._say_problem)
        self.rewinder.remember(None)
        self.recorder.remember(None)
        self._set(peer=None, peer_state=PeerState.NEW, quality=Quality(), frozen=None)

    # ── controls ───────────────────────────────────────────────────────────────────────────────────────────────

    def toggle_microphone(self) -> None:
        """Mute or speak."""
        self._set(microphone_on=not self.state.microphone_on)
        self._switched()

    def toggle_camera(self) -> None:
        """Show oneself or not."""
        self._set(camera_on=not self.state.camera_on)
        self._switched()

    def toggle_hold(self) -> None:
        """Put the customer on hold, or take the call back."""
        call = self.state.call
        if call is None or self.state.phase not in {CallPhase.LIVE, CallPhase.ON_HOLD}:
            return
        is_on_hold = not self.state.is_on_hold
        self._send(m.HoldCall(call_id=call.id, is_on_hold=is_on_hold))
        self._set(phase=CallPhase.ON_HOLD if is_on_hold else CallPhase.LIVE)
        self._switched()

    def _switched(self) -> None:
        peering, state = self._peering, self.state
        self._say_my_state()
        if peering is not None:
            self._all_tasks.run("call.switch", lambda: peering.switch(
                microphone=state.microphone_on, camera=state.camera_on, hold=state.is_on_hold))

        self._allow()

    def _allow(self) -> None:
        """Tell what may be kept: after each change of consent, hold and the customer's camera."""
        peering, call = self._peering, self.state.call
        if peering is None or call is None:
            return
        off = GapReason.ON_HOLD if self.state.is_on_hold else GapReason.CAMERA_OFF if call.customer.video_muted else None
        has_video = ConsentScope.VIDEO in call.consents
        allowed = Allowed(stills=has_video and ConsentScope.STILLS in call.consents, recording=ConsentScope.RECORDING in call.consents, off=off)
        self._all_tasks.run("call.allow", lambda: peering.allow(allowed))
        self.recorder.refresh()

    def snapshot(self) -> None:
        """S: the frozen or the rewound frame where one is shown, else the live picture; with what is drawn on it."""
        latest, frozen, marks = self.state.latest, self.live.state.frozen, self.live.kept_marks()
        if frozen is None and self.rewinder.snapshot():
            return
        if frozen is None or (frozen.method is not SnapshotMethod.REWOUND and self.state.why_no_snapshot is not None):
            self.capturing.snapshot()
        elif (encoder := self.rewinder.encoder if frozen.method is SnapshotMethod.REWOUND else self._stills) is not None:
            self.capturing.take_rewound(frozen, encoder)
        if self.state.latest is not None and self.state.latest != latest:
            self.live_filing.note(self.state.latest, marks)

    @property
    def _stills(self) -> StillSource | None:
        return self.state.peer.stills if self.state.peer is not None else None

    def hang_up(self) -> None:
        """End the call; wrap-up follows."""
        call = self.state.call
        if call is None or not self.state.is_talking:
            return
        self._drop_peering()
        self._set(phase=CallPhase.WRAP_UP)
        self._all_tasks.run("call.end", lambda: self._api.end_call(call.id), self._ended, self._say_problem)

    def _ended(self, call: m.CallView) -> None:
        if self._is_ours(call.id):  # filed meanwhile: the screen is free
            self._take_call(call)

    def wrap_up(self, disposition: Disposition, note: str) -> None:
        """File the outcome; then the screen is free for the next call."""
        call = self.state.call
        if call is None or self.state.is_filing:
            return
        self._set(is_filing=True, error=None)
        body = r.WrapUpIn(disposition=disposition, note=note)

        async def file() -> m.CallView:
            if call.ended_at is None:  # a quick person: the service may not have heard yet that we hung up
                await self._api.end_call(call.id)
            return await self._api.wrap_up(call.id, body)

        self._all_tasks.run("call.wrap_up", file, self._filed, self._not_filed)

    def _filed(self, _call: m.CallView) -> None:
        self._drop_peering()
        self._clear(CallPhase.NONE)

    def _not_filed(self, problem: DeskError) -> None:
        self._set(is_filing=False, error=problem)

    def _say_problem(self, problem: DeskError) -> None:
        self._set(error=problem)

    # ── chat ───────────────────────────────────────────────────────────────────────────────────────────────────

    def say(self, text: str) -> bool:
        """Send a line of chat; False when there is nothing to send."""
        call, text = self.state.call, text.strip()[: m.MAX_CHAT_CHARS]
        if call is None or not text:
            return False
        line = ChatItem(new_id(self.clock.now()), "agent", text, self.clock.now(), is_sent=False)
        self._set(chat=(*self.state.chat, line))
        self._send(m.ChatSend(call_id=call.id, message_id=line.message_id, text=text))
        return True

    def chat_seen(self) -> None:
        """The person looks at the chat."""
        self._set(unread=0)

    def _take_chat(self, line: m.ChatLine) -> None:
        item = ChatItem(line.message_id, line.sender, line.text, line.at)
        known = {said.message_id for said in self.state.chat}
        if line.message_id in known:
            self._set(chat=tuple(item if said.message_id == line.message_id else said for said in self.state.chat))
        else:
            self._set(chat=(*self.state.chat, item), unread=self.state.unread + (line.sender == "customer"))

    def _in_gui(self, call_id: str, act: Callable[[], None]) -> None:
        def alone() -> None:
            if self._peering is not None and self._peering.call_id == call_id:
                act()

        self._post(alone)

    def close(self) -> None:
        """The program ends: let go of the media. The call itself goes on in the service until it is ended there."""
        self._drop_peering()
        self.rewinder.close()
        self.recorder.close()
        self.live.close()
        super().close()
