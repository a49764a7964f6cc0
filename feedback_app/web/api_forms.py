"""The forms of the API: what is sent and what is answered."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from feedback_app.services.checked import Form, Problem
from feedback_app.services.visit_feed import MOST_IN_BATCH
from feedback_app.services.visit_rows import Key, PointKind
from feedback_app.web.context import explain

MOST_ROWS = 5000
Cursor = Annotated[str, StringConstraints(max_length=80, pattern=r"^[A-Za-z0-9_.-]*$")]


class Fault(BaseModel):
    """What is wrong with one line or field."""

    code: str
    detail: str = Field(description="The same in words, Chinese or English by Accept-Language.")
    field: str = ""
    line: int = Field(default=0, description="From 1; 0 where there are no lines.")


class ProblemAnswer(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[Fault] = []


class Batch(Form):
    """``visits``: each of the form of Visit. One that is not is reported with its line; the others are stored."""

    visits: Annotated[list[Any], Field(min_length=1, max_length=MOST_IN_BATCH)]


class BatchResult(BaseModel):
    """``known``: told before; ``changed``: told before, now otherwise, and put right; ``clock_ahead``: ended in our future."""

    received: int
    stored: int
    known: int
    changed: int
    rejected: int
    clock_ahead: int = 0
    problems: list[Fault] = []


class VisitResult(BaseModel):
    state: Literal["stored", "known", "changed"]


class Days(Form):
    """Both days are included."""

    since: date
    until: date


class CoverageLine(BaseModel):
    kind: str
    key: str
    name: str
    visits: int
    rated: int
    verified: int


class CoverageAnswer(BaseModel):
    since: date
    until: date
    points: list[CoverageLine]


class Page(Form):
    after: Cursor = Field(default="", description="``next`` of the page before; empty for the first.")


class PointsWanted(Page):
    kind: PointKind = "staff"


class PointOut(BaseModel):
    kind: str
    key: str
    name: str
    department: str
    category: str
    title: str
    active: bool


class Points(BaseModel):
    points: list[PointOut]
    next: str = Field(default="", description="Empty: this was the last page.")


class Rows(Form):
    """Rows as in the lists that the console imports: column name -> text. Column names as there, for example staff_no, 姓名."""

    rows: Annotated[
        list[dict[Annotated[str, StringConstraints(max_length=60)], Annotated[str, StringConstraints(max_length=400)]]],
        Field(min_length=1, max_length=MOST_ROWS),
    ]


class RowsResult(BaseModel):
    added: int
    changed: int
    unchanged: int
    rejected: int
    problems: list[Fault] = []


class Moments(Form):
    since: date
    until: date


class DutyOut(BaseModel):
    window: str
    staff: str
    shift: str
    starts_at: datetime
    ends_at: datetime


class Duty(BaseModel):
    slots: list[DutyOut]


class LeaveIn(Form):
    staff: Key
    first_day: date
    last_day: date = Field(description="Included.")


class Leaves(Form):
    leaves: Annotated[list[LeaveIn], Field(min_length=1, max_length=MOST_ROWS)]


class LeavesResult(BaseModel):
    stored: int
    known: int
    changed: int
    rejected: int
    problems: list[Fault] = []


class Since(Form):
    since: date


class LeaveOut(BaseModel):
    staff: str
    first_day: date
    last_day: date


class LeavesAnswer(BaseModel):
    leaves: list[LeaveOut]


class FigureIn(Form):
    key: Key = Field(description="Number of a member of staff, window, team or department.")
    value: Annotated[float, Field(ge=-1e12, le=1e12)]


class Figures(Form):
    values: Annotated[list[FigureIn], Field(min_length=1, max_length=MOST_ROWS)]


class FiguresResult(BaseModel):
    stored: int
    known: int
    changed: int
    rejected: int
    problems: list[Fault] = []


class FigureOut(BaseModel):
    kind: str
    key: str
    value: float


class FiguresAnswer(BaseModel):
    name: str
    period: str
    values: list[FigureOut]


class RatingsWanted(Page):
    day: date = Field(description="A day that is over.")


class RatingOut(BaseModel):
    kind: str
    key: str
    day: date
    score: int = Field(description="5 very satisfied … 1 very dissatisfied; 0: no level given.")
    channel: str
    counted: bool
    why_not: str
    verified: bool = Field(description="A visit stands behind it.")


class Ratings(BaseModel):
    ratings: list[RatingOut]
    next: str = ""


class CasesWanted(Page):
    since: date


class CaseOut(BaseModel):
    number: str
    kind: str
    urgency: str
    source: str
    state: str
    about_kind: str
    about_key: str
    department: str
    received_on: date
    due_on: date | None
    answered_on: date | None
    closed_on: date | None


class Cases(BaseModel):
    cases: list[CaseOut]
    next: str = ""


class BoardName(BaseModel):
    award: str
    period: str


class Boards(BaseModel):
    boards: list[BoardName]


class BoardRow(BaseModel):
    league: str
    rank: int | None
    key: str
    name: str
    department: str
    score: float | None
    ratings: int
    honoured: bool
    tier: str


class BoardAnswer(BaseModel):
    """Only what the public page shows."""

    award: str
    period: str
    title: str
    published_at: datetime
    result_hash: str
    rows: list[BoardRow]


class Reply(Form):
    """What came back to an invitation by SMS. 退订 or TD ends all of them."""

    phone: Annotated[str, StringConstraints(min_length=5, max_length=20, pattern=r"^\+?[0-9][0-9 -]{3,17}[0-9]$")]
    text: Annotated[str, StringConstraints(max_length=500)]


class ReplyResult(BaseModel):
    silenced: bool


def fault(problem: Problem) -> Fault:
    """The problem in the language of this request."""
    words = explain(problem.code, dict(problem.params))
    return Fault(code=problem.code, detail=words, field=problem.place, line=problem.line)
