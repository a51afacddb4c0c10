"""Barcodes, QR and DataMatrix on pictures and frames, read by zxing-cpp in the limited child."""

from __future__ import annotations

from typing import Any

from videodesk.calls.capture_ports import FoundCode
from videodesk.calls.pictures import Luma
from videodesk.core.errors import UnsupportedMedia, WorldError
from videodesk.vision.meanings import meanings
from videodesk.vision.planes import plane_of
from videodesk.vision.reading_process import ProcessLost, ReadingProcess, picture_job


class ZxingReader:
    """A CodeReader. A code with several parts (GS1: article and serial number) gives a FoundCode for each.

    Any thread. UnsupportedMedia or TooLarge for what is no sound picture; WorldError("picture.not_now") when the child died twice.
    """

    def __init__(self, process: ReadingProcess) -> None:
        self._process = process

    def read(self, data: bytes) -> list[FoundCode]:
        return _found(ask_twice(self._process, {"op": "codes", **picture_job(data)}, data)[0])

    def read_luma(self, picture: Luma) -> list[FoundCode]:
        plane = plane_of(picture)
        job = {"op": "luma_codes", "width_px": picture.width_px, "height_px": picture.height_px}
        return _found(ask_twice(self._process, job, plane.tobytes())[0])


def ask_twice(process: ReadingProcess, job: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """The child's answer; it may have died of something else than this picture, so a second one is asked."""
    for _ in range(2):
        try:
            answer, rest = process.ask(job, body)
        except ProcessLost:
            continue
        if answer["problem"] is not None:
            raise UnsupportedMedia(answer["problem"])
        return answer, rest
    raise WorldError("picture.not_now")


def _found(answer: dict[str, Any]) -> list[FoundCode]:
    found: dict[tuple[str, str], FoundCode] = {}
    for code in answer["codes"]:
        corners = tuple((int(x), int(y)) for x, y in code["corners"])
        for text, kind in meanings(code["text"], code["format"]):
            if text:
                found.setdefault((text, kind), FoundCode(text, code["format"], kind, corners))
    return list(found.values())
