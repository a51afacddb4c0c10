"""The child that looks at pictures: its limits, its end, and what happens when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import videodesk.bootstrap
from tests.unit.vision.drawn import code, encoded, jpeg, on_table
from videodesk.core.errors import UnsupportedMedia, WorldError
from videodesk.settings import Settings
from videodesk.vision import reading_child
from videodesk.vision.codes import ZxingReader
from videodesk.vision.reading_process import ProcessLost, ReadingProcess, looking_process, picture_job
from videodesk.vision.texts import RapidOcrReader, is_installed

PICTURE = jpeg(on_table(code("4006381333931", "EAN13", 3)))


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def until(condition, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def process():
    made = looking_process()
    yield made
    made.close()


def test_it_starts_with_the_first_picture_and_is_kept(process):
    reader = ZxingReader(process)
    assert process.pid is None
    assert [one.text for one in reader.read(PICTURE)] == ["4006381333931"]
    first = process.pid
    reader.read(PICTURE)
    assert process.pid == first
    process.close()
    process.close()
    assert is_gone(first)
    assert reader.read(PICTURE)  # a new one


def test_it_ends_when_nobody_asks_and_comes_back():
    process = ReadingProcess("look", memory_bytes=1024**3, cpu_s=10, wall_s=20.0, idle_s=0.2)
    reader = ZxingReader(process)
    reader.read(PICTURE)
    first = process.pid
    until(lambda: process.pid is None)
    assert reader.read(PICTURE)
    assert process.pid != first
    process.close()


def test_a_killed_one_is_replaced(process):
    reader = ZxingReader(process)
    reader.read(PICTURE)
    os.kill(process.pid, signal.SIGKILL)
    assert [one.text for one in reader.read(PICTURE)] == ["4006381333931"]


def test_one_that_is_stopped_is_late_and_is_replaced():
    process = ReadingProcess("look", memory_bytes=1024**3, cpu_s=10, wall_s=4.0)
    process.ask({"op": "codes", **picture_job(PICTURE)}, PICTURE)
    stopped = process.pid
    os.kill(stopped, signal.SIGSTOP)
    with pytest.raises(ProcessLost):
        process.ask({"op": "codes", **picture_job(PICTURE)}, PICTURE)
    assert is_gone(stopped)
    process.close()


def test_one_that_always_dies_is_said_so():
    process = ReadingProcess("look", memory_bytes=1024**3, cpu_s=10, wall_s=5.0, start_s=0.001)  # killed before it is ready
    with pytest.raises(WorldError, match=r"picture\.not_now"):
        ZxingReader(process).read(PICTURE)
    process.close()


def test_a_picture_past_its_memory_is_refused_not_fatal():
    process = ReadingProcess("look", memory_bytes=420 * 1024**2, cpu_s=10, wall_s=20.0)
    reader = ZxingReader(process)
    reader.read(PICTURE)
    first = process.pid
    heavy = encoded(np.zeros((7000, 7000, 4), np.uint8), ".png")  # 196 MB of pixels, and as much again on a backdrop
    with pytest.raises((UnsupportedMedia, WorldError)):
        reader.read(heavy)
    if process.pid == first:
        assert reader.read(PICTURE)
    process.close()


@pytest.mark.skipif(reading_child.resource is None, reason="no limits on this platform")
def test_it_can_open_no_file_and_is_bounded(process):
    process.ask({"op": "codes", **picture_job(PICTURE)}, PICTURE)
    limits = {line[:26].strip(): line[26:].split()[:2] for line in Path(f"/proc/{process.pid}/limits").read_text().splitlines()[1:]}
    assert limits["Max open files"] == ["0", "0"]
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max address space"] == [str(1024**3)] * 2
    assert limits["Max cpu time"][0] != "unlimited"


def test_many_threads_ask_one_child(process):
    reader, answers = ZxingReader(process), []
    threads = [threading.Thread(target=lambda: answers.append(reader.read(PICTURE)[0].text)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["4006381333931"] * 6


def test_it_ends_with_its_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text("import sys\nfrom videodesk.vision.reading_process import looking_process, picture_job\nprocess = looking_process()\n"
                      "data = open(sys.argv[1], 'rb').read()\nprocess.ask({'op': 'codes', **picture_job(data)}, data)\n"
                      "print(process.pid, flush=True)\nsys.stdin.read()\n")
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    with subprocess.Popen([sys.executable, str(script), str(tmp_path / "a.jpg")], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        assert not is_gone(child)
        parent.kill()
    until(lambda: is_gone(child) or Path(f"/proc/{child}/stat").read_text().split()[2] == "Z")


def test_the_child_and_the_package_load_no_qt():
    for module in ("videodesk.vision.judging", "videodesk.vision.codes", "videodesk.vision.texts", "videodesk.vision.reading_child"):
        done = subprocess.run([sys.executable, "-c", f"import sys, {module}; sys.exit(any(n.startswith('PySide6') for n in sys.modules))"], check=False)
        assert done.returncode == 0, module


def test_all_that_looks_at_pictures_is_put_together_without_a_process(tmp_path):
    vision = videodesk.bootstrap.make_vision(Settings(data_dir=tmp_path))
    try:
        assert (vision.texts is not None) is is_installed()
        assert [one.kind for one in vision.codes.read(PICTURE)] == ["ean"]
        assert vision.judge.verdict_of(PICTURE).sharpness > 0
    finally:
        vision.close()


def test_a_reader_of_text_that_cannot_start_says_so():
    process = ReadingProcess("ocr", memory_bytes=1024**3, cpu_s=5, wall_s=5.0, start_s=0.001)
    reader = RapidOcrReader(process)
    with pytest.raises(WorldError, match=r"ocr\.failed"):
        reader.read(PICTURE)
    with pytest.raises(UnsupportedMedia):
        reader.read(b"GIF89a")
    reader.close()
