"""RTCPeerConnection with our receivers, codec order and congestion feedback. All reaching into aiortc's private parts is here.

aiortc 1.16 builds its parts from names of its own module and mangles them; instead of replacing module globals we override on
our subclass, so that other connections in the process stay aiortc's own. tests/contracts/test_aiortc_parts.py guards each name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aioice import Candidate
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import is_rtx
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcicetransport import candidate_from_aioice
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters
from aiortc.sdp import candidate_to_sdp

from videodesk.media.audio import MicrophoneTrack
from videodesk.media.congestion import TRANSPORT_CC_URI
from videodesk.media.gathering import DeskIce, servers_of, take_over
from videodesk.media.lane import MediaLane
from videodesk.media.receiver import DeskReceiver, Inbox
from videodesk.media.sending import FastH264Encoder
from videodesk.media.yielding import Step
from videodesk.protocol.messages import IceCandidate, IceServer

START_BITRATE_KBPS: Final = 2500
"""What the browser's estimator starts with (`x-google-start-bitrate`): sharp in the first second; it finds its own level from there."""

_TRANSPORT_CC: Final = RTCRtcpFeedback(type="transport-cc")


class DeskConnection(RTCPeerConnection):
    """A peer connection whose receivers and ICE are ours.

    aiortc's own list of servers stays explicitly empty: None would mean a public STUN server (aiortc#524). `on_candidate` is told
    each candidate that is found when the answer is made already; an empty one says that no more come.
    """

    def __init__(self, ice_servers: list[IceServer], inbox: Inbox, on_candidate: Callable[[IceCandidate], None] | None = None) -> None:
        self.desk_receivers: tuple[DeskReceiver, ...] = ()
        self.ice: tuple[DeskIce, ...] = ()
        self._servers = servers_of(ice_servers)
        self._on_candidate = on_candidate
        super().__init__(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._inbox = inbox

    def _RTCPeerConnection__createDtlsTransport(self) -> Any:
        original: Any = super()
        transport = original._RTCPeerConnection__createDtlsTransport()  # noqa: SLF001
        ice = take_over(transport.transport, self._servers)
        ice.on_late = self._found_late
        ice.lane = MediaLane(transport).take
        self.ice = (*self.ice, ice)
        return transport

    def _found_late(self, candidate: Candidate | None) -> None:
        if self._on_candidate is None:
            return
        text = "" if candidate is None else "candidate:" + candidate_to_sdp(candidate_from_aioice(candidate))
        transceivers = self.getTransceivers()
        self._on_candidate(IceCandidate(candidate=text, sdpMid=transceivers[0].mid if transceivers else None, sdpMLineIndex=0))

    @property
    def answer_sdp(self) -> str:
        """The local description; while servers are still asked it does not say that these candidates are all."""
        sdp: str = self.localDescription.sdp
        return sdp.replace("a=end-of-candidates\r\n", "") if any(ice.is_still_asking for ice in self.ice) else sdp

    def _RTCPeerConnection__createTransceiver(
        self, direction: str, kind: str, sender_track: Any = None) -> Any:
        original: Any = super()
        transceiver = original._RTCPeerConnection__createTransceiver(  # noqa: SLF001
            direction=direction, kind=kind, sender_track=sender_track)
        receiver = DeskReceiver(kind, transceiver.receiver.transport, self._inbox)
        receiver._set_rtcp_ssrc(transceiver.sender._ssrc)  # noqa: SLF001 - as RTCPeerConnection does
        transceiver._RTCRtpTransceiver__receiver = receiver  # noqa: SLF001
        self.desk_receivers = (*self.desk_receivers, receiver)
        return transceiver

    async def setRemoteDescription(self, sessionDescription: RTCSessionDescription) -> None:
        """As RTCPeerConnection; afterwards our codec order, transport-cc and start bitrate stand for the answer."""
        await super().setRemoteDescription(sessionDescription)
        if sessionDescription.type == "offer":
            self._leave_the_first_word()
        remote: Any = getattr(self, "_RTCPeerConnection__remoteDescription")()  # noqa: B009 - a mangled name
        for transceiver in self.getTransceivers():
            index = transceiver._get_mline_index()  # noqa: SLF001
            if index is None or index >= len(remote.media):
                continue
            media = remote.media[index]
            if transceiver.kind == "video":
                transceiver._codecs = in_our_order(transceiver._codecs)  # noqa: SLF001
                sender: Any = transceiver.sender
                if transceiver._codecs[0].name == "H264" and sender._RTCRtpSender__encoder is None:  # noqa: SLF001
                    sender._RTCRtpSender__encoder = FastH264Encoder()  # noqa: SLF001
            else:
                _ask_for_robust_sound(transceiver._codecs)  # noqa: SLF001
            _announce_transport_cc(transceiver, media)

    def limit_picture(self, step: Step) -> None:
        """What the outgoing picture may take from now on."""
        for sender in self.getSenders():
            encoder = getattr(sender, "_RTCRtpSender__encoder")  # noqa: B009 - a mangled name
            if isinstance(encoder, FastH264Encoder):
                encoder.limit_bps = step.bps

    def _leave_the_first_word(self) -> None:
        """The page begins the DTLS handshake (a=setup:passive): libwebrtc repeats what gets lost after 50 ms, OpenSSL after a second."""
        for transport in {transceiver.receiver.transport for transceiver in self.getTransceivers()}:
            if transport._role == "auto":  # noqa: SLF001
                transport._set_role("server")  # noqa: SLF001

    def send_along(self, *tracks: MediaStreamTrack) -> None:
        """Send each track in the first section of its kind that the offer has; between setRemoteDescription and createAnswer.

        Transceivers made before the offer would be in our order, and with another order in the offer's BUNDLE group aiortc 1.16
        stops the transport that they share.
        """
        for track in tracks:
            transceivers = [transceiver for transceiver in self.getTransceivers() if transceiver.kind == track.kind]
            if transceivers and all(transceiver.sender.track is not track for transceiver in transceivers):
                if isinstance(track, MicrophoneTrack):
                    track.is_opus = transceivers[0]._codecs[0].name.lower() == "opus"  # noqa: SLF001 - what the answer puts first is sent
                transceivers[0].sender.replaceTrack(track)
                transceivers[0].direction = "sendrecv"


def in_our_order(codecs: list[RTCRtpCodecParameters]) -> list[RTCRtpCodecParameters]:
    """H264 (cheapest at both ends), then VP8, each followed by its RTX; a start bitrate on each; no more REMB than the offer had."""
    rtx = {codec.parameters.get("apt"): codec for codec in codecs if is_rtx(codec)}
    ordered: list[RTCRtpCodecParameters] = []
    for codec in sorted((codec for codec in codecs if not is_rtx(codec)), key=_rank):
        codec.parameters["x-google-start-bitrate"] = str(START_BITRATE_KBPS)
        ordered.append(codec)
        if codec.payloadType in rtx:
            ordered.append(rtx[codec.payloadType])
    return ordered


def _rank(codec: RTCRtpCodecParameters) -> int:
    if codec.name == "H264":
        return 0 if str(codec.parameters.get("profile-level-id", "")).lower() == "42e01f" else 1
    return 2


def _ask_for_robust_sound(codecs: list[RTCRtpCodecParameters]) -> None:
    """Opus with a copy of each packet in the next one where packets get lost, and next to nothing while nobody speaks (RFC 7587 section 6.1)."""
    for codec in codecs:
        if codec.name.lower() == "opus":
            codec.parameters.update({"minptime": "10", "useinbandfec": "1", "usedtx": "1"})


def _announce_transport_cc(transceiver: Any, media: Any) -> None:
    offered = next((extension for extension in media.rtp.headerExtensions if extension.uri == TRANSPORT_CC_URI), None)
    if offered is None or any(extension.uri == TRANSPORT_CC_URI for extension in transceiver._headerExtensions):  # noqa: SLF001
        return
    transceiver._headerExtensions.append(RTCRtpHeaderExtensionParameters(id=offered.id, uri=offered.uri))  # noqa: SLF001
    feedback = {codec.payloadType: codec.rtcpFeedback for codec in media.rtp.codecs}
    for codec in transceiver._codecs:  # noqa: SLF001
        if any(entry.type == _TRANSPORT_CC.type for entry in feedback.get(codec.payloadType, ())):
            codec.rtcpFeedback.append(_TRANSPORT_CC)
