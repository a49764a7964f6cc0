"""The score of a service point, from counts of stars: its own mean, drawn towards its league where ratings are few.

Empirical Bayes with a floor: ``S = mu + lambda * (m - mu)``, ``lambda = n / (n + k)``. ``k`` is estimated from the league
each month (Paule-Mandel) and never under 30: "everyone starts with thirty average ratings". Source: the project's ranking
study, recommended method, steps 1-9; its golden example is a test. All arithmetic runs in key order, so that the order in
which facts arrive cannot change a digit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

POINTS_A_STAR = 25
FULL = 100.0
LEAST_K = 30.0
SMALL_LEAGUE = 20  # targets; below, the spread between them cannot be estimated
SMALL_LEAGUE_K = 50.0
LARGEST_RATIO = 2000.0  # floor of the spread: sigma_b² >= sigma_w² / 2000
UNVERIFIED_WEIGHT = 0.3  # at every level alike
MOST_UNVERIFIED = 0.25  # all unverified together, as a share of the verified weight
LOW = 2  # stars
SMALLEST_STRATUM = 200  # ratings; smaller ones are merged


@dataclass(frozen=True)
class ScoringRules:
    """What a scheme may choose. ``verification``: none (all valid ratings weigh 1) | mixed | verified."""

    verification: str = "none"
    month_weights: tuple[float, ...] = (1.0, 0.5, 0.25)  # this month first
    minimum: int = 30
    reliability: float = 0.70
    least_k: float = LEAST_K
    small_league: int = SMALL_LEAGUE
    small_league_k: float = SMALL_LEAGUE_K
    hold_low_unverified: bool = False  # unverified one and two stars weigh nothing until confirmed; off unless chosen


@dataclass(frozen=True, order=True)
class Tally:
    """So many ratings of one level in one month. ``stratum`` is a case-mix group; "" where none is known."""

    months_back: int  # 0: the period itself
    score: int  # 1..5
    count: int
    verified: bool = False
    stratum: str = ""

    @property
    def lost(self) -> float:
        """Points lost, 0 (five stars) to 100 (one star)."""
        return FULL - POINTS_A_STAR * (self.score - 1)


@dataclass(frozen=True)
class Sums:
    """The weighted sums of one target. ``n`` is the effective number of ratings, (Σw)²/Σw²."""

    weight: float = 0.0
    squares: float = 0.0
    lost: float = 0.0
    lost_squares: float = 0.0
    by_stratum: Mapping[str, float] | None = None  # stratum -> Σw

    @property
    def n(self) -> float:
        return self.weight * self.weight / self.squares if self.squares else 0.0

    @property
    def mean(self) -> float:
        return FULL - self.lost / self.weight

    @property
    def deviation(self) -> float:
        """Σw(p - mean)², never below zero by rounding."""
        return max(0.0, self.lost_squares - self.lost * self.lost / self.weight) if self.weight else 0.0

    @property
    def freedom(self) -> float:
        """What the deviation is divided by; with all weights 1 it is n - 1."""
        return self.weight - self.squares / self.weight if self.weight else 0.0


@dataclass(frozen=True)
class Parameters:
    """What was estimated from the league: frozen and published with the result."""

    mu: float
    within: float  # sigma_w², of single ratings around their target
    between: float  # sigma_b², of targets around mu
    ratio: float  # within / between
    k: float
    targets: int  # with at least one rating
    month_between: float  # sigma_b² of this month alone
    steadiness: float  # phi: how much of a target's distance to mu is there again next month, 0..1


@dataclass(frozen=True)
class Score:
    """One target's outcome. ``value`` is S on 0..100; ``variance`` includes what older months may have gone stale."""

    value: float
    mean: float | None  # m; None without ratings
    n: float
    reliability: float  # lambda
    variance: float
    enough: bool
    missing: int  # about so many more ratings are needed; 0 when enough


Weights = Sequence[tuple[Tally, float]]


def weighed(tallies: Sequence[Tally], rules: ScoringRules) -> Weights:
    """Each tally with the weight of one of its ratings: verification times month."""
    plain = [(tally, _trust(tally, rules) * _month(tally, rules)) for tally in sorted(tallies)]
    if rules.verification != "mixed":
        return [(tally, weight) for tally, weight in plain if weight > 0]
    sure = math.fsum(weight * tally.count for tally, weight in plain if tally.verified)
    unsure = math.fsum(weight * tally.count for tally, weight in plain if not tally.verified)
    cut = min(1.0, MOST_UNVERIFIED * sure / unsure) if unsure else 1.0
    capped = [(tally, weight if tally.verified else weight * cut) for tally, weight in plain]
    return [(tally, weight) for tally, weight in capped if weight > 0]


def _trust(tally: Tally, rules: ScoringRules) -> float:
    if rules.verification == "none" or tally.verified:
        return 1.0
    if rules.hold_low_unverified and tally.score <= LOW:
        return 0.0
    return UNVERIFIED_WEIGHT if rules.verification == "mixed" else 0.0


def _month(tally: Tally, rules: ScoringRules) -> float:
    return rules.month_weights[tally.months_back] if tally.months_back < len(rules.month_weights) else 0.0


def add_up(weights: Weights) -> Sums:
    """The sums of one target."""
    strata: dict[str, float] = {}
    for tally, weight in weights:
        strata[tally.stratum] = strata.get(tally.stratum, 0.0) + weight * tally.count
    return Sums(
        weight=math.fsum(weight * tally.count for tally, weight in weights),
        squares=math.fsum(weight * weight * tally.count for tally, weight in weights),
        lost=math.fsum(weight * tally.count * tally.lost for tally, weight in weights),
        lost_squares=math.fsum(weight * tally.count * (tally.lost * tally.lost) for tally, weight in weights),
        by_stratum=strata,
    )


def adjusted_means(weights: Mapping[str, Weights]) -> dict[str, float]:
    """The mean points of every target with ratings; with several strata, adjusted by the ratio form of case-mix.

    ``m = 100 - L * O / E``: O what was lost, E what the league would have lost with the same patients.
    """
    sums = {key: add_up(weights[key]) for key in sorted(weights) if weights[key]}
    names = _strata(weights)
    if len(set(names.values())) <= 1:
        return {key: one.mean for key, one in sums.items()}
    lost, weight = _league_losses(weights, names)
    rate = {name: lost[name] / weight[name] for name in weight}
    overall = math.fsum(lost.values()) / math.fsum(weight.values())
    means = {}
    for key, one in sums.items():
        expected = math.fsum(part * rate[names[name]] for name, part in (one.by_stratum or {}).items())
        means[key] = max(0.0, FULL - overall * one.lost / expected) if expected else one.mean
    return means


def _strata(weights: Mapping[str, Weights]) -> dict[str, str]:
    """Every stratum under the name it is judged by: those with fewer than 200 ratings are merged."""
    counts: dict[str, int] = {}
    for one in weights.values():
        for tally, _ in one:
            counts[tally.stratum] = counts.get(tally.stratum, 0) + tally.count
    return {name: name if count >= SMALLEST_STRATUM else "" for name, count in counts.items()}


def _league_losses(
    weights: Mapping[str, Weights], names: Mapping[str, str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Points lost and weight of each stratum, summed exactly, so that no name decides a digit."""
    lost: dict[str, list[float]] = {}
    weight: dict[str, list[float]] = {}
    for one in weights.values():
        for tally, each in one:
            name = names[tally.stratum]
            lost.setdefault(name, []).append(each * tally.count * tally.lost)
            weight.setdefault(name, []).append(each * tally.count)
    return {name: math.fsum(one) for name, one in lost.items()}, {name: math.fsum(one) for name, one in weight.items()}


def within_variance(sums: Sequence[Sums]) -> float:
    """The pooled variance of single ratings around the mean of their target; 0 where no target has two."""
    freedom = math.fsum(one.freedom for one in sums)
    return math.fsum(one.deviation for one in sums) / freedom if freedom > 0 else 0.0


def paule_mandel(means: Sequence[float], counts: Sequence[float], within: float) -> tuple[float, float]:
    """``(mu, between)``: the spread that makes Σv(m - mu)² = I - 1, v = 1/(between + within/n), floored at within/2000."""
    between = max(_solve_between(means, counts, within), within / LARGEST_RATIO)
    return _centre(means, _precisions(counts, within, between)), between


def _precisions(counts: Sequence[float], within: float, between: float) -> list[float]:
    # Without any variance at all every target tells equally much.
    return [1.0 / (between + within / n) if between + within / n > 0 else 1.0 for n in counts]


def _centre(means: Sequence[float], precisions: Sequence[float]) -> float:
    total = math.fsum(precisions)
    return math.fsum(v * m for v, m in zip(precisions, means, strict=True)) / total


def _excess(means: Sequence[float], counts: Sequence[float], within: float, between: float) -> float:
    precisions = _precisions(counts, within, between)
    mu = _centre(means, precisions)
    return math.fsum(v * (m - mu) * (m - mu) for v, m in zip(precisions, means, strict=True)) - (len(means) - 1)


def _solve_between(means: Sequence[float], counts: Sequence[float], within: float) -> float:
    targets = len(means)
    if targets < 2:
        return 0.0
    if within <= 0:
        mu = math.fsum(means) / targets
        return math.fsum((m - mu) * (m - mu) for m in means) / (targets - 1)
    if _excess(means, counts, within, 0.0) <= 0:
        return 0.0
    low, high = 0.0, within
    while _excess(means, counts, within, high) > 0:
        low, high = high, high * 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _excess(means, counts, within, middle) > 0 else (low, middle)
    return (low + high) / 2


def estimate(weights: Mapping[str, Weights], rules: ScoringRules) -> Parameters:
    """The league's parameters. A league without any rating has the middle of the scale and the floor of ``k``."""
    keys = sorted(key for key in weights if weights[key])
    if not keys:
        return Parameters(50.0, 0.0, 0.0, 0.0, rules.small_league_k, 0, 0.0, 0.0)
    sums = {key: add_up(weights[key]) for key in keys}
    means = adjusted_means(weights)
    within = within_variance([sums[key] for key in keys])
    mu, between = paule_mandel([means[key] for key in keys], [sums[key].n for key in keys], within)
    ratio = within / between if between > 0 else 0.0
    small = len(keys) < rules.small_league
    month_between, steadiness = _between_months(weights, within)
    return Parameters(
        mu=mu,
        within=within,
        # A handful of targets says little about their spread: then it is the one that k stands for, or more.
        between=max(between, within / rules.small_league_k) if small else between,
        ratio=ratio,
        k=rules.small_league_k if small else max(rules.least_k, ratio),
        targets=len(keys),
        month_between=month_between,
        steadiness=steadiness,
    )


def _between_months(weights: Mapping[str, Weights], within: float) -> tuple[float, float]:
    """``(sigma_b² of this month, phi)``: phi 0, the most cautious, where fewer than three targets have both months."""
    months = [_of_month(weights, back) for back in (0, 1)]
    means = [adjusted_means(month) for month in months]
    counts = [{key: add_up(month[key]).n for key in month} for month in months]
    now = sorted(means[0])
    if not now:
        return 0.0, 0.0
    _, between = paule_mandel([means[0][key] for key in now], [counts[0][key] for key in now], within)
    both = sorted(set(means[0]) & set(means[1]))
    if len(both) < 3 or between <= 0:
        return between, 0.0
    # The noise of the two months is independent, so it cancels in the covariance; many ratings speak louder.
    loud = [counts[0][key] * counts[1][key] / (counts[0][key] + counts[1][key]) for key in both]
    centres = [_centre([month[key] for key in both], loud) for month in means]
    shared = math.fsum(
        w * (means[0][key] - centres[0]) * (means[1][key] - centres[1]) for w, key in zip(loud, both, strict=True)
    )
    return between, min(1.0, max(0.0, shared / math.fsum(loud) / between))


def _of_month(weights: Mapping[str, Weights], back: int) -> dict[str, Weights]:
    picked = {key: [(tally, 1.0) for tally, _ in one if tally.months_back == back] for key, one in weights.items()}
    return {key: one for key, one in picked.items() if one}


def shrunk(mean: float, n: float, mu: float, k: float) -> float:
    """S: the own mean counts n ratings, the league's mean counts k."""
    return mu + n / (n + k) * (mean - mu)


def score(weights: Weights, mean: float | None, parameters: Parameters, rules: ScoringRules) -> Score:
    """One target's score under the league's parameters. Without ratings it is the league's mean, and not enough."""
    sums = add_up(weights)
    n = sums.n if mean is not None else 0.0
    reliability = n / (n + parameters.k)
    value = shrunk(mean, n, parameters.mu, parameters.k) if mean is not None else parameters.mu
    valid = _counting_towards_minimum(weights, rules)
    enough = valid >= rules.minimum and reliability >= rules.reliability
    return Score(
        value=value,
        mean=mean,
        n=n,
        reliability=reliability,
        variance=_variance(weights, sums, reliability, parameters),
        enough=enough,
        missing=0 if enough else _missing(n, valid, parameters.k, rules),
    )


def _counting_towards_minimum(weights: Weights, rules: ScoringRules) -> int:
    anyone = rules.verification == "none"
    return sum(tally.count for tally, _ in weights if tally.months_back == 0 and (anyone or tally.verified))


def _missing(n: float, valid: int, k: float, rules: ScoringRules) -> int:
    wanted = k * rules.reliability / (1 - rules.reliability)  # the n at which lambda reaches the threshold
    return max(1, math.ceil(wanted - n - 1e-9), rules.minimum - valid)


def _variance(weights: Weights, sums: Sums, reliability: float, parameters: Parameters) -> float:
    """Step 9: what is left of the spread, plus the drift since the older months."""
    left = parameters.between * (1 - reliability)
    if not sums.weight:
        return left
    shares = [
        math.fsum(w * tally.count for tally, w in weights if tally.months_back == back) / sums.weight for back in (1, 2)
    ]
    phi = parameters.steadiness
    one, two = shares
    drift = 2 * one * one * (1 - phi) + 2 * two * two * (1 - phi * phi) + 2 * one * two * (1 - phi * phi)
    return left + reliability * reliability * parameters.month_between * drift


def score_league(league: Mapping[str, Sequence[Tally]], rules: ScoringRules) -> tuple[Parameters, dict[str, Score]]:
    """Parameters and scores of a whole league; ``league`` maps a unique key to that target's tallies."""
    weights = {key: weighed(league[key], rules) for key in sorted(league)}
    parameters = estimate(weights, rules)
    means = adjusted_means(weights)
    return parameters, {key: score(weights[key], means.get(key), parameters, rules) for key in weights}
