"""What a device check finds, in words that a person can act on. Pure: levels in, a verdict out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

RECORD_S: Final = 5.0
SILENT_DB: Final = -70.0
SOFT_DB: Final = -42.0
NOISY_DB: Final = -45.0
RISE_DB: Final = 8.0
CLIPPED_SHARE: Final = 0.002


class Voice(StrEnum):
    """How the microphone's recording sounds."""

    UNKNOWN = "unknown"
    WELL = "well"
    SOFT = "soft"
    LOUD = "loud"
    NOISY = "noisy"
    NOTHING = "nothing"


class Sight(StrEnum):
    """How the camera's picture looks."""

    UNKNOWN = "unknown"
    WELL = "well"
    DARK = "dark"
    BLACK = "black"


@dataclass(frozen=True, slots=True)
class DeviceCheck:
    """How far a check is: `recorded_s` of RECORD_S; what can be played when it is not 0 and nothing is being recorded."""

    recorded_s: float = 0.0
    is_recording: bool = False
    is_playing: bool = False
    voice: Voice = Voice.UNKNOWN
    sight: Sight = Sight.UNKNOWN


def judge_voice(levels_db: Sequence[float], clipped_share: float) -> Voice:
    """A verdict on a recording of a person who was asked to speak.

    `levels_db`: dBFS of each 20 ms; `clipped_share`: the share of samples at full scale. Loud parts are the voice, quiet ones the room.
    """
    if not levels_db:
        return Voice.UNKNOWN
    ranked = sorted(levels_db)
    voice, room = ranked[round(0.9 * (len(ranked) - 1))], ranked[round(0.1 * (len(ranked) - 1))]
    if voice < SILENT_DB:
        return Voice.NOTHING
    if clipped_share > CLIPPED_SHARE:
        return Voice.LOUD
    if voice < SOFT_DB:
        return Voice.SOFT
    return Voice.NOISY if room > NOISY_DB and voice - room < RISE_DB else Voice.WELL


def judge_sight(brightness: float, contrast: float) -> Sight:
    """A verdict on a picture. Mean and standard deviation of its luma, 0..255: a cover is dark and even, a room at night is not even."""
    if brightness < 20 and contrast < 6:
        return Sight.BLACK
    return Sight.DARK if brightness < 45 else Sight.WELL
