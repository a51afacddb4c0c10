"""What the agent sends keeps within what the customer's line carries: the reports say how much, sound comes first."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from aiortc import clock
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket, RtcpRtpfbPacket

from tests.unit.media.spoken import Steps
from videodesk.media.devices import CameraTrack
from videodesk.media.frames import from_bgr
from videodesk.media.sending import FastH264Encoder, WayOut
from videodesk.media.yielding import FULL, STEPS, Step

SSRC = 77


class Sender:
    """An aiortc sender's outside."""

    kind, track, _ssrc = "audio", object(), SSRC

    def __init__(self) -> None:
        self.handed_on: list[object] = []

    async def _handle_rtcp_packet(self, packet: object) -> None:
        self.handed_on.append(packet)


class Line:
    def __init__(self) -> None:
        self.clock, self.sender = Steps(), Sender()
        self.connection = SimpleNamespace(connectionState="connecting", getSenders=lambda: [self.sender])
        self.steps: list[Step] = []
        self.way = WayOut(self.connection, self.clock, self.steps.append)
        self.way.listen()

    async def hear(self, rtt_s: float, *, ssrc: int = SSRC) -> None:
        """A report that answers ours of `rtt_s` ago."""
        lsr = ((clock.current_ntp_time() >> 16) - int(rtt_s * 65536)) & 0xFFFFFFFF
        report = RtcpReceiverInfo(ssrc=ssrc, fraction_lost=0, packets_lost=0, highest_sequence=1, jitter=0, lsr=lsr, dlsr=0)
        await self.sender._handle_rtcp_packet(RtcpRrPacket(ssrc=1, reports=[report]))

    def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds / 0.5)):
            self.clock.now_s += 0.5
            self.way.look()


async def test_a_good_line_is_left_alone_and_reports_go_on_to_their_sender() -> None:
    line = Line()
    line.way.listen()  # an offer once more: each report counts once
    line.connection.connectionState = "connected"
    for _ in range(20):
        await line.hear(0.05)
        line.pass_time(1.0)
    assert line.steps == []
    assert line.way.step is STEPS[FULL]
    assert len(line.sender.handed_on) == 20
    line.way.close()


async def test_a_full_queue_rests_the_picture_and_it_comes_back_step_by_step() -> None:
    line = Line()
    line.connection.connectionState = "connected"
    await line.hear(0.05)
    line.pass_time(1.0)
    for _ in range(5):
        await line.hear(4.0)
        line.pass_time(1.0)
    assert line.steps == [STEPS[0]]
    nack = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=SSRC)
    await line.sender._handle_rtcp_packet(nack)
    assert nack not in line.sender.handed_on, "what rests is not repeated"
    for _ in range(60):
        await line.hear(0.05)
        line.pass_time(1.0)
    assert line.steps == list(STEPS)[:1] + list(STEPS)[1:]
    await line.sender._handle_rtcp_packet(nack)
    assert nack in line.sender.handed_on
    line.way.close()


async def test_nothing_is_judged_before_the_connection_is_up_and_other_streams_reports_are_not_ours() -> None:
    line = Line()
    line.pass_time(30.0)
    assert line.steps == []
    line.connection.connectionState = "connected"
    line.pass_time(1.0)
    for _ in range(4):
        await line.hear(4.0, ssrc=SSRC + 1)
        line.pass_time(0.5)
    assert line.steps == []
    line.pass_time(4.0)
    assert line.steps == []
    line.pass_time(5.0)
    assert line.steps == [STEPS[0]], "deaf"
    line.way.close()


async def test_the_camera_sends_no_more_frames_than_the_step_allows() -> None:
    clock_ = Steps()
    track = CameraTrack(clock_)
    frame = from_bgr(np.zeros((36, 64, 3), np.uint8))
    sent = {}
    for step in STEPS:
        track.limit = step
        sent[step.bps] = 0
        for _ in range(60):
            clock_.now_s += 1 / 15
            track.put(frame)
            await asyncio.sleep(0)
            if track._frame is not None:
                await track.recv()
                sent[step.bps] += 1
        clock_.now_s += 2
    assert sent[0] == 0
    assert sent[30_000] == pytest.approx(4, abs=1)
    assert sent[60_000] == pytest.approx(12, abs=2)
    assert sent[2_500_000] == 60
    track.close()


def test_the_encoder_keeps_below_its_limit() -> None:
    noise = np.random.default_rng(2)
    encoder = FastH264Encoder()
    sizes = {}
    for limit in (2_500_000, 60_000):
        encoder.limit_bps = limit
        octets = 0
        for number in range(45):
            frame = from_bgr(np.roll(noise.integers(0, 60, (180, 320, 3), dtype=np.uint8), number, axis=1))
            frame.pts = number
            octets += sum(len(unit) for unit in encoder._encode_frame(frame, force_keyframe=False))
        sizes[limit] = octets
    assert sizes[60_000] < sizes[2_500_000] / 4
