"""Exports from the console: for whom, without receipts and moments, harmless, in pieces, as FHIR too, saved under a name."""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import insert

from bench import export_rows
from feedback_app import clock
from feedback_app.db.audit import AuditEntry
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.services import console_exports, ratings
from feedback_app.services.exports import Span
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit

Lookup = Callable[[str], ServicePoint]
SECRETS = ("13800138000", "o-secret-openid", "等了很久")


@pytest.fixture
def rated(runtime: Runtime, point: Lookup) -> Runtime:
    with runtime.transaction() as session:
        for number in range(1200):
            told = Submission(
                point("W03").id, number % 5 + 1, "form", f"k{number}", comment="等了很久13800138000" if number < 9 else "",
                rater_hash=runtime.vault.person(f"o-secret-openid{number}"),
                answers={"overall": str(number % 5 + 1)} if number % 2 else {},
            )  # fmt: skip
            ratings.submit(session, told, zone=runtime.zone, now=runtime.now())
        session.query(Rating).order_by(Rating.id).first().why_not = "=1+1"  # type: ignore[union-attr]
        session.query(Rating).order_by(Rating.id).first().status = "excluded"  # type: ignore[union-attr]
    return runtime


def test_the_list_has_a_day_and_no_receipt(client: FlaskClient, rated: Runtime) -> None:
    sign_in(client, rated, "quality")
    answer = client.get("/admin/exports/ratings.csv?span=this_month")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert answer.headers["X-Rows"] == "1200"
    assert len(rows) == 1200
    assert list(rows[0]) == ["day", "kind", "key", "score", "channel", "counted", "why_not"]
    assert rows[0]["day"] == "2026-11-20"
    assert rows[0]["why_not"] == "'=1+1"
    with rated.reading() as session:
        receipts = list(session.scalars(session.query(Rating.receipt).statement))
        assert [entry.subject for entry in session.query(AuditEntry).filter_by(action="export.made")] == [
            "ratings 2026-11-01–2026-11-20"
        ]
    for form in ("csv", "jsonl", "fhir"):
        told = client.get(f"/admin/exports/ratings.{form}?span=this_month").text
        assert not any(secret in told for secret in (*SECRETS, *receipts, "T12:", "+08:00"))


def test_it_is_sent_in_pieces_and_excel_opens(client: FlaskClient, rated: Runtime) -> None:
    with rated.reading() as session:
        pieces = list(console_exports.stream(session, "ratings", "csv", Span(rated.zone), "http://x"))
    assert len(pieces) > 2
    sign_in(client, rated, "quality")
    content = client.get("/admin/exports/ratings.xlsx?span=all").data
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert sheet.max_row == 1201


def test_fhir_is_valid_r4(client: FlaskClient, rated: Runtime) -> None:
    sign_in(client, rated, "quality")
    lines = client.get("/admin/exports/ratings.fhir?span=all").text.splitlines()
    resources = [json.loads(line) for line in lines]
    sets = [Questionnaire.model_validate(one) for one in resources if one["resourceType"] == "Questionnaire"]
    answers = [one for one in resources if one["resourceType"] == "QuestionnaireResponse"]
    assert len(answers) == 1199  # one is set aside
    for one in answers[:200]:
        QuestionnaireResponse.model_validate(one)
    known = {f"{one.url}|{one.version}" for one in sets}
    assert {one["questionnaire"] for one in answers} <= known
    assert {one["item"][0]["answer"][0]["valueInteger"] for one in answers} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("quality", {"ratings", "stars"}),
        ("office", {"complaints"}),
        ("admin", {"ratings", "stars", "audit"}),
        ("director", {"ratings", "complaints", "stars"}),
    ],
)
def test_each_role_may_take_its_own(client: FlaskClient, runtime: Runtime, role: str, may: set[str]) -> None:
    sign_in(client, runtime, role)
    page = client.get("/admin/exports").text
    for kind in console_exports.KINDS_OF:
        assert (f'action="/admin/exports/{kind}"' in page) == (kind in may)
        assert client.get(f"/admin/exports/{kind}.csv").status_code == (200 if kind in may else 404)


@pytest.mark.parametrize("role", ["head", "protection"])
def test_heads_may_take_nothing(client: FlaskClient, runtime: Runtime, role: str) -> None:
    sign_in(client, runtime, role)
    assert client.get("/admin/exports").status_code == 403
    assert client.get("/admin/exports/ratings.csv").status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("ratings?form=exe", 404), ("none?form=csv", 404), ("ratings?form=csv&since=2026-11-01", 303), ("none.csv", 404), ("ratings.exe", 404), ("stars.fhir", 404), ("ratings.csv?span=days&since=x", 400),
        ("ratings.csv?span=days&since=2026-11-20&until=2026-11-01", 400), ("ratings.csv?span=%00", 200), ("ratings.csv?span=days", 200),
    ],
)  # fmt: skip
def test_odd_questions_have_a_calm_answer(client: FlaskClient, runtime: Runtime, path: str, status: int) -> None:
    sign_in(client, runtime, "admin")
    assert client.get(f"/admin/exports/{path}").status_code == status


def test_the_password_is_asked_for_again(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime, "quality")
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(minutes=25))
    for path in ("/admin/exports", "/admin/exports/ratings.csv"):
        assert "/admin/confirm" in client.get(path).headers["Location"]


def test_a_query_is_saved_used_and_dropped(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime, "quality")
    fields = {"title": "给院办的<b>", "kind": "ratings", "form": "csv", "span": "last_month"}
    assert submit(client, "/admin/exports", fields).status_code == 303
    page = client.get("/admin/exports").text
    assert "给院办的&lt;b&gt;" in page
    assert submit(client, "/admin/exports", {**fields, "kind": "audit"}).status_code == 400
    assert "起个名字" in submit(client, "/admin/exports", {**fields, "title": " "}).text
    number = page.split('name="drop" value="')[1].split('"')[0]
    assert submit(client, "/admin/exports", {"drop": number}).status_code == 303
    assert "还没有存过" in client.get("/admin/exports").text


def test_named_spans_follow_the_calendar() -> None:
    assert console_exports.span("last_month", date(2026, 1, 5)) == (date(2025, 12, 1), date(2025, 12, 31))
    assert console_exports.span("this_year", date(2026, 3, 1)) == (date(2026, 1, 1), date(2026, 3, 1))
    assert console_exports.span("last_90", date(2026, 3, 1))[0] == date(2025, 12, 2)
    assert console_exports.span("all", date(2026, 3, 1)) == (None, None)


def test_memory_does_not_grow_with_the_rows(runtime: Runtime, point: Lookup) -> None:
    """The whole size is bench/export_rows.py: here 2,000 and 12,000 rows, counted by the interpreter itself."""

    def most(until: date) -> int:
        with runtime.reading() as session:
            tracemalloc.start()
            for _ in console_exports.stream(session, "ratings", "csv", Span(runtime.zone, None, until), "http://x"):
                pass
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return peak

    with runtime.transaction() as session:
        session.execute(insert(Rating), list(export_rows.rows(12_000, [(point("D01").id, point("XN").id)])))
    few, many = most(date(2026, 2, 19)), most(date(2026, 12, 31))
    assert many < 1.6 * few
