"""The made-up hospital of the demo, small, with ratings of every status: for tests that look at figures."""

import random
from datetime import date

from sqlalchemy import delete, select, update

from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.services import demo_hospital, tallying
from feedback_app.services.demo_hospital import Size
from feedback_app.services.runtime import Runtime

TODAY = date(2026, 11, 20)


def seed(runtime: Runtime, *, ratings: int = 1500, months: int = 3) -> None:
    """Some ratings taken back, set aside, without a level, twice by one person; half of it folded."""
    with runtime.transaction() as session:
        session.execute(delete(ServicePoint).where(ServicePoint.kind != "department"))
        session.execute(delete(ServicePoint))
        size = Size(ratings, months)
        demo_hospital.seed(
            session, runtime.vault, runtime.settings, now=runtime.now(), progress=lambda _: None, size=size
        )
        ids = list(session.scalars(select(Rating.id).order_by(Rating.id)))
        draw = random.Random(3)
        for status in ("withdrawn", "excluded", "repeat", "held", "canary"):
            some = draw.sample(ids, len(ids) // 60)
            session.execute(update(Rating).where(Rating.id.in_(some)).values(status=status))
        twice = session.scalars(select(Rating).where(Rating.id.in_(draw.sample(ids, len(ids) // 20)))).all()
        for one in twice:
            other = session.get_one(Rating, one.id % len(ids) + 1)
            one.service_point_id, one.unit_id, one.rater_hash, one.verified = other.service_point_id, other.unit_id, "b" * 64, False  # fmt: skip
            other.rater_hash, one.day, one.period, other.verified = "b" * 64, other.day, other.period, False
        session.execute(update(Rating).where(Rating.id.in_(draw.sample(ids, 40))).values(unit_id=None))
        session.flush()
        tallying.fold(session, len(ids))
