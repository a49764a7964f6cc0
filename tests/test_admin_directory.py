"""The directory pages as an administrator uses them."""

import io

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from feedback_app.db.accounts import SignIn
from feedback_app.db.audit import AuditEntry
from feedback_app.db.directory import ServicePoint
from feedback_app.services import list_templates, sign_ins
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit


@pytest.fixture
def desk_client(client: FlaskClient, runtime: Runtime) -> FlaskClient:
    sign_in(client, runtime)
    return client


def entry(runtime: Runtime, key: str) -> ServicePoint:
    with runtime.reading() as session:
        found = session.query(ServicePoint).filter_by(key=key).one()
        session.expunge(found)
        return found


def test_only_administrators(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime, "office")
    assert client.get("/admin/directory").status_code == 403
    assert client.get("/admin/directory/import").status_code == 403


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("", "张伟", "没有找到"),
        ("q=张敏", "张敏", "李建国"),
        ("q=D03", "李建国", "张敏"),
        ("q=Ｄ０３", "李建国", "张敏"),
        ("q=儿科", "周婷婷", "李建国"),
        ("kind=window", "1号挂号窗口", "周婷婷"),
        ("active=no", "没有找到", "周婷婷"),
        ("q=%00%25", "没有找到", "周婷婷"),
        ("page=99&department=x&kind=nonsense", "张伟", "没有找到"),
    ],
)
def test_finding(desk_client: FlaskClient, query: str, shown: str, hidden: str) -> None:
    page = desk_client.get(f"/admin/directory?{query}")
    assert page.status_code == 200
    assert shown in page.text
    assert hidden not in page.text


def test_changing_by_hand_and_finding_by_initials(desk_client: FlaskClient, runtime: Runtime) -> None:
    address = f"/admin/directory/{entry(runtime, 'D01').id}"
    assert 'value="张伟"' in desk_client.get(address).text
    form = {
        "name": "单晓",
        "dept_code": "EK",
        "aliases": "单医生;小单",
        "status": "产假",
        "wecom_userid": "",
        "hire_date": "2020年1月5日",
    }
    assert submit(desk_client, address, form).status_code == 303
    saved = entry(runtime, "D01")
    assert (saved.name, saved.aliases, saved.status, saved.active, saved.wecom_userid) == (
        "单晓",
        ["单医生", "小单"],
        "产假",
        True,
        "",
    )
    assert saved.department_id == entry(runtime, "EK").id
    assert "单晓" in desk_client.get("/admin/directory?q=sx").text
    with runtime.reading() as session:
        assert session.query(AuditEntry).filter_by(action="directory.edited").one().subject == "staff D01"


def test_leaving_by_hand_ends_the_sign_in_and_emptying_the_department_works(
    desk_client: FlaskClient, runtime: Runtime
) -> None:
    who = entry(runtime, "D01")
    with runtime.transaction() as session:
        sign_ins.start(session, "staff", who.id, runtime.now())
    form = {"name": "张伟", "dept_code": "", "status": "离职"}
    assert submit(desk_client, f"/admin/directory/{who.id}", form).status_code == 303
    with runtime.reading() as session:
        assert session.query(SignIn).filter_by(subject_kind="staff").count() == 0
    after = entry(runtime, "D01")
    assert (after.active, after.department_id) == (False, None)
    assert "不能登录" in desk_client.get(f"/admin/directory/{who.id}").text


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(desk_client: FlaskClient, runtime: Runtime) -> None:
    address = f"/admin/directory/{entry(runtime, 'D01').id}"
    page = submit(desk_client, address, {"name": "张伟强", "email": "没有@"})
    assert page.status_code == 400
    assert "不是邮箱地址" in page.text
    assert 'value="张伟强"' in page.text
    assert entry(runtime, "D01").name == "张伟"


def test_adding_by_hand(desk_client: FlaskClient, runtime: Runtime) -> None:
    assert submit(desk_client, "/admin/directory/new/window", {"key": "W09", "name": "9号窗口"}).status_code == 303
    assert entry(runtime, "W09").active
    again = submit(desk_client, "/admin/directory/new/window", {"key": "W09", "name": "另一个"})
    assert again.status_code == 400
    assert "已经有了" in again.text
    assert submit(desk_client, "/admin/directory/new/window", {"key": "", "name": ""}).status_code == 400
    assert desk_client.get("/admin/directory/new/nonsense").status_code == 404
    assert desk_client.get("/admin/directory/99999").status_code == 404


@pytest.mark.parametrize("kind", list_templates.kinds())
def test_an_empty_list_to_fill_in(desk_client: FlaskClient, kind: str) -> None:
    sent = desk_client.get(f"/admin/directory/template/{kind}.xlsx")
    assert "attachment" in sent.headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(sent.data)).worksheets[0]
    assert sheet.max_row == 2
    assert "示例" in "".join(str(one.value) for one in sheet[2])
