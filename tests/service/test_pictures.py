"""The pool of limited decoding children."""

from __future__ import annotations

import io
import os
import signal
import zlib
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from PIL import Image

from tests.service.pictures import claimed_png, noisy_picture, picture
from videodesk.core.errors import UnsupportedMedia, WorldError
from videodesk.evidence.model import PictureFacts
from videodesk.evidence.sniff import sniff
from videodesk.service.pictures import LimitedPictures


@pytest.fixture
def pictures():
    pool = LimitedPictures(children=1)
    yield pool
    pool.close()


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "picture_child" in " ".join(child.cmdline())]


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {})])
def test_thumbnail(pictures, kind, options):
    data = picture(640, 480, kind, "red", **options)
    thumbnail = Image.open(io.BytesIO(pictures.thumbnail(data, sniff(data))))
    assert thumbnail.format == "JPEG"
    assert thumbnail.size == (320, 240)
    red, green, blue = thumbnail.getpixel((100, 100))
    assert red > 240
    assert green < 15
    assert blue < 15


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixels(pictures, mode):
    target = io.BytesIO()
    Image.new(mode, (50, 500)).save(target, "JPEG" if mode == "CMYK" else "PNG")
    thumbnail = pictures.thumbnail(target.getvalue(), sniff(target.getvalue()))
    assert Image.open(io.BytesIO(thumbnail)).size == (32, 320)


def test_a_rotated_photo_has_an_upright_thumbnail(pictures):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "thuis, Kerkstraat 1"
    data = picture(640, 320, exif=exif)
    thumbnail = Image.open(io.BytesIO(pictures.thumbnail(data, sniff(data))))
    assert thumbnail.size == (160, 320)
    assert not thumbnail.getexif()


def test_nothing_is_scaled_up(pictures):
    data = picture(10, 5)
    assert Image.open(io.BytesIO(pictures.thumbnail(data, sniff(data)))).size == (10, 5)


def test_broken_pictures(pictures):
    whole = noisy_picture(200, 200)
    for data in (whole[: len(whole) // 2], whole[:700], noisy_picture(200, 200, "PNG")[:-5000], claimed_png(4000, 4000)):
        with pytest.raises(UnsupportedMedia, match=r"picture\.broken"):
            pictures.thumbnail(data, sniff(data))
    assert pictures.thumbnail(whole, sniff(whole))
    assert len(children()) == 1  # they did not cost a child


def test_another_type_or_size_than_sniffed(pictures):
    data = picture(64, 48)
    for facts in (PictureFacts("image/png", 64, 48), PictureFacts("image/jpeg", 48, 64)):
        with pytest.raises(UnsupportedMedia, match=r"picture\.broken"):
            pictures.thumbnail(data, facts)


def test_memory_is_limited():
    pool = LimitedPictures(children=1, memory_bytes=300 * 1024**2)
    target = io.BytesIO()
    Image.new("RGB", (7000, 7000)).save(target, "PNG")
    with pytest.raises(UnsupportedMedia, match=r"picture\.(too_heavy|broken)"):
        pool.thumbnail(target.getvalue(), PictureFacts("image/png", 7000, 7000))
    small = picture()
    assert pool.thumbnail(small, sniff(small))
    pool.close()


def test_a_picture_of_the_largest_size_fits(pictures):
    target = io.BytesIO()
    Image.new("RGBA", (8000, 6250)).save(target, "PNG", compress_level=1)
    assert pictures.thumbnail(target.getvalue(), sniff(target.getvalue()))


def test_the_pool_survives_killed_children(pictures):
    data = picture()
    assert pictures.thumbnail(data, sniff(data))
    for _ in range(3):
        (child,) = children()
        os.kill(child.pid, signal.SIGKILL)
        child.wait(5)
        assert pictures.thumbnail(data, sniff(data))


def test_a_hanging_child_is_killed_at_the_deadline():
    pool = LimitedPictures(children=1, wall_s=2.0)
    data = picture()
    assert pool.thumbnail(data, sniff(data))
    (child,) = children()
    os.kill(child.pid, signal.SIGSTOP)
    assert pool.thumbnail(data, sniff(data))  # the second try has a fresh child
    assert child.pid not in [one.pid for one in children()]
    pool.close()


def test_no_child_to_be_had_is_the_worlds_failure(monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    pool = LimitedPictures(children=1)
    data = picture()
    with pytest.raises(WorldError, match=r"picture\.not_now"):
        pool.thumbnail(data, sniff(data))
    monkeypatch.undo()
    assert pool.thumbnail(data, sniff(data))
    pool.close()


def test_closing_leaves_no_process():
    pool = LimitedPictures(children=2)
    data = picture()
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(lambda _: pool.thumbnail(data, sniff(data)), range(20)))
    pool.close()
    pool.close()
    assert children() == []


def test_a_decompression_bomb_inside_the_limits_of_its_header(pictures):
    """A PNG whose compressed data expands far beyond its declared size stops at the size."""
    import struct

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    bomb = zlib.compress(bytes(200_000_000), 9)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)) + chunk(b"IDAT", bomb) + chunk(b"IEND", b"")
    assert pictures.thumbnail(data, sniff(data))
