"""The customer's copy: from the thank-you page and by its link, on a phone and on a wide screen, in both languages; files as they are kept."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from tests.join.conftest import shot, texts, until
from tests.join.looking import Looking
from tests.join.test_every_state import answer
from tests.sealing.keys import capture_facts
from tests.service.conftest import DEVICE
from tests.service.packing import can_pack
from tests.service.pictures import picture as drawn
from videodesk.calls.model import Call
from videodesk.core.clock import iso
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState


class Spoken:
    """A call that a customer had, with its pictures, and their copy."""

    def __init__(self, live, consent=("video", "stills")):
        self.live, self.http = live, live.sign_in("anna")
        self.keys = can_pack(live.desk, live.desk.settings.data_dir)
        self.case = self.http.post("/cases", json={"kind": "parcel", "parties": [{"role": "customer", "name": "Mevrouw De Vries"}]}).json()
        made = self.http.post(f"/cases/{self.case['id']}/invitations", json={}).json()
        self.guest = httpx.Client(base_url=f"{live.url}/api/v1", trust_env=False, timeout=60)
        joined = self.guest.post("/join/exchange", json={"token": made["join_link"].partition("#")[2], "device": DEVICE}).json()
        self.guest.headers["Authorization"] = f"Bearer {joined['token']}"
        self.guest.post("/join/consent", json={"text_version": joined["consent_text"]["version"], "language": "nl", "granted": list(consent)})
        now, self.call_id = live.desk.clock.now(), new_id()
        with live.desk.store.write() as uow:
            person = uow.people.by_name("anna")
            uow.calls.add(Call(id=self.call_id, case_id=self.case["id"], invitation_id=joined["invitation_id"], state=CallState.CONNECTED,
                               waiting_since=now, accepted_at=now, agent_id=person.id, agent_name="Anna de Vries"))
        self.pictures: list[bytes] = []

    def take(self, item=None, colour="teal", *, is_sealed=True):
        snapshot_id, data = new_id(), drawn(640, 480, colour=colour)
        if is_sealed:
            facts = capture_facts(snapshot_id=snapshot_id, original_id=snapshot_id, case_id=self.case["id"], call_id=self.call_id)
            data = self.keys.sealer().seal_capture(data, "image/jpeg", facts)
        self.pictures.append(data)
        meta = {"case_id": self.case["id"], "call_id": self.call_id, "method": "frame", "digest": hashlib.sha256(data).hexdigest(),
                "media_type": "image/jpeg", "width_px": 640, "height_px": 480, "captured_at": iso(self.live.desk.clock.now()),
                "checklist_item": item}
        put = self.http.put(f"/snapshots/{snapshot_id}", files={
            "metadata": (None, json.dumps(meta), "application/json"), "original": ("o.jpg", data, "image/jpeg")})
        assert put.status_code == 200, put.text
        return put.json()

    def end(self):
        ended = self.http.post(f"/calls/{self.call_id}/end")
        assert ended.status_code == 200, ended.text
        copy = self.guest.get("/join/copy").json()
        return f"{self.live.url}/copy#{copy['link'].partition('#')[2]}"

    def close(self):
        self.http.close()
        self.guest.close()


@pytest.fixture
def spoken(live):
    made = Spoken(live)
    items = [item["id"] for item in made.case["checklist"]["items"]]
    for item, colour in zip((*items[:3], None), ("teal", "sienna", "steelblue", "grey"), strict=True):
        made.take(item, colour, is_sealed=item is not None)
    yield made
    made.close()


@pytest.fixture
def looking(customer):
    looking = Looking(customer)
    yield looking
    assert looking.problems == []


ALL_SHOWN = "[...document.querySelectorAll('.shot img')].every((one) => one.complete && one.naturalWidth > 0)"


def shown(customer):
    customer.page.evaluate("document.querySelectorAll('.shot img').forEach((one) => one.loading = 'eager')")
    until(customer.page, lambda: customer.page.evaluate(ALL_SHOWN))


def test_a_copy_in_every_language_and_size(looking, customer, spoken):
    customer.open(spoken.end())
    customer.screen("copy")
    assert customer.heading() == texts("nl")["copy.title"]
    assert customer.page.locator(".shot").count() == 4
    assert customer.page.locator(".shot", has_text=texts("nl")["copy.not_sealed"]).count() == 1
    assert customer.page.locator(".fingerprint").inner_text().replace(" ", "") == spoken.keys.root_fingerprint
    shown(customer)
    looking.look("copy")
    customer.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    shot(customer.page, "copy-bottom")


def test_a_picture_is_saved_as_it_is_kept(customer, spoken):
    customer.open(spoken.end())
    customer.screen("copy")
    with customer.page.expect_download() as caught:
        customer.page.locator(".shot a").first.click()
    saved = caught.value
    assert saved.suggested_filename == f"{spoken.case['number']}-01.jpg"
    assert saved.path().read_bytes() == spoken.pictures[0]


def test_all_of_it_in_one_zip(customer, spoken):
    customer.open(spoken.end())
    customer.screen("copy")
    with customer.page.expect_download() as caught:
        customer.press("all")
    with zipfile.ZipFile(caught.value.path()) as made:
        assert made.testzip() is None
        kept = {hashlib.sha256(made.read(name)).hexdigest() for name in made.namelist()}
        pages = [name for name in made.namelist() if name.endswith("/verify.html")]
    assert {hashlib.sha256(one).hexdigest() for one in spoken.pictures} <= kept
    assert len(pages) == 1


def test_the_token_is_in_no_address_that_was_asked_for(customer, spoken):
    link = spoken.end()
    customer.open(link)
    customer.screen("copy")
    shown(customer)
    token = link.partition("#")[2]
    assert [url for url in customer.requests if token in url.partition("#")[0]] == []
    assert customer.page.evaluate("document.cookie") == ""


@pytest.mark.parametrize(("code", "status"), [
    ("copy.unknown", 404), ("copy.expired", 410), ("copy.revoked", 410), ("case.erased", 410), ("rate.limited", 429), ("storage.locked", 503),
    ("service.bug", 500),
])
def test_troubles(looking, customer, live, code, status):
    customer.page.route("**/api/v1/copy/open", lambda route: answer(route, status, code))
    customer.open(f"{live.url}/copy#a-token-of-a-copy")
    customer.page.wait_for_selector("#screen h1:not(:empty)")
    until(customer.page, lambda: customer.page.locator(".trouble-mark").count())
    looking.look(f"copy-trouble-{code}")


def test_a_link_that_was_taken_back_says_so(customer, spoken):
    link = spoken.end()
    copy = spoken.http.get(f"/cases/{spoken.case['id']}/copies").json()[0]
    spoken.http.delete(f"/cases/{spoken.case['id']}/copies/{copy['id']}")
    customer.open(link)
    customer.screen("revoked")
    assert customer.heading() == texts("nl")["copy.revoked_title"]


def test_an_expired_link_says_so(customer, spoken):
    link = spoken.end()
    with spoken.live.desk.store.write() as uow:
        copy = uow.copies.of_case(spoken.case["id"])[0]
        uow.copies.save(replace(copy, expires_at=copy.made_at - timedelta(seconds=1)))
    customer.open(link)
    customer.screen("expired")


def test_a_call_without_pictures_says_that_there_are_none_yet(looking, customer, live):
    made = Spoken(live)
    customer.open(made.end())
    customer.screen("empty")
    looking.look("copy-empty")
    made.take()
    customer.press("again")
    customer.screen("copy")
    shown(customer)
    made.close()


def test_a_link_without_a_token_is_not_right(customer, live):
    customer.open(f"{live.url}/copy")
    customer.screen("unknown")


def test_the_thank_you_page_leads_to_the_copy(looking, customer, agent):
    made = agent.invite()
    customer.come_in(made["link"])
    call_id = agent.talk()
    customer.screen("call")
    data = drawn(640, 480)
    meta = {"case_id": made["case_id"], "call_id": call_id, "method": "frame", "digest": hashlib.sha256(data).hexdigest(), "media_type": "image/jpeg",
            "width_px": 640, "height_px": 480, "captured_at": iso(agent.service.desk.clock.now())}
    agent.http.put(f"/snapshots/{new_id()}", files={"metadata": (None, json.dumps(meta), "application/json"), "original": ("o.jpg", data, "image/jpeg")})
    customer.press("hang-up")
    customer.press("stop-yes")
    customer.screen("thanks")
    customer.page.wait_for_selector(".copy-offer:not([hidden])")
    looking.look("thanks-copy")
    customer.press("copy")
    customer.page.wait_for_url("**/copy#*")
    customer.screen("copy")
    assert customer.page.locator(".shot").count() == 1
