"""The desk's keys on disk: made once, whole or not at all, readable by this account only, and rotated under the same root."""

from __future__ import annotations

import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sealing.keys import NOW, desk_keys
from videodesk.core.errors import Invalid, WorldError
from videodesk.sealing import private_keys
from videodesk.sealing.certificates import chain_of, checked_chain, fingerprint, make_request, may_sign_heads, may_sign_packages
from videodesk.sealing.keys import open_keys


def signs(chain_pem: str, signature: bytes, data: bytes) -> bool:
    try:
        chain_of(chain_pem)[0].public_key().verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service_name, username):
        return self.kept.get((service_name, username))

    def set_password(self, service_name, username, password):
        self.kept[service_name, username] = password

    def delete_password(self, service_name, username):
        del self.kept[service_name, username]


class Broken(Ring):
    def set_password(self, service_name, username, password):
        raise RuntimeError("locked")


class Forgetful(Ring):
    def get_password(self, service_name, username):
        return None


def test_made_once(tmp_path):
    first, second = desk_keys(tmp_path), desk_keys(tmp_path, now=NOW + timedelta(days=100))
    assert first.root_fingerprint == second.root_fingerprint == fingerprint(first.root_pem)
    assert (first.seal_chain_pem, first.log_chain_pem) == (second.seal_chain_pem, second.log_chain_pem)
    for chain in (first.seal_chain_pem, first.log_chain_pem):
        assert fingerprint(checked_chain(chain)[-1]) == first.root_fingerprint


def test_each_key_signs_for_itself(tmp_path):
    keys = desk_keys(tmp_path)
    data = b"a head of the log"
    assert signs(keys.log_chain_pem, keys.sign_log(data), data)
    assert signs(keys.seal_chain_pem, keys.sign_seal(data), data)
    assert not signs(keys.seal_chain_pem, keys.sign_log(data), data)


def test_openssl_checks_chain_and_signature(tmp_path):
    keys = desk_keys(tmp_path)
    (tmp_path / "root.pem").write_text(keys.root_pem)
    (tmp_path / "log.pem").write_text(keys.log_chain_pem)
    (tmp_path / "seal.pem").write_text(keys.seal_chain_pem)
    (tmp_path / "data").write_bytes(b"a head")
    (tmp_path / "data.sig").write_bytes(keys.sign_log(b"a head"))

    def openssl(*words):
        return subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    at = str(int((NOW + timedelta(days=12 * 365)).timestamp()))
    for name in ("log.pem", "seal.pem"):
        assert "OK" in openssl("verify", "-attime", at, "-x509_strict", "-CAfile", "root.pem", name)
    (tmp_path / "log.pub").write_text(openssl("x509", "-in", "log.pem", "-pubkey", "-noout"))
    assert "Verified OK" in openssl("dgst", "-sha256", "-verify", "log.pub", "-signature", "data.sig", "data")
    shown = openssl("x509", "-in", "root.pem", "-noout", "-fingerprint", "-sha256").strip().split("=")[1]
    assert shown.replace(":", "").lower() == keys.root_fingerprint


def test_the_certificates_hold_for_what_they_are_for(tmp_path):
    keys = desk_keys(tmp_path)
    root, seal, log = (chain_of(pem)[0] for pem in (keys.root_pem, keys.seal_chain_pem, keys.log_chain_pem))
    assert (root.not_valid_after_utc - NOW).days >= 30 * 365
    assert all((one.not_valid_after_utc - NOW).days >= 15 * 365 for one in (seal, log))
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(ca=True, path_length=0)
    claim_signing = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
    usages = [set(one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) for one in (seal, log)]
    assert [claim_signing in one for one in usages] == [True, False]
    for one in (seal, log):
        usage = one.extensions.get_extension_for_class(x509.KeyUsage).value
        assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    assert {one.subject.rfc4514_string() for one in (root, seal, log)} == {
        "CN=videodesk root,O=Voorbeeld Schadeservice", "CN=videodesk seal,O=Voorbeeld Schadeservice",
        "CN=videodesk custody log,O=Voorbeeld Schadeservice"}


def test_each_certificate_is_for_its_own_work(tmp_path):
    """A desktop's key, which many hands hold, can sign neither a package nor a head of the log."""
    keys = desk_keys(tmp_path)
    station = keys.issue(make_request(ec.generate_private_key(ec.SECP256R1())), "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a30", NOW)
    chains = {"seal": keys.seal_chain_pem, "log": keys.log_chain_pem, "station": station, "root": keys.root_pem}
    assert {name: (may_sign_packages(chain_of(pem)[0]), may_sign_heads(chain_of(pem)[0])) for name, pem in chains.items()} == {
        "seal": (True, False), "log": (False, True), "station": (False, False), "root": (False, False)}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_this_account_reads_them(tmp_path):
    before = os.umask(0)
    try:
        desk_keys(tmp_path).rotate(NOW)
    finally:
        os.umask(before)
    folder = tmp_path / "keys"
    found = [folder, *folder.rglob("*")]
    assert {stat.S_IMODE(one.stat().st_mode) for one in found if one.is_dir()} == {0o700}
    assert {stat.S_IMODE(one.stat().st_mode) for one in found if one.is_file()} == {0o600}
    assert sum(b"PRIVATE KEY" in one.read_bytes() for one in found if one.is_file()) == 3


def test_two_first_starts_at_once_agree(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: desk_keys(tmp_path).root_fingerprint, range(8)))
    assert len(set(found)) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]
    assert len(list((tmp_path / "keys" / "private").iterdir())) == 3


def test_a_rotation_keeps_the_root_and_destroys_the_old_keys(tmp_path):
    keys = desk_keys(tmp_path)
    old_seal, old_log, data = keys.seal_chain_pem, keys.log_chain_pem, b"signed before"
    signature = keys.sign_log(data)
    later = NOW + timedelta(days=400)
    keys.rotate(later)
    assert keys.root_fingerprint == desk_keys(tmp_path, now=later).root_fingerprint
    assert (keys.seal_chain_pem, keys.log_chain_pem) == (desk_keys(tmp_path, now=later).seal_chain_pem, desk_keys(tmp_path, now=later).log_chain_pem)
    assert fingerprint(old_seal) != fingerprint(keys.seal_chain_pem)
    assert not signs(old_log, keys.sign_log(data), data)
    assert keys.log_chains_pem == (keys.log_chain_pem, old_log)
    assert any(signs(chain, signature, data) for chain in keys.log_chains_pem)
    assert len(list((tmp_path / "keys" / "private").iterdir())) == 3


def test_an_earlier_head_is_signed_again_and_nothing_else_is(tmp_path):
    keys = desk_keys(tmp_path)
    head = b'{"at":"2026-11-01T12:00:00.000000Z","root":"00","size":1}'
    early = keys.sign_log(head)
    assert keys.sign_log_again(head, early) == early
    keys.rotate(NOW)
    keys.rotate(NOW)
    assert signs(keys.log_chain_pem, keys.sign_log_again(head, early), head)
    altered, sealed = head.replace(b"00", b"01"), keys.sign_seal(head)
    for data, signature in ((altered, early), (head, sealed), (head, b""), (head, b"\x30\x00")):
        assert keys.sign_log_again(data, signature) == signature


def test_a_start_years_later_renews_the_certificates_of_the_same_keys(tmp_path):
    keys = desk_keys(tmp_path)
    later = desk_keys(tmp_path, now=NOW + timedelta(days=3 * 365))
    assert chain_of(later.log_chain_pem)[0].public_key() == chain_of(keys.log_chain_pem)[0].public_key()
    assert (min(later.expiries().values()) - NOW).days > 17 * 365
    assert len(later.log_chains_pem) == 2
    assert later.root_fingerprint == keys.root_fingerprint


def test_nothing_outlives_the_root(tmp_path):
    desk_keys(tmp_path)
    for years in (17, 20, 25, 29):
        found = desk_keys(tmp_path, now=NOW + timedelta(days=years * 365))
        assert max(found.expiries().values()) == found.expiries()["root"]
    assert len(found.log_chains_pem) <= 3


def test_keys_that_cannot_be_read_are_not_replaced(tmp_path):
    keys = desk_keys(tmp_path)
    folder = tmp_path / "keys"
    for path in [*(folder / "private").iterdir(), *(folder / "certificates").iterdir(), folder / "current.json"]:
        content = path.read_bytes()
        for damage in (b"", content[:60], b"\0" * 40):
            path.write_bytes(damage)
            with pytest.raises((WorldError, Invalid)):
                again = desk_keys(tmp_path)
                again.issue("", "", NOW)  # a root key that is away is missed when it is wanted
        path.write_bytes(content)
    (folder / "current.json").unlink()
    with pytest.raises(WorldError, match=r"keys\.unreadable"):
        desk_keys(tmp_path)
    assert keys.root_fingerprint


def test_a_root_key_kept_away_still_lets_the_desk_seal(tmp_path):
    keys = desk_keys(tmp_path)
    root_id = private_keys.key_id(chain_of(keys.root_pem)[0].public_key())
    (tmp_path / "keys" / "private" / f"{root_id}.key").unlink()
    again = desk_keys(tmp_path, now=NOW + timedelta(days=5 * 365))
    assert signs(again.seal_chain_pem, again.sign_seal(b"x"), b"x")
    assert again.places()["root"] == ""
    with pytest.raises(WorldError, match=r"seal\.no_ca"):
        again.rotate(NOW)


def test_keys_lie_in_a_keyring_that_works(tmp_path):
    ring = Ring()
    keys = open_keys(tmp_path / "keys", NOW, find_keyring=lambda: ring)
    assert set(keys.places().values()) == {"keyring"}
    assert list((tmp_path / "keys" / "private").iterdir()) == []
    again = open_keys(tmp_path / "keys", NOW, find_keyring=lambda: ring)
    assert signs(again.log_chain_pem, again.sign_log(b"x"), b"x")
    again.rotate(NOW)
    assert len(ring.kept) == 3
    with pytest.raises(WorldError, match=r"keys\.unreadable"):
        desk_keys(tmp_path)  # without the keyring


@pytest.mark.parametrize("ring", [Broken(), Forgetful()])
def test_a_keyring_that_keeps_nothing_is_not_used(tmp_path, ring):
    keys = open_keys(tmp_path / "keys", NOW, find_keyring=lambda: ring)
    assert set(keys.places().values()) == {"file"}
    assert desk_keys(tmp_path).root_fingerprint == keys.root_fingerprint


def test_an_empty_folder_that_is_there_already_is_filled(tmp_path, monkeypatch):
    (tmp_path / "keys").mkdir()
    first = desk_keys(tmp_path)
    assert desk_keys(tmp_path).root_fingerprint == first.root_fingerprint
    # A place that is mounted cannot be replaced.
    (tmp_path / "mounted" / "keys").mkdir(parents=True)

    def busy(self, target):
        raise OSError("Device or resource busy")

    with monkeypatch.context() as patch:
        patch.setattr(type(tmp_path), "rename", busy)
        mounted = desk_keys(tmp_path / "mounted")
    assert desk_keys(tmp_path / "mounted").root_fingerprint == mounted.root_fingerprint
    assert [one.name for one in (tmp_path / "mounted").iterdir()] == ["keys"]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "in the way").write_text("x")
    with pytest.raises(WorldError, match=r"storage\.unwritable"):
        open_keys(tmp_path / "in the way" / "keys", NOW)
