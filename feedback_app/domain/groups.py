"""Group of five: no figure of fewer than five people, and none that two figures together give away. Pure.

Whoever is rated, and the heads above them, see whole months alone, frozen when they are released. What is smaller waits and is
released together with what follows (:func:`blocks`). In a table whose sum is known, cells that are too small are told as one
rest, and the smallest of the others goes with them while the rest itself is too small (:func:`told`; complementary
suppression, Willenborg & de Waal 2001). A department is released only when at least five ratings are left without any one of
those it consists of, so that nobody of them can subtract their own (:func:`is_safe`).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

LEAST = 5
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Table(Generic[Key]):
    """``shown``: the cells that may be told. ``rest``: those that may only be told together, () when there are none."""

    shown: Mapping[Key, int]
    rest: tuple[Key, ...]
    rest_n: int

    @property
    def rest_is_told(self) -> bool:
        """Whether the rest is enough people for a figure of its own."""
        return self.rest_n >= LEAST


def is_enough(n: int) -> bool:
    return n >= LEAST


def told(cells: Mapping[Key, int]) -> Table[Key]:
    """Which cells of a table with a known sum may be told. Cells of nobody hide nothing and are left out."""
    filled = {key: n for key, n in cells.items() if n > 0}
    shown = {key: n for key, n in filled.items() if n >= LEAST}
    rest = [key for key in filled if key not in shown]
    smallest_first = sorted(shown, key=lambda key: (shown[key], str(key)))  # the same whatever the order
    while rest and sum(filled[key] for key in rest) < LEAST and smallest_first:
        rest.append(smallest_first.pop(0))
        del shown[rest[-1]]
    return Table(shown, tuple(rest), sum(filled[key] for key in rest))


def is_safe(parts: Sequence[int]) -> bool:
    """Whether the sum of these parts may be told to somebody who knows one of them."""
    total = sum(parts)
    return total >= LEAST and all(total - part >= LEAST for part in parts)


@dataclass(frozen=True)
class Block:
    """Places ``first`` to ``last`` of the row, told together."""

    first: int
    last: int


def blocks(enough: Sequence[Sequence[int]], *, alone: bool = True) -> list[Block]:
    """Divide a row of months into pieces that may be told, each as short as can be; what is left at the end waits.

    ``enough[i]`` are the parts month ``i`` consists of, the same part at the same place (one part: one person). ``alone``
    False: by :func:`is_safe`.
    """
    made: list[Block] = []
    first = 0
    sums: list[int] = []
    for place, parts in enumerate(enough):
        sums += [0] * (len(parts) - len(sums))
        sums = [known + more for known, more in zip(sums, [*parts, *[0] * (len(sums) - len(parts))], strict=True)]
        if not any(sums):
            first = place + 1  # an empty month is told by itself: there is nobody in it
        elif is_enough(sum(sums)) if alone else is_safe(sums):
            made.append(Block(first, place))
            first, sums = place + 1, []
    return made
