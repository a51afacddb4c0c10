"""Fakes of what looks at pictures: a judge that goes by contrast, readers that find what a test put there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from videodesk.calls.capture_ports import FoundCode, FoundText, PictureVerdict, Vision
from videodesk.calls.pictures import Luma
from videodesk.core.errors import DeskError


def plane(picture: Luma) -> np.ndarray:
    return np.frombuffer(picture.buffer, np.uint8).reshape(picture.height_px, picture.stride_bytes)[:, : picture.width_px]


class FakeJudge:
    """Sharpness is the mean step from pixel to pixel. `problems` is what every verdict finds, `of_stills` what those on bytes find."""

    def __init__(self) -> None:
        self.problems: tuple[str, ...] = ()
        self.of_stills: tuple[str, ...] = ()
        self.fails: DeskError | None = None
        self.looked = 0

    def score(self, picture: Luma) -> float:
        return float(np.abs(np.diff(plane(picture).astype(np.int16), axis=1)).mean())

    def sharpest(self, pictures: Sequence[Luma]) -> int:
        return int(np.argmax([self.score(one) for one in pictures]))

    def verdict(self, picture: Luma) -> PictureVerdict:
        self.looked += 1
        if self.fails is not None:
            raise self.fails
        return PictureVerdict(self.problems, self.score(picture))

    def verdict_of(self, data: bytes) -> PictureVerdict:
        assert data
        return PictureVerdict(self.of_stills, 1.0)


class FakeReader:
    """Finds `codes` everywhere."""

    def __init__(self) -> None:
        self.codes: list[FoundCode] = []
        self.read_of: list[object] = []

    def read(self, data: bytes) -> list[FoundCode]:
        self.read_of.append(data)
        return self.codes

    def read_luma(self, picture: Luma) -> list[FoundCode]:
        self.read_of.append(picture)
        return self.codes


class FakeTexts:
    """Reads `lines` on every picture."""

    def __init__(self, lines: list[FoundText] | None = None) -> None:
        self.lines = lines or []
        self.fails: DeskError | None = None

    def read(self, data: bytes) -> list[FoundText]:
        assert data
        if self.fails is not None:
            raise self.fails
        return self.lines

    def close(self) -> None:
        pass


def serial(text: str = "SN-123") -> FoundCode:
    return FoundCode(text, "Code128", "serial")


def make_vision(*, has_texts: bool = False) -> Vision:
    return Vision(FakeJudge(), FakeReader(), FakeTexts() if has_texts else None)
