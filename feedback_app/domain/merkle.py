"""An append-only Merkle tree: hashes, inclusion proofs and consistency proofs of RFC 9162, section 2.1. Pure.

The tree is kept as its complete subtrees ("nodes"): ``(level, position) -> hash``, where level 0 holds the leaves and a node
at ``(level, position)`` covers leaves ``position * 2**level`` up to before ``(position + 1) * 2**level``. Appending leaf n
writes at most log2(n) nodes and changes none, and every proof reads at most 2 * log2(n) of them.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

NodeAt = Callable[[int, int], bytes]
"""Reads a stored node: ``node(level, position)``."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def pair_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def new_nodes(index: int, leaf: bytes, node: NodeAt) -> Iterator[tuple[int, int, bytes]]:
    """The nodes that become complete when ``leaf`` (a leaf hash) is appended at ``index``, from the leaf upwards."""
    level, position, value = 0, index, leaf
    yield level, position, value
    while position % 2 == 1:
        value = pair_hash(node(level, position - 1), value)
        level, position = level + 1, position // 2
        yield level, position, value


class Edge:
    """A tree that grows leaf by leaf and remembers its right edge alone: the last whole subtree of each level."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: dict[int, bytes] = {}

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Level, place and hash of each subtree that becomes whole, as :func:`new_nodes` gives them."""
        made = list(new_nodes(self.size, leaf, lambda level, _place: self._whole[level]))
        level, _, value = made[-1]
        self._whole[level] = value
        self.size += 1
        return made

    def root(self) -> bytes:
        """As :func:`root` of so many leaves."""
        peaks = [value for level, value in sorted(self._whole.items()) if self.size >> level & 1]
        if not peaks:
            return hashlib.sha256(b"").digest()
        value = peaks[0]
        for left in peaks[1:]:
            value = pair_hash(left, value)
        return value


def root(size: int, node: NodeAt) -> bytes:
    """The root of the first ``size`` leaves; the empty tree has the hash of nothing."""
    return _subtree(0, size, node) if size else hashlib.sha256(b"").digest()


def inclusion_proof(index: int, size: int, node: NodeAt) -> list[bytes]:
    """The audit path of leaf ``index`` in the tree of ``size`` leaves. Raises ValueError for an index outside."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not among {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: NodeAt) -> list[bytes]:
    """That the tree of ``new`` leaves begins with the tree of ``old``. Raises ValueError unless 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError(f"{old} is not between 1 and {new}")
    return _consistency(old, 0, new, True, node)


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that this path leads to; None when the path has the wrong length (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last, value = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if place % 2 == 1 or place == last:
            value = pair_hash(step, value)
            while place % 2 == 0 and place != 0:
                place, last = place // 2, last // 2
        else:
            value = pair_hash(value, step)
        place, last = place // 2, last // 2
    return value if last == 0 else None


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the proof shows that nothing of the old tree was changed or removed (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place % 2 == 1:
        place, last = place // 2, last // 2
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place % 2 == 1 or place == last:
            first, second = pair_hash(step, first), pair_hash(step, second)
            while place % 2 == 0 and place != 0:
                place, last = place // 2, last // 2
        else:
            second = pair_hash(second, step)
        place, last = place // 2, last // 2
    return last == 0 and first == old_root and second == new_root


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1


def _subtree(start: int, end: int, node: NodeAt) -> bytes:
    count = end - start
    if count & (count - 1) == 0 and start % count == 0:
        level = count.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(count)
    return pair_hash(_subtree(start, middle, node), _subtree(middle, end, node))


def _consistency(old: int, start: int, end: int, whole: bool, node: NodeAt) -> list[bytes]:
    count = end - start
    if old == count:
        return [] if whole else [_subtree(start, end, node)]
    middle = _split(count)
    if old <= middle:
        return [*_consistency(old, start, start + middle, whole, node), _subtree(start + middle, end, node)]
    return [*_consistency(old - middle, start + middle, end, False, node), _subtree(start, start + middle, node)]
