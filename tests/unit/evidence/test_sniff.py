"""The header alone says type and size; whatever the bytes, nothing but a DeskError comes out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.service.pictures import claimed_jpeg, claimed_png, picture
from videodesk.core.errors import DeskError, TooLarge, UnsupportedMedia
from videodesk.evidence.model import PictureFacts
from videodesk.evidence.sniff import sniff

SAMPLES = [
    (picture(640, 481), PictureFacts("image/jpeg", 640, 481)),
    (picture(640, 481, progressive=True), PictureFacts("image/jpeg", 640, 481)),
    (picture(640, 481, exif=b"Exif\0\0" + bytes(60_000)), PictureFacts("image/jpeg", 640, 481)),
    (picture(33, 7, "PNG"), PictureFacts("image/png", 33, 7)),
    (picture(33, 7, "WEBP"), PictureFacts("image/webp", 33, 7)),
    (picture(33, 7, "WEBP", lossless=True), PictureFacts("image/webp", 33, 7)),
    (picture(33, 7, "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"), PictureFacts("image/webp", 33, 7)),
]


@pytest.mark.parametrize(("data", "facts"), SAMPLES)
def test_size_and_type(data, facts):
    assert sniff(data) == facts


@pytest.mark.parametrize("data", [b"", b"\xff", b"GIF89a", b"%PDF-1.7", b"<svg/>", picture(8, 8, "BMP"), picture(8, 8, "TIFF"), b"\0" * 100])
def test_unknown_types(data):
    with pytest.raises(UnsupportedMedia, match=r"picture\.unknown_type"):
        sniff(data)


@pytest.mark.parametrize("data", [
    b"\xff\xd8\xff", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xe0\0\0", b"\xff\xd8\xff\xe0\0\x04\0\0X", b"\xff\xd8\xff" + b"\xff" * 1000,
    picture(8, 8)[:60], picture(8, 8, "PNG")[:20], picture(8, 8, "WEBP")[:20], claimed_jpeg(0, 5), claimed_jpeg(5, 0), claimed_png(0, 1),
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIDAT" + bytes(20),
])
def test_broken_headers(data):
    with pytest.raises(UnsupportedMedia, match=r"picture\.broken"):
        sniff(data)


@pytest.mark.parametrize("data", [
    claimed_jpeg(65_500, 65_500), claimed_jpeg(7_072, 7_072), claimed_jpeg(16_385, 1), claimed_png(2**31 - 1, 2**31 - 1), claimed_png(1, 2**32 - 1),
])
def test_bombs(data):
    assert len(data) < 1000
    with pytest.raises(TooLarge, match=r"picture\.too_many_pixels"):
        sniff(data)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([sample for sample, _ in SAMPLES]), st.data())
def test_whatever_the_bytes(sample, data):
    head = bytearray(sample[:200])
    for _ in range(data.draw(st.integers(0, 8))):
        head[data.draw(st.integers(0, len(head) - 1))] = data.draw(st.integers(0, 255))
    try:
        facts = sniff(bytes(head[: data.draw(st.integers(0, len(head)))]))
    except DeskError:
        return
    assert 0 < facts.width_px <= 16_384
    assert 0 < facts.height_px <= 16_384
