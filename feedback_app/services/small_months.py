"""Months in which one to four people rated somebody: what is worked out from them would tell what those few said."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from feedback_app.domain import groups
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import Month
from feedback_app.services import tallying


@dataclass(frozen=True)
class SmallMonths:
    """(service point, month) of one to four ratings that count."""

    found: Collection[tuple[int, str]]

    def are_behind(self, point_id: int, period: Period) -> bool:
        """Whether one of them is in this period or in the two months before it, which go into its score."""
        return any((point_id, str(month)) in self.found for month in behind(period))


def behind(period: Period) -> list[Month]:
    """The months of a period and the two before it."""
    months = list(period.months)
    return [months[0].shifted(-2), months[0].shifted(-1), *months]


def of_periods(session: Session, periods: Collection[Period]) -> SmallMonths:
    months = {str(month) for period in periods for month in behind(period)}
    counted = {key: sum(body[0]) + sum(body[1]) for key, body in tallying.bodies(session, months).items()}
    return SmallMonths({(point, month) for (month, point), n in counted.items() if n and not groups.is_enough(n)})
