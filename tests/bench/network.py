"""network: the same call over bad lines, received by us and by a bare Chromium page; each cell with the same seed of chance.

For each line: seconds until the first picture, seconds frozen (pauses of more than three frame intervals and at least 150 ms more than one, as in webrtc-stats), the
longest pause, capture → painted (p95), what came in, and SSIM with the film. The peer is the bare page. Needs root.
`--cells loss5,rate300` for some; `--rounds N`; `--seconds N` for each call; `--table` prints each call as it ends.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.async_api import async_playwright

from tests.bench._chromium import Report, figure, ratio
from tests.bench._lines import Film, Lab, Taken, nothing
from tests.bench._link import Link, Quality, why_not
from tests.bench._window import Desk

FRAME_S = 1 / 30
FREEZE_S = max(3 * FRAME_S, FRAME_S + 0.15)
SETTLE_S = 2.0
NEAR = Quality(delay_s=0.02)
Script = Callable[[Link], Callable[[float], None]]


def _still(_: Link) -> Callable[[float], None]:
    return nothing


def _blackout(link: Link) -> Callable[[float], None]:
    """Two seconds of nothing, eight seconds after the begin."""
    stages = [(8.0, Quality(loss=1.0)), (10.0, NEAR)]
    return _stages(link, stages)


def _halving(link: Link) -> Callable[[float], None]:
    return _stages(link, [(8.0, Quality(delay_s=0.02, rate_bps=600_000)), (14.0, Quality(delay_s=0.02, rate_bps=1_200_000))])


def _stages(link: Link, stages: list[tuple[float, Quality]]) -> Callable[[float], None]:
    left = list(stages)

    def script(at_s: float) -> None:
        while left and at_s >= left[0][0]:
            quality = left.pop(0)[1]
            link.change(quality, quality if quality.loss == 1.0 else NEAR)

    return script


def _loss(share: float) -> tuple[Quality, Quality]:
    return Quality(delay_s=0.02, loss=share), Quality(delay_s=0.02, loss=share)


CELLS: dict[str, tuple[tuple[Quality, Quality], Script]] = {
    "clean": ((NEAR, NEAR), _still),
    "loss1": (_loss(0.01), _still),
    "loss5": (_loss(0.05), _still),
    "loss10": (_loss(0.10), _still),
    "loss20": (_loss(0.20), _still),
    "jitter": ((Quality(delay_s=0.06, jitter_s=0.04, is_ordered=True), Quality(delay_s=0.06, jitter_s=0.04, is_ordered=True)), _still),
    "reorder": ((Quality(delay_s=0.02, jitter_s=0.01), Quality(delay_s=0.02, jitter_s=0.01)), _still),
    "rate800": ((Quality(delay_s=0.02, rate_bps=800_000), NEAR), _still),
    "rate300": ((Quality(delay_s=0.02, rate_bps=300_000), NEAR), _still),
    "blackout": ((NEAR, NEAR), _blackout),
    "halving": ((Quality(delay_s=0.02, rate_bps=1_200_000), NEAR), _halving),
}


@dataclass(frozen=True)
class Outcome:
    """One call's figures."""

    first_s: float
    frames: int
    frozen_s: float
    longest_s: float
    delay_ms: tuple[float, float]
    kbps: float
    ssim: float
    concealed: float

    def row(self) -> str:
        return (f"first {self.first_s:5.2f} s, {self.frames:>4} frames, frozen {self.frozen_s:5.2f} s, longest {self.longest_s:5.2f} s, delay {self.delay_ms[0]:5.0f} / {self.delay_ms[1]:5.0f} ms, "
                f"{self.kbps:5.0f} kbit/s, SSIM {self.ssim:.3f}, sound made up {self.concealed:5.1%}")


def judge(taken: Taken, film: Film) -> Outcome:
    """The figures from SETTLE_S after the first picture to the end."""
    times = sorted(taken.painted.values())
    if len(times) < 2:
        span = taken.ended_at_s - taken.begun_at_s
        return Outcome(span, len(times), span, span, (float("nan"), float("nan")), 0.0, float("nan"), taken.concealed)
    begin = times[0] + SETTLE_S
    kept = [at for at in times if at >= begin] + [taken.ended_at_s]
    pauses = np.diff([begin, *kept])
    delays = [(at - taken.seen[number]) * 1000 for number, at in taken.painted.items() if at >= begin and number in taken.seen and at > taken.seen[number]]
    likeness = [one for picture in taken.pictures[int(SETTLE_S / 0.5):] if (one := film.likeness(picture)) is not None]
    return Outcome(
        first_s=times[0] - taken.begun_at_s, frames=len(kept) - 1, frozen_s=float(sum(pause for pause in pauses if pause > FREEZE_S)), longest_s=float(max(pauses)),
        delay_ms=(float(np.median(delays)), float(np.percentile(delays, 95))) if delays else (float("nan"), float("nan")),
        kbps=taken.video_octets * 8 / 1000 / (taken.ended_at_s - taken.begun_at_s),
        ssim=float(np.mean(likeness)) if likeness else float("nan"), concealed=taken.concealed)


def run() -> Report:
    parser = argparse.ArgumentParser(prog="python -m tests.bench network")
    parser.add_argument("--cells", default=",".join(CELLS))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=22.0)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if (reason := why_not()) is not None:
        sys.exit(f"network: {reason}")
    desk = Desk()
    desk.view.resize(640, 360)
    film = Film()
    outcomes: dict[str, dict[str, list[Outcome]]] = {}

    async def measure() -> None:
        with tempfile.TemporaryDirectory() as folder:
            Lab.draw(Path(folder))
            async with async_playwright() as playwright:
                for name in given.cells.split(","):
                    (up, down), script = CELLS[name]
                    for turn in range(given.rounds):
                        for who in ("ours", "peer"):
                            with Link(up, down, given.seed + turn) as link:
                                lab = Lab(desk, playwright, Path(folder), link)
                                taken = await (lab.ours if who == "ours" else lab.bare)(script(link), given.seconds)
                            outcome = judge(taken, film)
                            outcomes.setdefault(name, {}).setdefault(who, []).append(outcome)
                            if given.table:
                                print(f"{name:<9} {who:<5} {outcome.row()}", file=sys.stderr, flush=True)

    desk.run(measure)
    desk.close()
    figures = {}
    for name, both in outcomes.items():
        for what, unit, value in (
                ("first", "s", lambda one: one.first_s), ("frozen", "s", lambda one: one.frozen_s), ("longest", "s", lambda one: one.longest_s), ("delay p95", "ms", lambda one: one.delay_ms[1]),
                ("rate", "kbit/s", lambda one: one.kbps), ("ssim", "", lambda one: one.ssim), ("made up", "share", lambda one: one.concealed)):
            ours, peer = (figure([value(one) for one in both[who]]) for who in ("ours", "peer"))
            figures[f"{name} {what}"] = {"unit": unit, "ours": ours, "peer": peer, "ratio": ratio(ours, peer)}
    return {"name": "network", "figures": figures}
