"""The file that a recording is written to while it goes on: Matroska (RFC 9559) that only grows, in clusters of at most a second.

Nothing before the end of the file is ever written again, each cluster carries its length, and so a file that was cut off plays up
to its last whole cluster. What becomes of it when the recording ends is in remux.py. The WebM profile where the codecs allow it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Final

EPOCH: Final = datetime(2001, 1, 1, tzinfo=UTC)
"""Matroska counts dates from here (DateUTC)."""
MAX_SPAN_MS: Final = 1000
"""How long a cluster may be (what Matroska could: 32.7 s either way)."""

_HEADER, _SEGMENT, _INFO, _TRACKS, _CLUSTER, _TAGS = (
    b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75", b"\x12\x54\xc3\x67")
_UNKNOWN_SIZE: Final = b"\x01\xff\xff\xff\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """A track as the file's head announces it; `number` counts from 1. Sound is Opus at 48 kHz."""

    number: int
    name: str
    codec: str  # "VP8" | "H264" | "opus"
    width_px: int = 0
    height_px: int = 0
    channels: int = 1
    private: bytes = b""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """One coded frame of a track. `at_ms` counts from the file's begin."""

    track: int
    at_ms: int
    data: bytes
    is_key: bool


def head(tracks: Sequence[TrackHeader], begun_at: datetime) -> bytes:
    """The begin of a file that will only grow."""
    is_webm = all(track.codec != "H264" for track in tracks)
    header = _element(_HEADER, b"".join((
        _number(b"\x42\x86", 1), _number(b"\x42\xf7", 1), _number(b"\x42\xf2", 4), _number(b"\x42\xf3", 8),
        _element(b"\x42\x82", b"webm" if is_webm else b"matroska"), _number(b"\x42\x87", 4), _number(b"\x42\x85", 2))))
    since = begun_at - EPOCH
    date_ns = (since.days * 86400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
    info = _element(_INFO, b"".join((
        _number(b"\x2a\xd7\xb1", 1_000_000), _element(b"\x44\x61", struct.pack(">q", date_ns)),
        _element(b"\x4d\x80", b"videodesk"), _element(b"\x57\x41", b"videodesk"))))
    return header + _SEGMENT + _UNKNOWN_SIZE + info + _element(_TRACKS, b"".join(_track(track) for track in tracks))


def cluster(blocks: Sequence[Block]) -> bytes:
    """Some blocks (≥ 1, within MAX_SPAN_MS) as one cluster."""
    start_ms = min(block.at_ms for block in blocks)
    parts = [_number(b"\xe7", start_ms)]
    for block in blocks:
        flags = 0x80 if block.is_key else 0
        parts.append(_element(b"\xa3", struct.pack(">BhB", 0x80 | block.track, block.at_ms - start_ms, flags) + block.data))
    return _element(_CLUSTER, b"".join(parts))


def tag(name: str, value: str) -> bytes:
    """A word about the file; of several with one name the last counts."""
    simple = _element(b"\x67\xc8", _element(b"\x45\xa3", name.encode()) + _element(b"\x44\x87", value.encode()))
    return _element(_TAGS, _element(b"\x73\x73", _element(b"\x63\xc0", b"") + simple))


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look through a file of ours found. `whole_bytes`: up to here nothing is torn."""

    whole_bytes: int
    clusters: int
    begun_at: datetime
    tags: dict[str, str]


def scan(file: BinaryIO, size: int) -> Scan | None:
    """Look through a file of ours without reading its pictures; None when its head is not whole or not ours."""
    begun_at: datetime | None = None
    clusters, whole, tags = 0, 0, dict[str, str]()
    has_tracks = False
    for key, start, end in _walk(file, size):
        if key == _INFO:
            for inner, data in _children(file, start, end):
                if inner == b"\x44\x61" and len(data) == 8:
                    begun_at = from_date(struct.unpack(">q", data)[0])
        elif key == _TRACKS:
            has_tracks = True
        elif key == _CLUSTER:
            clusters += 1
        elif key == _TAGS:
            tags.update(_read_tag(file, start, end))
        whole = end
    if begun_at is None or not has_tracks:
        return None
    return Scan(whole, clusters, begun_at, tags)


def from_date(date_ns: int) -> datetime:
    """A DateUTC as a datetime, to the microsecond."""
    return datetime.fromtimestamp(EPOCH.timestamp() + date_ns // 1_000_000_000, tz=UTC).replace(microsecond=date_ns % 1_000_000_000 // 1000)


def vp8_size(frame: bytes) -> tuple[int, int] | None:
    """Width and height of a VP8 keyframe (RFC 6386 §9.1); None for another frame."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    return int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF


# ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _size(length: int) -> bytes:
    for width in range(1, 9):
        if length < (1 << 7 * width) - 1:
            return (length | 1 << 7 * width).to_bytes(width, "big")
    message = "too long for an element"
    raise ValueError(message)


def _element(key: bytes, body: bytes) -> bytes:
    return key + _size(len(body)) + body


def _number(key: bytes, value: int) -> bytes:
    return _element(key, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _track(track: TrackHeader) -> bytes:
    codec = {"VP8": b"V_VP8", "H264": b"V_MPEG4/ISO/AVC", "opus": b"A_OPUS"}[track.codec]
    parts = [
        _number(b"\xd7", track.number), _number(b"\x73\xc5", track.number), _number(b"\x83", 2 if track.codec == "opus" else 1),
        _number(b"\x9c", 0), _number(b"\x88", int(track.is_default)), _element(b"\x53\x6e", track.name.encode()),
        _element(b"\x22\xb5\x9c", b"und"), _element(b"\x86", codec)]
    if track.codec == "opus":
        private = b"OpusHead" + struct.pack("<BBHIhB", 1, track.channels, 0, 48000, 0, 0)  # RFC 7845 §5.1; times are already true
        parts += [
            _element(b"\x63\xa2", private), _number(b"\x56\xbb", 80_000_000),
            _element(b"\xe1", _element(b"\xb5", struct.pack(">d", 48000.0)) + _number(b"\x9f", track.channels))]
    else:
        if track.private:
            parts.append(_element(b"\x63\xa2", track.private))
        colour = _number(b"\x55\xb1", 6) + _number(b"\x55\xb9", 1)  # BT.601, limited range: what browsers send at any size
        parts.append(_element(b"\xe0", b"".join((
            _number(b"\xb0", track.width_px), _number(b"\xba", track.height_px), _element(b"\x55\xb0", colour)))))
    return _element(b"\xae", b"".join(parts))


def _walk(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """The elements below the segment that are whole: key, begin and end of the body. Goes into the segment, over all else."""
    at = 0
    while at + 2 <= size:
        file.seek(at)
        start = file.read(12)
        key, length, body = _read_head(start)
        if not key:
            return
        if key == _SEGMENT:
            at += body
            continue
        if length is None or at + body + length > size:
            return
        yield key, at + body, at + body + length
        at += body + length


def _children(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    file.seek(start)
    return _elements(file.read(end - start))


def _elements(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        key, length, body = _read_head(data[at:at + 12])
        if not key or length is None or at + body + length > len(data):
            return
        yield key, data[at + body:at + body + length]
        at += body + length


def _read_head(data: bytes) -> tuple[bytes, int | None, int]:
    """Key, length (None: unknown) and the head's own length; an empty key when this is no element."""
    if not data or data[0] < 0x10:
        return b"", None, 0
    key_width = 9 - data[0].bit_length()
    if len(data) <= key_width or not data[key_width]:
        return b"", None, 0
    width = 9 - data[key_width].bit_length()
    if len(data) < key_width + width:
        return b"", None, 0
    length = int.from_bytes(data[key_width:key_width + width], "big") & (1 << 7 * width) - 1
    return data[:key_width], None if length == (1 << 7 * width) - 1 else length, key_width + width


def _read_tag(file: BinaryIO, start: int, end: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, body in _children(file, start, end):
        for inner, simple in _elements(body) if key == b"\x73\x73" else ():
            if inner == b"\x67\xc8":
                parts = dict(_elements(simple))
                found[parts.get(b"\x45\xa3", b"").decode("utf-8", "replace")] = parts.get(b"\x44\x87", b"").decode("utf-8", "replace")
    return found
