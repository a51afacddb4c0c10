"""Every single bit that changes in a package's files is found: all bytes of small files, 2,000 places of large ones."""

from __future__ import annotations

import io
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.verify.corpus import Files, files_of, flipped
from tests.verify.sealed_case import SealedCase
from videodesk.core.vocabulary import SealVerdict
from videodesk.sealing.bag import open_bag
from videodesk.sealing.package_check import PackageCheck
from videodesk.sealing.pins import pins_of
from videodesk.sealing.verdicts import worst

SMALL = 8192
PLACES = 2000


class MemoryBag:
    """A bag whose files are here."""

    is_rezipped = False
    strange: tuple[str, ...] = ()

    def __init__(self, files: Files) -> None:
        self.files = files

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.files)

    def size_bytes(self, name: str) -> int:
        return len(self.files[name])

    def chunks(self, name: str) -> Iterator[bytes]:
        return iter([self.files[name]])

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    made = SealedCase(tmp_path_factory.mktemp("desk"), is_reported=True, make_page=lambda *_: random.Random(3).randbytes(40_000))
    made.add("large", size=(640, 480), seed=9)
    made.stamp()
    yield made
    made.close()


@pytest.fixture(scope="module")
def package(case, tmp_path_factory):
    return case.package(tmp_path_factory.mktemp("package") / "package.zip").read_bytes()


def opened(case, files):
    return PackageCheck(MemoryBag(dict(files)), "package", pins_of(case.keys.root_pem), case.clock.now(), case.verifier.check_picture)


def places(name, data, chance):
    return range(len(data)) if len(data) <= SMALL else sorted(chance.sample(range(len(data)), PLACES))


def test_as_it_was_made_everything_is_good(case, package):
    files = files_of(package)
    items = opened(case, files).items()
    assert worst(one.verdict for one in items) is SealVerdict.GENUINE
    assert {one.file for one in items} == set(files)
    assert {"time/0000000012-1.tsr", "trust/tsa.pem", "data/report.pdf", "verify.html"} <= set(files)
    assert {code for one in items for code, _ in one.reasons} == {"opened_file", "stamped"}


def test_every_bit_counts(case, package):
    """File by file: what the check says of a file in which one bit is off; of the signed list and its signature, what the signature says."""
    files, chance = files_of(package), random.Random(41)
    check = opened(case, files)
    check.items()
    tried, unseen = 0, []
    for name, data in files.items():
        for at in places(name, data, chance):
            changed = bytearray(data)
            changed[at] ^= 1 << chance.randrange(8)
            if not is_seen(check, name, bytes(changed)):
                unseen.append((name, at))
            tried += 1
        assert is_seen(check, name, data) is False, f"{name} is found fault with as it is"
    assert unseen == []
    assert tried > 35_000


def is_seen(check, name, data):
    """Whether this file with these bytes is found fault with, by itself or through the signature."""
    was = check._bag.files[name]
    check._bag.files[name] = data
    check._digests.pop(name, None)
    check._kept.pop(name, None)
    try:
        signed = check._signed if name not in {"signature.der", "tagmanifest-sha256.txt"} else check._signature()
        return signed is not None or check._not_as_listed(name) is not None if name != "signature.der" else signed is not None
    finally:
        check._bag.files[name] = was
        check._digests.pop(name, None)
        check._kept.pop(name, None)


def test_the_whole_check_sees_what_the_parts_see(case, package, tmp_path):
    """Any byte of the ZIP: in a file's content it is altered; in what holds the files together at least nothing false is said."""
    chance = random.Random(5)
    contents = stretches(package)
    path = tmp_path / "package.zip"
    verdicts = Counter()
    for _ in range(150):
        start, end = chance.choice(contents)
        at = chance.randrange(start, end)
        path.write_bytes(flipped(package, at, chance.randrange(8)))
        verdicts[worst(one.verdict for one in case.verifier.check_path(path))] += 1
    assert set(verdicts) <= {SealVerdict.ALTERED, SealVerdict.INCOMPLETE, SealVerdict.UNCHECKABLE}
    assert verdicts[SealVerdict.ALTERED] >= 140


def test_a_bit_between_the_files_changes_no_content(case, package, tmp_path):
    """The ZIP's own bytes: names and places count, times and checksums do not; a good verdict is only of the same files."""
    chance, path, files = random.Random(6), tmp_path / "package.zip", files_of(package)
    inside = [range(*one) for one in stretches(package)]
    between = [at for at in range(len(package)) if not any(at in one for one in inside)]
    for at in chance.sample(between, 400):
        path.write_bytes(flipped(package, at, chance.randrange(8)))
        items = case.verifier.check_path(path)
        if worst(one.verdict for one in items) is SealVerdict.GENUINE:
            with closing(open_bag(path)) as bag:
                assert {name: b"".join(bag.chunks(name)) for name in bag.names} == files


def stretches(package):
    """Where the content of each file lies in the ZIP."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return [(start, start + one.file_size) for one in archive.infolist()
                if one.file_size and (start := one.header_offset + 30 + len(one.filename) + len(one.extra))]
