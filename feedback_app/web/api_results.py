"""The API's figures, ratings without persons, cases without words, and published leaderboards."""

from dataclasses import asdict
from typing import Any

from feedback_app.domain.cycles import Period
from feedback_app.errors import NotFound, Refused
from feedback_app.services import api_reading, awards, figures, leaderboards
from feedback_app.services.checked import Problem
from feedback_app.services.transaction import Session
from feedback_app.web.api_declaring import Act, Answer, Call, endpoint
from feedback_app.web.api_forms import (
    BoardAnswer,
    BoardName,
    BoardRow,
    Boards,
    CaseOut,
    Cases,
    CasesWanted,
    FigureOut,
    Figures,
    FiguresAnswer,
    FiguresResult,
    RatingOut,
    Ratings,
    RatingsWanted,
    fault,
)
from feedback_app.web.context import runtime, words


def period_of(text: str) -> Period:
    """Raises NotFound ``api.no_period``."""
    try:
        return Period.parse(text)
    except Refused:
        raise NotFound("api.no_period", period=text[:24]) from None


@endpoint(
    "POST", "/figures/{name}/{period}", "figures:write", "Tell a figure of many service points for a period, for example waiting minutes.",
    body=Figures, answers={200: FiguresResult},
    example={"path": {"name": "response_minutes", "period": "2026-11"}, "body": {"values": [{"key": "D01", "value": 12.5}]}},
    more="Another value replaces the old one until the period is closed.",
)  # fmt: skip
def tell_figures(call: Call) -> Act:
    name, period = call.path["name"], period_of(call.path["period"])
    table = "number,value\n" + "".join(f"{_cell(one.key)},{one.value!r}\n" for one in call.body.values)

    def act(session: Session) -> Answer:
        done = figures.import_table(session, name, period, table.encode(), by=call.caller.actor, now=runtime().now())
        bad = [fault(Problem(f"api.figure_{one.why}", "key", one.line - 1, {"key": one.text})) for one in done.rejected]
        return Answer(
            FiguresResult(stored=done.new, known=done.same, changed=done.changed, rejected=len(bad), problems=bad)
        )

    return act


def _cell(key: str) -> str:
    """The number as a cell: quoted, on one line."""
    return '"' + " ".join(key.split()).replace('"', '""') + '"'


@endpoint(
    "GET", "/figures/{name}/{period}", "figures:read", "One figure of all service points for a period.",
    answers={200: FiguresAnswer}, example={"path": {"name": "response_minutes", "period": "2026-11"}},
)  # fmt: skip
def read_figures(call: Call) -> Act:
    name, period = call.path["name"], period_of(call.path["period"])

    def act(session: Session) -> Answer:
        found = api_reading.figures(session, name, str(period))
        values = [FigureOut(kind=kind, key=key, value=value) for kind, key, value in found]
        return Answer(FiguresAnswer(name=name, period=str(period), values=values))

    return act


@endpoint(
    "GET", "/ratings", "ratings:read", "The ratings of a day that is over, without persons, words and times.",
    query=RatingsWanted, answers={200: Ratings}, example={"query": {"day": "2026-11-19"}},
    more="Their order has nothing to do with the order in which they came.",
)  # fmt: skip
def read_ratings(call: Call) -> Act:
    wanted: Any = call.query

    def act(session: Session) -> Answer:
        found = api_reading.ratings(session, wanted.day, wanted.after, zone=runtime().zone, now=runtime().now())
        last = found[-1].cursor if len(found) == api_reading.AT_ONCE else ""
        lines = [
            RatingOut(
                kind=one.kind,
                key=one.key,
                day=one.day,
                score=one.score,
                channel=one.channel,
                counted=one.status == "counted",
                why_not="" if one.status == "counted" else one.why_not or one.status,
                verified=one.verified,
            )
            for one in found
        ]
        return Answer(Ratings(ratings=lines, next=last))

    return act


@endpoint(
    "GET", "/cases", "cases:read", "Cases received since a day, with state and dates, without words.",
    query=CasesWanted, answers={200: Cases}, example={"query": {"since": "2026-11-01"}},
)  # fmt: skip
def read_cases(call: Call) -> Act:
    wanted: Any = call.query

    def act(session: Session) -> Answer:
        found = api_reading.cases(session, wanted.since, wanted.after, runtime().zone)
        last = found[-1].number if len(found) == api_reading.AT_ONCE else ""
        return Answer(Cases(cases=[CaseOut(**asdict(one)) for one in found], next=last))

    return act


@endpoint("GET", "/leaderboards", "stars:read", "Published leaderboards.", answers={200: Boards})
def list_boards(call: Call) -> Act:
    def act(session: Session) -> Answer:
        found = api_reading.boards(session, list(awards.schemes(session)))
        return Answer(Boards(boards=[BoardName(award=award, period=period) for award, period in found]))

    return act


@endpoint(
    "GET", "/leaderboards/{award}/{period}", "stars:read", "One published leaderboard: the rows that everybody may see.",
    answers={200: BoardAnswer},
)  # fmt: skip
def read_board(call: Call) -> Act:
    award, period = call.path["award"], period_of(call.path["period"])

    def act(session: Session) -> Answer:
        board = leaderboards.load(session, award, period, public_only=True)
        assert board.published_at is not None  # noqa: S101 - only published ones are loaded
        rows = [
            BoardRow(
                league=result.key,
                rank=row.rank if row.listed else None,
                key=row.key,
                name=row.name,
                department=row.department,
                score=row.score if row.listed else None,
                ratings=row.valid,
                honoured=row.won and row.point_id not in board.revoked,
                tier=row.tier,
            )
            for result in board.results
            for row in result.rows
        ]
        return Answer(
            BoardAnswer(
                award=award,
                period=str(period),
                title=words(board.scheme.title),
                published_at=board.published_at,
                result_hash=board.result_hash,
                rows=rows,
            )
        )

    return act
