"""The customer's page in a real Chromium, against a real desk service, with a second page as the agent's desktop."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import sync_playwright

from tests.service.conftest import LiveService
from videodesk.core.clock import SystemClock

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-fake-device-for-media-stream=device-count=3", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 800}
AGENT_SCRIPT = (Path(__file__).parent / "agent.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def chromium():
    # By module: Playwright's loop runs as long as it does, and tests elsewhere need their own.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


# Chromium's second made-up camera gives 16-bit grey depth pictures, which no codec takes: the page sees the first and the third.
TWO_CAMERAS = """const all = navigator.mediaDevices?.enumerateDevices.bind(navigator.mediaDevices);
if (all) navigator.mediaDevices.enumerateDevices = async () => (await all()).filter((one) => one.kind !== 'videoinput' || !one.label.includes('device_1'));"""


class Customer:
    """One customer's browser: a page, everything it asked for, and everything it complained about."""

    def __init__(self, chromium, service, *, size=None, scripts=(), **context):
        self.service = service
        self.context = chromium.new_context(viewport=size or PHONE, locale=context.pop("locale", "nl-NL"), **context)
        for script in (TWO_CAMERAS, *scripts):
            self.context.add_init_script(script)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.requests: list[str] = []
        self.waiting: list[str] = []
        self.complaints: list[str] = []
        self.watch(self.page)

    def watch(self, page):
        page.on("request", lambda request: (self.requests.append(request.url), self.waiting.append(request.url)))
        for ended in ("requestfinished", "requestfailed"):
            page.on(ended, lambda request: self.waiting.remove(request.url) if request.url in self.waiting else None)
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(f"{error.message}\n{error.stack}"))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type in {"error", "warning"} else None)

    def open(self, link):
        self.page.goto(link)

    def press(self, name):
        self.page.locator(f'[data-name="{name}"]:visible').click()

    def screen(self, name):
        try:
            self.page.wait_for_selector(f'body[data-screen="{name}"]')
        except TooLate as late:
            there = self.page.evaluate("document.body.dataset.screen ?? document.readyState")
            raise AssertionError(f"on {there}, not on {name}; no answer yet: {self.waiting}; complaints: {self.complaints}") from late

    def is_on(self, name):
        return self.page.evaluate("document.body.dataset.screen") == name

    def heading(self):
        return self.page.locator("#screen h1").inner_text()

    def consent(self, *scopes):
        """Choose these scopes; without any: nothing."""
        self.screen("consent")
        for scope in scopes:
            self.page.locator(f"label[for=scope-{scope}]").click()
            assert self.page.locator(f"#scope-{scope}").is_checked()
        self.press("consent-chosen")

    def come_in(self, link):
        """From the link to the waiting room, agreeing to everything: three presses."""
        self.open(link)
        self.screen("welcome")
        self.press("start")
        self.press("consent-all")
        self.screen("check")
        self.press("ready")
        self.screen("waiting")


class Agent:
    """The agent's side: their HTTP client, and a page that answers as the desktop does."""

    def __init__(self, chromium, service, name="anna"):
        self.service = service
        self.http = service.sign_in(name)
        self.context = chromium.new_context(bypass_csp=True)  # Playwright waits by eval; the policy is tested on the customer
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.goto(f"{service.url}/robots.txt")
        self.page.evaluate(AGENT_SCRIPT)
        self.page.evaluate("token => desk.start(token)", self.http.headers["Authorization"].removeprefix("Bearer "))
        self.page.wait_for_function("desk.isOpen")

    def case(self, **values):
        body = {"kind": "parcel", "parties": [{"role": "customer", "name": "Mevrouw De Vries"}], **values}
        answer = self.http.post("/cases", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def invite(self, case=None, **values):
        answer = self.http.post(f"/cases/{(case or self.case())['id']}/invitations", json=values)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return made | {"link": f"{self.service.url}/join#{made['join_link'].partition('#')[2]}"}

    def waiting_call(self):
        self.page.wait_for_function("desk.waiting() !== null")
        return self.page.evaluate("desk.waiting()")

    def accept(self):
        call_id = self.waiting_call()
        answer = self.http.post(f"/calls/{call_id}/accept")
        assert answer.status_code == 200, answer.text
        return call_id

    def talk(self):
        """Accept who waits and wait until the customer's picture or sound comes."""
        call_id = self.accept()
        self.page.wait_for_function("desk.call?.state === 'connected'")
        return call_id

    def say(self, **message):
        self.page.evaluate("message => desk.send(message)", message)

    def see(self, condition):
        """Wait until this JavaScript is true in the agent's page."""
        until(self.page, lambda: self.page.evaluate(condition))

    def frames(self):
        return self.page.evaluate("desk.frames()")


@pytest.fixture
def live(tmp_path):
    service = LiveService(tmp_path, desk_name="Bol & Zonen", phone_number="030 123 45 67")
    yield service
    service.close()


@pytest.fixture
def customers(chromium, live):
    """Makes customers; afterwards nothing may have left the origin and no page may have complained of a bug."""
    made: list[Customer] = []

    def make(**options):
        customer = Customer(chromium, live, **options)
        made.append(customer)
        return customer

    yield make
    host = live.url.partition("://")[2]
    for customer in made:
        customer.context.close()
        strangers = [url for url in customer.requests if url.partition("://")[2].partition("/")[0] != host and not url.startswith(("blob:", "data:"))]
        assert strangers == [], "the page asks nobody but its own service"
        assert all(word not in text for text in customer.complaints for word in ("TypeError", "ReferenceError", "RangeError", "Content Security Policy", "Uncaught")), customer.complaints


@pytest.fixture
def customer(customers):
    return customers()


@pytest.fixture
def agent(chromium, live):
    made = Agent(chromium, live)
    yield made
    made.context.close()
    made.http.close()


def until(page, condition, patience_s=60.0):
    """Wait for `condition()`, keeping the browser's events going; gives what it gave."""
    deadline = SystemClock().monotonic() + patience_s
    while not (found := condition()):
        assert SystemClock().monotonic() < deadline, "waited in vain"
        page.wait_for_timeout(30)
    return found


def shot(page, name):
    """A picture for a person to look at, where VIDEODESK_SHOTS names a folder."""
    if folder := os.environ.get("VIDEODESK_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png")


def texts(language):
    from videodesk.core.places import resources

    return json.loads((resources() / "join" / "i18n" / f"{language}.json").read_text(encoding="utf-8"))


@pytest.fixture
def picture(tmp_path):
    """Makes a JPEG of something, big enough to be a photo."""
    from PIL import Image, ImageDraw

    def make(name, size=(1600, 1200)):
        image = Image.new("RGB", size, "#b08968")
        draw = ImageDraw.Draw(image)
        draw.line([(0, 0), size], fill="#30241c", width=40)
        path = tmp_path / name
        image.save(path, quality=90)
        return str(path)

    return make
