"""`measure`: how far off a ruler is (`error_pct`), against the true length, with each reference, on pictures whose camera pose is known.

A pose: a reference and a ruler anywhere on one plane, tilted up to 60° (a known length: 6° standard deviation, as the screen asks to stand
straight in front), focal length 0.7-1.2 of the width, what a phone leaves of its lens's distortion, uneven light, defocus, shake, noise,
JPEG 55-95; the ruler's ends are put with an error of 0.8 px standard deviation. The seeds are `--first` (1000) and
the `--poses` - 1 after it for each reference: those below 1000 were looked at while it was built, these were not.

`error_pct` is of every length that was given; `given_pct` is how many there were, `inside_pct` how many intervals hold the true length,
`find_ms` how long finding took, `found_wrong_pct` how often something was found on a table on which nothing lies. Floor: the same lengths with the corners where they truly are, so what the ends and the lens alone cost.
"""

import argparse
import statistics
import time
from typing import Any

from tests.bench._poses import HEIGHT_PX, WIDTH_PX, Pose, pose
from videodesk.annotation.marks import Measured, Reference, ReferenceKind
from videodesk.annotation.measuring import SIZES_MM, measured
from videodesk.core.errors import Invalid
from videodesk.vision.measuring import EdgeFinder


def run() -> dict[str, Any]:
    """Measure `--poses` pictures with each reference."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench measure")
    parser.add_argument("--poses", type=int, default=100)
    parser.add_argument("--first", type=int, default=1000)
    given, _ = parser.parse_known_args()
    finder, everything, wrong = EdgeFinder(), _Results(), []
    figures: dict[str, Any] = {}
    for kind in ReferenceKind:
        results = _Results()
        for seed in range(given.first, given.first + given.poses):
            one = pose(kind, seed)
            results.take(one, finder)
            if kind is ReferenceKind.KNOWN_LENGTH:  # nothing lies on this table
                wrong += [_find(one, other, finder) is not None for other in (ReferenceKind.BANK_CARD, ReferenceKind.MARKER, ReferenceKind.A4)]
        figures |= results.figures(f"_{kind.value}")
        everything.join(results)
    figures["found_wrong_pct"] = {"unit": "%", "ours": _share(sum(wrong), len(wrong))}
    return {"name": "measure", "seeds": f"{given.first}-{given.first + given.poses - 1}", "figures": everything.figures("") | figures}


class _Results:
    def __init__(self) -> None:
        self.errors: list[float] = []
        self.floor: list[float] = []
        self.inside: list[bool] = []
        self.times_ms: list[float] = []
        self.tried = 0
        self.refused: dict[str, int] = {}

    def take(self, one: Pose, finder: EdgeFinder) -> None:
        self.tried += 1
        true = Reference(one.kind, one.corners, _size(one), 0.2)
        begun = time.perf_counter()
        found = _find(one, one.kind, finder)
        self.times_ms.append((time.perf_counter() - begun) * 1000)
        if one.kind is ReferenceKind.KNOWN_LENGTH:
            found = Reference(one.kind, one.corners, _size(one), 0.8)
        said, why = (None, "not_found") if found is None else _said(one, found)
        if said is None:
            self.refused[why] = self.refused.get(why, 0) + 1
            return
        self.errors.append(_off_pct(said, one))
        self.inside.append(said.low_mm <= one.true_mm <= said.high_mm)
        best, _ = _said(one, true)
        self.floor.append(_off_pct(best, one) if best is not None else self.errors[-1])

    def join(self, other: "_Results") -> None:
        for mine, others in ((self.errors, other.errors), (self.floor, other.floor), (self.times_ms, other.times_ms)):
            mine.extend(others)
        self.inside.extend(other.inside)
        self.tried += other.tried
        for why, count in other.refused.items():
            self.refused[why] = self.refused.get(why, 0) + count

    def figures(self, suffix: str) -> dict[str, Any]:
        return {
            f"error_pct{suffix}": {"unit": "%", "ours": _spread(self.errors), "floor": _spread(self.floor)},
            f"inside_pct{suffix}": {"unit": "%", "ours": _share(sum(self.inside), len(self.inside))},
            f"given_pct{suffix}": {"unit": "%", "ours": _share(len(self.errors), self.tried) | {"refused": self.refused}},
            f"find_ms{suffix}": {"unit": "ms", "ours": _spread(self.times_ms)},
        }


def _find(one: Pose, kind: ReferenceKind, finder: EdgeFinder) -> Reference | None:
    return finder.find(memoryview(one.bgra.tobytes()), WIDTH_PX, HEIGHT_PX, kind)


def _size(one: Pose) -> tuple[float, float]:
    if one.kind is ReferenceKind.KNOWN_LENGTH:
        return one.known_mm, 0.0
    return SIZES_MM[one.kind] if one.kind is not ReferenceKind.MARKER else (one.known_mm, one.known_mm)


def _said(one: Pose, reference: Reference) -> tuple[Measured | None, str]:
    try:
        return measured(one.start, one.end, reference, WIDTH_PX, HEIGHT_PX), ""
    except Invalid as problem:
        return None, problem.code


def _off_pct(said: Measured, one: Pose) -> float:
    return abs(said.value_mm - one.true_mm) / one.true_mm * 100


def _share(part: int, whole: int) -> dict[str, Any]:
    value = 100 * part / whole if whole else 0.0
    return {"median": value, "p95": value, "n": whole}


def _spread(values: list[float]) -> dict[str, Any]:
    ordered = sorted(values) or [float("nan")]
    return {"median": statistics.median(ordered), "p95": ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))], "n": len(values), "max": ordered[-1]}
