"""Twelve years from now, without a time stamp and without the network: a machine whose clock says so (libfaketime)."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.sealing.keys import capture_facts, desk_keys, picture, rendition_facts
from videodesk.sealing.certificates import make_request
from videodesk.sealing.private_keys import PrivateKeys
from videodesk.sealing.sealer import C2paSealer

FAKETIME = next((path for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
CHECK = """
import sys, datetime
from pathlib import Path
from tests.sealing.reading import other_state_of, state_of
root = Path(sys.argv[1]).read_text()
print(datetime.datetime.now(datetime.UTC).year)
for path in sys.argv[2:]:
    data = Path(path).read_bytes()
    print(state_of(data, root), other_state_of(data, root))
"""


def states_after(years: int, folder: Path) -> tuple[int, set[str]]:
    """(the year, what both engines say) in a process whose clock is ahead."""
    environment = os.environ | {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"+{years}y", "FAKETIME_NO_CACHE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CHECK, folder / "root.pem", *sorted(folder.glob("*.jpg"))], env=environment, capture_output=True, text=True, check=True)
    year, *states = done.stdout.splitlines()
    return int(year), set(states)


@pytest.mark.skipif(FAKETIME is None, reason="needs libfaketime (Debian: faketime)")
def test_trusted_after_two_and_twelve_years_and_not_for_ever(tmp_path):
    now = datetime.now(UTC)
    keys = desk_keys(tmp_path, now=now)
    station = PrivateKeys(tmp_path).make()
    desktop = C2paSealer(keys.issue(make_request(station), "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a20", now), station)
    (tmp_path / "root.pem").write_text(keys.root_pem)
    for name, sealer in (("desk", keys.sealer()), ("desktop", desktop)):
        captured = sealer.seal_capture(picture(), "image/jpeg", capture_facts())
        (tmp_path / f"{name}-capture.jpg").write_bytes(captured)
        (tmp_path / f"{name}-opened.jpg").write_bytes(sealer.seal_opened(picture(), "image/jpeg", capture_facts()))
        (tmp_path / f"{name}-rendition.jpg").write_bytes(
            sealer.seal_rendition(picture(seed=2), "image/jpeg", captured, "image/jpeg", rendition_facts()))
    for years in (2, 12):
        assert states_after(years, tmp_path) == (now.year + years, {"Trusted Trusted"})
    year, states = states_after(16, tmp_path)
    assert year == now.year + 16
    assert "Trusted Trusted" not in states
