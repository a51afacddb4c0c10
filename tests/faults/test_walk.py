"""Every step of the life of a snapshot, a still and a clip, with a fault at each: nothing lost, doubled, half-written, or told falsely.

The steps are not named by hand: a shim under the process counts every change of the disk (tests/faults/disk_shim.c), a relay every piece on
the line (tests/faults/line.py). By default every few of them is taken, with another fault beginning at another one; all of them:

    VIDEODESK_FAULTS=all pytest tests/faults/test_walk.py --timeout 3600
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.disk import build
from tests.faults.lives import LIVES

ALL = os.environ.get("VIDEODESK_FAULTS") == "all"
STRIDES = {"crash": 5, "twice": 13, "full": 17, "ro": 19, "broken": 23, "kill": 29, "cut": 2}
ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.timeout(3600 if ALL else 400),
    pytest.mark.skipif(sys.platform != "linux", reason="the shim under the disk is Linux's"),
    pytest.mark.skipif(shutil.which("cc") is None and "CI" not in os.environ, reason="no C compiler for the shim under the disk"),
]


def walk(shim: Path, life: str, folder: Path) -> list[dict]:
    wanted = [f"{kind}:{1 if ALL else stride}" for kind, stride in STRIDES.items()]
    environment = os.environ | {"LD_PRELOAD": str(shim), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "tests.faults.walk", life, str(folder), *wanted], cwd=ROOT, env=environment, check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """All lives, each in a process of its own, side by side."""
    memory = Path("/dev/shm")
    folder = Path(tmp_path_factory.mktemp("walk"))
    shim = build(folder)
    place = memory / f"videodesk-faults-{os.getpid()}" if os.access(memory, os.W_OK) else folder
    try:
        with concurrent.futures.ThreadPoolExecutor(len(LIVES)) as pool:
            walks = {life: pool.submit(walk, shim, life, place / life) for life in LIVES}
            yield walks
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.parametrize("life", LIVES)
def test_at_every_step_nothing_is_lost_doubled_half_written_or_told_falsely(results, life, walked):
    found = results[life].result()
    walked += found
    assert {one["kind"] for one in found} == set(STRIDES)
    assert [problem for one in found for problem in one["problems"]] == []
    assert min(one["points"] for one in found) >= 5, "nothing was walked"
