"""The evidence tree against the definition in RFC 9162 written out naively, and against every small forgery."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import merkle


class Tree:
    """The stored nodes, as a dictionary."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        for index, data in enumerate(leaves):
            for level, position, value in merkle.new_nodes(index, merkle.leaf_hash(data), self.node):
                assert (level, position) not in self.nodes
                self.nodes[level, position] = value

    def node(self, level: int, position: int) -> bytes:
        return self.nodes[level, position]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, to the letter."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


LEAVES = st.lists(st.binary(max_size=4), min_size=1, max_size=70)


@given(LEAVES, st.data())
def test_roots_and_proofs_hold_at_every_size(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Tree(leaves)
    new = data.draw(st.integers(1, len(leaves)))
    old = data.draw(st.integers(1, new))
    index = data.draw(st.integers(0, new - 1))
    new_root, old_root = merkle.root(new, tree.node), merkle.root(old, tree.node)
    assert new_root == naive_root(leaves[:new])
    path = merkle.inclusion_proof(index, new, tree.node)
    assert merkle.root_from_inclusion(merkle.leaf_hash(leaves[index]), index, new, path) == new_root
    proof = merkle.consistency_proof(old, new, tree.node)
    assert merkle.is_consistent(old, old_root, new, new_root, proof)


@given(LEAVES, st.data())
def test_a_changed_leaf_or_proof_is_not_accepted(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Tree(leaves)
    size = len(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_proof(index, size, tree.node)
    whole = merkle.root(size, tree.node)
    assert merkle.root_from_inclusion(merkle.leaf_hash(leaves[index] + b"!"), index, size, path) != whole
    longer = [*path, bytes(32)]
    assert merkle.root_from_inclusion(merkle.leaf_hash(leaves[index]), index, size, longer) is None
    old = data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(old, size, tree.node)
    forged = naive_root([*leaves[: old - 1], leaves[old - 1] + b"!"])
    assert not merkle.is_consistent(old, forged, size, whole, proof)
    assert not merkle.is_consistent(old, merkle.root(old, tree.node), size, whole, [*proof, bytes(32)])


def test_the_proof_of_a_million_entries_is_short() -> None:
    asked: set[tuple[int, int]] = set()

    def node(level: int, position: int) -> bytes:
        asked.add((level, position))
        return bytes(32)

    assert len(merkle.inclusion_proof(123_456, 1_000_000, node)) <= 20
    assert len(asked) <= 40


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_what_is_not_in_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not among"):
        merkle.inclusion_proof(index, size, lambda *_: b"")
    assert merkle.root_from_inclusion(b"", index, size, []) is None


@given(LEAVES)
def test_the_edge_alone_knows_every_node_and_root(leaves: list[bytes]) -> None:
    edge, made = merkle.Edge(), {}
    assert edge.root() == naive_root([])
    for index, data in enumerate(leaves):
        made.update({(level, place): value for level, place, value in edge.append(merkle.leaf_hash(data))})
        assert edge.root() == naive_root(leaves[: index + 1])
    assert made == Tree(leaves).nodes
