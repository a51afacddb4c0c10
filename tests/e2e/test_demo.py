"""`videodesk demo`, as a person starts it, and what it leaves behind."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from videodesk.media.synthetic import PRODUCT_EAN

pytestmark = pytest.mark.chromium


@pytest.mark.timeout(400)
def test_the_demo_plays_the_whole_job(tmp_path):
    done = subprocess.run([sys.executable, "-m", "videodesk", "demo", "--out", str(tmp_path)], capture_output=True, text=True, timeout=380, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "case.json").read_text(encoding="utf-8"))
    assert [one["decision"] for one in record["decisions"]] == ["retake_requested", "accepted"]
    assert record["custody"]["is_intact"] is True
    retake = next(shot for shot in record["snapshots"] if shot["retake_of"])
    first = next(shot for shot in record["snapshots"] if shot["id"] == retake["retake_of"])
    methods = {one["method"] for shot in record["snapshots"] for one in shot["originals"]}
    assert {"frame", "sharpest", "rewound", "take_photo", "clip"} <= methods
    assert record["case"]["ean"] == PRODUCT_EAN
    for shot in record["snapshots"]:
        data = next((tmp_path / "originals").glob(f"{shot['id']}.*")).read_bytes()
        assert hashlib.sha256(data).hexdigest() == shot["digest"]
    assert {one["seal"] for shot in record["snapshots"] for one in shot["originals"]} == {"capture"}
    _an_outsider_checks(tmp_path)
    rendition = next((tmp_path / "renditions").iterdir())
    named = json.dumps(record)
    assert rendition.stem in named
    assert hashlib.sha256(rendition.read_bytes()).hexdigest() in named
    _nothing_left(next((tmp_path / "originals").glob(f"{first['id']}.*")), rendition)
    screens = [path.name for path in (tmp_path / "screens").iterdir()]
    for side in ("agent", "customer", "supervisor"):
        assert sum(side in name for name in screens) >= 4, screens
    for path in (tmp_path / "screens").iterdir():
        assert np.asarray(Image.open(path).convert("L")).std() > 3, f"{path.name} shows something"


def _verify(*arguments):
    done = subprocess.run([sys.executable, "-m", "videodesk", "verify", "--json", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout)["verdict"]


def _an_outsider_checks(folder):
    """The package and a picture alone are genuine for who pinned the root; not green without a pin, nor with one flipped bit."""
    (package,), root = folder.glob("*.zip"), folder / "desk-root.pem"
    picture = next((folder / "originals").glob("*.jpg"))
    assert _verify(package, "--root", root) == (0, "genuine")
    assert _verify(picture, "--root", root) == (0, "genuine")
    assert _verify(package, "--data-dir", folder / "nowhere") == (1, "uncheckable")
    data = bytearray(package.read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "flipped.zip").write_bytes(data)
    code, verdict = _verify(folder / "flipped.zip", "--root", root)
    assert code == 1
    assert verdict != "genuine"


def _nothing_left(original, rendition):
    """In the redacted box (the play draws it from 54 % × 44 % to 70 % × 63 %) the rendition is one flat colour, while the original had words."""
    before, after = (np.asarray(Image.open(path).convert("RGB")).astype(float) for path in (original, rendition))
    assert before.shape == after.shape
    height, width, _ = after.shape
    inside = np.s_[round(0.46 * height):round(0.61 * height), round(0.56 * width):round(0.68 * width)]
    assert before[inside].std(axis=(0, 1)).max() > 20, "there was something to hide"
    assert after[inside].std(axis=(0, 1)).max() < 4, "the box is flat"
    lines = np.corrcoef(before[inside].mean(axis=2).ravel(), after[inside].mean(axis=2).ravel() + np.random.default_rng(1).normal(0, 0.01, after[inside].mean(axis=2).size))
    assert abs(lines[0, 1]) < 0.2, "nothing of the original shines through"
    outside = np.s_[:round(0.1 * height), :round(0.3 * width)]
    assert np.abs(before[outside] - after[outside]).mean() < 12, "the rest is the same picture"
