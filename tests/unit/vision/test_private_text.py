"""Private words on a picture, found by the finder that the desktop uses, in its own processes, where the extra [ocr] is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from videodesk.annotation.marks import Box, RedactionReason
from videodesk.annotation.privacy_ports import PrivacyFinder, Proposal, Seen
from videodesk.core.places import resources
from videodesk.vision.privacy import PictureSearch, finding_process
from videodesk.vision.reading_process import ocr_process
from videodesk.vision.texts import RapidOcrReader, is_installed

pytestmark = pytest.mark.skipif(not is_installed(), reason="the extra [ocr] is not installed")

Array = NDArray[np.uint8]
SEED: Final = 5
WIDTH, HEIGHT = 4000, 3000
# What is written, why it is private, where it stands and how large (px of a 12-megapixel still).
WRITTEN: Final = (
    ("12-ABC-3", RedactionReason.PLATE, (300, 260), 130),
    ("NL91 ABNA 0417 1643 00", RedactionReason.BANK, (1900, 300), 64),
    ("o.devries0@example.nl", RedactionReason.EMAIL, (300, 760), 60),
    ("06-10203050", RedactionReason.PHONE, (2100, 800), 72),
    ("4111 1111 1111 1111", RedactionReason.CARD, (400, 1300), 80),
    ("P<NLDDE<BRUIJN<<WILLEKE<LISELOTTE<<<<<<<<<<<", RedactionReason.DOCUMENT, (500, 2300), 56),
    ("SPECI20142NLD6503101F2403096999999990<<<<<84", RedactionReason.DOCUMENT, (500, 2410), 56),
)
HARMLESS: Final = (("BOSCH WAN28K40NL/21", (2300, 1300), 64), ("220-240V 50Hz 2300W", (2300, 1420), 56), ("Wasmachine serie 6", (2300, 1540), 64))


@pytest.fixture(scope="module")
def finder() -> Iterator[PrivacyFinder]:
    looking, reading = finding_process(), ocr_process()
    yield PictureSearch(looking, RapidOcrReader(reading))
    looking.close()
    reading.close()


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(resources() / "fonts" / "Inter-Medium.ttf"), size)


def sheet(ground: int, ink: int) -> tuple[Array, list[Box]]:
    """All of it on one sheet of an even gray, and where the ink of each private line stands."""
    page = Image.new("L", (WIDTH, HEIGHT), ground)
    draw = ImageDraw.Draw(page)
    boxes = []
    for text, _, at, size in WRITTEN:
        draw.text(at, text, ink, font=_font(size))
        left, top, right, bottom = draw.textbbox(at, text, font=_font(size))
        boxes.append(Box(left, top, right - left, bottom - top))
    for text, at, size in HARMLESS:
        draw.text(at, text, ink, font=_font(size))
    return np.asarray(page, np.uint8), boxes


def photographed(page: Array, boxes: list[Box]) -> tuple[Array, list[Box]]:
    """The sheet as a hand takes it: 2 degrees askew, a little soft, darker to one side, with grain."""
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 2.0, 0.97)
    soft = cv2.GaussianBlur(cv2.warpAffine(page, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE), (0, 0), 1.2)
    shade = np.linspace(1.0, 0.75, WIDTH, dtype=np.float32)
    bent = np.asarray(soft, np.float32) * shade + np.random.default_rng(SEED).normal(0, 4, (HEIGHT, WIDTH)).astype(np.float32)
    moved = []
    for box in boxes:
        corners = np.array([[box.x, box.y, 1], [box.right, box.y, 1], [box.right, box.bottom, 1], [box.x, box.bottom, 1]]) @ turn.T
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        moved.append(Box(left, top, right - left, bottom - top))
    return bent.clip(0, 255).astype(np.uint8), moved


def found(finder: PrivacyFinder, gray: Array) -> tuple[Proposal, ...]:
    pixels = np.ascontiguousarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGRA))
    return finder.find(pixels.data.cast("B"), gray.shape[1], gray.shape[0])


def inside(inner: Box, outer: Box) -> float:
    """Which share of `inner` lies in `outer`."""
    across = min(inner.right, outer.right) - max(inner.x, outer.x)
    down = min(inner.bottom, outer.bottom) - max(inner.y, outer.y)
    return max(0.0, across) * max(0.0, down) / (inner.width * inner.height)


@pytest.mark.parametrize("is_photo", [False, True], ids=["sheet", "photo"])
@pytest.mark.parametrize(("ground", "ink"), [(235, 25), (40, 235)], ids=["dark on light", "light on dark"])
def test_each_kind_is_proposed_with_its_reason_and_covered(finder: PrivacyFinder, ground: int, ink: int, *, is_photo: bool) -> None:
    picture, boxes = sheet(ground, ink)
    if is_photo:
        picture, boxes = photographed(picture, boxes)
    proposals = found(finder, picture)
    told = [(one.reason.value, one.seen.value, tuple(map(round, one.box))) for one in proposals]
    for (text, reason, _, _), box in zip(WRITTEN, boxes, strict=True):
        covering = [one for one in proposals if inside(box, one.box) >= 0.98]
        assert [(one.reason, one.seen) for one in covering] == [(reason, Seen.WORDS)], f"{text} at {tuple(map(round, box))}: {told}"
    assert len(proposals) == len(WRITTEN) - 1, f"nothing harmless, and the two lines of a document as one: {told}"
    for one in proposals:
        written = sum(box.width * box.height for box in boxes if inside(box, one.box) >= 0.98)
        assert one.box.width * one.box.height <= 4 * written, f"no more of the picture than it takes: {told}"


def test_a_sheet_with_nothing_private_has_no_proposal(finder: PrivacyFinder) -> None:
    page = Image.new("L", (1600, 1200), 230)
    draw = ImageDraw.Draw(page)
    for text, (x, y), size in HARMLESS:
        draw.text((x - 2200, y - 1100), text, 30, font=_font(size))
    assert found(finder, np.asarray(page, np.uint8)) == ()


@pytest.mark.parametrize("size", [32, 40, 48])
def test_all_ink_of_a_travel_document_in_small_print_is_covered(finder: PrivacyFinder, size: int) -> None:
    """The end of a line of fillers is easily not seen as text: at 40 px it is not, on this sheet."""
    page, ink = Image.new("L", (WIDTH, HEIGHT), 235), Image.new("L", (WIDTH, HEIGHT), 0)
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 2.0, 0.97)
    for text, reason, (x, y), _ in WRITTEN:
        at = (x, 2300 + round(1.5 * size)) if text.startswith("SPECI") else (x, y)
        ImageDraw.Draw(page).text(at, text, 25, font=_font(size))
        if reason is RedactionReason.DOCUMENT:
            ImageDraw.Draw(ink).text(at, text, 255, font=_font(size))
    for text, at, large in HARMLESS:
        ImageDraw.Draw(page).text(at, text, 25, font=_font(large))
    picture, _ = photographed(np.asarray(page, np.uint8), [])
    written = cv2.warpAffine(np.asarray(ink, np.uint8), turn, (WIDTH, HEIGHT)) > 60
    (one,) = [one for one in found(finder, picture) if one.reason is RedactionReason.DOCUMENT]
    rows, columns = slice(int(one.box.y), int(one.box.bottom)), slice(int(one.box.x), int(one.box.right))
    assert written[rows, columns].sum() == written.sum(), one.box
