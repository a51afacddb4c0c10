"""TLS: certificate files, or for the lab a self-signed certificate with its fingerprint; and whether a customer's browser takes an address."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from videodesk.core.errors import Invalid, WorldError
from videodesk.settings import Settings

_LIFE: Final = timedelta(days=365)
_RENEW_BEFORE: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its key, both PEM. `fingerprint`: SHA-256 of the certificate, `AB:CD:…`."""

    certificate: Path
    key: Path
    fingerprint: str
    is_self_signed: bool = False


def tls_files(settings: Settings, now: datetime) -> TlsFiles | None:
    """The TLS that the settings ask for; None without. Invalid("tls.incomplete" | "tls.unusable", file=…), WorldError("storage.unwritable")."""
    if settings.tls_cert is not None or settings.tls_key is not None:
        if settings.tls_cert is None or settings.tls_key is None:
            raise Invalid("tls.incomplete")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
            return TlsFiles(settings.tls_cert, settings.tls_key, fingerprint(settings.tls_cert))
        except (OSError, ssl.SSLError, ValueError) as problem:
            raise Invalid("tls.unusable", file=settings.tls_cert.name) from problem
    if not settings.self_signed:
        return None
    return self_signed(settings.data_dir / "tls", wanted_names(settings), now)


def fingerprint(certificate: Path) -> str:
    """SHA-256 of the first certificate in a PEM file, as browsers show it."""
    der = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(serialization.Encoding.DER)
    digits = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digits[at:at + 2] for at in range(0, len(digits), 2))


def self_signed(folder: Path, names: list[str], now: datetime) -> TlsFiles:
    """A self-signed certificate for these names and addresses, kept in `folder` and used again while it is good for all of them."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    try:
        if not _is_good(certificate, key, names, now):
            _make(folder, certificate, key, names, now)
        return TlsFiles(certificate, key, fingerprint(certificate), is_self_signed=True)
    except OSError as problem:
        raise WorldError("storage.unwritable", folder=folder.name) from problem


def wanted_names(settings: Settings) -> list[str]:
    """What the lab's certificate is for: this computer, its addresses in the network, the public name."""
    public = urlsplit(settings.public_url or "").hostname
    found = ["localhost", "127.0.0.1", "::1", *lan_addresses(), socket.gethostname(), *([public] if public else [])]
    return list(dict.fromkeys(name for name in found if name))


def lan_addresses() -> list[str]:
    """This computer's addresses, the one that leads out of it first; nothing is sent to find out."""
    found: list[str] = []
    for family, somewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((somewhere, 9))
            found.append(str(probe.getsockname()[0]))
    with suppress(OSError):
        found += [str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None)]
    return [one for one in dict.fromkeys(found) if not ipaddress.ip_address(one.split("%")[0]).is_loopback and "%" not in one]


def why_not_usable(url: str) -> str | None:
    """Why a customer's browser would refuse the camera at `url`, as a code of the error catalogue; None when it would not.

    Browsers give it to secure contexts only: https, or this computer itself (W3C Secure Contexts §3.1).
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host:
        return "link.no_address"
    if parts.scheme == "https" or host == "localhost" or host.endswith(".localhost"):
        return None
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return None
    return "link.needs_https"


def _is_good(certificate: Path, key: Path, names: list[str], now: datetime) -> bool:
    if not certificate.is_file() or not key.is_file():
        return False
    try:
        kept = x509.load_pem_x509_certificate(certificate.read_bytes())
        known = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (ValueError, ssl.SSLError, x509.ExtensionNotFound):
        return False
    covered = {str(one.value) for one in known}
    return kept.not_valid_before_utc <= now < kept.not_valid_after_utc - _RENEW_BEFORE and set(names) <= covered


def _make(folder: Path, certificate: Path, key: Path, names: list[str], now: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "videodesk lab")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(private.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    fresh = key.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    fresh.replace(key)
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
