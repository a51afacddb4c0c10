"""Where a picture's C2PA manifest lies in its file: what kind of seal it is, and the picture as it was without it.

JPEG: APP11 segments (C2PA 2.4, annex A.3.1; JPEG XT, ISO/IEC 18477-3), PNG: chunk `caBX`, WebP: chunk `C2PA`. Hostile input: sizes are
believed only as far as the bytes that are here, every byte is looked at a bounded number of times, and nothing is verified: a seal that
says it is one may be anybody's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from videodesk.core.vocabulary import SealKind

CAPTURE_LABEL: Final = "nl.videodesk.capture"
OPENED_LABEL: Final = "nl.videodesk.opened"
RENDITION_LABEL: Final = "nl.videodesk.rendition"

MAX_STORE: Final = 16 * 1024 * 1024

_KINDS: Final = {CAPTURE_LABEL: SealKind.CAPTURE, OPENED_LABEL: SealKind.OPENED, RENDITION_LABEL: SealKind.RENDITION}
_STORE: Final = bytes.fromhex("63327061 00110010 800000AA 00389B71")  # a superbox's type: "c2pa"
_ASSERTIONS: Final = bytes.fromhex("63326173 00110010 800000AA 00389B71")  # "c2as"
_MAX_BOXES: Final = 4096
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})

_Span = tuple[int, int]


def seal_kind(data: bytes) -> SealKind:
    """What the newest manifest in this JPEG, PNG or WebP calls itself; NONE for no manifest, another's, or another file."""
    return _kind_of_store(manifest_store(data))


def unsealed(data: bytes) -> bytes:
    """The picture without its C2PA manifest, byte for byte what was sealed; as it is where there is none."""
    if data.startswith(b"\xff\xd8"):
        return _without(data, _jpeg_spans(data))
    if data.startswith(_PNG):
        return _without(data, [span for span, kind in _png_chunks(data) if kind == b"caBX"])
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        rest = _without(data, [span for span, kind in _riff_chunks(data) if kind == b"C2PA"])
        return rest if len(rest) == len(data) else rest[:4] + struct.pack("<I", len(rest) - 8) + rest[8:]
    return data


def manifest_store(data: bytes) -> bytes:
    """The C2PA manifest store (JUMBF) of this file; empty where there is none."""
    if data.startswith(b"\xff\xd8"):
        # The box's header stands again in each segment: it is taken from the first only.
        return b"".join(data[start + (20 if at else 12):end] for at, (start, end) in enumerate(_jpeg_spans(data)))[:MAX_STORE]
    if data.startswith(_PNG):
        return next((data[start + 8:end - 4] for (start, end), kind in _png_chunks(data) if kind == b"caBX"), b"")[:MAX_STORE]
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return next((data[start + 8:end] for (start, end), kind in _riff_chunks(data) if kind == b"C2PA"), b"")[:MAX_STORE]
    return b""


def _kind_of_store(store: bytes) -> SealKind:
    for kind, start, end in _superboxes(store, 0, len(store)):
        if kind[0] != _STORE:
            continue
        manifests = list(_superboxes(store, start, end))
        if not manifests:
            return SealKind.NONE
        _, active, active_end = manifests[-1]  # the active one is the last
        for (box_type, _), at, until in _superboxes(store, active, active_end):
            if box_type == _ASSERTIONS:
                labels = [label for (_, label), _, _ in _superboxes(store, at, until)]
                return next((_KINDS[label] for label in labels if label in _KINDS), SealKind.NONE)
        return SealKind.NONE
    return SealKind.NONE


def _superboxes(data: bytes, start: int, end: int) -> Iterator[tuple[tuple[bytes, str], int, int]]:
    """(type, label), and where the content lies, of each JUMBF superbox in this stretch (ISO/IEC 19566-5)."""
    for box, at, until in _boxes(data, start, end):
        if box != b"jumb":
            continue
        first = next(_boxes(data, at, until), None)
        if first is None or first[0] != b"jumd":
            continue
        _, inner, inner_end = first
        label = data[inner + 17:inner_end].split(b"\x00", 1)[0][:256]
        yield (data[inner:inner + 16], label.decode("ascii", "replace")), inner_end, until


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        (length,) = struct.unpack_from(">I", data, start)
        kind, at = data[start + 4:start + 8], start + 8
        if length == 1:
            if at + 8 > end:
                return
            (length,) = struct.unpack_from(">Q", data, at)
            at += 8
        until = end if length == 0 else start + length
        if until < at or until > end:
            return
        yield kind, at, until
        start = until


def _jpeg_spans(data: bytes) -> list[_Span]:
    """Where the segments of the C2PA box lie, marker and all, in their order."""
    found: list[_Span] = []
    instance = b""
    for marker, start, end in _jpeg_segments(data):
        if marker != 0xEB or data[start + 4:start + 6] != b"JP" or end - start < 20:
            continue
        if data[start + 16:start + 20] != b"jumb":
            continue
        if not instance and data[start + 24:start + 28] == b"jumd" and data[start + 28:start + 44] == _STORE:
            instance = data[start + 6:start + 8]
            found.append((start, end))
        elif instance and data[start + 6:start + 8] == instance:
            found.append((start, end))
    return found


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    at = 2
    while at + 4 <= len(data):
        start = at
        if data[at] != 0xFF:
            return
        while at < len(data) and data[at] == 0xFF:
            at += 1
        if at + 3 > len(data):
            return
        marker = data[at]
        at += 1
        if marker in _BARE:
            continue
        if marker in {0xD9, 0xDA, 0x00}:
            return
        (length,) = struct.unpack_from(">H", data, at)
        if length < 2 or at + length > len(data):
            return
        # Fill bytes before a marker stay with the picture: only the marker's own 0xFF is the segment's.
        yield marker, max(start, at - 2), at + length
        at += length


def _png_chunks(data: bytes) -> Iterator[tuple[_Span, bytes]]:
    at = len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            return
        yield (at, end), data[at + 4:at + 8]
        at = end


def _riff_chunks(data: bytes) -> Iterator[tuple[_Span, bytes]]:
    at = 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        end = at + 8 + length + (length & 1)
        if end > len(data):
            return
        yield (at, end), data[at:at + 4]
        at = end


def _without(data: bytes, spans: list[_Span]) -> bytes:
    if not spans:
        return data
    kept: list[bytes] = []
    at = 0
    for start, end in spans:
        kept.append(data[at:start])
        at = end
    kept.append(data[at:])
    return b"".join(kept)
