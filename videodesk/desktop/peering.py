"""Peering: keeps one call's media peer in step with the channel. A higher epoch closes the old peer and builds a new one.

Lives in the engine's loop. A restart of the service does not touch a healthy peer: `ready` with the epoch that runs is nothing new.
What an old peer still says is not passed on. When no connection comes about, or it is lost for good, a fresh one is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from videodesk.calls.capture_ports import CallMemory, GapReason
from videodesk.calls.device_choice import DeviceChange
from videodesk.calls.ports import LocalMedia, MediaEngine, MediaPeer, PeerState, Quality
from videodesk.protocol.messages import IceCandidate, IceServer, SessionDescription, Signal, Signaled, Wire

_FIRST_OFFER_S: Final = 5.0  # the page offers at once; nothing for this long means that its offer passed us by
_CONNECT_S: Final = 12.0
_HEAL_S: Final = 6.0  # cuts shorter than this heal by themselves (ICE keeps checking for 30 s)


class PeeringListener(Protocol):
    """Who shows it. Engine loop: pass it on to the GUI thread, do no work."""

    def peer_made(self, peer: MediaPeer, epoch: int) -> None:
        """There is a new peer: its picture slots take the place of the old ones'."""
        ...

    def memory_made(self, memory: CallMemory) -> None:
        """There is a place where what comes in is kept; one for the whole call."""
        ...

    def peer_state(self, state: PeerState) -> None:
        """The connection's state."""
        ...

    def quality(self, quality: Quality) -> None:
        """How good it is, about once a second."""
        ...

    def media_problem(self, code: str) -> None:
        """A device failed or is missing."""
        ...

    def device_changed(self, change: DeviceChange) -> None:
        """Another device is in use."""
        ...

    def levels(self, microphone: float, speaker: float) -> None:
        """Sound levels 0..1."""
        ...


class Posted:
    """A PeeringListener that tells another one through `post` (into the GUI thread); levels, which are many, at once."""

    def __init__(self, listener: PeeringListener, post: Callable[[Callable[[], None]], None]) -> None:
        self._listener = listener
        self._post = post

    def peer_made(self, peer: MediaPeer, epoch: int) -> None:
        self._post(partial(self._listener.peer_made, peer, epoch))

    def memory_made(self, memory: CallMemory) -> None:
        self._post(partial(self._listener.memory_made, memory))

    def peer_state(self, state: PeerState) -> None:
        self._post(partial(self._listener.peer_state, state))

    def quality(self, quality: Quality) -> None:
        self._post(partial(self._listener.quality, quality))

    def media_problem(self, code: str) -> None:
        self._post(partial(self._listener.media_problem, code))

    def device_changed(self, change: DeviceChange) -> None:
        self._post(partial(self._listener.device_changed, change))

    def levels(self, microphone: float, speaker: float) -> None:
        self._listener.levels(microphone, speaker)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What consent allows to keep, and why nothing can come although it does."""

    stills: bool = False
    recording: bool = False
    off: GapReason | None = None


class Peering:
    """The media side of one call. Engine loop; every coroutine waits its turn, so messages are handled in the order they came."""

    def __init__(self, call_id: str, media: MediaEngine, send: Callable[[Wire], None], listener: PeeringListener,
                 devices: Callable[[], LocalMedia], clips: Path | None = None) -> None:
        """`clips`: where recordings lie; without it nothing of the call is kept."""
        self.call_id = call_id
        self._media = media
        self._send = send
        self._listener = listener
        self._devices = devices
        self._clips = clips
        self._memory: CallMemory | None = None
        self._allowed = Allowed()
        self._turn = asyncio.Lock()
        self._peer: MediaPeer | None = None
        self._epoch = -1
        self._state = PeerState.NEW
        self._servers: list[IceServer] = []
        self._early: list[Signaled] = []
        self._watch: asyncio.TimerHandle | None = None
        self._chores: set[asyncio.Task[None]] = set()
        self._microphone, self._camera, self._hold = True, True, False
        self._is_over = False

    @property
    def epoch(self) -> int:
        """The epoch of the peer that runs; -1 before the first."""
        return self._epoch

    async def ready(self, epoch: int, servers: list[IceServer]) -> None:
        """The service says how to reach the other side. An epoch that runs already changes nothing but the credentials."""
        async with self._turn:
            self._servers = servers
            if epoch > self._epoch and not self._is_over:
                await self._build(epoch)
                early, self._early = self._early, []
                for message in early:
                    await self._take(message)

    async def signaled(self, message: Signaled) -> None:
        """A step of negotiation from the other side; of an older epoch it is ignored, of one still to come kept."""
        async with self._turn:
            if self._is_over or message.epoch < self._epoch:
                return
            if message.restart and message.epoch > self._epoch >= 0:
                await self._build(message.epoch)
            await self._take(message)

    async def restart(self) -> None:
        """Ask both sides for a fresh connection."""
        async with self._turn:
            if not self._is_over:
                await self._restart()

    async def change_devices(self, media: LocalMedia) -> None:
        """Use other devices from now on."""
        async with self._turn:
            if self._peer is not None:
                await self._peer.choose_devices(media)

    async def switch(self, *, microphone: bool, camera: bool, hold: bool) -> None:
        """Microphone, camera and hold as they should be now, on this peer and the next ones."""
        async with self._turn:
            self._microphone, self._camera, self._hold = microphone, camera, hold
            self._apply()

    async def allow(self, allowed: Allowed) -> None:
        """What may be kept from now on, by this peer and the next ones."""
        async with self._turn:
            self._allowed = allowed
            self._apply_allowed()

    async def close(self, finish: Callable[[CallMemory], object] | None = None) -> None:
        """The call is over: let go of everything. `finish` is called in a worker before the memory goes. Idempotent."""
        async with self._turn:
            self._is_over = True
            self._stop_watching()
            peer, self._peer = self._peer, None
            memory, self._memory = self._memory, None
            try:
                if peer is not None:
                    await peer.close()
                if memory is not None and finish is not None:
                    await asyncio.to_thread(finish, memory)
            finally:
                if memory is not None:
                    await asyncio.to_thread(memory.close)

    async def _build(self, epoch: int) -> None:
        old, self._peer = self._peer, None
        self._epoch = epoch
        if old is not None:
            await old.close()
        self._state = PeerState.NEW
        if self._memory is None and self._clips is not None:
            self._memory = self._media.remember(self._clips)
            self._apply_allowed()
            self._listener.memory_made(self._memory)
        self._peer = self._media.connect(self._servers, self._devices(), _OfEpoch(self, epoch), self._memory)
        self._apply()
        self._listener.peer_made(self._peer, epoch)
        self._restart_unless_connected(_FIRST_OFFER_S)

    async def _take(self, message: Signaled) -> None:
        if message.epoch > self._epoch or self._peer is None:
            self._early = [*self._early[-63:], message]
            return
        if message.description is not None:
            self._restart_unless_connected(_CONNECT_S)
            await self._peer.take_description(message.description)
        if message.candidate is not None:
            await self._peer.take_candidate(message.candidate)

    async def _restart(self) -> None:
        epoch = self._epoch + 1
        self._send(Signal(call_id=self.call_id, epoch=epoch, restart=True))
        await self._build(epoch)

    def _apply(self) -> None:
        if self._peer is not None:
            self._peer.set_microphone(self._microphone)
            self._peer.set_camera(self._camera)
            self._peer.set_hold(self._hold)

    def _apply_allowed(self) -> None:
        if self._memory is not None:
            self._memory.allow(stills=self._allowed.stills, recording=self._allowed.recording, off=self._allowed.off)

    def _restart_unless_connected(self, seconds: float) -> None:
        self._stop_watching()
        self._watch = asyncio.get_running_loop().call_later(seconds, self._check)

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _check(self) -> None:
        if self._state not in {PeerState.CONNECTED, PeerState.UNSTABLE} and not self._is_over:
            chore = asyncio.get_running_loop().create_task(self.restart(), name="call.restart")
            self._chores.add(chore)
            chore.add_done_callback(self._chores.discard)

    # what the peer of an epoch says
    def say_description(self, epoch: int, description: SessionDescription) -> None:
        """Send our description to the other side."""
        if epoch == self._epoch:
            self._send(Signal(call_id=self.call_id, epoch=epoch, description=description))

    def say_candidate(self, epoch: int, candidate: IceCandidate) -> None:
        """Send our candidate to the other side."""
        if epoch == self._epoch:
            self._send(Signal(call_id=self.call_id, epoch=epoch, candidate=candidate))

    def say_state(self, epoch: int, state: PeerState) -> None:
        """The peer's state; what is lost gets a while to heal, what failed does not."""
        if epoch != self._epoch or self._is_over:
            return
        self._state = state
        self._listener.peer_state(state)
        if state in {PeerState.CONNECTED, PeerState.UNSTABLE}:
            self._stop_watching()
        elif state is PeerState.DISCONNECTED:
            self._restart_unless_connected(_HEAL_S)
        elif state is PeerState.FAILED:
            self._restart_unless_connected(0.5)

    def tell(self, epoch: int) -> PeeringListener | None:
        """The listener, for the peer that runs; None for an old one."""
        return self._listener if epoch == self._epoch and not self._is_over else None


class _OfEpoch:
    """PeerListener of one epoch's peer: what an old peer says is dropped."""

    def __init__(self, peering: Peering, epoch: int) -> None:
        self._peering = peering
        self._epoch = epoch

    def description_made(self, description: SessionDescription) -> None:
        self._peering.say_description(self._epoch, description)

    def candidate_found(self, candidate: IceCandidate) -> None:
        self._peering.say_candidate(self._epoch, candidate)

    def state_changed(self, state: PeerState) -> None:
        self._peering.say_state(self._epoch, state)

    def quality_changed(self, quality: Quality) -> None:
        if (listener := self._peering.tell(self._epoch)) is not None:
            listener.quality(quality)

    def media_problem(self, code: str) -> None:
        if (listener := self._peering.tell(self._epoch)) is not None:
            listener.media_problem(code)

    def device_changed(self, change: DeviceChange) -> None:
        if (listener := self._peering.tell(self._epoch)) is not None:
            listener.device_changed(change)

    def level_changed(self, microphone: float, speaker: float) -> None:
        if (listener := self._peering.tell(self._epoch)) is not None:
            listener.levels(microphone, speaker)
