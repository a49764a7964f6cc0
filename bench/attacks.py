"""How far thirty bought five-star ratings move a doctor, by attack and by defence; and how many honest ones suffer.

python -m bench.attacks [--rounds 5] [--doctors 300] [--genuine 2000]

The world and the attacks are those of the project's ranking study (C.2, C.3): log-uniform volumes, 65 % of the honest
ratings verified, a third of all visits rated. A1 one phone in an hour; A2 one phone, one a day; B thirty relatives in an
evening; B2 thirty colleagues in forty minutes on the hospital's network; C thirty strangers over the month; D thirty real
patients coached. Beside it: a ring of colleagues on their own phones, self-scans at the end of shifts, a robot with
rotating addresses. The genuine ratings of the last part go through the product itself, with attacks mixed in.
"""

import argparse
import math
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.db.schema import metadata_is_complete
from feedback_app.domain import response_watch, scoring, stuffing
from feedback_app.domain.response_watch import Share
from feedback_app.domain.scoring import ScoringRules, Tally
from feedback_app.domain.stuffing import STAFF, Seen, Usual
from feedback_app.services import stuffing as watching
from feedback_app.services import visits
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.visits import Arrival
from feedback_app.settings import Settings

START = datetime(2026, 11, 1)  # noqa: DTZ001 - the hospital's own wall clock
DAYS = 30
FAKES = 30
VERIFIED = 0.65
ANSWERING = 1 / 3  # of all visits
A_MONTH = 2  # services.visits: of one person and service point without a ticket
KINDS = ("A1", "A2", "B", "B2", "ring", "shift", "robot", "C", "D")
TOLD_UNCHANGED = ("A1", "A2", "B", "B2")
MODES = {"none": "none", "rules": "none", "rules+weights": "mixed", "verified": "verified"}
Month = list[tuple[Seen, int]]


def levels(quality: float, dice: random.Random) -> int:
    """One to five stars from a proportional-odds model, 79 % five stars at quality 0."""
    draw = dice.random()
    odds = (5.3, 4.6, 3.4, 1.325)  # logit of more than 1, 2, 3, 4 stars
    return 1 + sum(draw < 1 / (1 + math.exp(-(cut + quality))) for cut in odds)


def honest(count: int, quality: float, dice: random.Random, start: datetime = START) -> Month:
    """A month of visits between eight and five; a tenth rates in the evening at home."""
    return [
        (
            Seen(
                start
                + timedelta(
                    days=dice.randrange(DAYS), minutes=480 + dice.random() * (540 if dice.random() < 0.9 else 840)
                ),
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
            "ring": Seen(day[n], number, staff=STAFF),  # ten colleagues of the unit, three times each
            "shift": Seen(day[n].replace(hour=17, minute=n), number, verified=n % 2 == 0, staff=STAFF),
            "robot": Seen(evening + timedelta(minutes=dice.random() * 600), number, device=f"r{n}", network=f"r{n}"),
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


def usual_of(before: Month) -> Mapping[date, Usual | None]:
    """What the month before, and this one so far, make likely, for every day."""
    times: defaultdict[date, list[datetime]] = defaultdict(list)
    for seen, _ in before:
        if not seen.verified:
            times[seen.day].append(seen.at)
    days = {day: stuffing.of_day(moments) for day, moments in times.items()}
    kind = dict.fromkeys(((START + timedelta(days=n)).date() for n in range(-28, DAYS)), Usual(2.0, 1.2))
    wanted = [(START + timedelta(days=n)).date() for n in range(DAYS + 1)]
    return stuffing.usual_by_day(days, kind, wanted)


def tallies(month: Month, defence: str, usual: Mapping[date, Usual | None]) -> tuple[list[Tally], list[int]]:
    """What is counted, and the ids of what is held."""
    held = stuffing.marked([seen for seen, _ in month], usual) if defence != "none" else {}
    counts = Counter((score, seen.verified) for seen, score in month if seen.id not in held)
    return [Tally(0, score, count, verified) for (score, verified), count in counts.items()], list(held)


class World:
    """A league of doctors, one of them attacked."""

    def __init__(self, doctors: int, turn: int) -> None:
        self.dice = random.Random(turn)
        sizes = {f"d{n:03}": round(20 * 100 ** self.dice.random()) for n in range(doctors)}
        self.quality = {name: self.dice.gauss(0, 0.45) for name in sizes}
        self.months = {name: honest(size, self.quality[name], self.dice) for name, size in sizes.items()}
        self.usual = {name: self._usual(month, self.quality[name]) for name, month in self.months.items()}
        self.kept: dict[tuple[str, str], list[Tally]] = {}

    def _usual(self, month: Month, quality: float) -> Mapping[date, Usual | None]:
        return usual_of(honest(len(month), quality, self.dice, START - timedelta(days=DAYS)) + month)

    def add(self, name: str, size: int, quality: float) -> None:
        self.months[name] = honest(size, quality, self.dice)
        self.usual[name] = self._usual(self.months[name], quality)
        self.kept = {key: one for key, one in self.kept.items() if key[0] != name}

    def order(self, defence: str, instead: Month | None = None, name: str = "") -> list[str]:
        """Everybody by score, the best first."""
        league = {}
        for one, month in self.months.items():
            if one == name and instead is not None:
                league[one] = tallies(instead, defence, self.usual[one])[0]
                continue
            if (one, defence) not in self.kept:
                self.kept[one, defence] = tallies(month, defence, self.usual[one])[0]
            league[one] = self.kept[one, defence]
        _, scores = scoring.score_league(league, ScoringRules(verification=MODES[defence]))
        listed = [one for one in scores if scores[one].enough or one == name]
        return sorted(listed, key=lambda one: -scores[one].value)

    def shares(self, name: str, month: Month) -> tuple[dict[str, Share], dict[str, Share]]:
        """Ratings of visits, and unverified of ratings, with ``month`` for ``name``."""
        answers, unverified = {}, {}
        for one, own in self.months.items():
            came = round(len(own) / ANSWERING)
            now = month if one == name else own
            answers[one] = Share(len(now), max(came, len(now)))
            unverified[one] = Share(sum(not seen.verified for seen, _ in now), len(now))
        return answers, unverified


def simulate(rounds: int, doctors: int) -> bool:
    gained: Counter[tuple[str, int, str]] = Counter()
    found: Counter[tuple[str, int]] = Counter()
    moved: Counter[str] = Counter()
    climbed: Counter[str] = Counter()
    rate_alarms: Counter[tuple[str, int]] = Counter()
    share_alarms: Counter[tuple[str, int]] = Counter()
    touched = total = false_alarms = 0
    for turn in range(rounds):
        world = World(doctors, turn)
        for name, month in world.months.items():
            touched, total = touched + len(tallies(month, "rules", world.usual[name])[1]), total + len(month)
        answers, unverified = world.shares("", [])
        false_alarms += len(response_watch.alarms(answers)) + len(response_watch.alarms(unverified))
        for size in (30, 100, 300):
            for name, quality in (("average", 0.0), ("good", 0.45)):  # the 50th and the 84th percentile
                world.add(name, size, quality)
                for defence in MODES:
                    before = world.order(defence, world.months[name], name)
                    for kind in KINDS:
                        fakes = attack(kind, world.dice)
                        mixed = world.months[name] + (fakes if defence == "none" else accepted(fakes))
                        after = world.order(defence, mixed, name)
                        if name == "good":
                            if defence == "rules":
                                climbed[kind] += after.index(name) < 10 <= before.index(name)
                            continue
                        gained[kind, size, defence] += before.index(name) - after.index(name)
                        if defence == "rules":
                            moved[kind] += before[:10] != after[:10]
                            held = {
                                number for number in tallies(mixed, "rules", world.usual[name])[1] if number >= 10**6
                            }
                            found[kind, size] += FAKES - len(accepted(fakes)) + len(held)
                            answers, unverified = world.shares(name, mixed)
                            rate_alarms[kind, size] += name in response_watch.alarms(answers)
                            share_alarms[kind, size] += name in response_watch.alarms(unverified)
                del world.months[name]
    print(f"places gained by an average doctor of {doctors}, mean of {rounds} rounds; fakes of 30 not counted (rules);")
    print("times the watch spoke: response rate / share without proof of a visit")
    print("attack     n " + "".join(f"{defence:>15}" for defence in MODES) + "   not counted   watch")
    for kind in KINDS:
        for size in (30, 100, 300):
            cells = "".join(f"{gained[kind, size, defence] / rounds:>+15.1f}" for defence in MODES)
            watch = f"{rate_alarms[kind, size]}/{share_alarms[kind, size]} of {rounds}"
            print(f"{kind:6}{size:>6} {cells}{found[kind, size] / rounds:>11.1f}/30   {watch}")
    print(f"top ten changed (rules alone, average doctor, {3 * rounds} tries each): {dict(moved)}")
    print(
        f"a doctor of the 84th percentile brought into the top ten (rules alone, {3 * rounds} tries each): {dict(climbed)}"
    )
    print(
        f"honest ratings held: {touched} of {total} ({touched / total:.3%}); false alarms of the watch: {false_alarms} of {2 * rounds * doctors}"
    )
    return not any(moved[kind] for kind in TOLD_UNCHANGED)


def genuine(count: int) -> bool:
    """Through the product: so many honest ratings of forty places over a month, with attacks mixed in."""
    dice = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime.open(_settings(Path(folder)))
        metadata_is_complete()
        with runtime.transaction() as session:
            Base.metadata.create_all(session.connection())
            points = [
                ServicePoint(kind="staff", key=f"D{n}", name=f"D{n}", changed_at=START.replace(tzinfo=UTC))
                for n in range(40)
            ]
            session.add_all(points)
        numbers = [point.id for point in points]
        coming = [("genuine", numbers[n % 40], seen, score) for n, (seen, score) in enumerate(honest(count, 0.0, dice))]
        for month in range(2):  # the month before, for what is usual
            back = timedelta(days=DAYS * month)
            coming += [
                ("before", numbers[n % 40], replace(seen, at=seen.at - back), score)
                for n, (seen, score) in enumerate(honest(count, 0.0, dice) if month else [])
            ]
        for kind, number in zip(TOLD_UNCHANGED, numbers, strict=False):
            coming += [(kind, number, seen, score) for seen, score in attack(kind, dice)]
        refused = 0
        coming.sort(key=lambda one: one[2].at)
        for n, (kind, number, seen, score) in enumerate(coming):
            now = (seen.at - timedelta(hours=8)).replace(tzinfo=UTC)
            sent = Submission(number, score, "form", f"{kind}:{n}", verified_how="slip" if seen.verified else "")
            arrival = Arrival(device=f"{kind}{seen.device or n}".ljust(20, "-"))
            try:
                with runtime.transaction() as session:
                    done = visits.accept(session, runtime.vault, sent, arrival, zone=runtime.zone, now=now)
                refused += kind == "genuine" and not done.counted
            except Exception as error:  # any refusal of a genuine one is what is counted here
                refused += kind == "genuine"
                print(kind, error)
        with runtime.transaction() as session:
            watching.watch_open(session, runtime, datetime(2026, 12, 1, tzinfo=UTC))
        with runtime.reading() as session:
            states: Counter[tuple[str, str]] = Counter()
            for one in session.query(Rating):
                states[one.idempotency_key.partition(":")[0], one.status] += 1
        runtime.close()
    print(
        f"of {count} genuine ratings {refused} refused or not counted on arrival, {states['genuine', 'held']} held afterwards"
    )
    for kind in TOLD_UNCHANGED:
        print(f"  {kind}: " + ", ".join(f"{states[kind, status]} {status}" for status in ("counted", "held", "repeat")))
    return refused == 0


def _settings(folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "hospital": {"name": "bench"},
            "database": {"url": f"sqlite:///{folder / 'bench.db'}"},
            "complaints": {"phone": "000", "place": "-", "hours": "-", "routes": "-"},
            "security": {"secret_key": "a-secret-for-the-bench-0123456789abcdef", "hashing": "fast"},
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--doctors", type=int, default=300)
    parser.add_argument("--genuine", type=int, default=2000)
    chosen = parser.parse_args()
    held = [simulate(chosen.rounds, chosen.doctors), genuine(chosen.genuine)]
    raise SystemExit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
