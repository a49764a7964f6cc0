"""The rules that turn rows into records: many spellings of the same thing, and a reason for every row rejected."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import directory_cells as cell
from feedback_app.domain.directory_columns import KINDS, find_heading, recognise_kind
from feedback_app.domain.directory_rows import Reading, read_rows
from feedback_app.errors import Refused

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(date(1930, 1, 1), date(2099, 12, 31))


def reading(kind: str, *rows: list[str]) -> Reading:
    found = find_heading(KINDS[kind], rows)
    assert found is not None and not found.missing
    body = [(line, row) for line, row in enumerate(rows, start=1) if line > found.index + 1]
    return read_rows(KINDS[kind], found.columns, rows[found.index], body, SHANGHAI)


def reasons(result: Reading) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code.removeprefix("directory.")) for one in result.rejected]


@given(
    DAYS,
    st.sampled_from(
        ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%Y-%m-%d 00:00:00", "%Y-%m-%d 08:30"]
    ),
)
def test_a_day_in_every_usual_writing(day: date, writing: str) -> None:
    assert cell.day(day.strftime(writing)) == day


@given(DAYS)
def test_a_day_without_zeros_and_as_a_number_of_excel(day: date) -> None:
    assert cell.day(f"{day.year}/{day.month}/{day.day}") == day
    assert cell.day(f"{day.year}年{day.month}月{day.day}日") == day
    assert cell.day(str((day - date(1899, 12, 30)).days)) == day


@given(st.text(max_size=12))
def test_any_text_is_a_day_or_refused(text: str) -> None:
    try:
        assert isinstance(cell.day(text), date)
    except Refused as error:
        assert error.code == "directory.cell_date"


@pytest.mark.parametrize("text", ["2020-13-01", "2020-02-30", "去年", "1", "20201301", "99999", "2020/1/5/7"])
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(Refused):
        cell.day(text)


@given(st.times())
def test_a_time_in_every_usual_writing(moment: time) -> None:
    minute = moment.replace(second=0, microsecond=0)
    for text in (
        f"{minute:%H:%M}",
        f"{minute.hour}:{minute:%M}",
        f"{minute:%H%M}",
        f"{minute.hour}点{minute.minute}分",
        f"{minute:%H:%M:%S}",
    ):
        assert cell.clock(text) == minute
    assert cell.clock(f"{0.0 + (minute.hour * 60 + minute.minute) / 1440:.6f}") == minute


def test_times_people_say() -> None:
    assert cell.clock("下午2:30") == time(14, 30)
    assert cell.clock("24:00") == time(0)
    assert cell.clock("7：30") == time(7, 30)
    for text in ("25:00", "7:60", "早上", "12"):
        with pytest.raises(Refused):
            cell.clock(text)


@given(st.text(max_size=30))
def test_tidying_twice_changes_nothing(text: str) -> None:
    try:
        once = cell.tidy(text)
    except Refused:
        return
    assert cell.tidy(once) == once


def test_invisible_marks_full_width_and_spaces() -> None:
    assert cell.tidy("\ufeff  １０００８６　Ａ\u200b ") == "100086 A"
    assert cell.tidy("食堂（患者膳食）") == "食堂（患者膳食）"


@pytest.mark.parametrize(
    ("status", "active", "away"),
    [
        ("在岗", True, False), ("", True, False), ("在职", True, False), ("产假", True, True), ("进修", True, True),
        ("外派", True, True), ("退休返聘", True, False), ("离职", False, False), ("退休", False, False),
        ("停职", False, False), ("停用", False, False), ("启用", True, False), ("Inactive", False, False), ("借用", True, False),
    ],
)  # fmt: skip
def test_who_may_be_rated_and_sign_in(status: str, active: bool, away: bool) -> None:
    assert (cell.is_active(status), cell.is_away(status)) == (active, away)


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        (["dept_code", "name", "kind", "staff"], "departments"),
        (["staff_no", "name", "sex", "dept_code", "dept", "category", "title"], "staff"),
        (["window_no", "name", "type", "dept_code", "building", "floor"], "windows"),
        (["unit_no", "name", "dept_code"], "logistics"),
        (["date", "window_no", "shift", "start", "end", "staff_no"], "duty"),
        (["key", "kind", "name", "aliases", "department", "title", "note"], "directory"),
        (["序号", "职工号", "姓名", "所在科室", "职称（最高）", "来院时间", "在岗状态"], "staff"),
        (["人员编码*", " 姓 名 ", "部门:", "职务", "UserID", "E-mail"], "staff"),
        (["科室代码", "科室名称", "科室类别"], "departments"),
        (["窗口号", "窗口名称", "楼栋", "楼层", "开放时间", "使用状态"], "windows"),
        (["班组编号", "班组名称", "主管科室"], "logistics"),
        (["值班日期", "窗口", "班次", "开始时间", "结束时间", "工号"], "duty"),
        (["胸牌", "姓名", "科室"], None),
        (["编号", "名称"], None),
        (["a", "b", "c"], None),
    ],
)
def test_the_kind_is_recognised_by_its_headings(headings: list[str], kind: str | None) -> None:
    assert recognise_kind([["某某医院一览表"], headings, ["1", "2", "3"]]) == kind


def test_the_post_is_the_title_only_where_there_is_no_other() -> None:
    alone: Any = reading("staff", ["工号", "姓名", "岗位"], ["1", "张伟", "主管护师"]).points[0]
    both: Any = reading("staff", ["工号", "姓名", "岗位", "职称"], ["1", "张伟", "导诊", "主管护师"]).points[0]
    assert alone.values["title"] == both.values["title"] == "主管护师"
    assert alone.defaults == both.defaults == {"category": "护理"}


def test_staff_rows_and_their_reasons() -> None:
    result = reading(
        "staff",
        ["某某医院花名册"],
        ["工号", "姓名", "性别", "科室", "入职日期", "在职状态", "企业微信账号", "邮箱"],
        ["００１", "张伟", "1", "儿科", "2020年1月5日", "在岗", "zhangwei", "z@h.cn"],
        ["002", "", "女", "儿科", "", "在岗", "", ""],
        ["", "李敏", "女", "儿科", "", "在岗", "", ""],
        ["001", "张维", "男", "儿科", "", "在岗", "", ""],
        ["工号", "姓名", "性别", "科室", "入职日期", "在职状态", "企业微信账号", "邮箱"],
        ["003", "王芳", "女", "儿科", "前年", "在岗", "", ""],
        ["004", "王磊", "女", "儿科", "", "在岗", "王磊", ""],
        ["005", "刘洋", "女", "儿科", "", "在岗", "", "没有"],
        ["006", "=A1", "女", "儿科", "", "在岗", "", ""],
        ["007", "钱\x00程", "女", "儿科", "", "在岗", "", ""],
        ["008", "#N/A", "女", "儿科", "", "在岗", "", ""],
        ["009", "长" * 101, "女", "儿科", "", "在岗", "", ""],
        ["010", "孙丽"],
        ["011", "周婷", "女", "儿科", "", "神游", "", ""],
    )
    first: Any = result.points[0]
    assert (first.key, first.department, first.values["sex"], first.values["hire_date"]) == (
        "001",
        "儿科",
        "男",
        date(2020, 1, 5),
    )
    assert [point.key for point in result.points] == ["001", "010", "011"]
    assert reasons(result) == [
        (4, "name", "cell_empty"), (5, "key", "cell_empty"), (6, "key", "row_twice"), (8, "hire_date", "cell_date"),
        (9, "wecom_userid", "cell_userid"), (10, "email", "cell_mail"), (11, "name", "cell_formula"),
        (12, "name", "cell_control"), (13, "name", "cell_error"), (14, "name", "cell_long"),
    ]  # fmt: skip
    assert [(one.line, one.code) for one in result.warnings] == [(16, "directory.status_unknown")]


def test_departments_without_codes_go_by_their_names() -> None:
    assert [point.key for point in reading("departments", ["科室名称"], ["儿科"], ["眼科"]).points] == ["儿科", "眼科"]


DUTY = ["日期", "窗口", "班次", "开始", "结束", "工号"]


def test_a_night_shift_ends_the_next_day_and_a_backward_one_is_rejected() -> None:
    result = reading(
        "duty",
        DUTY,
        ["2026/5/25", "W001", "夜", "20:00", "08:00", "1"],
        ["2026/5/25", "W001", "上午", "12:00", "07:30", "2"],
        ["2026/5/25", "W001", "上午", "12:00", "12:00", "2"],
        ["2026/5/25", "W001", "晚", "16:00", "24:00", "3"],
        ["2026/5/32", "W001", "晚", "16:00", "24:00", "3"],
    )
    night = result.duty[0]
    assert night.starts_at == datetime(2026, 5, 25, 12, 0, tzinfo=UTC)
    assert night.ends_at - night.starts_at == timedelta(hours=12)
    assert result.duty[1].ends_at - result.duty[1].starts_at == timedelta(hours=8)
    assert reasons(result) == [(3, "end", "shift_backwards"), (4, "end", "shift_empty"), (6, "date", "cell_date")]


def test_the_same_person_at_two_windows_at_once_is_worth_a_look() -> None:
    result = reading(
        "duty",
        DUTY,
        ["2026-05-25", "W001", "上午", "07:30", "12:00", "1"],
        ["2026-05-25", "W002", "上午", "11:00", "13:00", "1"],
        ["2026-05-25", "W002", "下午", "13:00", "17:00", "1"],
        ["2026-05-25", "W002", "下午", "12:00", "17:00", "2"],
    )
    assert not result.rejected
    assert [(one.line, one.params["other"]) for one in result.warnings] == [(3, 2)]


@pytest.mark.parametrize(
    "last", [["合计", "", "2人"], ["", "合 计", "2"], ["", "总计：2 人", ""], ["", "共计2人", "2"]]
)
def test_a_line_of_totals_is_nobody_and_is_told(last: list[str]) -> None:
    heading = ["序号", "职工号", "姓名"]
    found = reading("staff", heading, ["1", "90001", "单晓"], ["2", "90002", "合计明"], last)
    assert [row.key for row in found.points] == ["90001", "90002"]
    assert found.rejected == ()
    assert [(one.line, one.code) for one in found.warnings] == [(4, "directory.row_total")]
