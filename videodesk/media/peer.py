"""One peer connection of a call: answers offers, receives, sends, and says how it goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from aiortc import RTCIceCandidate, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from videodesk.calls.device_choice import DeviceChange
from videodesk.calls.live_ports import FrameWatcher
from videodesk.calls.pictures import EncodedOriginal, FrozenFrame
from videodesk.calls.ports import LocalMedia, PeerListener, PeerState, Picture
from videodesk.media.audio import NARROW_OPUS_BIT_RATE, OPUS_BIT_RATE, MicrophoneTrack
from videodesk.media.connection import DeskConnection
from videodesk.media.decoding import DecodedFrame
from videodesk.media.devices import CameraTrack
from videodesk.media.frames import RECENT_S, FrameSlot
from videodesk.media.live_line import DataChannelLine, PageClock, Watching, encode_live
from videodesk.media.local import Equipment, LocalSide
from videodesk.media.memory import DeskMemory
from videodesk.media.playout import Playout
from videodesk.media.quality import WINDOW_S, Sample, judge
from videodesk.media.receiver import Inbox
from videodesk.media.sending import WayOut
from videodesk.media.yielding import FULL, STEPS, Step
from videodesk.protocol.messages import IceCandidate, IceServer, SessionDescription

UNSTABLE_AFTER_S: Final = 1.5
MAX_EARLY_CANDIDATES: Final = 100
_TICK_S: Final = 0.1
_STATES: Final = {
    "new": PeerState.NEW, "connecting": PeerState.CONNECTING, "connected": PeerState.CONNECTED,
    "failed": PeerState.FAILED, "closed": PeerState.CLOSED,
}


class SelfView:
    """The self-view's slot: stays the same object when the camera changes."""

    def __init__(self, slot: FrameSlot) -> None:
        self._slot = slot
        self._size: tuple[int, int] | None = None
        self._wake: Callable[[], None] | None = None

    def follow(self, slot: FrameSlot) -> None:
        """Show another camera from now on; the same one again changes nothing."""
        if slot is self._slot:
            return
        if self._size is not None:
            slot.ask_size(*self._size)
        slot.on_fresh(self._wake)
        self._slot.on_fresh(None)
        self._slot = slot

    def ask_size(self, width_px: int, height_px: int) -> None:
        self._size = (width_px, height_px)
        self._slot.ask_size(width_px, height_px)

    def take(self) -> Picture | None:
        return self._slot.take()

    def on_fresh(self, wake: Callable[[], None] | None) -> None:
        self._wake = wake
        self._slot.on_fresh(wake)


class AiortcPeer:
    """A MediaPeer over aiortc. We never offer: the page does (it is polite, we are not, and a fresh peer is made per epoch).

    `take_description` answers with our candidates in the answer; only those of slow servers come after it (candidate_found).
    Engine loop; pictures from any thread.
    """

    def __init__(self, equipment: Equipment, ice_servers: list[IceServer], media: LocalMedia, listener: PeerListener,
                 memory: DeskMemory | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = equipment.clock
        self._listener = listener
        self._playout = Playout(self._clock)
        self._memory = memory
        self._slot = FrameSlot(
            self._clock, self._run_in_decoder, recent_s=RECENT_S, wall=memory.wall if memory is not None else None,
            allows=memory.allows_stills_at if memory is not None else None)
        self._inbox = Inbox(clock=self._clock, frames=self._show, sound=self._playout)
        if memory is not None:
            self._inbox.tap = memory.tap
        page_clock = PageClock()
        self._leave_tap = self._inbox.tap.add(page_clock)
        self._watching = Watching(page_clock)
        self._live = DataChannelLine(self._clock)
        self._connection = DeskConnection(ice_servers, self._inbox, self._candidate_found)
        self._connection.on("datachannel", self._live.take)
        self._wants_microphone, self._wants_camera, self._is_on_hold = True, True, False
        self._local = LocalSide(equipment, media, self._playout, self._problem_anywhere, self._moved_anywhere)
        self._local.on_camera = lambda _camera: self._post(self._take_camera)
        self._self_view = SelfView(self._local.camera.slot)
        self._microphone = MicrophoneTrack(self._local.capture, self._clock)
        self._microphone.on_sent = partial(self._inbox.tap.put_sound, "agent")
        self._camera = CameraTrack(self._clock)
        self._take_camera()
        self._connection.on("connectionstatechange", self._connection_changed)
        self._state = PeerState.NEW
        self._early: list[IceCandidate] = []
        self._untold: list[IceCandidate] | None = []
        self._samples: deque[Sample] = deque()
        self._size = (0, 0)
        self._delay_s = 0.0
        self._is_closed = False
        self._way_out = WayOut(self._connection, self._clock, self._yield)
        self._watch = asyncio.create_task(self._watch_over(), name="peer-watch")

    # ── the port ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def remote_pictures(self) -> FrameSlot:
        return self._slot

    @property
    def local_pictures(self) -> SelfView:
        return self._self_view

    @property
    def stills(self) -> FrameSlot:
        return self._slot

    @property
    def live(self) -> DataChannelLine:
        return self._live

    def watch(self, watcher: FrameWatcher | None) -> None:
        self._watching.watcher = watcher

    def encode_live(self, frame: FrozenFrame) -> EncodedOriginal:
        return encode_live(frame)

    @property
    def inbox(self) -> Inbox:
        """The counters of what came in, for tests and benchmarks."""
        return self._inbox

    @property
    def playout(self) -> Playout:
        """The remote sound, for tests and for a speaker that opens later."""
        return self._playout

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

    async def take_description(self, description: SessionDescription) -> None:
        if self._is_closed:
            return
        connection = self._connection
        try:
            await connection.setRemoteDescription(RTCSessionDescription(sdp=description.sdp, type=description.type))
            if description.type == "offer":
                connection.send_along(self._microphone, self._camera)
                self._way_out.listen()
                await connection.setLocalDescription(await connection.createAnswer())
        except Exception:  # noqa: BLE001 - an SDP of foreign origin: aiortc's parser raises whatever its bytes provoke
            if not self._is_closed:
                self._listener.media_problem("media.description_refused")
            return
        early, self._early = self._early, []
        for candidate in early:
            await self.take_candidate(candidate)
        if description.type == "offer" and not self.is_closed:
            self._listener.description_made(SessionDescription(type="answer", sdp=connection.answer_sdp))
            untold, self._untold = self._untold or [], None
            for found in untold:
                self._listener.candidate_found(found)

    async def take_candidate(self, candidate: IceCandidate) -> None:
        if self._is_closed:
            return
        if getattr(self._connection, "_RTCPeerConnection__remoteDescription")() is None:  # noqa: B009 - `remoteDescription` would format it all
            self._early = [*self._early[-(MAX_EARLY_CANDIDATES - 1):], candidate]
            return
        with contextlib.suppress(Exception):  # one candidate of foreign origin that makes no sense is no failure of the call
            await self._connection.addIceCandidate(parse_candidate(candidate))

    def set_microphone(self, is_on: bool) -> None:
        self._wants_microphone = is_on
        self._apply()

    def set_camera(self, is_on: bool) -> None:
        self._wants_camera = is_on
        self._apply()

    def set_hold(self, is_on_hold: bool) -> None:
        self._is_on_hold = is_on_hold
        self._slot.is_on_hold = self._playout.is_muted = is_on_hold
        self._inbox.tap.pause(is_on_hold)
        self._apply()

    async def choose_devices(self, media: LocalMedia) -> None:
        await self._loop.run_in_executor(None, self._local.change, media)
        self._take_camera()

    async def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._watch.cancel()
        self._way_out.close()
        self._leave_tap()
        self._watching.watcher = None
        self._live.close()
        self._local.camera.listener = None
        self._slot.on_fresh(None)
        self._self_view.on_fresh(None)
        self._microphone.stop()
        self._camera.close()
        await self._connection.close()
        self._local.close()
        self._tell(PeerState.CLOSED)

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _apply(self) -> None:
        self._microphone.is_on = self._wants_microphone and not self._is_on_hold
        self._camera.is_on = self._wants_camera and not self._is_on_hold
        self._local.camera.is_on = self._wants_camera

    def _show(self, frame: DecodedFrame) -> None:
        self._size = (frame.picture.width, frame.picture.height)
        self._delay_s = self._clock.monotonic() - frame.received_at_s
        self._slot.put(frame)
        if self._memory is not None and not self._is_on_hold:
            self._memory.glance(frame)
        if not self._is_on_hold:
            self._watching.put(frame)

    def _run_in_decoder(self, work: Callable[[], None]) -> None:
        for receiver in self._connection.desk_receivers:
            receiver.run_in_decoder(work)

    def _candidate_found(self, candidate: IceCandidate) -> None:
        if self._is_closed:
            return
        if self._untold is None:
            self._listener.candidate_found(candidate)
        else:
            self._untold.append(candidate)

    def _problem_anywhere(self, code: str) -> None:
        self._post(lambda: self._listener.media_problem(code))

    def _moved_anywhere(self, change: DeviceChange) -> None:
        self._post(lambda: self._listener.device_changed(change))

    def _post(self, act: Callable[[], None]) -> None:
        """From any thread: in the loop, unless this is over by then."""
        def alone() -> None:
            if not self._is_closed:
                act()

        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            self._loop.call_soon_threadsafe(alone)

    def _take_camera(self) -> None:
        """Send and show the camera that is in use now."""
        self._self_view.follow(self._local.camera.slot)
        self._local.camera.listener = self._camera.put
        self._apply()

    def _yield(self, step: Step) -> None:
        """The customer's line carries no more than this: sound comes before our picture."""
        self._camera.limit = step
        self._connection.limit_picture(step)
        self._microphone.bit_rate = OPUS_BIT_RATE if step is STEPS[FULL] else NARROW_OPUS_BIT_RATE

    def _connection_changed(self) -> None:
        if not self._is_closed:
            self._tell(_STATES.get(self._connection.connectionState, PeerState.DISCONNECTED))

    def _tell(self, state: PeerState) -> None:
        if state is not self._state:
            self._state = state
            self._listener.state_changed(state)

    async def _watch_over(self) -> None:
        count = 0
        while True:
            await asyncio.sleep(_TICK_S)
            count += 1
            now_s = self._clock.monotonic()
            self._look_for_silence(now_s)
            if self._state in {PeerState.CONNECTED, PeerState.UNSTABLE}:
                self._listener.level_changed(self._microphone.level, self._playout.level)
                if count % 10 == 0:
                    self._judge(now_s)

    def _look_for_silence(self, now_s: float) -> None:
        """Aiortc notices a lost line only after 27-36 s (aiortc#465); that nothing comes shows at once."""
        last = [at for at in (self._inbox.video.last_packet_at_s, self._inbox.audio.last_packet_at_s) if at is not None]
        if not last or self._is_on_hold:
            return
        is_silent = now_s - max(last) > UNSTABLE_AFTER_S
        if is_silent and self._state is PeerState.CONNECTED:
            self._tell(PeerState.UNSTABLE)
        elif not is_silent and self._state is PeerState.UNSTABLE:
            self._tell(PeerState.CONNECTED)

    def _judge(self, now_s: float) -> None:
        video, audio = self._inbox.video, self._inbox.audio
        sees = not self._is_on_hold
        self._samples.append(Sample(
            at_s=now_s, octets=video.octets + audio.octets, video_octets=video.octets, frames=video.frames,
            expected=video.expected + audio.expected, lost=video.lost + audio.lost,
            since_frame_s=now_s - video.last_frame_at_s if sees and video.last_frame_at_s is not None else None,
            since_sound_s=now_s - audio.last_frame_at_s if sees and audio.last_frame_at_s is not None else None,
            delay_s=self._delay_s + max(0.0, self._playout.depth_s - 0.06), width_px=self._size[0], height_px=self._size[1]))
        while len(self._samples) > 1 and now_s - self._samples[0].at_s > WINDOW_S + 0.5:
            self._samples.popleft()
        if len(self._samples) > 1:
            quality = judge(self._samples[0], self._samples[-1])
            self._inbox.pace.note_quality(quality)
            self._listener.quality_changed(quality)


def parse_candidate(candidate: IceCandidate) -> RTCIceCandidate | None:
    """The candidate in aiortc's form; None for "no more"; ValueError and the like when it makes no sense."""
    text = candidate.candidate.removeprefix("a=").removeprefix("candidate:")
    if not text:
        return None
    parsed = candidate_from_sdp(text)
    parsed.sdpMid, parsed.sdpMLineIndex = candidate.sdpMid, candidate.sdpMLineIndex
    if parsed.sdpMid is None and parsed.sdpMLineIndex is None:
        parsed.sdpMLineIndex = 0
    return parsed
