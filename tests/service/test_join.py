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
