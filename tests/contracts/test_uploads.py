"""One contract for uploads in pieces, run on local files and on the memory twin; and what only files can show: kill -9, a full disk."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.service.fixed_vault import FixedVault
from videodesk.core.errors import Conflict, NotFound, OutOfSpace, TooLarge, WorldError
from videodesk.core.ids import new_id
from videodesk.evidence.upload_ports import UPLOAD_LIFE, PartialUpload, UploadLimits
from videodesk.storage import uploads_local
from videodesk.storage.memory.blobs import MemoryBlobs
from videodesk.storage.memory.uploads import MemoryUploads
from videodesk.storage.uploads_local import LocalUploads

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ANNA, BRAM = new_id(), new_id()
LIMITS = UploadLimits(count=3, size_bytes=1000, each_bytes=600, total_bytes=2000)


@pytest.fixture(params=["files", "memory"])
def uploads(request, tmp_path):
    if request.param == "memory":
        return MemoryUploads()
    return local(tmp_path)


def local(folder):
    return LocalUploads(folder / "uploads", FixedVault())


def wanted(size=100, owner=ANNA, **values):
    return PartialUpload(values.pop("id", new_id()), owner, size, NOW, **values)


def append(uploads, upload, offset, *pieces, owner=ANNA):
    with uploads.writing(upload.id, owner, offset, NOW) as writer:
        for piece in pieces:
            writer.write(piece)
        return writer.offset


def test_pieces_become_a_blob(uploads):
    data = bytes(range(100))
    upload = uploads.create(wanted(), LIMITS, NOW)
    assert append(uploads, upload, 0, data[:30], data[30:50]) == 50
    assert uploads.get(upload.id, ANNA, NOW).offset == 50
    with pytest.raises(Conflict, match=r"upload\.unfinished"):
        uploads.whole(upload.id, ANNA, NOW, MemoryBlobs())
    assert append(uploads, upload, 50, data[50:]) == 100
    assert uploads.get(upload.id, ANNA, NOW).is_whole
    for _ in range(2):  # what was not kept can be had again
        with uploads.whole(upload.id, ANNA, NOW, MemoryBlobs()) as staged:
            assert (staged.digest, staged.size_bytes, staged.read(), staged.head(3)) == (hashlib.sha256(data).hexdigest(), 100, data, data[:3])
    with uploads.whole(upload.id, ANNA, NOW, MemoryBlobs()) as staged:
        staged.keep()
        assert staged.read() == data
    uploads.remove(upload.id, ANNA)
    uploads.remove(upload.id, ANNA)
    with pytest.raises(NotFound, match=r"upload\.unknown"):
        uploads.get(upload.id, ANNA, NOW)


def test_beginning_again_gives_what_is_there(uploads):
    upload = uploads.create(wanted(), LIMITS, NOW)
    append(uploads, upload, 0, b"x" * 10)
    assert uploads.create(wanted(id=upload.id), LIMITS, NOW).offset == 10
    for other in (wanted(101, id=upload.id), wanted(id=upload.id, owner=BRAM)):
        with pytest.raises(Conflict, match=r"upload\.differs"):
            uploads.create(other, LIMITS, NOW)


def test_only_its_owner_knows_it(uploads):
    upload = uploads.create(wanted(), LIMITS, NOW)
    for ask in (lambda: uploads.get(upload.id, BRAM, NOW), lambda: uploads.writing(upload.id, BRAM, 0, NOW),
                lambda: uploads.whole(upload.id, BRAM, NOW, MemoryBlobs()), lambda: uploads.get(new_id(), ANNA, NOW)):
        with pytest.raises(NotFound, match=r"upload\.unknown"):
            ask()
    uploads.remove(upload.id, BRAM)
    assert uploads.get(upload.id, ANNA, NOW).offset == 0


def test_limits(uploads):
    with pytest.raises(TooLarge, match=r"upload\.too_large"):
        uploads.create(wanted(601), LIMITS, NOW)
    first = uploads.create(wanted(600), LIMITS, NOW)
    with pytest.raises(Conflict, match=r"upload\.too_many"):
        uploads.create(wanted(401), LIMITS, NOW)
    for _ in range(2):
        uploads.create(wanted(1), LIMITS, NOW)
    with pytest.raises(Conflict, match=r"upload\.too_many"):
        uploads.create(wanted(1), LIMITS, NOW)
    uploads.create(wanted(600, BRAM), LIMITS, NOW)
    with pytest.raises(OutOfSpace, match=r"storage\.full"):
        uploads.create(wanted(600, new_id()), UploadLimits(3, 1000, 600, total_bytes=1500), NOW)
    uploads.remove(first.id, ANNA)
    uploads.create(wanted(600), LIMITS, NOW)


def test_no_more_than_announced(uploads):
    upload = uploads.create(wanted(10), LIMITS, NOW)
    with uploads.writing(upload.id, ANNA, 0, NOW) as writer:
        writer.write(b"123456")
        with pytest.raises(TooLarge, match=r"upload\.too_large"):
            writer.write(b"12345")
    assert uploads.get(upload.id, ANNA, NOW).offset == 6


def test_another_offset_is_refused(uploads):
    upload = uploads.create(wanted(10), LIMITS, NOW)
    append(uploads, upload, 0, b"1234")
    for offset in (0, 3, 5, 10):
        with pytest.raises(Conflict) as caught:
            uploads.writing(upload.id, ANNA, offset, NOW)
        assert (caught.value.code, caught.value.params) == ("upload.wrong_offset", {"offset": 4})


def test_the_newest_writer_has_it(uploads):
    upload = uploads.create(wanted(10), LIMITS, NOW)
    old = uploads.writing(upload.id, ANNA, 0, NOW)
    old.write(b"12")
    new = uploads.writing(upload.id, ANNA, 2, NOW)
    with pytest.raises(Conflict, match=r"upload\.taken_over"):
        old.write(b"34")
    new.write(b"34567890")
    for writer in (old, new):
        writer.__exit__(None, None, None)
    assert uploads.whole(upload.id, ANNA, NOW, MemoryBlobs()).read() == b"1234567890"


def test_what_is_for_a_case(uploads):
    case = new_id()
    late = uploads.create(wanted(case_id=case, snapshot_id=new_id()), LIMITS, NOW + timedelta(seconds=9))
    early = uploads.create(wanted(case_id=case), LIMITS, NOW)
    uploads.create(wanted(), LIMITS, NOW)
    assert uploads.of_case(case, NOW + timedelta(seconds=10)) == [early, late]
    assert uploads.of_case(new_id(), NOW) == []


def test_they_expire(uploads):
    upload, other = uploads.create(wanted(), LIMITS, NOW), uploads.create(wanted(), LIMITS, NOW + timedelta(days=1))
    almost = NOW + UPLOAD_LIFE - timedelta(seconds=1)
    assert uploads.get(upload.id, ANNA, almost).expires_at == NOW + UPLOAD_LIFE
    with pytest.raises(NotFound):
        uploads.get(upload.id, ANNA, NOW + UPLOAD_LIFE)
    assert uploads.expire(NOW + UPLOAD_LIFE) == [upload.id]
    assert uploads.get(other.id, ANNA, NOW + UPLOAD_LIFE).offset == 0


def test_many_at_once(uploads):
    made = [uploads.create(wanted(300, owner), LIMITS, NOW) for owner in (ANNA, BRAM)]

    def send(upload):
        for offset in range(0, 300, 10):
            append(uploads, upload, offset, upload.owner[:10].encode(), owner=upload.owner)

    threads = [threading.Thread(target=send, args=[upload]) for upload in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for upload in made:
        assert uploads.whole(upload.id, upload.owner, NOW, MemoryBlobs()).read() == upload.owner[:10].encode() * 30


# ── files only ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_restart_goes_on_where_it_was(tmp_path):
    data = bytes(range(100))
    uploads = local(tmp_path)
    upload = uploads.create(wanted(case_id=new_id(), snapshot_id=new_id()), LIMITS, NOW)
    append(uploads, upload, 0, data[:40])
    again = local(tmp_path)
    known = again.get(upload.id, ANNA, NOW)
    assert known == PartialUpload(upload.id, ANNA, 100, NOW, 40, upload.case_id, upload.snapshot_id)
    append(again, upload, 40, data[40:])
    assert local(tmp_path).whole(upload.id, ANNA, NOW, MemoryBlobs()).digest == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("debris", ["x.part", f"{new_id()}.part", f"{new_id()}.new", f"{new_id()}.json", "y.json"])
def test_what_a_crash_left_half_made_goes_away(tmp_path, debris):
    local(tmp_path)
    (tmp_path / "uploads" / debris).write_bytes(b"{")
    local(tmp_path)
    assert list((tmp_path / "uploads").iterdir()) == []


_CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from videodesk.evidence.upload_ports import PartialUpload, UploadLimits
from tests.service.fixed_vault import FixedVault
from videodesk.storage.uploads_local import LocalUploads
folder, upload_id, owner = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
now = datetime(2026, 1, 5, 9, tzinfo=UTC)
uploads = LocalUploads(folder / "uploads", FixedVault())
upload = uploads.create(PartialUpload(upload_id, owner, 1 << 30, now), UploadLimits(9, 1 << 31, 1 << 31), now)
writer = uploads.writing(upload_id, owner, upload.offset, now)
while True:
    at = writer.offset
    writer.write(bytes((at + n) % 251 for n in range(997)))
    print(writer.offset, flush=True)
"""


def test_an_offset_that_was_told_is_true_after_kill_9(tmp_path):
    upload_id, told = new_id(), 0
    for _ in range(4):
        child = subprocess.Popen([sys.executable, "-c", _CHILD, str(tmp_path), upload_id, ANNA], stdout=subprocess.PIPE, text=True)
        for _ in range(25):
            told = int(child.stdout.readline())
        child.kill()
        child.wait()
        child.stdout.close()
        found = local(tmp_path).get(upload_id, ANNA, NOW).offset
        assert found >= told
        part = (tmp_path / "uploads" / f"{upload_id}.part").read_bytes()
        assert len(part) == found
        plain = bytes(n % 251 for n in range(found))
        assert part != plain
        # The cipher is one of a stream: what stands there is what was sent, if what it was combined with is the same at every restart.
        key = local(tmp_path)._entries[upload_id].key
        assert b"".join(uploads_local._plain((tmp_path / "uploads" / f"{upload_id}.part").open("rb", buffering=0), key, 0)) == plain


def test_a_full_disk_keeps_what_came_and_says_so(tmp_path, monkeypatch):
    uploads = local(tmp_path)
    upload = uploads.create(wanted(), LIMITS, NOW)
    append(uploads, upload, 0, b"0123456789")

    def full(descriptor, chunk):
        os.write(descriptor, chunk[:5])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads_local, "write_all", full)
    with uploads.writing(upload.id, ANNA, 10, NOW) as writer, pytest.raises(OutOfSpace, match=r"storage\.full"):
        writer.write(b"abcdefghij")
    monkeypatch.undo()
    assert uploads.get(upload.id, ANNA, NOW).offset == 15
    append(uploads, upload, 15, b"x" * 85)
    assert uploads.whole(upload.id, ANNA, NOW, MemoryBlobs()).read() == b"0123456789abcde" + b"x" * 85


def test_what_cannot_fit_is_refused_before_it_is_sent(tmp_path, monkeypatch):
    uploads = local(tmp_path)
    monkeypatch.setattr(uploads_local.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 64 * 1024 * 1024 + 99}))
    with pytest.raises(OutOfSpace, match=r"storage\.full"):
        uploads.create(wanted(100), LIMITS, NOW)
    uploads.create(wanted(99), LIMITS, NOW)


def test_a_read_only_disk(tmp_path, monkeypatch):
    uploads = local(tmp_path)
    upload = uploads.create(wanted(), LIMITS, NOW)

    def refused(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(uploads_local, "write_all", refused)
    with uploads.writing(upload.id, ANNA, 0, NOW) as writer, pytest.raises(WorldError, match=r"storage\.unavailable"):
        writer.write(b"x")
    assert uploads.get(upload.id, ANNA, NOW).offset == 0
