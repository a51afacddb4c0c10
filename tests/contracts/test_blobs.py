"""One contract for every BlobStore, and what only files can promise: kill -9 and a full disk lose nothing acknowledged."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.service.fixed_vault import FixedVault
from videodesk.core.clock import HandClock, SystemClock
from videodesk.core.errors import Invalid, NotFound, OutOfSpace, TooLarge, WorldError
from videodesk.evidence.ports import BlobStore
from videodesk.storage.blobs_encrypted import EncryptedCaseBlobs
from videodesk.storage.blobs_local import LocalBlobs
from videodesk.storage.memory.blobs import MemoryCaseBlobs

CASE = "0190a5f0-0000-7000-8000-000000000001"


def encrypted(folder: Path) -> BlobStore:
    return EncryptedCaseBlobs(folder, FixedVault()).of_case(CASE)


@pytest.fixture(params=["encrypted", "plain", "memory"])
def blobs(request, tmp_path) -> BlobStore:
    if request.param == "memory":
        return MemoryCaseBlobs().of_case(CASE)
    return encrypted(tmp_path / "blobs") if request.param == "encrypted" else LocalBlobs(tmp_path / "blobs")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_what_was_put_comes_back(blobs):
    data = os.urandom(3_000_000)
    digest = blobs.put(data)
    assert digest == sha(data)
    assert blobs.has(digest)
    assert blobs.size_bytes(digest) == len(data)
    assert blobs.read(digest) == data
    assert b"".join(blobs.chunks(digest)) == data


def test_empty_blob(blobs):
    digest = blobs.put(b"")
    assert blobs.read(digest) == b""
    assert list(blobs.chunks(digest)) == []


def test_putting_twice_is_putting_once(blobs):
    assert blobs.put(b"same") == blobs.put(b"same")
    assert list(blobs.digests()) == [sha(b"same")]


def test_ranges(blobs):
    data = bytes(range(256)) * 10_000
    digest = blobs.put(data)
    for start, end in [(0, 1), (1, 2), (255, 1_048_577), (len(data) - 1, None), (len(data), None), (5, 5), (0, len(data) + 9)]:
        assert b"".join(blobs.chunks(digest, start, end)) == data[start:end]


def test_staged_is_not_kept(blobs):
    with blobs.stage([b"one", b"", b"two"], 100) as staged:
        assert staged.digest == sha(b"onetwo")
        assert staged.size_bytes == 6
        assert staged.head(3) == b"one"
        assert staged.read() == b"onetwo"
        assert not blobs.has(staged.digest)
    assert not blobs.has(sha(b"onetwo"))
    assert list(blobs.digests()) == []


def test_kept_stays_after_the_context_and_discard(blobs):
    with blobs.stage([b"keep me"], 100) as staged:
        staged.keep()
        staged.keep()
        assert staged.read() == b"keep me"
    staged.discard()
    assert blobs.read(sha(b"keep me")) == b"keep me"


def test_two_stagings_of_the_same_bytes(blobs):
    with blobs.stage([b"same"], 9) as first, blobs.stage([b"same"], 9) as second:
        first.keep()
        second.keep()
    with blobs.stage([b"same"], 9) as third:
        third.discard()
    assert blobs.read(sha(b"same")) == b"same"


def test_limit(blobs):
    with blobs.stage([b"12345"], 5):
        pass
    with pytest.raises(TooLarge) as caught:
        blobs.stage([b"123", b"456"], 5)
    assert caught.value.code == "upload.too_large"
    assert list(blobs.digests()) == []


def test_unknown(blobs):
    digest = sha(b"never")
    assert not blobs.has(digest)
    for ask in (blobs.read, blobs.size_bytes, blobs.chunks):
        with pytest.raises(NotFound, match=r"blob\.unknown"):
            ask(digest)
    blobs.remove(digest)


def test_remove(blobs):
    digest = blobs.put(b"gone")
    blobs.remove(digest)
    assert not blobs.has(digest)
    assert list(blobs.digests()) == []


@pytest.mark.parametrize("trick", [
    "", ".", "..", "../../etc/passwd", "a" * 63, "a" * 65, "A" * 64, "g" * 64, "../" + "a" * 61, "a" * 64 + "\n", "a" * 64 + "\0",
    "/" + "a" * 63, "a" * 32 + "/" + "a" * 31, "\uff41" * 64, "٠" * 64,
])
def test_only_a_digest_becomes_a_path(blobs, trick):
    for ask in (blobs.has, blobs.read, blobs.size_bytes, blobs.chunks, blobs.remove):
        with pytest.raises(Invalid, match=r"digest\.malformed"):
            ask(trick)


def test_a_failing_source_leaves_nothing(tmp_path):
    blobs = encrypted(tmp_path)

    def broken():
        yield b"part"
        raise ConnectionError("the sender went away")

    with pytest.raises((ConnectionError, WorldError)):
        blobs.stage(broken(), 100)
    assert list((tmp_path / CASE / "incoming").iterdir()) == []


def test_damage_is_noticed_and_healed_by_the_next_put(tmp_path):
    blobs = encrypted(tmp_path)
    digest = blobs.put(b"sound")
    path = tmp_path / CASE / digest[:2] / digest[2:]
    path.chmod(0o600)
    path.write_bytes(b"rotten")
    with pytest.raises(WorldError, match=r"blob\.damaged"):
        blobs.read(digest)
    blobs.put(b"sound")
    assert blobs.read(digest) == b"sound"


def test_files_are_for_the_service_only(tmp_path):
    blobs = encrypted(tmp_path / "blobs")
    digest = blobs.put(b"private")
    path = tmp_path / "blobs" / CASE / digest[:2] / digest[2:]
    assert path.stat().st_mode & 0o777 == 0o400
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        assert folder.stat().st_mode & 0o077 == 0


def test_what_a_crash_left_is_swept_after_a_day(tmp_path):
    encrypted(tmp_path).put(b"x")
    left = tmp_path / CASE / "incoming" / "left"
    left.write_bytes(b"half")
    clock = HandClock(SystemClock().now())
    EncryptedCaseBlobs(tmp_path, FixedVault(), clock)
    assert left.exists()
    clock.advance(2 * 86_400)
    EncryptedCaseBlobs(tmp_path, FixedVault(), clock)
    assert not left.exists()


def test_other_names_in_the_folder_are_no_blobs(tmp_path):
    blobs = encrypted(tmp_path)
    (tmp_path / CASE / "ab").mkdir(parents=True)
    (tmp_path / CASE / "ab" / "README").write_text("not a blob")
    assert list(blobs.digests()) == []


WRITER = """
import os, sys
from pathlib import Path
from tests.contracts.test_blobs import encrypted
blobs = encrypted(Path(sys.argv[1]))
while True:
    print(blobs.put(os.urandom(200_000)), flush=True)
"""


@pytest.mark.parametrize("lines", [1, 7, 20])
def test_kill_9_loses_nothing_acknowledged(tmp_path, lines):
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    acknowledged = [child.stdout.readline().strip() for _ in range(lines)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [line for line in child.stdout.read().split("\n") if len(line) == 64]
    child.wait()
    child.stdout.close()
    blobs = encrypted(tmp_path)
    assert len(acknowledged) >= lines
    for digest in acknowledged:
        assert sha(blobs.read(digest)) == digest
    for digest in blobs.digests():  # also what was not acknowledged is there whole or not at all
        blobs.read(digest)


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("LOUD SKIP: no right to mount a small tmpfs here, so the full disk stays untested")
    yield folder
    for _ in range(50):
        if subprocess.run(["umount", str(folder)], capture_output=True, check=False).returncode == 0:
            break
        time.sleep(0.1)


def test_full_disk(small_disk: Path):
    blobs = encrypted(small_disk)
    kept = [blobs.put(os.urandom(300_000)) for _ in range(2)]
    with pytest.raises(OutOfSpace, match=r"storage\.full"):
        blobs.put(os.urandom(700_000))
    assert list((small_disk / CASE / "incoming").iterdir()) == []
    for digest in kept:
        assert sha(blobs.read(digest)) == digest
    blobs.put(os.urandom(100_000))


def test_no_right_to_write_is_the_worlds_failure(tmp_path):
    blobs = encrypted(tmp_path / "blobs")
    (tmp_path / "blobs").rmdir()
    (tmp_path / "blobs").write_text("not a folder")
    with pytest.raises(WorldError, match=r"storage\.unavailable"):
        blobs.put(b"x")
