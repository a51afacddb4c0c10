"""The short way of a media packet: from the socket straight to its receiver.

aiortc 1.16 takes each datagram through two queues and three coroutines before a receiver sees it (about 0.3 ms of CPU a packet). Media of
a connection that is up needs none of that: it is decrypted, parsed and handed over in the socket's own callback. All else (DTLS, RTCP, what
comes before the keys are known) takes aiortc's way. tests/contracts/test_aiortc_parts.py names the parts that this stands on.
"""

from __future__ import annotations

import struct
from typing import Any

import pylibsrtp
from aiortc import RTCDtlsTransport
from aiortc.rtp import RtpPacket, is_rtcp

from videodesk.media.receiver import DeskReceiver


class MediaLane:
    """Takes the datagrams of one DTLS transport. Engine loop."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self._transport: Any = transport
        self.refused = 0
        """Packets that were not encrypted with our keys, came twice, or were no RTP."""

    def take(self, data: bytes) -> bool:
        """Whether `data` was media for one of our receivers, which has it now (or threw it away)."""
        transport = self._transport
        keys = transport._rx_srtp  # noqa: SLF001
        if keys is None or not 127 < data[0] < 192 or len(data) < 2 or is_rtcp(data):
            return False
        try:
            packet = RtpPacket.parse(keys.unprotect(data), transport._rtp_header_extensions_map)  # noqa: SLF001
        except (pylibsrtp.Error, ValueError, struct.error):
            self.refused += 1
            return True
        receiver = transport._rtp_router.route_rtp(packet)  # noqa: SLF001
        if isinstance(receiver, DeskReceiver):
            receiver.take(packet)
        return True
