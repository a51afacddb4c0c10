"""A link of chosen quality between two network namespaces: delay, jitter, loss, rate and a bounded queue, the same at every run.

    desk 10.88.0.1 ── tun ── this relay ── tun ── 10.88.0.2 phone

The kernels here have no netem, so the packets pass through a process of ours: two TUN devices, a heap of packets by the time they are
due, and one seeded generator of random numbers for each direction.
"""

import argparse
import contextlib
import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

DESK, PHONE = "10.88.0.1", "10.88.0.2"
MTU = 1500
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Quality:
    """One way of a link. `rate_bps` None: as fast as the machine; `queue_bytes` is what waits before a slow link, more is dropped.

    `jitter_s` is added by chance, from nothing to all of it; with `is_ordered` no packet overtakes another.
    """

    delay_s: float = 0.0
    loss: float = 0.0
    rate_bps: float | None = None
    queue_bytes: int = 64 * 1024
    jitter_s: float = 0.0
    is_ordered: bool = False


class Way:
    """What the packets of one direction go through."""

    def __init__(self, quality: Quality, seed: int) -> None:
        self.quality, self.chance = quality, random.Random(seed)
        self.free_at = self.last_due = 0.0

    def due(self, now: float, size_bytes: int) -> float | None:
        """When a packet of this size comes out at the other end; None: never."""
        quality = self.quality
        if self.chance.random() < quality.loss:
            return None
        begins = now
        if quality.rate_bps is not None:
            waiting_s = max(0.0, self.free_at - now)
            if waiting_s * quality.rate_bps / 8 > quality.queue_bytes:
                return None
            begins = max(now, self.free_at) + size_bytes * 8 / quality.rate_bps
            self.free_at = begins
        due = begins + quality.delay_s + self.chance.random() * quality.jitter_s
        if quality.is_ordered:
            due = max(due, self.last_due)
        self.last_due = due
        return due


def relay(desk: int, phone: int, up: Quality, down: Quality, seed: int) -> None:
    """Carry packets until killed. `up` is from the phone to the desk."""
    ways = {phone: (desk, Way(up, seed)), desk: (phone, Way(down, seed + 1))}
    waiting: list[tuple[float, int, int, bytes]] = []
    order = itertools.count()
    poll = select.epoll()
    for one in ways:
        os.set_blocking(one, False)
        poll.register(one, select.EPOLLIN)
    poll.register(sys.stdin.fileno(), select.EPOLLIN)
    while True:
        timeout = -1.0 if not waiting else max(0.0, waiting[0][0] - time.monotonic())
        for came_in, _ in poll.poll(timeout):
            if came_in == sys.stdin.fileno():
                ways[phone][1].quality, ways[desk][1].quality = _qualities([float(number) for number in sys.stdin.readline().split()])
                continue
            goes_out, way = ways[came_in]
            with contextlib.suppress(BlockingIOError):
                for _ in range(64):
                    packet = os.read(came_in, MTU + 64)
                    if (due := way.due(time.monotonic(), len(packet))) is not None:
                        heapq.heappush(waiting, (due, next(order), goes_out, packet))
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, goes_out, packet = heapq.heappop(waiting)
            with contextlib.suppress(OSError):  # the device's queue is full: lost, as on any link
                os.write(goes_out, packet)


def enter(name: str) -> None:
    """This thread's new sockets belong to the namespace from now on."""
    handle = os.open(f"/run/netns/{name}", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(handle, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.close(handle)


def _tun(name: str, device: str) -> int:
    enter(name)
    handle = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(handle, _TUNSETIFF, struct.pack("16sH", device.encode(), _IFF_TUN | _IFF_NO_PI))
    return handle


def why_not() -> str | None:
    """Why this machine cannot have such a link, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not Path("/dev/net/tun").exists():
        return "no /dev/net/tun"
    missing = [program for program in ("ip", "nsenter") if shutil.which(program) is None]
    if missing:
        return f"missing: {', '.join(missing)}"
    allowed = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0
    return None if allowed else "this container may not make network namespaces"


class Link:
    """The two namespaces, `desk` and `phone`, with the relay between them."""

    def __init__(self, up: Quality, down: Quality, seed: int = 1) -> None:
        self.up, self.down, self.seed = up, down, seed
        self.desk, self.phone = f"vdlink{os.getpid()}d", f"vdlink{os.getpid()}p"
        self._relay: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for name in (self.desk, self.phone):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        self._relay = subprocess.Popen(
            [sys.executable, "-m", "tests.bench._link", self.desk, self.phone, str(self.seed), *map(repr, _numbers(self.up)), *map(repr, _numbers(self.down))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._relay.stdout is not None
        assert self._relay.stdout.readline() == b"ready\n"
        for name, own in ((self.desk, DESK), (self.phone, PHONE)):
            _ip("-n", name, "address", "add", f"{own}/24", "dev", "wire")
            _ip("-n", name, "link", "set", "wire", "mtu", str(MTU), "txqueuelen", "1000", "up")
        return self

    def __exit__(self, *_: object) -> None:
        if self._relay is not None:
            self._relay.kill()
            self._relay.wait()
            for stream in (self._relay.stdin, self._relay.stdout):
                if stream is not None:
                    stream.close()
        for name in (self.desk, self.phone):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)

    def change(self, up: Quality, down: Quality) -> None:
        """The link is so from now on; what is on its way comes as it was going to."""
        self.up, self.down = up, down
        assert self._relay is not None
        assert self._relay.stdin is not None
        self._relay.stdin.write((" ".join(map(repr, (*_numbers(up), *_numbers(down)))) + "\n").encode())
        self._relay.stdin.flush()

    def inside(self, name: str) -> list[str]:
        """What a command begins with that is to run in the namespace."""
        return ["nsenter", f"--net=/run/netns/{name}"]

    @contextlib.contextmanager
    def here(self, name: str) -> Iterator[None]:
        """This thread's new sockets belong to the namespace meanwhile."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            enter(name)
            yield
        finally:
            ctypes.CDLL(None).setns(home, _CLONE_NEWNET)
            os.close(home)


def _numbers(quality: Quality) -> tuple[float, ...]:
    return (quality.delay_s, quality.loss, quality.rate_bps or 0.0, float(quality.queue_bytes), quality.jitter_s, float(quality.is_ordered))


def _qualities(numbers: list[float]) -> tuple[Quality, Quality]:
    up, down = (Quality(n[0], n[1], n[2] or None, int(n[3]), n[4], bool(n[5])) for n in (numbers[:6], numbers[6:]))
    return up, down


def _ip(*command: str) -> None:
    done = subprocess.run(["ip", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(command)}: {done.stderr}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("desk")
    parser.add_argument("phone")
    parser.add_argument("seed", type=int)
    parser.add_argument("numbers", nargs=12, type=float)
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ended by the one who made it
    way = _qualities(given.numbers)
    ends = _tun(given.desk, "wire"), _tun(given.phone, "wire")
    print("ready", flush=True)
    relay(*ends, way[0], way[1], given.seed)


if __name__ == "__main__":
    main()
