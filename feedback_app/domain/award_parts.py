"""The parts of an award scheme, each as the seed plans know it. Plain data; ``domain.awards`` checks the whole.

All words are mappings from language to text (``zh`` and ``en``). Sources: the plans' clauses S4-S11, S13, S20, S50.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from feedback_app.domain.cycles import Period

Words = Mapping[str, str]


@dataclass(frozen=True)
class League:
    """Like is compared with like: service points of one kind and, unless empty, of these categories.

    The rest says who of them takes part (S8), at the last day of the period, and how many are honoured (S9).
    """

    key: str
    title: Words
    kind: str  # staff | window | logistics | department
    categories: tuple[str, ...] = ()
    heads: bool = True  # whether heads of departments and head nurses take part
    tenure_months: int = 0  # in this hospital at the end of the period; 0: no such condition
    licence: bool = False  # a valid licence or registration must be on record
    no_complaint: bool = False  # no justified complaint in the period
    no_incident: bool = False  # no medical accident and no larger dispute in the period
    starred_windows_only: bool = False  # only who served at a window honoured in the newest closed period of the award
    winners: int = 0  # fixed number of places; 0: everybody in the public part of the board
    most_per_unit: int = 0  # of the winners; 0: no limit


@dataclass(frozen=True)
class Share:
    """A criterion and its weight, of 100. ``key`` tells two shares of one kind apart; by default it is the kind."""

    kind: str
    weight: int
    key: str = ""
    title: Words = field(default_factory=dict)  # empty: the kind's own words
    options: Mapping[str, Any] = field(default_factory=dict)  # what this kind of criterion lets a scheme choose

    @property
    def name(self) -> str:
        return self.key or self.kind


@dataclass(frozen=True)
class Tier:
    """A level of the score sheet (S10): three stars from 90. ``sent_to``: the authority that it is proposed to."""

    key: str
    title: Words
    least: float  # points of the score sheet, of 100
    sent_to: Words = field(default_factory=dict)


@dataclass(frozen=True)
class Reward:
    """What somebody receives (S37, S38). ``tier`` empty: every winner. Nothing here is ever paid by the program."""

    title: Words
    tier: str = ""


@dataclass(frozen=True)
class Batch:
    """A step of the roll-out (S4): from this period on, these take part. All empty: everybody."""

    title: Words
    starts: str  # period
    unit_categories: tuple[str, ...] = ()  # kinds of department: 临床, 医技, 职能 …
    units: tuple[str, ...] = ()  # keys of departments


@dataclass(frozen=True)
class Body:
    """A group that does part of the work (S5). Its members, with their terms, are kept beside the scheme."""

    key: str
    title: Words
    tasks: tuple[str, ...] = ()  # kinds of phase it is responsible for
    least_members: int = 0
    patient_representatives: int = 0  # at least so many of the members


@dataclass(frozen=True)
class Phase:
    """A dated step of a round (S3). Days are counted from the period's first day (1) or, after its end, from the day after."""

    kind: str
    first: int
    last: int
    after_end: bool = False
    title: Words = field(default_factory=dict)  # empty: the kind's own words
    body: str = ""  # key of the responsible body

    def days(self, period: Period) -> tuple[date, date]:
        """First and last calendar day of this phase in that period."""
        start = period.last + timedelta(days=1) if self.after_end else period.first
        return start + timedelta(days=self.first - 1), start + timedelta(days=self.last - 1)


@dataclass(frozen=True)
class Deduction:
    """A reason for which points are taken off an item of the score sheet, each time."""

    title: Words
    points: float


@dataclass(frozen=True)
class SheetItem:
    """A line of the score sheet (S11): its maximum, and what is deducted for what."""

    key: str
    title: Words
    most: float
    deductions: tuple[Deduction, ...] = ()


@dataclass(frozen=True)
class Nomination:
    """How candidates come about (S9, S15). Empty ``by``: everybody eligible is a candidate."""

    by: tuple[str, ...] = ()  # patient | colleague | self | unit
    per_unit: tuple[int, int] = (0, 0)  # least and most candidates a unit proposes; (0, 0): no such rule
    places: int = 0  # candidates in all, shared out by head-count (largest remainder); 0: no such rule
