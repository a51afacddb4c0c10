"""What encryption at rest promises: nothing plain on the disk, each case apart, and any change, cut or swap is found, also by reading a part."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.service.fixed_vault import FixedVault
from videodesk.core.errors import Gone, NotFound, WorldError
from videodesk.storage.blobs_encrypted import EncryptedCaseBlobs
from videodesk.storage.chunk_cipher import CHUNK_BYTES, HEAD_BYTES, SEALED_BYTES, sealed_size
from videodesk.storage.memory.blobs import MemoryCaseBlobs
from videodesk.storage.vault_local import LocalVault

ONE, OTHER = "0190a5f0-0000-7000-8000-000000000001", "0190a5f0-0000-7000-8000-000000000002"
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 17 * CHUNK_BYTES + 5]


@pytest.fixture(params=["files", "memory"])
def stores(request, tmp_path):
    vault = FixedVault()
    made = EncryptedCaseBlobs(tmp_path / "blobs", vault) if request.param == "files" else MemoryCaseBlobs(vault)
    return made, vault


@pytest.fixture
def vault():
    return FixedVault()


@pytest.fixture
def blobs(tmp_path, vault):
    return EncryptedCaseBlobs(tmp_path, vault).of_case(ONE)


def file_of(folder: Path, digest: str, case: str = ONE) -> Path:
    path = folder / case / digest[:2] / digest[2:]
    path.chmod(0o600)
    return path


def assert_unreadable(blobs, digest: str, size: int) -> None:
    """Whole, and by parts that together are the whole."""
    with pytest.raises(WorldError, match=r"blob\.damaged"):
        blobs.read(digest)
    with pytest.raises(WorldError, match=r"blob\.damaged"):
        for start in range(0, max(size, 1), CHUNK_BYTES):
            list(blobs.chunks(digest, start, start + CHUNK_BYTES))


def test_each_case_has_its_own(stores):
    made, _ = stores
    digest = made.of_case(ONE).put(b"of one case")
    assert not made.of_case(OTHER).has(digest)
    assert made.of_case(OTHER).put(b"of one case") == digest
    assert sorted(made.cases()) == [ONE, OTHER]
    assert made.remove_case(ONE)[0] == 1
    assert made.remove_case(ONE) == (0, 0)
    assert made.cases() == [OTHER]
    with pytest.raises(NotFound):
        made.of_case(ONE).read(digest)
    assert made.of_case(OTHER).read(digest) == b"of one case"


def test_without_the_key_nothing_is_read_or_made(stores):
    made, vault = stores
    blobs = made.of_case(ONE)
    digest = blobs.put(b"secret")
    vault.destroy(ONE)
    for ask in (lambda: blobs.read(digest), lambda: blobs.put(b"more"), lambda: blobs.size_bytes(digest), lambda: blobs.chunks(digest)):
        with pytest.raises(Gone, match=r"case\.erased"):
            ask()
    assert made.remove_case(ONE)[0] == 1
    assert made.cases() == []


@pytest.mark.parametrize("size", SIZES)
def test_every_size_and_nothing_plain_on_the_disk(tmp_path, blobs, size):
    data = (b"the customer's own words " * (size // 20 + 1))[:size]
    with blobs.stage([data[at:at + 70_001] for at in range(0, size, 70_001)], size) as staged:
        for path in (tmp_path / ONE / "incoming").iterdir():
            assert path.stat().st_size == sealed_size(size)
            assert size < 20 or data[:20] not in path.read_bytes()
        assert staged.read() == data
        assert staged.head(100) == data[:100]
        staged.keep()
    assert blobs.size_bytes(staged.digest) == size
    assert blobs.read(staged.digest) == data


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_part_is_what_it_was(tmp_path_factory, data):
    blobs = EncryptedCaseBlobs(tmp_path_factory.getbasetemp() / "parts", FixedVault()).of_case(ONE)
    size = data.draw(st.sampled_from(SIZES))
    plain = bytes(n % 251 for n in range(size))
    digest = blobs.put(plain)
    start = data.draw(st.integers(0, size + 10))
    end = data.draw(st.one_of(st.none(), st.integers(0, size + 10)))
    assert b"".join(blobs.chunks(digest, start, end)) == plain[start:end]


def test_two_files_of_the_same_bytes_have_nothing_in_common(tmp_path, vault):
    made = EncryptedCaseBlobs(tmp_path, vault)
    written = []
    for _ in range(2):
        digest = made.of_case(ONE).put(b"x" * 1000)
        written.append(file_of(tmp_path, digest).read_bytes())
        made.of_case(ONE).remove(digest)
    assert written[0][4:20] != written[1][4:20]
    assert not set(zip(*[iter(written[0][HEAD_BYTES:])] * 16, strict=False)) & set(zip(*[iter(written[1][HEAD_BYTES:])] * 16, strict=False))


def test_every_single_byte_counts(tmp_path, blobs):
    digest = blobs.put(b"a small file")
    path = file_of(tmp_path, digest)
    sound = path.read_bytes()
    for at in range(len(sound)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1:])
        assert_unreadable(blobs, digest, 12)
    path.write_bytes(sound)
    assert blobs.read(digest) == b"a small file"


@pytest.mark.parametrize("cut", [1, 16, 17, SEALED_BYTES, 2 * SEALED_BYTES])
def test_a_cut_file_is_found_by_its_first_part(tmp_path, blobs, cut):
    data = os.urandom(4 * CHUNK_BYTES)
    digest = blobs.put(data)
    path = file_of(tmp_path, digest)
    os.truncate(path, path.stat().st_size - cut)
    with pytest.raises(WorldError, match=r"blob\.damaged"):
        list(blobs.chunks(digest, 0, 10))


def test_a_file_cut_after_a_whole_chunk_whose_head_was_made_to_fit_is_found(tmp_path, blobs):
    data = os.urandom(3 * CHUNK_BYTES)
    digest = blobs.put(data)
    path = file_of(tmp_path, digest)
    raw = path.read_bytes()
    path.write_bytes(raw[:20] + (2 * CHUNK_BYTES).to_bytes(8, "big") + raw[28:HEAD_BYTES + 2 * SEALED_BYTES])
    assert_unreadable(blobs, digest, len(data))


def test_chunks_that_changed_places_are_found(tmp_path, blobs):
    data = os.urandom(4 * CHUNK_BYTES)
    digest = blobs.put(data)
    path = file_of(tmp_path, digest)
    raw = path.read_bytes()
    chunk = [raw[HEAD_BYTES + n * SEALED_BYTES:HEAD_BYTES + (n + 1) * SEALED_BYTES] for n in range(4)]
    path.write_bytes(raw[:HEAD_BYTES] + chunk[1] + chunk[0] + chunk[2] + chunk[3])
    assert_unreadable(blobs, digest, len(data))
    assert b"".join(blobs.chunks(digest, 2 * CHUNK_BYTES)) == data[2 * CHUNK_BYTES:], "what is untouched can still be had"


def test_files_that_changed_places_are_found(tmp_path, vault, blobs):
    first, second = (os.urandom(2 * CHUNK_BYTES) for _ in range(2))
    one, two = blobs.put(first), blobs.put(second)
    three = EncryptedCaseBlobs(tmp_path, vault).of_case(OTHER).put(first)
    paths = file_of(tmp_path, one), file_of(tmp_path, two)
    raw = [path.read_bytes() for path in paths]
    for path, swapped in zip(paths, reversed(raw), strict=True):
        path.write_bytes(swapped)
    assert_unreadable(blobs, one, len(first))
    # … also a chunk of the other file in the same place, and the same picture from another case.
    paths[0].write_bytes(raw[0][:HEAD_BYTES] + raw[1][HEAD_BYTES:])
    assert_unreadable(blobs, one, len(first))
    shutil.copy(file_of(tmp_path, three, OTHER), paths[0])
    assert_unreadable(blobs, one, len(first))


def test_a_part_needs_only_its_chunks(tmp_path, blobs):
    data = os.urandom(40 * CHUNK_BYTES)
    digest = blobs.put(data)
    path = file_of(tmp_path, digest)
    raw = bytearray(path.read_bytes())
    for number in range(40):
        if number != 20:
            raw[HEAD_BYTES + number * SEALED_BYTES] ^= 1
    path.write_bytes(raw)
    assert b"".join(blobs.chunks(digest, 20 * CHUNK_BYTES + 7, 20 * CHUNK_BYTES + 99)) == data[20 * CHUNK_BYTES + 7:20 * CHUNK_BYTES + 99]
    with pytest.raises(WorldError, match=r"blob\.damaged"):
        list(blobs.chunks(digest, 20 * CHUNK_BYTES, 21 * CHUNK_BYTES + 1))


def test_with_a_vault_on_disk_a_restart_reads_what_was_kept(tmp_path):
    digest = EncryptedCaseBlobs(tmp_path / "blobs", LocalVault(tmp_path / "keys")).of_case(ONE).put(b"kept")
    assert EncryptedCaseBlobs(tmp_path / "blobs", LocalVault(tmp_path / "keys")).of_case(ONE).read(digest) == b"kept"
