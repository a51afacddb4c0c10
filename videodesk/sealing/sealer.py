"""The Sealer on c2pa-python: C2PA manifests inside JPEG, PNG and WebP, signed with ES256.

Never a thumbnail (it would show what a redaction hides), never a request to the network, no time stamp in a capture's path.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Callable
from typing import Any, Final

import c2pa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from videodesk.core.errors import WorldError
from videodesk.core.vocabulary import SealKind
from videodesk.evidence.seal_ports import CaptureFacts, RenditionFacts
from videodesk.sealing.certificates import chain_of, fingerprint, pem_of
from videodesk.sealing.embedded import seal_kind, unsealed
from videodesk.sealing.manifests import capture_manifest, opened_manifest, parent_ingredient, rendition_manifest

__all__ = ["C2paSealer", "Sign", "context", "seal_kind", "unsealed"]

Sign = Callable[[bytes], bytes]  # the data in, an ECDSA P-256 signature over its SHA-256 out (DER)

_SIDE: Final = 32  # bytes of r and of s
_MEDIA: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
# c2pa-python logs a failed signature as an error of its own; ours is raised.
logging.getLogger("c2pa").setLevel(logging.CRITICAL)


def context(trust_anchors: str = "") -> c2pa.Context:
    """The settings under which we sign and read: no thumbnails, nothing fetched; `trust_anchors` are the pinned roots (PEM)."""
    return c2pa.Context.from_dict({
        "trust": {"trust_anchors": trust_anchors} if trust_anchors else {},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False, "verify_trust": bool(trust_anchors)},
        "builder": {"thumbnail": {"enabled": False}},
    })


class C2paSealer:
    """A Sealer with a P-256 key, or with one that is elsewhere and signs by a callback. Any thread, several at once.

    `chain_pem`: the signing certificate first, its root last. A seal takes 4 kB with a key, 13 kB by a callback: c2pa-rs 0.91 then keeps
    more room for the signature, and fills it with zeros.
    """

    is_ready = True

    def __init__(self, chain_pem: str, key: ec.EllipticCurvePrivateKey | Sign) -> None:
        self.certificate_fingerprint = fingerprint(chain_pem)
        self._context = context(pem_of(chain_of(chain_pem)[-1]))
        try:
            self._signer = _own_signer(chain_pem, key) if isinstance(key, ec.EllipticCurvePrivateKey) else _other_signer(chain_pem, key)
        except c2pa.C2paError as problem:
            raise WorldError("seal.failed") from problem

    def seal_capture(self, picture: bytes, media_type: str, facts: CaptureFacts) -> bytes:
        """With `c2pa.created`. Another's manifest in it is taken out first (see `_bare`)."""
        bare, said = _bare(picture)
        return self._sealed(bare, media_type, capture_manifest(facts, said))

    def seal_opened(self, picture: bytes, media_type: str, facts: CaptureFacts) -> bytes:
        """With `c2pa.opened`, the file itself as parent."""
        bare, said = _bare(picture)
        return self._sealed(bare, media_type, opened_manifest(facts, said), parent=(bare, media_type))

    def seal_rendition(self, picture: bytes, media_type: str, parent: bytes, parent_media_type: str, facts: RenditionFacts) -> bytes:
        """With the parent's manifests as ingredient, which hold no pictures: they are this desk's.

        WorldError("seal.parent_unsealed") for any other parent: what was drawn on it would look proven, and another's manifest might show
        what is hidden.
        """
        if not self._is_ours(parent, parent_media_type):
            raise WorldError("seal.parent_unsealed")
        said = {"parent_digest": hashlib.sha256(parent).hexdigest()}
        return self._sealed(unsealed(picture), media_type, rendition_manifest(facts, said), parent=(parent, parent_media_type))

    def _is_ours(self, picture: bytes, media_type: str) -> bool:
        if seal_kind(picture) is SealKind.NONE:
            return False
        try:
            with c2pa.Reader(media_type, io.BytesIO(picture), context=self._context) as reader:
                return bool(reader.get_validation_state() == "Trusted")
        except c2pa.C2paError:
            return False

    def _sealed(self, picture: bytes, media_type: str, manifest: dict[str, Any], parent: tuple[bytes, str] | None = None) -> bytes:
        if media_type not in _MEDIA:
            raise WorldError("seal.failed")
        sealed = io.BytesIO()
        try:
            with c2pa.Builder(json.dumps(manifest), self._context) as builder:
                if parent is not None:
                    builder.add_ingredient(parent_ingredient(), parent[1], io.BytesIO(parent[0]))
                builder.sign(self._signer, media_type, io.BytesIO(picture), sealed)
        except c2pa.C2paError as problem:
            raise WorldError("seal.failed") from problem
        return sealed.getvalue()


def _own_signer(chain_pem: str, key: ec.EllipticCurvePrivateKey) -> c2pa.Signer:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain_pem.encode("ascii"), pem, None))


def _other_signer(chain_pem: str, sign: Sign) -> c2pa.Signer:
    def raw(data: bytes) -> bytes:
        """What COSE wants (RFC 9053, 2.1): r and s side by side."""
        r, s = decode_dss_signature(sign(data))
        return r.to_bytes(_SIDE, "big") + s.to_bytes(_SIDE, "big")

    return c2pa.Signer.from_callback(raw, c2pa.C2paSigningAlg.ES256, chain_pem)


def _bare(picture: bytes) -> tuple[bytes, dict[str, Any]]:
    """The picture without a manifest that came with it.

    A phone's own manifest holds what we may not pass on: a thumbnail of what is later redacted, the place where the picture was taken,
    its owner's name. `received_digest` still says what came in.
    """
    bare = unsealed(picture)
    return bare, {"removed_manifest": True} if len(bare) != len(picture) else {}
