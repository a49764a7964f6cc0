"""Exports: every row once, in the promised columns, harmless in a spreadsheet, without anything about patients."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain.cycles import Period
from feedback_app.services import audit, exports, leaderboards, ratings
from feedback_app.services.exports import KINDS, Span
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime

Lookup = Callable[[str], ServicePoint]
PROMISED = ("receipt", "received_at", "kind", "key", "score", "channel", "counted", "why_not")
OPENID = "o-very-secret-openid"


@pytest.fixture
def rated(runtime: Runtime, point: Lookup) -> Runtime:
    """One rating in the last minute of October, one in the first of November (hospital time), one set aside."""
    moments = (
        datetime(2026, 10, 31, 15, 59, tzinfo=UTC),
        datetime(2026, 10, 31, 16, 0, tzinfo=UTC),
        datetime(2026, 11, 5, 2, 0, tzinfo=UTC),
    )
    with runtime.transaction() as session:
        for number, moment in enumerate(moments):
            submission = Submission(
                point_id=point("W03").id,
                score=number + 3,
                channel="form",
                idempotency_key=f"k{number}",
                comment="打我电话13800138000",
                rater_hash=runtime.vault.person(OPENID),
                contact_sealed=runtime.vault.seal("13800138000"),
            )
            ratings.submit(session, submission, zone=runtime.zone, now=moment)
        last = session.query(Rating).order_by(Rating.id.desc()).first()
        assert last is not None
        last.status, last.why_not = "excluded", "=同一人同一天"
    return runtime


def read(runtime: Runtime, kind: str, since: date | None = None, until: date | None = None) -> list[dict[str, Any]]:
    with runtime.reading() as session:
        rows = list(KINDS[kind].rows(session, Span(runtime.zone, since, until)))
    return [dict(zip(KINDS[kind].columns, row, strict=True)) for row in rows]


def test_ratings_have_the_promised_columns_and_appear_once(rated: Runtime) -> None:
    rows = read(rated, "ratings")
    assert KINDS["ratings"].columns == PROMISED
    assert [row["score"] for row in rows] == [3, 4, 5]
    assert [row["received_at"] for row in rows][:2] == ["2026-10-31T23:59:00+08:00", "2026-11-01T00:00:00+08:00"]
    assert [(row["counted"], row["why_not"]) for row in rows] == [(True, ""), (True, ""), (False, "=同一人同一天")]
    assert {row["key"] for row in rows} == {"W03"}


def test_days_are_the_hospitals(rated: Runtime) -> None:
    assert [row["score"] for row in read(rated, "ratings", until=date(2026, 10, 31))] == [3]
    assert [row["score"] for row in read(rated, "ratings", since=date(2026, 11, 1))] == [4, 5]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_about_a_patient_leaves(rated: Runtime, kind: str) -> None:
    with rated.transaction() as session:
        audit.write(session, actor="liu", action="code.retired", now=rated.now())
        leaderboards.close(session, "monthly", Period.parse("2026-10"), now=rated.now(), zone=rated.zone)
    told = json.dumps(read(rated, kind), ensure_ascii=False)
    assert read(rated, kind)
    for secret in ("13800138000", OPENID, rated.vault.person(OPENID)):
        assert secret not in told


def test_the_console_form_has_no_receipt_and_no_time(rated: Runtime) -> None:
    with rated.reading() as session:
        rows = KINDS["ratings"].rows(session, Span(rated.zone))
        columns, kept = exports.without_receipts(PROMISED, rows)
        assert columns == ("day", "kind", "key", "score", "channel", "counted", "why_not")
        assert next(kept)[:3] == ("2026-10-31", "window", "W03")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_a_formula_is_only_text(sign: str, tmp_path: Path) -> None:
    told = f"{sign}1+2"
    file = io.StringIO()
    exports.write_csv(("text",), iter([(told,)]), file)
    assert list(csv.reader(io.StringIO(file.getvalue(), newline="")))[1] == [f"'{told}"]
    exports.write_xlsx(("text",), iter([(told,)]), tmp_path / "book.xlsx")
    cell = load_workbook(tmp_path / "book.xlsx").active.cell(2, 1)  # type: ignore[union-attr]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_no_text_is_lost_in_csv(text: str) -> None:
    file = io.StringIO()
    exports.write_csv(("a", "b"), iter([(text, 1)]), file)
    back = list(csv.reader(io.StringIO(file.getvalue(), newline="")))[1][0]
    assert back.removeprefix("'") == text.removeprefix("'") or back == text
    assert back[:1] not in set("=+-@\t\r＝＋－＠")


def test_json_lines_leave_out_what_is_empty(rated: Runtime) -> None:
    file = io.StringIO()
    with rated.reading() as session:
        count = exports.write_jsonl(PROMISED, KINDS["ratings"].rows(session, Span(rated.zone)), file)
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert (count, ["why_not" in line for line in lines]) == (3, [False, False, True])
    assert lines[0]["counted"] is True
