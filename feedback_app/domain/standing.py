"""Places, told with their uncertainty: a rank interval and a band instead of a bare number.

Source: ranking study, step 9. The draws come from a generator seeded with the cycle, so that a recount gives the same.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DRAWS = 1000
OUTSIDE = 0.05  # on each side: a 90 % interval
SAME_BAND = 0.6
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
    order = sorted(estimates, key=lambda key: (-_told(estimates[key]), round(estimates[key].variance, _DIGITS), key))
    drawn = _drawn_ranks(estimates, seed, draws)
    bands = _bands([estimates[key] for key in order])
    best = math.ceil(len(order) / 10)
    edge = int(draws * OUTSIDE)
    found: dict[str, Standing] = {}
    rank = 0
    for place, key in enumerate(order, start=1):
        if place == 1 or _told(estimates[key]) != _told(estimates[order[place - 2]]):
            rank = place
        ranks = sorted(drawn[key])
        first, last = bands[place - 1]
        found[key] = Standing(
            rank=rank,
            low=min(rank, ranks[edge]),
            high=max(rank, ranks[-1 - edge]),
            band_first=first,
            band_last=last,
            top_decile=sum(one <= best for one in ranks) / draws,
        )
    return found


def _told(estimate: Estimate) -> float:
    return round(estimate.value, _DIGITS)


def _drawn_ranks(estimates: Mapping[str, Estimate], seed: str, draws: int) -> dict[str, list[int]]:
    keys = sorted(estimates)
    chance = random.Random(seed)  # noqa: S311 - must be repeatable, is no secret
    spread = [(estimates[key].value, math.sqrt(estimates[key].variance)) for key in keys]
    ranks: list[list[int]] = [[] for _ in keys]
    everyone = range(len(keys))
    for _ in range(draws):
        values = [-chance.gauss(value, deviation) for value, deviation in spread]
        for rank, who in enumerate(sorted(everyone, key=values.__getitem__), start=1):
            ranks[who].append(rank)
    return dict(zip(keys, ranks, strict=True))


def ahead(one: Estimate, other: Estimate) -> float:
    """P(one is truly better than the other), for normal estimates."""
    spread = math.sqrt(one.variance + other.variance)
    difference = one.value - other.value
    if spread == 0:
        return 0.5 if difference == 0 else float(difference > 0)
    return 0.5 * (1 + math.erf(difference / spread / math.sqrt(2)))


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
