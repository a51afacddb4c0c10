"""What the agent sends: an encoder that keeps within what the line carries, and the watch that says how much that is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import av
from aiortc import RTCPeerConnection, RTCRtpSender, clock
from aiortc.codecs.h264 import H264Encoder
from aiortc.rtp import AnyRtcpPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket

from videodesk.core.clock import Clock
from videodesk.media import yielding
from videodesk.media.yielding import Step

LOOK_EVERY_S: Final = 0.5
SELDOM_S: Final = 5.5
"""libwebrtc reports of a stream of sound each five seconds."""


class FastH264Encoder(H264Encoder):
    """aiortc's H.264 encoder with x264's preset `superfast`: a quarter of the CPU of the default (aiortc#980 asks for options).

    `limit_bps` holds it below what aiortc allows at least (500 kbit/s).
    """

    limit_bps: int = yielding.STEPS[yielding.FULL].bps

    def _encode_frame(self, frame: Any, force_keyframe: bool) -> Any:
        wanted = min(self.target_bitrate, max(1, self.limit_bps))
        codec: Any = self.codec
        if codec is None or frame.width != codec.width or frame.height != codec.height or abs(wanted - codec.bit_rate) > codec.bit_rate // 4:
            codec = av.CodecContext.create("libx264", "w")
            codec.width, codec.height, codec.pix_fmt = frame.width, frame.height, "yuv420p"
            codec.bit_rate = wanted
            codec.framerate, codec.time_base = Fraction(30), Fraction(1, 30)
            codec.options = {"level": "31", "tune": "zerolatency", "preset": "superfast"}
            codec.profile = "Baseline"
            self.codec = codec
        frame.pict_type = av.video.frame.PictureType.I if force_keyframe else av.video.frame.PictureType.NONE
        data = b"".join(bytes(packet) for packet in codec.encode(frame))
        if data:
            yield from self._split_bitstream(data)


class WayOut:
    """Reads what the page reports of our streams, and tells `apply` each new step of yielding.STEPS. Engine loop."""

    def __init__(self, connection: RTCPeerConnection, its_clock: Clock, apply: Callable[[Step], None]) -> None:
        self._clock = its_clock
        self._apply = apply
        self._line = yielding.begin(its_clock.monotonic())
        self._rtt_s: float | None = None
        self._lost_share = 0.0
        self._heard_at_s = 0.0
        self._connection = connection
        self._is_up = False
        self._heard: list[RTCRtpSender] = []
        self._task = asyncio.create_task(self._watch(), name="way-out")

    @property
    def step(self) -> Step:
        """What is in force."""
        return yielding.STEPS[self._line.step]

    def close(self) -> None:
        """End it."""
        self._task.cancel()

    def listen(self) -> None:
        """Hear the reports from now on: once the connection has its senders, and again when it may have more."""
        for sender in self._connection.getSenders():
            if sender in self._heard:
                continue
            self._heard.append(sender)
            inner: Any = sender
            inner._handle_rtcp_packet = self._heard_by(inner._handle_rtcp_packet, inner._ssrc, sender.kind)  # noqa: SLF001 - its transport calls it by this name

    def _heard_by(self, hand_on: Callable[[AnyRtcpPacket], Any], ssrc: int, kind: str) -> Callable[[AnyRtcpPacket], Any]:
        async def handle(packet: AnyRtcpPacket) -> None:
            if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
                for report in packet.reports:
                    if report.ssrc == ssrc:
                        # aiortc's reports carry the time of the last frame sent: old where the picture rests or is slow
                        is_fresh = kind == "audio" or self._line.step == yielding.FULL
                        self._note(report.lsr if is_fresh else 0, report.dlsr, report.fraction_lost)
            elif self.step.bps == 0 and isinstance(packet, RtcpRtpfbPacket):
                return  # a picture that rests is not repeated either: that would fill the queue again
            await hand_on(packet)

        return handle

    def _note(self, lsr: int, dlsr: int, fraction_lost: int) -> None:
        """A report block (RFC 3550 §6.4.1); there and back is the time since our report less the time it lay at the other side."""
        self._heard_at_s = self._clock.monotonic()
        self._lost_share = fraction_lost / 256
        if lsr:
            now = (clock.current_ntp_time() >> 16) & 0xFFFFFFFF
            took = (now - lsr - dlsr) & 0xFFFFFFFF
            if took < 1 << 31:
                self._rtt_s = took / 65536

    def look(self) -> None:
        """Judge by what was heard since the last look."""
        now_s = self._clock.monotonic()
        was_up, self._is_up = self._is_up, self._connection.connectionState == "connected"
        if not self._is_up:
            return
        if not was_up:
            self._line = yielding.begin(now_s)
            self._heard_at_s = now_s
        before = self._line.step
        rtt_s, self._rtt_s = self._rtt_s, None
        speaks = any(sender.kind == "audio" and sender.track is not None for sender in self._connection.getSenders())
        self._line = yielding.judge(self._line, now_s, rtt_s=rtt_s, lost_share=self._lost_share, speaks=speaks,
                                    hears=now_s - self._heard_at_s < SELDOM_S)
        if self._line.step != before:
            self._apply(self.step)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.look()
