"""Schemathesis over the whole OpenAPI description, in process: whatever is sent, whoever sends it, there is no 500.

Half of the requests name things that exist, so that they get past the first door.
"""

from __future__ import annotations

import base64
import os
from collections import Counter

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from tests.service.keyed_desk import keyed_desk
from videodesk.core.ids import new_id

WHO = ("anna", "saskia", "adam", "customer", None)
SENT = {"method", "url", "params", "json", "data", "files", "content", "headers"}
EXAMPLES = int(os.environ.get("VIDEODESK_TEST_EXAMPLES", "5"))
BOUNDED = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize="VIDEODESK_TEST_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)


@schemathesis.serializer("application/offset+octet-stream")
def _as_it_is(_context, value):
    """A stretch of a file: whatever bytes come."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = keyed_desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def description(desk):
    answer = desk.client.request("GET", "/api/openapi.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture(scope="module")
def known(desk):
    """Ids that exist, by the name of the path parameter."""
    one = desk.kept()
    document = {"schema": "videodesk.annotation", "version": 1, "width_px": 64, "height_px": 48, "marks": []}
    assert desk.ask("POST", f"/snapshots/{one['id']}/annotation", json={"base_revision": 0, "document": document}).status_code == 200
    upload_id = new_id()
    told = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": "id " + base64.b64encode(upload_id.encode()).decode()}
    assert desk.ask("POST", "/uploads", headers=told).status_code == 201
    return {"snapshot_id": one["id"], "original_id": one["id"], "upload_id": upload_id, "case_id": desk.case_id, "call_id": desk.call_id, "invitation_id": desk.invitation_id,
            "person_id": desk.people["bram"], "item_id": "label", "item": "label"}


def test_the_description_is_openapi_3_1(description):
    assert description["openapi"].startswith("3.1")
    assert {"/api/v1/snapshots/{snapshot_id}", "/api/v1/review", "/api/v1/join/photos"} <= description["paths"].keys()
    form = description["paths"]["/api/v1/snapshots/{snapshot_id}"]["put"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert "$ref" not in str(form)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_no_request_is_our_bug(desk, description, known, mode):
    schema = schemathesis.openapi.from_dict(description)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 30
    seen: Counter[int] = Counter()
    for operation in operations:
        desk.sign_in_again()

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode), use_known=st.booleans())
        def probe(case, use_known):
            if use_known and isinstance(case.path_parameters, dict):
                case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
            for who in WHO:
                send(desk, case, who, seen)

        try:
            probe()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # what takes no parameters cannot be asked wrongly
    print(mode.value, dict(sorted(seen.items())))
    assert seen[200] > 20
    assert seen[422] > 20


def send(desk, case, who, seen):
    sent = {name: value for name, value in case.as_transport_kwargs(base_url="http://testserver").items() if name in SENT and value is not None}
    headers = {name: value for name, value in dict(sent.pop("headers", {})).items() if name.lower() != "authorization"}
    if who:
        headers["Authorization"] = f"Bearer {desk.token(who)}"
    if "data" in sent and not isinstance(sent["data"], dict):
        sent["content"] = sent.pop("data")
    try:
        request = httpx.Request(sent.pop("method"), sent.pop("url"), headers=headers, **sent)
        content = request.read()
    except (UnicodeError, httpx.InvalidURL, TypeError, AttributeError, ValueError):
        return  # the client itself cannot say this
    answer = desk.client.request(request.method, str(request.url), headers=dict(request.headers), content=content)
    seen[answer.status_code] += 1
    told = (who, case.method, str(request.url), headers, content[:500], answer.text[:300])
    assert answer.status_code < 500, told
    if answer.status_code >= 400 and request.method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json", told
        assert answer.json()["code"], told
