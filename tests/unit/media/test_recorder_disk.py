"""A recording ends truthfully whatever the disk does, and survives what kills the program."""


import errno
import hashlib
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.media.material import (
    Sender,
    numbered_frames,
    packets,
    tone,
)
from tests.unit.media.recording import BEGIN, NOON, Desk, both_codecs, live, probe
from videodesk.core.errors import OutOfSpace
from videodesk.media.remux import recover
from videodesk.media.tap import VideoUnit
from videodesk.media.tape import Piece
from videodesk.media.writing import GrowingFile, Parts, Run


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
    assert (tmp_path / "clip.webm").read_bytes() == b"nonsense"


def test_all_parts_of_a_recording_are_found(tmp_path: Path) -> None:
    first = Sender(BEGIN).units("H264", numbered_frames("H264", 30), ())
    second = Sender(BEGIN + 1.5, video_base=1_500_000_005).units("VP8", numbered_frames("VP8", 30, first=30), ())
    live(Desk(), tmp_path / "clip", [*first, *second])
    assert [facts.path.name for facts in recover(tmp_path)] == ["clip.mp4", "clip_2.webm"]
