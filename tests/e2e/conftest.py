"""Real programs for the end-to-end tests: desktop apps and services in processes of their own, a real Chromium as the customer."""

from __future__ import annotations

import subprocess
import sys
import threading

import httpx
import numpy as np
import pytest
from PIL import Image

from videodesk.core.clock import SystemClock
from videodesk.demo.remote import Remote, free_port, screen_environment
from videodesk.media.synthetic import read_frame_number

PASSWORD = "correct-horse-1"
CAMERA_FRAMES = 300
_CLOCK = SystemClock()


def until(condition, what, within_s=60.0):
    """What `condition()` gives as soon as it is true; fails with `what` when it is not in time."""
    deadline = _CLOCK.monotonic() + within_s
    pause = threading.Event()
    while not (found := condition()):
        assert _CLOCK.monotonic() < deadline, f"waited {within_s:.0f} s: {what() if callable(what) else what}"
        pause.wait(0.05)
    return found


def words_come(page, *words, of="body"):
    """Wait until the page shows one of these words. (Playwright's own waiting evaluates strings, which the page's policy forbids.)"""
    def seen():
        return page.locator(of).first.inner_text()

    until(lambda: any(word in seen() for word in words), lambda: f"{words} to be there; it says {seen()!r}")


def log_tail(path, lines=40):
    text = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    text = [line for line in text if '"method": "GET"' not in line or '"status": 200' not in line]  # our own asking whether it is there yet
    return f"--- {path.name}\n" + "\n".join(text[-lines:])


class Serve:
    """`videodesk serve` as a process; `kill` is kill -9, `start` starts it again on the same port and data."""

    def __init__(self, folder, people=()):
        self.folder, self.port, self.process = folder, free_port(), None
        self.log_path = folder / "serve.log"
        folder.mkdir(parents=True, exist_ok=True)
        for name, *roles in people:
            flags = [flag for role in roles for flag in ("--role", role)]
            subprocess.run([sys.executable, "-m", "videodesk", "admin", "create", name, *flags, "--data-dir", str(folder / "data")],
                           input=PASSWORD, text=True, check=True, capture_output=True, timeout=90)
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.launch()
        until(self._answers, lambda: f"the service to answer\n{log_tail(self.log_path)}", within_s=90)

    def launch(self):
        """Starts it and does not wait: who talks to it finds out."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "videodesk", "serve", "--host", "127.0.0.1", "--port", str(self.port), "--data-dir", str(self.folder / "data")],
                stdout=log, stderr=subprocess.STDOUT)

    def _answers(self):
        assert self.process.poll() is None, log_tail(self.log_path)
        try:
            return httpx.get(f"{self.url}/api/v1/info", trust_env=False, timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


class Person:
    """The API as one person sees it."""

    def __init__(self, url, name):
        self.url = url
        self.http = httpx.Client(base_url=f"{url}/api/v1", trust_env=False, timeout=60)
        answer = self.http.post("/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def get(self, path, **params):
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path, body):
        answer = self.http.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def case(self, customer="Karin Jansen"):
        return self.post("/cases", {"kind": "parcel", "parties": [{"role": "customer", "name": customer}]})

    def invite(self, case, **more):
        made = self.post(f"/cases/{case['id']}/invitations", more)
        return made | {"link": f"{self.url}/join#{made['join_link'].partition('#')[2]}"}

    def snapshots(self, case):
        found = self.get(f"/cases/{case['id']}/snapshots")
        return found["items"] if isinstance(found, dict) else found

    def calls(self, case):
        found = self.get("/calls", case_id=case["id"])
        return found["items"] if isinstance(found, dict) else found

    def original(self, snapshot):
        """The bytes of the one that leads."""
        answer = self.http.get(f"/snapshots/{snapshot['id']}/original")
        assert answer.status_code == 200, answer.text
        return answer.content

    def original_of(self, snapshot, original_id):
        answer = self.http.get(f"/snapshots/{snapshot['id']}/originals/{original_id}")
        assert answer.status_code == 200, answer.text
        return answer.content


class Programs:
    """Starts programs and ends them all; what they said is shown with a failing test."""

    def __init__(self, folder):
        self.folder, self.desktops, self.services, self.people = folder, [], [], []

    def desktop(self, name, *arguments, language="en"):
        made = Remote(name, ["--data-dir", str(self.folder / name), "--language", language, "--synthetic-media", *arguments], self.folder,
                      screen_environment(self.folder) | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"})
        self.desktops.append(made)
        return made

    def with_own_service(self, name="agent", port=None):
        """A desktop with a service of its own and its first account, Anna de Vries; (desktop, her API)."""
        port = port or free_port()
        made = self.desktop(name, "--host", "127.0.0.1", "--port", str(port))
        made.click("entry.next", within_s=90)
        made.type("entry.display_name", "Anna de Vries")
        made.type("entry.password", PASSWORD)
        made.click("entry.create")
        made.wait("rail.inbox")
        return made, self.person(f"http://127.0.0.1:{port}", "anna.de.vries")

    def signed_in(self, name, service):
        """A desktop at that service, signed in."""
        made = self.desktop(name, "--service", service.url)
        made.type("sign_in.name", name, within_s=90)
        made.type("sign_in.password", PASSWORD)
        made.click("sign_in.submit")
        made.wait("rail.inbox")
        return made

    def serve(self, *people):
        made = Serve(self.folder / "service", people)
        self.services.append(made)
        return made

    def person(self, url, name):
        made = Person(url, name)
        self.people.append(made)
        return made

    def close(self):
        for one in self.people:
            one.http.close()
        for one in self.desktops:
            one.quit()
        for one in self.services:
            one.close()
        for path in sorted({*(one.log_path for one in self.desktops), *(one.log_path for one in self.services)}):
            print(log_tail(path))  # pytest shows it of a failing test


@pytest.fixture
def programs(tmp_path):
    made = Programs(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def camera_file(tmp_path_factory):
    from videodesk.media.synthetic import write_camera_file

    return write_camera_file(tmp_path_factory.mktemp("camera") / "camera.mjpeg", frames=CAMERA_FRAMES)


@pytest.fixture(scope="module")
def playwright():
    # By module: Playwright's loop runs as long as it does, and tests elsewhere need their own.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as made:
        yield made


@pytest.fixture
def customers(playwright, camera_file):
    """Makes customers, each a Chromium of their own; no page may have failed with an exception."""
    from videodesk.demo.customer import Customer

    made = []

    def make(language="nl"):
        customer = Customer(playwright, camera_file, language)
        customer.context.add_init_script("""window.peersMade = 0; const Peer = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Peer { constructor(...all) { super(...all); window.peersMade += 1; window.lastPeer = this; } };""")
        made.append(customer)
        return customer

    yield make
    errors = [error for customer in made for error in customer.errors]
    for customer in made:
        customer.close()
    assert errors == []


@pytest.fixture
def customer(customers):
    return customers()


@pytest.fixture
def running(programs, customer):
    """An agent in a call with a customer, picture and all: agent, anna (her API), customer, case, call."""
    agent, anna = programs.with_own_service()
    return start_call(agent, anna, customer)


class Running:
    def __init__(self, agent, anna, customer, case):
        self.agent, self.anna, self.customer, self.case = agent, anna, customer, case

    @property
    def call(self):
        calls = self.anna.calls(self.case)
        assert len(calls) == 1, calls
        return calls[0]

    def frame_on_screen(self):
        """The frame number the call screen shows now, or None."""
        file = self.agent.folder / "now.png"
        self.agent.grab(file, "call.video")
        return frame_in(file)

    def frames_come(self, count=3):
        """Wait until the screen has shown `count` other pictures."""
        seen = set()

        def enough():
            seen.add(self.frame_on_screen())
            return len(seen - {None}) > count

        until(enough, lambda: f"the picture to move; seen {seen}")

    def snapshot(self):
        before = len(self.anna.snapshots(self.case))
        self.agent.click("call.snapshot")  # the key belongs to the chat's field while the person types there
        return until(lambda: len(found := self.anna.snapshots(self.case)) > before and found[-1],
                     lambda: f"the snapshot to be in the case; the screen: {[self.agent.look(name) for name in ('call.snapshot', 'call.banner', 'call.quality')]}")


def rows_of(desktop, name):
    """The rows of a list; none while the empty list is hidden."""
    return desktop.do("rows", name=name)["rows"] if desktop.look(name)["visible"] else []


def start_call(agent, anna, customer, case=None):
    case = case or anna.case()
    customer.join(anna.invite(case)["link"])
    agent.click("incoming.accept")
    agent.wait("call.snapshot", within_s=90, why="to be possible (the picture is there)")
    made = Running(agent, anna, customer, case)
    made.frames_come(1)
    return made


def frame_in(file, aspect=1280 / 720):
    """The frame number in a grab of the video widget: the letterbox is cut away first."""
    try:
        image = Image.open(file).convert("RGB")
    except OSError:
        return None
    width, height = image.size
    wide, high = (width, round(width / aspect)) if width / aspect <= height else (round(height * aspect), height)
    left, top = (width - wide) // 2, (height - high) // 2
    return read_frame_number(np.asarray(image.crop((left, top, left + wide, top + high))))


def frame_in_original(data):
    import io

    return read_frame_number(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


