"""The periods an award is decided for: one or several whole months, or the dates of a campaign. Half-open in the zone.

Written ``2026-10`` (month), ``2026-09..10`` (two months), ``2026-Q4``, ``2026-H2``, ``2026`` (year) and, for a campaign,
``2026-08-11..2026-09-20``. Two months may begin in any month: plan P16 goes by the even months (…05..06), others do not.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from feedback_app.domain.periods import Month
from feedback_app.errors import Refused

MONTHS = {"month": 1, "bimonth": 2, "quarter": 3, "half": 6, "year": 12}
CAMPAIGN = "campaign"
KINDS = (*MONTHS, CAMPAIGN)
LONGEST_CAMPAIGN = timedelta(days=366 * 2)

_TWO_MONTHS = re.compile(r"^(\d{4}-\d{2})\.\.(\d{2})\Z")
_PART = re.compile(r"^([12]\d{3})-([QH])([1-4])\Z")
_YEAR = re.compile(r"^[12]\d{3}\Z")
_DAYS = re.compile(r"^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})\Z")


@dataclass(frozen=True, order=True)
class Period:
    """From the first to the last calendar day, both included. Two periods are in order when their first days are."""

    first: date
    last: date
    kind: str

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Raises Refused ``stars.bad_period``."""
        told = text.strip()
        try:
            return (
                _two_months(told) or _part_of_year(told) or _campaign(told) or cls.of_months(Month.parse(told), "month")
            )
        except (Refused, ValueError):
            raise Refused("stars.bad_period", period=text[:40]) from None

    @classmethod
    def of_months(cls, first: Month, kind: str) -> "Period":
        """The regular period of this kind that begins with that month."""
        last = first.shifted(MONTHS[kind])
        return cls(date(first.year, first.number, 1), date(last.year, last.number, 1) - timedelta(days=1), kind)

    @classmethod
    def campaign(cls, first: date, last: date) -> "Period":
        """Raises Refused ``stars.bad_period`` when it ends before it begins, or lasts for years."""
        if not first <= last < first + LONGEST_CAMPAIGN:
            raise Refused("stars.bad_period", period=f"{first}..{last}")
        return cls(first, last, CAMPAIGN)

    def __str__(self) -> str:
        year, month = self.first.year, self.first.month
        return {
            "month": f"{year:04d}-{month:02d}",
            "bimonth": f"{year:04d}-{month:02d}..{self.last.month:02d}",
            "quarter": f"{year:04d}-Q{(month + 2) // 3}",
            "half": f"{year:04d}-H{(month + 5) // 6}",
            "year": f"{year:04d}",
            CAMPAIGN: f"{self.first}..{self.last}",
        }[self.kind]

    @property
    def is_regular(self) -> bool:
        """Whether another one of the same kind comes after it."""
        return self.kind != CAMPAIGN

    @property
    def first_month(self) -> Month:
        return Month(self.first.year, self.first.month)

    @property
    def last_month(self) -> Month:
        return Month(self.last.year, self.last.month)

    @property
    def months(self) -> tuple[Month, ...]:
        """Every month that it touches."""
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        return tuple(self.first_month.shifted(number) for number in range(count + 1))

    @property
    def broken_months(self) -> frozenset[Month]:
        """The months of which only some days belong to it."""
        broken = set()
        if self.first.day != 1:
            broken.add(self.first_month)
        if (self.last + timedelta(days=1)).day != 1:
            broken.add(self.last_month)
        return frozenset(broken)

    def shifted(self, count: int) -> "Period | None":
        """The one so many periods later; None for a campaign, which has none before or after."""
        if not self.is_regular:
            return None
        return Period.of_months(self.first_month.shifted(count * MONTHS[self.kind]), self.kind)

    def starts(self, zone: ZoneInfo) -> datetime:
        """The first instant, in UTC."""
        return _midnight(self.first, zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The first instant after it, in UTC."""
        return _midnight(self.last + timedelta(days=1), zone)


def month_period(month: Month) -> Period:
    """The month as a period of its own."""
    return Period.of_months(month, "month")


def regular_holding(anchor: Period, month: Month) -> Period:
    """The period of the anchor's kind and rhythm that holds the month."""
    begin, size = anchor.first_month, MONTHS[anchor.kind]
    count = (month.year - begin.year) * 12 + month.number - begin.number
    return Period.of_months(begin.shifted(count - count % size), anchor.kind)


def usual_anchor(kind: str) -> Period:
    """A period of the kind in its usual rhythm: from January on; two months end in an even month."""
    return Period.of_months(Month(2000, 1), kind)


def due(
    begin: Period | None, end: str, now: datetime, zone: ZoneInfo, closed: Collection[Period], wait_days: int = 0
) -> list[Period]:
    """Periods that are over and not closed, oldest first: from ``begin`` to the last one that ended ``wait_days`` ago.

    ``end``: the last period there is; "" for an award that goes on. A campaign is one period.
    """
    found: list[Period] = []
    last = Period.parse(end) if end else None
    one = begin
    wait = timedelta(days=wait_days)
    while one is not None and one.ends(zone) + wait <= now and (last is None or one <= last):
        if one not in closed:
            found.append(one)
        one = one.shifted(1)
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    if day.day == 1:
        return Month(day.year, day.month).starts(zone)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _two_months(text: str) -> Period | None:
    found = _TWO_MONTHS.match(text)
    if not found:
        return None
    period = Period.of_months(Month.parse(found[1]), "bimonth")
    if period.last.month != int(found[2]):
        raise ValueError(text)
    return period


def _part_of_year(text: str) -> Period | None:
    if _YEAR.match(text):
        return Period.of_months(Month(int(text), 1), "year")
    found = _PART.match(text)
    if not found:
        return None
    kind, number = ("quarter", int(found[3])) if found[2] == "Q" else ("half", int(found[3]))
    if kind == "half" and number > 2:
        raise ValueError(text)
    return Period.of_months(Month(int(found[1]), 1 + (number - 1) * MONTHS[kind]), kind)


def _campaign(text: str) -> Period | None:
    found = _DAYS.match(text)
    return Period.campaign(date.fromisoformat(found[1]), date.fromisoformat(found[2])) if found else None
