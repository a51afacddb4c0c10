"""`videodesk admin keys`, and a desk that is put together from settings: keys at the first start, none of them in the database."""

from __future__ import annotations

import base64
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from tests.sealing.keys import capture_facts, picture
from tests.sealing.reading import state_of
from videodesk import bootstrap
from videodesk.cli import main
from videodesk.settings import Settings


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEODESK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("VIDEODESK_USE_KEYRING", "false")
    monkeypatch.delenv("VIDEODESK_CONFIG", raising=False)
    return tmp_path


def said(capsys, *words: str) -> list[str]:
    assert main(["admin", "keys", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_show_makes_the_keys_and_shows_the_same_ones_again(folder, capsys):
    lines = said(capsys, "show", "--desk-name", "Voorbeeld")
    assert [line.split()[0] for line in lines[:3]] == ["root", "seal", "log"]
    assert all("private key: file" in line for line in lines[:3])
    assert said(capsys, "show") == lines
    assert "Voorbeeld" in subprocess.run(
        ["openssl", "x509", "-noout", "-subject"], input="\n".join(said(capsys, "export")), capture_output=True, text=True, check=True).stdout


def test_rotate_keeps_the_root(folder, capsys):
    before, after = said(capsys, "show"), said(capsys, "rotate")
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert before[2] != after[2]
    assert said(capsys, "show")[:3] == after[:3]


def test_export_gives_the_root_with_the_fingerprint_that_openssl_sees(folder, capsys):
    printed = said(capsys, "export")
    written = said(capsys, "export", "--out", str(folder / "root.pem"))
    assert printed[-1] == written[0]
    assert (folder / "root.pem").read_text().splitlines() == printed[:-1]
    seen = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", folder / "root.pem"], capture_output=True, text=True, check=True).stdout
    assert written[0] == "SHA-256 " + seen.strip().split("=")[1].replace(":", "").lower()


def test_no_command_shows_a_private_key(folder, capsys):
    said(capsys, "show")
    secret = {path.read_bytes().splitlines()[1][:32].decode() for path in (folder / "data" / "keys" / "private").iterdir()}
    for words in (("show",), ("export",), ("export", "--out", str(folder / "root.pem"))):
        printed = "\n".join(said(capsys, *words))
        printed += (folder / "root.pem").read_text() if "--out" in words else ""
        assert "PRIVATE" not in printed
        assert not any(one in printed for one in secret)


def test_a_key_kept_elsewhere_from_request_to_seal(folder, capsys, monkeypatch):
    key, request, chain = (folder / name for name in ("away.pem", "away.csr", "chain.pem"))
    monkeypatch.setenv("VIDEODESK_SEAL_COMMAND", f"openssl dgst -sha256 -sign {key}")
    monkeypatch.setenv("VIDEODESK_SEAL_CHAIN", str(chain))
    subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key], check=True)
    subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", "/CN=token", "-out", request], check=True)
    said(capsys, "certify", str(request), "--out", str(chain))
    assert "private key: external" in said(capsys, "show")[1]
    desk = bootstrap.make_desk(
        Settings(data_dir=folder / "data", use_keyring=False, seal_command=f"openssl dgst -sha256 -sign {key}", seal_chain=chain), is_embedded=False)
    try:
        sealed = desk.sealer.seal_capture(picture(), "image/jpeg", capture_facts())
        assert state_of(sealed, desk.keys.root_pem) == "Trusted"
    finally:
        bootstrap._close(desk)


@pytest.mark.parametrize("words", [("certify", "nothing.csr"), ("show", "--seal-command", "openssl"), ("export", "--out", "/nowhere/root.pem")])
def test_what_cannot_be_done_is_said_in_a_sentence(folder, capsys, words):
    assert main(["admin", "keys", *words]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("videodesk: ")
    assert "Traceback" not in printed


def test_no_private_key_is_in_the_database(folder):
    desk = bootstrap.make_desk(Settings(data_dir=folder / "data", use_keyring=False), is_embedded=False)
    try:
        assert desk.sealer.is_ready
        assert desk.sealer.certificate_fingerprint
        with desk.store.write():
            pass
        desk.keys.rotate(desk.clock.now())
    finally:
        bootstrap._close(desk)
    needles = []
    for path in (folder / "data" / "keys" / "private").iterdir():
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        number = key.private_numbers().private_value.to_bytes(32, "big")
        needles += [number, number.hex().encode(), base64.b64encode(number), path.read_bytes().splitlines()[1]]
    assert len(needles) == 12
    kept = [path for path in (folder / "data").rglob("*") if path.is_file() and path.parent.name != "private"]
    assert any(path.name.startswith("desk.sqlite") for path in kept)
    for path in kept:
        content = path.read_bytes()
        assert b"PRIVATE KEY" not in content, path
        assert not any(needle in content for needle in needles), path


def test_a_desk_starts_with_the_same_keys(folder):
    found = []
    for _ in range(2):
        desk = bootstrap.make_desk(Settings(data_dir=folder / "data", use_keyring=False), is_embedded=True)
        found.append((desk.keys.root_fingerprint, desk.sealer.certificate_fingerprint))
        bootstrap._close(desk)
    assert found[0] == found[1]
