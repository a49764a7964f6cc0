"""Places, told with their uncertainty: a rank interval and a band instead of a bare number.

Source: ranking study, step 9. The draws come from a generator seeded with the cycle, so that a recount gives the same, also
one in another language: nothing here but sums, products, square roots and a table of six digits.
"""

import hashlib
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

DRAWS = 1000
OUTSIDE = 0.05  # on each side: a 90 % interval
SAME_BAND = 0.2533471031357997  # standard deviations: P(truly better) = 0.6
_QUANTILES = 4096
_DIGITS = 6  # differences beyond are rounding, never a tie-break


@dataclass(frozen=True)
class Estimate:
    """A score and its variance."""

    value: float
    variance: float


@dataclass(frozen=True)
class Standing:
    rank: int  # 1 + number of those with a higher score
    low: int  # 90 % interval of the rank
    high: int
    band_first: int  # places of those who cannot be told apart (并列)
    band_last: int
    top_decile: float  # probability of truly being in the best tenth


def standings(estimates: Mapping[str, Estimate], seed: str, draws: int = DRAWS) -> dict[str, Standing]:
    """The standing of everyone on a board, best first; ``estimates`` maps a unique key to score and variance."""
    order = sorted(estimates, key=lambda key: (*_in_order(estimates[key]), key))
    drawn = _drawn_ranks(estimates, seed, draws)
    bands = _bands([estimates[key] for key in order])
    best = math.ceil(len(order) / 10)
    found: dict[str, Standing] = {}
    rank = 0
    for place, key in enumerate(order, start=1):
        if place == 1 or _told(estimates[key]) != _told(estimates[order[place - 2]]):
            rank = place
        ranks = drawn[key]
        edge = int(len(ranks) * OUTSIDE)
        first, last = bands[place - 1]
        found[key] = Standing(
            rank=rank,
            low=min(rank, ranks[edge]),
            high=max(rank, ranks[-1 - edge]),
            band_first=first,
            band_last=last,
            top_decile=round(sum(one <= best for one in ranks) / len(ranks), _DIGITS),
        )
    return found


def _in_order(one: Estimate) -> tuple[float, float, float]:
    """Best first. Who is alike in all of this is exchangeable: the key only makes the order repeatable."""
    return -_told(one), one.variance, -one.value


def _told(estimate: Estimate) -> float:
    return round(estimate.value, _DIGITS)


@cache
def quantiles() -> tuple[float, ...]:
    """Evenly spread points of the normal distribution, to six digits, so that every machine has the same."""
    normal = NormalDist()
    return tuple(round(normal.inv_cdf((place + 0.5) / _QUANTILES), _DIGITS) for place in range(_QUANTILES))


def _drawn_ranks(estimates: Mapping[str, Estimate], seed: str, draws: int) -> dict[str, list[int]]:
    """So many ranks of everyone, sorted. Who has the same score and variance shares all their draws: names decide nothing."""
    groups: dict[Estimate, list[str]] = {}
    for key in sorted(estimates):
        groups.setdefault(estimates[key], []).append(key)
    alike = sorted(groups, key=lambda one: (one.value, one.variance))
    spread = [(one.value, math.sqrt(one.variance)) for one in alike for _ in groups[one]]
    ranks: list[list[int]] = [[] for _ in spread]
    points, chance = quantiles(), random.Random(seed_number(seed)).random  # noqa: S311 - repeatable, no secret
    everyone = range(len(spread))
    for _ in range(draws):
        values = [-value - deviation * points[int(chance() * _QUANTILES)] for value, deviation in spread]
        for rank, who in enumerate(sorted(everyone, key=values.__getitem__), start=1):
            ranks[who].append(rank)
    found: dict[str, list[int]] = {}
    place = 0
    for one in alike:
        count = len(groups[one])
        shared = sorted(rank for own in ranks[place : place + count] for rank in own)
        found.update(dict.fromkeys(groups[one], shared))
        place += count
    return found


def seed_number(seed: str) -> int:
    """The generator (MT19937) begins with the first 16 bytes of the text's SHA-256."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big")


def ahead(one: Estimate, other: Estimate) -> float:
    """How surely one is truly better than the other, in standard deviations of their difference."""
    spread = math.sqrt(one.variance + other.variance)
    difference = one.value - other.value
    if spread == 0:
        return 0.0 if difference == 0 else math.copysign(math.inf, difference)
    return difference / spread


def _bands(ordered: Sequence[Estimate]) -> list[tuple[int, int]]:
    """First and last place of everyone's band.

    A band goes on while its *first* member is ahead with less than 0.6: compared from neighbour to neighbour, a long
    board would be one single band. Equal scores always stay together.
    """
    starts = [0]
    for place in range(1, len(ordered)):
        told_apart = ahead(ordered[starts[-1]], ordered[place]) >= SAME_BAND
        if told_apart and _told(ordered[place]) != _told(ordered[place - 1]):
            starts.append(place)
    ends = [*starts[1:], len(ordered)]
    return (
        [(start + 1, end) for start, end in zip(starts, ends, strict=True) for _ in range(start, end)]
        if ordered
        else []
    )
