"""Every move of a case over HTTP, without a script: asked once more before what cannot be undone, and nothing done on an old page."""

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedback_app.db.accounts import Account
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import complaints as rules
from feedback_app.services import complaints
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from tests.console import account, sign_in, submit


class Office:
    """The complaints office in a browser without scripts."""

    def __init__(self, client: FlaskClient, runtime: Runtime) -> None:
        self.client, self.runtime, self.filed = client, runtime, 0
        sign_in(client, runtime, "office")

    def file(self, text: str, received: date | None = None, key: str = "W03") -> str:
        self.filed += 1
        with self.runtime.transaction() as session:
            point = session.query(ServicePoint).filter_by(key=key).one()
            filing = Filing(text, "form", f"moves {self.filed}", point_id=point.id, received_on=received)
            return complaints.file(session, filing, zone=self.runtime.zone, now=self.runtime.now()).number or ""

    def case(self, number: str) -> Case:
        with self.runtime.reading() as session:
            found = session.query(Case).filter_by(number=number).one()
            assert found.events  # read while the session is open
            assert found.departments is not None
            return found

    def do(self, number: str, door: str = "", **fields: Any) -> TestResponse:
        path = f"/admin/complaints/{number}" + (f"/{door}" if door else "")
        return submit(self.client, path, {"seen": self.case(number).events[-1].id, **fields})

    def page(self, number: str) -> str:
        return self.client.get(f"/admin/complaints/{number}").text


@pytest.fixture
def office(client: FlaskClient, runtime: Runtime) -> Office:
    return Office(client, runtime)


def test_taken_handed_over_and_accepted_by_the_other(office: Office) -> None:
    number = office.file("等了两个小时")
    account(office.runtime, "office", login="li")
    assert office.do(number, "assign", to="office").status_code == 303
    assert office.case(number).owner == "office"
    assert office.do(number, "assign", to="li").status_code == 303
    assert (office.case(number).owner, office.case(number).offered_to) == ("office", "li"), "never passed into nothing"
    assert office.do(number, "assign", to="nobody").status_code == 404


def test_a_helping_department_makes_it_ten_days_and_its_leaving_five_again(office: Office) -> None:
    number = office.file("检查和收费互相推", key="XN")
    first = office.case(number).due_on
    assert office.do(number, "departments", department="XN", role="lead").status_code == 303
    assert office.do(number, "departments", department="EK", role="helper").status_code == 303
    case = office.case(number)
    assert case.working_days == 10
    assert first and case.due_on
    assert case.due_on > first
    page = office.page(number)
    assert 'name="role" value="none"' in page
    assert "10 个工作日" in page
    assert office.do(number, "departments", department="EK", role="none").status_code == 303
    assert (office.case(number).working_days, office.case(number).due_on) == (5, first)


def test_the_clock_stops_for_a_listed_reason_only_and_goes_on(office: Office) -> None:
    number = office.file("等院外鉴定")
    page = office.page(number)
    assert all(f'<option value="{reason}">' in page for reason in rules.PAUSES)
    assert office.do(number, "clock", action="paused", reason="太忙").status_code == 400
    assert office.case(number).state == "open"
    assert office.do(number, "clock", action="paused", reason="outside_examination").status_code == 303
    assert office.case(number).state == "paused"
    assert 'value="resumed"' in office.page(number)
    assert office.do(number, "clock", action="resumed").status_code == 303
    assert office.case(number).state == "open"


def test_merging_shows_both_first_and_then_lives_on_in_the_other(office: Office) -> None:
    early, late = office.file("窗口排队", date(2026, 11, 18)), office.file("还是窗口排队")
    asked = office.do(early, "merge", into=late.lower())
    assert asked.status_code == 200
    assert early in asked.text
    assert late in asked.text
    assert "不能再分开" in asked.text
    assert office.case(early).state == "open", "asked only"
    done = office.do(early, "merge", into=late, sure="1")
    assert (done.status_code, done.headers["Location"]) == (303, f"/admin/complaints/{late}")
    assert (office.case(early).state, office.case(late).due_on) == ("merged", date(2026, 11, 25))
    assert f'href="/admin/complaints/{early}">{early}</a>' in office.page(late), "what was taken in can be opened"
    assert f'href="/admin/complaints/{late}">{late}</a>' in office.page(early)


@pytest.mark.parametrize(("into", "status"), [("T-2611-9999", 400), ("", 400), ("itself", 400), ("closed", 409)])
def test_what_cannot_be_merged_is_said_and_the_number_is_kept(office: Office, into: str, status: int) -> None:
    number, closed = office.file("窗口排队"), office.file("早就办好了")
    office.do(closed, action="answered", text="已加开一个窗口。")
    into = {"itself": number, "closed": closed}.get(into, into)
    for sure in ("", "1"):
        page = office.do(number, "merge", into=into, sure=sure)
        assert page.status_code == status
        assert 'role="alert"' in page.text
        assert f'name="into" value="{into}"' in page.text
    assert office.case(number).state == "open"


def test_nobody_merges_into_a_case_about_themselves(office: Office) -> None:
    """A number that is not theirs to see is as if it did not exist, whichever way it is written into a form."""
    number, about_me = office.file("窗口排队"), office.file("态度差", key="D01")
    with office.runtime.transaction() as session:
        person = session.query(ServicePoint).filter_by(key="D01").one()
        session.query(Account).filter_by(login="office").one().person_id = person.id
    for sure in ("", "1"):
        assert office.do(number, "merge", into=about_me, sure=sure).status_code == 400
    page = office.client.get(f"/admin/complaints/join?number={number}+{about_me}")
    assert f'href="/admin/complaints/{about_me}"' not in page.text


def test_splitting_shows_the_new_matter_first_and_makes_one_case_of_it(office: Office) -> None:
    number = office.file("窗口排队，停车场也乱收费", date(2026, 11, 18))
    asked = office.do(number, "split", text="停车场 <b>乱收费</b>")
    assert asked.status_code == 200
    assert "停车场 &lt;b&gt;乱收费" in asked.text
    done = office.do(number, "split", text="停车场 <b>乱收费</b>", sure="1")
    assert done.status_code == 303
    second = done.headers["Location"].rpartition("/")[2]
    assert (office.case(second).text, office.case(second).day) == ("停车场 <b>乱收费</b>", date(2026, 11, 18))
    assert second in office.page(number)
    assert office.do(number, "split", text=" ").status_code == 400


def test_several_become_one_systemic_case_from_the_ticked_rows(office: Office) -> None:
    numbers = [office.file(f"排队太久 {day}", date(2026, 11, day)) for day in (18, 19, 20)]
    assert f'form="join" name="number" value="{numbers[0]}"' in office.client.get("/admin/complaints").text
    page = office.client.get("/admin/complaints/join", query_string={"number": [*numbers, "T-0000-1"]}).text
    assert "没有找到：T-0000-1" in page
    seen = {f"seen {number}": office.case(number).events[-1].id for number in numbers}
    fields = {"number": numbers, "sure": "1", "category": "waiting", **seen}
    assert submit(office.client, "/admin/complaints/join", {**fields, "text": ""}).status_code == 400
    assert submit(office.client, "/admin/complaints/join", {**fields, "text": "挤", "category": "x"}).status_code == 400
    assert (
        submit(office.client, "/admin/complaints/join", {**fields, "text": "收费处排队", "sure": ""}).status_code == 200
    )
    assert {office.case(number).state for number in numbers} == {"open"}
    done = submit(office.client, "/admin/complaints/join", {**fields, "text": "收费处排队"})
    joined = office.case(done.headers["Location"].rpartition("/")[2])
    assert (joined.systemic, joined.due_on, joined.category) == (True, date(2026, 11, 25), "waiting")
    assert {office.case(number).state for number in numbers} == {"merged"}


def test_two_people_at_once_and_the_second_changes_nothing(office: Office) -> None:
    """Each of these on a page that is older than the last entry: 409, the words kept, nothing done."""
    number, other = office.file("窗口排队"), office.file("还是窗口排队")
    old = office.case(number).events[-1].id
    office.do(number, action="noted", text="先去了解一下")
    before = [event.action for event in office.case(number).events]
    steps: list[tuple[str, dict[str, str]]] = [
        ("merge", {"into": other}),
        ("merge", {"into": other, "sure": "1"}),
        ("split", {"text": "停车场"}),
        ("split", {"text": "停车场", "sure": "1"}),
        ("assign", {"to": "office"}),
        ("departments", {"department": "EK", "role": "helper"}),
        ("clock", {"action": "paused", "reason": "outside_examination"}),
        ("", {"action": "closed"}),
    ]
    for door, fields in steps:
        page = office.do(number, door, **fields, seen=old)
        assert page.status_code == 409, door
        assert fields.get("text", "") in page.text
    seen = {f"seen {number}": old, f"seen {other}": office.case(other).events[-1].id}
    joining = {"number": [number, other], "text": "收费处排队", "sure": "1", **seen}
    page = submit(office.client, "/admin/complaints/join", joining)
    assert page.status_code == 409
    assert "收费处排队</textarea>" in page.text
    assert [event.action for event in office.case(number).events] == before


def test_a_refusal_by_telephone_goes_up_and_after_the_end_only_new_facts_open_it(office: Office) -> None:
    number = office.file("等了两个小时")
    assert office.do(number, action="answered", text="已加开一个窗口。").status_code == 303
    assert office.do(number, action="refused", text="患者来电：还是排").status_code == 303
    assert (office.case(number).state, office.case(number).level) == ("open", rules.OFFICE)
    with office.runtime.transaction() as session:
        session.query(Case).filter_by(number=number).one().state = rules.FINAL
    assert 'name="new_facts"' in office.page(number)
    kept = office.do(number, action="reopened", text="找到了录像")
    assert kept.status_code == 400
    assert "找到了录像</textarea>" in kept.text
    assert office.do(number, action="reopened", text="找到了录像", new_facts="1").status_code == 303
    assert office.case(number).state == "open"


def test_a_case_that_has_been_merged_offers_notes_only(office: Office) -> None:
    first, second = office.file("窗口排队"), office.file("还是窗口排队")
    office.do(second, "merge", into=first, sure="1")
    page = office.page(second)
    assert 'name="action" value="noted"' in page
    for gone in ("/merge", "/split", "/assign", "/departments", "/clock", "/about"):
        assert f'action="/admin/complaints/{second}{gone}"' not in page
