"""What the forms of one version of a question set say in one month."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.domain.periods import Month
from feedback_app.domain.question_scores import Score, dimension_scores, positive_share, question_score
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaires import NO_LEVEL, type_of
from feedback_app.domain.questions._base import Question
from feedback_app.errors import NotFound


@dataclass(frozen=True)
class Line:
    """One question: its score, and how often each answer that can be listed was given."""

    question: Question
    score: Score
    spread: Sequence[tuple[Any, int]]


@dataclass(frozen=True)
class Results:
    version: QuestionnaireVersion
    forms: int
    dimensions: Sequence[tuple[Mapping[str, str], Score]]
    lines: Sequence[Line]
    positive: Score


def results(session: Session, version_id: int, month: Month) -> Results:
    """Counted ratings and those without a level; repeats and withdrawn ones are left out. Raises NotFound
    ``questions.no_version``."""
    version = session.get(QuestionnaireVersion, version_id)
    if version is None or version.state == "draft":
        raise NotFound("questions.no_version")
    forms = forms_of(session, version_id, str(month))
    made = from_body(version.body)
    scores = dimension_scores(made, forms)
    return Results(
        version=version,
        forms=len(forms),
        dimensions=[(made.dimensions.get(key, {"zh": key}), score) for key, score in scores.items()],
        lines=[_line(one, forms) for one in made.questions if type_of(one).possible(one) is not None],
        positive=positive_share(made, forms),
    )


def forms_of(session: Session, version_id: int, period: str) -> list[dict[str, Any]]:
    """The answers of each form of this version in one month that is in some result."""
    query = select(Rating.answers).where(
        Rating.questionnaire_version_id == version_id,
        Rating.period == period,
        or_(Rating.status == "counted", Rating.score == NO_LEVEL),
    )
    return [dict(answers) for answers in session.scalars(query)]


def _line(one: Question, forms: Sequence[Mapping[str, Any]]) -> Line:
    said: Counter[str] = Counter()
    for form in forms:
        value = form.get(one.key)
        said.update(map(str, value) if isinstance(value, list) else [] if value is None else [str(value)])
    possible = type_of(one).possible(one) or ()
    return Line(one, question_score(one, forms), [(value, said[_name(value)]) for value in possible])


def _name(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value)
