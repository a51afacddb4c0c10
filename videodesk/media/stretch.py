"""Sound a little shorter or longer without a change of pitch: one period is left out or played twice (WSOLA with one splice).

What libwebrtc's NetEq calls accelerate and preemptive expand. 48 kHz mono int16, blocks of at least MIN_BLOCK samples.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

SPLICE: Final = 240
"""5 ms over which one place of the sound fades into the other."""
SHORTEST: Final = 120
"""2.5 ms, the period of a voice of 400 Hz."""
LONGEST: Final = 720
"""15 ms: the period of the lowest voice, and all that one splice takes or gives."""
MIN_BLOCK: Final = 960
ALIKE: Final = 0.85
"""How alike (normalised correlation) two places must be to be joined unheard."""
QUIET: Final = 60.0
"""An RMS (of 32768: -55 dBFS) below which any two places may be joined."""

_COARSE: Final = 6  # the period is looked for at 8 kHz first


def shorten(block: Samples, *, alike: float = ALIKE, most: int = MIN_BLOCK) -> Samples:
    """The block without one period (2.5 ms or more), or the block itself where no two places are `alike`; of silence at most `most` samples."""
    lag = _lag(block, alike, most)
    return block if lag is None else np.concatenate([_fade(block[:SPLICE], block[lag:lag + SPLICE]), block[lag + SPLICE:]])


def lengthen(block: Samples, *, alike: float = ALIKE, most: int = MIN_BLOCK) -> Samples:
    """The block with one period twice, or the block itself where no two places are `alike`; of silence at most `most` samples more."""
    lag = _lag(block, alike, most)
    if lag is None:
        return block
    return np.concatenate([block[:lag], _fade(block[lag:lag + SPLICE], block[:SPLICE]), block[SPLICE:]])


def _lag(block: Samples, alike: float, most: int) -> int | None:
    """By how many samples a later place of the block resembles its begin."""
    if len(block) < MIN_BLOCK:
        return None
    sound = block.astype(np.float32)
    longest = min(LONGEST, len(block) - SPLICE)
    if float(np.sqrt(np.mean(sound * sound))) < QUIET:
        return min(longest, max(SHORTEST, most))
    coarse = sound[:len(sound) // _COARSE * _COARSE].reshape(-1, _COARSE).mean(axis=1)
    first, width = SHORTEST // _COARSE, SPLICE // _COARSE
    scores = _likeness(coarse, first, min(len(coarse) - width, longest // _COARSE), width)
    if not len(scores):
        return None
    near = (first + int(np.argmax(scores))) * _COARSE
    low, high = max(SHORTEST, near - _COARSE), min(longest, near + _COARSE)
    fine = _likeness(sound, low, high, SPLICE)
    best = int(np.argmax(fine))
    return low + best if fine[best] >= alike else None


def _likeness(sound: NDArray[np.float32], first: int, last: int, width: int) -> NDArray[np.float32]:
    """The normalised correlation of the first `width` samples with those at each lag from `first` to `last`."""
    if last < first:
        return np.zeros(0, dtype=np.float32)
    template = sound[:width]
    places = np.lib.stride_tricks.sliding_window_view(sound, width)[first:last + 1]
    energy = np.sqrt((places * places).sum(axis=1) * float(template @ template))
    return np.asarray((places @ template) / (energy + 1.0), dtype=np.float32)


def _fade(begin: Samples, end: Samples) -> Samples:
    ramp = np.linspace(0.0, 1.0, len(begin), dtype=np.float32)
    return np.asarray(begin * (1.0 - ramp) + end * ramp, dtype=np.float32).astype(np.int16)
