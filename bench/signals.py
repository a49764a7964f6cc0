"""Control charts on a simulated year with planted changes: false alarms, and how soon a change is noticed.

A unit's share of four and five stars starts at 93 %, wanders a little from week to week (unrest), and in the second half of the
judged year drops or rises for good, or for one week. 26 weeks are learnt from before the year begins. The same years are judged
by a plain p chart with the same two rules, and by an XmR chart of the shares (individuals and moving range, 3 sigma).

    python -m bench.signals [--units 400] [--seed 1]
"""

import argparse
import random
from collections.abc import Callable, Sequence

from feedback_app.domain import signals
from feedback_app.domain.groups import LEAST
from feedback_app.domain.signals import Sample

BEFORE, YEAR, CHANGE = 26, 52, 52  # weeks learnt, judged, and the week of the change (counted from the beginning)
USUAL = 0.93
Judge = Callable[[Sequence[Sample]], list[bool]]


def years(
    units: int, weekly: int, unrest: float, change: float, weeks: int, chance: random.Random
) -> list[list[Sample]]:
    """``change`` is added to the share from week CHANGE on, for ``weeks`` weeks."""
    made = []
    for _ in range(units):
        row = []
        for week in range(BEFORE + YEAR):
            n = _poisson(weekly, chance)
            p = USUAL + chance.gauss(0, unrest) + (change if CHANGE <= week < CHANGE + weeks else 0)
            p = min(0.995, max(0.02, p))
            row.append(Sample(sum(chance.random() < p for _ in range(n)), n))
        made.append(row)
    return made


def _poisson(mean: float, chance: random.Random) -> int:
    if mean > 60:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    count, left = 0, chance.expovariate(1)
    while left < mean:
        count, left = count + 1, left + chance.expovariate(1)
    return count


def ours(row: Sequence[Sample]) -> list[bool]:
    return [bool(one.signal) for one in signals.judge(row)]


def plain_p(row: Sequence[Sample]) -> list[bool]:
    """Limits of 3 binomial standard deviations around the share of the learnt weeks; the rule of eight on one side."""
    n, hits = sum(one.n for one in row[:BEFORE]), sum(one.hits for one in row[:BEFORE])
    p = hits / n
    out = [one.n >= LEAST and abs(one.hits / one.n - p) > 3 * (p * (1 - p) / one.n) ** 0.5 for one in row]
    return _with_runs(row, out, p)


def xmr(row: Sequence[Sample]) -> list[bool]:
    shares = [one.hits / one.n for one in row[:BEFORE] if one.n >= LEAST]
    p = sum(shares) / len(shares)
    moving = sum(abs(a - b) for a, b in zip(shares, shares[1:], strict=False)) / (len(shares) - 1)
    out = [one.n >= LEAST and abs(one.hits / one.n - p) > 2.66 * moving for one in row]
    return _with_runs(row, out, p)


def _with_runs(row: Sequence[Sample], out: Sequence[bool], p: float) -> list[bool]:
    made, sides = [], []
    for one, beyond in zip(row, out, strict=True):
        if one.n >= LEAST:
            sides.append(one.hits / one.n > p)
        run = len(sides) >= 8 and len(set(sides[-8:])) == 1
        made.append(beyond or run)
        if run:
            sides = []
    return made


def false_alarms(judge: Judge, rows: Sequence[Sequence[Sample]]) -> float:
    """Alarms a unit and year in which nothing changed."""
    return sum(sum(judge(row)[BEFORE:]) for row in rows) / len(rows)


def delays(judge: Judge, rows: Sequence[Sequence[Sample]]) -> tuple[float, float, float]:
    """Median weeks from the change to the first alarm after it, share noticed within 4 weeks, and within 12."""
    waits = []
    for row in rows:
        after = judge(row)[CHANGE:]
        waits.append(after.index(True) + 1 if True in after else 999)
    waits.sort()
    within = [sum(one <= weeks for one in waits) / len(waits) for weeks in (4, 12)]
    return waits[len(waits) // 2], within[0], within[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    judges: dict[str, Judge] = {"p' (ours)": ours, "p": plain_p, "XmR": xmr}
    print(
        f"{told.units} units, {BEFORE} weeks before a year of {YEAR}; usual share {USUAL:.0%}; change in week {CHANGE - BEFORE}"
    )
    print("\nfalse alarms a unit and year (nothing changes)")
    print(f"{'a week':>7} {'unrest':>7} " + " ".join(f"{name:>10}" for name in judges))
    for weekly in (12, 40, 150, 600):
        for unrest in (0.0, 0.015):
            rows = years(told.units, weekly, unrest, 0, 0, random.Random(told.seed))
            figures = " ".join(f"{false_alarms(judge, rows):>10.2f}" for judge in judges.values())
            print(f"{weekly:>7} {unrest:>7.1%} {figures}")
    print("\nplanted changes: median weeks until noticed, noticed within 4 and within 12 weeks (ours)")
    for weekly in (12, 40, 150, 600):
        for change, weeks in ((-0.15, 99), (-0.08, 99), (-0.04, 99), (0.04, 99), (-0.2, 1)):
            rows = years(told.units, weekly, 0.0, change, weeks, random.Random(told.seed))
            middle, four, twelve = delays(ours, rows)
            kind = "for good" if weeks > 1 else "one week"
            wait = f"{middle:>4.0f}" if middle < 999 else "none"
            print(f"{weekly:>7} {change:>+7.0%} {kind:>9} {wait} {four:>6.0%} {twelve:>6.0%}")


if __name__ == "__main__":
    main()
