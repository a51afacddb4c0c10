"""sticky: how well marks stick to an object while the camera moves: generated films with known motion, through a call's codecs, at 720p.

Films and seeds are `_sequences.kinds()` x `_sequences.SEEDS`, each through VP8 and H264. Three marks a film (a pointed place, an arrow, a
rectangle's corners). Of the frames in which a mark is in view and nothing covers it, `within_2pct` is the share in which it is shown as
followed within 2 % of the frame's width (a lost one counts against), `drift_pct` how far off it is shown (its worst point).
`false_pct`: of all the frames in which a mark is shown as followed, the share in which it is further off than 4 %. `found_again_s`: from the
frame in which a mark that was lost is whole in view again to the one in which it is shown. `track_ms`: `put` of a 720p frame, three marks.
`--table` prints each film.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np

from tests.bench._sequences import SEEDS, Film, Floats, film, is_in_view, kinds, true_places
from tests.bench._shaking import FPS, Coding, Gray, through_call
from videodesk.calls.pictures import Luma
from videodesk.protocol.live import LiveHold
from videodesk.vision.sticking import PlaneSticker

CODINGS: Final = (Coding("libvpx", 1_000_000), Coding("libx264", 1_500_000))
FALSE_PCT: Final = 4.0
_TICKS: Final = 90_000 // FPS
_HELD_AT: Final = 8  # the frame on which the marks are put
# Places on the parcel's picture (px): a step's, an arrow's two ends, a rectangle's corners.
MARKS: Final[dict[str, Floats]] = {
    "step": np.array([[380.0, 250.0]]), "arrow": np.array([[620.0, 420.0], [540.0, 330.0]]),
    "rectangle": np.array([[330.0, 300.0], [560.0, 300.0], [560.0, 430.0], [330.0, 430.0]])}


@dataclass
class Run:
    """What one film gave."""

    name: str
    drift_pct: list[float] = field(default_factory=list)
    in_view: int = 0
    within: int = 0
    shown: int = 0
    false: int = 0
    found_again_s: list[float] = field(default_factory=list)
    never: int = 0
    track_ms: list[float] = field(default_factory=list)


def luma(gray: Gray) -> Luma:
    """A frame as the media give it."""
    plane = np.ascontiguousarray(gray)
    return Luma(memoryview(plane.data).cast("B"), plane.shape[1], plane.shape[0], plane.strides[0], plane)


def follow(one: Film, frames: list[Gray], name: str) -> Run:
    """The marks through the film."""
    run, sticker = Run(name), PlaneSticker()
    gone_since: dict[str, int | None] = dict.fromkeys(MARKS)
    for number, gray in enumerate(frames):
        begin = time.perf_counter()
        places = sticker.put(luma(gray), number * _TICKS)
        if number > _HELD_AT:
            run.track_ms.append(1000 * (time.perf_counter() - begin))
        if number == _HELD_AT:
            for mark_id, points in MARKS.items():
                assert sticker.hold(mark_id, [(float(x), float(y)) for x, y in true_places(one, number, points)], number * _TICKS)
            continue
        for mark_id, place in places.items():
            _count(run, one, number, mark_id, np.array(place.points), place.hold is LiveHold.FOLLOWING, gone_since)
    run.never += sum(since is not None and since < len(frames) - FPS // 2 for since in gone_since.values())
    return run


def _count(run: Run, one: Film, number: int, mark_id: str, points: Floats, is_shown: bool, gone_since: dict[str, int | None]) -> None:
    is_seen = is_in_view(one, number, MARKS[mark_id])
    off_pct = 100 * float(np.linalg.norm((points - true_places(one, number, MARKS[mark_id])) * (1, 9 / 16), axis=1).max())
    run.in_view += is_seen
    run.shown += is_shown
    run.false += is_shown and off_pct > FALSE_PCT
    if is_seen and is_shown:
        run.drift_pct.append(off_pct)
        run.within += off_pct <= 2
    if is_shown:
        since = gone_since[mark_id]
        if since is not None and is_seen:
            run.found_again_s.append((number - since) / FPS)
        gone_since[mark_id] = None
    elif not is_seen:
        gone_since[mark_id] = number + 1
    elif gone_since[mark_id] is None:
        gone_since[mark_id] = number


def runs(wanted: list[str] | None = None, seeds: tuple[int, ...] = SEEDS) -> list[Run]:
    """Every film through every codec."""
    out = []
    for kind in wanted or kinds():
        for seed in seeds:
            one = film(kind, seed)
            for coding in CODINGS:
                out.append(follow(one, through_call(one.frames, coding), f"{kind} {seed} {coding.codec}"))
                if "--table" in sys.argv:
                    _print(out[-1])
    return out


def _print(one: Run) -> None:
    found = f"{statistics.median(one.found_again_s):.2f}/{max(one.found_again_s):.2f}" if one.found_again_s else "-"
    sys.stderr.write(
        f"{one.name:<22} drift {statistics.median(one.drift_pct or [99]):5.2f} p95 {float(np.percentile(one.drift_pct or [99], 95)):5.2f}  within {100 * one.within / max(1, one.in_view):6.2f} of {one.in_view:4}"
        f"  false {one.false:3} of {one.shown:4}  found {found:>9} ({len(one.found_again_s)}, never {one.never})  {statistics.median(one.track_ms):5.2f} ms p95 {float(np.percentile(one.track_ms, 95)):5.2f}\n")


def run() -> dict[str, Any]:
    """All films; the figures over all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", action="store_true", help="print each film")
    parser.add_argument("--only", default="", help="these kinds, with commas")
    given, _ = parser.parse_known_args()
    cv2.setNumThreads(1)
    done = runs(given.only.split(",") if given.only else None)
    drift = [value for one in done for value in one.drift_pct]
    found = [value for one in done for value in one.found_again_s]
    track = [value for one in done for value in one.track_ms]
    in_view, shown = sum(one.in_view for one in done), sum(one.shown for one in done)
    return {"name": "sticky", "figures": {
        "drift_pct": _figure("%", drift), "within_2pct": _share(100 * sum(one.within for one in done) / in_view, in_view),
        "found_again_s": _figure("s", found or [0.0]), "false_pct": _share(100 * sum(one.false for one in done) / shown, shown),
        "track_ms": _figure("ms", track)}}


def _figure(unit: str, values: list[float]) -> dict[str, Any]:
    return {"unit": unit, "ours": {"median": statistics.median(values), "p95": float(np.percentile(values, 95)), "n": len(values)}}


def _share(percent: float, count: int) -> dict[str, Any]:
    return {"unit": "%", "ours": {"median": percent, "p95": percent, "n": count}}
