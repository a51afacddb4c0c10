"""The other end of desktop/driver.py: one running desktop app, used as a person would use it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TextIO

from videodesk.core.clock import SystemClock

_CLOCK = SystemClock()

_NO_SCREEN: Final = "offscreen"  # without a configuration: one of 800 × 800


class CannotDo(Exception):
    """The app could not do what a person would have done; the text says why."""


class Remote:
    """A desktop app in a process of its own, and the line to its driver. Not thread-safe."""

    def __init__(self, name: str, arguments: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.folder = folder
        self.log_path = folder / f"{name}.log"
        # A socket's path may have 107 characters: the folder may be deeper than that, so stand in it.
        self._socket_path = folder / f"{name}.socket"
        folder.mkdir(parents=True, exist_ok=True)
        self._log = self.log_path.open("ab")
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "videodesk", "desktop", "--driver", str(self._socket_path), *arguments],
            stdout=self._log, stderr=subprocess.STDOUT, env={**os.environ, "VIDEODESK_USE_KEYRING": "false", **(environment or {})})  # its keys end with its folder
        self._line: socket.socket | None = None
        self._answers: TextIO | None = None

    # ── the line ───────────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self, within_s: float = 90.0) -> None:
        deadline = _CLOCK.monotonic() + within_s
        pause = _Pause()
        while True:
            if self.process.poll() is not None:
                raise CannotDo(f"{self.name}: the desktop app ended with exit code {self.process.returncode}\n{self.tail()}")
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                line.connect(str(self._socket_path))
            except OSError:
                line.close()
                if _CLOCK.monotonic() > deadline:
                    raise CannotDo(f"{self.name}: the desktop app did not open within {within_s:.0f} s\n{self.tail()}") from None
                pause()
                continue
            line.settimeout(60)
            self._line = line
            self._answers = line.makefile("r", encoding="utf-8")
            return

    def do(self, what: str, **arguments: Any) -> dict[str, Any]:
        """Send one command; CannotDo when the app says no."""
        if self._line is None:
            self._connect()
        line, answers = self._line, self._answers
        if line is None or answers is None:
            raise CannotDo(f"{self.name}: no line")
        try:
            line.sendall(json.dumps({"do": what, **arguments}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(answers.readline())
        except (OSError, ValueError) as problem:
            raise CannotDo(f"{self.name}: the desktop app is gone ({type(problem).__name__})\n{self.tail()}") from problem
        if not answer.pop("ok"):
            raise CannotDo(f"{self.name}: {answer['why']}")
        return answer

    # ── what a person does ─────────────────────────────────────────────────────────────────────────────────────

    def look(self, name: str) -> dict[str, Any]:
        """What there is to see of a control."""
        return self.do("look", name=name)

    def wait(self, name: str, condition: Callable[[dict[str, Any]], bool] | None = None, within_s: float = 60.0,
             why: str = "to be usable") -> dict[str, Any]:
        """Look until `condition` (by default: visible and enabled) holds."""
        holds = condition or (lambda seen: bool(seen["visible"] and seen["enabled"]))
        deadline = _CLOCK.monotonic() + within_s
        pause = _Pause()
        while not holds(seen := self.look(name)):
            if _CLOCK.monotonic() > deadline:
                raise CannotDo(f"{self.name}: waited {within_s:.0f} s for {name} {why}; it is {seen}; on screen: {self.names()}")
            pause()
        return seen

    def click(self, name: str, within_s: float = 60.0, **where: Any) -> None:
        """Wait until it can be clicked, and click it."""
        self.wait(name, within_s=within_s)
        self.do("click", name=name, **where)

    def type(self, name: str, text: str, within_s: float = 60.0) -> None:
        """Wait for a field and replace its text."""
        self.wait(name, within_s=within_s)
        self.do("type", name=name, text=text)

    def key(self, keys: str, name: str | None = None) -> None:
        """Press a key."""
        self.do("key", keys=keys, **({"name": name} if name else {}))

    def grab(self, file: Path, name: str | None = None) -> None:
        """Keep a picture of the window."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.do("grab", file=str(file), **({"name": name} if name else {}))

    def names(self) -> list[str]:
        """All named controls on the screen now."""
        found: list[str] = self.do("names")["names"]
        return found

    def tail(self, lines: int = 25) -> str:
        """The end of the app's log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        return ""

    # ── the end ────────────────────────────────────────────────────────────────────────────────────────────────

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._forget()

    def quit(self, within_s: float = 30.0) -> int:
        """Leave as a person does; killed when it does not. Returns the exit code."""
        if self.process.poll() is None:
            with contextlib.suppress(CannotDo):
                self.do("quit")
            try:
                self.process.wait(within_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._forget()
        return int(self.process.returncode)

    def _forget(self) -> None:
        for end in (self._answers, self._line):
            if end is not None:
                end.close()
        self._answers = self._line = None
        self._log.close()


class _Pause:
    """A short wait between two looks at another process; there is nothing to be woken by."""

    def __call__(self) -> None:
        import time

        time.sleep(0.05)


def screen_environment(folder: Path) -> dict[str, str]:
    """Where there is no display Qt draws offscreen, on a screen of a usual size."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM", _NO_SCREEN) != _NO_SCREEN:
        return {}
    config = folder / "screen.json"
    config.write_text(json.dumps({"screens": [{"name": "one", "x": 0, "y": 0, "width": 1440, "height": 900, "logicalDpi": 96,
                                               "logicalBaseDpi": 96, "dpr": 1}]}), encoding="utf-8")
    return {"QT_QPA_PLATFORM": f"offscreen:configfile={config}"}


def free_port() -> int:
    """A port nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
