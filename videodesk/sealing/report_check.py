"""The verdict on a report by its own signature (PAdES): the rules of resources/docs/PACKAGE.md, section 7."""

from __future__ import annotations

import io
import logging
from datetime import datetime
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from videodesk.core.vocabulary import SealVerdict
from videodesk.evidence.seal_ports import Checked
from videodesk.sealing.certificates import may_sign_packages
from videodesk.sealing.pins import Led, Pins

_CHAIN_LIMIT: Final = 8
# What pyHanko, asn1crypto and cryptography raise on a damaged file, besides their own.
_DAMAGED: Final = (
    ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, NotImplementedError, OverflowError, MemoryError,
    UnsupportedAlgorithm, x509.InvalidVersion, x509.UnsupportedGeneralNameType)
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)


def check_report(name: str, data: bytes, pins: Pins, now: datetime) -> Checked:
    """The verdict on one PDF."""
    try:
        return _check(name, data, pins, now)
    except (PdfError, *_DAMAGED):
        # A PDF that was damaged, or made to be: its parser has as many ways to say so.
        return Checked(name, SealVerdict.ALTERED, (("report_changed", {}),))


def _check(name: str, data: bytes, pins: Pins, now: datetime) -> Checked:
    reader = PdfFileReader(io.BytesIO(data))
    signatures = list(reader.embedded_regular_signatures)
    if not signatures:
        return Checked(name, SealVerdict.NO_SEAL, (("no_seal", {}),))
    signature = signatures[0]
    trusted = [asn1_x509.Certificate.load(root.public_bytes(Encoding.DER)) for root in pins.roots]
    status: PdfSignatureStatus = validate_pdf_signature(
        signature, ValidationContext(trust_roots=trusted, moment=now, allow_fetching=False, revocation_mode="soft-fail"))
    facts = {"sealed_by": str(signature.signer_cert.subject.human_friendly)[:200]}
    if signature.self_reported_timestamp is not None:
        facts["made_at"] = signature.self_reported_timestamp.isoformat()
    # Ours is signed last: whatever comes after the signature, somebody added.
    if not (status.intact and status.valid) or status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        return Checked(name, SealVerdict.ALTERED, (("report_changed", {}),), facts)
    if not pins.roots:
        return Checked(name, SealVerdict.UNCHECKABLE, (("no_pinned_root", {}),), facts)
    chain = _chain(signature)
    led = pins.leads_here(chain, now)
    if led is Led.ELSEWHERE or not may_sign_packages(chain[0]):
        return Checked(name, SealVerdict.FOREIGN_SEAL, (("other_root", {}),), facts)
    if led is Led.EXPIRED:
        return Checked(name, SealVerdict.UNCHECKABLE, (("certificate_expired", {}),), facts)
    return Checked(name, SealVerdict.GENUINE, (), facts)


def _chain(signature: EmbeddedPdfSignature) -> list[x509.Certificate]:
    """The signer's certificate, then those that came along, each the issuer of the one before."""
    offered = [x509.load_der_x509_certificate(one.dump()) for one in signature.other_embedded_certs[:_CHAIN_LIMIT]]
    chain = [x509.load_der_x509_certificate(signature.signer_cert.dump())]
    while len(chain) < _CHAIN_LIMIT:
        issuer = next((one for one in offered if one.subject == chain[-1].issuer and one not in chain), None)
        if issuer is None:
            break
        chain.append(issuer)
    return chain


def certificates_in(data: bytes) -> list[bytes]:
    """The certificates (DER) that came with a PDF's signatures: anybody's."""
    try:
        found = [one for signature in PdfFileReader(io.BytesIO(data)).embedded_regular_signatures for one in signature.other_embedded_certs]
        return [one.dump() for one in found[:_CHAIN_LIMIT]]
    except (PdfError, *_DAMAGED):
        return []
