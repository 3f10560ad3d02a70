"""The Merkle tree of RFC 6962: against the vectors that everyone uses, and against its definitions."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evidence import merkle, tiles, verify_bundle
from services.evidence.merkle import EMPTY, Growing
from tests.services.evidence import naive

RECORDS = [bytes.fromhex(each) for each in "|00|10|2021|3031|40414243|5051525354555657".split("|")]
RECORDS.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = """
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()
"""The roots over the first 1 to 8 records, as Certificate Transparency's reference implementation has them."""

SIX_IN_EIGHT = """
0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a
ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
""".split()

THE_SIXTH_OF_EIGHT = """
bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b
ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
""".split()

SOME_RECORDS = st.lists(st.binary(max_size=4), min_size=1, max_size=40)


def tree(records: list[bytes]) -> merkle.Subtree:
    found = naive.subtrees(records)
    return lambda level, n: found[level, n]


def test_the_reference_vectors_come_out() -> None:
    subtree = tree(RECORDS)

    assert [merkle.root(subtree, size).hex() for size in range(1, 9)] == ROOTS
    assert merkle.root(subtree, 0) == EMPTY == naive.head([])
    assert [each.hex() for each in merkle.consistency(subtree, 6, 8)] == SIX_IN_EIGHT
    assert [each.hex() for each in merkle.inclusion(subtree, 5, 8)] == THE_SIXTH_OF_EIGHT


@given(SOME_RECORDS, st.data())
def test_every_proof_is_the_one_that_the_definition_gives(records: list[bytes], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(records)))
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    subtree = tree(records)

    assert merkle.root(subtree, size) == naive.head(records[:size])
    assert merkle.inclusion(subtree, index, size) == naive.path(index, records[:size])
    assert merkle.consistency(subtree, first, size) == naive.proof(first, records[:size])


@given(SOME_RECORDS, st.data())
def test_the_verifier_takes_every_proof_and_only_for_its_place(records: list[bytes], data: st.DataObject) -> None:
    size = len(records)
    index, first, other = (data.draw(st.integers(low, high)) for low, high in ((0, size - 1), (1, size), (0, size)))
    path, proof, root = naive.path(index, records), naive.proof(first, records), naive.head(records)
    leaf, before = naive.leaf(records[index]), naive.head(records[:first])

    assert verify_bundle.root_from_path(leaf, index, size, path) == root
    assert verify_bundle.continues(first, before, size, root, proof)
    if other < size and records[other] != records[index]:
        assert verify_bundle.root_from_path(naive.leaf(records[other]), index, size, path) != root
    if first < size:
        assert not verify_bundle.continues(first, naive.leaf(b"another"), size, root, proof)
        assert not verify_bundle.continues(first, before, size, before, proof)
    assert verify_bundle.root_from_path(leaf, index, size, [*path, root]) != root
    assert not verify_bundle.continues(first, before, size, root, [*proof, root])


@given(SOME_RECORDS)
def test_a_tree_that_grows_leaf_by_leaf_has_the_same_roots(records: list[bytes]) -> None:
    grown = Growing()

    for size, record in enumerate(records, 1):
        grown.add(naive.leaf(record))
        assert (grown.size, grown.root()) == (size, naive.head(records[:size]))


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    subtree = tree(RECORDS)

    with pytest.raises(ValueError, match="no leaf 8"):
        merkle.inclusion(subtree, 8, 8)
    for first, second in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="does not continue"):
            merkle.consistency(subtree, first, second)


@given(st.lists(st.integers(0, 700), max_size=4))
def test_tiles_are_the_same_however_the_log_grew(steps: list[int]) -> None:
    cuts = sorted({0, *steps, 700})
    leaves = [naive.leaf(str(n).encode()) for n in range(700)]
    kept: dict[tuple[int, int], bytes] = {}
    for size, until in pairwise(cuts):
        for level, n, hashes in tiles.tiles_after(lambda level, n: kept[level, n], size, leaves[size:until]):
            kept[level, n] = hashes

    assert b"".join(kept[0, n] for n in range(22)) == b"".join(leaves)
    assert kept[1, 0] == b"".join(naive.head([str(n).encode() for n in range(i, i + 32)]) for i in range(0, 672, 32))
    assert set(kept) == {*((0, n) for n in range(22)), (1, 0)}
