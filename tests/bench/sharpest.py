"""`sharpest`: on shaking-camera material, how much better the proposed frame is than the clicked one (`gain_db`), against its own clean source.

Each frame that a call's codec delivered is compared (PSNR of brightness) with the clean scene at the same pose. Clicks fall at random
moments; candidates are the frames from 0.5 s before to 0.3 s after. Floor: the clicked frame itself (0 dB). Peer: an oracle that knows the
clean sources. `below_best_db` is what is left to the oracle, `score_ms` the time for one frame; `gain_<severity>_db` splits the gain up.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.bench._shaking import CODINGS, FPS, HEIGHT_PX, SEVERITIES, WIDTH_PX, Coding, Gray, Severity, film, psnr, through_call
from videodesk.calls.pictures import Luma
from videodesk.desktop.snapshots import CLEARLY
from videodesk.vision.planes import plane_of, working_size
from videodesk.vision.sharpness import sharpest, tenengrad

BEFORE = round(0.5 * FPS)
AFTER = round(0.3 * FPS)


def run() -> dict[str, Any]:
    """Film `--seeds` scenes of `--seconds` at each severity, through each codec and bitrate; `--clicks` in each."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench sharpest")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--clicks", type=int, default=12)
    given, _ = parser.parse_known_args()
    rows: list[tuple[str, float, float, float]] = []
    times_ms: list[float] = []
    for severity in SEVERITIES:
        for seed in given.seeds:
            for coding, pictures, quality in _material(severity, seed, given.seconds):
                for ours, best in _clicks(pictures, quality, given.clicks, _click_seed(severity, seed, coding), times_ms):
                    rows.append((severity.name, ours, best, best - ours))
    gain = _figures([row[1] for row in rows])
    figures: dict[str, Any] = {
        "gain_db": {"unit": "dB", "ours": gain, "floor": _figures([0.0] * len(rows)), "peer": _figures([row[2] for row in rows])},
        "below_best_db": {"unit": "dB", "ours": _figures([row[3] for row in rows])},
        "score_ms": {"unit": "ms", "ours": _figures(times_ms)}}
    for severity in SEVERITIES:
        some = [row for row in rows if row[0] == severity.name]
        figures[f"gain_{severity.name}_db"] = {
            "unit": "dB", "ours": _figures([row[1] for row in some]), "peer": _figures([row[2] for row in some]),
            "below_best": _figures([row[3] for row in some])}
    return {"name": "sharpest", "seeds": given.seeds, "figures": figures}


def _material(severity: Severity, seed: int, seconds: float) -> list[tuple[Coding, list[Gray], list[float]]]:
    shots = film(severity, seed, seconds)
    out = []
    for coding in CODINGS:
        pictures = through_call([shot.seen for shot in shots], coding)
        out.append((coding, pictures, [psnr(picture, shot.clean) for picture, shot in zip(pictures, shots, strict=True)]))
    return out


def _click_seed(severity: Severity, seed: int, coding: Coding) -> list[int]:
    return [SEVERITIES.index(severity), seed, CODINGS.index(coding)]


def _clicks(pictures: Sequence[Gray], quality: Sequence[float], clicks: int, seed: list[int], times_ms: list[float]) -> list[tuple[float, float]]:
    """(our gain, the oracle's gain) in dB, a pair a click."""
    planes = [Luma(memoryview(np.ascontiguousarray(picture)).cast("B"), WIDTH_PX, HEIGHT_PX, WIDTH_PX, picture) for picture in pictures]
    out = []
    for click in np.random.default_rng(seed).integers(BEFORE, len(pictures) - AFTER, clicks):
        around = range(int(click) - BEFORE, int(click) + AFTER + 1)
        begun = time.perf_counter()
        chosen = around[sharpest([planes[at] for at in around])]
        times_ms.append((time.perf_counter() - begun) * 1000 / len(around))
        scores = [tenengrad(working_size(plane_of(planes[at]))) for at in (chosen, int(click))]
        if scores[0] <= CLEARLY * scores[1]:
            chosen = int(click)  # as the screen does: what is hardly better is not kept beside it
        out.append((quality[chosen] - quality[click], max(quality[at] for at in around) - quality[click]))
    return out


def _figures(values: list[float]) -> dict[str, Any]:
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "p95": ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))], "n": len(ordered),
            "mean": statistics.fmean(ordered), "p5": ordered[round(0.05 * len(ordered))]}
