"""Looking for seals in files that somebody made to hurt: bounded, quiet, and honest about what is there."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sealing.keys import FORMATS, capture_facts, desk_keys, picture
from videodesk.core.vocabulary import SealKind
from videodesk.sealing.embedded import manifest_store, seal_kind, unsealed


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    sealer = desk_keys(tmp_path_factory.mktemp("desk")).sealer()
    return {kind: sealer.seal_capture(picture(kind), kind, capture_facts()) for kind in FORMATS}


def look(data: bytes) -> None:
    assert isinstance(seal_kind(data), SealKind)
    rest = unsealed(data)
    assert len(rest) <= len(data)
    assert len(manifest_store(data)) <= len(data)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_beginning_of_a_sealed_file(sealed, kind):
    whole = sealed[kind]
    for end in range(0, len(whole), 7):
        look(whole[:end])


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_sealed_files_with_bytes_changed(sealed, kind, data):
    touched = bytearray(sealed[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        touched[data.draw(st.integers(0, min(len(touched), 4500) - 1))] = data.draw(st.sampled_from([0, 1, 0x7F, 0xFF]))
    look(bytes(touched))


@settings(max_examples=200, deadline=None)
@given(start=st.sampled_from([b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xeb", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\xff\xff\xffWEBP"]), rest=st.binary(max_size=400))
def test_anything(start, rest):
    look(start + rest)


def box(kind: bytes, content: bytes, length: int | None = None) -> bytes:
    return struct.pack(">I4s", 8 + len(content) if length is None else length, kind) + content


def png_with(store: bytes) -> bytes:
    plain = picture("image/png")
    return plain[:33] + struct.pack(">I", len(store)) + b"caBX" + store + b"\0\0\0\0" + plain[33:]


def superbox(kind: bytes, label: bytes, content: bytes) -> bytes:
    uuid = bytes.fromhex(kind.hex() + "00110010800000aa00389b71")
    return box(b"jumb", box(b"jumd", uuid + b"\x03" + label + b"\0") + content)


def test_a_hundred_thousand_boxes_are_not_all_looked_at():
    store = superbox(b"c2pa", b"c2pa", box(b"free", b"") * 100_000)
    assert seal_kind(png_with(store)) is SealKind.NONE


@pytest.mark.parametrize("length", [0, 1, 7, 2**31, 2**32 - 1])
def test_lengths_that_lie(length):
    inner = superbox(b"c2ma", b"urn:c2pa:x", superbox(b"c2as", b"c2pa.assertions", box(b"jumb", b"x", length)))
    for store in (superbox(b"c2pa", b"c2pa", inner), box(b"jumb", inner, length), superbox(b"c2pa", b"c2pa", inner) + box(b"jumb", b"", length)):
        look(png_with(store))


def test_the_active_manifest_is_the_last_one():
    def manifest(label: bytes) -> bytes:
        return superbox(b"c2ma", b"urn:c2pa:x", superbox(b"c2as", b"c2pa.assertions", superbox(b"json", label, b"")))

    for last, expected in ((b"nl.videodesk.opened", SealKind.OPENED), (b"nl.videodesk.capture", SealKind.CAPTURE), (b"com.example.capture", SealKind.NONE)):
        store = superbox(b"c2pa", b"c2pa", manifest(b"nl.videodesk.rendition") + manifest(last))
        assert seal_kind(png_with(store)) is expected


def test_other_boxes_in_app11_stay():
    """JPEG 360 and the like keep their boxes in the same segments."""
    plain = picture()
    other = b"JP" + struct.pack(">HI", 9, 1) + box(b"jumb", box(b"jumd", bytes(16) + b"\x03x\0"))
    kept = plain[:2] + b"\xff\xeb" + struct.pack(">H", 2 + len(other)) + other + plain[2:]
    assert unsealed(kept) == kept
    assert seal_kind(kept) is SealKind.NONE


def test_a_large_picture_is_looked_at_quickly(sealed):
    """No byte of the picture itself is looked at: a sealed file with 30 MB behind its headers."""
    whole = sealed["image/jpeg"]
    assert seal_kind(whole + bytes(30_000_000)) is SealKind.CAPTURE
