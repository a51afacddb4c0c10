"""The desk's root over HTTP, and certificates for desktops."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.sealing.keys import capture_facts, desk_keys, picture
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import SealKind
from videodesk.sealing.certificates import chain_of, checked_chain, make_request
from videodesk.sealing.sealer import C2paSealer, seal_kind

STATION = new_id()


@pytest.fixture
def keys(desk, tmp_path, clock):
    desk.keys = desk_keys(tmp_path, now=clock.now())
    return desk.keys


def asked(key) -> dict[str, str]:
    return {"csr_pem": make_request(key), "station_id": STATION}


def test_anyone_may_know_the_root(visitor, keys):
    answer = visitor.get("/seal/root")
    assert answer.json() == {"root_pem": keys.root_pem, "fingerprint": keys.root_fingerprint}


def test_a_desk_without_keys_says_so(client):
    for answer in (client.get("/seal/root"), client.post("/seal/certificate", asked(ec.generate_private_key(ec.SECP256R1())))):
        assert (answer.status_code, answer.json()["code"]) == (503, "seal.no_ca")


def test_a_desktop_gets_a_certificate_for_its_own_key(client, keys, clock):
    key = ec.generate_private_key(ec.SECP256R1())
    answer = client.post("/seal/certificate", asked(key))
    assert answer.status_code == 201, answer.text
    view = answer.json()
    chain = checked_chain(view["chain_pem"])
    assert [one.fingerprint(hashes.SHA256()).hex() for one in chain] == [view["fingerprint"], keys.root_fingerprint]
    assert chain[0].public_key() == key.public_key()
    assert (chain[0].not_valid_after_utc - clock.now()).days > 14 * 365
    assert f"CN=videodesk station {STATION}" in chain[0].subject.rfc4514_string()
    sealed = C2paSealer(view["chain_pem"], key).seal_capture(picture(), "image/jpeg", capture_facts())
    assert seal_kind(sealed) is SealKind.CAPTURE


def test_what_a_request_says_of_itself_does_not_count(client, keys):
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = (
        x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "videodesk root")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    pem = wanted.public_bytes(serialization.Encoding.PEM).decode()
    made = chain_of(client.post("/seal/certificate", {"csr_pem": pem, "station_id": STATION}).json()["chain_pem"])[0]
    assert "root" not in made.subject.rfc4514_string()
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not made.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def broken(pem: str) -> str:
    der = bytearray(x509.load_pem_x509_csr(pem.encode()).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    import base64

    body = base64.encodebytes(bytes(der)).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}-----END CERTIFICATE REQUEST-----\n"


def foreign(key) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    return x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM).decode()


def test_only_a_signed_request_for_a_p256_key_is_taken(client, keys):
    wrong = [
        "x" * 64, broken(make_request(ec.generate_private_key(ec.SECP256R1()))), foreign(ec.generate_private_key(ec.SECP384R1())),
        foreign(rsa.generate_private_key(65537, 2048)), keys.root_pem,
        "-----BEGIN CERTIFICATE REQUEST-----\n" + "\x00é" * 40 + "\n-----END CERTIFICATE REQUEST-----\n"]
    for pem in wrong:
        answer = client.post("/seal/certificate", {"csr_pem": pem, "station_id": STATION})
        assert (answer.status_code, answer.json()["code"]) == (422, "seal.csr_invalid"), pem
    for body in ({"csr_pem": "x" * 20_000, "station_id": STATION}, {"csr_pem": wrong[1], "station_id": "my own name"}):
        assert client.post("/seal/certificate", body).status_code == 422


def test_certificates_are_counted(client, keys):
    body = asked(ec.generate_private_key(ec.SECP256R1()))
    codes = {client.post("/seal/certificate", body).status_code for _ in range(20)}
    assert codes == {201}
    assert client.post("/seal/certificate", body).status_code == 429
