"""The same on real small disks: one that is full, and one that the system made read-only. Mounting needs root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.faults.lives import CLIP, LIVES, SNAPSHOT, Machine, Seed
from videodesk.client import delivery, http, uploading
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.clock import HandClock
from videodesk.core.errors import DeskError, WorldError
from videodesk.service import limits
from videodesk.service.api import uploads

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None, reason="mounting needs root")
SIZE = 100 * 1024 * 1024


@pytest.fixture
def seed(tmp_path, monkeypatch):
    for module, name in [(http, "WHOLE_BYTES"), (delivery, "WHOLE_BYTES"), (uploading, "REQUEST_BYTES"), (uploading, "_PIECE_BYTES"),
                         (uploads, "_PIECE_BYTES"), (limits, "REQUESTS")]:
        monkeypatch.setattr(module, name, getattr(module, name))  # what the seed changes is put back
    made = Seed(tmp_path / "seed")
    yield made
    made.close()


@pytest.fixture
def disk(tmp_path):
    """A disk of its own with a copy of nothing yet."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine mounts nothing")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def remount(disk, how):
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True, capture_output=True)


def fill(disk, left_bytes):
    free = shutil.disk_usage(disk).free - left_bytes
    with (disk / "ballast").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free)


@pytest.mark.parametrize("left_kb", [0, 16, 100])
@pytest.mark.parametrize("name", LIVES)
async def test_a_full_disk_under_everything_loses_nothing(seed, disk, name, left_kb, walked):
    life, notes = LIVES[name](seed), []
    folder = disk / "run"
    shutil.copytree(seed.folder, folder)
    machine = Machine(seed, folder, notes.append)
    fill(disk, left_kb * 1024)
    try:
        await life.live(machine)
    except DeskError as problem:
        assert problem.code in {"outbox.full", "outbox.unwritable"}
    problems = life.broken(machine, notes, "running")
    assert all(status != 500 for _, status in machine.answers)
    (disk / "ballast").unlink()
    await life.finish(machine)
    problems += life.broken(machine, notes, "running") + life.wrong(machine)
    walked.append({"life": name, "kind": "disk", "points": 1, "problems": problems})
    await machine.stop()
    assert problems == []


@pytest.mark.parametrize("name", ["snapshot", "clip"])
async def test_what_is_on_a_disk_that_became_read_only_is_still_sent(seed, disk, name, walked):
    life, notes = LIVES[name](seed), []
    first = {"snapshot": SNAPSHOT, "clip": CLIP}[name]
    shutil.copytree(seed.folder, disk / "run")
    machine = Machine(seed, disk / "run", notes.append)
    machine.api.use_token("x" * 40)  # nobody is signed in: it is kept here and nowhere else
    await life.live(machine)
    assert machine.outbox.entry(first).state is OutboxState.KEPT
    await machine.stop()
    shutil.copytree(disk / "run" / "service", disk.parent / "elsewhere" / "service")
    (disk.parent / "elsewhere" / "desk").symlink_to(disk / "run" / "desk")
    remount(disk, "ro")
    try:
        machine = Machine(seed, disk.parent / "elsewhere", notes.append)  # the service's disk is well
        assert life.broken(machine, notes, "running") == []
        with pytest.raises(WorldError, match=r"outbox\.unwritable"):
            machine.outbox.keep(CLIP if name == "snapshot" else SNAPSHOT, seed.person_id, life.meta(b"x"), b"x")
        await machine.deliver()
        problems = life.wrong(machine)
        await machine.stop()
    finally:
        remount(disk, "rw")
    again = Outbox(disk / "run" / "desk" / "outbox", HandClock())
    assert {entry.state for entry in again.entries()} == {OutboxState.KEPT}, "what could not be written down is sent again, and known"
    again.close()
    machine = Machine(seed, disk.parent / "elsewhere", notes.append)
    await life.finish(machine)
    problems += life.wrong(machine)
    await machine.stop()
    walked.append({"life": name, "kind": "disk", "points": 1, "problems": problems})
    assert problems == []
