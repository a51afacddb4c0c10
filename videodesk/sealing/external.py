"""A sealing key that is elsewhere: a command signs with it, or a callback. We hold its certificate, never the key.

The command gets the bytes to be signed on standard input, or their SHA-256 where that is all it takes, and writes an ECDSA P-256 signature
to standard output: DER, as openssl gives it, or 64 bytes r‖s, as PKCS#11 does. No shell is involved. resources/docs/KEYS.md has examples.
"""

from __future__ import annotations

import contextlib
import hashlib
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from videodesk.core.errors import Invalid, WorldError
from videodesk.sealing.certificates import checked_chain
from videodesk.sealing.keys import ExternalSeal

TIMEOUT_S: Final = 10.0

_SIDE: Final = 32
_LONGEST: Final = 1024


def external_seal(command: str, chain: Path | None, *, is_digest: bool = False) -> ExternalSeal | None:
    """The settings' external key; None without. Invalid("keys.external_incomplete" | "keys.chain_broken" | "keys.not_a_certificate")."""
    if not command and chain is None:
        return None
    if not command or chain is None:
        raise Invalid("keys.external_incomplete")
    try:
        pem = chain.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid("keys.not_a_certificate") from problem
    return by_callback(pem, command_signer(command, is_digest=is_digest))


def by_callback(chain_pem: str, ask: Callable[[bytes], bytes]) -> ExternalSeal:
    """A key behind `ask`: data in, a DER or r‖s signature out; whatever it raises or answers wrongly is WorldError("keys.signer_failed").

    Each answer is checked with the certificate's key before it is used: a wrong key would give seals that nobody can check.
    """
    public = checked_chain(chain_pem)[0].public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)  # checked_chain saw to it

    def sign(data: bytes) -> bytes:
        answer = b""
        with contextlib.suppress(Exception):  # a foreign signer raises what it likes; all of it means: no signature
            answer = ask(data)
        for candidate in _readings(answer):
            try:
                public.verify(candidate, data, ec.ECDSA(hashes.SHA256()))
            except (InvalidSignature, ValueError):
                continue
            return candidate
        raise WorldError("keys.signer_failed")

    return ExternalSeal(chain_pem, sign)


def command_signer(command: str, timeout_s: float = TIMEOUT_S, *, is_digest: bool = False) -> Callable[[bytes], bytes]:
    """Runs `command` (split as a shell would, run without one) for each signature, with the data's SHA-256 (32 bytes) if `is_digest`."""
    words = shlex.split(command)
    if not words:
        raise Invalid("keys.external_incomplete")

    def ask(data: bytes) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own setting
                words, input=hashlib.sha256(data).digest() if is_digest else data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                timeout=timeout_s, check=True)
        except (OSError, subprocess.SubprocessError) as problem:
            raise WorldError("keys.signer_failed") from problem
        return done.stdout

    return ask


def _readings(answer: bytes) -> list[bytes]:
    """The DER signatures that an answer may be."""
    if not answer or len(answer) > _LONGEST:
        return []
    found = [answer]
    if len(answer) == 2 * _SIDE:
        found.append(encode_dss_signature(int.from_bytes(answer[:_SIDE], "big"), int.from_bytes(answer[_SIDE:], "big")))
    return found
