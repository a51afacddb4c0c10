"""A recording is what came in: byte for byte, on one clock, with both sides' sound; it ends truthfully whatever the disk does."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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
    play,
    tone,
)
from videodesk.calls.capture_ports import ClipFacts
from videodesk.core.clock import HandClock
from videodesk.core.errors import Invalid, OutOfSpace
from videodesk.media.h264 import units as nal_units
from videodesk.media.recorder import CallRecorder
from videodesk.media.remux import recover, recover_clip
from videodesk.media.tap import SoundUnit, Tap, VideoUnit
from videodesk.media.tape import Piece
from videodesk.media.writing import GrowingFile, Parts, Run

BEGIN = 100.0
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class Desk:
    """A call's tap and recorder, with a ring that holds all that came."""

    def __init__(self) -> None:
        self.clock = HandClock(NOON - timedelta(seconds=BEGIN))
        self.clock.advance(BEGIN)
        self.tap = Tap()
        self.asked = 0
        self.tap.on_keyframe_asked(self._asked)
        self.kept: list[VideoUnit | SoundUnit] = []
        self.recorder = CallRecorder(self.clock, self.tap, lambda: self.kept)
        self.recorder.allow(True)
        self.tap.add(self)

    def _asked(self) -> None:
        self.asked += 1

    def video(self, unit: VideoUnit) -> None:
        self.kept.append(unit)

    def sound(self, unit: SoundUnit) -> None:
        self.kept.append(unit)

    def report(self, report: object) -> None:
        pass

    def play(self, units: list) -> None:
        play(self.tap, self.clock, units)


def live(desk: Desk, path: Path, units: list) -> ClipFacts | None:
    desk.recorder.start(path)
    desk.play(units)
    return desk.recorder.stop()


def cut(desk: Desk, path: Path, units: list) -> ClipFacts | None:
    desk.play(units)
    return desk.recorder.keep_last(60, path)


both_ways = pytest.mark.parametrize("keep", [live, cut], ids=["recorded", "cut from the ring"])
both_codecs = pytest.mark.parametrize("codec", ["VP8", "H264"])


def same(codec: str, written: bytes, received: bytes) -> bool:
    """VP8 byte for byte; of H.264 each unit, which a file precedes by its length instead of a start code."""
    if codec == "VP8":
        return written == received
    found = []
    while written:
        length = int.from_bytes(written[:4], "big")
        found.append(written[4:4 + length])
        written = written[4 + length:]
    return found == nal_units(received)


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
    desk.recorder.allow(True, is_on_hold=True)
    desk.play([unit for unit in units if BEGIN + 1.5 <= unit.received_at_s < BEGIN + 3.5])
    asked = desk.asked
    desk.recorder.allow(True)
    assert desk.asked == asked + 1
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


# ── the disk ──────────────────────────────────────────────────────────────────────────────────────────────────────


class SmallDisk(GrowingFile):
    """Takes some bytes, then half of what it is given, then nothing."""

    error = errno.ENOSPC
    left = 60_000

    def append(self, data: bytes) -> None:
        if len(data) > self.left:
            super().append(data[:self.left // 2])
            self.size_bytes -= self.left // 2  # as far as it says itself
            raise OSError(self.error, os.strerror(self.error))
        self.left -= len(data)
        super().append(data)


@pytest.mark.parametrize(("error", "problem"), [(errno.ENOSPC, "recording.disk_full"), (errno.EIO, "recording.disk_failed")])
def test_a_disk_that_takes_no_more_ends_it_truthfully_and_what_is_there_plays(error: int, problem: str, tmp_path: Path) -> None:
    class Disk(SmallDisk):
        pass

    Disk.error = error
    desk = Desk()
    frames = numbered_frames("VP8", 150)
    parts = Parts(tmp_path / "clip", lambda at_s: NOON + timedelta(seconds=at_s - BEGIN), Disk)
    run = Run(parts, desk.clock)
    desk.recorder._run = run
    for unit in Sender(BEGIN).units("VP8", frames, tone(440, 5)):
        desk.play([unit])
        if isinstance(unit, VideoUnit) and unit.rtp_time % 7 == 0 and run.is_going:
            wait_until_written(run)
    facts = desk.recorder.stop()
    assert run.problem == problem
    assert facts is not None
    assert 0 < len(packets(facts.path)[0]) < 150


def wait_until_written(run: Run) -> None:
    """Let the thread take what waits."""
    with run._wake:
        run._wake.notify()
    while run._waiting and run.is_going:
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system needs root")
def test_on_a_file_system_that_fills_up_what_was_written_plays(tmp_path: Path) -> None:
    script = tmp_path / "fill.sh"
    script.write_text(f"""mount -t tmpfs -o size=3m none {tmp_path}/small && cd {Path.cwd()} &&
        exec "$@" -m tests.unit.media.recording_process {tmp_path}/small/clip VP8 forever""")
    (tmp_path / "small").mkdir()
    done = subprocess.run(["unshare", "-m", "sh", str(script), sys.executable], capture_output=True, text=True, timeout=100, check=False)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("no mount namespace here")
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["problem"] == "recording.disk_full"
    assert told["pictures"] > 30
    assert told["files"] == ["clip.webm"]


def test_a_clip_that_does_not_fit_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.play(Sender(BEGIN).units("VP8", numbered_frames("VP8", 60), tone(440, 2)))
    monkeypatch.setattr("videodesk.media.writing.RESERVE_BYTES", 1 << 62)
    with pytest.raises(OutOfSpace, match=r"recording\.disk_full"):
        desk.recorder.keep_last(60, tmp_path / "clip")
    assert list(tmp_path.iterdir()) == []


@both_codecs
def test_kill_9_takes_at_most_the_last_second(codec: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.media.recording_process", str(tmp_path / "clip"), codec, "live"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line.split())
        if float(told[-1][0]) > 4.3:
            break
    process.kill()
    told += [line.split() for line in process.stdout]
    process.wait()
    process.stdout.close()
    assert [path.name for path in tmp_path.iterdir()] == ["clip.recording"]
    assert probe(tmp_path / "clip.recording")["streams"][0]["nb_read_packets"] != "0", "what lies there plays as it is"
    [facts] = recover(tmp_path)
    recorded_s = float(told[-1][0])
    assert facts.duration_s > recorded_s - 1.0
    picture, mix, customer, agent = packets(facts.path)
    if codec == "VP8":
        assert all(hashlib.sha256(written).hexdigest() == digest for (_, written), (_, digest) in zip(picture, told, strict=False))
    assert min(track[-1][0] for track in (picture, mix, customer, agent)) > recorded_s - 1.0
    assert [path.name for path in tmp_path.iterdir()] == [facts.path.name]
    assert [again.path for again in recover(tmp_path)] == [facts.path], "until it is fetched it is found again"


def probe(path: Path) -> dict:
    told = subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-count_packets", "-show_streams", "-show_format", str(path)],
                          capture_output=True, text=True, check=True)
    assert told.stderr == ""
    found: dict = json.loads(told.stdout)
    return found


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


def test_what_was_torn_anywhere_is_recovered_up_to_there(tmp_path: Path) -> None:
    """A power cut may leave the file at any length."""
    desk = Desk()
    parts = Parts(tmp_path / "whole", lambda at_s: NOON)
    desk.tap.add(desk)
    for number, unit in enumerate(Sender(BEGIN).units("VP8", numbered_frames("VP8", 30), ())):
        parts.put(Piece(unit.received_at_s, unit.data, codec="VP8", is_key=unit.is_key))
        if number % 10 == 9:
            parts.flush(unit.received_at_s)
    parts.close()
    data = (tmp_path / "whole.recording").read_bytes()
    (tmp_path / "whole.recording").unlink()
    seen = set()
    for length in [*range(0, len(data), len(data) // 40), len(data)]:
        folder = tmp_path / str(length)
        folder.mkdir()
        (folder / "clip.recording").write_bytes(data[:length])
        found = recover(folder)
        seen.add(len(packets(found[0].path)[0]) if found else 0)
        assert len(list(folder.iterdir())) == len(found)
    assert seen == {0, 10, 20, 30}


def test_what_is_no_recording_of_ours_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "clip.webm").write_bytes(b"nonsense")
    assert recover(tmp_path) == []
    with pytest.raises(Invalid, match=r"clip\.unreadable"):
        recover_clip(tmp_path / "clip.webm")


def test_a_clip_is_found_with_the_further_parts_of_its_recording(tmp_path: Path) -> None:
    first = Sender(BEGIN).units("H264", numbered_frames("H264", 30), ())
    second = Sender(BEGIN + 1.5, video_base=1_500_000_005).units("VP8", numbered_frames("VP8", 30, first=30), ())
    live(Desk(), tmp_path / "clip", [*first, *second])
    facts = recover_clip(tmp_path / "clip.mp4")
    assert [part.path.name for part in (facts, *facts.more)] == ["clip.mp4", "clip_2.webm"]
