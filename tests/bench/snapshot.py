"""`snapshot`: from the key press to the fsynced original, through the real screen, engine thread, pool and outbox; no service, no network.

Figures: `fsynced` without a key to seal with, `sealed` with a station's key: sealed (C2PA), fsynced, and in the outbox's own log (its row).

The floor is what cannot be had for less, measured in the same run with the same pictures: encode and one written, fsynced file.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def _figures(values_ms: list[float]) -> dict[str, Any]:
    ordered = sorted(values_ms)
    return {"median": statistics.median(ordered), "p95": ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))], "n": len(ordered)}


def run() -> dict[str, Any]:
    """Measure `--rounds` snapshots of a 1280×720 picture (`--size` for another)."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench snapshot")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--dir", type=Path, default=None, help="folder on the disk to measure")
    given, _ = parser.parse_known_args()
    width, height = map(int, given.size.split("x"))
    with tempfile.TemporaryDirectory(dir=given.dir) as folder:
        return {"name": "snapshot", "figures": {
            "fsynced": _measure(Path(folder) / "fsynced", given.rounds, width, height, None),
            "sealed": _measure(Path(folder) / "sealed", given.rounds, width, height, _sealer(Path(folder)))}}


def _sealer(folder: Path) -> Any:
    """As a desktop has it once it is enrolled: its own key in a file, a certificate of the desk's root."""
    from tests.sealing.keys import desk_keys
    from videodesk.core.clock import SystemClock
    from videodesk.sealing.private_keys import no_keyring
    from videodesk.sealing.station import LocalStation

    clock = SystemClock()
    keys = desk_keys(folder, now=clock.now())
    station = LocalStation(folder / "station", clock, no_keyring)
    station.use("bench")
    wanted = station.wanted(keys.root_fingerprint, clock.now())
    assert wanted is not None
    station.accept(keys.issue(wanted.csr_pem, wanted.station_id, clock.now()), keys.root_fingerprint)
    assert station.is_ready
    return station


def _measure(folder: Path, rounds: int, width: int, height: int, sealer: Any) -> dict[str, Any]:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from tests.desktop.fake_call import ANNA, CALL_ID, NOW, FakeCallApi, call_view
    from tests.desktop.fake_media import FakeMediaEngine, product
    from tests.desktop.fakes import make_context
    from videodesk.calls.ports import PeerState
    from videodesk.client.outbox import Outbox, OutboxState
    from videodesk.core.clock import SystemClock
    from videodesk.core.vocabulary import CallState
    from videodesk.desktop.bridge import Bridge
    from videodesk.desktop.context import Session
    from videodesk.desktop.engine import Engine
    from videodesk.desktop.theme import apply_theme
    from videodesk.desktop.views.call import CallScreenView
    from videodesk.desktop.views.call_window import VideoWindow

    folder.mkdir()
    app = QApplication.instance() or QApplication(["videodesk"])
    assert isinstance(app, QApplication)
    apply_theme(app, "light")
    engine = Engine()
    engine.start()
    media, kept, reached = FakeMediaEngine(), threading.Event(), [0.0]

    def changed(entry: Any) -> None:
        if entry.state is OutboxState.KEPT:
            reached[0] = time.perf_counter()  # the row is committed: the original is kept here
            kept.set()

    outbox = Outbox(folder / "outbox", SystemClock(), changed)
    context = make_context(tasks=Bridge(engine), media=media, outbox=outbox, **({"sealer": sealer} if sealer else {}))
    context.api, context.session = FakeCallApi(), Session(ANNA, "t" * 32)
    context.api.view = call_view(CallState.CONNECTED, connected_at=NOW)
    view = CallScreenView(context)
    view.resize(1280, 800)
    view.show()
    view.opened(call_id=CALL_ID)
    _until(app, lambda: bool(media.peers))

    async def connect() -> None:
        media.peer.listener.state_changed(PeerState.CONNECTED)

    asyncio.run(connect())
    pictures = [product(width, height, seed) for seed in range(4)]
    media.peer.show(pictures[0])
    _until(app, lambda: view.call_presenter.state.why_no_snapshot is None)
    keys = VideoWindow(view.video, view.act)  # takes the key the way Qt delivers it
    keys.show()
    ours, floor = [], []
    for n in range(rounds + 3):
        picture = pictures[n % len(pictures)]
        media.peer.show(picture, seq=n + 1)
        app.processEvents()
        kept.clear()
        began = time.perf_counter()
        QTest.keyClick(keys, Qt.Key.Key_S)
        _until(app, kept.is_set)
        if n >= 3:  # the first ones warm up
            ours.append((reached[0] - began) * 1000)
            floor.append(_floor(folder / f"floor-{n}.jpg", media.peer.stills))
    _until(app, lambda: all(shot.stage.value == "kept_here" for shot in view.call_presenter.state.tray))
    keys.close()
    view.shut()
    engine.stop()
    outbox.close()
    mine, theirs = _figures(ours), _figures(floor)
    return {"unit": "ms", "ours": mine, "floor": theirs,
            "ratio": {"median": mine["median"] / theirs["median"], "p95": mine["p95"] / theirs["p95"]}}


def _floor(path: Path, stills: Any) -> float:
    frame = stills.freeze()
    began = time.perf_counter()
    data = stills.encode(frame).data
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return (time.perf_counter() - began) * 1000


def _until(app: Any, condition: Any) -> None:
    deadline = time.perf_counter() + 30
    while not condition():
        app.processEvents()
        if time.perf_counter() > deadline:
            raise TimeoutError("the snapshot was not kept in 30 s")
        time.sleep(0.0005)
