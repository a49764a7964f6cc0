"""What a stand-in for the platforms needs to know of the hospital: which codes hang on its walls, who is in its WeCom."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from feedback_app.db import directory
from feedback_app.db.directory import ServicePoint
from feedback_app.services import codes
from feedback_app.services.codes import CodeRow, Wanted


def hanging_codes(session: Session, base_url: str) -> Sequence[CodeRow]:
    """Every code that can be scanned now."""
    return codes.rows(session, base_url, Wanted(status="active"))


def colleagues(session: Session) -> list[tuple[str, str, str]]:
    """Userid, name and department of everybody who works here.

    Where the directory names no userid it is the key, as hospitals that number their staff usually do it.
    """
    return [
        (person.wecom_userid or person.key, person.name, _name(person.department))
        for person in directory.all_points(session, kind="staff", active_only=True)
    ]


def _name(unit: ServicePoint | None) -> str:
    return unit.name if unit else ""
