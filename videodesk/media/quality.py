"""A verdict on the call in words, from our own counters (aiortc's getStats has too few)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from videodesk.calls.ports import Quality, QualityLevel

WINDOW_S: Final = 3.0

LOSS_WEAK_PCT, LOSS_BAD_PCT = 2.0, 8.0
FPS_WEAK, FPS_BAD = 15.0, 7.0
BITRATE_WEAK_KBPS, BITRATE_BAD_KBPS = 350.0, 120.0
FROZEN_WEAK_S, FROZEN_BAD_S = 0.8, 2.0
DELAY_WEAK_S, DELAY_BAD_S = 0.25, 0.6
SMALL_SIDE_PX = 320


@dataclass(frozen=True, slots=True)
class Sample:
    """The counters at one moment. `since_frame_s` and `since_sound_s` are None where nothing is expected (muted, no such track)."""

    at_s: float
    octets: int
    video_octets: int
    frames: int
    expected: int
    lost: int
    since_frame_s: float | None = None
    since_sound_s: float | None = None
    delay_s: float = 0.0
    width_px: int = 0
    height_px: int = 0


def judge(before: Sample, now: Sample) -> Quality:
    """The verdict between two samples (about WINDOW_S apart): the worst reason decides, worst reasons first."""
    span_s = max(0.001, now.at_s - before.at_s)
    expected = now.expected - before.expected
    loss_pct = 100.0 * max(0, now.lost - before.lost) / expected if expected > 0 else 0.0
    fps = (now.frames - before.frames) / span_s
    kbps = (now.octets - before.octets) * 8 / 1000 / span_s
    video_kbps = (now.video_octets - before.video_octets) * 8 / 1000 / span_s
    bad: list[str] = []
    weak: list[str] = []

    def note(reason: str, value: float, weak_at: float, bad_at: float) -> None:
        if value >= bad_at:
            bad.append(reason)
        elif value >= weak_at:
            weak.append(reason)

    if now.since_frame_s is not None:
        note("frozen", now.since_frame_s, FROZEN_WEAK_S, FROZEN_BAD_S)
    note("loss", loss_pct, LOSS_WEAK_PCT, LOSS_BAD_PCT)
    note("high_delay", now.delay_s, DELAY_WEAK_S, DELAY_BAD_S)
    if now.since_sound_s is not None:
        note("no_sound", now.since_sound_s, FROZEN_WEAK_S, FROZEN_BAD_S)
    if now.since_frame_s is not None and now.frames > 0:
        note("low_fps", -fps, -FPS_WEAK, -FPS_BAD)
        note("low_bitrate", -video_kbps, -BITRATE_WEAK_KBPS, -BITRATE_BAD_KBPS)
        if 0 < min(now.width_px, now.height_px) < SMALL_SIDE_PX:
            weak.append("small_picture")
    level = QualityLevel.BAD if bad else QualityLevel.WEAK if weak else QualityLevel.GOOD
    return Quality(level=level, reasons=(*bad, *weak), bitrate_kbps=kbps, fps=fps, loss_pct=loss_pct,
                   width_px=now.width_px, height_px=now.height_px)
