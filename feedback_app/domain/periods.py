"""Days and months in the hospital's own time zone. Months are half-open: from midnight on the 1st until before the next."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from feedback_app.errors import Refused

_MONTH = re.compile(r"^([12][0-9]{3})-(0[1-9]|1[0-2])\Z")  # years that a calendar can also count from


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The hospital's calendar day at ``moment``."""
    return moment.astimezone(zone).date()


@dataclass(frozen=True, order=True)
class Month:
    """One calendar month, written ``2026-10``."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Raises Refused ``stars.bad_period`` for anything but ``YYYY-MM``."""
        found = _MONTH.match(text.strip())
        if not found:
            raise Refused("stars.bad_period", period=text)
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> "Month":
        """The month whose half-open interval holds the moment.

        Where clocks went back over midnight on the 1st (St John's did), the calendar month comes a second time: a month
        that has ended stays ended.
        """
        day = local_day(moment, zone)
        month = cls(day.year, day.month)
        following = month.shifted(1)
        return following if day.day > 27 and moment >= following.starts(zone) else month

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    def shifted(self, months: int) -> "Month":
        count = self.year * 12 + self.number - 1 + months
        return Month(count // 12, count % 12 + 1)

    def starts(self, zone: ZoneInfo) -> datetime:
        """The first instant of the month, in UTC."""
        return datetime.combine(date(self.year, self.number, 1), time(), zone).astimezone(UTC)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The first instant after the month, in UTC."""
        return self.shifted(1).starts(zone)
