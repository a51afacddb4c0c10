"""The verdict in words."""

import pytest

from videodesk.calls.ports import QualityLevel
from videodesk.media.quality import Sample, judge


def sample(at_s: float, **changed: object) -> Sample:
    values: dict = {"at_s": at_s, "octets": int(at_s * 250_000), "video_octets": int(at_s * 240_000), "frames": int(at_s * 30), "expected": int(at_s * 300),
                    "lost": 0, "since_frame_s": 0.02, "since_sound_s": 0.02, "width_px": 1280, "height_px": 720}
    return Sample(**(values | changed))


@pytest.mark.parametrize(("changed", "level", "reasons"), [
    ({}, QualityLevel.GOOD, ()),
    ({"lost": 30}, QualityLevel.WEAK, ("loss",)),
    ({"lost": 200}, QualityLevel.BAD, ("loss",)),
    ({"since_frame_s": 1.0}, QualityLevel.WEAK, ("frozen",)),
    ({"since_frame_s": 3.0}, QualityLevel.BAD, ("frozen",)),
    ({"since_sound_s": 3.0}, QualityLevel.BAD, ("no_sound",)),
    ({"delay_s": 0.3}, QualityLevel.WEAK, ("high_delay",)),
    ({"frames": 150 + 30}, QualityLevel.WEAK, ("low_fps",)),
    ({"video_octets": 1_200_000 + 30_000}, QualityLevel.BAD, ("low_bitrate",)),
    ({"width_px": 240, "height_px": 180}, QualityLevel.WEAK, ("small_picture",)),
    ({"since_frame_s": None, "frames": 0, "since_sound_s": None}, QualityLevel.GOOD, ()),
])
def test_each_trouble_has_its_word(changed: dict, level: QualityLevel, reasons: tuple[str, ...]) -> None:
    verdict = judge(sample(5.0), sample(8.0, **changed))
    assert (verdict.level, verdict.reasons) == (level, reasons)


def test_the_worst_comes_first() -> None:
    verdict = judge(sample(5.0), sample(8.0, lost=30, since_frame_s=5.0))
    assert verdict.level is QualityLevel.BAD
    assert verdict.reasons == ("frozen", "loss")
