"""Links that do not work any more: each says so in the customer's language, and what to do. The real service says no."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.e2e.conftest import until
from tests.service.conftest import DEVICE, LiveService
from videodesk.core.clock import HandClock
from videodesk.core.places import resources

pytestmark = pytest.mark.chromium
LANGUAGES = ("nl", "en")


@pytest.fixture
def live(tmp_path):
    service = LiveService(tmp_path, desk_name="Bol & Zonen", phone_number="030 123 45 67")
    yield service
    service.close()


@pytest.fixture
def anna(live):
    http = live.sign_in("anna")
    yield http
    http.close()


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def visitor(customers, language):
    return customers(language)


def invited(anna, live, language, **more):
    case = anna.post("/cases", json={"kind": "parcel", "language": language, "parties": [{"role": "customer", "name": "Karin"}]}).json()
    answer = anna.post(f"/cases/{case['id']}/invitations", json={"language": language} | more)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return made | {"link": f"{live.url}/join#{made['join_link'].partition('#')[2]}"}


def exchange(anna, made, device=DEVICE):
    answer = anna.post("/join/exchange", json={"token": made["link"].partition("#")[2], "device": device})
    assert answer.status_code == 200, answer.text
    return answer.json()["token"]


def text(language, key):
    return json.loads((resources() / "join" / "i18n" / f"{language}.json").read_text(encoding="utf-8"))[key]


def says(visitor, language, trouble, *, button=None):
    """The page is in this trouble, says so in this language, and says what to do; with a button where there is one to press."""
    page = visitor.page
    page.wait_for_selector('body[data-screen="trouble"]')
    until(lambda: page.evaluate("document.documentElement.lang") == language, f"the page to speak {language}")
    until(lambda: page.locator("#screen h1").inner_text() == text(language, f"trouble.{trouble}.title"), lambda: page.locator("#screen").inner_text())
    expected = text(language, f"trouble.{trouble}.next").partition("{")[0]
    assert expected in page.locator("#screen .lead").inner_text()
    assert "030 123 45 67" in until(lambda: page.locator("#help").inner_text(), "the telephone number")
    if button:
        assert page.locator(f"[data-name={button}]:visible").is_enabled()
    assert page.evaluate("document.querySelectorAll('video').length") == 0


def test_expired(live, anna, visitor, language):
    made = invited(anna, live, language, expires_in_s=60)
    live.desk.clock = HandClock(live.desk.clock.now() + timedelta(minutes=2))
    visitor.open(made["link"])
    says(visitor, language, "expired", button="enter-code")


def test_revoked(live, anna, visitor, language):
    made = invited(anna, live, language)
    assert anna.delete(f"/invitations/{made['id']}").status_code < 300
    visitor.open(made["link"])
    says(visitor, language, "revoked", button="enter-code")


def test_second_device(live, anna, visitor, language):
    made = invited(anna, live, language)
    exchange(anna, made)
    visitor.open(made["link"])
    says(visitor, language, "other_device")


def test_used_up(live, anna, visitor, language):
    """A whole call, and then the link once more on the same device."""
    made = invited(anna, live, language)
    visitor.join(made["link"])
    call = until(lambda: next((one for one in anna.get("/calls").json()["items"] if one["state"] == "waiting"), None), "the customer to wait")
    for step, body in (("accept", None), ("end", None), ("wrap-up", {"disposition": "advice_given"})):
        assert anna.post(f"/calls/{call['id']}/{step}", json=body).status_code == 200
    visitor.page.wait_for_selector('body[data-screen="thanks"]')
    visitor.page.goto("about:blank")
    visitor.open(made["link"])
    says(visitor, language, "used")


def test_wrong_code_then_locked(live, anna, visitor, language):
    invited(anna, live, language)
    page = visitor.page
    visitor.open(live.url + "/")
    page.wait_for_selector('body[data-screen="code"]')
    wrong = 0
    while True:
        page.fill("#code", "000000")
        page.click("[data-name=send-code]")
        until(lambda: page.evaluate("document.body.dataset.screen === 'trouble' || !!document.querySelector('#code-problem')?.innerText"), "an answer")
        until(lambda: page.evaluate("!document.querySelector('[data-name=send-code]')?.disabled"), "the button to be back")
        if page.evaluate("document.body.dataset.screen") == "trouble":
            break
        wrong += 1
        assert wrong < 20
        assert page.locator("#code-problem").inner_text()
    assert wrong >= 2, "a slip of the finger is forgiven"
    says(visitor, language, "locked", button="again")


