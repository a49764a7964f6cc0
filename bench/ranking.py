"""Who is announced as a star, and how often rightly: our own scoring beside raw means, Wilson's bound and a fixed m = 50.

python -m bench.ranking [--rounds 20] [--worlds base hard ceiling] [--doctors 300]

The world is that of the project's ranking study, C.2: 20 to 2,000 ratings a month (log-uniform), five levels from a
proportional-odds model with six strata of patients, quality that drifts from month to month (three months are kept), doctors
who differ by 4.5 of 100 points (2.6 in the hard world, 1.9 near the ceiling). Cheats: 2 % of the doctors add thirty
five-star ratings to the last month, undefended. The study's figures stand beside each method's.

Spearman is printed twice: over the board that each method makes for itself, and over one and the same set for all, as the
study has it ("eligible"; its raw means with and without n >= 30 agree, which only one set for all can give): doctors with
thirty ratings and a reliability of 0.70 in the single month. Only the second can be compared between methods, and with the
study: a method that lets more doctors onto its board, those with few ratings, orders a harder set.
"""

import argparse
import math
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from feedback_app.domain import scoring
from feedback_app.domain.scoring import ScoringRules, Tally

MONTHS = 3
STRATA = {
    "young first": -0.35,
    "young again": -0.1,
    "middle first": -0.1,
    "middle again": 0.1,
    "old first": 0.15,
    "old again": 0.35,
}
STEADY = 0.97  # of the quality, from month to month
FAKES, CHEATS = 30, 0.02
TENTH = 10


@dataclass(frozen=True)
class World:
    """``cuts``: log-odds of more than 1, 2, 3, 4 stars at middling quality; ``spread``: of doctors, in points."""

    cuts: tuple[float, ...]
    spread: float


WORLDS = {
    "base": World((3.66, 3.18, 2.44, 1.325), 4.5),
    "hard": World((3.66, 3.18, 2.44, 1.325), 2.6),
    "ceiling": World((4.6, 4.18, 3.48, 2.44), 1.9),
}
# The study's table: #1 in the top tenth %, its true rank, top ten true %, Spearman (one set), places gained, cheats let in.
_NONE = math.nan
STUDY: Mapping[tuple[str, str], tuple[float, ...]] = {
    ("base", "raw mean"): (68, 31, 64.6, 0.924, 33, 0.21),
    ("base", "raw mean, n >= 30"): (76, 24, 72.5, 0.924, 25, 0.34),
    ("base", "Wilson, five stars"): (100, 4.2, 91.3, 0.899, 44, 0.14),
    ("base", "fixed m = 50"): (100, 4.8, 90.8, 0.927, 33, 0.07),
    ("base", "ours"): (98, 3.0, 96.4, 0.963, 16, 0.10),
    ("hard", "raw mean"): (_NONE, _NONE, 48.1, _NONE, _NONE, _NONE),
    ("hard", "Wilson, five stars"): (_NONE, _NONE, 82.5, _NONE, _NONE, _NONE),
    ("hard", "ours"): (_NONE, _NONE, 92.8, _NONE, _NONE, _NONE),
    ("ceiling", "raw mean"): (_NONE, _NONE, 35.1, _NONE, _NONE, _NONE),
    ("ceiling", "Wilson, five stars"): (_NONE, _NONE, 82.2, _NONE, _NONE, _NONE),
    ("ceiling", "ours"): (_NONE, _NONE, 89.4, _NONE, _NONE, _NONE),
}
Month = Mapping[str, Counter[tuple[str, int]]]  # doctor -> (stratum, stars) -> ratings
Ranked = list[str]


def points(quality: float, world: World) -> float:
    """Expected points of a doctor with the average patients."""
    each = (25 / (1 + math.exp(-(cut + quality + shift))) for shift in STRATA.values() for cut in world.cuts)
    return sum(each) / len(STRATA)


def deviation(world: World) -> float:
    """The spread of qualities that makes doctors differ by so many points."""
    normal = statistics.NormalDist()
    grid = [normal.inv_cdf((n + 0.5) / 200) for n in range(200)]
    low, high = 0.01, 3.0
    for _ in range(40):
        middle = (low + high) / 2
        found = statistics.pstdev(points(one * middle, world) for one in grid)
        low, high = (middle, high) if found < world.spread else (low, middle)
    return low


def levels(quality: float, world: World, stratum: str) -> list[float]:
    above = [1.0, *(1 / (1 + math.exp(-(cut + quality + STRATA[stratum]))) for cut in world.cuts), 0.0]
    return [upper - lower for upper, lower in zip(above, above[1:], strict=False)]


def history(world: World, doctors: int, dice: random.Random) -> tuple[dict[str, float], list[Month]]:
    """True points of the last month, and the ratings of three months, the last one first."""
    sd, names = deviation(world), [f"d{n:03}" for n in range(doctors)]
    volume = {name: round(20 * 100 ** dice.random()) for name in names}
    mix = {name: [dice.expovariate(1) for _ in STRATA] for name in names}
    quality = {name: dice.gauss(0, sd) for name in names}
    months: list[Month] = []
    for _ in range(MONTHS):
        quality = {name: STEADY * one + math.sqrt(1 - STEADY**2) * dice.gauss(0, sd) for name, one in quality.items()}
        month: dict[str, Counter[tuple[str, int]]] = {}
        for name in names:
            patients = Counter(dice.choices(list(STRATA), mix[name], k=volume[name]))
            month[name] = Counter(
                (stratum, stars)
                for stratum, count in patients.items()
                for stars in dice.choices((1, 2, 3, 4, 5), levels(quality[name], world, stratum), k=count)
            )
        months.insert(0, month)
    return {name: points(one, world) for name, one in quality.items()}, months


def ours(months: Sequence[Month]) -> Ranked:
    """The product's own scoring, with case-mix and three months; only those on the board."""
    league = {
        name: [
            Tally(back, stars, count, stratum=stratum)
            for back, month in enumerate(months)
            for (stratum, stars), count in month[name].items()
        ]
        for name in months[0]
    }
    _, scores = scoring.score_league(league, ScoringRules())
    return _best_first({name: one.value for name, one in scores.items() if one.enough})


def without_strata(months: Sequence[Month]) -> Ranked:
    """The same where nobody knows age and kind of visit, as in most hospitals."""
    blank = [{name: _plain(one) for name, one in month.items()} for month in months]
    return ours(
        [{name: Counter({("", s): n for s, n in one.items()}) for name, one in month.items()} for month in blank]
    )


def eligible(months: Sequence[Month]) -> set[str]:
    """The one set over which all methods are compared: thirty ratings and a reliability of 0.70 in the month alone."""
    return set(without_strata(months[:1]))


def raw_mean(months: Sequence[Month]) -> Ranked:
    return _best_first({name: _mean(_plain(one)) for name, one in months[0].items()})


def raw_mean_30(months: Sequence[Month]) -> Ranked:
    return _best_first({name: _mean(_plain(one)) for name, one in months[0].items() if one.total() >= 30})


def wilson(months: Sequence[Month]) -> Ranked:
    """The lower bound of the share of five stars, one month."""
    return _best_first({name: _wilson(_plain(one)) for name, one in months[0].items()})


def fixed_50(months: Sequence[Month]) -> Ranked:
    """(50 * mean of all + n * own mean) / (50 + n), one month."""
    plain = {name: _plain(one) for name, one in months[0].items()}
    everybody = statistics.fmean(_mean(one) for one in plain.values())
    return _best_first(
        {name: (50 * everybody + one.total() * _mean(one)) / (50 + one.total()) for name, one in plain.items()}
    )


METHODS: Mapping[str, Callable[[Sequence[Month]], Ranked]] = {
    "raw mean": raw_mean,
    "raw mean, n >= 30": raw_mean_30,
    "Wilson, five stars": wilson,
    "fixed m = 50": fixed_50,
    "ours, no strata": without_strata,
    "ours": ours,
}


def _plain(one: Counter[tuple[str, int]]) -> Counter[int]:
    found: Counter[int] = Counter()
    for (_, stars), count in one.items():
        found[stars] += count
    return found


def _mean(one: Counter[int]) -> float:
    return 25 * sum((stars - 1) * count for stars, count in one.items()) / one.total()


def _wilson(one: Counter[int], z: float = 1.96) -> float:
    n, share = one.total(), one[5] / one.total()
    middle = share + z * z / (2 * n)
    return (middle - z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def _best_first(scores: Mapping[str, float]) -> Ranked:
    return sorted(scores, key=lambda name: (-scores[name], name))


def spearman(ranked: Ranked, truth: Mapping[str, float]) -> float:
    true = {name: place for place, name in enumerate(sorted(ranked, key=lambda name: -truth[name]))}
    n = len(ranked)
    return 1 - 6 * sum((place - true[name]) ** 2 for place, name in enumerate(ranked)) / (n * (n * n - 1))


@dataclass(frozen=True)
class Found:
    """Means over all rounds: shares in per cent, ranks and places as they are."""

    first_true: float
    true_rank_of_first: float
    top_true: float
    spearman_same: float  # over the doctors that every method is asked about
    spearman_own: float  # over those on the method's own board
    gained: float
    cheats_in: float


def measure(world: World, doctors: int, rounds: int) -> dict[str, Found]:
    """Every method in the same months."""
    seen: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for turn in range(rounds):
        dice = random.Random(turn)
        truth, months = history(world, doctors, dice)
        true = _best_first(truth)
        tenth = set(true[: doctors // TENTH])
        cheats = dice.sample(true, max(1, round(doctors * CHEATS)))
        fakes: Counter[tuple[str, int]] = Counter({("middle again", 5): FAKES})
        forged = [{**months[0], **{name: months[0][name] + fakes for name in cheats}}, *months[1:]]
        same = eligible(months)
        for method, rank in METHODS.items():
            before, after = rank(months), rank(forged)
            gains = [before.index(name) - after.index(name) for name in cheats if name in before and name in after]
            new = sum(name in after[:TENTH] and name not in before[:TENTH] for name in cheats)
            seen[method].append(
                (
                    100.0 * (before[0] in tenth),
                    true.index(before[0]) + 1.0,
                    100.0 * len(tenth & set(before[:TENTH])) / TENTH,
                    spearman([name for name in before if name in same], truth),
                    spearman(before, truth),
                    statistics.fmean(gains) if gains else 0.0,
                    float(new),
                )
            )
    return {
        method: Found(*(statistics.fmean(column) for column in zip(*rows, strict=True)))
        for method, rows in seen.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--doctors", type=int, default=300)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    chosen = parser.parse_args()
    for name in chosen.worlds:
        world = WORLDS[name]
        print(f"{name}: {chosen.doctors} doctors, {chosen.rounds} rounds; 30 fakes for each of 2 % cheats, undefended")
        print("in brackets: the study")
        print(HEAD)
        for method, one in measure(world, chosen.doctors, chosen.rounds).items():
            print(line(method, one, STUDY.get((name, method), (_NONE,) * 6)), flush=True)
        print()


HEAD = (
    f"{'method':20}{'#1 true %':>15}{'its rank':>13}{'top ten true %':>15}{'Spearman, one set':>19}{'own board':>11}"
    f"{'gained':>13}{'cheats in':>13}"
)


def line(method: str, one: Found, study: Sequence[float]) -> str:
    """A method's figures, each with the study's in brackets where it has one."""
    first, rank, top, spear, gained, cheats = study
    return (
        f"{method:20}{beside(one.first_true, first, '.1f'):>15}{beside(one.true_rank_of_first, rank, '.1f'):>13}"
        f"{beside(one.top_true, top, '.1f'):>15}{beside(one.spearman_same, spear, '.3f'):>19}{one.spearman_own:>11.3f}"
        f"{beside(one.gained, gained, '.1f'):>13}{beside(one.cheats_in, cheats, '.2f'):>13}"
    )


def beside(found: float, study: float, form: str) -> str:
    return f"{found:{form}}" + ("" if math.isnan(study) else f" ({study:{form}})")


if __name__ == "__main__":
    main()
