"""RTCPeerConnection with our receivers, codec order and congestion feedback. All reaching into aiortc's private parts is here.

aiortc 1.16 builds its parts from names of its own module and mangles them; instead of replacing module globals we override on
our subclass, so that other connections in the process stay aiortc's own. tests/contracts/test_aiortc_parts.py guards each name.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import av
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import is_rtx
from aiortc.codecs.h264 import H264Encoder
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters

from videodesk.media.congestion import TRANSPORT_CC_URI
from videodesk.media.receiver import DeskReceiver, Inbox
from videodesk.protocol.messages import IceServer

START_BITRATE_KBPS: Final = 2500
"""What the browser's estimator starts with (`x-google-start-bitrate`): sharp in the first second; it finds its own level from there."""

_TRANSPORT_CC: Final = RTCRtcpFeedback(type="transport-cc")


class DeskConnection(RTCPeerConnection):
    """A peer connection whose receivers are ours. `ice_servers` is always explicit: None would mean a public STUN server (aiortc#524)."""

    def __init__(self, ice_servers: list[IceServer], inbox: Inbox) -> None:
        servers = [RTCIceServer(urls=list(s.urls), username=s.username, credential=s.credential) for s in ice_servers]
        self.desk_receivers: tuple[DeskReceiver, ...] = ()
        super().__init__(RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._inbox = inbox

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
            _announce_transport_cc(transceiver, media)

    def send_along(self, *tracks: MediaStreamTrack) -> None:
        """Send each track in the first section of its kind that the offer has; between setRemoteDescription and createAnswer.

        Transceivers made before the offer would be in our order, and with another order in the offer's BUNDLE group aiortc 1.16
        stops the transport that they share.
        """
        for track in tracks:
            transceivers = [transceiver for transceiver in self.getTransceivers() if transceiver.kind == track.kind]
            if transceivers and all(transceiver.sender.track is not track for transceiver in transceivers):
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


def _announce_transport_cc(transceiver: Any, media: Any) -> None:
    offered = next((extension for extension in media.rtp.headerExtensions if extension.uri == TRANSPORT_CC_URI), None)
    if offered is None or any(extension.uri == TRANSPORT_CC_URI for extension in transceiver._headerExtensions):  # noqa: SLF001
        return
    transceiver._headerExtensions.append(RTCRtpHeaderExtensionParameters(id=offered.id, uri=offered.uri))  # noqa: SLF001
    feedback = {codec.payloadType: codec.rtcpFeedback for codec in media.rtp.codecs}
    for codec in transceiver._codecs:  # noqa: SLF001
        if any(entry.type == _TRANSPORT_CC.type for entry in feedback.get(codec.payloadType, ())):
            codec.rtcpFeedback.append(_TRANSPORT_CC)


class FastH264Encoder(H264Encoder):
    """aiortc's H.264 encoder with x264's preset `superfast`: a quarter of the CPU of the default (aiortc#980 asks for options)."""

    def _encode_frame(self, frame: Any, force_keyframe: bool) -> Any:
        wanted = self.target_bitrate
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
