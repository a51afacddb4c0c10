"""How often a keyframe is worth asking for, so that any moment of a call can be decoded again. Pure logic; time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from videodesk.calls.ports import Quality, QualityLevel

BASE_S: Final = 1.5
"""On a good link; measured (resources/docs/measurements.md)."""
MAX_S: Final = 8.0
SHARE: Final = 0.12
"""The part of the bits that keyframes may take."""
PLENTY_KBPS: Final = 1000.0
"""Below this rate they cost sharpness (about 1 dB at 400 kbit/s): the interval grows as the rate falls."""
ASK_AGAIN_S: Final = 0.6
"""A request or its keyframe may be lost."""
STANDS_STILL_S: Final = 1.0
"""No frame for so long: the camera is off or the line is dead; nobody would answer."""
CALM_SECONDS: Final = 3
LINK_REASONS: Final = frozenset({"loss", "low_bitrate", "high_delay", "frozen"})


@dataclass(slots=True)
class KeyframePace:
    """Says when to ask.

    The interval grows as the rate falls below PLENTY_KBPS, where keyframes would take more than SHARE of the bits, and doubles with
    each second of a weak link. `base_s` None: never by itself. `wants_key` may be set in any thread; all else in the engine's loop.
    """

    base_s: float | None = BASE_S
    is_fixed: bool = False
    """Neither cost nor the link changes the interval: for measuring."""
    wants_key: bool = False
    _factor: float = 1.0
    _calm: int = 0
    _key_octets: float = 0.0
    _octets_per_s: float = 0.0
    _last_key_s: float | None = None
    _last_frame_s: float | None = None
    _asked_s: float = -1e9

    @property
    def interval_s(self) -> float:
        """The interval between keyframes now."""
        base_s = self.base_s if self.base_s is not None else MAX_S
        if self.is_fixed:
            return base_s
        worth_s = 0.0
        if self._octets_per_s > 0:
            worth_s = max(self._key_octets / (SHARE * self._octets_per_s), base_s * PLENTY_KBPS * 125 / self._octets_per_s)
        return min(max(MAX_S, base_s), max(base_s * self._factor, worth_s))

    def note_frame(self, at_s: float, octets: int, *, is_key: bool) -> None:
        """A frame of this size came in."""
        self._last_frame_s = at_s
        if is_key:
            self._last_key_s = at_s
            self.wants_key = False
            self._key_octets = octets if self._key_octets == 0 else self._key_octets + (octets - self._key_octets) / 3

    def note_quality(self, quality: Quality) -> None:
        """The verdict on the last seconds; about one a second."""
        self._octets_per_s = quality.bitrate_kbps * 125
        if quality.level is not QualityLevel.GOOD and LINK_REASONS & set(quality.reasons):
            self._calm = 0
            self._factor = min(MAX_S, self._factor * 2) if quality.level is QualityLevel.WEAK else MAX_S
            return
        self._calm += 1
        if self._calm >= CALM_SECONDS and self._factor > 1:
            self._calm = 0
            self._factor = max(1.0, self._factor / 2)

    def is_due(self, now_s: float) -> bool:
        """Whether to ask now; asking again is timed here."""
        last = self._last_frame_s
        if last is None or now_s - last > STANDS_STILL_S or now_s - self._asked_s < ASK_AGAIN_S:
            return False
        is_time = self.base_s is not None and (self._last_key_s is None or now_s - self._last_key_s >= self.interval_s)
        if not self.wants_key and not is_time:
            return False
        self._asked_s = now_s
        return True
