"""Packages and the keys under one root: a rotation spoils nothing, and a desktop's key signs no package."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.verify.sealed_case import SealedCase
from videodesk.core.vocabulary import SealVerdict
from videodesk.sealing.certificates import chain_of, fingerprint, make_request


@pytest.fixture
def case(tmp_path):
    made = SealedCase(tmp_path)
    yield made
    made.close()


def verdicts(case, path):
    return {one.file: (one.verdict, [code for code, _ in one.reasons]) for one in case.verifier.check_path(path)}


def test_a_package_after_a_rotation_is_as_good_as_before(case, tmp_path):
    case.stamp()
    before = verdicts(case, case.package(tmp_path / "before.zip"))
    old = fingerprint(case.keys.log_chain_pem)
    case.keys.rotate(case.clock.now() + timedelta(days=1))
    after = verdicts(case, case.package(tmp_path / "after.zip"))
    with zipfile.ZipFile(tmp_path / "after.zip") as bag:
        names = {name.split("/", 1)[1]: name for name in bag.namelist()}
        assert fingerprint(bag.read(names["trust/log.pem"]).decode()) != old
        assert sum(name.startswith("data/custody/heads/") and name.endswith(".sig") for name in names) >= 2
    bad = {name: why for name, (verdict, why) in after.items() if not verdict.is_good}
    assert bad == {name: why for name, (verdict, why) in before.items() if not verdict.is_good}
    assert after["data/custody/log.json"][0] is SealVerdict.GENUINE
    assert after["signature.der"][0] is SealVerdict.GENUINE
    # What was made before stays as good.
    assert verdicts(case, tmp_path / "before.zip") == before


def sums(files, wanted):
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()) if wanted(name)).encode()


def forged(source, target, chain_pem, sign, *, log=False):
    """The package signed anew by another key, its lists in order: what whoever has that key would make."""
    with zipfile.ZipFile(source) as bag:
        folder = bag.namelist()[0].split("/", 1)[0]
        files = {name.split("/", 1)[1]: bag.read(name) for name in bag.namelist()}
    if log:
        files["trust/log.pem"] = chain_pem.encode()
        for name in [one for one in files if one.startswith("data/custody/heads/") and one.endswith(".sig")]:
            files[name] = sign(files[name.removesuffix(".sig") + ".json"])
    else:
        files["trust/seal.pem"] = chain_pem.encode()
    return folder, files, target


def written(folder, files, target, sign):
    """With its lists and signature made again."""
    files["manifest-sha256.txt"] = sums(files, lambda name: name.startswith("data/"))
    tags = sums(files, lambda name: not name.startswith("data/") and name not in {"tagmanifest-sha256.txt", "signature.der"})
    files["tagmanifest-sha256.txt"], files["signature.der"] = tags, sign(tags)
    with zipfile.ZipFile(target, "w") as bag:
        for name, data in files.items():
            bag.writestr(f"{folder}/{name}", data)
    return target


def test_a_desktops_key_signs_no_package(case, tmp_path):
    """A laptop's key is under the pinned root, and seals pictures; a package that it signed is not the desk's."""
    station = ec.generate_private_key(ec.SECP256R1())
    chain = case.keys.issue(make_request(station), "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a40", case.clock.now())
    assert fingerprint(chain_of(chain)[-1]) == case.keys.root_fingerprint

    def sign(data):
        return station.sign(data, ec.ECDSA(hashes.SHA256()))

    source = case.package(tmp_path / "package.zip")
    assert verdicts(case, written(*forged(source, tmp_path / "same.zip", case.keys.seal_chain_pem, case.keys.sign_seal), case.keys.sign_seal))[
        "signature.der"][0] is SealVerdict.GENUINE
    made = verdicts(case, written(*forged(source, tmp_path / "forged.zip", chain, sign), sign))
    assert made["signature.der"] == (SealVerdict.FOREIGN_SEAL, ["other_root", "rezipped"])
    assert made["data/record.json"][0] is SealVerdict.FOREIGN_SEAL


@pytest.mark.parametrize("signer", ["seal", "station"])
def test_only_the_logs_key_signs_heads(case, tmp_path, signer):
    station = ec.generate_private_key(ec.SECP256R1())
    issued = case.keys.issue(make_request(station), "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a41", case.clock.now())
    chain = case.keys.seal_chain_pem if signer == "seal" else issued
    sign = case.keys.sign_seal if signer == "seal" else lambda data: station.sign(data, ec.ECDSA(hashes.SHA256()))
    source = case.package(tmp_path / "package.zip")
    # Even a package that the desk itself signed.
    folder, files, target = forged(source, tmp_path / "forged.zip", chain, sign, log=True)
    files["package.json"] = index_of(files)
    made = verdicts(case, written(folder, files, target, case.keys.sign_seal))
    assert made["signature.der"][0] is SealVerdict.GENUINE
    assert made["data/custody/log.json"] == (SealVerdict.FOREIGN_SEAL, ["other_root"])


def index_of(files):
    """The index with the digests and sizes of what is there now."""
    index = json.loads(files["package.json"])
    for entry in index["files"]:
        data = files[entry["path"]]
        entry["sha256"], entry["size_bytes"] = hashlib.sha256(data).hexdigest(), len(data)
    return json.dumps(index).encode()
