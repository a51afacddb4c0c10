"""Faces and places with text are found by the child process, where they are and in the original's own pixels.

astronaut.jpg: a part of NASA's portrait S93-46449 of Eileen Collins; NASA's pictures are in the public domain.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from videodesk.annotation.marks import Box, RedactionReason
from videodesk.annotation.privacy_ports import Proposal, Seen
from videodesk.calls.capture_ports import FoundText
from videodesk.core.errors import WorldError
from videodesk.vision.privacy import PictureSearch, finding_process
from videodesk.vision.reading_process import ReadingProcess, privacy_process

Array = NDArray[np.uint8]
PORTRAIT = cast("Array", cv2.imread(str(Path(__file__).with_name("astronaut.jpg"))))
FACE = Box(110, 50, 108, 135)  # where the face is on it


class Reads:
    """A TextReader that reads these lines on any picture."""

    def __init__(self, *lines: FoundText) -> None:
        self.lines = list(lines)

    def read(self, data: bytes) -> list[FoundText]:
        assert data.startswith(b"\xff\xd8")
        return self.lines

    def close(self) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def process() -> Iterator[ReadingProcess]:
    made = finding_process()
    yield made
    made.close()


def found(search: PictureSearch, picture: Array) -> tuple[Proposal, ...]:
    """What it proposes on a BGR picture."""
    pixels = np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA))
    return search.find(pixels.data.cast("B"), picture.shape[1], picture.shape[0])


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.right, other.right) - max(one.x, other.x)
    down = min(one.bottom, other.bottom) - max(one.y, other.y)
    common = max(0.0, across) * max(0.0, down)
    return common / (one.width * one.height + other.width * other.height - common)


def wall(width: int, height: int) -> Array:
    """A gray wall with grain."""
    grain = np.random.default_rng(5).normal(150, 4, (height, width, 3))
    return cast("Array", grain.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(("width", "height", "x", "y", "scale"), [(640, 480, 100, 80, 1.0), (4000, 3000, 2200, 900, 3.0), (4000, 3000, 400, 1200, 1.0)])
def test_a_face_is_found_in_the_pixels_of_the_original(process: ReadingProcess, width: int, height: int, x: int, y: int, scale: float) -> None:
    picture = wall(width, height)
    portrait = cast("Array", cv2.resize(PORTRAIT, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    picture[y:y + portrait.shape[0], x:x + portrait.shape[1]] = portrait
    faces = [one for one in found(PictureSearch(process, Reads()), picture) if one.seen is Seen.FACE]
    here = Box(x + FACE.x * scale, y + FACE.y * scale, FACE.width * scale, FACE.height * scale)
    assert [one.reason for one in faces] == [RedactionReason.FACE]
    assert overlap(faces[0].box, here) > 0.5
    assert faces[0].box == Box(*map(round, faces[0].box)), "whole pixels"


def test_nothing_is_proposed_on_a_wall(process: ReadingProcess) -> None:
    assert found(PictureSearch(process), wall(1200, 900)) == ()


def test_without_a_reader_places_with_text_are_offered_as_text(process: ReadingProcess) -> None:
    picture = wall(1600, 1200)
    cv2.putText(picture, "NL91 ABNA 0417 1643 00", (200, 600), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (20, 20, 20), 5)
    search = PictureSearch(process)
    assert not search.reads_words
    texts = [one for one in found(search, picture) if one.seen is Seen.TEXT]
    assert texts
    assert all(one.reason is RedactionReason.OTHER for one in texts)
    mask = np.zeros(picture.shape[:2], bool)
    for one in texts:
        mask[int(one.box.y):int(one.box.bottom), int(one.box.x):int(one.box.right)] = True
    ink = picture[:, :, 0] < 60
    assert mask[ink].mean() > 0.97, "the proposals cover what is written"
    assert mask.mean() < 0.15


def test_with_a_reader_only_private_words_are_proposed_with_their_reason(process: ReadingProcess) -> None:
    reader = Reads(
        FoundText("NL91 ABNA 0417 1643 00", 0.9, False, ((100, 100), (400, 100), (400, 130), (100, 130))),
        FoundText("Wasmachine serie 6", 0.9, False, ((100, 200), (400, 200), (400, 230), (100, 230))),
        FoundText("12-AB-CD", 0.8, False, ((590, 300), (640, 300), (640, 330), (590, 330))))
    search = PictureSearch(process, reader)
    assert search.reads_words
    assert [(one.reason, one.seen) for one in found(search, wall(640, 480))] == [
        (RedactionReason.BANK, Seen.WORDS), (RedactionReason.PLATE, Seen.WORDS)]
    box = found(search, wall(640, 480))[1].box
    assert box.right == 640, "a proposal ends where the picture does"
    assert box.x < 590


def test_the_lines_of_a_travel_document_are_one_proposal_as_wide_as_the_widest(process: ReadingProcess) -> None:
    first, second = "P<NLDDE<BRUIJN<<WILLEKE<LISELOTTE<<<<<<", "SPECI20142NLD6503101F2403096999999990<<<<<84"
    reader = Reads(
        FoundText(second, 0.7, False, ((100, 150), (900, 150), (900, 180), (100, 180))),
        FoundText(first, 0.9, False, ((100, 100), (700, 100), (700, 130), (100, 130))),  # its end was not seen as text
        FoundText(second, 0.9, False, ((100, 600), (900, 600), (900, 630), (100, 630))))
    here, below = found(PictureSearch(process, reader), wall(1200, 900))
    assert (here.reason, here.confidence) == (RedactionReason.DOCUMENT, 0.7)
    assert (here.box.x, here.box.y, here.box.right, here.box.bottom) == (94, 94, 906, 186)
    assert (below.box.y, below.box.bottom) == (594, 636), "another document stays another proposal"


def test_a_lost_process_is_the_worlds_error(tmp_path: Path) -> None:
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"no model")
    search = PictureSearch(privacy_process(broken))
    with pytest.raises(WorldError, match=r"privacy\.failed"):
        found(search, wall(64, 64))
    search.close()
