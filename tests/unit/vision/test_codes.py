"""Codes on pictures: turned, small, soft, dim, on frames and in files; and what strangers may send instead."""

from __future__ import annotations

import numpy as np
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.vision.drawn import code, defocused, encoded, jpeg, luma, noisy, on_table
from videodesk.core.errors import TooLarge, UnsupportedMedia
from videodesk.vision.codes import ZxingReader
from videodesk.vision.reading_process import looking_process


@pytest.fixture(scope="module")
def reader():
    process = looking_process()
    yield ZxingReader(process)
    process.close()


def said(found):
    return {(one.text, one.kind) for one in found}


EAN = ("4006381333931", "ean")


@pytest.mark.parametrize("angle", [0, 12, 45, 90, 135, 180, 270, 348])
def test_an_ean_at_any_angle(reader, angle):
    found = reader.read(jpeg(on_table(code("4006381333931", "EAN13", 3), angle)))
    assert EAN in said(found)
    middle = np.mean(found[0].corners, axis=0)
    assert np.abs(middle - (640, 360)).max() < 40


@pytest.mark.parametrize("angle", [0, 30, 90, 200])
def test_a_square_code_at_any_angle(reader, angle):
    symbol = code("(01)09506000134352(21)ABC123", "DataMatrix", 5, options="gs1")
    assert said(reader.read(jpeg(on_table(symbol, angle)))) == {("9506000134352", "ean"), ("ABC123", "serial")}


@pytest.mark.parametrize("blur", [0.5, 0.8, 1.1])
def test_a_soft_and_noisy_serial_number(reader, blur):
    picture = noisy(defocused(on_table(code("S/N 8812-AB734", "Code128", 3), 5), blur), 6, 1)
    found = reader.read(jpeg(picture, 75))
    assert said(found) == {("8812-AB734", "serial")}
    assert found[0].format == "Code128"


def test_a_qr_code_made_elsewhere_is_a_link(reader):
    modules = np.array([[0 if dark else 255 for dark in row] for row in segno.make("https://example.org/m/77", error="m").matrix], np.uint8)
    picture = on_table(np.kron(np.pad(modules, 4, constant_values=255), np.ones((5, 5), np.uint8)), 17)
    assert said(reader.read(jpeg(picture))) == {("https://example.org/m/77", "link")}
    assert said(reader.read(jpeg(255 - picture))) == {("https://example.org/m/77", "link")}


def test_frames_are_read_as_files_are_whatever_their_stride(reader):
    picture = on_table(code("4006381333931", "EAN13", 3), 8)
    assert EAN in said(reader.read_luma(luma(picture)))
    assert EAN in said(reader.read_luma(luma(picture, 32)))


def test_several_codes_each_where_it_is(reader):
    picture = np.full((720, 1280), 255, np.uint8)
    ean, serial = code("96385074", "EAN8", 3), code("ZX4471120", "Code39", 2)
    picture[40:40 + ean.shape[0], 60:60 + ean.shape[1]] = ean
    picture[400:400 + serial.shape[0], 500:500 + serial.shape[1]] = serial
    found = {one.text: one for one in reader.read(encoded(picture, ".png"))}
    assert {(one.text, one.kind) for one in found.values()} == {("96385074", "ean"), ("ZX4471120", "serial")}
    for text, symbol, left, top in (("96385074", ean, 60, 40), ("ZX4471120", serial, 500, 400)):
        assert len(found[text].corners) == 4
        assert all(left - 5 <= x <= left + symbol.shape[1] + 5 and top - 5 <= y <= top + symbol.shape[0] + 5 for x, y in found[text].corners)


def test_a_small_code_on_a_large_still_is_found_at_full_size(reader):
    found = reader.read(jpeg(on_table(code("4006381333931", "EAN13", 3), 4, (4000, 3000))))
    assert EAN in said(found)
    assert all(1500 < x < 2500 and 1200 < y < 1800 for x, y in found[0].corners)


def test_corners_are_those_of_the_upright_picture(reader):
    from io import BytesIO

    from PIL import Image

    picture = np.full((720, 1280), 255, np.uint8)
    symbol = code("4006381333931", "EAN13", 3)
    picture[30:30 + symbol.shape[0], 40:40 + symbol.shape[1]] = symbol
    image = Image.fromarray(np.rot90(picture, -1))  # as a camera held sideways stores it
    exif = Image.Exif()
    exif[0x0112] = 8
    data = BytesIO()
    image.save(data, "JPEG", quality=92, exif=exif)
    found = reader.read(data.getvalue())
    upright = reader.read(jpeg(picture, 92))
    assert said(found) == {EAN}
    assert np.abs(np.array(found[0].corners) - np.array(upright[0].corners)).max() <= 3


def test_a_picture_without_codes_has_none(reader):
    assert reader.read(jpeg(on_table(np.full((100, 100), 255, np.uint8)))) == []


def test_text_that_cannot_be_seen_is_left_out(reader):
    assert said(reader.read(jpeg(on_table(code("AB\u202e12345", "QRCode", 6))))) == {("AB12345", "serial")}


def test_a_thousand_codes_are_not_a_flood(reader):
    symbol = code("12345670", "QRCode", 2)
    rows = [np.hstack([code(f"{row}{column:06d}A", "QRCode", 2)[:symbol.shape[0], :symbol.shape[1]] for column in range(14)]) for row in range(8)]
    assert len(reader.read(encoded(np.vstack(rows), ".png"))) <= 40


def test_what_is_no_picture_or_too_large_is_refused_before_anything_is_decoded(reader):
    with pytest.raises(UnsupportedMedia):
        reader.read(b"%PDF-1.7 ...")
    bomb = bytearray(jpeg(np.zeros((8, 8), np.uint8)))
    at = bomb.index(b"\xff\xc0")
    bomb[at + 5:at + 9] = b"\xff\xdc\xff\xdc"
    with pytest.raises(TooLarge):
        reader.read(bytes(bomb))
    with pytest.raises(TooLarge):
        reader.read(b"\xff\xd8\xff" + bytes(65 * 1024 * 1024))


def test_a_header_that_says_another_size_than_the_picture_is_broken(reader):
    liar = bytearray(encoded(np.zeros((64, 64), np.uint8), ".webp"))
    with pytest.raises(UnsupportedMedia):
        reader.read(bytes(liar[:-30]))


@settings(deadline=None)
@given(st.data())
def test_damaged_pictures_are_read_or_refused_and_the_next_one_is_read(reader, data):
    broken = bytearray(DAMAGED)
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(2, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = reader.read(bytes(broken))
    except (UnsupportedMedia, TooLarge):
        return
    assert len(found) <= 40


@settings(deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 9), st.randoms(use_true_random=False))
def test_any_small_frame_is_read(reader, width, height, padding, random):
    picture = np.frombuffer(random.randbytes(width * height), np.uint8).reshape(height, width)
    assert isinstance(reader.read_luma(luma(picture, padding)), list)


DAMAGED = jpeg(on_table(code("4006381333931", "EAN13", 2), 0, (400, 260)))
