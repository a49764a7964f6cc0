"""What would help most: the dimension in which somebody's patients were least content, and the courses about it (S23, S33).

A person's is for that person alone; the console sees the hospital's, because a list of people by weakness would be a list of
the worst.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import released_figures
from feedback_app.db.activities import Activity
from feedback_app.db.directory import ServicePoint
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.domain import groups
from feedback_app.domain.periods import local_day
from feedback_app.domain.question_scores import dimension_scores
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.services import releases
from feedback_app.services.activities import PLANNED

FEWEST = 10
"""Answers to a dimension below which it is not told: a handful swings by itself, and who wrote could be guessed."""
BACK = timedelta(days=180)
MOST = 4000  # newest forms looked at


@dataclass(frozen=True)
class Weak:
    """A dimension, its mean 0..100 over ``n`` forms, and the planned activities about it."""

    key: str
    title: Mapping[str, str]
    mean: float
    n: int
    courses: Sequence[Activity] = ()


def dimensions(session: Session) -> dict[str, Mapping[str, str]]:
    """Every dimension of the question sets in use, by key."""
    bodies = session.scalars(select(QuestionnaireVersion.body).where(QuestionnaireVersion.state == "published"))
    found: dict[str, Mapping[str, str]] = {}
    for body in bodies:
        for key, title in from_body(body).dimensions.items():
            found.setdefault(key, title)
    return dict(sorted(found.items()))


def of_person(session: Session, point: ServicePoint, now: datetime, zone: ZoneInfo) -> Weak | None:
    """The weakest dimension of what was given (services.releases) in the last half year; None when nothing was answered often
    enough. Answers that fewer than five of a piece gave are left out."""
    since = f"{local_day(now, zone) - BACK:%Y-%m}"
    sums: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
    titles: dict[str, Mapping[str, str]] = {}
    for row in released_figures.atoms(session, after=since, point_id=point.id):
        for atom in releases.atoms_of(row):
            for name, (n, total) in atom.body.get("q", {}).items():
                version_id, key = name.split(":", 1)
                found = _dimension(session, int(version_id), key) if groups.is_enough(n) else None
                if found:
                    dimension, titles[found[0]] = found
                    known = sums[dimension].get(key, (0, 0.0))
                    sums[dimension][key] = (known[0] + n, known[1] + total)
    enough = [
        (sum(total / n for n, total in of.values()) / len(of), key, max(n for n, _ in of.values()))
        for key, of in sums.items()
    ]
    told = sorted(one for one in enough if one[2] >= FEWEST)
    return next((Weak(key, titles[key], mean, n, _courses(session, key, now)) for mean, key, n in told), None)


def _dimension(session: Session, version_id: int, key: str) -> tuple[str, Mapping[str, str]] | None:
    """Key and title of the dimension of a question."""
    version = session.get(QuestionnaireVersion, version_id)
    if version is None:
        return None
    made = from_body(version.body)
    dimension = next((one.dimension for one in made.questions if one.key == key), "")
    return (dimension, made.dimensions.get(dimension, {"zh": dimension})) if dimension else None


def of_hospital(session: Session, now: datetime, zone: ZoneInfo, most: int = 3) -> list[Weak]:
    """The weakest dimensions of the whole hospital's newest forms of the last half year."""
    since = local_day(now, zone) - BACK
    query = select(Rating.questionnaire_version_id, Rating.answers).where(
        Rating.status == "counted", Rating.day >= since
    )
    return _weak(session, session.execute(query.order_by(Rating.id.desc()).limit(MOST)).all(), now)[:most]


def _weak(session: Session, forms: Sequence[Any], now: datetime) -> list[Weak]:
    by_version: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for version_id, answers in forms:
        if version_id is not None and answers:
            by_version[version_id].append(answers)
    sums: dict[str, tuple[float, int]] = {}
    titles: dict[str, Mapping[str, str]] = {}
    for version_id, answered in by_version.items():
        version = session.get(QuestionnaireVersion, version_id)
        if version is None:
            continue
        made = from_body(version.body)
        for key, score in dimension_scores(made, answered).items():
            if score.mean is not None:
                total, n = sums.get(key, (0.0, 0))
                sums[key] = (total + score.mean * score.n, n + score.n)
                titles.setdefault(key, made.dimensions.get(key, {"zh": key}))
    enough = [(total / n, key, n) for key, (total, n) in sums.items() if n >= FEWEST]
    return [Weak(key, titles[key], mean, n, _courses(session, key, now)) for mean, key, n in sorted(enough)]


def _courses(session: Session, about: str, now: datetime) -> Sequence[Activity]:
    query = select(Activity).where(Activity.about == about, Activity.state == PLANNED, Activity.starts_at > now)
    return session.scalars(query.order_by(Activity.starts_at).limit(5)).all()
