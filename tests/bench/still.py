"""`still`: from the moment the phone's camera has made a 12-megapixel still to the answer that it is in the case, in a running call.

The floor is the same browser posting the same bytes over the same link, in the same call, to a server that only reads them. Figures:
`loopback` (a link as fast as this machine), `lossy` (40 ms round trip, 1 % loss each way), `narrow` (2 Mbit/s up), all with the service
in a process of its own; `embedded` is `loopback` with the service inside the agent's app. Ours and the floor take turns. Needs root:
the desk and the phone stand in network namespaces of their own. `--links loopback,lossy` for some of them.
"""

import argparse
import base64
import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench._chromium import figure, ratio
from tests.bench._link import DESK, Link, Quality, why_not

LINKS = {
    "loopback": (Quality(), Quality()),
    "lossy": (Quality(delay_s=0.020, loss=0.01), Quality(delay_s=0.020, loss=0.01)),
    "embedded": (Quality(), Quality()),
    "narrow": (Quality(delay_s=0.010, rate_bps=2_000_000), Quality(delay_s=0.010)),
}
EMBEDDED = "embedded"
SIZE_PX = (4000, 3000)
BARE_PORT = 9000
PASSWORD = "correct-horse-1"

# The camera's answer is the same picture every time; what the page does with it is the page's own.
_CAMERA = """
const bytes = Uint8Array.from(atob('%s'), c => c.charCodeAt(0));
window.takenAt = [];
window.ImageCapture = class {
  constructor(track) { this.track = track; }
  async getPhotoCapabilities() { return {imageWidth: {min: 640, max: %d, step: 1}, imageHeight: {min: 480, max: %d, step: 1}, fillLightMode: []}; }
  async getPhotoSettings() { return {}; }
  async takePhoto() {
    const blob = new Blob([bytes, new Uint8Array([window.takenAt.length %% 256])], {type: 'image/jpeg'});
    window.takenAt.push(performance.now());
    return blob;
  }
};
"""
_BARE = """async ([url, text]) => {
  window.bytes ??= Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const began = performance.now();
  await (await fetch(url, {method: 'POST', body: new Blob([window.bytes]), headers: {'Content-Type': 'text/plain'}})).text();
  return performance.now() - began;
}"""
# Uploaded and made an original at once, or made one afterwards: the last answer counts, once the case has it.
_ENDS = """() => performance.getEntriesByType('resource').filter(one => /\\/join\\/(stills|uploads)/.test(one.name) && one.responseStatus >= 200
  && one.responseStatus < 300 && one.responseEnd > (window.takenAt.at(-1) ?? Infinity)).map(one => one.responseEnd)"""


def run() -> dict[str, Any]:
    """Measure `--rounds` stills on each link (half as many on the narrow one)."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench still")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--links", default=",".join(LINKS))
    parser.add_argument("--seed", type=int, default=7)
    given, _ = parser.parse_known_args()
    if (reason := why_not()) is not None:
        sys.exit(f"still: {reason}")
    picture = _photo(given.seed)
    figures = {}
    for name in given.links.split(","):
        rounds = given.rounds if name != "narrow" else max(3, given.rounds // 3)
        figures[name] = _measure(name, picture, rounds, given.seed)
    return {"name": "still", "figures": figures, "bytes": len(picture)}


def _photo(seed: int) -> bytes:
    """A 12-megapixel JPEG of about the weight that phones give theirs (3-5 MB)."""
    import cv2
    import numpy as np

    from tests.desktop.fake_media import product

    scene = cv2.resize(product(1600, 1200), SIZE_PX, interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(seed).normal(0, 6, scene.shape)
    done, data = cv2.imencode(".jpg", np.clip(scene + grain, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return bytes(data)


@contextlib.contextmanager
def _bare_server() -> Iterator[None]:
    """Reads requests and answers; keeps the connection, looks at nothing."""
    listener = socket.create_server((DESK, BARE_PORT))

    def serve(line: socket.socket) -> None:
        with line, line.makefile("rb") as stream:
            while head := stream.readline():
                length = 0
                while (field := stream.readline()) not in {b"\r\n", b""}:
                    name, _, value = field.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                while length:
                    length -= len(stream.read(min(length, 1 << 20)))
                body = b"<!doctype html><title>bare</title>" if head.startswith(b"GET") else b"ok"
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        listener.close()


def _measure(name: str, picture: bytes, rounds: int, seed: int) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    up, down = LINKS[name]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="still-")))
        link = stack.enter_context(Link(up, down, seed))
        with link.here(link.phone):
            playwright = stack.enter_context(sync_playwright())  # its driver, and so the browser, live in the phone's namespace
        stack.enter_context(link.here(link.desk))
        stack.enter_context(_bare_server())
        call = stack.enter_context(_call(playwright, folder, picture, is_apart=name != EMBEDDED))
        bare = call.customer.context.new_page()
        bare.goto(f"http://{DESK}:{BARE_PORT}/")
        text = base64.b64encode(picture).decode()
        call.customer.page.bring_to_front()
        ours, floor = [], []
        for n in range(rounds + 1):
            mine, theirs = call.still(), float(bare.evaluate(_BARE, [f"http://{DESK}:{BARE_PORT}/", text]))
            if n:  # the first pair warms up
                ours.append(mine)
                floor.append(theirs)
    mine, theirs = figure(ours), figure(floor)
    pairs = statistics.median(a / b for a, b in zip(ours, floor, strict=True))
    return {"unit": "ms", "ours": mine, "floor": theirs, "ratio": ratio(mine, theirs), "paired_ratio": pairs}


class _Running:
    """A call with the customer's page on the phone's side of the link."""

    def __init__(self, agent: Any, customer: Any, http: Any, case_id: str) -> None:
        self.agent, self.customer, self._http, self._case_id = agent, customer, http, case_id

    def still(self) -> float:
        """S; how many ms from the camera's answer until the service's that the still is in the case."""
        page = self.customer.page
        before, taken = self._in_case(), page.evaluate("() => window.takenAt.length")
        self.agent.click("call.snapshot")
        deadline = time.monotonic() + 120
        while page.evaluate("() => window.takenAt.length") == taken or not page.evaluate(_ENDS) or self._in_case() == before:
            if time.monotonic() > deadline:
                sys.exit(f"still: nothing came in 120 s\n{self.agent.tail()}")
            page.wait_for_timeout(100)
        return float(page.evaluate(_ENDS)[-1] - page.evaluate("() => window.takenAt.at(-1)"))

    def _in_case(self) -> int:
        """How many of the camera's stills the case holds."""
        snapshots = self._http.get(f"/cases/{self._case_id}/snapshots").raise_for_status().json()
        return sum(original["method"] == "take_photo" for one in snapshots["items"] for original in one["originals"])


@contextlib.contextmanager
def _call(playwright: Any, folder: Path, picture: bytes, *, is_apart: bool) -> Iterator[_Running]:
    import httpx

    from videodesk.demo.customer import Customer
    from videodesk.demo.remote import free_port, screen_environment
    from videodesk.media.synthetic import write_camera_file

    port = free_port()
    url = f"http://{DESK}:{port}"
    environment = screen_environment(folder) | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with contextlib.ExitStack() as stack:
        if is_apart:
            stack.enter_context(_service(folder, port))
        agent = _desktop(folder, port, environment, is_apart=is_apart)
        stack.callback(agent.quit)
        with httpx.Client(base_url=f"{url}/api/v1", trust_env=False, timeout=20) as http:
            token = http.post("/session", json={"name": "anna.de.vries", "password": PASSWORD}).json()["token"]
            http.headers["Authorization"] = f"Bearer {token}"
            case = http.post("/cases", json={"kind": "parcel", "parties": [{"role": "customer", "name": "Karin Jansen"}]}).json()
            made = http.post(f"/cases/{case['id']}/invitations", json={}).json()
            camera = write_camera_file(folder / "camera.mjpeg", frames=150)
            customer = Customer(playwright, camera, more_flags=[f"--unsafely-treat-insecure-origin-as-secure={url}"])
            try:
                customer.context.add_init_script(_CAMERA % (base64.b64encode(picture).decode(), *SIZE_PX))
                customer.join(f"{url}/join#{made['join_link'].partition('#')[2]}")
                agent.click("incoming.accept", within_s=60)
                agent.wait("call.snapshot", within_s=60, why="to be possible (the picture is there)")
                yield _Running(agent, customer, http, case["id"])
            finally:
                customer.close()


def _desktop(folder: Path, port: int, environment: dict[str, str], *, is_apart: bool) -> Any:
    """The agent's app, signed in: at the service that stands beside it, or with one of its own inside."""
    from videodesk.demo.remote import Remote

    where = ["--service", f"http://{DESK}:{port}"] if is_apart else ["--host", DESK, "--port", str(port)]
    agent = Remote("agent", ["--data-dir", str(folder / "agent"), "--synthetic-media", *where], folder, environment)
    if is_apart:
        agent.type("sign_in.name", "anna.de.vries", within_s=40)
        agent.type("sign_in.password", PASSWORD)
        agent.click("sign_in.submit")
    else:
        agent.click("entry.next", within_s=40)
        agent.type("entry.display_name", "Anna de Vries")
        agent.type("entry.password", PASSWORD)
        agent.click("entry.create")
    agent.wait("rail.inbox")
    return agent


@contextlib.contextmanager
def _service(folder: Path, port: int) -> Iterator[None]:
    """`videodesk serve`, as a desk of more than one agent has it."""
    import httpx

    command = [sys.executable, "-m", "videodesk"]
    data = ["--data-dir", str(folder / "service")]
    subprocess.run([*command, "admin", "create", "anna.de.vries", "--role", "agent", *data], input=PASSWORD, text=True, check=True, capture_output=True)
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen([*command, "serve", "--host", DESK, "--port", str(port), *data], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://{DESK}:{port}/api/v1/info", trust_env=False, timeout=2)
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)
