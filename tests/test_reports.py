"""Reports: what they tell is what was rated, small groups are not told, every form opens, and links go to those who may read."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from docx import Document
from flask.testing import FlaskClient
from openpyxl import load_workbook

from feedback_app import clock
from feedback_app.db.accounts import Account
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.people import Binding
from feedback_app.domain.papers import FORMS, Figures, Paper, Picture, Points, Table, Text
from feedback_app.domain.periods import Month
from feedback_app.domain.roles import Viewer
from feedback_app.services import complaints, improvements, papers, ratings, report_sending, reports, themes
from feedback_app.services.complaints import Filing
from feedback_app.services.ratings import Submission
from feedback_app.services.reports import Asked, Desk
from feedback_app.services.runtime import Runtime
from tests.console import account, sign_in

Lookup = Callable[[str], ServicePoint]
OCTOBER = Month(2026, 10)
MID_OCTOBER = datetime(2026, 10, 15, 2, 0, tzinfo=UTC)
PLANTED = ("=cmd|'/c calc'!A1", "<script>alert(1)</script>", "@SUM(1)", "张敏13800138000")


def rate(
    runtime: Runtime, point: ServicePoint, scores: list[int], comment: str = "", at: datetime = MID_OCTOBER
) -> None:
    with runtime.transaction() as session:
        for number, score in enumerate(scores):
            told = Submission(
                point.id, score, "form", f"{point.key} {at} {comment} {number}", comment=f"{comment}{number}" if comment else "",
                rater_hash=runtime.vault.person(f"{point.key}{at}{comment}{number}"),
            )  # fmt: skip
            ratings.submit(session, told, zone=runtime.zone, now=at)


def read_comments(runtime: Runtime) -> None:
    for _ in range(20):
        with runtime.transaction() as session:
            themes.work(session)


def paper(
    runtime: Runtime, kind: str, unit: ServicePoint | None = None, month: Month = OCTOBER, role: str = "director"
) -> Paper:
    with runtime.reading() as session:
        desk = Desk(session, runtime.settings, Viewer(role, role), runtime.now())
        return reports.paper(desk, kind, Asked(month, unit.id if unit else None))


def blocks(made: Paper, kind: type[Any]) -> list[Any]:
    return [block for block in made.blocks if isinstance(block, kind)]


def words_of(made: Paper) -> str:
    said: list[str] = [made.title, made.subtitle]
    for block in made.blocks:
        if isinstance(block, Points):
            said += block.items
        elif isinstance(block, Table):
            said += [*block.head, *(str(cell) for row in block.rows for cell in row)]
        elif isinstance(block, Figures):
            said += [part for item in block.items for part in item]
        elif isinstance(block, Picture):
            said += [cell for row in block.chart.table.rows for cell in row]
        elif isinstance(block, Text):
            said.append(block.text)
    return "\n".join(said)


def page_text(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


@pytest.fixture
def rated(runtime: Runtime, point: Lookup) -> Runtime:
    """October: 30 of D01 and 12 of N01 (XN), 4 of D02 (EK); November a few. Comments that try to be formulas and markup."""
    rate(runtime, point("D01"), [5] * 24 + [2] * 6)
    rate(runtime, point("N01"), [4] * 12)
    rate(runtime, point("D02"), [5, 5, 5, 1])
    for planted in PLANTED:
        rate(runtime, point("C01"), [1, 1], f"{planted}态度很差")
    rate(runtime, point("D01"), [5] * 6, at=runtime.now())
    read_comments(runtime)
    return runtime


def test_the_month_tells_what_was_rated(rated: Runtime) -> None:
    made = paper(rated, "month")
    figures = {said: figure for figure, said in blocks(made, Figures)[0].items}
    assert figures["评价"] == "54"  # 30 + 12 + 4 + 8
    assert figures["满意的占"] == f"{100 * 39 / 54:.1f}%"
    by_unit = {row[0]: row[1] for row in next(one for one in blocks(made, Table) if one.name == "各科室").rows}
    assert by_unit["心血管内科"] == 42
    assert "儿科" not in by_unit  # four people
    assert sum(by_unit.values()) == 54


def test_every_report_opens_in_every_form(rated: Runtime) -> None:
    for kind in reports.KINDS:
        made = paper(rated, kind)
        assert made.title in page_text(papers.made(made, "pdf", rated.now()))
        document = Document(io.BytesIO(papers.made(made, "docx", rated.now())))
        assert made.title in [one.text for one in document.paragraphs]
        book = load_workbook(io.BytesIO(papers.made(made, "xlsx", rated.now())))
        assert book.worksheets[0]["A1"].value == made.title


def test_without_anything_every_report_still_opens(runtime: Runtime) -> None:
    for kind in reports.KINDS:
        made = paper(runtime, kind)
        assert [len(papers.made(made, form, runtime.now())) > 1000 for form in FORMS] == [True] * 3
        assert "没有" in words_of(made) or kind in {"year", "notice"}


def test_one_rating_is_not_told_to_its_department(runtime: Runtime, point: Lookup) -> None:
    rate(runtime, point("D01"), [1], "等了很久")
    read_comments(runtime)
    said = words_of(paper(runtime, "month", point("XN")))
    assert "先不列" in said
    assert "等了很久" not in said
    assert "0.0%" not in said


def test_a_department_whose_ratings_are_one_colleagues_is_not_told(runtime: Runtime, point: Lookup) -> None:
    rate(runtime, point("D01"), [5] * 40)
    rate(runtime, point("N01"), [1, 1])
    assert "先不列" in words_of(paper(runtime, "month", point("XN")))


def test_no_report_of_a_department_has_a_count_of_one_to_four(rated: Runtime, point: Lookup) -> None:
    rate(rated, point("N01"), [2, 2, 1], "排队太久")
    read_comments(rated)
    for kind in ("month", "week"):
        made = paper(rated, kind, point("XN"))
        cells = [cell for table in blocks(made, Table) for row in table.rows for cell in row]
        assert not [cell for cell in cells if isinstance(cell, int) and 0 < cell < 5]
        assert "排队太久" not in words_of(made)


def test_formulas_and_markup_stay_words(rated: Runtime) -> None:
    made = paper(rated, "month")
    said = words_of(made)
    assert "13800138000" not in said
    assert "张敏" not in said
    book = load_workbook(io.BytesIO(papers.made(made, "xlsx", rated.now())))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not str(cell.value or "").startswith(("=", "@", "+"))
    with zipfile.ZipFile(io.BytesIO(papers.made(made, "docx", rated.now()))) as parts:
        assert "<script>" not in parts.read("word/document.xml").decode()


def test_signs_that_no_file_can_hold_are_left_out(runtime: Runtime) -> None:
    strange = "a\x00b\x0b\ufffe𠮷〓🙂" + "长" * 4000
    made = Paper(
        strange,
        strange,
        [Text(strange), Table("[x]:*?/\\'" * 9, ("a", "b"), [(strange, 1)] * 3), Points((strange,))],
        strange,
    )
    for form in FORMS:
        assert papers.made(made, form, runtime.now())


def test_a_renamed_department_keeps_its_figures(rated: Runtime, point: Lookup) -> None:
    with rated.transaction() as session:
        session.get_one(ServicePoint, point("XN").id).name = "心脏中心"
    rows = {
        row[0]: row[1] for row in next(one for one in blocks(paper(rated, "month"), Table) if one.name == "各科室").rows
    }
    assert rows["心脏中心"] == 42
    assert "心血管内科" not in rows


def test_a_month_without_comments_says_so(runtime: Runtime, point: Lookup) -> None:
    rate(runtime, point("D01"), [5] * 8)
    assert "这个月没有写了字的评价。" in words_of(paper(runtime, "month"))


def test_effects_and_overdue_complaints_are_told(runtime: Runtime, point: Lookup) -> None:
    with runtime.transaction() as session:
        filing = Filing("等了很久", "form", "late", point_id=point("D01").id)
        number = complaints.file(session, filing, zone=runtime.zone, now=MID_OCTOBER).number or ""
        session.query(Case).one().due_on = date(2026, 10, 20)
        wanted = improvements.Wanted("rectify", "加一个窗口", "liu", date(2026, 12, 1))
    account(runtime, "office", login="liu")
    with runtime.transaction() as session:
        improvements.make(session, number, wanted, by="liu", now=runtime.now(), zone=runtime.zone)
    said = words_of(paper(runtime, "week"))
    assert number in said
    assert "加一个窗口" in said
    assert number not in words_of(paper(runtime, "week", point("XN")))


def test_downloads_are_for_those_who_may(client: FlaskClient, rated: Runtime, point: Lookup) -> None:
    sign_in(client, rated, "quality")
    page = client.get("/admin/reports?month=2026-10").text
    assert "/admin/reports/month.pdf?month=2026-10" in page
    assert "complaint-register" not in page
    answer = client.get("/admin/reports/month.pdf?month=2026-10")
    assert answer.mimetype == "application/pdf"
    assert "54" in page_text(answer.data)
    assert client.get("/admin/reports/register.pdf").status_code == 404
    assert client.get("/admin/reports/month.exe").status_code == 404
    assert client.get("/admin/reports/none.pdf").status_code == 404
    assert client.get("/admin/reports/month.pdf?month=%00&department=99999").status_code == 404
    assert client.get("/admin/complaint-register.pdf").status_code == 403


def test_the_register_asks_for_the_password_again(client: FlaskClient, rated: Runtime) -> None:
    sign_in(client, rated, "director")
    assert client.get("/admin/complaint-register.docx?month=2026-10").mimetype == papers.MIME["docx"]
    clock.move(Path(rated.settings.sandbox.clock_file), rated.now() + timedelta(minutes=25))
    assert "/admin/confirm" in client.get("/admin/complaint-register.docx").headers["Location"]


def test_a_head_gets_the_own_department_whatever_is_asked(client: FlaskClient, rated: Runtime, point: Lookup) -> None:
    account(rated, "head")
    with rated.transaction() as session:
        session.query(Account).filter_by(login="head").one().department_id = point("XN").id
    sign_in(client, rated, "head")
    for query in ("", f"?department={point('SF').id}", "?month=2026-11"):
        text = page_text(client.get(f"/admin/reports/month.pdf{query}").data)
        assert "心血管内科" in text
        assert "2026 年 10 月" in text  # a month that runs would tell who wrote today
    assert client.get("/admin/reports/notice.pdf").status_code == 404


def test_the_link_goes_out_on_the_first_working_day(runtime: Runtime, point: Lookup) -> None:
    account(runtime, "director")
    account(runtime, "quality")
    with runtime.transaction() as session:
        session.query(Account).filter_by(login="director").one().person_id = point("D03").id
        session.add(Binding(service_point_id=point("D03").id, channel="wecom", address_sealed=runtime.vault.seal("d03"), address_hash="x", bound_at=runtime.now()))  # fmt: skip
    holiday = datetime(2026, 10, 3, 2, 0, tzinfo=UTC)  # the National Day holidays end on the 7th
    worked = datetime(2026, 10, 8, 0, 30, tzinfo=UTC)
    with runtime.reading() as session:
        assert not report_sending.is_due(session, holiday, runtime.settings)
        assert report_sending.is_due(session, worked, runtime.settings)
    with runtime.transaction() as session:
        assert report_sending.send(session, worked, runtime.settings) == 1
        assert report_sending.send(session, worked, runtime.settings) == 0
    with runtime.reading() as session:
        assert not report_sending.is_due(session, worked, runtime.settings)
        message = session.query(OutboxMessage).filter_by(purpose="report_ready").one()
        assert message.payload["url"].endswith("/admin/reports?month=2026-09")
        assert "%" not in message.payload["text"]
        assert message.service_point_id == point("D03").id
