"""A time stamp authority on this computer, around pyHanko's DummyTimeStamper, that can be told to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

FROM = datetime(2020, 1, 1, tzinfo=UTC)
UNTIL = datetime(2060, 1, 1, tzinfo=UTC)
GEN_TIME = datetime(2026, 1, 5, 9, 0, 20, tzinfo=UTC)


@cache
def _key(_name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tijd B.V."), x509.NameAttribute(NameOID.COMMON_NAME, text)])


@cache
def root(name: str = "Time Root") -> x509.Certificate:
    """A root of time stamp authorities."""
    key = _key(name)
    return (
        x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(name)).public_key(key.public_key()).serial_number(1)
        .not_valid_before(FROM).not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        .sign(key, hashes.SHA256()))


@cache
def certificate(root_name: str = "Time Root", until: datetime = UNTIL, *, is_for_time: bool = True) -> x509.Certificate:
    """An authority's own certificate."""
    issuer, key = root(root_name), _key("authority")
    usage = ExtendedKeyUsageOID.TIME_STAMPING if is_for_time else ExtendedKeyUsageOID.CODE_SIGNING
    return (
        x509.CertificateBuilder().subject_name(_name("Time Authority")).issuer_name(issuer.subject).public_key(key.public_key())
        .serial_number(2).not_valid_before(FROM).not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(_key(root_name).public_key()), critical=False)
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        .sign(_key(root_name), hashes.SHA256()))


def root_pem(name: str = "Time Root") -> str:
    """What goes into the file of `tsa_roots`."""
    return root(name).public_bytes(serialization.Encoding.PEM).decode()


def answer_to(request: bytes, *, signer: x509.Certificate | None = None, at: datetime = GEN_TIME, **changes: Any) -> bytes:
    """A granted TimeStampResp; `changes` replace the request's own `nonce` or `hashed_message` before it is answered."""
    asked = tsp.TimeStampReq.load(request)
    if "nonce" in changes:
        asked["nonce"] = changes["nonce"]
    if "hashed_message" in changes:
        asked["message_imprint"] = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": changes["hashed_message"]}
    der = (signer or certificate()).public_bytes(serialization.Encoding.DER)
    private = _key("authority").private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    stamper = DummyTimeStamper(asn1_x509.Certificate.load(der), keys.PrivateKeyInfo.load(private), fixed_dt=at)
    made: bytes = stamper.request_tsa_response(asked).dump()
    return made


def rejection() -> bytes:
    """An answer that refuses."""
    return bytes.fromhex("30053003020102")  # TimeStampResp {status {rejection}}, which asn1crypto does not write


class Authority:
    """The authority. `mode`: good, hanging, dripping, refusing (an answer that says so), forbidden (403), broken (500), garbage, endless,
    wrong_nonce, wrong_imprint, expired, look_alike, not_for_time. `at` is its clock; `asked` counts the requests."""

    def __init__(self, mode: str = "good") -> None:
        self.mode = mode
        self.at = GEN_TIME
        self.asked = 0
        self.headers: dict[str, str] = {}
        self.arrived = threading.Event()
        self.release = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/tsr"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _answer(self, request: bytes) -> bytes:
        match self.mode:
            case "refusing":
                return rejection()
            case "garbage":
                return b"<html>504</html>"
            case "endless":
                return bytes(8 * 1024 * 1024)
            case "wrong_nonce":
                return answer_to(request, at=self.at, nonce=1)
            case "wrong_imprint":
                return answer_to(request, at=self.at, hashed_message=bytes(32))
            case "expired":
                return answer_to(request, at=self.at, signer=certificate(until=self.at - timedelta(days=1)))
            case "look_alike":
                return answer_to(request, at=self.at, signer=certificate("Another Root"))
            case "not_for_time":
                return answer_to(request, at=self.at, signer=certificate(is_for_time=False))
            case _:
                return answer_to(request, at=self.at)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["Content-Length"]))
                authority.asked += 1
                authority.headers = dict(self.headers)
                authority.arrived.set()
                with suppress(OSError):  # it hung up first
                    self.reply(request)

            def reply(self, request: bytes) -> None:
                if authority.mode == "hanging":
                    authority.release.wait(30)
                    return
                if authority.mode in {"forbidden", "broken"}:
                    self.send_error(403 if authority.mode == "forbidden" else 500)
                    return
                body = authority._answer(request)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if authority.mode == "dripping":
                    for place in range(len(body)):
                        self.wfile.write(body[place:place + 1])
                        self.wfile.flush()
                        if authority.release.wait(0.05):
                            return
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@contextmanager
def running(mode: str = "good") -> Iterator[Authority]:
    """An authority for the length of a test."""
    made = Authority(mode)
    try:
        yield made
    finally:
        made.close()
