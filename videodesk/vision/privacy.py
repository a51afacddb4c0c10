"""What tells who somebody is, on a picture: faces, and printed words that are private. A PrivacyFinder; the work is done in processes of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from videodesk.annotation.marks import Box, RedactionReason
from videodesk.annotation.privacy_ports import Proposal, Seen
from videodesk.annotation.private_words import private_reason
from videodesk.calls.capture_ports import TextReader
from videodesk.core.errors import DeskError, WorldError
from videodesk.core.places import resources
from videodesk.vision.reading_process import ProcessLost, ReadingProcess, privacy_process

MODEL: Final = "models/centerface.onnx"
_SIDE_PX: Final = 1600
_FACE_GROWS: Final = 0.12  # hair, ears and chin tell who it is, too
_WORDS_GROW: Final = 0.2  # of a line's height
_JPEG_QUALITY: Final = 95
_LINE_GAP: Final = 1.5  # of a line's height, between two lines of one travel document


def finding_process() -> ReadingProcess:
    """The child that looks, with the model that we ship."""
    return privacy_process(resources() / MODEL)


class PictureSearch:
    """A PrivacyFinder. `reader` reads words where the extra [ocr] is there; without one all places with text are offered. Any thread."""

    def __init__(self, process: ReadingProcess, reader: TextReader | None = None) -> None:
        self._process = process
        self._reader = reader

    @property
    def reads_words(self) -> bool:
        return self._reader is not None

    def find(self, bgra: memoryview, width_px: int, height_px: int) -> tuple[Proposal, ...]:
        pixels = np.frombuffer(bgra, np.uint8).reshape(height_px, width_px, 4)
        picture = cast("NDArray[np.uint8]", cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR))
        whole = Box(0, 0, width_px, height_px)
        answer, scale = self._look(picture)
        found = [Proposal(_within(_grown(box, _FACE_GROWS * min(box[2:4]), scale), whole), RedactionReason.FACE, Seen.FACE, _sure(box[4]))
                 for box in answer["faces"]]
        if self._reader is None:
            found += [Proposal(_within(_grown(box, 0, scale), whole), RedactionReason.OTHER, Seen.TEXT, _sure(box[4])) for box in answer["texts"]]
        else:
            found += self._words(self._reader, picture, whole)
        return tuple(sorted((one for one in found if one.box.width >= 1 and one.box.height >= 1), key=lambda one: (one.box.y, one.box.x)))

    def _look(self, picture: NDArray[np.uint8]) -> tuple[dict[str, Any], float]:
        """The child's answer in px of what it was given, and how many px of the original one of them is."""
        height, width = picture.shape[:2]
        scale = max(1.0, max(height, width) / _SIDE_PX)
        if scale > 1:
            picture = cast("NDArray[np.uint8]", cv2.resize(picture, (max(1, round(width / scale)), max(1, round(height / scale))), interpolation=cv2.INTER_AREA))
        job = {"op": "private", "width_px": picture.shape[1], "height_px": picture.shape[0], "texts": self._reader is None}
        body = np.ascontiguousarray(picture).data.cast("B")
        try:
            answer, _ = self._process.ask(job, body)
        except ProcessLost:
            try:
                answer, _ = self._process.ask(job, body)
            except ProcessLost as problem:
                raise WorldError("privacy.failed") from problem
        if answer["problem"] is not None:
            raise WorldError("privacy.failed")
        return answer, scale

    @staticmethod
    def _words(reader: TextReader, picture: NDArray[np.uint8], whole: Box) -> list[Proposal]:
        ok, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not ok:
            raise WorldError("privacy.failed")
        try:
            lines = reader.read(data.tobytes())
        except DeskError as problem:
            raise WorldError("privacy.failed") from problem
        found = []
        for line in lines:
            reason = private_reason(line.text)
            if reason is not None and line.corners:
                left, top = min(x for x, _ in line.corners), min(y for _, y in line.corners)
                box = [left, top, max(x for x, _ in line.corners) - left, max(y for _, y in line.corners) - top]
                found.append(Proposal(_within(_grown(box, _WORDS_GROW * min(box[2:]), 1.0), whole), reason, Seen.WORDS, _sure(line.confidence)))
        return _zones(found)

    def close(self) -> None:
        """End the child; a later picture starts a new one. The reader is its owner's."""
        self._process.close()


def _zones(found: list[Proposal]) -> list[Proposal]:
    """The lines of one travel document as one proposal: where a line ends in fillers (`<<<<`) its end is easily not seen, but all are equally long."""
    zones: list[Proposal] = []
    others = [one for one in found if one.reason is not RedactionReason.DOCUMENT]
    for line in sorted((one for one in found if one.reason is RedactionReason.DOCUMENT), key=lambda one: one.box.y):
        above = next((zone for zone in zones if _follows(zone.box, line.box)), None)
        if above is None:
            zones.append(line)
        else:
            zones[zones.index(above)] = replace(above, box=_around(above.box, line.box), confidence=min(above.confidence, line.confidence))
    return others + zones


def _follows(zone: Box, line: Box) -> bool:
    """Whether the line stands right below the zone, or runs into it as those of a page askew do."""
    common = min(zone.right, line.right) - max(zone.x, line.x)
    return line.y - zone.bottom <= _LINE_GAP * line.height and common >= min(zone.width, line.width) / 2


def _around(one: Box, other: Box) -> Box:
    left, top = min(one.x, other.x), min(one.y, other.y)
    return Box(left, top, max(one.right, other.right) - left, max(one.bottom, other.bottom) - top)


def _grown(box: Sequence[float], by: float, scale: float) -> Box:
    return Box((box[0] - by) * scale, (box[1] - by) * scale, (box[2] + 2 * by) * scale, (box[3] + 2 * by) * scale)


def _within(box: Box, whole: Box) -> Box:
    """Whole pixels, on the picture."""
    left, top = max(0, int(box.x)), max(0, int(box.y))
    right, bottom = min(whole.width, float(np.ceil(box.right))), min(whole.height, float(np.ceil(box.bottom)))
    return Box(left, top, max(0.0, right - left), max(0.0, bottom - top))


def _sure(confidence: float) -> float:
    return min(1.0, max(0.0, float(confidence)))
