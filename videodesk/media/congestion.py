"""Transport-wide congestion control feedback: when did each packet arrive (draft-holmer-rmcat-transport-wide-cc-extensions-01).

With it the browser uses its own send-side estimator: 2.5 Mbit/s from the second second on instead of 0.3 Mbit/s for the first
ten. aiortc 1.16 has only REMB (aiortc#170; a pull request with this feedback, aiortc#1411, is open: this file can go with it).
"""

from __future__ import annotations

from struct import pack
from typing import Final

from videodesk.media.jitter import SequenceNumbers

TRANSPORT_CC_URI: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
FEEDBACK_EVERY_S: Final = 0.05
SELDOM_S: Final = 0.15
FEW: Final = 6
"""Of fewer packets the sender is told each SELDOM_S only: on a narrow line the reports themselves weigh."""
RTCP_RTPFB: Final = 205
FMT_TRANSPORT_CC: Final = 15

_TICK_S: Final = 0.00025
_REFERENCE_TICKS: Final = 256  # the reference time counts 64 ms
_MAX_STATUSES: Final = 1500
_LOST, _SMALL, _LARGE = 0, 1, 2


class TransportFeedback:
    """Collects arrivals of one transport (all its streams) and packs them into RTCP packets. Not thread-safe."""

    def __init__(self) -> None:
        self._numbers = SequenceNumbers()
        self._arrivals: dict[int, int] = {}
        self._reported: int | None = None
        self._count = 0
        self._origin_s: float | None = None
        self._told_at_s = -SELDOM_S

    def is_due(self, now_s: float) -> bool:
        """Whether enough arrived since the last report, or something long enough ago."""
        return len(self._arrivals) >= FEW or (bool(self._arrivals) and now_s - self._told_at_s >= SELDOM_S)

    def note(self, number: int, now_s: float) -> None:
        """A packet with transport sequence number `number` (16 bits) arrived at `now_s` (monotonic)."""
        if self._origin_s is None:
            self._origin_s = now_s - 1.0
        self._arrivals.setdefault(self._numbers.unwrap(number), round((now_s - self._origin_s) / _TICK_S))

    def packets(self, sender_ssrc: int, media_ssrc: int, now_s: float) -> list[bytes]:
        """RTCP packets about all that arrived since the last call."""
        self._told_at_s = now_s
        out = []
        while self._arrivals:
            out.append(self._pack_one(sender_ssrc, media_ssrc))
        return out

    def _pack_one(self, sender_ssrc: int, media_ssrc: int) -> bytes:
        first, last = min(self._arrivals), max(self._arrivals)
        base = first if self._reported is None or first - self._reported > _MAX_STATUSES else min(first, self._reported + 1)
        last = min(last, base + _MAX_STATUSES - 1)
        reference = self._arrivals[min(n for n in self._arrivals if n <= last)] // _REFERENCE_TICKS
        at = reference * _REFERENCE_TICKS
        statuses: list[int] = []
        deltas = b""
        number = base
        while number <= last:
            arrival = self._arrivals.get(number)
            if arrival is None:
                statuses.append(_LOST)
            else:
                delta = arrival - at
                if 0 <= delta <= 0xFF:
                    statuses.append(_SMALL)
                    deltas += pack("!B", delta)
                elif -0x8000 <= delta <= 0x7FFF:
                    statuses.append(_LARGE)
                    deltas += pack("!h", delta)
                else:
                    break  # more than 8 s later: the next packet's matter
                at = arrival
                del self._arrivals[number]
            number += 1
        self._reported = max(number - 1, self._reported or 0)
        fci = pack("!HH", base & 0xFFFF, len(statuses)) + (reference & 0xFFFFFF).to_bytes(3, "big") + pack("!B", self._count)
        self._count = (self._count + 1) & 0xFF
        return _rtcp(pack("!LL", sender_ssrc, media_ssrc) + fci + _chunks(statuses) + deltas)


def _chunks(statuses: list[int]) -> bytes:
    """Packet status chunks: runs where seven or more are equal, else vectors of seven two-bit symbols (§3.1.3, §3.1.4)."""
    out = b""
    at = 0
    while at < len(statuses):
        run = 1
        while at + run < len(statuses) and run < 0x1FFF and statuses[at + run] == statuses[at]:
            run += 1
        if run >= 7:
            out += pack("!H", statuses[at] << 13 | run)
            at += run
            continue
        symbols = statuses[at:at + 7]
        word = 0b11 << 14
        for place, symbol in enumerate(symbols):
            word |= symbol << (12 - 2 * place)
        out += pack("!H", word)
        at += 7
    return out


def _rtcp(body: bytes) -> bytes:
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    return pack("!BBH", 0x80 | (0x20 if padding else 0) | FMT_TRANSPORT_CC, RTCP_RTPFB, len(body) // 4) + body
