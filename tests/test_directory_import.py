"""Importing lists: what is shown is what happens, nothing half, nobody deleted, who left is out."""

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import Workbook

from feedback_app.db.accounts import SignIn
from feedback_app.db.audit import AuditEntry
from feedback_app.db.codes import Code
from feedback_app.db.directory import DutySlot, ServicePoint, on_duty
from feedback_app.db.people import Binding
from feedback_app.errors import Refused
from feedback_app.services import imports, sign_ins
from feedback_app.services.directory_import import Preview
from feedback_app.services.import_files import open_table, read_table
from feedback_app.services.runtime import Runtime
from tests import samples

STAFF = "工号,姓名,科室,职称,在职状态\n"


def preview(runtime: Runtime, kind: str, data: str | bytes, **options: Any) -> Preview:
    table = open_table(data if isinstance(data, bytes) else data.encode(), kind)
    with runtime.reading() as session:
        return imports.plan(session, kind, read_table(table, runtime.zone), **options)


def run(runtime: Runtime, kind: str, data: str | bytes, **options: Any) -> Preview:
    table = open_table(data if isinstance(data, bytes) else data.encode(), kind)
    reading = read_table(table, runtime.zone)
    with runtime.transaction() as session:
        return imports.apply(session, runtime.vault, kind, reading, actor="test", now=runtime.now(), **options)


def count(runtime: Runtime, table: type[Any], **where: Any) -> int:
    with runtime.reading() as session:
        return session.query(table).filter_by(**where).count()


def member(runtime: Runtime, key: str, kind: str = "staff") -> ServicePoint:
    with runtime.reading() as session:
        found = session.query(ServicePoint).filter_by(kind=kind, key=key).one()
        session.expunge(found)
        return found


def codes_of(problems: Sequence[Any]) -> list[tuple[int, str]]:
    return [(one.line, one.code.removeprefix("directory.")) for one in problems]


def test_new_and_changed_members(runtime: Runtime) -> None:
    data = STAFF + "D01,张伟,儿科,主任医师,在岗\nD09,单晓,XN,医师,在岗\nD02,张敏,儿科,主治医师,在岗\n"
    shown = preview(runtime, "staff", data)
    done = run(runtime, "staff", data)
    assert shown == done
    assert [one.key for one in done.added] == ["D09"]
    assert [(one.key, [(c.field, c.old, c.new) for c in one.fields]) for one in done.changed] == [
        ("D01", [("department", "XN", "EK")])
    ]
    assert done.unchanged == 1
    assert {one.key for one in done.missing} == {"D03", "N01", "N02", "C01"}
    new = member(runtime, "D09")
    assert (new.sort_key, new.initials, new.active) == ("shan xiao 单晓", "sx", True)
    assert count(runtime, Code, service_point_id=new.id, status="active") == 1
    with runtime.reading() as session:
        entry = session.query(AuditEntry).filter_by(action="directory.imported").one()
    assert (entry.actor, entry.details["added"], entry.details["changed"]) == ("test", 1, 1)


def test_importing_again_changes_nothing(runtime: Runtime) -> None:
    data = STAFF + "D01,张伟,儿科,主任医师,在岗\nD09,单晓,XN,医师,在岗\n"
    run(runtime, "staff", data)
    before = (count(runtime, ServicePoint), count(runtime, Code), count(runtime, AuditEntry))
    again = run(runtime, "staff", data)
    assert (len(again.added), len(again.changed), again.unchanged) == (0, 0, 2)
    assert (count(runtime, ServicePoint), count(runtime, Code), count(runtime, AuditEntry)) == before


def test_nothing_is_imported_when_one_row_is_wrong(runtime: Runtime) -> None:
    data = STAFF + "D09,单晓,儿科,医师,在岗\nD10,解华,太空科,医师,在岗\n"
    with pytest.raises(Refused) as caught:
        run(runtime, "staff", data)
    assert (caught.value.code, caught.value.params) == ("directory.rows_rejected", {"count": 1})
    assert count(runtime, ServicePoint, key="D09") == 0
    done = run(runtime, "staff", data, skip_bad=True)
    assert codes_of(done.rejected) == [(3, "department_unknown")]
    assert (count(runtime, ServicePoint, key="D09"), count(runtime, ServicePoint, key="D10")) == (1, 0)


def test_departments_named_by_staff_are_created_and_get_their_codes_later(runtime: Runtime) -> None:
    done = run(runtime, "staff", STAFF + "D09,单晓,眼科,医师,在岗\nD10,区华,眼科,医师,在岗\n", create_departments=True)
    assert done.new_departments == ("眼科",)
    eyes = member(runtime, "眼科", "department")
    assert member(runtime, "D09").department_id == member(runtime, "D10").department_id == eyes.id
    later = run(runtime, "departments", "科室代码,科室名称,科室类别\n10,眼科,临床\n")
    assert [(change.field, change.new) for change in later.changed[0].fields] == [("category", "临床"), ("key", "10")]
    assert member(runtime, "10", "department").id == eyes.id
    again = run(runtime, "departments", "科室代码,科室名称,科室类别\n10,眼科,临床\n")
    assert (again.unchanged, again.changes_something) == (1, False)


def test_who_left_is_signed_out_and_unbound_at_once_and_who_is_on_leave_is_not(runtime: Runtime) -> None:
    now = runtime.now()
    ids = {key: member(runtime, key).id for key in ("D01", "D02")}
    with runtime.transaction() as session:
        for number in ids.values():
            sign_ins.start(session, "staff", number, now)
            session.add(
                Binding(
                    service_point_id=number, channel="wecom", address_sealed="x", address_hash=f"{number}", bound_at=now
                )
            )
    done = run(runtime, "staff", STAFF + "D01,张伟,儿科,主任医师,离职\nD02,张敏,儿科,主治医师,产假\n")
    assert [one.key for one in done.leaving] == ["D01"]
    with runtime.reading() as session:
        assert [one.subject_id for one in session.query(SignIn)] == [ids["D02"]]
        assert {one.service_point_id for one in session.query(Binding) if one.ended_at is None} == {ids["D02"]}
    assert (member(runtime, "D01").active, member(runtime, "D02").active) == (False, True)
    back = run(runtime, "staff", STAFF + "D01,张伟,儿科,主任医师,在岗\n")
    assert member(runtime, "D01").active and not back.leaving
    assert count(runtime, Code, service_point_id=ids["D01"], status="active") == 1


def test_an_empty_cell_ends_a_post_but_keeps_the_wecom_account(runtime: Runtime) -> None:
    done = run(runtime, "staff", "工号,姓名,职务,企业微信账号\nD03,李建国,,\n")
    assert [(change.field, change.new) for change in done.changed[0].fields] == [("duty", "")]
    assert member(runtime, "D03").wecom_userid == "d03"


def test_the_category_in_one_word_and_from_the_title_until_somebody_says_otherwise(runtime: Runtime) -> None:
    run(
        runtime,
        "staff",
        "工号,姓 名,类别,职称\nD11,张 伟,护士,\nD12,欧阳 静,,副主任医师\nD13,Li Na,义工,主管护师\nD14,解华,,专家\n",
    )
    assert [member(runtime, key).category for key in ("D11", "D12", "D13", "D14")] == ["护理", "医师", "义工", ""]
    assert [member(runtime, key).name for key in ("D11", "D12", "D13")] == ["张伟", "欧阳静", "Li Na"]
    run(runtime, "staff", "工号,姓名,类别,职称\nD12,欧阳静,行政,副主任医师\n")
    again = run(runtime, "staff", "工号,姓名,职称\nD12,欧阳静,副主任医师\n")
    assert (again.unchanged, member(runtime, "D12").category) == (1, "行政")


def test_one_wecom_account_is_one_person(runtime: Runtime) -> None:
    shown = preview(runtime, "staff", "工号,姓名,userid\nD09,单晓,d01\nD10,解华,new\nD11,任华,new\n")
    assert codes_of(shown.rejected) == [(2, "userid_taken"), (4, "userid_taken")]


def test_a_row_that_is_wrong_is_not_called_missing(runtime: Runtime) -> None:
    shown = preview(runtime, "staff", "工号,姓名,入职日期\nD01,张伟,前年\n")
    assert "D01" not in {one.key for one in shown.missing}


def test_duty_by_window_name_and_night_shift(runtime: Runtime) -> None:
    data = (
        "日期,窗口,班次,开始,结束,工号\n2026/11/20,1号挂号窗口,夜,20:00,08:00,C01\n2026/11/20,W03,早,8:00,12:00,C01\n"
    )
    done = run(runtime, "duty", data)
    assert (len(done.added), done.unchanged) == (2, 0)
    night = runtime.now() + timedelta(hours=12)  # midnight in Shanghai
    with runtime.reading() as session:
        assert on_duty(session, member(runtime, "W01", "window").id, night) == [member(runtime, "C01").id]
    assert run(runtime, "duty", data).unchanged == 2
    longer = run(runtime, "duty", data.replace("12:00", "12:30"))
    assert [change.field for change in longer.changed[0].fields] == ["end"]
    swapped = run(runtime, "duty", "日期,窗口,班次,开始,结束,工号\n2026/11/20,W03,早,8:00,12:30,N02\n")
    assert (len(swapped.added), len(swapped.missing)) == (1, 1)
    assert count(runtime, DutySlot) == 3


def test_duty_of_unknown_windows_and_people(runtime: Runtime) -> None:
    data = "日期,窗口号,开始,结束,工号\n2026-11-20,W99,8:00,12:00,C01\n2026-11-20,W01,8:00,12:00,X\n"
    assert codes_of(preview(runtime, "duty", data).rejected) == [(2, "window_unknown"), (3, "staff_unknown")]


def test_a_workbook_with_a_title_row_and_merged_departments(runtime: Runtime) -> None:
    book = Workbook()
    cover = book.active
    assert cover is not None
    cover.append(["说明:请勿外传"])
    sheet = book.create_sheet("花名册")
    for row in (
        ["2026年花名册"],
        ["部门", "职工号", "姓名", "来院时间"],
        ["儿科", 90001.0, "查仇", 43835],
        [None, "00090002", "区解", None],
    ):
        sheet.append(row)
    sheet.merge_cells("A1:D1")
    sheet.merge_cells("A3:A4")
    buffer = io.BytesIO()
    book.save(buffer)
    assert open_table(buffer.getvalue(), "staff").sheet == "花名册"
    done = run(runtime, "staff", buffer.getvalue())
    assert [one.key for one in done.added] == ["90001", "00090002"]
    assert str(member(runtime, "90001").hire_date) == "2020-01-05"
    assert member(runtime, "00090002").department_id == member(runtime, "EK", "department").id
    assert member(runtime, "90001").sort_key == "zha chou 查仇"  # 仇 is qiu only as a surname


@pytest.mark.parametrize(
    ("data", "code"),
    [("甲,乙\n1,2\n", "no_heading"), ("姓名,科室\n张伟,儿科\n", "no_heading"), ("工号,姓名\n", "no_rows")],
)
def test_a_list_without_usable_heading_or_rows(data: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        open_table(data.encode(), "staff")
    assert caught.value.code == f"directory.{code}"


SAMPLE = {"departments": 60, "staff": 2000, "windows": 120, "logistics": 12}


def test_the_sample_hospital_completely_and_again(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        session.query(ServicePoint).update({"department_id": None})
        session.query(ServicePoint).delete()
    for kind, rows in SAMPLE.items():
        data = samples.path(f"hospital/{'logistics_units' if kind == 'logistics' else kind}.csv").read_bytes()
        done = run(runtime, kind, data)
        assert (len(done.added), done.rejected) == (rows, ())
        again = run(runtime, kind, data)
        assert (again.unchanged, again.changes_something) == (rows, False)
    duty = samples.path("hospital/window_duty_week.csv").read_bytes()
    first, second = run(runtime, "duty", duty), run(runtime, "duty", duty)
    assert (len(first.added), first.rejected, second.unchanged) == (1392, (), 1392)
    with runtime.reading() as session:
        wanted = {point.id for point in session.query(ServicePoint) if point.active or point.kind != "staff"}
        coded = {code.service_point_id for code in session.query(Code)}
    assert wanted == coded


def test_the_small_directory_with_all_kinds(runtime: Runtime) -> None:
    data = samples.path("messages_directory.csv").read_bytes()
    kept = count(runtime, ServicePoint)
    done = run(runtime, "directory", data)
    assert len(done.added) + len(done.changed) + done.unchanged == 37
    assert member(runtime, "D09").department_id == member(runtime, "神经内科", "department").id
    assert member(runtime, "W05", "window").aliases == ["取药", "药房"]
    assert count(runtime, ServicePoint) == kept + len(done.added) + len(done.new_departments)
    assert not run(runtime, "directory", data).changes_something
