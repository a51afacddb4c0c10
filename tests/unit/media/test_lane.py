"""The short way of media: only what our keys encrypted reaches a receiver, once; all that is not media goes aiortc's way."""

import struct
from types import SimpleNamespace

import pytest
from aiortc.rtcdtlstransport import RtpRouter
from aiortc.rtp import HeaderExtensionsMap, RtcpSenderInfo, RtcpSrPacket, RtpPacket
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from videodesk.media.lane import MediaLane
from videodesk.media.receiver import DeskReceiver

KEY, OTHER = bytes(range(30)), bytes(range(1, 31))


class Ear(DeskReceiver):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.taken: list[RtpPacket] = []

    def take(self, packet: RtpPacket) -> None:
        self.taken.append(packet)


class Line:
    def __init__(self, *, has_keys: bool = True) -> None:
        self.ear = Ear()
        router = RtpRouter()
        router.register_receiver(self.ear, ssrcs=[7], payload_types=[96])
        keys = Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_INBOUND)) if has_keys else None
        self.lane = MediaLane(SimpleNamespace(_rx_srtp=keys, _rtp_header_extensions_map=HeaderExtensionsMap(), _rtp_router=router))


def sender(key: bytes = KEY) -> Session:
    return Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND))


def packet(number: int = 1, ssrc: int = 7, kind: int = 96) -> bytes:
    return RtpPacket(payload_type=kind, sequence_number=number, timestamp=number * 3000, ssrc=ssrc, marker=1, payload=b"picture").serialize()


def test_media_arrives_and_a_second_copy_does_not() -> None:
    line, keys = Line(), sender()
    data = keys.protect(packet())
    assert line.lane.take(data)
    assert line.lane.take(data)
    assert [(one.sequence_number, one.payload) for one in line.ear.taken] == [(1, b"picture")]
    assert line.lane.refused == 1


@pytest.mark.parametrize("data", [
    packet(), sender(OTHER).protect(packet()), b"\x80\x60" + bytes(10), b"\x80\x60" + bytes(1400), sender().protect(packet())[:-1]])
def test_what_is_not_encrypted_with_our_keys_is_thrown_away(data: bytes) -> None:
    line = Line()
    assert line.lane.take(data)
    assert line.ear.taken == []
    assert line.lane.refused == 1


def test_another_stream_is_nobodys() -> None:
    line = Line()
    assert line.lane.take(sender().protect(packet(kind=97, ssrc=9)))
    assert line.ear.taken == []


def test_before_the_keys_are_known_and_for_what_is_no_media_the_long_way_is_taken() -> None:
    assert not Line(has_keys=False).lane.take(sender().protect(packet()))
    line = Line()
    report = bytes(RtcpSrPacket(ssrc=7, sender_info=RtcpSenderInfo(ntp_timestamp=1, rtp_timestamp=2, packet_count=3, octet_count=4)))
    assert not line.lane.take(sender().protect_rtcp(report))
    assert not line.lane.take(b"\x16\xfe\xfd" + bytes(60)), "DTLS"
    assert not line.lane.take(b"\x80"), "too short to be anything"
    assert line.lane.refused == 0


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=1, max_size=80))
def test_no_bytes_harm_it(data: bytes) -> None:
    line = Line()
    line.lane.take(data)
    line.lane.take(b"\x80\x60" + data)
    keys = sender()
    extension = struct.pack("!BBHLLHH", 0x90, 0x60, 5, 6, 7, 0xBEDE, (len(data) + 3) // 4) + data + bytes(-len(data) % 4)
    line.lane.take(keys.protect(extension))
    line.lane.take(keys.protect(packet(9)))
    assert line.ear.taken[-1].sequence_number == 9
