"""Small hospitals as plain data, for tests of awards without a database."""

import random
from datetime import date
from typing import Any

from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.criteria._base import Facts, Mark, Taken
from feedback_app.domain.deciding import Known
from feedback_app.domain.eligibility import Member
from feedback_app.domain.scoring import Tally
from feedback_app.services import awards


def preset(key: str, **changes: Any) -> Scheme:
    """A scheme that comes with the program, with single fields changed."""
    return Scheme(**{**awards.presets()[key].__dict__, **changes})


def tallies(counts: tuple[int, ...], back: int = 0, *, verified: bool = False) -> tuple[Tally, ...]:
    """``counts`` ratings of 1, 2, 3, 4, 5 stars."""
    return tuple(Tally(back, star, count, verified) for star, count in enumerate(counts, 1) if count)


def person(key: str, counts: tuple[int, ...] = (), *, category: str = "医师", unit: str = "内科", **told: Any) -> Known:
    """Somebody on the staff; ``told`` goes to the member where it has such a field, else to the facts."""
    own = {name: value for name, value in told.items() if name in Member.__dataclass_fields__ and name != "complaints"}
    facts = {name: value for name, value in told.items() if name in Facts.__dataclass_fields__}
    complaints = told.get("complaints", 0)
    rated = sum(counts)
    member = Member(
        point_id=int.from_bytes(key.encode()[-3:], "big"),
        key=key,
        name=f"某{key}",
        kind=own.pop("kind", "staff"),
        category=own.pop("category", category),
        department=unit,
        unit=unit,
        hire_date=own.pop("hire_date", date(2015, 1, 1)),
        complaints=complaints,
        **own,
    )
    return Known(member, Facts(ratings=tallies(counts), visits=facts.pop("visits", rated), **facts))


def marks(*points: float) -> tuple[Mark, ...]:
    return tuple(Mark(f"r{number}", one) for number, one in enumerate(points))


def taken(*deductions: tuple[str, float]) -> tuple[Taken, ...]:
    return tuple(Taken(item, "", points) for item, points in deductions)


def hospital(scheme: Scheme, seed: int, size: int = 40) -> list[Known]:
    """A hospital by chance in which everything that this scheme asks for is known of most people."""
    dice = random.Random(seed)
    found = []
    for number in range(size):
        league = dice.choice(scheme.leagues)
        quality = dice.gauss(0, 0.05)
        volume = round(10 * 40 ** dice.random())
        weights = (0.03, 0.03, 0.08, 0.16 - quality, 0.7 + quality)
        levels = dice.choices((1, 2, 3, 4, 5), [max(0.001, one) for one in weights], k=volume)
        months = [tuple(levels.count(star) for star in range(1, 6))] if volume else []
        ratings = tuple(
            one
            for back in range(len(scheme.month_weights))
            for verified in (False, True)
            for one in tallies(
                tuple(max(0, n - back - verified) for n in (months or [(0,) * 5])[0]), back, verified=verified
            )
        )
        given = {
            share.name: marks(*(dice.uniform(60, 100) for _ in range(dice.randrange(2, 6)))) for share in scheme.shares
        }
        figures = {
            str(share.options["figure"]): dice.uniform(5, 70) for share in scheme.shares if "figure" in share.options
        }
        deductions = (
            [(dice.choice(scheme.sheet).key, dice.choice((2.0, 3.0, 5.0))) for _ in range(dice.randrange(6))]
            if scheme.sheet
            else []
        )
        facts = Facts(
            ratings=ratings,
            not_counted={"withdrawn": dice.randrange(1, 4)} if dice.random() < 0.3 else {},
            marks=given,
            figures=figures,
            taken=taken(*deductions) if dice.random() < 0.9 else None,
            praise=dice.randrange(8),
            complaints=0 if dice.random() < 0.8 else 1,
            visits=volume * 3,
        )
        member = Member(
            point_id=number + 1,
            key=f"K{dice.randrange(10**6):06}-{number}",
            name=f"某{number}",
            kind=league.kind,
            category=dice.choice(league.categories) if league.categories else "",
            department=f"科{dice.randrange(6)}",
            hire_date=date(dice.randrange(2010, 2027), 1, 1),
            duty="科主任" if dice.random() < 0.1 else "",
            active=dice.random() < 0.95,
            complaints=facts.complaints,
        )
        found.append(Known(member, facts))
    return found
