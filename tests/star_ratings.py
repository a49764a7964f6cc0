"""Ratings by the hundred, for tests about leaderboards."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.people import Binding
from feedback_app.db.ratings import Rating
from feedback_app.services.vault import Vault

NOVEMBER_BEGINS = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)  # midnight in Shanghai


def id_of(session: Session, key: str) -> int:
    return session.scalars(select(ServicePoint.id).where(ServicePoint.key == key)).one()


def rate(session: Session, key: str, counts: tuple[int, ...], period: str = "2026-10", **fields: Any) -> None:
    """Store ratings of one point: ``counts`` of 1, 2, 3, 4, 5 stars, spread over the days of the month."""
    point_id = id_of(session, key)
    year, month = (int(part) for part in period.split("-"))
    begin = session.query(Rating).count()
    stars = [star for star, count in enumerate(counts, 1) for _ in range(count)]
    rows = [
        {
            "receipt": f"R{begin + number}",
            "idempotency_key": f"K{begin + number}",
            "service_point_id": point_id,
            "score": star,
            "answers": {},
            "comment": "",
            "language": "zh",
            "channel": "form",
            "received_at": datetime(year, month, 1 + number % 28, 4, tzinfo=UTC) + timedelta(seconds=number),
            "day": date(year, month, 1 + number % 28),
            "period": period,
            "status": "counted",
            "why_not": "",
            "made_up": False,
            **fields,
        }
        for number, star in enumerate(stars)
    ]
    if rows:
        session.execute(insert(Rating), rows)


def bind(session: Session, vault: Vault, key: str, channel: str = "wecom", address: str = "") -> None:
    """A current way to reach this member of staff."""
    point_id = id_of(session, key)
    address = address or f"{channel}-{key}"
    session.add(
        Binding(
            service_point_id=point_id,
            channel=channel,
            address_sealed=vault.seal(address),
            address_hash=vault.person(address),
            bound_at=NOVEMBER_BEGINS,
        )
    )


def october(session: Session) -> None:
    """A month with everything: two doctors on the board, one collecting, nurses, windows, a quiet logistics team."""
    rate(session, "D01", (0, 0, 2, 20, 178))
    rate(session, "D02", (2, 3, 10, 45, 90))
    rate(session, "D03", (0, 0, 0, 2, 10))
    rate(session, "N01", (0, 1, 2, 20, 120))
    rate(session, "W01", (1, 0, 4, 30, 150))
    rate(session, "W03", (0, 0, 0, 0, 3))
