"""Sound before picture, on the agent's way out: on a line that cannot carry both, the camera becomes a few stills a second, then rests.

The same rules as resources/join/sound_first.js (the customer's way out); tests/protocol/test_yielding.py lets both look at the same lines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """What the picture may take: bits a second (0: it rests) and frames a second (0: as many as there are)."""

    bps: int
    fps: int


STEPS: Final = (Step(0, 0), Step(30_000, 1), Step(60_000, 3), Step(120_000, 8), Step(250_000, 20), Step(2_500_000, 0))
FULL: Final = len(STEPS) - 1
NARROW_BPS: Final = 100_000
NARROW_S: Final = 1.0
DEAF_S: Final = 3.5
"""A report comes each second; so long without one and the queue is full, or the line is cut."""
CHOKED_S, STUCK_S, CALM_S = 0.4, 1.0, 0.3
HEAVY_LOSS: Final = 0.4
SOUND_BPS: Final = 60_000
PATIENCE_S: Final = 2.5
"""A queue that the estimator empties by itself is none of our business."""
FIRST_WAIT_S, LONGEST_WAIT_S = 3.0, 60.0
HOLD_S: Final = 2.0
USUAL_RTT_S: Final = 0.3
"""More than this is taken for a queue, until something shorter was seen: the first answers may come when it is full already."""
PROVEN_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of the line. Times are seconds of one monotonic clock. `deaf_from`: the step before nothing was heard any more."""

    step: int
    calm_since_s: float
    heard_at_s: float
    deaf_from: int | None = None
    narrow_since_s: float | None = None
    least_rtt_s: float = USUAL_RTT_S
    wait_s: float = FIRST_WAIT_S
    rose_at_s: float = -math.inf
    held_until_s: float = -math.inf
    late_s: float = 0.0
    late_since_s: float | None = None


def begin(now_s: float, expected_bps: float | None = None) -> Line:
    """A line of which only the expected rate is known, or nothing (then it may take everything)."""
    if expected_bps is None:
        return Line(FULL, now_s, now_s)
    return Line(max(1, _fitting(expected_bps)), now_s, now_s)


def _fitting(bps: float) -> int:
    """The highest step for which a line has room beside the sound; all of it from a little more than the last but one."""
    fits = sum(step.bps <= bps - SOUND_BPS for step in STEPS) - 1
    return FULL if fits == FULL - 1 else max(0, fits)


def judge(line: Line, now_s: float, *, rtt_s: float | None, available_bps: float | None = None, lost_share: float = 0.0,
          hears: bool = False, speaks: bool = True) -> Line:
    """The line after one more look.

    `rtt_s` None when nothing new is known, `lost_share` 0..1, `hears`: the other side was heard of all the same, `speaks`: sound is sent,
    of which the other side reports.
    """
    least_s = min(line.least_rtt_s, math.inf if rtt_s is None else rtt_s)
    late_s = line.late_s if rtt_s is None else rtt_s - least_s
    looks_narrow = available_bps is not None and available_bps < NARROW_BPS and line.step == FULL
    narrow_since_s = (now_s if line.narrow_since_s is None else line.narrow_since_s) if looks_narrow else None
    is_narrow = narrow_since_s is not None and now_s - narrow_since_s >= NARROW_S
    heard_at_s = now_s if hears or rtt_s is not None or not speaks else line.heard_at_s
    is_tight = available_bps is not None and available_bps < 2 * NARROW_BPS
    late_since_s = line.late_since_s
    if rtt_s is not None:
        late_since_s = (now_s if late_since_s is None else late_since_s) if late_s > CHOKED_S else None
    is_late_for_long = late_since_s is not None and now_s - late_since_s >= PATIENCE_S
    is_choked = is_late_for_long or (lost_share > HEAVY_LOSS and is_tight)
    is_calm = late_s < CALM_S and lost_share < HEAVY_LOSS and not is_narrow
    known = replace(line, least_rtt_s=least_s, narrow_since_s=narrow_since_s, heard_at_s=heard_at_s, late_s=late_s, late_since_s=late_since_s,
                    calm_since_s=line.calm_since_s if is_calm else now_s)
    if now_s - heard_at_s > DEAF_S or line.deaf_from is not None:
        return _deaf(line, known, now_s, is_heard=rtt_s is not None, is_calm=is_calm)
    if line.step == 0 and not speaks:  # who sends nothing learns nothing
        return replace(known, step=1, calm_since_s=now_s)
    if (is_choked or is_narrow) and now_s >= line.held_until_s and line.step > 0:
        has_failed = now_s - line.rose_at_s < 2 * HOLD_S + FIRST_WAIT_S
        lower = 0 if late_s > STUCK_S else 1 if line.step == FULL else line.step - 1
        return replace(known, step=lower, calm_since_s=now_s, held_until_s=now_s + HOLD_S,
                       wait_s=min(LONGEST_WAIT_S, 2 * line.wait_s) if has_failed else line.wait_s)
    if is_calm and line.step < FULL and rtt_s is not None and now_s - known.calm_since_s >= line.wait_s:
        step = max(line.step + 1, 0 if available_bps is None else _fitting(available_bps))
        return replace(known, step=step, calm_since_s=now_s, rose_at_s=now_s)
    is_proven = is_calm and now_s - known.calm_since_s >= PROVEN_S
    return replace(known, wait_s=FIRST_WAIT_S) if is_proven else known


def _deaf(line: Line, known: Line, now_s: float, *, is_heard: bool, is_calm: bool) -> Line:
    """Nothing was heard for long, or the first sign came: then it was a cut, and all is as before, or a queue."""
    if is_heard:
        step = line.deaf_from if is_calm and line.deaf_from is not None else 0
        return replace(known, step=step, deaf_from=None, calm_since_s=now_s)
    return replace(known, step=0, deaf_from=line.step if line.deaf_from is None else line.deaf_from, calm_since_s=now_s)
