"""The walk through all points of a life, in a process that runs on disk_shim: `python -m tests.faults.walk LIFE FOLDER KIND:STRIDE…`.

    crash   the life is recorded once; after each step the program dies, or the power fails, in four ways (tests/faults/disk.py)
    twice   the program dies after the n-th step, is started again and ends its work; then the power fails
    full    from the n-th change of the disk on there is no room, until there is again
    ro      from the n-th change on the disk is read-only, until it is not
    broken  the n-th change fails alone, with an input/output error
    kill    a real process is ended by SIGKILL before the n-th change
    cut     the line to a real service is cut at the n-th piece, before or after it passed; every other time the service stays away for an hour

Prints a line of JSON for each: how many points, and what was not as promised.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import structlog

from tests.faults.disk import KINDS, Disk, Shim, Step, digest_of, lay_out, read_log
from tests.faults.line import Line
from tests.faults.lives import LIVES, Clocks, Life, Machine, Seed
from videodesk.client.outbox import OutboxState
from videodesk.core.clock import SystemClock
from videodesk.core.errors import DeskError
from videodesk.service.server import ServiceServer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# What the clocks show after a crash: as before, an hour later, or set back, here, there or both.
CLOCKS = (Clocks(), Clocks(HOUR, HOUR), Clocks(desk=-DAY), Clocks(service=-DAY), Clocks(-DAY, -DAY))


class NoTurns:
    """Stands for the loops of the service."""

    def start(self) -> None:
        """Nothing runs beside the walk."""

    def stop(self) -> None:
        """Nothing did."""


class Walk:
    """One life at all of its points."""

    def __init__(self, name: str, folder: Path) -> None:
        self.shim, self.folder, self.stride = Shim(), folder, 1
        (folder / "seed").mkdir(parents=True)
        self.seed = Seed(folder / "seed")
        self.life: Life = LIVES[name](self.seed)
        self.points = 0
        self.problems: list[str] = []
        self.run = asyncio.Runner()

    def close(self) -> None:
        self.run.close()
        self.seed.close()

    def _fresh(self, name: str) -> Path:
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder / "seed", place)
        return place

    def _noted(self, notes: list[dict]):
        def note(what: dict) -> None:
            notes.append(what)
            self.shim.note(json.dumps(what))

        return note

    def _finish(self, where: str, folder: Path, notes: list[dict], kind: str, clocks: Clocks) -> None:
        """Start the programs on what is left, look at the promises, let the life end, and look at the end."""
        self.points += 1
        problems: list[str] = []
        try:
            problems = self.run.run(self._finished(folder, notes, kind, clocks))
        except Exception as bug:
            problems = [f"half: cannot go on: {type(bug).__name__} {bug}"]
        self.problems += [f"{self.life.name} {where}: {problem}" for problem in problems]

    async def _finished(self, folder: Path, notes: list[dict], kind: str, clocks: Clocks) -> list[str]:
        later: list[dict] = []
        machine = Machine(self.seed, folder, later.append, clocks)
        try:
            problems = self.life.broken(machine, notes, kind)
            await self.life.finish(machine)
            if clocks.service < timedelta():  # what lies in the future for the service waits, and says so, until its clock is right
                entries = machine.outbox.entries()
                problems += [f"false: refused {entry.error_code}" for entry in entries if entry.state.value == "refused"]
                machine.desk.clock.advance(-clocks.service.total_seconds())
                await self.life.finish(machine)
            return problems + self.life.broken(machine, later, "running") + self.life.wrong(machine)
        finally:
            await machine.stop()

    # the program or the machine dies
    def crash(self) -> None:
        seen: set[tuple[str, int]] = set()
        for where, step, disk, notes in self._steps():
            for kind in KINDS:
                if kind != "torn" or step.kind == b"W":
                    self._crashed(f"{kind} at {where}", disk.left(kind, step), notes, kind, seen)

    def twice(self) -> None:
        for where, _step, disk, _notes in self._steps():
            place, log, notes = self.folder / "crashed", self.folder / "log of the second", []
            shutil.rmtree(place, ignore_errors=True)
            lay_out(disk.left("killed"), place)
            second = disk.started_again(place)
            with self.shim.recording(place, log):
                self.run.run(self._lived(place, notes))
            for step in read_log(log):
                second.apply(step)
            left = second.left("power")
            shutil.rmtree(place)
            lay_out(left, place)
            self._finish(f"killed at {where}, then power", place, notes, "power", Clocks())

    def _steps(self) -> Iterator[tuple[str, Step, Disk, list[dict]]]:
        """Live once; then, before every few changes, the disk as it is and what was promised until then. At last after all of them."""
        folder, log = self._fresh("run"), self.folder / "log"
        disk, notes, changes = Disk.of(folder), [], 0
        with self.shim.recording(folder, log):
            self.run.run(self._lived(folder, []))
        step = None
        for step in read_log(log):
            if step.kind == b"N":
                notes.append(json.loads(step.data))
                continue
            changes += step.is_change
            if step.is_change and changes % self.stride == 0:
                yield f"{changes} ({step})", step, disk, list(notes)
            disk.apply(step)
        assert step is not None
        yield "the end", Step(b"N", 0, 0, "", "", b""), disk, list(notes)

    def _crashed(self, where: str, left: dict, notes: list[dict], kind: str, seen: set[tuple[str, int]]) -> None:
        state = digest_of(left), len(notes)
        if state in seen:
            self.points += 1  # the same bytes under the same promises were looked at before
            return
        seen.add(state)
        place = self.folder / "crashed"
        shutil.rmtree(place, ignore_errors=True)
        lay_out(left, place)
        self._finish(where, place, notes, kind, CLOCKS[self.points % len(CLOCKS)])

    async def _lived(self, folder: Path, notes: list[dict]) -> Machine | None:
        machine = Machine(self.seed, folder, self._noted(notes))
        try:
            await self.life.live(machine)
        finally:
            await machine.stop()

    # the disk refuses
    def refusing(self, error: int, *, stays: bool) -> None:
        with self.shim.recording(self._fresh("run"), None):
            self.run.run(self._lived(self.folder / "run", []))
            total = self.shim.count
        for nth in range(1, total + 1, self.stride):
            for below in ("desk", "service"):
                folder, notes = self._fresh("run"), []
                where = f"{errno.errorcode[error]} from {nth} of {total} below {below}"
                with self.shim.recording(folder, None):
                    self.shim.fail(nth, error, folder / below, stays=stays)
                    try:
                        problems = self.run.run(self._refused(folder, notes))
                    except Exception as bug:
                        problems = [f"half: {type(bug).__name__} {bug}"]
                    self.shim.heal()
                self.problems += [f"{self.life.name} {where}: {problem}" for problem in problems]
                self._finish(where, folder, notes, "running", Clocks())

    async def _refused(self, folder: Path, notes: list[dict]) -> list[str]:
        """Live while the disk refuses: errors are told as errors, and what was promised holds."""
        try:
            machine = Machine(self.seed, folder, self._noted(notes))
        except DeskError:
            return []  # it says so at the start
        try:
            with contextlib.suppress(DeskError):
                await self.life.live(machine)
            stumbled = [f"false: {asked} answered {status}" for asked, status in machine.answers if status == 500]
            self.shim.heal()
            return stumbled + self.life.broken(machine, notes, "running")
        finally:
            await machine.stop()

    # a real process is killed
    def kill(self) -> None:
        with self.shim.recording(self._fresh("run"), None):
            self.run.run(self._lived(self.folder / "run", []))
            total = self.shim.count
        for nth in range(1, total + 1, self.stride):
            folder, told = self._fresh("run"), self.folder / "told"
            told.write_bytes(b"")
            child = os.fork()
            if child == 0:
                self._die(folder, told, nth)
            _, status = os.waitpid(child, 0)
            notes = [json.loads(line) for line in told.read_text().splitlines()]
            if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
                self.problems.append(f"{self.life.name} kill at {nth}: half: it ended by itself ({status})")
            self._finish(f"killed for real at {nth} of {total}", folder, notes, "killed", CLOCKS[nth % len(CLOCKS)])

    # the line is cut
    def cut(self) -> None:
        self.run.run(self._cut())

    async def _cut(self) -> None:
        machine = Machine(self.seed, self._fresh("run"), lambda _: None)

        async def noting(scope, receive, send) -> None:  # the service stays, machines come and go
            if scope["type"] == "lifespan":
                await _stay(receive, send)
            else:
                await machine._noting(scope, receive, send)

        noting.state = SimpleNamespace(stamping=NoTurns(), keeping=NoTurns())  # each machine is started and tidied by hand
        server = ServiceServer(machine.desk, host="127.0.0.1", port=0, app=noting)
        await server.start()
        line = Line(server.port)
        url = await line.start()
        line.cut(0, after=False, stays=False)
        machine.use(httpx.AsyncHTTPTransport(), url)
        await self.life.live(machine)
        total = line.count
        await machine.stop()
        for nth in range(1, total + 1, self.stride):
            for after in (False, True):
                notes: list[dict] = []
                # A place of its own: the service may still be at work on what came before the cut.
                machine = Machine(self.seed, self._fresh(f"run {nth} {after}"), notes.append)
                machine.use(httpx.AsyncHTTPTransport(), url)
                is_away = (nth // self.stride + after) % 2 == 1
                line.cut(nth, after=after, stays=is_away)
                where = f"{self.life.name} line cut {'after' if after else 'before'} piece {nth} of {total}{', away for an hour' if is_away else ''}"
                self.points += 1
                await self.life.live(machine)
                problems = self.life.broken(machine, notes, "running")
                if line.is_down:
                    problems += ["false: on its way while nobody answers" for entry in machine.outbox.entries() if entry.state is OutboxState.SENT]
                    machine.desk.clock.advance(HOUR.total_seconds())
                    line.cut(0, after=False, stays=False)
                await self.life.finish(machine)
                problems += self.life.broken(machine, notes, "running") + await self._quiet(machine)
                self.problems += [f"{where}: {problem}" for problem in problems]
                await machine.stop()
        await line.stop()
        await server.stop()

    async def _quiet(self, machine: Machine) -> list[str]:
        """What is wrong once the service has done what it was asked before the line was cut."""
        deadline = SystemClock().monotonic() + 60
        while (problems := self.life.wrong(machine)) and SystemClock().monotonic() < deadline:
            await asyncio.sleep(0.05)
        return problems

    def _die(self, folder: Path, told: Path, nth: int) -> None:
        target = os.open(told, os.O_WRONLY | os.O_APPEND)

        async def lived() -> None:
            machine = Machine(self.seed, folder, lambda what: os.write(target, (json.dumps(what) + "\n").encode()))
            await self.life.live(machine)
            await machine.stop()

        try:
            with self.shim.recording(folder, None):
                self.shim.kill(nth)
                asyncio.new_event_loop().run_until_complete(lived())
        finally:
            os._exit(3)


async def _stay(receive, send) -> None:
    for done in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
        await receive()
        await send({"type": done})


def main(life: str, folder: str, *wanted: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    walk = Walk(life, Path(folder))
    try:
        for one in wanted:
            kind, _, stride = one.partition(":")
            walk.points, walk.problems, walk.stride = 0, [], int(stride)
            match kind:
                case "crash":
                    walk.crash()
                case "twice":
                    walk.twice()
                case "full":
                    walk.refusing(errno.ENOSPC, stays=True)
                case "ro":
                    walk.refusing(errno.EROFS, stays=True)
                case "broken":
                    walk.refusing(errno.EIO, stays=False)
                case "kill":
                    walk.kill()
                case "cut":
                    walk.cut()
            print("\n" + json.dumps({"life": life, "kind": kind, "points": walk.points, "problems": walk.problems}), flush=True)
    finally:
        walk.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
