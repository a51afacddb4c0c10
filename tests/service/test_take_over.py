"""A data folder of before there was encryption: what lies there plain goes to its cases, whatever interrupts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.evidence_desk import EvidenceDesk, sha
from tests.service.pictures import picture
from videodesk.evidence.sweep import take_over
from videodesk.storage.blobs_local import LocalBlobs, has_plain_blobs


class Broken(Exception):
    """The power failed."""


class Breaking(LocalBlobs):
    """Fails at the n-th thing that is asked of it."""

    def __init__(self, root: Path, left: int) -> None:
        super().__init__(root)
        self.left = left

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Broken

    def chunks(self, *given):
        self._count()
        return super().chunks(*given)

    def remove(self, digest):
        self._count()
        super().remove(digest)


@pytest.fixture
def desk(tmp_path):
    made = EvidenceDesk(tmp_path)
    yield made
    made.close()


def make_old(desk) -> tuple[Path, dict[str, bytes]]:
    """Move everything to where an older version kept it."""
    for colour in ("teal", "olive", "navy"):
        desk.kept(colour)
    root = desk.folder / "blobs"
    old = LocalBlobs(root)
    data = {digest: desk.blobs.read(digest) for digest in desk.blobs.digests()}
    for plain in data.values():
        old.put(plain)
    old.put(b"that no record names")
    desk.desk.blobs.remove_case(desk.case_id)
    return root, data


def test_what_lay_plain_lies_encrypted_in_its_case(desk):
    root, data = make_old(desk)
    plain = LocalBlobs(root)
    with desk.store.read() as uow:
        assert take_over(uow.evidence, plain, desk.desk.blobs) == []
    plain.close()
    assert not has_plain_blobs(root)
    assert {digest: desk.blobs.read(digest) for digest in desk.blobs.digests()} == data
    everything = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert not any(one[:64] in everything for one in data.values())


def test_broken_off_anywhere_it_goes_on(desk):
    root, data = make_old(desk)
    tries, is_done = 0, False
    while not is_done:
        with desk.store.read() as uow:
            try:
                take_over(uow.evidence, Breaking(root, 2), desk.desk.blobs)
                is_done = True
            except Broken:
                tries += 1
        for digest, plain in data.items():  # at every moment it is here or there
            assert plain in [store.read(digest) for store in (desk.blobs, LocalBlobs(root)) if store.has(digest)]
    assert tries > 2
    assert {digest: desk.blobs.read(digest) for digest in desk.blobs.digests()} == data


def test_what_is_damaged_stays_where_it_is(desk):
    root, data = make_old(desk)
    digest = sha(picture(64, 48, colour="navy"))
    path = root / digest[:2] / digest[2:]
    path.chmod(0o600)
    path.write_bytes(b"rotten")
    with desk.store.read() as uow:
        assert take_over(uow.evidence, LocalBlobs(root), desk.desk.blobs) == [digest]
    assert set(desk.blobs.digests()) == set(data) - {digest}
    assert list(LocalBlobs(root).digests()) == [digest]
