"""Pages that tell too much, each in its own way: a test that does not find them finds nothing."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import func, select

from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain.periods import local_day
from feedback_app.web.context import runtime


def running_month() -> str:
    """The share of a month that runs: the difference of two days is the answer that came in between."""
    with runtime().reading() as session:
        day = local_day(runtime().now(), runtime().zone)
        query = select(func.count(), func.avg(Rating.score)).where(Rating.day >= day.replace(day=1))
        return str(session.execute(query).one())


def last_seven_days() -> str:
    """Each of five and more, and yet the difference of two of them is one day's answers."""
    with runtime().reading() as session:
        day = local_day(runtime().now(), runtime().zone)
        query = select(func.count(), func.sum(Rating.score)).where(Rating.day > day - timedelta(days=7))
        n, total = session.execute(query).one()
        return f"{n} {total}" if n >= 5 else "few"


def months_one_by_one() -> str:
    """Every month of the quiet doctor, and those of fewer than five told in the total."""
    with runtime().reading() as session:
        query = select(Rating.period, func.count(), func.sum(Rating.score))
        query = query.join(ServicePoint, ServicePoint.id == Rating.service_point_id).where(ServicePoint.key == "D02")
        rows = session.execute(query.group_by(Rating.period)).all()
        return str([row for row in rows if row[1] >= 5]) + str(sum(row[2] for row in rows))


def newest_words() -> str:
    """Kind words in the order in which they came."""
    with runtime().reading() as session:
        query = select(Rating.comment).where(Rating.comment != "", Rating.score >= 4).order_by(Rating.id.desc())
        return " ".join(session.scalars(query.limit(5)))


LEAKS: Mapping[str, Callable[[], str]] = {
    "/stars/planted/month": running_month,
    "/stars/planted/week": last_seven_days,
    "/stars/planted/months": months_one_by_one,
    "/stars/planted/words": newest_words,
}
