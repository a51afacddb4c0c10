"""A sealing key that is kept elsewhere: a command or a callback signs, the desk's root vouches for it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.sealing.keys import NOW, capture_facts, desk_keys, look_alike, picture
from tests.sealing.reading import other_state_of, state_of
from videodesk.core.errors import Invalid, WorldError
from videodesk.sealing.certificates import make_request
from videodesk.sealing.external import by_callback, command_signer, external_seal
from videodesk.sealing.keys import open_keys


@pytest.fixture
def away(tmp_path):
    """A key of openssl's: (its file, its chain's file)."""
    key, request, chain = (tmp_path / name for name in ("away.pem", "away.csr", "chain.pem"))
    subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key], check=True)
    subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", "/CN=token", "-out", request], check=True)
    chain.write_text(desk_keys(tmp_path).certify(request.read_text(), NOW))
    return key, chain


def opened(tmp_path, external):
    return open_keys(tmp_path / "keys", NOW, external=external)


def test_openssl_seals_as_a_command(tmp_path, away):
    key, chain = away
    command = f"openssl dgst -sha256 -sign {shlex.quote(str(key))}"
    keys = opened(tmp_path, external_seal(command, chain))
    sealed = keys.sealer().seal_capture(picture(), "image/jpeg", capture_facts())
    assert state_of(sealed, keys.root_pem) == other_state_of(sealed, keys.root_pem) == "Trusted"
    assert keys.seal_chain_pem == chain.read_text()
    assert keys.places()["seal"] == "external"
    (tmp_path / "pub").write_bytes(serialization.load_pem_private_key(key.read_bytes(), None).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "sig").write_bytes(keys.sign_seal(b"a package"))
    subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", tmp_path / "pub", "-signature", tmp_path / "sig"], input=b"a package", check=True, capture_output=True)


def test_a_command_may_answer_as_a_token_does(tmp_path, away):
    """64 bytes, r and s side by side: pkcs11-tool's own form."""
    key, chain = away
    script = tmp_path / "token.py"
    script.write_text(
        "import subprocess, sys\n"
        "from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature\n"
        f"der = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', {str(key)!r}], input=sys.stdin.buffer.read(), capture_output=True, check=True).stdout\n"
        "r, s = decode_dss_signature(der)\n"
        "sys.stdout.buffer.write(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))\n")
    keys = opened(tmp_path, external_seal(f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}", chain))
    assert state_of(keys.sealer().seal_capture(picture(), "image/jpeg", capture_facts()), keys.root_pem) == "Trusted"


def test_a_command_may_take_the_digest_only(tmp_path, away):
    key, chain = away
    command = f"openssl pkeyutl -sign -inkey {shlex.quote(str(key))} -pkeyopt digest:sha256"
    keys = opened(tmp_path, external_seal(command, chain, is_digest=True))
    assert state_of(keys.sealer().seal_capture(picture(), "image/jpeg", capture_facts()), keys.root_pem) == "Trusted"


SOFTHSM = next((path for path in Path("/usr/lib").glob("**/softhsm/libsofthsm2.so")), None)


@pytest.mark.skipif(SOFTHSM is None or shutil.which("pkcs11-tool") is None, reason="needs softhsm2 and opensc")
def test_a_token_seals_by_pkcs11(tmp_path, monkeypatch):
    """As resources/docs/KEYS.md says it: the key is made in the token and never leaves it."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv("PIN", "1234")
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "desk", "--pin", "1234", "--so-pin", "5678"], check=True, capture_output=True)
    tool = ["pkcs11-tool", "--module", str(SOFTHSM), "--token-label", "desk", "--login", "--pin", "env:PIN"]
    subprocess.run([*tool, "--keypairgen", "--key-type", "EC:prime256v1", "--id", "01"], check=True, capture_output=True)
    public = subprocess.run([*tool, "--read-object", "--type", "pubkey", "--id", "01"], check=True, capture_output=True).stdout
    sign = command_signer(shlex.join([*tool, "--sign", "--mechanism", "ECDSA", "--id", "01"]), is_digest=True)
    half = serialization.load_der_public_key(public).public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    keys = opened(tmp_path, by_callback(desk_keys(tmp_path).certify(half.decode(), NOW), sign))
    sealed = keys.sealer().seal_capture(picture(), "image/jpeg", capture_facts())
    assert state_of(sealed, keys.root_pem) == other_state_of(sealed, keys.root_pem) == "Trusted"


@pytest.mark.parametrize("form", ["der", "raw"])
def test_a_callback_seals(tmp_path, form):
    own = desk_keys(tmp_path)
    key = ec.generate_private_key(ec.SECP256R1())
    asked: list[bytes] = []

    def service(data: bytes) -> bytes:
        asked.append(data)
        der = key.sign(data, ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        return der if form == "der" else r.to_bytes(32, "big") + s.to_bytes(32, "big")

    keys = opened(tmp_path, by_callback(own.certify(make_request(key), NOW), service))
    sealed = keys.sealer().seal_capture(picture(), "image/jpeg", capture_facts())
    assert state_of(sealed, keys.root_pem) == "Trusted"
    assert len(asked) == 1


def wrong_key(data: bytes) -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).sign(data, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("answer", [wrong_key, lambda _: b"", lambda _: b"x" * 64, lambda _: bytes(64), lambda _: b"0" * 5000, lambda _: 1 / 0])
def test_a_wrong_answer_seals_nothing(tmp_path, away, answer):
    keys = opened(tmp_path, by_callback(away[1].read_text(), answer))
    with pytest.raises(WorldError, match=r"keys\.signer_failed"):
        keys.sign_seal(b"data")
    with pytest.raises(WorldError, match=r"seal\.failed"):
        keys.sealer().seal_capture(picture(), "image/jpeg", capture_facts())


@pytest.mark.parametrize("code", ["import sys; sys.exit(3)", "print('hello')", "import threading; threading.Event().wait()"])
def test_a_command_that_fails_or_hangs(tmp_path, away, code):
    ask = command_signer(f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}", timeout_s=2)
    with pytest.raises(WorldError, match=r"keys\.signer_failed"):
        opened(tmp_path, by_callback(away[1].read_text(), ask)).sign_seal(b"data")


def test_a_command_that_is_not_there(tmp_path, away):
    with pytest.raises(WorldError, match=r"keys\.signer_failed"):
        opened(tmp_path, external_seal(str(tmp_path / "nothing"), away[1])).sign_seal(b"data")


def test_no_shell_reads_the_command(tmp_path, away):
    command = f"openssl dgst -sha256 -sign {shlex.quote(str(away[0]))} ; touch {shlex.quote(str(tmp_path / 'touched'))}"
    with pytest.raises(WorldError):
        opened(tmp_path, external_seal(command, away[1])).sign_seal(b"data")
    assert not (tmp_path / "touched").exists()


def test_only_this_desks_root_vouches_for_it(tmp_path, away):
    other = look_alike(tmp_path, desk_keys(tmp_path))
    key = ec.generate_private_key(ec.SECP256R1())
    foreign = other.certify(make_request(key), NOW)
    desktops = desk_keys(tmp_path).issue(make_request(key), "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a12", NOW)
    for chain in (foreign, desktops):
        with pytest.raises(Invalid, match=r"keys\.chain_foreign"):
            opened(tmp_path, by_callback(chain, lambda _: b""))


@pytest.mark.parametrize("words", [["genpkey", "-algorithm", "ed25519"], ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]])
def test_only_a_p256_key_is_certified(tmp_path, words):
    subprocess.run(["openssl", *words, "-out", tmp_path / "key.pem"], check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", tmp_path / "key.pem", "-pubout"], check=True, capture_output=True, text=True).stdout
    for text in (public, public.replace("A", "!"), "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(Invalid, match=r"seal\.csr_invalid"):
            desk_keys(tmp_path).certify(text, NOW)


def test_half_a_setting_is_refused(tmp_path, away):
    assert external_seal("", None) is None
    for command, chain in (("openssl", None), ("", away[1])):
        with pytest.raises(Invalid, match=r"keys\.external_incomplete"):
            external_seal(command, chain)
    for content in ("", "nothing", away[1].read_text().split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"):
        (tmp_path / "chain").write_text(content)
        with pytest.raises(Invalid, match=r"keys\.(not_a_certificate|chain_broken)"):
            external_seal("openssl", tmp_path / "chain")
