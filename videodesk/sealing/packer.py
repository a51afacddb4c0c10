"""Puts evidence packages together: the index, the manifests, the signature over them, and the files (resources/docs/PACKAGE.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, Final

import videodesk
from videodesk.core.clock import iso
from videodesk.core.errors import WorldError
from videodesk.core.places import resources
from videodesk.core.vocabulary import Language
from videodesk.evidence.package_ports import Contents, Part, Step
from videodesk.evidence.seal_ports import DeskKeys
from videodesk.sealing.bag import is_name, write_bag
from videodesk.sealing.embedded import seal_kind

FORMAT: Final = "videodesk.package"
VERSION: Final = 1
PICTURES: Final = frozenset({"original", "clip-seal", "rendition"})

_MANIFEST: Final = "manifest-sha256.txt"
_TAGS: Final = "tagmanifest-sha256.txt"
_BAGIT: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_PAGE_ROOM: Final = 48 * 1024 * 1024

MakePage = Callable[[Language, str, Sequence[tuple[str, bytes]], Mapping[str, Any]], bytes]


class BagPacker:
    """A Packer with the desk's keys. `make_page` makes verify.html (sealing.verify_page); without it there is none."""

    def __init__(self, keys: DeskKeys, make_page: MakePage | None = None) -> None:
        self._keys = keys
        self._make_page = make_page

    def pack(self, out: BinaryIO, contents: Contents, step: Step) -> None:
        """Write the package."""
        if not all(is_name(part.path) and part.path.startswith("data/") for part in contents.parts):
            raise WorldError("package.failed")
        contents = replace(contents, parts=_signed_heads(contents.parts, self._keys))
        step("facts", 0, len(contents.parts))
        parts = [_looked_at(part) for part in contents.parts]
        tags: dict[str, bytes] = {
            "bagit.txt": _BAGIT,
            "bag-info.txt": _info(contents),
            _MANIFEST: _sums({part.path: part.sha256 for part in parts}),
            "package.json": self._index(contents, parts),
            "HOW-TO-VERIFY.txt": how_to_verify(self._keys.root_fingerprint),
        }
        if self._make_page is not None:
            step("page", 0, len(parts))
            tags["verify.html"] = self._make_page(contents.language, self._keys.root_pem, _shown(parts), json.loads(tags["package.json"]))
        tags["trust/root.pem"] = self._keys.root_pem.encode()
        tags["trust/seal.pem"] = self._keys.seal_chain_pem.encode()
        tags["trust/log.pem"] = self._keys.log_chain_pem.encode()
        if contents.authorities_pem:
            tags["trust/tsa.pem"] = contents.authorities_pem.encode()
        tags.update({f"time/{name}": token for name, token in contents.tokens})
        sums = _sums({name: hashlib.sha256(data).hexdigest() for name, data in tags.items()})
        tags[_TAGS] = sums
        tags["signature.der"] = self._keys.sign_seal(sums)
        write_bag(out, folder_name(contents.case_number), _files(tags, parts, step))

    def _index(self, contents: Contents, parts: Sequence[Part]) -> bytes:
        index: dict[str, Any] = {
            "format": FORMAT, "version": VERSION, "id": contents.id, "made_at": iso(contents.made_at), "language": contents.language.value,
            "is_outside_copy": contents.is_outside_copy,
            "case": {"id": contents.case_id, "number": contents.case_number, "kind": contents.case_kind},
            "desk": {"name": contents.desk_name, "root_fingerprint": self._keys.root_fingerprint},
            "generator": {"name": "videodesk", "version": videodesk.__version__},
            "files": [part.entry for part in parts], "withheld": list(contents.withheld),
        }
        return (json.dumps(index, ensure_ascii=False, indent=2) + "\n").encode()


def folder_name(case_number: str) -> str:
    """The bag's folder: `VD-2026-000012-evidence`."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "-" for one in case_number).lstrip("-_")[:60]
    return f"{plain or 'case'}-evidence"


def how_to_verify(fingerprint: str) -> bytes:
    """HOW-TO-VERIFY.txt with the desk's fingerprint, as openssl prints it."""
    pairs = ":".join(fingerprint[at:at + 2].upper() for at in range(0, len(fingerprint), 2))
    middle = len(pairs) // 2 + 1
    text = (resources() / "package" / "HOW-TO-VERIFY.txt").read_text(encoding="utf-8")
    return text.format(fingerprint=f"{pairs[:middle]}\n    {pairs[middle:]}").encode()


def _info(contents: Contents) -> bytes:
    total = sum(part.size_bytes for part in contents.parts)
    said = {
        "Source-Organization": contents.desk_name, "External-Identifier": contents.case_number, "Bagging-Date": _day(contents.made_at),
        "Payload-Oxum": f"{total}.{len(contents.parts)}", "Bag-Software-Agent": f"videodesk {videodesk.__version__}"}
    return "".join(f"{name}: {' '.join(value.split())}\n" for name, value in said.items() if value.strip()).encode()


def _day(at: datetime) -> str:
    return iso(at)[:10]


def _sums(digests: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()


def _signed_heads(parts: Sequence[Part], keys: DeskKeys) -> tuple[Part, ...]:
    """The heads' signatures by the log key whose certificate comes along: after a rotation earlier heads have another's."""
    heads = {part.path.removesuffix(".json"): part for part in parts if part.role == "head"}

    def current(part: Part) -> Part:
        head = heads.get(part.path.removesuffix(".sig")) if part.role == "head-signature" else None
        if head is None:
            return part
        signature = keys.sign_log_again(b"".join(head.chunks()), b"".join(part.chunks()))
        return replace(part, size_bytes=len(signature), sha256=hashlib.sha256(signature).hexdigest(), chunks=lambda: iter([signature]))

    return tuple(current(part) for part in parts)


def _looked_at(part: Part) -> Part:
    """A picture's entry says what its seal calls itself, whatever the record knows of it."""
    if part.role not in PICTURES:
        return part
    return replace(part, facts={**part.facts, "seal": seal_kind(b"".join(part.chunks())).value})


def _shown(parts: Sequence[Part]) -> list[tuple[str, bytes]]:
    """The pictures that the page opens with; the page itself leaves out what is too much, so no more is read than it could take."""
    room = _PAGE_ROOM
    found = []
    for part in parts:
        if part.role in PICTURES and part.size_bytes <= room:
            room -= part.size_bytes
            found.append((part.path, b"".join(part.chunks())))
    return found


def _files(tags: dict[str, bytes], parts: Sequence[Part], step: Step) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    for name, data in tags.items():
        yield name, len(data), iter([data])
    for done, part in enumerate(parts):
        step("files", done, len(parts))
        yield part.path, part.size_bytes, _checked(part)
    step("files", len(parts), len(parts))


def _checked(part: Part) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    for piece in part.chunks():
        digest.update(piece)
        size += len(piece)
        yield piece
    if digest.hexdigest() != part.sha256 or size != part.size_bytes:
        raise WorldError("blob.damaged", digest=part.sha256)
