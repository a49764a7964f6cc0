"""Counting votes, drawing a jury, and how far reviewers agree. Pure."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedback_app.errors import Refused

WIDTH = 120
"""Characters of a ballot before it is sealed: all the same, so that its length tells nothing."""


def written(choice: Sequence[int], known: Iterable[int], most: int) -> str:
    """A ballot as it is sealed: the candidates' numbers, always the same length.

    Raises Refused ``rounds.no_choice``, ``rounds.too_many_choices`` (``most``), ``rounds.no_candidate``.
    """
    chosen = sorted(set(choice))
    if not chosen:
        raise Refused("rounds.no_choice")
    if len(chosen) > most:
        raise Refused("rounds.too_many_choices", most=most)
    if not set(chosen) <= set(known):
        raise Refused("rounds.no_candidate")
    return " ".join(map(str, chosen)).ljust(WIDTH)


def read(ballot: str) -> tuple[int, ...]:
    return tuple(int(part) for part in ballot.split())


def tally(ballots: Iterable[Sequence[int]], candidates: Iterable[int]) -> dict[int, int]:
    """Votes by candidate; the order of the ballots does not matter. Candidates without a vote have 0."""
    counted = Counter(number for one in ballots for number in one)
    return {number: counted[number] for number in sorted(candidates)}


def drawn(pool: Iterable[str], places: int, seed: str) -> tuple[str, ...]:
    """``places`` of the pool by lot: those whose SHA-256 of seed and name come first.

    Whoever knows the published seed and the pool gets the same; whoever does not know the seed cannot aim at a place.
    """
    ranked = sorted(set(pool), key=lambda name: (hashlib.sha256(f"{seed}:{name}".encode()).hexdigest(), name))
    return tuple(ranked[:places])


@dataclass(frozen=True)
class Agreement:
    """Kendall's W over the candidates that every reviewer judged; ``words`` is a key under ``rounds.agreement``."""

    w: float | None
    reviewers: int
    candidates: int
    words: str


def agreement(sheets: Mapping[str, Mapping[int, float]]) -> Agreement:
    """How far reviewers put candidates into the same order, ties corrected: 1 all the same, 0 none.

    Kendall and Babington Smith 1939; W = 12 S / (m²(n³−n) − m ΣT). Only candidates that all reviewers judged are compared:
    a recusal must not look like a low place. ``w`` is None with fewer than two reviewers or candidates, or without any
    difference at all.
    """
    common = set.intersection(*(set(one) for one in sheets.values())) if sheets else set()
    m, n = len(sheets), len(common)
    if m < 2 or n < 2:
        return Agreement(None, m, n, "too_few")
    order = sorted(common)
    ranks = [_ranks([sheet[number] for number in order]) for sheet in sheets.values()]
    sums = [math.fsum(column) for column in zip(*ranks, strict=True)]
    mean = math.fsum(sums) / n
    spread = math.fsum((one - mean) ** 2 for one in sums)
    ties = math.fsum(count**3 - count for row in ranks for count in Counter(row).values())
    whole = m**2 * (n**3 - n) - m * ties
    if whole <= 0:
        return Agreement(None, m, n, "no_difference")
    w = min(1.0, 12 * spread / whole)
    return Agreement(w, m, n, "strong" if w >= 0.7 else "fair" if w >= 0.4 else "weak")


def _ranks(values: Sequence[float]) -> list[float]:
    """Middle ranks: equal values share the mean of their places."""
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values), 1):
        places.setdefault(value, []).append(place)
    return [math.fsum(places[value]) / len(places[value]) for value in values]


def chosen(ranked: Sequence[tuple[int, str, float]], winners: int, per_department: int = 0) -> tuple[int, ...]:
    """The winners among (number, department, points), best first, no more than ``per_department`` of one department.

    Equal points at the last place are all in: nobody is left out by an order that says nothing. Where that would break a
    department's limit, the limit stands and the equal ones of that department are left out together.
    """
    taken: list[int] = []
    used: Counter[str] = Counter()
    for points in sorted({one[2] for one in ranked}, reverse=True):
        if len(taken) >= winners:
            break
        level = [one for one in ranked if one[2] == points]
        wanted = Counter(department for _, department, _ in level)
        for number, department, _ in sorted(level):
            if not per_department or used[department] + wanted[department] <= per_department:
                taken.append(number)
        for department in wanted:
            used[department] += wanted[department]
    return tuple(taken)
