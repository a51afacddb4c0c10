"""Vaults: secrets that are made once, survive, and can be destroyed for good."""

from __future__ import annotations

import os
import stat
import threading

import pytest

from videodesk.core.errors import Gone, Invalid, WorldError
from videodesk.core.ids import new_id
from videodesk.evidence.vault_ports import DESK, MemoryVault
from videodesk.storage.vault_local import LocalVault


@pytest.fixture(params=["memory", "local"])
def vault(request, tmp_path):
    return MemoryVault() if request.param == "memory" else LocalVault(tmp_path / "cases")


def test_each_case_has_secrets_of_its_own_and_keeps_them(vault):
    one, other = new_id(), new_id()
    found = [vault.secrets_of(name) for name in (one, other, DESK)]
    assert len({secret for each in found for secret in (each.salt, each.key)}) == 6
    assert {len(each.salt) for each in found} == {len(each.key) for each in found} == {32}
    assert vault.secrets_of(one) == found[0]
    assert not vault.is_destroyed(one)


def test_destroyed_is_destroyed(vault):
    one = new_id()
    vault.secrets_of(one)
    for _ in range(2):
        vault.destroy(one)
        assert vault.is_destroyed(one)
        with pytest.raises(Gone, match=r"case\.erased"):
            vault.secrets_of(one)
    never = new_id()
    vault.destroy(never)
    with pytest.raises(Gone):
        vault.secrets_of(never)


def test_secrets_survive_and_destruction_too(tmp_path):
    one, gone = new_id(), new_id()
    first = LocalVault(tmp_path)
    kept = first.secrets_of(one)
    first.secrets_of(gone)
    first.destroy(gone)
    again = LocalVault(tmp_path)
    assert again.secrets_of(one) == kept
    with pytest.raises(Gone):
        again.secrets_of(gone)


def test_nothing_in_the_folder_is_readable_or_plain(tmp_path):
    vault = LocalVault(tmp_path / "cases")
    secrets = [vault.secrets_of(new_id()) for _ in range(3)]
    assert stat.S_IMODE((tmp_path / "cases").stat().st_mode) == 0o700
    for path in (tmp_path / "cases").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        data = path.read_bytes()
        assert not any(secret in data for each in secrets for secret in (each.salt, each.key)), path.name


def test_a_destroyed_file_held_nothing_any_more_when_its_name_went(tmp_path, monkeypatch):
    vault, one = LocalVault(tmp_path), new_id()
    vault.secrets_of(one)
    os.link(tmp_path / one, tmp_path / "what-the-disk-still-has")
    vault.destroy(one)
    assert set((tmp_path / "what-the-disk-still-has").read_bytes()) == {0}
    assert not (tmp_path / one).exists()


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "x", "wrap.key", new_id().upper()])
def test_nothing_else_becomes_a_path(tmp_path, name):
    with pytest.raises(Invalid):
        LocalVault(tmp_path).secrets_of(name)


def test_a_damaged_file_is_said_to_be(tmp_path):
    one, other = new_id(), new_id()
    vault = LocalVault(tmp_path)
    vault.secrets_of(one), vault.secrets_of(other)
    (tmp_path / other).replace(tmp_path / one)  # another case's, with the right wrap
    with pytest.raises(WorldError, match=r"vault\.damaged"):
        LocalVault(tmp_path).secrets_of(one)


def test_two_programs_at_once_have_the_same_secrets(tmp_path):
    one, found, gate = new_id(), [], threading.Barrier(6)

    def ask():
        gate.wait(10)
        found.append(LocalVault(tmp_path).secrets_of(one))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
