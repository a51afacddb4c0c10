"""From a case to a customer with consent, over HTTP."""

from __future__ import annotations

import re

import pytest

from tests.service.conftest import DEVICE


def exchange(visitor, device=DEVICE, **body):
    return visitor.as_(None).post("/join/exchange", {"device": device} | body)


def token_of(made):
    return made["join_link"].partition("#")[2]


def test_the_whole_way_from_case_to_consent(client, visitor):
    case = client.make_case()
    made = client.invite(case["id"])
    assert made["join_link"].startswith("http://localhost:8080/join#")
    assert len(token_of(made)) >= 43, "256 bits, url-safe"
    page = exchange(visitor, token=token_of(made)).json()
    customer = visitor.with_token(page["token"])
    assert page["customer_name"] == "Mevrouw De Vries"
    assert page["agent_name"] == "Anna"
    assert page["consents"] is None
    assert page["prefers_rear_camera"]
    assert page["call"] is None
    customer.consent("video", "sound")
    state = customer.get("/join/state").json()
    assert state["consents"] == ["video", "sound"]
    assert state["token"] == page["token"]
    customer.consent()
    assert customer.get("/join/state").json()["consents"] == []


def code_of(answer):
    return answer.json()["code"]


def test_looking_at_the_link_burns_nothing(client, visitor):
    made = client.invite(client.make_case()["id"])
    for _ in range(3):
        for method in ("GET", "HEAD"):
            assert visitor.http.request(method, "/join").status_code == 200
        assert visitor.http.get("/api/v1/join/exchange").status_code == 405
    assert client.get("/invitations").json()[0]["first_opened_at"] is None
    assert exchange(visitor, token=token_of(made)).status_code == 200


def test_the_first_device_keeps_the_invitation(client, visitor):
    made = client.invite(client.make_case()["id"])
    first = exchange(visitor, token=token_of(made)).json()["token"]
    other = exchange(visitor, device="another-device-of-22-chars", token=token_of(made))
    assert (other.status_code, code_of(other)) == (410, "invitation.other_device")
    again = exchange(visitor, token=token_of(made))
    assert again.status_code == 200
    assert visitor.with_token(again.json()["token"]).get("/join/state").status_code == 200
    assert visitor.with_token(first).get("/join/state").status_code == 401, "the page that was reopened has the newer token"


def test_expired(client, visitor, clock):
    opened, closed = (client.invite(client.make_case()["id"], expires_in_s=60) for _ in range(2))
    inside = client.join(opened)
    clock.advance(61)
    late = exchange(visitor, token=token_of(closed))
    assert (late.status_code, code_of(late)) == (410, "invitation.expired")
    assert inside.get("/join/state").status_code == 200, "who came in time may finish"
    assert exchange(visitor, token=token_of(opened)).status_code == 200
    clock.advance(2 * 3600)
    assert code_of(exchange(visitor, token=token_of(opened))) == "invitation.expired"


def test_revoked(client, visitor):
    made = client.invite(client.make_case()["id"])
    customer = client.join(made)
    assert client.delete(f"/invitations/{made['id']}").status_code == 204
    assert client.delete(f"/invitations/{made['id']}").status_code == 204, "twice is once"
    for answer in (exchange(visitor, token=token_of(made)), customer.get("/join/state"), exchange(visitor, code=made["spoken_code"])):
        assert (answer.status_code, code_of(answer)) == (410, "invitation.revoked")
    assert client.get("/invitations").json() == []


def test_an_unknown_token(visitor):
    answer = exchange(visitor, token="x" * 43)
    assert (answer.status_code, code_of(answer)) == (404, "invitation.unknown")
    assert code_of(exchange(visitor)) == "invitation.token_or_code"


def test_the_spoken_code(client, visitor, clock):
    made = client.invite(client.make_case()["id"])
    assert re.fullmatch(r"\d{3} \d{3}", made["spoken_code"])
    assert exchange(visitor, code=made["spoken_code"]).status_code == 200
    other = client.invite(client.make_case()["id"])
    clock.advance(1801)
    assert code_of(exchange(visitor, code=other["spoken_code"])) == "invitation.wrong_code", "a spoken code lives half an hour"
    assert exchange(visitor, token=token_of(other)).status_code == 200, "the link lives on"


def test_wrong_codes_lock(client, visitor):
    made = client.invite(client.make_case()["id"])
    right = made["spoken_code"].replace(" ", "")
    wrong = [f"{number:06d}" for number in range(6) if f"{number:06d}" != right][:5]
    for code in wrong:
        assert code_of(exchange(visitor, code=code)) == "invitation.wrong_code"
    locked = exchange(visitor, code=right)
    assert (locked.status_code, code_of(locked)) == (429, "invitation.code_locked")
    assert 0 < int(locked.headers["retry-after"]) <= 900
    assert code_of(exchange(visitor, device="another-device-of-22-chars", code=right)) == "invitation.code_locked", "the address is locked"
    assert exchange(visitor, token=token_of(made)).status_code == 200, "links go on working"


def test_nothing_that_opens_the_door_is_kept(client, desk, tmp_path):
    made = client.invite(client.make_case()["id"])
    page = client.join(made)
    desk.store.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("desk.db*"))
    assert made["id"].encode() in kept
    for secret in (token_of(made), made["spoken_code"].replace(" ", ""), made["spoken_code"], page.headers["Authorization"].removeprefix("Bearer "),
                   client.headers["Authorization"].removeprefix("Bearer "), DEVICE):
        assert secret.encode() not in kept


def test_texts_and_qr(client, desk):
    case = client.make_case(parties=[{"role": "customer", "name": "<b>Jan</b> & {0}", "phone": "+31 6 1234 5678"}])
    made = client.invite(case["id"], expires_in_s=7200)
    assert made["is_usable"]
    assert made["why_not"] is None
    assert made["qr_svg"].startswith("<svg")
    assert "<script" not in made["qr_svg"]
    for language, word in (("nl", "uur"), ("en", "hours")):
        texts = made["texts"][language]
        assert made["join_link"] in texts["email_body"]
        assert made["join_link"] in texts["sms"]
        assert "<b>Jan</b> & {0}" in texts["email_body"]
        assert f"2 {word}" in texts["email_body"]
        assert texts["whatsapp_url"].startswith("https://wa.me/31612345678?text=")
        assert " ".join(made["spoken_code"].replace(" ", "")) in texts["spoken"]
        assert "{" not in texts["email_subject"]
    desk.public_url = "http://192.168.1.5:8080"
    lan = client.invite(case["id"])
    assert (lan["is_usable"], lan["why_not"]) == (False, "link.needs_https")


def test_a_national_number_is_left_out_of_whatsapp(client):
    case = client.make_case(parties=[{"role": "customer", "name": "Jan", "phone": "06 12345678"}])
    assert client.invite(case["id"])["texts"]["nl"]["whatsapp_url"].startswith("https://wa.me/?text=")


@pytest.mark.parametrize("text", ["0", ""])
def test_consent_to_a_text_we_never_showed(client, text):
    customer = client.join(client.invite(client.make_case()["id"]))
    answer = customer.post("/join/consent", {"text_version": text, "language": "nl", "granted": ["video"]})
    assert (answer.status_code, code_of(answer)) == (422, "consent.unknown_text")
    assert customer.get("/join/state").json()["consents"] is None
