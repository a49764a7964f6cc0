"""Roots and proofs of somebody else's Merkle tree (pymerkle, for tests only) are the same as ours."""

import pymerkle
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from feedback_app.domain import merkle
from tests.domain.test_merkle import LEAVES, Tree


def theirs(leaves: list[bytes]) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree


@settings(deadline=None)
@given(LEAVES, st.data())
def test_both_agree(leaves: list[bytes], data: st.DataObject) -> None:
    ours, other = Tree(leaves), theirs(leaves)
    new = data.draw(st.integers(1, len(leaves)))
    old = data.draw(st.integers(1, new))
    index = data.draw(st.integers(0, new - 1))
    root, old_root = merkle.root(new, ours.node), merkle.root(old, ours.node)
    assert (root, old_root) == (other.get_root(new), other.get_root(old))
    inclusion = other.prove_inclusion(index + 1, new)  # they count from one
    pymerkle.verify_inclusion(merkle.leaf_hash(leaves[index]), root, inclusion)
    assert merkle.inclusion_proof(index, new, ours.node) == inclusion.path[1:]  # they begin with the leaf itself
    pymerkle.verify_consistency(old_root, root, other.prove_consistency(old, new))  # cut otherwise than RFC 9162 does
    assert merkle.is_consistent(old, old_root, new, root, merkle.consistency_proof(old, new, ours.node))
