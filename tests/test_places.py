"""What stands behind a code beside the form (S42), which places are not followed up, and staff who rate logistics (S47)."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from feedback_app.db.directory import ServicePoint
from feedback_app.domain.directory_columns import recognise_kind
from feedback_app.domain.quiet_visits import Rule
from feedback_app.services import codes, quiet_visits
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.console import sign_in, submit
from tests.security.people import sign_in_staff
from tests.test_patient_pages import hidden, stored


def test_a_profile_written_in_the_console_stands_behind_the_code_at_once(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], point: Callable[[str], ServicePoint]
) -> None:
    path, window = f"/s/{code('W03')}", point("W03")
    assert f"{path}/about" not in client.get(path).text and client.get(f"{path}/about").status_code == 404
    sign_in(client, runtime)
    typed = {"duties": "收费、退费\n打印清单", "fee_basis": "浙价医〔2022〕1 号", "promise": "10 分钟内办完"}
    assert submit(client, f"/admin/directory/{window.id}/profile", typed).status_code == 303
    assert f"{path}/about" in client.get(path).text
    page = client.get(f"{path}/about").text
    for words in ("收费、退费", "打印清单", "浙价医〔2022〕1 号", "10 分钟内办完", "07:30-17:00"):
        assert words in page
    refused = submit(client, f"/admin/directory/{window.id}/profile", {**typed, "promise": "长" * 1001})
    assert refused.status_code == 400 and "长" * 1001 in refused.text and "1001" in refused.text
    assert "10 分钟内办完" in client.get(f"{path}/about").text


def test_a_sensitive_place_keeps_its_form_and_is_never_followed_up(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], point: Callable[[str], ServicePoint]
) -> None:
    path = f"/s/{code('D02')}"
    assert "回家再填" in client.get(path).text
    sign_in(client, runtime)
    assert submit(client, "/admin/quiet", {"why": "minor"}).status_code == 400
    assert submit(client, "/admin/quiet", {"why": "minor", "under_age": "40"}).status_code == 400
    unit = str(point("EK").id)
    assert submit(client, "/admin/quiet", {"why": "other", "department": unit}).status_code == 303
    page = client.get(path)
    assert page.status_code == 200 and "回家再填" not in page.text
    listed = client.get("/admin/quiet").text
    assert "儿科" in listed and "精神" in listed
    with runtime.reading() as session:
        newest = quiet_visits.listed(session)[-1]
    assert submit(client, f"/admin/quiet/{newest.id}/back").status_code == 303
    assert "回家再填" in client.get(path).text


def test_rules_of_ours_that_were_taken_back_stay_away(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        for one in quiet_visits.listed(session):
            quiet_visits.take_back(session, one.id, by="x", now=NOON)
        quiet_visits.install_presets(session, NOON)
        assert quiet_visits.listed(session) == []
        quiet_visits.add(session, Rule("other", word="骨科"), by="x", now=NOON)
        assert len(quiet_visits.listed(session)) == 1


def test_staff_rate_logistics_without_a_name_and_not_their_own(
    client: FlaskClient, runtime: Runtime, point: Callable[[str], ServicePoint]
) -> None:
    with runtime.transaction() as session:
        own = session.query(ServicePoint).filter_by(key="L04").one()
        own.department_id = point("D01").department_id
    sign_in_staff(client, runtime, "D01")
    listed = client.get("/staff/logistics").text
    assert ">食堂<" in listed and ">电梯<" not in listed
    canteen, lift = point("L02").id, point("L04").id
    assert client.get(f"/staff/logistics/{lift}").status_code == 404
    page = client.get(f"/staff/logistics/{canteen}").text
    form = hidden(page)
    refused = client.post(f"/staff/logistics/{canteen}", data={**form, "comment": "饭凉了"})
    assert refused.status_code == 400 and "饭凉了" in refused.text
    done = client.post(f"/staff/logistics/{canteen}", data={**form, "overall": "2", "comment": "饭凉了，13800001111"})
    assert done.status_code == 200 and "收到了" in done.text
    again = client.post(f"/staff/logistics/{canteen}", data={**form, "overall": "2", "comment": "饭凉了，13800001111"})
    assert again.status_code == 200
    [one] = stored(runtime)
    assert (one.channel, one.score, one.status) == ("staff", 2, "counted")
    assert "13800001111" not in f"{one.comment}{one.answers}" and "D01" not in str(vars(one))


@pytest.mark.parametrize("path", ["/staff/logistics", "/staff/logistics/1"])
def test_patients_do_not_see_the_staff_pages(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in {302, 303}


def test_a_place_has_a_code_and_questions_of_its_own(client: FlaskClient, runtime: Runtime) -> None:
    """Toilet, lift, ward (S45): from the list, by import or by hand, to the rating."""
    sign_in(client, runtime)
    typed = {
        "key": "P001",
        "name": "三楼东侧卫生间",
        "category": "卫生间",
        "dept_code": "ZW",
        "building": "门诊楼",
        "floor": "3",
    }
    assert submit(client, "/admin/directory/new/place", typed).status_code == 303
    assert "三楼东侧卫生间" in client.get("/admin/directory?kind=place").text
    with runtime.transaction() as session:
        made = session.query(ServicePoint).filter_by(kind="place", key="P001").one()
        text = codes.issue(session, runtime.vault, made, NOON).text
        listed = codes.rows(session, "http://h", codes.Wanted(kind="place"))
    assert [(one.kind, one.key, one.code) for one in listed] == [("place", "P001", text)]
    page = client.get(f"/s/{text}").text
    assert "这个地方，您觉得怎么样" in page and "三楼东侧卫生间" in page and "门诊楼" in page
    sent = client.post(f"/s/{text}", data={**hidden(page), "overall": "1", "what": ["supplies"]})
    assert sent.status_code == 303
    assert stored(runtime)[0].answers == {"overall": 1, "what": ["supplies"]}
    assert "三楼东侧卫生间" in client.get("/admin/ratings?kind=place").text


def test_a_list_of_places_is_known_by_its_headings() -> None:
    assert recognise_kind([["地点编号", "地点名称", "楼栋", "楼层"], ["P1", "卫生间", "门诊楼", "3"]]) == "places"
    assert recognise_kind([["班组编号", "班组名称", "归口科室"], ["L1", "保洁", "总务科"]]) == "logistics"
