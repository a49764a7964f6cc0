"""From an HR spreadsheet to the directory with the browser alone."""

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, stream_encode_multipart

from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.db.imports import ImportDraft
from feedback_app.services import housekeeping, import_drafts, list_templates
from feedback_app.services.runtime import Runtime
from tests.console import csrf, sign_in, submit

HR = "职工号,姓名,科室,职称,在职状态\n90001,单晓,眼科,主治医师,在岗\n90002,区华,骨科,护师,在岗\n"


class Desk:
    def __init__(self, client: FlaskClient, runtime: Runtime) -> None:
        self.client, self.runtime = client, runtime

    def upload(self, data: str | bytes, kind: str = "", name: str = "花名册.csv") -> TestResponse:
        content = data.encode("gb18030") if isinstance(data, str) else data
        file = FileStorage(io.BytesIO(content), filename=name)
        fields = MultiDict({"csrf_token": csrf(self.client), "kind": kind, "file": file})
        # encoded here: for large bodies the client makes temporary files and leaves them open
        body, _, boundary = stream_encode_multipart(fields, use_tempfile=False)
        form = f"multipart/form-data; boundary={boundary}"
        return self.client.post("/admin/directory/import", data=body.read(), content_type=form)

    def send(self, draft: TestResponse, step: str, fields: dict[str, Any] | None = None) -> TestResponse:
        return submit(self.client, f"{draft.location}/{step}", fields)

    def page(self, draft: TestResponse) -> str:
        return self.client.get(draft.location).text

    def known(self) -> set[str]:
        with self.runtime.reading() as session:
            return {point.key for point in session.query(ServicePoint)}


@pytest.fixture
def desk(client: FlaskClient, runtime: Runtime) -> Desk:
    sign_in(client, runtime)
    return Desk(client, runtime)


def figures(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="figure">(\d+)', page)]


def test_an_hr_list_with_departments_nobody_knows_yet(desk: Desk) -> None:
    draft = desk.upload(HR)
    page = desk.page(draft)
    assert figures(page)[:4] == [2, 0, 0, 0]
    assert "会同时新建 2 个科室：眼科、骨科" in page
    assert "90001" not in desk.known()
    done = desk.send(draft, "import")
    assert done.status_code == 303
    assert {"90001", "90002", "眼科", "骨科"} <= desk.known()
    result = without_token(desk.page(draft))
    assert "新增 2" in result
    desk.send(draft, "import")
    assert without_token(desk.page(draft)) == result
    again = desk.upload(HR)
    assert "完全一样" in desk.page(again)


def test_without_new_departments_the_rows_are_to_be_corrected(desk: Desk) -> None:
    draft = desk.upload(HR)
    desk.send(draft, "meaning", {"kind": "staff", **_columns(["key", "name", "department", "title", "status"])})
    page = desk.page(draft)
    assert figures(page)[3] == 2
    assert "还没有“眼科”这个科室" in page


def without_token(page: str) -> str:
    """The hidden tokens of a page hold the second in which it was made."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def _columns(fields: list[str]) -> dict[str, str]:
    return {f"column-{place}": field for place, field in enumerate(fields)}


def test_correcting_cells_leaving_out_rows_and_importing(desk: Desk) -> None:
    draft = desk.upload("职工号,姓名,来院时间\n90001,单晓,前年\n90002,,2020.1.5\n90003,解华,2020.1.5\n")
    page = desk.page(draft)
    assert figures(page)[:4] == [1, 0, 0, 2]
    assert "不是能认出的日期" in page
    assert desk.send(draft, "import").status_code == 400
    assert desk.known() & {"90001", "90003"} == set()
    desk.send(draft, "rows", {"cell-2-2": "2024-01-02", "drop": ["3"]})
    assert figures(desk.page(draft))[:4] == [2, 0, 0, 0]
    desk.send(draft, "import")
    assert desk.known() >= {"90001", "90003"}
    assert "90002" not in desk.known()


def test_only_the_good_rows(desk: Desk) -> None:
    draft = desk.upload("职工号,姓名\n90001,单晓\n90002,\n")
    desk.send(draft, "import", {"skip_bad": "1"})
    assert "90001" in desk.known()
    assert "有 1 行没有导入" in desk.page(draft)


def test_a_heading_nobody_knows_is_pointed_out_by_hand(desk: Desk) -> None:
    draft = desk.upload("胸卡,大名,单位\n90001,单晓,儿科\n")
    assert "还不知道这是哪一种名单" in desk.page(draft)
    desk.send(draft, "meaning", {"kind": "staff", "create_departments": "on"})
    assert "还差这几列" in desk.page(draft)
    desk.send(
        draft, "meaning", {"kind": "staff", "create_departments": "on", **_columns(["key", "name", "department"])}
    )
    assert figures(desk.page(draft))[:4] == [1, 0, 0, 0]
    desk.send(draft, "import")
    assert "90001" in desk.known()


def test_the_heading_row_is_pointed_out_by_hand(desk: Desk) -> None:
    draft = desk.upload("工号,姓名,科室,职称\n以下为新院区\n工号,姓名,部门,邮箱\n90001,单晓,儿科,a@b.cn\n")
    columns = _columns(["key", "name", "department", "title"])
    desk.send(draft, "meaning", {"kind": "staff", "heading": "3", "create_departments": "on", **columns})
    page = desk.page(draft)
    assert figures(page)[:4] == [1, 0, 0, 0]
    desk.send(draft, "import")
    with desk.runtime.reading() as session:
        assert session.query(ServicePoint).filter_by(key="90001").one().email == "a@b.cn"


def test_a_workbook_with_several_sheets(desk: Desk) -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "人员"
    first.append(["工号", "姓名"])
    first.append([90001, "单晓"])
    second = book.create_sheet("窗口")
    second.append(["窗口号", "窗口名称", "楼层"])
    second.append(["W77", "77号窗口", "2"])
    buffer = io.BytesIO()
    book.save(buffer)
    draft = desk.upload(buffer.getvalue(), name="全部.xlsx")
    assert "人员" in desk.page(draft)
    desk.send(draft, "meaning", {"kind": "staff", "sheet": "1"})
    desk.send(draft, "meaning", {"kind": "windows", "sheet": "1"})
    assert figures(desk.page(draft))[:4] == [1, 0, 0, 0]
    desk.send(draft, "import")
    assert desk.known() & {"W77", "90001"} == {"W77"}


def test_a_corrected_roster_replaces_shifts_only_when_asked(desk: Desk) -> None:
    duty = "日期,窗口,开始,结束,工号\n2026-11-20,W01,8:00,12:00,{}\n"
    desk.send(desk.upload(duty.format("C01")), "import")
    draft = desk.upload(duty.format("N02"))
    assert "这份名单里没有的 1 条" in desk.page(draft)
    desk.send(
        draft,
        "meaning",
        {"kind": "duty", "replace_missing": "on", **_columns(["date", "window", "start", "end", "staff"])},
    )
    desk.send(draft, "import")
    with desk.runtime.reading() as session:
        assert session.query(DutySlot).count() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "是空的"),
        (bytes(range(256)), "里不是文字表格"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99, "另存为"),
        (b"x,y\n" * (2621 * 1024), "文件太大"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_kindly(desk: Desk, data: bytes, words: str) -> None:
    page = desk.upload(data)
    assert page.status_code == 400
    assert words in page.text
    with desk.runtime.reading() as session:
        assert session.query(ImportDraft).count() == 0


def test_no_file_and_a_kind_that_does_not_exist(desk: Desk) -> None:
    assert "还没有选文件" in submit(desk.client, "/admin/directory/import", {}).text
    assert desk.upload(HR, kind="nonsense").status_code == 400


def test_markup_in_a_list_stays_text(desk: Desk) -> None:
    page = desk.page(desk.upload("工号,姓名\n90001,<script>alert(1)</script>\n"))
    assert "<script>alert" not in page


def test_a_draft_can_be_discarded(desk: Desk) -> None:
    draft = desk.upload(HR)
    assert desk.send(draft, "discard").status_code == 303
    gone = desk.client.get(draft.location)
    assert gone.status_code == 404
    assert "再传一次" in gone.text
    assert desk.send(draft, "import").status_code == 404


def test_forgotten_uploads_are_swept_after_three_days(desk: Desk) -> None:
    desk.upload(HR)
    now = desk.runtime.now()
    with desk.runtime.transaction() as session:
        assert housekeeping.sweep(session, now)["import_drafts"] == 0
        assert housekeeping.sweep(session, now + import_drafts.KEPT_FOR)["import_drafts"] == 1


@pytest.mark.parametrize("kind", list_templates.kinds())
def test_our_own_empty_lists_are_recognised_and_their_example_is_not_imported(desk: Desk, kind: str) -> None:
    draft = desk.upload(desk.client.get(f"/admin/directory/template/{kind}.xlsx").data, name="模板.xlsx")
    with desk.runtime.reading() as session:
        assert session.query(ImportDraft).one().kind == kind
    assert figures(desk.page(draft))[:4] == [0, 0, 0, 0]


def test_a_wrong_row_says_whom_it_is_about_and_who_has_left_is_counted(desk: Desk) -> None:
    draft = desk.upload(
        "职工号,姓名,所在科室,职称,在岗状态\n90001,单晓,眼科,主治医师,退休\n90002,,骨科,主管护师,在岗\n合计,,,,2\n"
    )
    page = desk.page(draft)
    assert figures(page)[:4] == [1, 0, 0, 1]
    assert "骨科 · 主管护师" in page
    assert "其中 1 人已经离职或退休" in page
    assert "像是合计行" in page
    assert ">虚构<" not in page
