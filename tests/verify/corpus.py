"""Pictures, reports and packages, genuine and damaged in every way, each with the verdict it must get: what every checker is measured by."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import c2pa

from tests.sealing.keys import capture_facts, look_alike, picture, rendition_facts
from tests.verify.sealed_case import SealedCase
from videodesk.core.vocabulary import SealVerdict as V
from videodesk.sealing.embedded import seal_kind, unsealed
from videodesk.sealing.keys import LocalDeskKeys
from videodesk.sealing.manifests import capture_manifest, parent_ingredient, rendition_manifest
from videodesk.sealing.report import TypstReport, set_pages
from videodesk.sealing.sealer import context

JPEG = "image/jpeg"
Files = dict[str, bytes]
FOLDER = "VD-2026-000001-evidence/"


@dataclass(frozen=True)
class Specimen:
    """One file, the verdict on it, and codes that must be among the reasons."""

    name: str
    path: Path
    verdict: V
    codes: frozenset[str] = frozenset()


@dataclass
class Corpus:
    """The specimens, and whose seals count."""

    root_pem: str
    now: Any
    specimens: list[Specimen] = field(default_factory=list)


def make_corpus(folder: Path) -> Corpus:
    """Everything, below `folder`."""
    case = SealedCase(folder / "desk", is_reported=True)
    case.stamp()
    keys, other = case.keys, look_alike(folder / "other", case.keys, case.clock.now())
    made = Corpus(keys.root_pem, case.clock.now())

    def add(name: str, data: bytes, verdict: V, *codes: str) -> None:
        path = folder / name
        path.write_bytes(data)
        made.specimens.append(Specimen(name, path, verdict, frozenset(codes)))

    _pictures(add, keys, other)
    whole = case.package(folder / "package.zip").read_bytes()
    outside = case.package(folder / "outside.zip", is_outside_copy=True).read_bytes()
    _packages(add, whole, outside, keys, other)
    report = files_of(whole)["data/report.pdf"]
    unsigned: list[bytes] = []

    class Maker(TypstReport):
        def make(self, contents: Any, authority: Any = None) -> bytes:
            unsigned.append(set_pages(contents))
            return super().make(contents, authority)

    case.desk.desk.reports = Maker(other)
    foreign = case.desk.ask("GET", f"/cases/{case.desk.case_id}/report").content
    case.close()
    add("report.pdf", report, V.GENUINE)
    add("report-changed.pdf", flipped(report, len(report) // 3), V.ALTERED, "report_changed")
    add("report-longer.pdf", report + b"\n% more", V.ALTERED, "report_changed")
    add("report-cut.pdf", report[:len(report) // 2], V.ALTERED, "report_changed")
    add("report-foreign.pdf", foreign, V.FOREIGN_SEAL, "other_root")
    add("report-unsigned.pdf", unsigned[0], V.NO_SEAL, "no_seal")
    return made


Add = Callable[..., None]


def _pictures(add: Add, keys: LocalDeskKeys, other: LocalDeskKeys) -> None:
    ours, theirs = keys.sealer(), other.sealer()
    genuine = ours.seal_capture(picture(), JPEG, capture_facts())
    add("genuine.jpg", genuine, V.GENUINE)
    for kind, suffix in (("image/png", "png"), ("image/webp", "webp")):
        add(f"genuine.{suffix}", ours.seal_capture(picture(kind), kind, capture_facts()), V.GENUINE)
    add("opened.jpg", ours.seal_opened(picture(), JPEG, capture_facts()), V.GENUINE, "opened_file")
    add("poster.jpg", ours.seal_capture(picture(), JPEG, capture_facts(content_digest="ab" * 32)), V.GENUINE, "seals_clip")
    add("rendition.jpg", ours.seal_rendition(picture(seed=2), JPEG, genuine, JPEG, rendition_facts()), V.GENUINE_RENDITION)
    broken = flipped(genuine, len(genuine) - 300)
    foreign = theirs.seal_capture(picture(), JPEG, capture_facts())
    add("of-foreign.jpg", raw_rendition(keys, foreign), V.FOREIGN_SEAL, "foreign_ingredient")
    add("of-altered.jpg", raw_rendition(keys, broken), V.ALTERED, "ingredient_changed")
    add("pixels.jpg", broken, V.ALTERED, "picture_changed")
    add("padding.jpg", flipped(genuine, padding_at(genuine)), V.ALTERED, "seal_broken")
    add("claim.jpg", flipped(genuine, genuine.index(b"nl.videodesk.capture") + 3), V.ALTERED)
    add("cut.jpg", genuine[:len(genuine) // 2], V.ALTERED)
    add("cut-short.jpg", genuine[:300], V.ALTERED, "seal_broken")
    add("stripped.jpg", unsealed(genuine), V.NO_SEAL, "no_seal")
    add("foreign.jpg", foreign, V.FOREIGN_SEAL, "other_root")
    add("nothing-said.jpg", raw_seal(keys, picture(), _bare_manifest()), V.UNCHECKABLE, "unknown_assertion")
    add("text.txt", b"a picture? no", V.UNCHECKABLE, "unknown_kind")
    add("empty.jpg", b"", V.UNCHECKABLE, "unknown_kind")


def _packages(add: Add, whole: bytes, outside: bytes, keys: LocalDeskKeys, other: LocalDeskKeys) -> None:
    add("whole.zip", whole, V.GENUINE, "stamped")
    add("outside-copy.zip", outside, V.GENUINE, "withheld")
    files = files_of(whole)
    first, second = sorted(name for name in files if name.startswith("data/originals/"))[:2]
    add("rezipped.zip", zipped(files, method=zipfile.ZIP_DEFLATED), V.GENUINE, "rezipped")
    add("rezipped-flat.zip", zipped(files, folder=""), V.GENUINE, "rezipped")
    add("stripped.zip", zipped(resigned(stripped(files), None)), V.NO_SEAL, "no_signature", "no_seal")
    add("unsigned.zip", zipped({name: data for name, data in files.items() if name != "signature.der"}), V.NO_SEAL, "no_signature", "package_signature")
    add("look-alike.zip", zipped(resigned(resealed(files, other), other)), V.FOREIGN_SEAL, "other_root")
    add("look-alike-signature.zip", zipped(resigned(files, other)), V.FOREIGN_SEAL, "other_root", "package_signature")
    for at in (0.2, 0.6, 0.999):
        add(f"truncated-{at}.zip", whole[:int(len(whole) * at)], V.INCOMPLETE, "truncated")
    add("swapped.zip", zipped(files | {first: files[second], second: files[first]}), V.ALTERED, "swapped")
    add("pixels.zip", zipped(files | {first: flipped(files[first], -40)}), V.ALTERED, "digest_differs")
    add("relisted.zip", zipped(resigned(files | {first: flipped(files[first], -40)}, None, keep_signature=True)), V.ALTERED, "signature_wrong", "picture_changed")
    add("missing.zip", zipped({name: data for name, data in files.items() if name != first}), V.INCOMPLETE, "file_missing")
    add("no-index.zip", zipped({name: data for name, data in files.items() if name != "package.json"}), V.INCOMPLETE, "file_missing")
    add("added.zip", zipped(files | {"data/originals/extra.jpg": files[first]}), V.ALTERED, "unlisted_file")
    add("added-tag.zip", zipped(files | {"README.txt": b"all is well"}), V.ALTERED, "unlisted_file")
    add("climbing.zip", zipped(files | {"../../evil.txt": b"x"}), V.ALTERED, "unlisted_file")
    add("another-picture.zip", zipped(resigned(files | {first: keys.sealer().seal_capture(picture(), JPEG, capture_facts())}, keys)), V.ALTERED, "facts_differ")
    add("another-log.zip", zipped(resigned(_edited(files, "data/custody/log.json", _other_actor), keys)), V.ALTERED, "entry_wrong")
    add("newer.zip", zipped(resigned(_edited(files, "package.json", lambda index: index | {"version": 2}), keys)), V.UNCHECKABLE, "newer_version")
    add("twice.zip", _twice(files, first), V.ALTERED, "container_damaged")
    add("two-names.zip", _two_names(whole), V.ALTERED, "container_damaged")
    add("bomb.zip", _bomb(files), V.UNCHECKABLE, "too_large")
    add("other.zip", zipped({"hello.txt": b"hello"}, folder=""), V.UNCHECKABLE, "unknown_kind")
    add("head-only.zip", b"PK\x03\x04" + bytes(200), V.INCOMPLETE, "truncated")


# what damages
def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    """One bit off."""
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


def padding_at(data: bytes) -> int:
    """Somewhere in the padding of the seal's signature."""
    return data.index(bytes(200)) + 100


def files_of(package: bytes) -> Files:
    """A package's files by their names in the bag."""
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        return {one.filename.removeprefix(FOLDER): opened.read(one) for one in opened.infolist()}


def zipped(files: Files, *, method: int = zipfile.ZIP_STORED, folder: str = FOLDER) -> bytes:
    """A ZIP of these files, as some program makes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in files.items():
            made.writestr(zipfile.ZipInfo(folder + name, (2027, 1, 2, 3, 4, 6)), data, method)
    return out.getvalue()


def resigned(files: Files, keys: LocalDeskKeys | None, *, keep_signature: bool = False) -> Files:
    """The index and the manifests made to fit again, signed by `keys`: what somebody does who knows the format."""
    index = json.loads(files["package.json"])
    for entry in index["files"]:
        data = files[entry["path"]]
        entry.update(sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    made = files | {"package.json": json.dumps(index).encode()}
    if keys is not None:
        made |= {"trust/root.pem": keys.root_pem.encode(), "trust/seal.pem": keys.seal_chain_pem.encode(), "trust/log.pem": keys.log_chain_pem.encode()}
        for name in [name for name in made if name.startswith("data/custody/heads/") and name.endswith(".sig")]:
            made[name] = keys.sign_log(made[name.replace(".sig", ".json")])
        for entry in index["files"]:
            data = made[entry["path"]]
            entry.update(sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        made["package.json"] = json.dumps(index).encode()
    manifests = {"manifest-sha256.txt", "tagmanifest-sha256.txt", "signature.der"}
    made["manifest-sha256.txt"] = _sums({name: data for name, data in made.items() if name.startswith("data/")})
    made["tagmanifest-sha256.txt"] = _sums({name: data for name, data in made.items() if not name.startswith("data/") and name not in manifests - {"manifest-sha256.txt"}})
    if keys is not None:
        made["signature.der"] = keys.sign_seal(made["tagmanifest-sha256.txt"])
    elif not keep_signature:
        made.pop("signature.der")
    return made


def stripped(files: Files) -> Files:
    """Every picture without its seal."""
    return {name: unsealed(data) if name.startswith("data/") else data for name, data in files.items()}


def resealed(files: Files, keys: LocalDeskKeys) -> Files:
    """Every picture sealed by somebody else, who says the same of it."""
    made = dict(files)
    for name, data in files.items():
        if name.startswith("data/") and seal_kind(data).value != "none":
            media_type = "image/png" if name.endswith("png") else JPEG
            made[name] = keys.sealer().seal_capture(unsealed(data), media_type, capture_facts())
    return made


def raw_seal(keys: LocalDeskKeys, data: bytes, manifest: dict[str, Any], parent: bytes | None = None) -> bytes:
    """Sealed with the desk's key by a program that has no scruples."""
    sealer, out = keys.sealer(), io.BytesIO()
    with c2pa.Builder(json.dumps(manifest), context()) as builder:
        if parent is not None:
            builder.add_ingredient(parent_ingredient(), JPEG, io.BytesIO(parent))
        builder.sign(sealer._signer, JPEG, io.BytesIO(data), out)
    return out.getvalue()


def raw_rendition(keys: LocalDeskKeys, parent: bytes) -> bytes:
    """A rendition of whatever it is given."""
    return raw_seal(keys, picture(seed=2), rendition_manifest(rendition_facts()), parent)


def _bare_manifest() -> dict[str, Any]:
    manifest = capture_manifest(capture_facts())
    return manifest | {"assertions": manifest["assertions"][:1]}


def _sums(files: Files) -> bytes:
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())).encode()


def _edited(files: Files, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Files:
    return files | {name: json.dumps(change(json.loads(files[name]))).encode()}


def _other_actor(extract: dict[str, Any]) -> dict[str, Any]:
    entry = extract["entries"][0]
    leaf = json.loads(entry["leaf"]) | {"actor": "somebody else"}
    entry["leaf"] = json.dumps(leaf, sort_keys=True, separators=(",", ":"))
    return extract


def _twice(files: Files, name: str) -> bytes:
    out = io.BytesIO(zipped(files))
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(out, "a") as made:
        warnings.simplefilter("ignore")
        made.writestr(FOLDER + name, b"another one")
    return out.getvalue()


def _two_names(package: bytes) -> bytes:
    """The local header of the first file names another one than the directory does."""
    return package.replace(b"/bagit.txt", b"/bagit.txT", 1)


def _bomb(files: Files) -> bytes:
    """A file of zeros that inflates to more than anybody should read."""
    out = io.BytesIO(zipped(files))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as made, made.open(FOLDER + "data/zeros.bin", "w") as file:
        for _ in range(160):
            file.write(bytes(1024 * 1024))
    return out.getvalue()
