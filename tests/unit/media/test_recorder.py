"""A recording is what came in: byte for byte, on one clock, with both sides' sound; it ends truthfully whatever the disk does."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tests.unit.media.material import (
    FPS,
    Sender,
    agent_units,
    beeps,
    beginnings,
    flashes,
    flashing_frames,
    heard,
    loudest_hz,
    numbered_frames,
    packets,
    tone,
)
from tests.unit.media.recording import BEGIN, NOON, Desk, both_codecs, both_ways, live, probe, same
from videodesk.media.tap import VideoUnit


@both_ways
@both_codecs
def test_what_came_in_comes_out_unchanged(keep: Callable, codec: str, tmp_path: Path) -> None:
    frames, customer, agent = numbered_frames(codec, 60), tone(440, 2), tone(700, 2)
    facts = keep(Desk(), tmp_path / "clip", [*Sender(BEGIN, 0.02, 0.02).units(codec, frames, customer), *agent_units(BEGIN + 0.02, agent)])
    assert facts is not None
    picture, _, theirs, ours = packets(facts.path)
    assert len(picture) == 60
    assert all(same(codec, written, frame.data) for (_, written), frame in zip(picture, frames, strict=True))
    assert [data for _, data in theirs] == list(customer)
    assert [data for _, data in ours] == list(agent)
    assert facts.path.suffix == (".webm" if codec == "VP8" else ".mp4")
    assert (facts.codec, facts.width_px, facts.height_px, facts.is_evidence_grade) == (codec, 640, 360, True)
    assert facts.captured_at == NOON + timedelta(seconds=0.02)
    assert facts.duration_s == pytest.approx(2.0, abs=0.05)
    assert facts.poster.startswith(b"\xff\xd8")
    assert [path.name for path in tmp_path.iterdir()] == [facts.path.name], "nothing else is left"


@both_ways
def test_the_first_sound_track_is_both_sides_mixed(keep: Callable, tmp_path: Path) -> None:
    facts = keep(Desk(), tmp_path / "clip", [
        *Sender(BEGIN, shake_s=0.03).units("VP8", numbered_frames("VP8", 60), tone(440, 2)), *agent_units(BEGIN + 0.01, tone(700, 2))])
    assert loudest_hz(heard(facts.path, 0)[1][24000:72000], 2) == {440, 700}
    assert loudest_hz(heard(facts.path, 1)[1][24000:72000]) == {440}
    assert loudest_hz(heard(facts.path, 2)[1][24000:72000]) == {700}
    mix = [at for at, _ in packets(facts.path)[1]]
    assert all(later - earlier == pytest.approx(0.02, abs=0.0015) for earlier, later in pairwise(mix[1:])), "without a gap"


FLASHES = (30, 75, 120)


def flash_and_beep(sender: Sender, codec: str = "VP8") -> list:
    flashing = frozenset(number + more for number in FLASHES for more in range(3))
    return sender.units(codec, flashing_frames(codec, 150, flashing), beeps(5, tuple(number / FPS for number in FLASHES)))


def offsets(path: Path, track: int) -> list[float]:
    seen, sounded = flashes(path), beginnings(*heard(path, track))
    assert len(seen) == len(sounded) == len(FLASHES)
    return [sound - sight for sight, sound in zip(seen, sounded, strict=True)]


@both_ways
@both_codecs
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_flash_and_beep_stay_together_on_a_shaking_line(keep: Callable, codec: str, seed: int, tmp_path: Path) -> None:
    units = flash_and_beep(Sender(BEGIN, 0.05, 0.03, shake_s=0.12, seed=seed), codec)
    facts = keep(Desk(), tmp_path / "clip", [*units, *agent_units(BEGIN, tone(60, 5, 0.02))])
    for track in (0, 1):
        assert max(map(abs, offsets(facts.path, track))) <= 0.04


@both_ways
@pytest.mark.parametrize("late_s", [-0.25, 0.25])
def test_where_the_browser_says_how_its_clocks_belong_together_that_counts(keep: Callable, late_s: float, tmp_path: Path) -> None:
    sender = Sender(BEGIN, 0.3, 0.3 + late_s, shake_s=0.05)
    desk = Desk()
    before = sender.units("VP8", numbered_frames("VP8", 30), tone(60, 1, 0.02))
    desk.play(before)
    for report in sender.reports(1.0):
        desk.tap.put_report(report)
    desk.kept.clear()
    later = Sender(BEGIN + 2, 0.3, 0.3 + late_s, shake_s=0.05, video_base=sender.video_base + 180_000, sound_base=sender.sound_base + 96_000)
    facts = keep(desk, tmp_path / "clip", [*flash_and_beep(later), *agent_units(BEGIN + 2, tone(60, 6, 0.02))])
    for track in (0, 1):
        assert max(map(abs, offsets(facts.path, track))) <= 0.04


def test_a_report_that_cannot_be_true_is_not_believed(tmp_path: Path) -> None:
    sender = Sender(BEGIN, shake_s=0.02)
    desk = Desk()
    desk.recorder.start(tmp_path / "clip")
    units = flash_and_beep(sender)
    desk.play(units[:30])
    video, sound = sender.reports(0.5)
    desk.tap.put_report(video)
    desk.tap.put_report(type(sound)("audio", sound.rtp_time, sound.ntp_s - 4.0))
    desk.play(units[30:])
    assert max(map(abs, offsets(desk.recorder.stop().path, 1))) <= 0.04


def test_a_pause_keeps_its_length_and_the_picture_begins_again_with_a_keyframe(tmp_path: Path) -> None:
    """Hold: nothing of that time is in the file, and what comes after it is where it belongs."""
    desk = Desk()
    frames = numbered_frames("VP8", 150)
    units = [*Sender(BEGIN, 0, 0).units("VP8", frames, tone(440, 5)), *agent_units(BEGIN, tone(700, 5))]
    desk.recorder.start(tmp_path / "clip")
    desk.play([unit for unit in units if unit.received_at_s < BEGIN + 1.5])
    desk.tap.keeps_pictures = True
    desk.tap.pause(True)
    desk.play([unit for unit in units if BEGIN + 1.5 <= unit.received_at_s < BEGIN + 3.5])
    desk.tap.pause(False)
    desk.play([unit for unit in units if unit.received_at_s >= BEGIN + 3.5])
    facts = desk.recorder.stop()
    picture, mix, theirs, _ = packets(facts.path)
    after = [at for at, _ in picture if at > 2.0]
    assert after[0] == pytest.approx(4.0, abs=0.002), "the keyframe after the hold, not what builds on one that is not there"
    assert not [at for at, _ in theirs if 1.55 < at < 3.45]
    assert mix[-1][0] == pytest.approx(4.98, abs=0.05)
    assert loudest_hz(heard(facts.path, 0)[1][int(4.1 * 48000):int(4.8 * 48000)], 2) == {440, 700}


def test_a_customer_who_comes_back_goes_on_in_the_same_file(tmp_path: Path) -> None:
    """Another peer connection: RTP times that begin anew, another size."""
    first = Sender(BEGIN, shake_s=0.02).units("VP8", numbered_frames("VP8", 45), tone(440, 1.5))
    second = Sender(BEGIN + 3, shake_s=0.02, video_base=1_500_000_777, sound_base=2_000_000_099).units(
        "VP8", numbered_frames("VP8", 45, 360, 640, first=45), tone(440, 1.5))
    facts = live(Desk(), tmp_path / "clip", [*first, *second])
    picture = packets(facts.path)[0]
    assert len(picture) == 90
    assert picture[45][0] - picture[0][0] == pytest.approx(3.0, abs=0.04)
    with av.open(str(facts.path)) as container:
        sizes = {(frame.width, frame.height) for frame in container.decode(video=0)}
    assert sizes == {(640, 360), (360, 640)}
    assert facts.more == ()


@both_ways
def test_another_codec_begins_another_part(keep: Callable, tmp_path: Path) -> None:
    first = Sender(BEGIN).units("H264", numbered_frames("H264", 30), tone(440, 1))
    second = Sender(BEGIN + 1.5, video_base=1_500_000_005, sound_base=2_000_000_006).units("VP8", numbered_frames("VP8", 30, first=30), tone(440, 1))
    facts = keep(Desk(), tmp_path / "clip", [*first, *second])
    assert (facts.codec, [more.codec for more in facts.more]) == ("H264", ["VP8"])
    assert len(packets(facts.path)[0]) == len(packets(facts.more[0].path)[0]) == 30
    assert facts.more[0].captured_at - facts.captured_at == timedelta(seconds=1.5)


def test_a_damaged_picture_is_said_to_be(tmp_path: Path) -> None:
    units = [VideoUnit(unit.codec, unit.data, unit.rtp_time, unit.received_at_s, unit.is_key, not 20 <= number < 25)
             for number, unit in enumerate(Sender(BEGIN).units("VP8", numbered_frames("VP8", 60), ()))]
    facts = live(Desk(), tmp_path / "clip", units)
    assert not facts.is_evidence_grade


@both_ways
def test_without_a_keyframe_there_is_nothing(keep: Callable, tmp_path: Path) -> None:
    units = Sender(BEGIN).units("VP8", numbered_frames("VP8", 30)[1:], tone(440, 1))
    assert keep(Desk(), tmp_path / "clip", units) is None
    assert list(tmp_path.iterdir()) == []


def test_a_clip_begins_with_the_keyframe_before_the_wanted_time(tmp_path: Path) -> None:
    desk = Desk()
    desk.play(Sender(BEGIN, 0, 0).units("VP8", numbered_frames("VP8", 150), tone(440, 5)))
    facts = desk.recorder.keep_last(2.5, tmp_path / "clip")
    assert facts.captured_at == NOON + timedelta(seconds=2)
    assert facts.duration_s == pytest.approx(3, abs=0.05)


def test_nothing_of_the_time_before_consent_is_in_a_clip(tmp_path: Path) -> None:
    desk = Desk()
    desk.recorder.allow(False)
    units = Sender(BEGIN, 0, 0).units("VP8", numbered_frames("VP8", 150), tone(440, 5))
    desk.play([unit for unit in units if unit.received_at_s < BEGIN + 2.5])
    assert desk.recorder.keep_last(60, tmp_path / "no") is None
    desk.recorder.allow(True)
    desk.play([unit for unit in units if unit.received_at_s >= BEGIN + 2.5])
    facts = desk.recorder.keep_last(60, tmp_path / "clip")
    assert facts.captured_at == NOON + timedelta(seconds=3)


def test_a_recording_ends_when_consent_does(tmp_path: Path) -> None:
    desk = Desk()
    units = Sender(BEGIN, 0, 0).units("VP8", numbered_frames("VP8", 90), tone(440, 3))
    desk.recorder.start(tmp_path / "clip")
    assert desk.asked == 1
    assert desk.recorder.state().is_recording
    desk.play([unit for unit in units if unit.received_at_s < BEGIN + 1])
    desk.recorder.allow(False)
    assert (desk.recorder.state().is_recording, desk.recorder.state().problem) == (False, "recording.consent_ended")
    desk.play([unit for unit in units if unit.received_at_s >= BEGIN + 1])
    assert len(packets(desk.recorder.stop().path)[0]) == 30


def test_closing_finishes_a_running_recording(tmp_path: Path) -> None:
    desk = Desk()
    desk.recorder.start(tmp_path / "clip")
    desk.play(Sender(BEGIN).units("VP8", numbered_frames("VP8", 30), ()))
    desk.recorder.close()
    assert desk.recorder.stop().path == tmp_path / "clip.webm"
    assert desk.recorder.stop() is None


@both_ways
@both_codecs
def test_ffprobe_reads_it(keep: Callable, codec: str, tmp_path: Path) -> None:
    units = [*Sender(BEGIN).units(codec, numbered_frames(codec, 60), tone(440, 2)), *agent_units(BEGIN, tone(700, 2))]
    told = probe(keep(Desk(), tmp_path / "clip", units).path)
    assert [stream["codec_name"] for stream in told["streams"]] == [codec.lower(), "opus", "opus", "opus"]
    assert [stream["disposition"]["default"] for stream in told["streams"]] == [1, 1, 0, 0]
    assert float(told["format"]["duration"]) == pytest.approx(2.0, abs=0.05)
    assert datetime.fromisoformat(told["format"]["tags"]["creation_time"]).replace(microsecond=0) == NOON
    picture = told["streams"][0]
    assert (picture["width"], picture["height"], picture["color_space"], picture["color_range"]) == (640, 360, "smpte170m", "tv")
