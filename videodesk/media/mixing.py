"""Both sides' sound as one track: players play only a file's first. Decoded, laid on one clock, added, encoded as Opus again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from videodesk.media.audio import OPUS_DELAY_S, OpusEncoding
from videodesk.media.opus import FRAME, RATE, OpusDecoder, opus_decoder

LATEST_S: Final = 0.8
"""So long the mix waits for sound that is held up on its way; what comes later is in its own side's track only."""
SLACK: Final = RATE // 100
"""A frame that lies this near to the end of the last one goes on from there: no crack for a moved clock."""


@dataclass(slots=True)
class _Side:
    decoder: OpusDecoder
    end: int | None = None
    """Where its newest frame ended, in samples from the mix's begin."""
    heard_at: int = 0


class Mixer:
    """Takes both sides' packets with their times, gives a track without gaps. Times are seconds from the mix's begin.

    Not thread-safe; needs no clock: what comes in moves it on.
    """

    def __init__(self) -> None:
        self._encoder = OpusEncoding("audio")
        self._sides: dict[str, _Side] = {}
        self._mixed: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self._done = 0
        self._now = 0

    def put(self, side: str, at_s: float, payload: bytes) -> None:
        """A packet of a side, in order within the side. What lies before what was mixed already is left out."""
        known = self._sides.get(side)
        if known is None:
            known = self._sides[side] = _Side(opus_decoder())
        samples = known.decoder.decode(payload)
        start = round(at_s * RATE)
        if known.end is not None and abs(start - known.end) <= SLACK:
            start = known.end
        if known.end is not None and start < known.end:  # never over itself
            samples = samples[known.end - start:]
            start = known.end
        known.end = start + len(samples)
        self._now = max(self._now, known.end)
        known.heard_at = max(known.heard_at, known.end)
        if start < self._done:
            samples = samples[self._done - start:]
            start = self._done
        if len(samples):
            self._add(start - self._done, samples)

    def move_to(self, at_s: float) -> None:
        """It is this late, whether something was heard or not."""
        self._now = max(self._now, round(at_s * RATE))

    def take(self, *, everything: bool = False) -> list[tuple[float, bytes]]:
        """The packets that are ready, with their times; with `everything` up to the latest sound or time."""
        until = self._now if everything else self._ready()
        count = max(0, until - self._done)
        frames = -(-count // FRAME) if everything else count // FRAME
        length = frames * FRAME
        if length > len(self._mixed):
            self._mixed = np.concatenate([self._mixed, np.zeros(length - len(self._mixed), dtype=np.int32)])
        samples = np.clip(self._mixed[:length], -32768, 32767).astype(np.int16)
        self._mixed = self._mixed[length:]
        out: list[tuple[float, bytes]] = []
        for at in range(0, length, FRAME):
            out.append((self._done / RATE - OPUS_DELAY_S, self._encoder.encode(samples[at:at + FRAME])))
            self._done += FRAME
        return out

    def _ready(self) -> int:
        """Up to where nothing more is expected: all sides that were heard lately have come so far."""
        patience = round(LATEST_S * RATE)
        ends = [side.heard_at for side in self._sides.values() if side.heard_at > self._now - patience]
        return max(min(ends, default=0), self._now - patience)

    def _add(self, at: int, samples: NDArray[np.int16]) -> None:
        need = at + len(samples)
        if need > len(self._mixed):
            self._mixed = np.concatenate([self._mixed, np.zeros(need + RATE - len(self._mixed), dtype=np.int32)])
        self._mixed[at:need] += samples

