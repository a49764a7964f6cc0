"""Who gets far more than others of what is usually a share: ratings per visit, or ratings without proof of a visit. Pure.

Coached patients are real patients: nothing about one of their ratings is odd, and no rule may touch it. What shows is that so
many of one doctor's visitors rate. So this only points at somebody to talk to; it changes no score.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

ALARM = 3.5  # standard deviations; the ranking study: 0.08 % false
LEAST = 20  # in a smaller base a share says nothing
FEW = 5
_MEDIAN_OF_CHI_SQUARE = 0.455


@dataclass(frozen=True)
class Share:
    """So many of so many: ratings of visits, or unverified of all ratings."""

    hits: int
    of: int


def excess(shares: Mapping[str, Share]) -> Mapping[str, float]:
    """By how many standard deviations each share is above that of the usual ones together; only those with a base of LEAST.

    People differ anyway: the spread is widened until the middle half of them is usual.
    """
    known = {key: one for key, one in shares.items() if one.of >= LEAST}
    rate = _usual(list(known.values()))
    if not 0 < rate < 1:
        return {}
    plain = {key: (one.hits - one.of * rate) / math.sqrt(one.of * rate * (1 - rate)) for key, one in known.items()}
    wider = math.sqrt(max(1.0, median(z * z for z in plain.values()) / _MEDIAN_OF_CHI_SQUARE))
    return {key: z / wider for key, z in plain.items()}


def _usual(shares: list[Share]) -> float:
    """The share of all together but for the highest and lowest tenth: where few are compared, one who is coached must not
    become the measure."""
    ranked = sorted(shares, key=lambda one: min(one.hits, one.of) / one.of)
    cut = max(1, len(ranked) // 10) if len(ranked) >= FEW else 0
    kept = ranked[cut : len(ranked) - cut]
    total = sum(one.of for one in kept)
    return sum(min(one.hits, one.of) for one in kept) / total if total else 0.0


def alarms(shares: Mapping[str, Share]) -> list[str]:
    """Keys of those far above the others, the farthest first."""
    found = excess(shares)
    return sorted((key for key, z in found.items() if z >= ALARM), key=lambda key: -found[key])
