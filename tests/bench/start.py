"""`start`: from the command to a window a person can use (`usable`, s): the wizard's first button, with the embedded service running.

A fresh data folder each time, so the database is made as well. The floor is a bare PySide6 window in a process of its own, until
it is exposed, in the same run and in turns with ours.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from videodesk.demo.remote import Remote, screen_environment

_BARE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
app = QApplication(sys.argv)
window = QMainWindow()
window.setCentralWidget(QLabel("bare"))
window.show()
QTimer.singleShot(0, lambda: (print("shown", flush=True), app.quit()))
app.exec()
"""


def _figures(values: list[float]) -> dict[str, Any]:
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "p95": ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))], "n": len(ordered)}


def _ours(folder: Path) -> float:
    begun = time.monotonic()
    desktop = Remote("start", ["--data-dir", str(folder / "data"), "--host", "127.0.0.1", "--language", "en", "--synthetic-media"],
                     folder, screen_environment(folder))
    try:
        desktop.wait("entry.next", within_s=60)
        return time.monotonic() - begun
    finally:
        desktop.quit()


def _floor(folder: Path) -> float:
    import os

    begun = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", _BARE], stdout=subprocess.PIPE, env={**os.environ, **screen_environment(folder)}) as bare:
        assert bare.stdout is not None
        bare.stdout.readline()
        return time.monotonic() - begun


def run() -> dict[str, Any]:
    """Start each `--rounds` times, in turns."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench start")
    parser.add_argument("--rounds", type=int, default=9)
    given, _ = parser.parse_known_args()
    ours: list[float] = []
    floor: list[float] = []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory(prefix="vd-start-") as folder:
            floor.append(_floor(Path(folder)))
            ours.append(_ours(Path(folder)))
    figures = {"unit": "s", "ours": _figures(ours), "floor": _figures(floor)}
    figures["ratio"] = {key: figures["ours"][key] / figures["floor"][key] for key in ("median", "p95")}
    return {"name": "start", "figures": {"usable": figures}}
