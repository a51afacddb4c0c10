"""The parts of aiortc and aioice that videodesk/media stands on, private ones too: this fails loudly when an upgrade changes them.

Each has the place that uses it. Read that place, not only this test, before the pins in pyproject.toml move.
"""

import inspect
from fractions import Fraction
from importlib.metadata import version

import aioice.ice
import aioice.turn
import aiortc.codecs.h264
import aiortc.codecs.opus
import aiortc.rtcdtlstransport
import aiortc.rtcrtpreceiver
import aiortc.rtcrtpsender
import av
import pytest
from aiortc import RTCCertificate, RTCConfiguration, RTCIceGatherer, RTCIceTransport, RTCPeerConnection, RTCRtpReceiver
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtp import HeaderExtensions, RtcpPacket, RtcpRtpfbPacket, is_rtcp

from videodesk.media.congestion import TRANSPORT_CC_URI
from videodesk.media.gathering import DeskIce, GuardedProtocol, take_over
from videodesk.media.receiver import DeskReceiver


def test_the_pinned_versions() -> None:
    assert version("aiortc").startswith("1.16.")
    assert version("aioice").startswith("0.13.")


def parameters(function) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def test_our_receiver_has_what_aiortc_calls_on_a_receiver() -> None:
    used = {"track", "transport", "setTransport", "getStats", "receive", "stop", "_set_rtcp_ssrc", "_handle_disconnect",
            "_handle_rtcp_packet", "_handle_rtp_packet"}
    theirs = {name for name in vars(RTCRtpReceiver) if not name.startswith("__")}
    assert used <= theirs
    new = theirs - used - {"getCapabilities", "getSynchronizationSources", "_run_rtcp", "_send_rtcp", "_send_rtcp_nack", "_send_rtcp_pli",
                           "_RTCRtpReceiver__stop_decoder"}
    assert not new, f"aiortc's receiver got {new}: does its connection or transport call that on ours?"
    for name in used - {"track", "transport"}:
        assert parameters(getattr(DeskReceiver, name)) == parameters(getattr(RTCRtpReceiver, name)), name


def test_a_connection_makes_its_transceivers_where_we_override(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parameters(RTCPeerConnection._RTCPeerConnection__createTransceiver) == ["direction", "kind", "sender_track"]
    assert "self.__createTransceiver(" in inspect.getsource(RTCPeerConnection.setRemoteDescription)
    assert "self.__receiver = receiver" in inspect.getsource(RTCRtpTransceiver.__init__)


def test_codecs_and_extensions_of_an_answer_are_read_from_the_transceiver() -> None:
    source = inspect.getsource(inspect.getmodule(RTCPeerConnection).create_media_description_for_transceiver)
    assert "codecs=transceiver._codecs" in source
    assert "headerExtensions=transceiver._headerExtensions" in source
    assert "transceiver._codecs" in inspect.getsource(RTCPeerConnection._RTCPeerConnection__remoteRtp)
    assert "transceiver._headerExtensions" in inspect.getsource(RTCPeerConnection._RTCPeerConnection__remoteRtp)


def test_the_transport_routes_to_receivers_as_we_expect() -> None:
    assert parameters(RTCDtlsTransport._register_rtp_receiver) == ["receiver", "parameters"]
    assert parameters(RTCDtlsTransport._unregister_rtp_receiver) == ["receiver"]
    assert parameters(RTCDtlsTransport._send_rtp) == ["data"]


def test_the_transport_sequence_number_is_read() -> None:
    assert "transport_sequence_number" in HeaderExtensions.__dataclass_fields__
    assert TRANSPORT_CC_URI in inspect.getsource(inspect.getmodule(RtcpPacket).HeaderExtensionsMap.configure)


def test_feedback_packets_are_known_by_their_numbers() -> None:
    packet = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=2)
    packet.lost = [5, 7]
    assert RtcpPacket.parse(bytes(packet))[0].lost == [5, 7]


def test_the_sender_makes_its_encoder_only_when_there_is_none() -> None:
    source = inspect.getsource(aiortc.rtcrtpsender.RTCRtpSender)
    assert "if self.__encoder is None:\n            self.__encoder = get_encoder(codec)" in source


def test_the_h264_encoder_has_the_step_that_we_replace() -> None:
    assert parameters(aiortc.codecs.h264.H264Encoder._encode_frame) == ["frame", "force_keyframe"]


def test_an_empty_server_list_means_none() -> None:
    source = inspect.getsource(inspect.getmodule(RTCPeerConnection).RTCIceGatherer.__init__)
    assert "if iceServers is None:" in source, "an empty list must not become a public STUN server"
    assert RTCConfiguration(iceServers=[]).iceServers == []


def test_a_transport_is_made_where_we_override_and_holds_its_connection_where_we_replace_it() -> None:
    assert parameters(RTCPeerConnection._RTCPeerConnection__createDtlsTransport) == []
    assert "self.__createDtlsTransport(" in inspect.getsource(RTCPeerConnection)
    assert "iceTransport = RTCIceTransport(iceGatherer)" in inspect.getsource(RTCPeerConnection._RTCPeerConnection__createDtlsTransport)
    transport = RTCIceTransport(RTCIceGatherer(iceServers=[]))
    theirs = transport._connection
    ice = take_over(transport, [])
    assert (ice.local_username, ice.local_password) == (theirs.local_username, theirs.local_password)
    holders = [*vars(transport).values(), *vars(transport.iceGatherer).values()]
    assert not [held for held in holders if held is theirs or getattr(held, "__self__", None) is theirs], "someone still has aiortc's own"
    assert sum(held is ice for held in holders) == 2


def test_aioice_calls_what_we_override() -> None:
    for name in ("get_component_candidates", "check_incoming", "check_complete", "data_received", "close", "_remote_candidates_expected"):
        assert parameters(getattr(DeskIce, name)) == parameters(getattr(aioice.Connection, name)), name
    assert parameters(GuardedProtocol.request) == parameters(aioice.ice.StunProtocol.request)
    assert aioice.stun.RETRY_RTO == 0.5, "our own repetitions come before the first of theirs"
    assert parameters(GuardedProtocol.datagram_received) == parameters(aioice.ice.StunProtocol.datagram_received)
    source = inspect.getsource(aioice.Connection)
    assert "self.get_component_candidates(component=component, addresses=addresses)" in source
    assert "self._local_candidates += candidates" in source
    assert source.count("self.check_incoming(") == 2, "both after the password was proved"
    request = inspect.getsource(aioice.Connection.request_received)
    assert request.index("check_message_integrity") < request.index("self.check_incoming(")
    assert "if self._remote_candidates_expected():\n            return" in inspect.getsource(aioice.Connection._check_list_maybe_fail)
    assert "return self._remote_candidates_expected()" in inspect.getsource(aioice.Connection._check_periodic)


def test_aioice_has_the_parts_of_gathering() -> None:
    assert parameters(aioice.ice.relayed_candidate) == [
        "component", "hide_related_address", "protocol_factory", "turn_server", "turn_username", "turn_password", "turn_ssl", "turn_transport"]
    assert parameters(aioice.ice.server_reflexive_candidate) == ["protocol", "stun_server"]
    assert parameters(aioice.candidate.candidate_priority) == ["candidate_component", "candidate_type", "local_pref"]
    ours = {"_protocols", "_local_candidates", "_remote_candidates", "_closing", "_check_list_done", "_early_checks_done"}
    assert ours <= set(vars(DeskIce([], local_username="abcd", local_password="x" * 22)))
    assert "_TurnTransport__close_task" in vars(aioice.turn.TurnTransport(None))
    assert "finally:\n            # Close the transport even if the deletion is cancelled" in inspect.getsource(aioice.turn.TurnClientMixin.delete)


async def test_aioice_still_hands_a_strangers_packet_to_dtls() -> None:
    """When this fails, upstream filters itself: GuardedProtocol may go."""
    class Receiver:
        taken = 0

        def data_received(self, data: bytes, component: int) -> None:
            self.taken += 1

    receiver = Receiver()
    protocol = aioice.ice.StunProtocol(receiver)
    protocol.local_candidate = aioice.Candidate("1", 1, "udp", 1, "192.0.2.1", 1, "host")
    protocol.datagram_received(bytes([22]) * 40, ("203.0.113.1", 9))
    assert receiver.taken == 1


def test_the_sender_packs_packets_that_a_track_made_itself() -> None:
    """MicrophoneTrack encodes Opus itself so that what is recorded of the agent is what was sent."""
    source = inspect.getsource(aiortc.rtcrtpsender.RTCRtpSender._next_encoded_frame)
    assert "payloads, timestamp = self.__encoder.pack(data)" in source
    packet = av.Packet(b"\xf8\xff\xfe")
    packet.pts, packet.time_base = 4800, Fraction(1, 48000)
    assert aiortc.codecs.opus.OpusEncoder().pack(packet) == ([b"\xf8\xff\xfe"], 4800)


def test_reports_of_what_we_send_reach_the_sender_by_the_name_that_we_listen_at() -> None:
    assert parameters(aiortc.rtcrtpsender.RTCRtpSender._handle_rtcp_packet) == ["packet"]
    assert "await recipient._handle_rtcp_packet(packet)" in inspect.getsource(RTCDtlsTransport)
    source = inspect.getsource(aiortc.rtcrtpsender.RTCRtpSender)
    assert "clock.current_ntp_time()" in source, "the time in our reports, which the other side's answers name"
    assert source.index("self.__ntp_timestamp = clock") < source.index("ntp_timestamp=self.__ntp_timestamp"), "and it is that of the last frame sent"


def test_who_begins_the_handshake_may_be_said_between_offer_and_answer() -> None:
    assert parameters(RTCDtlsTransport._set_role) == ["role"]
    source = inspect.getsource(RTCPeerConnection.createAnswer)
    assert 'if dtlsTransport._role == "auto":\n                media.dtls.role = "client"\n            else:\n                media.dtls.role = dtlsTransport._role' in source


def test_the_lane_finds_keys_router_and_extensions_where_the_transport_has_them() -> None:
    """media/lane.py does what `_recv_next` and `_handle_rtp_data` do with a media packet, and leaves them the rest."""
    transport = RTCDtlsTransport(RTCIceTransport(RTCIceGatherer(iceServers=[])), [RTCCertificate.generateCertificate()])
    assert transport._rx_srtp is None, "no media before the handshake"
    assert isinstance(transport._rtp_header_extensions_map, aiortc.rtp.HeaderExtensionsMap)
    assert parameters(transport._rtp_router.route_rtp) == ["packet"]
    source = inspect.getsource(RTCDtlsTransport)
    assert "elif first_byte > 127 and first_byte < 192 and self._rx_srtp:" in source
    assert "data = self._rx_srtp.unprotect(data)" in source
    assert "await receiver._handle_rtp_packet(packet, arrival_time_ms=arrival_time_ms)" in source
    assert [is_rtcp(bytes([0x80, kind])) for kind in (96, 127, 191, 192, 200, 208, 224)] == [False, False, False, True, True, True, False]
