"""RFC 6962 trees: the reference vectors, and proofs of every kind over trees of every size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from videodesk.evidence.merkle import EMPTY, Frontier, Tree, is_beginning, is_included, leaf_hash

# The leaves and roots of the reference implementation's own test (certificate-transparency, merkle_tree_test).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


def test_the_roots_are_the_references():
    assert Tree([]).root() == EMPTY == Frontier().root()
    grown = Frontier()
    for size, root in enumerate(ROOTS, 1):
        grown.append(HASHES[size - 1])
        assert Tree(HASHES[:size]).root().hex() == root == grown.root().hex() == Tree(HASHES).root(size).hex()


def test_the_audit_path_of_the_reference():
    path = [one.hex() for one in Tree(HASHES).path(0, 8)]
    assert path == ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]


def test_the_consistency_proof_of_the_reference():
    proof = [one.hex() for one in Tree(HASHES).consistency(6, 8)]
    assert proof == ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]


def hashes(count):
    return [leaf_hash(b"%d" % one) for one in range(count)]


@given(st.integers(1, 200), st.data())
def test_every_leaf_has_a_path_and_no_other_one_fits(size, data):
    whole = data.draw(st.integers(size, 220))
    tree, index = Tree(hashes(whole)), data.draw(st.integers(0, size - 1))
    path, root = tree.path(index, size), Tree(hashes(size)).root()
    assert is_included(hashes(whole)[index], index, size, path, root)
    other = data.draw(st.integers(0, whole))
    if other != index:
        assert not is_included(hashes(whole)[index], other, size, path, root)
        assert not is_included(leaf_hash(b"%d" % other), index, size, path, root)
    if path:
        assert not is_included(hashes(whole)[index], index, size, path[:-1], root)
        bent = [*path[:-1], bytes(32)]
        assert not is_included(hashes(whole)[index], index, size, bent, root)


@given(st.integers(1, 200), st.data())
def test_every_earlier_tree_is_a_beginning(size, data):
    early = data.draw(st.integers(1, size))
    tree = Tree(hashes(size))
    proof, early_root = tree.consistency(early), Tree(hashes(early)).root()
    assert is_beginning(early, early_root, size, tree.root(), proof)
    assert not is_beginning(early, bytes(32), size, tree.root(), proof)
    assert not is_beginning(early, early_root, size, bytes(32), proof)
    if early < size:
        changed = hashes(size)
        changed[data.draw(st.integers(0, early - 1))] = bytes(32)
        other = Tree(changed)
        assert not is_beginning(early, early_root, size, other.root(), other.consistency(early))


@given(st.integers(0, 300))
def test_a_frontier_can_be_put_down_and_taken_up(size):
    grown = Frontier()
    for one in hashes(size):
        grown = Frontier(grown.size, grown.peaks)
        grown.append(one)
    assert (grown.size, grown.root()) == (size, Tree(hashes(size)).root())
