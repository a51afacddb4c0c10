"""The roots that a checker trusts, and whether a chain of certificates leads to one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from videodesk.core.errors import Invalid
from videodesk.sealing.certificates import chain_of, fingerprint, pem_of

_FINGERPRINT: Final = re.compile(r"(?:sha256 fingerprint=)?((?:[0-9a-f]{2}[:\s]*){31}[0-9a-f]{2})", re.ASCII | re.IGNORECASE)
_MAX_CHAIN: Final = 8


class Led(StrEnum):
    """Where a chain leads."""

    HOME = "home"
    ELSEWHERE = "elsewhere"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Pins:
    """Pinned roots."""

    roots: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> str:
        """Their certificates; empty when there are none."""
        return pem_of(*self.roots)

    @property
    def fingerprint(self) -> str:
        """Their fingerprints, comma between."""
        return ",".join(fingerprint(one) for one in self.roots)

    def leads_here(self, chain: list[x509.Certificate], now: datetime) -> Led:
        """Whether these certificates, the signer's first, lead to a pinned root by names and signatures, all valid now."""
        return max((_led(chain, root, now) for root in self.roots), key=_RANK.index, default=Led.ELSEWHERE)


_RANK: Final = (Led.ELSEWHERE, Led.EXPIRED, Led.HOME)


def pins_of(pem: str) -> Pins:
    """The roots of a PEM text; Invalid("keys.not_a_certificate")."""
    return Pins(tuple(chain_of(pem)) if pem.strip() else ())


def read_fingerprint(text: str) -> str:
    """A SHA-256 fingerprint as people write it (colons, spaces, capitals), as 64 lower-case digits; empty when it is none."""
    found = _FINGERPRINT.fullmatch(text.strip())
    return re.sub(r"[:\s]", "", found[1]).lower() if found else ""


def by_fingerprint(wanted: Iterable[str], offered: Iterable[str]) -> Pins:
    """The certificates among these PEM texts that have one of the fingerprints: anybody may bring a root whose fingerprint is known."""
    fingerprints = set(wanted)
    found: dict[str, x509.Certificate] = {}
    for pem in offered:
        try:
            certificates = chain_of(pem)
        except Invalid:
            continue
        found.update({fingerprint(one): one for one in certificates if fingerprint(one) in fingerprints})
    return Pins(tuple(found.values()))


def is_signed_by(certificate: x509.Certificate, data: bytes, signature: bytes) -> bool:
    """ECDSA P-256 over SHA-256, DER."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _led(chain: list[x509.Certificate], root: x509.Certificate, now: datetime) -> Led:
    rest = [one for one in chain[:_MAX_CHAIN] if one != root]
    if not rest:
        return Led.ELSEWHERE
    path = [*rest, root]
    for one, issuer in pairwise(path):
        if not _may_issue(issuer):
            return Led.ELSEWHERE
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            return Led.ELSEWHERE
    return Led.HOME if all(one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in path) else Led.EXPIRED


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
