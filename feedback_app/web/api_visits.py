"""The API's visits: told one by one or in batches, and read back as the denominators of the ratings."""

from dataclasses import asdict
from typing import Any

from feedback_app.errors import NotFound, Refused
from feedback_app.services import visit_feed
from feedback_app.services.checked import Problem
from feedback_app.services.transaction import Session
from feedback_app.services.visit_feed import Prepared
from feedback_app.services.visit_rows import Visit
from feedback_app.web.api_declaring import Act, Answer, Call, endpoint
from feedback_app.web.api_forms import (
    Batch,
    BatchResult,
    CoverageAnswer,
    CoverageLine,
    Days,
    VisitResult,
    fault,
)
from feedback_app.web.context import runtime

_EXAMPLE = {
    "reference": "MZ20261120-0001",
    "kind": "outpatient",
    "point": {"kind": "staff", "key": "D01"},
    "ended_at": "2026-11-20T10:05:00+08:00",
    "patient": "P000123",
    "phone": "13800000000",
}


@endpoint(
    "POST", "/visits", "visits:write", "Tell of one visit.",
    body=Visit, answers={200: VisitResult, 201: VisitResult}, refuses=(404,), example={"body": _EXAMPLE},
    more="201: stored; 200: told before. Number of person, phone and visit are kept sealed or as keyed hashes only.",
)  # fmt: skip
def create_visit(call: Call) -> Act:
    prepared = _prepared(call, [call.body.model_dump(mode="json", exclude_defaults=True)])

    def act(session: Session) -> Answer:
        if prepared.problems:
            raise_first(prepared.problems[0])
        done = visit_feed.store(session, prepared.rows, contact_days=_contact_days())
        state = "stored" if done.stored else "changed" if done.changed else "known"
        return Answer(VisitResult.model_validate({"state": state}), 201 if done.stored else 200)

    return act


@endpoint(
    "POST", "/visits/batches", "visits:write", "Tell of up to 1,000 visits.",
    body=Batch, answers={200: BatchResult}, example={"body": {"visits": [_EXAMPLE, {**_EXAMPLE, "reference": "MZ20261120-0002"}]}},
    more="What is good is stored; what is not is reported line by line and can be sent again. The same batch twice stores nothing new.",
)  # fmt: skip
def create_visits(call: Call) -> Act:
    prepared = _prepared(call, call.body.visits)

    def act(session: Session) -> Answer:
        done = visit_feed.store(session, prepared.rows, contact_days=_contact_days())
        bad = [fault(one) for one in prepared.problems]
        return Answer(
            BatchResult(
                received=prepared.received,
                stored=done.stored,
                known=done.known,
                changed=done.changed,
                rejected=len(bad),
                clock_ahead=prepared.clock_ahead,
                problems=bad,
            )
        )

    return act


@endpoint(
    "GET", "/visits/coverage", "visits:read", "Visits, counted ratings and those with a visit behind them, by service point.",
    query=Days, answers={200: CoverageAnswer}, example={"query": {"since": "2026-11-01", "until": "2026-11-30"}},
)  # fmt: skip
def read_coverage(call: Call) -> Act:
    days: Any = call.query

    def act(session: Session) -> Answer:
        lines = [CoverageLine(**asdict(one)) for one in visit_feed.coverage(session, days.since, days.until)]
        return Answer(CoverageAnswer(since=days.since, until=days.until, points=lines))

    return act


def _prepared(call: Call, raws: list[Any]) -> Prepared:
    with runtime().reading() as session:
        around = visit_feed.surroundings(session)
    return visit_feed.prepare(
        around, runtime().vault, raws, told_by=call.caller.actor, zone=runtime().zone, now=runtime().now()
    )  # fmt: skip


def _contact_days() -> int:
    return runtime().settings.visits.contact_days


def raise_first(problem: Problem) -> None:
    """Raises the problem of the only line."""
    kind = NotFound if problem.code == "visits.unknown_point" else Refused
    raise kind(problem.code, **problem.params)
