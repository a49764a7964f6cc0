"""Kinds of activities: those that come with the program, and those an administrator made or changed."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.activities import ActivityKindRow
from feedback_app.domain.activities import Kind, parse, to_body
from feedback_app.errors import NotFound
from feedback_app.services import audit

PRESETS = Path(__file__).parent.parent / "presets" / "activities"


@cache
def presets() -> Mapping[str, Kind]:
    """Raises Refused ``activities.bad_kind``."""
    kinds = (parse(tomllib.loads(file.read_text("utf-8"))) for file in sorted(PRESETS.glob("*.toml")))
    return {kind.key: kind for kind in kinds}


def all_kinds(session: Session) -> Mapping[str, tuple[Kind, bool]]:
    """Key -> the kind, and whether new ones of it can be planned."""
    found = {key: (kind, True) for key, kind in presets().items()}
    for row in session.scalars(select(ActivityKindRow).order_by(ActivityKindRow.key)):
        found[row.key] = (parse(row.body), not row.ended)
    return found


def offered(session: Session) -> Mapping[str, Kind]:
    """Those of which new ones can be planned."""
    return {key: kind for key, (kind, open_) in all_kinds(session).items() if open_}


def get(session: Session, key: str) -> Kind:
    """Raises NotFound ``activities.no_kind``."""
    found = all_kinds(session).get(key)
    if found is None:
        raise NotFound("activities.no_kind")
    return found[0]


def save(session: Session, kind: Kind, *, ended: bool = False, by: str, now: datetime) -> None:
    """New, or in place of the one with this key. Activities that were planned before keep what they were planned as."""
    checked = parse(to_body(kind))
    row = session.get(ActivityKindRow, checked.key)
    if row is None:
        row = ActivityKindRow(key=checked.key)
        session.add(row)
    row.body, row.ended, row.changed_by, row.changed_at = to_body(checked), ended, by, now
    session.flush()
    audit.write(session, actor=by, action="activity.kind_saved", subject=checked.key, now=now)
