"""One question through the versions of its set: which of them compare, by the rule of ``domain.comparability``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.domain.comparability import MARKED, SAME, Trend, trends
from feedback_app.domain.periods import Month
from feedback_app.domain.question_scores import Score, question_score
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaires import Questionnaire, type_of
from feedback_app.domain.questions._base import Question
from feedback_app.services.question_publishing import history, version
from feedback_app.services.question_results import forms_of

COLUMNS = 6
Forms = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Column:
    """A version, the month it was last answered in, and how many forms there were."""

    version: QuestionnaireVersion
    period: str
    forms: int


@dataclass(frozen=True)
class Cell:
    """What one version says of the question, and how it stands to the version that is looked at."""

    trend: Trend
    score: Score
    answered: int


@dataclass(frozen=True)
class Row:
    """``cells`` as the columns, None where a version does not ask it; ``together``: all answers that compare."""

    question: Question
    cells: Sequence[Cell | None]
    together: Score
    answered: int


@dataclass(frozen=True)
class Through:
    columns: Sequence[Column]
    rows: Sequence[Row]


@dataclass(frozen=True)
class _Answered:
    made: Questionnaire
    forms: Forms
    trends: Mapping[str, Trend]


def through(session: Session, version_id: int, month: Month) -> Through:
    """The questions of this version beside the last COLUMNS versions that were answered, each in its last month up to
    ``month``, oldest first. Raises NotFound ``questions.no_version``."""
    looked_at = version(session, version_id)
    made = from_body(looked_at.body)
    columns, answered = [], []
    for one, period in _asked(session, looked_at, month):
        its = from_body(one.body)
        forms = forms_of(session, one.id, period)
        columns.append(Column(one, period, len(forms)))
        answered.append(_Answered(its, forms, {trend.key: trend for trend in trends(its, made)}))
    listed = [one for one in made.questions if type_of(one).possible(one) is not None]
    return Through(columns, [_row(one, answered) for one in listed])


def _asked(session: Session, looked_at: QuestionnaireVersion, month: Month) -> list[tuple[QuestionnaireVersion, str]]:
    """Versions with the month each was last answered in, oldest first."""
    found: list[tuple[QuestionnaireVersion, str]] = []
    for one in history(session, looked_at.key):
        if len(found) == COLUMNS:
            break
        query = select(func.max(Rating.period)).where(
            Rating.questionnaire_version_id == one.id, Rating.period <= str(month)
        )
        if period := session.scalar(query):
            found.append((one, period))
    return found[::-1]


def _row(question: Question, answered: Sequence[_Answered]) -> Row:
    like = [form for one in answered if one.trends[question.key].verdict in {SAME, MARKED} for form in one.forms]
    cells = [_cell(question.key, one) for one in answered]
    return Row(question, cells, question_score(question, like), _count(question.key, like))


def _cell(key: str, one: _Answered) -> Cell | None:
    asked = one.made.question(key)
    if asked is None:
        return None
    return Cell(one.trends[key], question_score(asked, one.forms), _count(key, one.forms))


def _count(key: str, forms: Forms) -> int:
    return sum(key in form for form in forms)
