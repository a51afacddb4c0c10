"""Certificates of the desk: its root, and what the root vouches for (RFC 5280; profile: C2PA 2.4, section 14.5 "Trust Model").

A seal must hold up in twelve years without a time stamp, so certificates live long; nothing in them is personal.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from videodesk.core.errors import Invalid

ROOT_LIFE: Final = timedelta(days=30 * 365)
LIFE: Final = timedelta(days=15 * 365)
RENEW_BEFORE: Final = timedelta(days=13 * 365)  # whatever is sealed today is good for these without a time stamp

_SLACK: Final = timedelta(days=1)  # clocks differ
_MAX_NAME: Final = 64  # ub-organization-name
_CLAIMS: Final = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")  # c2pa-kp-claimSigning
_DOCUMENTS: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # id-kp-documentSigning (RFC 9336)
_STATION_USAGES: Final = (_CLAIMS, ExtendedKeyUsageOID.EMAIL_PROTECTION)  # the second is what verifiers of C2PA 1.x look for
_SEAL_USAGES: Final = (*_STATION_USAGES, _DOCUMENTS)
_LOG_USAGES: Final = (_DOCUMENTS,)


def fingerprint(certificate: x509.Certificate | str) -> str:
    """SHA-256 of the certificate (the first one of a PEM text), 64 lower-case hexadecimal digits."""
    one = chain_of(certificate)[0] if isinstance(certificate, str) else certificate
    return hashlib.sha256(one.public_bytes(serialization.Encoding.DER)).hexdigest()


def chain_of(pem: str) -> list[x509.Certificate]:
    """The certificates of a PEM text, in its order. Invalid("keys.not_a_certificate") when there is none or one cannot be read."""
    try:
        return x509.load_pem_x509_certificates(pem.encode("ascii", "replace"))
    except ValueError as problem:
        raise Invalid("keys.not_a_certificate") from problem


def pem_of(*certificates: x509.Certificate) -> str:
    """One PEM text."""
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode("ascii") for one in certificates)


def make_root(key: ec.EllipticCurvePrivateKey, organisation: str, now: datetime) -> x509.Certificate:
    """The desk's root: signs certificates and nothing else, and none that sign certificates themselves."""
    name = _name(organisation, "videodesk root")
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _started(name, name, key.public_key(), now, now + ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(own, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        .sign(key, hashes.SHA256())
    )


def make_seal_certificate(
    root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, public_key: ec.EllipticCurvePublicKey, now: datetime,
) -> x509.Certificate:
    """The desk's own: may sign C2PA claims, packages and reports."""
    return _leaf(root, root_key, public_key, "videodesk seal", now, _SEAL_USAGES)


def make_station_certificate(
    root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, public_key: ec.EllipticCurvePublicKey, station_id: str, now: datetime,
) -> x509.Certificate:
    """A desktop's: may sign C2PA claims, and neither a package nor a head of the log. `station_id` is random."""
    return _leaf(root, root_key, public_key, f"videodesk station {station_id}", now, _STATION_USAGES)


def make_log_certificate(
    root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, public_key: ec.EllipticCurvePublicKey, now: datetime,
) -> x509.Certificate:
    """The custody log's: cannot sign a claim."""
    return _leaf(root, root_key, public_key, "videodesk custody log", now, _LOG_USAGES)


def may_sign_packages(certificate: x509.Certificate) -> bool:
    """Whether it is a desk's own sealing certificate: a desktop's key must not be able to sign a package or a report."""
    return {_CLAIMS, _DOCUMENTS} <= _usages(certificate)


def may_sign_heads(certificate: x509.Certificate) -> bool:
    """Whether it is a custody log's certificate."""
    usages = _usages(certificate)
    return _DOCUMENTS in usages and _CLAIMS not in usages


def key_of_request(csr_pem: str) -> ec.EllipticCurvePublicKey:
    """The P-256 key that asks for a certificate and proves that it is there. Nothing else in the request counts.

    Invalid("seal.csr_invalid") for anything else.
    """
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode("ascii", "replace"))
        key = request.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1) and request.is_signature_valid:
            return key
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as problem:
        raise Invalid("seal.csr_invalid") from problem
    raise Invalid("seal.csr_invalid")


def key_of_owner(pem: str) -> ec.EllipticCurvePublicKey:
    """The P-256 key of a certificate request, or a bare public key: from the desk's own owner, who need not prove to have it."""
    if "PUBLIC KEY" not in pem:
        return key_of_request(pem)
    try:
        key = serialization.load_pem_public_key(pem.encode("ascii", "replace"))
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise Invalid("seal.csr_invalid") from problem
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Invalid("seal.csr_invalid")
    return key


def make_request(key: ec.EllipticCurvePrivateKey) -> str:
    """A certificate request (PKCS#10, PEM) for `key`. It names nobody: the service decides what the certificate says."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "videodesk station")])
    return x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM).decode("ascii")


def checked_chain(pem: str) -> list[x509.Certificate]:
    """The chain, the signing certificate first and a self-signed root last, each signed by the next. Invalid("keys.chain_broken")."""
    chain = chain_of(pem)
    try:
        for one, issuer in zip(chain, [*chain[1:], chain[-1]], strict=True):
            one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as problem:
        raise Invalid("keys.chain_broken") from problem
    key = chain[0].public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Invalid("keys.chain_broken")
    return chain


def _usages(certificate: x509.Certificate) -> set[x509.ObjectIdentifier]:
    try:
        return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except (x509.ExtensionNotFound, ValueError):
        return set()


def _leaf(
    root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, public_key: ec.EllipticCurvePublicKey, name: str, now: datetime,
    usages: tuple[x509.ObjectIdentifier, ...],
) -> x509.Certificate:
    organisation = str(root.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    until = min(now + LIFE, root.not_valid_after_utc)
    return (
        _started(_name(organisation, name), root.subject, public_key, now, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )


def _started(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key).serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK).not_valid_after(until)
    )


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation.strip()[:_MAX_NAME] or "videodesk"),
        x509.NameAttribute(NameOID.COMMON_NAME, common[:_MAX_NAME])])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=not signs_certificates, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates, encipher_only=False, decipher_only=False)
