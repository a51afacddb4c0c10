"""What in a C2PA manifest no signature covers: the unprotected header of its COSE signature (RFC 9052, 4.2; C2PA 2.4, "Digital Signatures").

The padding there, a quarter of the manifest, could be changed unseen. It must be zeros: then nothing can hide in it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final

from videodesk.sealing.embedded import manifest_store

REMAINS: Final = bytes.fromhex("63327061 00110010 800000AA 00389B71")
"""The type of a C2PA manifest store: where these bytes are, there was a seal."""

_TOKENS: Final = frozenset({"sigTst", "sigTst2"})  # time stamps, themselves signed
_PADDING: Final = frozenset({"pad", "pad2"})
_X5CHAIN: Final = 33  # RFC 9360
_MAX_DEPTH: Final = 8
_MAX_ITEMS: Final = 4096


def is_slack_clean(data: bytes) -> bool:
    """Whether in each manifest of this file the signature's unprotected header holds padding of zeros, and time stamps, and nothing else."""
    signatures = list(_signatures(manifest_store(data)))
    return bool(signatures) and all(_is_clean(one) for one in signatures)


def certificates_in(data: bytes) -> list[bytes]:
    """The certificates (DER) that came with the seals of this file: anybody's, and no reason to trust them."""
    found: list[bytes] = []
    for box in _signatures(manifest_store(data)):
        try:
            (_, (protected, unprotected, _, _)), _ = _cbor(box, 0, 0)
            headers, _ = _cbor(protected, 0, 0)
            chain = headers.get(_X5CHAIN) or headers.get("x5chain") or unprotected.get(_X5CHAIN) or unprotected.get("x5chain")
        except (ValueError, TypeError, IndexError, AttributeError, struct.error):
            continue
        found += [one for one in (chain if isinstance(chain, list) else [chain]) if isinstance(one, bytes)]
    return found


def _is_clean(box: bytes) -> bool:
    try:
        (tag, (_, unprotected, _, _)), end = _cbor(box, 0, 0)
    except (ValueError, TypeError, IndexError, struct.error):
        return False
    if tag != "tag18" or end != len(box) or not isinstance(unprotected, dict):
        return False
    return all(
        (name in _PADDING and isinstance(value, bytes) and not value.strip(b"\x00")) or name in _TOKENS
        for name, value in unprotected.items())


def _signatures(store: bytes) -> Iterator[bytes]:
    """The content of the CBOR box in each manifest's c2pa.signature."""
    for label, start, end in _labelled(store, 0, len(store)):
        if label != b"c2pa":
            continue
        for _, manifest_start, manifest_end in _labelled(store, start, end):
            for inner, at, until in _labelled(store, manifest_start, manifest_end):
                if inner == b"c2pa.signature":
                    yield from (store[a:b] for kind, a, b in _boxes(store, at, until) if kind == b"cbor")


def _labelled(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for kind, at, until in _boxes(data, start, end):
        if kind != b"jumb":
            continue
        first = next(_boxes(data, at, until), None)
        if first is not None and first[0] == b"jumd":
            yield data[first[1] + 17:first[2]].split(b"\x00", 1)[0], first[2], until


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(_MAX_ITEMS):
        if start + 8 > end:
            return
        (length,) = struct.unpack_from(">I", data, start)
        at = start + 8
        if length == 1 and at + 8 <= end:
            (length,) = struct.unpack_from(">Q", data, at)
            at += 8
        until = end if length == 0 else start + length
        if until < at or until > end:
            return
        yield data[start + 4:start + 8], at, until
        start = until


def _cbor(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """One item of CBOR (RFC 8949), as much of it as a COSE signature has: definite lengths, no floats."""
    kind, info = data[at] >> 5, data[at] & 31
    at += 1
    if info < 24:
        value = info
    elif info < 28:
        width = 1 << (info - 24)
        value = int.from_bytes(data[at:at + width], "big")
        at += width
    else:
        raise ValueError
    if depth > _MAX_DEPTH or (kind in {2, 3} and at + value > len(data)) or (kind in {4, 5} and value > _MAX_ITEMS):
        raise ValueError
    if kind in {2, 3}:
        text = data[at:at + value]
        return text if kind == 2 else text.decode("utf-8"), at + value
    if kind in {4, 5, 6}:
        return _nested(data, at, kind, value, depth)
    return -1 - value if kind == 1 else value, at


def _nested(data: bytes, at: int, kind: int, value: int, depth: int) -> tuple[Any, int]:
    """A list, a map or a tagged item."""
    if kind == 4:
        return _items(data, at, value, depth)
    if kind == 6:
        inner, at = _cbor(data, at, depth + 1)
        return (f"tag{value}", inner), at
    pairs, at = _items(data, at, 2 * value, depth)
    made = dict(zip(pairs[::2], pairs[1::2], strict=True))
    if len(made) != value:
        raise ValueError
    return made, at


def _items(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    found = []
    for _ in range(count):
        one, at = _cbor(data, at, depth + 1)
        found.append(one)
    return found, at
