"""The API's roster, duty and leaves."""

import csv
import io
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any

from feedback_app.errors import NotFound, Refused
from feedback_app.services import api_reading, import_words, imports, leaves
from feedback_app.services.directory_import import Preview
from feedback_app.services.import_files import Table, open_table, read_table
from feedback_app.services.transaction import Session
from feedback_app.web.api_declaring import Act, Answer, Call, endpoint
from feedback_app.web.api_forms import (
    Duty,
    DutyOut,
    Fault,
    LeaveOut,
    Leaves,
    LeavesAnswer,
    LeavesResult,
    Moments,
    PointOut,
    Points,
    PointsWanted,
    Rows,
    RowsResult,
    Since,
    fault,
)
from feedback_app.web.context import language, runtime

KINDS = ("departments", "staff", "windows", "logistics", "places", "duty")
LONGEST_SPAN = timedelta(days=62)


@endpoint(
    "GET", "/roster", "roster:read", "Who and what is rated.",
    query=PointsWanted, answers={200: Points}, example={"query": {"kind": "staff"}},
)  # fmt: skip
def read_roster(call: Call) -> Act:
    wanted: Any = call.query

    def act(session: Session) -> Answer:
        found = api_reading.points(session, wanted.kind, wanted.after)
        last = found[-1].key if len(found) == api_reading.AT_ONCE else ""
        return Answer(Points(points=[PointOut(**asdict(one)) for one in found], next=last))

    return act


@endpoint(
    "POST", "/roster/{list}", "roster:write", "Bring in a list: departments, staff, windows, logistics, places or duty.",
    body=Rows, answers={200: RowsResult},
    example={"path": {"list": "staff"}, "body": {"rows": [{"staff_no": "D09", "name": "林晓", "dept_code": "XN", "category": "医师", "status": "在岗"}]}},
    more="The same rules as for files: rows are recognised by their number, nobody is deleted, good rows are taken and bad ones reported.",
)  # fmt: skip
def bring_in(call: Call) -> Act:
    kind = call.path["list"]
    if kind not in KINDS:
        raise NotFound("api.no_such_list", name=kind[:40])
    table = open_table(_as_file(call.body.rows), kind)
    reading = read_table(table, runtime().zone)

    def act(session: Session) -> Answer:
        done = imports.apply(
            session, runtime().vault, kind, reading, actor=call.caller.actor, now=runtime().now(), skip_bad=True
        )
        return Answer(_result(done, table))

    return act


def _as_file(rows: list[dict[str, str]]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerows([" ".join(row.get(name, "").split()) for name in names] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def _result(done: Preview, table: Table) -> RowsResult:
    counts = done.counts()
    bad = [
        Fault(
            code=one.code,
            detail=import_words.problem_words(one, table, language()),
            field=one.column,
            line=one.line - 1,
        )
        for one in done.rejected
    ]
    return RowsResult(
        added=len(done.added),
        changed=len(done.changed),
        unchanged=done.unchanged,
        rejected=counts["rejected"],
        problems=bad,
    )


@endpoint(
    "GET", "/duty", "roster:read", "Who serves at which window when.",
    query=Moments, answers={200: Duty}, example={"query": {"since": "2026-11-20", "until": "2026-11-20"}},
    more="At most 62 days.",
)  # fmt: skip
def read_duty(call: Call) -> Act:
    days: Any = call.query
    if days.until - days.since > LONGEST_SPAN:
        raise Refused("api.span", days=LONGEST_SPAN.days)
    try:
        first = datetime.combine(days.since, time(), runtime().zone)
        last = datetime.combine(days.until, time(), runtime().zone) + timedelta(days=1)
        first.astimezone(runtime().now().tzinfo), last.astimezone(runtime().now().tzinfo)
    except OverflowError:
        raise Refused("api.span", days=LONGEST_SPAN.days) from None

    def act(session: Session) -> Answer:
        return Answer(Duty(slots=[DutyOut(**asdict(one)) for one in api_reading.duty(session, first, last)]))

    return act


@endpoint(
    "POST", "/leaves", "leaves:write", "Tell who is on leave from when until when.",
    body=Leaves, answers={200: LeavesResult},
    example={"body": {"leaves": [{"staff": "D02", "first_day": "2026-11-23", "last_day": "2026-11-27"}]}},
    more="Whoever is on leave does not count as having served at a window. A leave that begins on the same day is put right.",
)  # fmt: skip
def tell_leaves(call: Call) -> Act:
    told = [(line, leaves.Told(one.staff, one.first_day, one.last_day)) for line, one in enumerate(call.body.leaves, 1)]

    def act(session: Session) -> Answer:
        done = leaves.keep(session, told, by=call.caller.actor, now=runtime().now())
        bad = [fault(one) for one in done.problems]
        return Answer(
            LeavesResult(stored=done.stored, known=done.known, changed=done.changed, rejected=len(bad), problems=bad)
        )

    return act


@endpoint(
    "GET", "/leaves", "leaves:read", "Leaves that have not ended before a day.",
    query=Since, answers={200: LeavesAnswer}, example={"query": {"since": "2026-11-01"}},
)  # fmt: skip
def read_leaves(call: Call) -> Act:
    def act(session: Session) -> Answer:
        found = api_reading.leaves(session, call.query.since)
        return Answer(LeavesAnswer(leaves=[LeaveOut(staff=a, first_day=b, last_day=c) for a, b, c in found]))

    return act
