"""Is it more than last month, or only chance? Two figures are compared by an exact test; "unclear" is an answer. Pure."""

import math

MORE, FEWER, SAME, TOO_FEW = "more", "fewer", "same", "too_few"
LEVEL = 0.01
"""How rarely chance alone may be called a change. With some forty figures on a page one in twenty would mislead twice."""
FEWEST = 10


def counts(now: int, of_now: int, before: int, of_before: int) -> str:
    """Whether ``now`` of ``of_now`` is another share than ``before`` of ``of_before``: more | fewer | same | too_few.

    Exact and conditional: were nothing changed, each of the hits would fall into this month with the probability of
    this month's share of all (binomial, two-sided).
    """
    hits, trials = now + before, of_now + of_before
    if of_now < FEWEST or of_before < FEWEST or hits > trials:
        return TOO_FEW
    if not hits:
        return SAME
    share = of_now / trials
    if _two_sided(now, hits, share) >= LEVEL:
        return SAME
    return MORE if now > hits * share else FEWER


def means(now: float, spread_now: float, n_now: int, before: float, spread_before: float, n_before: int) -> str:
    """The same for two means with their standard deviations (Welch, normal approximation from FEWEST each on)."""
    if n_now < FEWEST or n_before < FEWEST:
        return TOO_FEW
    error = math.sqrt(spread_now**2 / n_now + spread_before**2 / n_before)
    difference = now - before
    if not error:
        return SAME if not difference else MORE if difference > 0 else FEWER
    return SAME if abs(difference) / error < _Z else MORE if difference > 0 else FEWER


_Z = 2.5758293035489004  # of LEVEL, two-sided


def _two_sided(hits: int, trials: int, share: float) -> float:
    """Sum of all outcomes at most as likely as this one; by the normal approximation where there are many."""
    if trials > 2000:
        spread = math.sqrt(trials * share * (1 - share))
        return math.erfc(abs(hits - trials * share) / (spread * math.sqrt(2))) if spread else 1.0
    logs = [_log_likelihood(one, trials, share) for one in range(trials + 1)]
    limit = logs[hits] + 1e-9
    return min(1.0, sum(math.exp(one) for one in logs if one <= limit))


def _log_likelihood(hits: int, trials: int, share: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
    return ways + hits * math.log(share) + (trials - hits) * math.log1p(-share)
