"""H.264 from the wire's form (start codes, ISO/IEC 14496-10 Annex B) to the file's (lengths, ISO/IEC 14496-15). No unit's bytes change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import av

_START: Final = re.compile(rb"\x00\x00\x01")
_SPS, _PPS = 7, 8


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """What a decoder must know before the first frame."""

    sps: bytes
    pps: bytes


def units(data: bytes) -> list[bytes]:
    """The NAL units between the start codes."""
    starts = [match.end() for match in _START.finditer(data)]
    ends = [start - 3 for start in starts[1:]] + [len(data)]
    found = (data[start:end] for start, end in zip(starts, ends, strict=True))
    return [unit for unit in (unit.rstrip(b"\x00") for unit in found) if unit]  # a unit never ends in zero (§7.4.1)


def to_length_prefixed(data: bytes) -> bytes:
    """The same units, each after its length in 4 bytes."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units(data))


def parameter_sets(keyframe: bytes) -> ParameterSets | None:
    """The sets that come with a keyframe; None when there are none."""
    found = {unit[0] & 0x1F: unit for unit in units(keyframe)}
    if _SPS not in found or _PPS not in found or len(found[_SPS]) < 4:
        return None
    return ParameterSets(found[_SPS], found[_PPS])


def avcc(sets: ParameterSets) -> bytes:
    """An AVCDecoderConfigurationRecord with lengths of 4 bytes (ISO/IEC 14496-15 §5.3.3.1)."""
    return b"".join((
        b"\x01", sets.sps[1:4], b"\xff\xe1", len(sets.sps).to_bytes(2, "big"), sets.sps,
        b"\x01", len(sets.pps).to_bytes(2, "big"), sets.pps))


def picture_size(keyframe: bytes) -> tuple[int, int] | None:
    """Width and height by decoding it (ms); None when it cannot be."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    try:
        frames = decoder.decode(av.Packet(keyframe)) + decoder.decode(None)
    except av.FFmpegError:
        return None
    return (frames[0].width, frames[0].height) if frames else None
