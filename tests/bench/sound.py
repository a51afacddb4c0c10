"""sound: a spoken call over bad lines: mouth to ear, what was made up, and how much of the speech is left; beside a bare Chromium page.

Mouth to ear: from the sender's track to what the speaker is given (neither device's own buffer counts). Understandable: how alike the
loudness of 15 third-octave bands moves in what was said and what was heard, over stretches of 384 ms (STOI of Taal et al. 2011, without
its clipping): 1 is the same, under 0.6 is hard to follow. `burst`: 6 s of 20 % loss, then clean: the delay 10 s later is compared with
the delay before. `narrow`: 100 kbit/s with 5 % loss and a picture beside, both ways, from
the 20th second on; `unknown`: the same where our page's check before the call was not made. Needs root. `--cells`, `--seconds`, `--table` as in network.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import async_playwright

from tests.bench._chromium import Report, figure, ratio
from tests.bench._lines import Lab, Taken, Tape
from tests.bench._link import Link, Quality, why_not
from tests.bench._window import Desk
from videodesk.media.opus import RATE

SETTLE_S = 4.0
NARROW_SETTLE_S, NARROW_S = 20.0, 50.0
"""The first pictures may fill a queue of 64 kB that takes 100 kbit/s many seconds to empty; what is asked is how it goes on."""
WINDOW_S = 0.3
STEP_S = 0.15
MOST_S = 3.0
THIN = 4
"""Every how many samples are looked at when places are compared (12 kHz)."""
NEAR = Quality(delay_s=0.02)
BURST_S = (8.0, 14.0)
Script = Callable[[float], None]


def _burst(link: Link) -> Script:
    stages = [(BURST_S[0], Quality(delay_s=0.02, loss=0.2)), (BURST_S[1], NEAR)]

    def script(at_s: float) -> None:
        while stages and at_s >= stages[0][0]:
            quality = stages.pop(0)[1]
            link.change(quality, quality)

    return script


def _still(_: Link) -> Script:
    return lambda _: None


CELLS: dict[str, tuple[Quality, Callable[[Link], Script], bool]] = {
    "clean": (NEAR, _still, False),
    "loss5": (Quality(delay_s=0.02, loss=0.05), _still, False),
    "loss20": (Quality(delay_s=0.02, loss=0.2), _still, False),
    "jitter": (Quality(delay_s=0.06, jitter_s=0.04, is_ordered=True), _still, False),
    "burst": (NEAR, _burst, False),
    "narrow": (Quality(delay_s=0.02, loss=0.05, rate_bps=100_000), _still, True),
    "unknown": (Quality(delay_s=0.02, loss=0.05, rate_bps=100_000), _still, True),
}


@dataclass(frozen=True)
class Outcome:
    """One call's figures; the delays of each stretch that could be recognised, with their times since the call's begin."""

    delays_ms: list[tuple[float, float]]
    understood: float
    concealed: float
    frames: int

    def between(self, begin_s: float, end_s: float) -> float:
        return float(np.median([delay for at, delay in self.delays_ms if begin_s <= at < end_s] or [float("nan")]))

    def row(self) -> str:
        values = [delay for _, delay in self.delays_ms] or [float("nan")]
        return (f"mouth to ear {np.median(values):4.0f} / {np.percentile(values, 95):4.0f} ms, understood {self.understood:.3f}, made up {self.concealed:5.1%}, "
                f"{len(self.delays_ms)} stretches, before {self.between(4, BURST_S[0]):.0f}, 10 s after {self.between(BURST_S[1] + 10, 99):.0f} ms, {self.frames} frames")


def judge(taken: Taken, settle_s: float) -> Outcome:
    said, heard = taken.said, taken.heard
    assert said is not None
    assert heard is not None
    found: list[tuple[float, float]] = []
    moved = np.zeros(len(said.samples), dtype=np.float64)
    at_s = max(taken.begun_at_s + settle_s, said.begun_at_s + MOST_S)
    until_s = min(said.begun_at_s + len(said.samples) / RATE, taken.ended_at_s) - MOST_S
    delay_s = 0.1
    while at_s < until_s:
        begin = round((at_s - said.begun_at_s) * RATE)
        piece = said.samples[begin:begin + round(WINDOW_S * RATE)]
        alike, late_s = _place(piece, heard, at_s)
        if alike > 0.6 and np.sqrt(np.mean(piece.astype(float) ** 2)) > 500:
            delay_s = late_s
            found.append((at_s - taken.begun_at_s, late_s * 1000))
        other = round((at_s + delay_s - heard.begun_at_s) * RATE)
        step = round(STEP_S * RATE)
        lead = (len(piece) - step) // 2
        part = heard.samples[max(0, other + lead):other + lead + step]
        moved[begin + lead:begin + lead + len(part)] = part
        at_s += STEP_S
    begin, end = (round((edge - said.begun_at_s) * RATE) for edge in (max(taken.begun_at_s + settle_s, said.begun_at_s + MOST_S) + WINDOW_S, until_s - WINDOW_S))
    return Outcome(found, understood(said.samples[begin:end], moved[begin:end]), taken.concealed, len(taken.painted))


def _place(piece: NDArray[np.int16], heard: Tape, at_s: float) -> tuple[float, float]:
    """Where in what was heard after `at_s` the piece is, and how alike (-1..1) it is there."""
    begin = max(0, round((at_s - heard.begun_at_s) * RATE))
    where = heard.samples[begin:begin + round(MOST_S * RATE) + len(piece)][::THIN].astype(np.float64)
    what = piece[::THIN].astype(np.float64)
    if len(where) <= len(what) or not what.any():
        return 0.0, 0.0
    size = 1 << (len(where) + len(what) - 1).bit_length()
    scores = np.fft.irfft(np.fft.rfft(where, size) * np.conj(np.fft.rfft(what, size)), size)[:len(where) - len(what) + 1]
    energy = np.concatenate([[0.0], np.cumsum(where * where)])
    power = np.sqrt(np.maximum(0.0, energy[len(what):] - energy[:-len(what)]) * float(what @ what)) + 1e-6 * float(what @ what) + 1.0
    best = int(np.argmax(scores / power))
    return float(scores[best] / power[best]), best * THIN / RATE


def understood(said: NDArray[np.int16], heard: NDArray[np.float64]) -> float:
    """The mean correlation of the third-octave bands' envelopes over stretches of 384 ms, where something is said."""
    one, two = _bands(said.astype(np.float64)), _bands(heard)
    loud = one.sum(axis=0)
    span = 30
    scores = []
    for at in range(0, one.shape[1] - span, span // 2):
        if loud[at:at + span].max() < 0.05 * loud.max():
            continue
        a, b = one[:, at:at + span], two[:, at:at + span]
        a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
        norm = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
        scores.append(float(np.mean(np.where(norm > 0, (a * b).sum(axis=1) / np.maximum(norm, 1e-9), 0.0))))
    return float(np.mean(scores)) if scores else float("nan")


def _bands(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """(15, frames): the amplitude in third-octave bands from 150 Hz, in frames of 25.6 ms each 12.8 ms."""
    size, step = 1229, 614
    frames = np.lib.stride_tricks.sliding_window_view(sound, size)[::step] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, 2048)) ** 2
    pitch = np.fft.rfftfreq(2048, 1 / RATE)
    centres = 150.0 * 2 ** (np.arange(15) / 3)
    return np.array([np.sqrt(power[:, (pitch >= centre * 2 ** (-1 / 6)) & (pitch < centre * 2 ** (1 / 6))].sum(axis=1)) for centre in centres])


def run() -> Report:
    parser = argparse.ArgumentParser(prog="python -m tests.bench sound")
    parser.add_argument("--cells", default=",".join(CELLS))
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if (reason := why_not()) is not None:
        sys.exit(f"sound: {reason}")
    desk = Desk()
    desk.view.resize(640, 360)
    outcomes: dict[str, dict[str, Outcome]] = {}

    async def measure() -> None:
        with tempfile.TemporaryDirectory() as folder:
            Lab.draw(Path(folder))
            async with async_playwright() as playwright:
                for name in given.cells.split(","):
                    quality, script, with_video = CELLS[name]
                    seconds, settle_s = (NARROW_S, NARROW_SETTLE_S) if with_video else (given.seconds, SETTLE_S)
                    for who in ("ours", "peer"):
                        with Link(quality, quality, given.seed) as link:
                            lab = Lab(desk, playwright, Path(folder), link, with_video=with_video, expected_bps=76_000 if name == "narrow" else None)
                            taken = await (lab.ours if who == "ours" else lab.bare)(script(link), seconds)
                        outcome = outcomes.setdefault(name, {})[who] = judge(taken, settle_s)
                        if given.table:
                            print(f"{name:<7} {who:<5} {outcome.row()}", file=sys.stderr, flush=True)

    desk.run(measure)
    desk.close()
    figures = {}
    for name, both in outcomes.items():
        ours, peer = (figure([delay for _, delay in both[who].delays_ms] or [float("nan")]) for who in ("ours", "peer"))
        figures[f"{name} mouth to ear"] = {"unit": "ms", "ours": ours, "peer": peer, "ratio": ratio(ours, peer)}
        for what, value in (("understood", lambda one: one.understood), ("made up", lambda one: one.concealed)):
            ours, peer = (figure([value(both[who])]) for who in ("ours", "peer"))
            figures[f"{name} {what}"] = {"unit": "share", "ours": ours, "peer": peer, "ratio": ratio(ours, peer)}
        if name == "burst":
            for who in ("ours", "peer"):
                before, after = both[who].between(SETTLE_S, BURST_S[0]), both[who].between(BURST_S[1] + 10, 99.0)
                figures.setdefault("burst after", {"unit": "x before"})[who] = figure([after / before])
    return {"name": "sound", "figures": figures}
