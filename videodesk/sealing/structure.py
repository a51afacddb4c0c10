"""Whether a seal lies in its picture byte for byte as our sealer writes it: the containers, which no signature covers.

Readers of C2PA forgive much: names of boxes, numbers of segments, checksums of chunks. Each reader forgives something else, so that two
of them may disagree about a file in which such a byte was changed. A seal of ours that is not as written was changed.
(JUMBF: ISO/IEC 19566-5; in JPEG: ISO/IEC 18477-3, annex B; C2PA 2.4, "Embedding manifests".)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from videodesk.sealing.embedded import manifest_store, unsealed

_SEGMENT: Final = b"JP\x02\x11"
_TYPE_END: Final = bytes.fromhex("00110010800000AA00389B71")
_PLAIN: Final = 0x03  # toggles: may be asked for, has a label
_SALTED: Final = 0x13  # and a salt
_MANIFEST_NAME: Final = b"urn:c2pa:"
_PARTS: Final = [(b"c2as", b"c2pa.assertions"), (b"c2cl", b"c2pa.claim.v2"), (b"c2cs", b"c2pa.signature")]
_NO_PAYLOAD: Final = b"\xf6\x58\x40"  # nil, and then the 64 bytes of an ES256 signature
_MAX_BOXES: Final = 4096

_Span = tuple[int, int]


def is_as_written(data: bytes) -> bool:
    """Whether the picture's file carries its manifest store, and the store its boxes, as our sealer writes them."""
    store = manifest_store(data)
    try:
        if data.startswith(b"RIFF"):
            store = store[:struct.unpack_from("<I", data, data.index(store) - 4)[0]]  # without what fills it up to an even size
        return _is_carried(data, store) and _is_store(store)
    except (ValueError, struct.error):
        return False


def _is_carried(data: bytes, store: bytes) -> bool:
    added = len(data) - len(unsealed(data))
    if data.startswith(b"\xff\xd8"):
        return _is_in_segments(data, store, added)
    if data.startswith(b"RIFF"):
        chunk = b"C2PA" + struct.pack("<I", len(store)) + store + bytes(len(store) % 2)
    else:
        chunk = struct.pack(">I", len(store)) + b"caBX" + store + struct.pack(">I", zlib.crc32(b"caBX" + store))
    return added == len(chunk) and chunk in data


def _is_in_segments(data: bytes, store: bytes, added: int) -> bool:
    begin = data.find(_SEGMENT + b"\0\0\0\x01" + store[:8])
    at, done, number = begin - 4, 8, 0
    while done < len(store):
        number += 1
        (size,) = struct.unpack_from(">H", data, at + 2)
        head = b"\xff\xeb" + data[at + 2:at + 4] + _SEGMENT + struct.pack(">I", number) + store[:8]
        piece = data[at + 20:at + 2 + size]
        if begin < 4 or data[at:at + 20] != head or not piece or store[done:done + len(piece)] != piece:
            return False
        at, done = at + 2 + size, done + len(piece)
    return added == at - begin + 4


def _is_store(store: bytes) -> bool:
    ((kind, name, manifests),) = _superboxes(store, [(0, len(store))])
    if (kind, name) != (b"c2pa", b"c2pa") or not manifests:
        return False
    return all(kind == b"c2ma" and name.startswith(_MANIFEST_NAME) and _is_manifest(store, parts) for kind, name, parts in _superboxes(store, manifests))


def _is_manifest(store: bytes, spans: list[_Span]) -> bool:
    parts = list(_superboxes(store, spans))
    if sorted((kind, name) for kind, name, _ in parts) != _PARTS:
        return False
    inner = {name: held for _, name, held in parts}
    (signature,) = inner[b"c2pa.signature"]
    list(_superboxes(store, inner[b"c2pa.assertions"], may_be_salted=True))
    return store[signature[0] + 4:signature[0] + 8] == b"cbor" and store[signature[1] - 67:signature[1] - 64] == _NO_PAYLOAD


def _superboxes(store: bytes, spans: list[_Span], *, may_be_salted: bool = False) -> Iterator[tuple[bytes, bytes, list[_Span]]]:
    """(type, label, what it holds) of each; ValueError where one is not exactly as it should be."""
    for start, end in spans:
        (described, *held) = list(_boxes(store, start + 8, end))
        if store[start + 4:start + 8] != b"jumb" or store[described[0] + 4:described[0] + 8] != b"jumd":
            raise ValueError
        content = store[described[0] + 8:described[1]]
        label, closed, salt = content[17:].partition(b"\0")
        if content[4:16] != _TYPE_END and not may_be_salted:
            raise ValueError
        if not closed or content[16] != (_SALTED if salt else _PLAIN) or (salt and not may_be_salted):
            raise ValueError
        yield content[:4], label, held


def _boxes(store: bytes, start: int, end: int) -> Iterator[_Span]:
    """The boxes that fill this stretch exactly."""
    for _ in range(_MAX_BOXES):
        if start == end:
            return
        (size,) = struct.unpack_from(">I", store, start)
        if size < 8 or start + size > end:
            break
        yield start, start + size
        start += size
    raise ValueError
