"""The desk's root, and certificates for the desktops that seal."""

from __future__ import annotations

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from fastapi import APIRouter, Request

from videodesk.core.errors import WorldError
from videodesk.core.permissions import Action, require
from videodesk.evidence.seal_ports import DeskKeys
from videodesk.protocol import resources as r
from videodesk.service import limits
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.desk import Desk
from videodesk.service.limits import Limits

router = APIRouter(tags=["seals"])
_log = structlog.get_logger(__name__)


@router.get("/seal/root")
def root(desk: DeskDep) -> r.SealRoot:
    """Public: the root that outsiders pin, by its fingerprint. 503 seal.no_ca for a desk without keys."""
    keys = _keys(desk)
    return r.SealRoot(root_pem=keys.root_pem, fingerprint=keys.root_fingerprint)


@router.post("/seal/certificate", status_code=201)
def certify(request: Request, desk: DeskDep, principal: PrincipalDep, body: r.CertificateIn) -> r.CertificateView:
    """A sealing certificate for the caller's own desktop; the request proves that its P-256 key is there. 422 seal.csr_invalid."""
    require(principal, Action.CAPTURE)
    limited: Limits = request.app.state.limits
    limited.take(limits.CERTIFICATES_OF_PERSON, principal.id)
    chain = _keys(desk).issue(body.csr_pem, body.station_id, desk.clock.now())
    made = x509.load_pem_x509_certificate(chain.encode("ascii"))
    _log.info("certificate.issued", fingerprint=made.fingerprint(hashes.SHA256()).hex(), station=body.station_id, person=principal.id)
    return r.CertificateView(chain_pem=chain, fingerprint=made.fingerprint(hashes.SHA256()).hex(), expires_at=made.not_valid_after_utc)


def _keys(desk: Desk) -> DeskKeys:
    if desk.keys is None:
        raise WorldError("seal.no_ca")
    return desk.keys
