"""What surrounds every answer: headers, limits, problems, documents, TLS, logs, the server itself."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import socket
import ssl
import threading
import time

import httpx
import pytest

from tests.service.conftest import LiveService, quiet_logs
from videodesk.core.clock import HandClock
from videodesk.core.errors import Invalid, RateLimited, WorldError, error_classes
from videodesk.core.events import Event
from videodesk.core.places import resources
from videodesk.service import limits, logs, server
from videodesk.service.limits import Limits
from videodesk.service.problems import text_of
from videodesk.service.tls import self_signed, tls_files, why_not_usable
from videodesk.settings import Settings
from videodesk.storage.bus_local import LocalBus

PAGES = ["/", "/join", "/join/", "/favicon.ico", "/robots.txt", "/api/docs", "/api/docs.css", "/api/openapi.json", "/api/v1/info", "/nothing",
         "/join/nothing", "/api/v1/people", "/join/%2e%2e/%2e%2e/pyproject.toml"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_wears_the_headers(visitor, path):
    answer = visitor.http.get(path)
    assert answer.status_code in {200, 401, 404}
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "ws://localhost:8080" in policy
    assert answer.headers["permissions-policy"].startswith("camera=(self), microphone=(self)")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in answer.headers, "this is http"


def test_a_strange_host_does_not_get_into_the_policy(visitor):
    answer = visitor.http.get("/", headers={"Host": "x; script-src *"})
    assert "script-src *" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/join", "/api/docs"])
def test_pages_ask_nobody_else_and_have_no_inline_script(visitor, path):
    page = visitor.http.get(path).text
    assert "http://" not in page
    assert "https://" not in page
    assert "<script>" not in page
    assert "style=" not in page
    assert " onclick" not in page


def test_the_description(visitor):
    document = visitor.http.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, item in document["paths"].items():
        assert path.startswith("/api/v1/"), path
        for operation in item.values():
            assert "application/problem+json" in operation["responses"]["4XX"]["content"]
            assert operation["description"], path
    assert document["components"]["schemas"]["Problem"]


def test_too_large_is_refused_at_once(client):
    answer = client.post("/cases", {"kind": "glass", "title": "x" * limits.MAX_BODY_BYTES})
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")

    def dripped():
        for _ in range(limits.MAX_BODY_BYTES // 65536 + 2):
            yield b"x" * 65536

    answer = client.ask("POST", "/cases", content=dripped(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


def test_a_body_that_is_no_json(client):
    answer = client.ask("POST", "/cases", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "request.not_json")


def test_a_bug_is_500_without_its_inside(client, desk):
    class Broken:
        def read(self):
            raise ZeroDivisionError("secret detail")

        def close(self):
            pass

    kept, desk.store = desk.store, Broken()
    answer = client.get("/cases")
    desk.store = kept
    assert (answer.status_code, answer.json()["code"]) == (500, "service.bug")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_locked_database_is_503_and_worth_another_try(client, desk):
    def locked():
        raise WorldError("storage.locked")

    kept, desk.store.read = desk.store.read, locked
    answer = client.get("/cases")
    desk.store.read = kept
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)


def test_too_many_requests_of_one_address():
    counted = Limits(HandClock())
    with pytest.raises(RateLimited) as caught:
        for _ in range(2000):
            counted.take(limits.REQUESTS, "192.0.2.1")
    assert 1 <= caught.value.params["retry_after_s"] <= 10
    counted.take(limits.REQUESTS, "192.0.2.2")


@pytest.mark.parametrize(("address", "same"), [(("2001:db8:1:2:3::9", 1), "2001:db8:1:2"), (("192.0.2.1", 1), "192.0.2.1"), (None, "unknown")])
def test_one_household_is_one_address(address, same):
    assert limits.address_of({"client": address}) == same


def test_every_error_has_texts_in_every_language():
    texts = {language: json.loads((resources() / "i18n" / language / "errors.json").read_text(encoding="utf-8")) for language in ("nl", "en")}
    assert texts["nl"].keys() == texts["en"].keys()
    assert text_of("service.port_taken", {"port": 8080}).count("8080") == 1
    assert text_of("no.such_code", {}) == "no.such_code"
    assert len({found.status for found in error_classes()}) == len(error_classes()), "a status means one class"


# ── TLS ──


@pytest.mark.parametrize(("url", "code"), [
    ("https://desk.example.nl", None), ("http://localhost:8080", None), ("http://127.0.0.1:1", None), ("http://[::1]:1", None),
    ("http://desk.localhost", None), ("http://192.168.1.2:8080", "link.needs_https"), ("http://localhost.example.nl", "link.needs_https"),
    ("", "link.no_address"),
])
def test_where_a_browser_gives_the_camera(url, code):
    assert why_not_usable(url) == code


def test_the_labs_certificate_is_made_once_and_anew_for_other_names(tmp_path):
    now = HandClock().now()
    first = self_signed(tmp_path, ["localhost", "192.0.2.7"], now)
    assert self_signed(tmp_path, ["localhost"], now) == first
    assert first.key.stat().st_mode & 0o077 == 0
    assert self_signed(tmp_path, ["desk.example.nl"], now).fingerprint != first.fingerprint
    with pytest.raises(Invalid):
        tls_files(Settings(data_dir=tmp_path, tls_cert=first.certificate), now)
    with pytest.raises(Invalid):
        tls_files(Settings(data_dir=tmp_path, tls_cert=first.certificate, tls_key=first.certificate), now)


def test_a_service_with_tls(tmp_path):
    from videodesk.core.clock import SystemClock

    files = self_signed(tmp_path / "tls", ["localhost", "127.0.0.1"], SystemClock().now())
    service = LiveService(tmp_path, tls=files, tls_cert=files.certificate, tls_key=files.key)
    try:
        context = ssl.create_default_context(cafile=files.certificate)
        answer = httpx.get(f"{service.url}/api/v1/info", verify=context, trust_env=False)
        assert answer.json()["can_call"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")
    finally:
        service.close()


# ── the server ──


def test_it_really_serves(live_service):
    assert live_service.desk.public_url == live_service.url
    http = live_service.sign_in("anna")
    assert http.get("/me").json()["name"] == "anna"
    assert "server" not in http.get("/me").headers
    assert httpx.get(f"{live_service.url}/api/v1/info", headers={"X-Forwarded-Proto": "https"}, trust_env=False).status_code == 200
    http.close()


def test_a_taken_port_is_said(live_service, tmp_path):
    with pytest.raises(WorldError) as caught:
        LiveService(tmp_path / "other", port=live_service.server.port)
    assert caught.value.code == "service.port_taken"


def test_dripped_headers_come_to_an_end(live_service, monkeypatch):
    monkeypatch.setattr(server, "HEADER_DEADLINE_S", 0.3)
    with socket.create_connection(("127.0.0.1", live_service.server.port), timeout=60) as drip:
        drip.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Drip: ")
        with contextlib.suppress(ConnectionResetError):
            assert drip.recv(100) == b""
    with socket.create_connection(("127.0.0.1", live_service.server.port), timeout=60) as whole:
        whole.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert whole.recv(20).startswith(b"HTTP/1.1 200")


# ── logs and the bus ──


@pytest.fixture
def restored_logging():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = False
    quiet_logs()


def test_logs_are_json_without_personal_data(restored_logging):
    import structlog

    stream = io.StringIO()
    logs.configure("info", HandClock(), stream)
    structlog.get_logger("desk").info("signed in", name="Jan de Vries", token="abc", mail_text="jan@example.nl", count=3)
    logging.getLogger("library").warning("from %s with %s", "203.0.113.9", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF")
    try:
        raise ValueError("jan@example.nl in /home/jan/x")
    except ValueError:
        structlog.get_logger("desk").exception("bug")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines[:1]] == ["signed in"]
    assert lines[0]["count"] == 3
    assert lines[0]["timestamp"] == "2026-01-05T09:00:00.000Z"
    for secret in ("Jan", "abc", "jan@", "203.0.113.9", "/home/jan"):
        assert secret not in stream.getvalue(), secret
    assert "ValueError" in lines[2]["exception"]


def test_a_slow_listener_is_dropped_and_told():
    bus = LocalBus(queue_length=3)
    gate, told, heard, good = threading.Event(), threading.Event(), [], []
    bus.subscribe(lambda event: (heard.append(event), gate.wait(60)), told.set)
    bus.subscribe(good.append)
    event = Event("case.added", HandClock().now())
    for n in range(10):
        bus.publish(event)
        deadline = time.monotonic() + 60
        while len(good) <= n and time.monotonic() < deadline:
            time.sleep(0.001)
    assert told.is_set()
    assert len(good) == 10, "the others hear everything"
    gate.set()
    assert len(heard) <= 4
    bus.close()


def test_a_listener_that_raises_hears_the_next_one():
    bus = LocalBus()
    done = threading.Event()

    def listen(event):
        if event.name == "first":
            raise ZeroDivisionError
        done.set()

    subscription = bus.subscribe(listen)
    for name in ("first", "second"):
        bus.publish(Event(name, HandClock().now()))
    assert done.wait(60)
    subscription.close()
    subscription.close()
    bus.publish(Event("third", HandClock().now()))
