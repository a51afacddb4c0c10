"""Trusting a desk service's self-signed certificate by its fingerprint (pinning), for HTTP and WebSocket alike."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from typing import Final
from urllib.parse import urlsplit

from videodesk.core.errors import Invalid, WorldError

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_TIMEOUT_S: Final = 10.0


def clean_fingerprint(text: str) -> str:
    """`AB:CD:…` or `abcd…` as 64 lower-case hex digits; Invalid("certificate.fingerprint") when it is no SHA-256."""
    digits = re.sub(r"[\s:]", "", text).lower().removeprefix("sha256")
    if not _HEX.fullmatch(digits):
        raise Invalid("certificate.fingerprint")
    return digits


async def pinned_context(url: str, fingerprint: str) -> ssl.SSLContext:
    """A TLS context that trusts exactly the certificate with this SHA-256 fingerprint, for the service at `url`.

    The certificate is looked at on a connection over which nothing is sent; the context then has it as its only anchor, so
    that no token ever reaches another one. Raises WorldError("service.offline") or WorldError("service.certificate").
    """
    wanted = clean_fingerprint(fingerprint)
    parts = urlsplit(url)
    look = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    look.check_hostname = False
    look.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=look)
    except (OSError, TimeoutError) as problem:
        raise WorldError("service.offline") from problem
    try:
        shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    if shown is None or hashlib.sha256(shown).hexdigest() != wanted:
        raise WorldError("service.certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the fingerprint says who it is; a lab's certificate rarely names the right host
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=shown)
    return context
