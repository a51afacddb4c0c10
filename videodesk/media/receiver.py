"""Our receiver of one stream, in the place of aiortc's RTCRtpReceiver.

What it does that aiortc 1.16 does not: releases a frame with its last packet instead of with the next frame's first (33 ms at
30 fps); repeats NACKs (aiortc#58, #335); gives up on a gap and jumps to the next keyframe; marks what is damaged; bounds its queues
(aiortc#554, #642, #898); feeds transport-wide congestion control (aiortc#170); does not grow the sound's delay at a loss
(aiortc#543). tests/contracts/test_aiortc_parts.py fails when the parts of aiortc that we stand on change.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiortc.codecs import depayload, is_rtx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RemoteStreamTrack, StreamStatistics
from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    unwrap_rtx,
)
from aiortc.stats import RTCStatsReport

from videodesk.core.clock import Clock
from videodesk.media.congestion import FEEDBACK_EVERY_S, TransportFeedback
from videodesk.media.decoding import FrameSink, VideoDecoding
from videodesk.media.jitter import AudioJitter, EncodedFrame, Part, SequenceNumbers, VideoJitter, Wishes
from videodesk.media.keyframes import KeyframePace
from videodesk.media.playout import Playout
from videodesk.media.tap import SenderReport, Tap

GAP_TICK_S: Final = 0.01
ROUND_S: Final = 1 << 32  # an NTP second's parts


@dataclass(slots=True)
class StreamCounters:
    """What came in of one kind, since the start."""

    packets: int = 0
    octets: int = 0
    lost: int = 0
    expected: int = 0
    frames: int = 0
    damaged_frames: int = 0
    nacks: int = 0
    keyframe_requests: int = 0
    last_packet_at_s: float | None = None
    last_frame_at_s: float | None = None


@dataclass(slots=True)
class Inbox:
    """Where the receivers of a connection put what they make, and what they share."""

    clock: Clock
    frames: FrameSink
    sound: Playout
    feedback: TransportFeedback = field(default_factory=TransportFeedback)
    video: StreamCounters = field(default_factory=StreamCounters)
    audio: StreamCounters = field(default_factory=StreamCounters)
    sends_feedback: bool = False
    tap: Tap = field(default_factory=Tap)
    pace: KeyframePace = field(default_factory=KeyframePace)


class DeskReceiver:
    """Receives one kind ("video" or "audio") of a connection; has the methods that aiortc's connection and transport call.

    Lives in the engine's loop; frames leave in the decoding thread, sound in the loop.
    """

    def __init__(self, kind: str, transport: Any, inbox: Inbox) -> None:
        self._enabled = True  # set by RTCRtpTransceiver
        self._track: RemoteStreamTrack | None = None  # set by RTCPeerConnection; never fed: frames go to the inbox
        self._kind = kind
        self._transport = transport
        self._inbox = inbox
        self._clock = inbox.clock
        self._counters = inbox.video if kind == "video" else inbox.audio
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._rtx: dict[int, int] = {}
        self._statistics: dict[int, StreamStatistics] = {}
        self._reports: dict[int, tuple[int, float]] = {}
        self._rtcp_ssrc: int | None = None
        self._media_ssrc: int | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._tick: asyncio.TimerHandle | None = None
        self._started = False
        self._reset_stream()
        self._decoding: VideoDecoding | None = None
        self._loop = asyncio.get_running_loop()
        self._leave_tap: Callable[[], None] | None = None

    # ── what RTCPeerConnection, RTCRtpTransceiver and RTCDtlsTransport call ───────────────────────────────────────

    @property
    def track(self) -> RemoteStreamTrack | None:
        """The remote track; carries no frames here."""
        return self._track

    @property
    def transport(self) -> Any:
        """The DTLS transport."""
        return self._transport

    def setTransport(self, transport: Any) -> None:
        """Another transport, after bundling."""
        self._transport = transport

    async def getStats(self) -> RTCStatsReport:
        """Empty: our counters say more (`StreamCounters`)."""
        return RTCStatsReport()

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Start, once; later calls (renegotiation) only bring codecs up to date."""
        self._codecs = {codec.payloadType: codec for codec in parameters.codecs if codec.payloadType is not None}
        self._rtx = {encoding.rtx.ssrc: encoding.ssrc for encoding in parameters.encodings if encoding.rtx}
        if self._started:
            return
        self._started = True
        if self._kind == "video":
            self._decoding = VideoDecoding(self._decoded, self._decoder_failed)
            self._leave_tap = self._inbox.tap.on_keyframe_asked(self._keyframe_asked)
        self._transport._register_rtp_receiver(self, parameters)  # noqa: SLF001 - what RTCRtpReceiver.receive does
        self._tasks.append(asyncio.create_task(self._report(), name=f"{self._kind}-reports"))
        if self._kind == "video" or not self._inbox.sends_feedback:
            self._tasks.append(asyncio.create_task(self._feed_back(), name=f"{self._kind}-feedback"))

    async def stop(self) -> None:
        """End it; idempotent."""
        if self._started:
            self._transport._unregister_rtp_receiver(self)  # noqa: SLF001 - what RTCRtpReceiver.stop does
        self._stop_decoding()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._track is not None:
            self._track.stop()

    def run_in_decoder(self, work: Callable[[], None]) -> None:
        """Do `work` in the decoding thread, if there is one. Any thread."""
        decoding = self._decoding
        if decoding is not None:
            decoding.run(work)

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._rtcp_ssrc = ssrc

    def _handle_disconnect(self) -> None:
        self._stop_decoding()

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            info = packet.sender_info
            self._reports[packet.ssrc] = ((info.ntp_timestamp >> 16) & 0xFFFFFFFF, self._clock.monotonic())
            if packet.ssrc == self._media_ssrc:
                kind: Literal["video", "audio"] = "video" if self._kind == "video" else "audio"
                self._inbox.tap.put_report(SenderReport(kind, info.rtp_timestamp, info.ntp_timestamp / ROUND_S))

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:  # noqa: ARG002 - aiortc's wall clock; ours is monotonic
        self.take(packet)

    def take(self, packet: RtpPacket) -> None:
        """A decrypted packet of this kind, straight from the socket."""
        now_s = self._clock.monotonic()
        number = packet.extensions.transport_sequence_number
        if number is not None:
            self._inbox.feedback.note(number, now_s)
        codec = self._codecs.get(packet.payload_type)
        if codec is None or not self._enabled:
            return
        counters = self._counters
        counters.packets += 1
        counters.octets += len(packet.payload) + packet.padding_size
        counters.last_packet_at_s = now_s
        statistics = self._statistics.get(packet.ssrc)
        if statistics is None:
            statistics = self._statistics[packet.ssrc] = StreamStatistics(codec.clockRate)
        statistics.add(packet)
        is_repair = is_rtx(codec)
        if is_repair:
            unwrapped = self._unwrap(packet, codec)
            if unwrapped is None:
                return
            packet = unwrapped
            codec = self._codecs[packet.payload_type]
        if packet.ssrc != self._media_ssrc:
            self._media_ssrc = packet.ssrc
            self._reset_stream()
            if self._kind == "audio":
                self._inbox.sound.restart()
        if self._kind == "audio":
            self._take_sound(packet, codec, now_s)
        else:
            self._take_picture(packet, codec, now_s, is_repair=is_repair)

    # ── the stream ────────────────────────────────────────────────────────────────────────────────────────────────

    def _reset_stream(self) -> None:
        self._numbers = SequenceNumbers()
        self._video = VideoJitter()
        self._audio = AudioJitter()

    def _unwrap(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> RtpPacket | None:
        original = self._rtx.get(packet.ssrc)
        apt = codec.parameters.get("apt")
        if original is None or len(packet.payload) < 2 or not isinstance(apt, int) or apt not in self._codecs:
            return None
        return unwrap_rtx(packet, payload_type=apt, ssrc=original)

    def _take_picture(self, packet: RtpPacket, codec: RTCRtpCodecParameters, now_s: float, *, is_repair: bool) -> None:
        try:
            data = depayload(codec, packet.payload) if packet.payload else b""
        except ValueError:
            return
        starts_frame, starts_key = _starts(codec.name, packet.payload, data)
        frames = self._video.add(Part(
            number=self._numbers.unwrap(packet.sequence_number), rtp_time=packet.timestamp, is_last=bool(packet.marker),
            data=data, starts_frame=starts_frame, starts_key=starts_key, received_at_s=now_s, is_repair=is_repair))
        self._codec_name = codec.name
        self._decode(frames)
        if self._video.has_gap:
            self._ask_soon()

    def _decode(self, frames: list[EncodedFrame]) -> None:
        for frame in frames:
            self._inbox.pace.note_frame(frame.received_at_s, len(frame.data), is_key=frame.is_key)
            self._inbox.tap.put_video(self._codec_name, frame.data, frame.rtp_time, frame.received_at_s,
                                      is_key=frame.is_key, is_whole=frame.is_whole)
            if self._decoding is not None and not self._decoding.put(self._codec_name, frame):
                self._video.await_key()

    def _take_sound(self, packet: RtpPacket, codec: RTCRtpCodecParameters, now_s: float) -> None:
        if codec.name.lower() != "opus":
            return
        self._inbox.sound.put(packet.payload, packet.timestamp, now_s)
        for part in self._audio.add(self._numbers.unwrap(packet.sequence_number), packet.payload, packet.timestamp, now_s):
            self._counters.frames += 1
            self._counters.last_frame_at_s = now_s
            self._inbox.tap.put_sound("customer", part.data, part.rtp_time, part.received_at_s)

    def _decoded(self, frame: Any) -> None:
        self._counters.frames += 1
        self._counters.damaged_frames += not frame.is_evidence_grade
        self._counters.last_frame_at_s = self._clock.monotonic()
        self._inbox.frames(frame)

    def _decoder_failed(self) -> None:
        def note() -> None:
            self._video.decoder_failed()
            self._schedule_tick()

        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            self._loop.call_soon_threadsafe(note)

    def _keyframe_asked(self) -> None:
        self._inbox.pace.wants_key = True  # the request goes out with the next feedback, within FEEDBACK_EVERY_S

    def _stop_decoding(self) -> None:
        if self._leave_tap is not None:
            self._leave_tap()
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        decoding, self._decoding = self._decoding, None
        if decoding is not None:
            decoding.stop()

    # ── what we ask of the sender ─────────────────────────────────────────────────────────────────────────────────

    def _schedule_tick(self) -> None:
        if self._tick is None and self._decoding is not None:
            self._tick = self._loop.call_later(GAP_TICK_S, self._on_tick)

    def _on_tick(self) -> None:
        self._tick = None
        self._decode(self._video.release(self._clock.monotonic()))
        if self._video.has_gap:
            self._ask_soon()

    def _ask_soon(self) -> None:
        """Ask for what is due, and look again in a moment."""
        wishes = self._video.wishes(self._clock.monotonic())
        self._schedule_tick()
        if (wishes.nack or wishes.keyframe) and self._rtcp_ssrc is not None and self._media_ssrc is not None:
            task = asyncio.ensure_future(self._ask(wishes, self._rtcp_ssrc, self._media_ssrc))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _ask(self, wishes: Wishes, ssrc: int, media_ssrc: int) -> None:
        if wishes.nack:
            self._counters.nacks += 1
            nack = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=ssrc, media_ssrc=media_ssrc)
            nack.lost = [number & 0xFFFF for number in wishes.nack]
            await self._send(bytes(nack))
        if wishes.keyframe:
            await self._ask_keyframe(ssrc, media_ssrc)

    async def _ask_keyframe(self, ssrc: int, media_ssrc: int) -> None:
        self._counters.keyframe_requests += 1
        await self._send(bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=ssrc, media_ssrc=media_ssrc)))

    async def _feed_back(self) -> None:
        self._inbox.sends_feedback = True
        feedback = self._inbox.feedback
        while True:
            await asyncio.sleep(FEEDBACK_EVERY_S)
            now_s = self._clock.monotonic()
            if self._rtcp_ssrc is not None and feedback.is_due(now_s):
                for packet in feedback.packets(self._rtcp_ssrc, self._media_ssrc or 0, now_s):
                    await self._send(packet)
            if self._kind == "video" and self._rtcp_ssrc is not None and self._media_ssrc is not None:
                inbox = self._inbox
                if (inbox.tap.keeps_pictures or inbox.pace.wants_key) and inbox.pace.is_due(self._clock.monotonic()):
                    await self._ask_keyframe(self._rtcp_ssrc, self._media_ssrc)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(0.5 + random.random())  # noqa: S311 - RFC 3550 §6.2: intervals vary so that reports do not fall together
            infos = []
            self._counters.lost = self._counters.expected = 0
            for ssrc, statistics in self._statistics.items():
                lsr, at_s = self._reports.get(ssrc, (0, 0.0))
                delay = int((self._clock.monotonic() - at_s) * 65536) if lsr else 0
                self._counters.lost += max(0, statistics.packets_lost)
                self._counters.expected += statistics.packets_expected
                infos.append(RtcpReceiverInfo(
                    ssrc=ssrc, fraction_lost=statistics.fraction_lost, packets_lost=statistics.packets_lost,
                    highest_sequence=(statistics.max_seq or 0) + statistics.cycles, jitter=statistics.jitter,
                    lsr=lsr, dlsr=min(delay, 0xFFFFFFFF)))
            if infos and self._rtcp_ssrc is not None:
                await self._send(bytes(RtcpRrPacket(ssrc=self._rtcp_ssrc, reports=infos)))

    async def _send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await self._transport._send_rtp(data)  # noqa: SLF001 - what RTCRtpReceiver does


def _starts(codec: str, payload: bytes, data: bytes) -> tuple[bool, bool]:
    """Whether a packet starts a frame, and a keyframe: VP8 RFC 7741 §4.2-4.3, H.264 RFC 6184 §5."""
    if not payload or not data:
        return False, False
    if codec == "VP8":
        starts = bool(payload[0] & 0x10) and not payload[0] & 0x0F
        return starts, starts and not data[0] & 0x01
    kind = payload[0] & 0x1F
    if kind == 28:  # FU-A: the type of the fragmented unit
        if len(payload) < 2 or not payload[1] & 0x80:
            return False, False
        kind = payload[1] & 0x1F
    elif kind == 24 and len(payload) > 3:  # STAP-A: the first unit
        kind = payload[3] & 0x1F
    return True, kind in {5, 7}
