"""HttpTimestampAuthority: RFC 3161 over HTTP (section 3.4), each answer checked against pinned roots before it counts."""

from __future__ import annotations

import re
import secrets
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from asn1crypto import cms, tsp
from cryptography import x509
from rfc3161_client import TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response

from videodesk.core.errors import Invalid, WorldError
from videodesk.evidence.seal_ports import Stamp

DEADLINE_S: Final = 5.0
_CONNECT_S: Final = 3.0
_MAX_ANSWER_BYTES: Final = 256 * 1024
_SHA256: Final = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_GRANTED: Final = 0  # "granted with modifications" is not what was asked


class HttpTimestampAuthority:
    """A TimestampAuthority at an address. Any thread; a call ends within `deadline_s`, however slowly the authority drips.

    An answer counts when it is granted, carries our nonce and our digest, and its certificate (for time stamping only, in force at the
    token's own time) leads to one of `roots`. Follows no redirects and keeps no connection open between stamps.
    """

    def __init__(
        self, url: str, roots: Sequence[x509.Certificate], *, deadline_s: float = DEADLINE_S, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self.name = _without_password(url)
        self._roots = list(roots)
        self._deadline_s = deadline_s
        self._monotonic = monotonic

    def stamp(self, digest: str) -> Stamp:
        """A token over this SHA-256. WorldError("timestamp.unreachable" | "timestamp.refused" | "timestamp.invalid")."""
        if _DIGEST.fullmatch(digest) is None:
            raise Invalid("digest.malformed")
        nonce = secrets.randbits(63)
        answer = self._ask(request_for(bytes.fromhex(digest), nonce))
        return Stamp(digest, self.name, answer, checked(answer, digest, self._roots, nonce=nonce))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()  # reading the system's roots takes longer than all the rest

    def _ask(self, request: bytes) -> bytes:
        deadline = self._monotonic() + self._deadline_s
        patience = httpx.Timeout(self._deadline_s, connect=min(_CONNECT_S, self._deadline_s))
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            with httpx.Client(timeout=patience, verify=self._tls) as client, client.stream("POST", self._url, content=request, headers=headers) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise WorldError("timestamp.refused" if answer.is_client_error or answer.is_redirect else "timestamp.unreachable")
                found = b""
                for piece in answer.iter_bytes():
                    found += piece
                    if len(found) > _MAX_ANSWER_BYTES:
                        raise WorldError("timestamp.invalid")
                    if self._monotonic() > deadline:
                        raise WorldError("timestamp.unreachable")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            raise WorldError("timestamp.unreachable") from problem
        return found


def _without_password(url: str) -> str:
    """What may be kept and shown: an address may carry the account of who pays for the stamps."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def request_for(digest: bytes, nonce: int) -> bytes:
    """A TimeStampReq (DER) for this SHA-256, which asks for the authority's certificate."""
    made: bytes = tsp.TimeStampReq({
        "version": "v1", "nonce": nonce, "cert_req": True,
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
    }).dump()
    return made


def checked(token: bytes, digest: str, roots: Sequence[x509.Certificate], *, nonce: int | None = None) -> datetime:
    """The authority's time in a TimeStampResp over `digest`; WorldError("timestamp.refused" | "timestamp.invalid").

    The time is checked against the certificates at the token's own time: a token stays good when they have expired (RFC 3161, section 4).
    """
    answer = _decoded(token)
    if answer.status != _GRANTED:
        raise WorldError("timestamp.refused")
    try:
        _verify(answer, bytes.fromhex(digest), roots, nonce)
    except (VerificationError, ValueError, TypeError, AttributeError) as problem:
        raise WorldError("timestamp.invalid") from problem
    return answer.tst_info.gen_time.astimezone(UTC)


def _decoded(token: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(token)
    except ValueError:
        try:
            return decode_timestamp_response(_in_order(token))
        except (ValueError, TypeError, KeyError) as problem:
            raise WorldError("timestamp.invalid") from problem


def _in_order(token: bytes) -> bytes:
    """The answer with its certificates as DER wants a set. openssl sends them as they come, and nothing signs their order (RFC 5652, 5.1)."""
    answer = tsp.TimeStampResp.load(token, strict=True)
    signed = answer["time_stamp_token"]["content"]
    signed["certificates"] = cms.CertificateSet(sorted(signed["certificates"], key=lambda one: bytes(one.dump())))
    made: bytes = answer.dump()
    return made


def _verify(answer: TimeStampResponse, digest: bytes, roots: Sequence[x509.Certificate], nonce: int | None) -> None:
    imprint = answer.tst_info.message_imprint
    if imprint.hash_algorithm != _SHA256:
        raise VerificationError("another hash")
    VerifierBuilder(roots=list(roots), nonce=nonce).build().verify(answer, digest)


def load_roots(file: Path) -> list[x509.Certificate]:
    """The certificates in a PEM file; Invalid("settings.invalid") when there are none to be read."""
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as problem:
        raise Invalid("settings.invalid", field="tsa_roots", problem=str(problem)) from problem
    return found


def open_authorities(urls: Sequence[str], roots: Path | None) -> tuple[HttpTimestampAuthority, ...]:
    """The configured authorities in their order; Invalid("settings.invalid", field="tsa_roots") when nothing says whom to believe."""
    if not urls:
        return ()
    if roots is None:
        raise Invalid("settings.invalid", field="tsa_roots", problem="tsa_urls needs a file with the authorities' root certificates")
    trusted = load_roots(roots)
    return tuple(HttpTimestampAuthority(url, trusted) for url in urls)
