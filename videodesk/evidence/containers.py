"""What a clip is, read from the first structures of its file: WebM (RFC 8794, RFC 9559) and MP4 (ISO/IEC 14496-12). Nothing is decoded.

Hostile input: sizes and counts are believed only as far as the bytes that are here, and no structure is looked at twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from videodesk.core.errors import UnsupportedMedia
from videodesk.evidence.model import PictureFacts
from videodesk.evidence.sniff import MAX_SIDE_PX

_MAX_PARTS: Final = 4096
_EBML, _DOC_TYPE, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x4282, 0x18538067, 0x1F43B675
_TRACKS, _TRACK, _TRACK_TYPE, _VIDEO, _WIDTH, _HEIGHT = 0x1654AE6B, 0xAE, 0x83, 0xE0, 0xB0, 0xBA
_IS_VIDEO: Final = 1
_SIZE_AT: Final = 32  # of width and height in a visual sample entry


def sniff_clip(head: bytes) -> PictureFacts:
    """The type of a clip and the size of its first picture track, from the beginning of its file.

    UnsupportedMedia("clip.unknown_type") for anything but WebM and MP4, UnsupportedMedia("clip.broken") for a beginning that does not hold
    together or names no pictures.
    """
    try:
        if head.startswith(b"\x1aE\xdf\xa3"):
            media_type, size = "video/webm", _webm(head)
        elif head[4:8] == b"ftyp":
            media_type, size = "video/mp4", _mp4(head)
        else:
            raise UnsupportedMedia("clip.unknown_type")
    except (struct.error, IndexError) as problem:
        raise UnsupportedMedia("clip.broken") from problem
    if size is None or not all(1 <= side <= MAX_SIDE_PX for side in size):
        raise UnsupportedMedia("clip.broken")
    return PictureFacts(media_type, *size)


def _webm(head: bytes) -> tuple[int, int] | None:
    top = list(_elements(head, 0, len(head), until=_SEGMENT))
    kinds = [head[start:end].rstrip(b"\x00") for ident, start, end in _inside(head, top, _EBML) if ident == _DOC_TYPE]
    if kinds != [b"webm"]:
        raise UnsupportedMedia("clip.unknown_type")
    segment = next((one for one in top if one[0] == _SEGMENT), None)
    if segment is None:
        return None
    tracks = next((one for one in _elements(head, segment[1], segment[2], until=_CLUSTER) if one[0] == _TRACKS), None)
    if tracks is None:
        return None
    for ident, start, end in _elements(head, tracks[1], tracks[2]):
        if ident != _TRACK:
            continue
        parts = list(_elements(head, start, end))
        if _value(head, parts, _TRACK_TYPE) == _IS_VIDEO:
            video = list(_inside(head, parts, _VIDEO))
            return _value(head, video, _WIDTH), _value(head, video, _HEIGHT)
    return None


_Element = tuple[int, int, int]


def _elements(head: bytes, at: int, end: int, until: int | None = None) -> Iterator[_Element]:
    """The EBML elements side by side: id, where the content starts, where it ends. Stops after `until` and where the bytes end."""
    end = min(end, len(head))
    for _ in range(_MAX_PARTS):
        if at >= end:
            return
        ident, at, _ = _number(head, at, keeps_marker=True)
        size, at, is_open = _number(head, at, keeps_marker=False)
        stop = end if is_open else min(at + size, end)
        yield ident, at, stop
        if ident == until or is_open:
            return
        at = stop


def _number(head: bytes, at: int, *, keeps_marker: bool) -> tuple[int, int, bool]:
    """A variable-size integer (RFC 8794 §4): the number, where it ends, and whether it is the reserved "unknown"."""
    first = head[at]
    length = 9 - first.bit_length()
    if length > 8:
        raise UnsupportedMedia("clip.broken")
    value = int.from_bytes(head[at:at + length], "big")
    if at + length > len(head):
        raise UnsupportedMedia("clip.broken")
    bare = value & ((1 << (7 * length)) - 1)
    return (value if keeps_marker else bare), at + length, not keeps_marker and bare == (1 << (7 * length)) - 1


def _inside(head: bytes, parts: list[_Element], ident: int) -> Iterator[_Element]:
    for one, start, end in parts:
        if one == ident:
            yield from _elements(head, start, end)
            return


def _value(head: bytes, parts: list[_Element], ident: int) -> int:
    """The unsigned integer in the first such element; 0 without one."""
    return next((int.from_bytes(head[start:min(end, start + 8)], "big") for one, start, end in parts if one == ident), 0)


def _mp4(head: bytes) -> tuple[int, int] | None:
    movie = _box(head, 0, len(head), b"moov")
    if movie is None:
        return None
    for kind, start, end in _boxes(head, *movie):
        media = _box(head, start, end, b"mdia") if kind == b"trak" else None
        handler = _box(head, *media, b"hdlr") if media else None
        if media is None or handler is None or head[handler[0] + 8:handler[0] + 12] != b"vide":
            continue
        where: tuple[int, int] | None = media
        for name in (b"minf", b"stbl", b"stsd"):
            where = _box(head, *where, name) if where else None
        if where is None:
            return None
        entry = where[0] + 8
        width, height = struct.unpack_from(">HH", head, entry + _SIZE_AT)
        return width, height
    return None


def _box(head: bytes, at: int, end: int, kind: bytes) -> tuple[int, int] | None:
    return next(((start, stop) for one, start, stop in _boxes(head, at, end) if one == kind), None)


def _boxes(head: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes side by side: type, where the content starts, where it ends."""
    for _ in range(_MAX_PARTS):
        if at + 8 > min(end, len(head)):
            return
        (size,) = struct.unpack_from(">I", head, at)
        kind, start = head[at + 4:at + 8], at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", head, at + 8)
            start = at + 16
        stop = end if size == 0 else at + size
        if stop < start:
            raise UnsupportedMedia("clip.broken")
        yield kind, start, min(stop, end)
        at = stop
