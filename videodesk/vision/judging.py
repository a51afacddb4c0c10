"""How good a picture is: the sharpest of several, and whether a person should take it again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from videodesk.calls.capture_ports import PictureVerdict
from videodesk.calls.pictures import Luma
from videodesk.vision.blur import is_blurred
from videodesk.vision.codes import ask_twice
from videodesk.vision.exposure import has_glare, is_too_dark, is_too_small
from videodesk.vision.planes import WORKING_SIDE_PX, Plane, full_range, plane_of, working_size
from videodesk.vision.reading_process import ReadingProcess, picture_job
from videodesk.vision.sharpness import sharpest, tenengrad


class Judge:
    """A PictureJudge. Frames are judged in this process, encoded pictures are decoded by the limited child first. Any thread."""

    def __init__(self, process: ReadingProcess) -> None:
        self._process = process

    def sharpest(self, pictures: Sequence[Luma]) -> int:
        return sharpest(pictures)

    def verdict(self, picture: Luma) -> PictureVerdict:
        return judge(full_range(working_size(plane_of(picture))), picture.width_px, picture.height_px)

    def verdict_of(self, data: bytes) -> PictureVerdict:
        job = picture_job(data)
        answer, body = ask_twice(self._process, {"op": "luma", "side_px": 2 * WORKING_SIDE_PX, **job}, data)
        plane = np.frombuffer(body, np.uint8).reshape(answer["height_px"], answer["width_px"])
        return judge(working_size(plane), job["width_px"], job["height_px"])


def judge(plane: Plane, width_px: int, height_px: int) -> PictureVerdict:
    """The verdict on a plane of working size (full range) of a picture of this size. In the dark blur is not judged."""
    is_dark = is_too_dark(plane)
    problems = {
        "blurred": not is_dark and is_blurred(plane), "too_dark": is_dark, "glare": has_glare(plane), "too_small": is_too_small(width_px, height_px)}
    return PictureVerdict(tuple(name for name, holds in problems.items() if holds), tenengrad(plane))
