"""How far thirty bought five-star ratings move an average doctor, by attack and by defence; and how many honest ones suffer.

python -m bench.attacks [--rounds 5] [--doctors 300]

The world and the attacks are those of the project's ranking study (C.2, C.3): log-uniform volumes, 65 % of the honest
ratings verified. A1 one phone in an hour; A2 one phone, one a day; B thirty relatives in an evening; B2 thirty colleagues
in forty minutes on the hospital's network; C thirty strangers over the month; D thirty real patients coached.
"""

import argparse
import math
import random
from collections import Counter
from datetime import datetime, timedelta

from feedback_app.domain import scoring, stuffing
from feedback_app.domain.scoring import ScoringRules, Tally
from feedback_app.domain.stuffing import Seen

START = datetime(2026, 11, 1)  # noqa: DTZ001 - the hospital's own wall clock
DAYS = 30
FAKES = 30
VERIFIED = 0.65
A_MONTH = 2  # services.visits: of one person and service point without a ticket
DEFENCES = ("none", "rules", "rules+weights", "verified")
Month = list[tuple[Seen, int]]


def levels(quality: float, dice: random.Random) -> int:
    """One to five stars from a proportional-odds model, 79 % five stars at quality 0."""
    draw = dice.random()
    odds = (5.3, 4.6, 3.4, 1.325)  # logit of more than 1, 2, 3, 4 stars
    return 1 + sum(draw < 1 / (1 + math.exp(-(cut + quality))) for cut in odds)


def honest(count: int, quality: float, dice: random.Random) -> Month:
    """A month of visits between eight and five."""
    return [
        (
            Seen(
                START + timedelta(days=dice.randrange(DAYS), hours=8, minutes=dice.random() * 540),
                number,
                verified=dice.random() < VERIFIED,
            ),
            levels(quality, dice),
        )
        for number in range(count)
    ]


def attack(kind: str, dice: random.Random) -> Month:
    """Thirty five-star ratings."""
    evening = START + timedelta(days=dice.randrange(DAYS), hours=18)
    day = [START + timedelta(days=n, hours=8, minutes=dice.random() * 540) for n in range(DAYS)]
    found = []
    for n in range(FAKES):
        number = 10**6 + n
        seen = {
            "A1": Seen(evening + timedelta(minutes=2 * n), number, device="one"),
            "A2": Seen(day[n], number, device="one"),
            "B": Seen(evening + timedelta(minutes=dice.random() * 180), number),
            "B2": Seen(evening + timedelta(minutes=dice.random() * 40), number),
            "C": Seen(day[dice.randrange(DAYS)] + timedelta(minutes=n), number),
            "D": Seen(day[n], number, verified=True),
        }[kind]
        found.append((seen, 5))
    return found


def accepted(fakes: Month) -> Month:
    """What is left after "one a day and two a month of one person" (services.visits); honest people are all different."""
    kept: Counter[str] = Counter()
    left: Month = []
    for seen, score in fakes:
        days = {one.day for one, _ in left if one.device == seen.device}
        if seen.device is not None and (seen.day in days or kept[seen.device] >= A_MONTH):
            continue
        kept[seen.device or ""] += 1
        left.append((seen, score))
    return left


def tallies(month: Month, defence: str, usual: float) -> tuple[list[Tally], int]:
    """What is counted, and how many were set aside."""
    aside = stuffing.marked([seen for seen, _ in month], usual) if defence != "none" else {}
    counts = Counter((score, seen.verified) for seen, score in month if seen.id not in aside)
    return [Tally(0, score, count, verified) for (score, verified), count in counts.items()], len(aside)


def places(months: dict[str, Month], defence: str, rules: ScoringRules) -> dict[str, int]:
    """Everybody's place by score."""
    league = {}
    for name, month in months.items():
        unsure = sum(not seen.verified for seen, _ in month if seen.id < 10**6)
        league[name] = tallies(month, defence, unsure / DAYS)[0]
    _, scores = scoring.score_league(league, rules)
    order = sorted(scores, key=lambda name: -scores[name].value)
    return {name: place for place, name in enumerate(order, start=1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--doctors", type=int, default=300)
    chosen = parser.parse_args()
    modes = {"none": "none", "rules": "none", "rules+weights": "mixed", "verified": "verified"}
    gained: Counter[tuple[str, int, str]] = Counter()
    top: Counter[str] = Counter()
    touched = total = 0
    for turn in range(chosen.rounds):
        dice = random.Random(turn)
        months = {
            f"d{n:03}": honest(round(20 * 100 ** dice.random()), dice.gauss(0, 0.45), dice)
            for n in range(chosen.doctors)
        }
        for month in months.values():
            unsure = sum(not seen.verified for seen, _ in month) / DAYS
            touched, total = touched + tallies(month, "rules", unsure)[1], total + len(month)
        for size in (30, 100, 300):
            months["average"] = honest(size, 0.0, dice)
            for defence, mode in modes.items():
                rules = ScoringRules(verification=mode)
                before = places(months, defence, rules)
                for kind in ("A1", "A2", "B", "B2", "C", "D"):
                    fakes = attack(kind, dice)
                    with_fakes = months["average"] + (fakes if defence == "none" else accepted(fakes))
                    after = places({**months, "average": with_fakes}, defence, rules)
                    gained[kind, size, defence] += before["average"] - after["average"]
                    top[f"{kind} {defence}"] += after["average"] <= 10
            del months["average"]
    print(f"places gained by an average doctor of {chosen.doctors}, mean of {chosen.rounds} rounds")
    print("attack   n " + "".join(f"{defence:>15}" for defence in DEFENCES))
    for kind in ("A1", "A2", "B", "B2", "C", "D"):
        for size in (30, 100, 300):
            cells = "".join(f"{gained[kind, size, defence] / chosen.rounds:>+15.1f}" for defence in DEFENCES)
            print(f"{kind:4}{size:>6} {cells}")
    print(f"times in the top ten: {dict(top)}")
    print(f"honest ratings set aside: {touched} of {total} ({touched / total:.3%})")


if __name__ == "__main__":
    main()
