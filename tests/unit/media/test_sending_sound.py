"""What is recorded of the agent is what was sent; a call's sound got no heavier by it."""

import asyncio
from itertools import pairwise

import av
import numpy as np
import pytest
from aiortc.codecs.opus import OpusEncoder

from tests.unit.media.fakes import Customer, Listener, synthetic_engine, until
from videodesk.calls.ports import LocalMedia
from videodesk.core.clock import SystemClock
from videodesk.media.audio import FRAME, RATE, MicrophoneTrack, OpusEncoding, audio_frame
from videodesk.media.synthetic import Tone


def speech_like(seconds: int) -> np.ndarray:
    time_s = np.arange(seconds * RATE) / RATE
    voice = sum(np.sin(2 * np.pi * hz * time_s) * level for hz, level in ((140, 1.0), (720, 0.5), (2400, 0.3)))
    noise = np.random.default_rng(1).standard_normal(len(time_s)) * 0.1
    return ((voice + noise) * (np.sin(2 * np.pi * 3 * time_s) > 0) * 5000).astype(np.int16)


@pytest.mark.parametrize("samples", [speech_like(4), np.zeros(4 * RATE, np.int16)], ids=["speech", "silence"])
def test_it_is_no_more_than_aiortcs_own(samples: np.ndarray) -> None:
    ours, theirs = OpusEncoding("voip"), OpusEncoder()
    sizes = [0, 0]
    for at in range(0, len(samples), FRAME):
        part = samples[at:at + FRAME]
        sizes[0] += len(ours.encode(part))
        sizes[1] += sum(map(len, theirs.encode(audio_frame(part, at))[0]))
    assert sizes[0] <= sizes[1]


async def test_the_packets_that_are_told_are_those_that_go_out() -> None:
    told: list[tuple[bytes, int, float]] = []
    track = MicrophoneTrack(Tone(), SystemClock())
    track.is_opus = True
    track.on_sent = lambda payload, at, begun_s: told.append((payload, at, begun_s))
    sent = [await track.recv() for _ in range(5)]
    track.stop()
    assert all(isinstance(packet, av.Packet) for packet in sent)
    assert [bytes(packet) for packet in sent] == [payload for payload, _, _ in told]
    assert [packet.pts for packet in sent] == [at for _, at, _ in told] == [0, 960, 1920, 2880, 3840]
    assert [later[2] - earlier[2] for earlier, later in pairwise(told)] == pytest.approx([0.02] * 4)


async def test_a_side_that_takes_no_opus_gets_samples() -> None:
    track = MicrophoneTrack(Tone(), SystemClock())
    told: list[object] = []
    track.on_sent = lambda *what: told.append(what)
    assert isinstance(await track.recv(), av.AudioFrame)
    assert told == []
    track.stop()


async def test_in_a_call_the_other_side_hears_what_the_tap_was_told() -> None:
    """Through aiortc on both sides: the microphone's tone arrives, and the tap has it as Opus."""
    engine, listener = synthetic_engine(), Listener()
    peer = engine.connect([], LocalMedia(), listener)
    told: list[bytes] = []
    heard: list[av.AudioFrame] = []
    tell = peer._microphone.on_sent

    def both(payload: bytes, at: int, begun_s: float) -> None:
        told.append(payload)
        if tell is not None:
            tell(payload, at, begun_s)

    peer._microphone.on_sent = both
    customer = Customer(MicrophoneTrack(Tone(700), SystemClock()))
    listening: list[asyncio.Task[None]] = []

    @customer.connection.on("track")
    def listen(track: object) -> None:
        async def receive() -> None:
            while True:
                heard.append(await track.recv())

        listening.append(asyncio.ensure_future(receive()))

    await customer.call(peer, listener)
    await until(lambda: len(heard) > 50, "a second of sound")
    samples = np.concatenate([frame.to_ndarray()[0, ::2] for frame in heard[20:50]]).astype(float)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.fft.rfftfreq(len(samples), 1 / RATE)[power.argmax()] == pytest.approx(440, abs=5)
    assert len(told) > 50
    for task in listening:
        task.cancel()
    await customer.close()
    await peer.close()
