"""What the bodies of an award do: seats and terms, standing aside, points and sheets, whom nobody heard of, what goes upward."""

from datetime import date
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from feedback_app.db.assessments import Assessment, PersonRecord
from feedback_app.db.award_schemes import SchemeVersion
from feedback_app.db.bodies import BodyMember
from feedback_app.db.certificates import Certificate
from feedback_app.db.directory import ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.domain import bodies as rules
from feedback_app.domain.award_parts import Body
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.awards import to_body
from feedback_app.domain.bodies import Seat
from feedback_app.domain.cycles import Period
from feedback_app.domain.roles import DIRECTOR
from feedback_app.errors import NotFound, Refused
from feedback_app.services import bodies, leaderboards, other_facts, peer_marks, points_desk, publications
from feedback_app.services.bodies import Entry
from feedback_app.services.points_desk import Given
from feedback_app.services.runtime import Runtime
from tests.awards import preset
from tests.console import csrf, sign_in, submit
from tests.rounds import selection
from tests.security.people import sign_in_staff
from tests.star_ratings import id_of, october

OCTOBER = Period.parse("2026-10")
YEAR = Period.parse("2025")
FIRST = date(2026, 1, 1)
PANEL = Body("panel", {"zh": "专家组", "en": "Panel"}, ("expert_review", "on_site"), 3, 1)


def in_force(runtime: Runtime, scheme: Scheme) -> Scheme:
    with runtime.transaction() as session:
        session.add(
            SchemeVersion(
                award_key=scheme.key, number=1, state="started", body=to_body(scheme), valid_from="",
                changed_at=runtime.now(), changed_by="admin",
            )
        )  # fmt: skip
    return scheme


def seated(runtime: Runtime, scheme: Scheme, *who: str, role: str = "member", **term: Any) -> list[int]:
    with runtime.transaction() as session:
        told = [Entry("panel", one, role, **{"since": FIRST, **term}) for one in who]
        return [bodies.seat(session, scheme, one, by="admin", now=runtime.now()).id for one in told]


def give(runtime: Runtime, scheme: Scheme, period: Period, told: Given) -> None:
    with runtime.transaction() as session:
        points_desk.give(session, scheme, period, told, now=runtime.now(), zone=runtime.zone)


@pytest.fixture
def bimonthly(runtime: Runtime) -> Scheme:
    return in_force(runtime, preset("bimonthly", bodies=(PANEL,)))


@pytest.fixture
def windows(runtime: Runtime) -> Scheme:
    return in_force(runtime, preset("star_window", bodies=(PANEL,)))


def test_a_body_says_what_it_lacks_and_terms_come_and_go() -> None:
    day = date(2026, 6, 1)
    seats = [Seat("head", FIRST), Seat("member", FIRST, date(2026, 5, 31)), Seat("patient", date(2026, 7, 1))]
    assert [(one.what, one.there, one.wanted) for one in rules.lacking(PANEL, seats, day)] == [
        ("members", 1, 3), ("patients", 0, 1),
    ]  # fmt: skip
    assert rules.lacking(PANEL, [*seats, Seat("member", FIRST)], date(2026, 7, 1)) == []


@pytest.mark.parametrize(
    ("who", "role", "term", "code"),
    [
        ("D01", "chair", {}, "bad_role"),
        ("D01", "patient", {}, "patient_is_staff"),
        ("", "member", {}, "no_name"),
        ("W01", "member", {}, "no_name"),
        ("D02", "member", {"until": date(2025, 1, 1)}, "bad_term"),
        ("D01", "head", {"since": date(2026, 5, 1)}, "sits_already"),
        ("王女士", "patient", {}, "sits_already"),
    ],
)
def test_a_seat_that_cannot_be(
    runtime: Runtime, bimonthly: Scheme, who: str, role: str, term: dict[str, Any], code: str
) -> None:
    seated(runtime, bimonthly, "D01")
    seated(runtime, bimonthly, "王女士", role="patient")
    with pytest.raises(Refused) as refused:
        seated(runtime, bimonthly, who, role=role, **term)
    assert refused.value.code == f"bodies.{code}"


def test_nobody_judges_themselves_or_their_own_department(runtime: Runtime, bimonthly: Scheme) -> None:
    period = Period.parse("2026-11..12")
    [heart, child] = seated(runtime, bimonthly, "D01", "D02")  # XN and EK
    [former] = seated(runtime, bimonthly, "C01", until=date(2026, 1, 31))
    [guest] = seated(runtime, bimonthly, "省医学会 陈教授")
    for member, candidate, code in (
        (heart, "D01", "stars.recused"), (heart, "D03", "stars.recused"), (child, "D02", "stars.recused"),
        (former, "D01", "bodies.no_member"), (10**6, "D01", "bodies.no_member"), (child, "X99", "stars.no_candidate"),
        (child, "W01", "stars.no_candidate"),
    ):  # fmt: skip
        with pytest.raises((Refused, NotFound)) as refused:
            give(runtime, bimonthly, period, Given("expert_score", candidate, member, 90.0))
        assert refused.value.code == code
    for member in (child, guest):
        give(runtime, bimonthly, period, Given("expert_score", "D01", member, 80.0))
    give(runtime, bimonthly, period, Given("expert_score", "D01", guest, 70.0))
    with runtime.reading() as session:
        marks = other_facts.gather(session, bimonthly, period).marks[id_of(session, "D01")]
        assert sorted(one.points for one in marks["expert_score"]) == [70.0, 80.0], "given again, it replaces"
    with pytest.raises(Refused) as refused:  # colleagues give theirs themselves
        give(runtime, bimonthly, period, Given("peer_review", "D01", child, 80.0))
    assert refused.value.code == "stars.no_share"


def test_bodies_in_the_console_and_for_everybody(runtime: Runtime, bimonthly: Scheme, client: FlaskClient) -> None:
    sign_in(client, runtime)
    path = "/admin/awards/bimonthly/bodies"
    assert "按方案至少要 3 人" in client.get(path).text
    for who, role in (("D01", "head"), ("D02", "member"), ("王女士", "patient")):
        assert (
            submit(client, path, {"body": "panel", "who": who, "role": role, "since": "2026-01-01"}).status_code == 303
        )
    page = client.get(path).text
    assert "按方案至少要" not in page and "王女士" in page and "组长" in page
    refused = submit(client, path, {"body": "panel", "who": "D01", "role": "member", "since": "昨天"})
    assert (refused.status_code, 'value="D01"' in refused.text) == (400, True)
    public = client.get("/stars/bimonthly/rules").text
    assert "张伟" in public and "患者代表 1 人" in public and "王女士" not in public
    with runtime.reading() as session:
        member = session.query(BodyMember).filter_by(name="张敏").one().id
    assert submit(client, f"{path}/{member}/end").status_code == 303
    assert "以前的成员 1 人" in client.get(path).text
    assert "张敏" not in client.get("/stars/bimonthly/rules").text


def test_from_the_inspected_sheet_to_the_package_for_the_city(
    runtime: Runtime, windows: Scheme, client: FlaskClient
) -> None:
    """S10, S11: items, maxima, deductions and evidence typed on a page; 90 three stars, 85 two; each to its own authority."""
    [head] = seated(runtime, windows, "D01", role="head")
    sign_in(client, runtime)
    path = "/admin/awards/star_window/2025/points"
    common = {"share": "score_sheet", "member": str(head)}
    assert (
        submit(client, path, {**common, "candidate": "W01", "take:place:0": "2", "note": "照片 12 号"}).status_code
        == 303
    )
    assert submit(client, path, {**common, "candidate": "W03", "take:procedures:1": "3"}).status_code == 303
    assert submit(client, path, {**common, "candidate": "W03", "take:procedures:1": "21"}).status_code == 400
    page = client.get(path).text
    assert ">96<" in page and ">85<" in page
    with runtime.transaction() as session:
        leaderboards.close(session, "star_window", YEAR, now=runtime.now(), zone=runtime.zone)
    upward = "/admin/awards/star_window/2025/upward"
    assert "地级市评选" in client.get(upward).text
    paper = pdf_text(client.get(f"{upward}.pdf").data)
    assert "报送： 地级市评选" in paper and "1号挂号窗口" in paper and "96" in paper and "照片 12 号" in paper
    book = load_workbook(BytesIO(client.get(f"{upward}.xlsx").data))
    found = [[cell.value for cell in row] for sheet in book.worksheets for row in sheet.iter_rows(min_row=2)]
    assert [(row[1], row[5], row[6], row[7:11]) for row in found] == [
        ("1号挂号窗口", "三星级", 96, [30, 16, 30, 20]),
        ("3号收费窗口", "二星级", 85, [15, 20, 30, 20]),
    ]
    assert book.sheetnames == ["1 地级市评选", "2 县级市评选"]
    assert submit(client, path, {**common, "candidate": "W01"}).status_code == 400, "closed"
    assert client.get("/admin/awards/monthly/2026-10/upward").status_code in (400, 404, 409)


def test_points_by_table_tell_which_lines_were_not_taken(
    runtime: Runtime, bimonthly: Scheme, client: FlaskClient
) -> None:
    sign_in(client, runtime)
    path = "/admin/awards/bimonthly/2026-11..12/points"
    table = "编号,分数,评委\nD01,90,甲\nX99,80,甲\nD02,abc,乙\n".encode()
    answer = submit(client, f"{path}/table", {"share": "expert_score", "file": (BytesIO(table), "分数.csv")})
    assert answer.status_code == 200 and "有 2 行没有收" in answer.text and "X99" in answer.text
    assert submit(client, f"{path}/table", {"share": "expert_score"}).status_code == 400
    with runtime.reading() as session:
        assert session.query(Assessment).count() == 1


def test_whom_nobody_has_heard_of(runtime: Runtime, client: FlaskClient) -> None:
    """P13, S23: “每位医生将至少接受一次服务评估”."""
    with runtime.transaction() as session:
        october(session)
    sign_in(client, runtime)
    page = client.get("/admin/awards/monthly/2026-10/coverage").text
    nurses = page.partition("护士")[2].partition("</table>")[0]
    assert "评到 1 人，共 2 人" in page and "周婷婷" in nurses and "孙丽" not in nurses
    doctors = page.partition("医生")[2].partition("</table>")[0]
    assert "每个人都至少评到一次了" in doctors and "李建国" in doctors, "rated, but little"
    assert client.get("/admin/awards/monthly/2026-13/coverage").status_code == 404


def test_what_is_on_file_and_who_reads_the_reason_of_a_veto(runtime: Runtime, client: FlaskClient) -> None:
    entry = {"key": "D01", "kind": "discipline", "since": "2026-10-01", "why": "收受礼品"}
    sign_in(client, runtime, "quality")
    assert submit(client, "/admin/records/", entry).status_code == 403
    assert submit(client, "/admin/records/", {**entry, "kind": "dispute", "reference": "J-7"}).status_code == 303
    for wrong in ({"since": "昨天"}, {"key": "X99"}, {"until": "2020-01-01"}, {"kind": "rumour"}):
        assert submit(client, "/admin/records/", {**entry, "kind": "dispute", **wrong}).status_code in (400, 404)
    sign_in(client, runtime, DIRECTOR)
    assert submit(client, "/admin/records/", entry).status_code == 303
    assert "收受礼品" in client.get("/admin/records/").text
    sign_in(client, runtime, "admin")
    seen = client.get("/admin/records/?kind=discipline&who=张伟").text
    assert "纪检意见" in seen and "收受礼品" not in seen
    sign_in(client, runtime, "quality")
    page = client.get("/admin/records/").text
    assert "J-7" in page and "收受礼品" not in page
    with runtime.reading() as session:
        ids = {one.kind: one.id for one in session.query(PersonRecord)}
        assert "收受" not in "".join(one.why_sealed for one in session.query(PersonRecord))
    assert submit(client, f"/admin/records/{ids['discipline']}/end").status_code == 404
    assert submit(client, f"/admin/records/{ids['dispute']}/end").status_code == 303
    assert "登记有误，已作废" in client.get("/admin/records/").text


def test_an_honour_taken_back_from_the_console(runtime: Runtime, client: FlaskClient) -> None:
    """S50: the board stays, every page that shows it says so, and the evidence log knows."""
    with runtime.transaction() as session:
        october(session)
        leaderboards.close(session, "monthly", OCTOBER, now=runtime.now(), zone=runtime.zone)
        publications.publish(session, "monthly", OCTOBER, by="王主任", now=runtime.now(), settings=runtime.settings)
        winner = id_of(session, "D01")
    sign_in(client, runtime)
    row = f"/admin/stars/monthly/2026-10/rows/{winner}"
    assert "撤销荣誉" in client.get(row).text
    assert submit(client, f"{row}/revoke", {"why": " "}).status_code == 400
    assert submit(client, f"{row}/revoke", {"why": "查实收受礼品"}).status_code == 303
    for page in (client.get(row), client.get("/admin/stars/monthly/2026-10"), client.get("/stars/monthly/2026-10")):
        assert "荣誉已撤销" in page.text and "礼品" not in page.text
    with runtime.reading() as session:
        assert leaderboards.is_unaltered(session, "monthly", OCTOBER)
        assert "revoked" in {one.kind for one in session.query(Evidence)}
        code = session.query(Certificate).filter_by(service_point_id=winner).one().code
    assert "撤销" in client.get(f"/stars/check/{code}").text


def test_colleagues_say_what_they_think_and_nobody_knows_who(runtime: Runtime, client: FlaskClient) -> None:
    scheme = in_force(runtime, preset("bimonthly", leagues=preset("monthly").leagues))
    sign_in_staff(client, runtime, "D01")
    assert "同事互评" in client.get("/staff/").text
    page = client.get("/staff/peers").text
    assert "李建国" in page and "孙丽" in page and "张敏" not in page and "张伟</legend>" not in page
    with runtime.reading() as session:
        ids = {key: id_of(session, key) for key in ("D01", "D02", "D03", "N01")}
    path = "/staff/peers/bimonthly/2026-11..12"
    send = {f"peer:{ids['D03']}": "5", f"peer:{ids['N01']}": ""}
    assert _staff_submit(client, path, send).status_code == 303
    assert _staff_submit(client, path, {f"peer:{ids['D03']}": "4", f"peer:{ids['N01']}": "2"}).status_code == 303
    for wrong in ({f"peer:{ids['D01']}": "5"}, {f"peer:{ids['D02']}": "5"}, {f"peer:{ids['D03']}": "9"}):
        assert _staff_submit(client, path, wrong).status_code in (400, 404)
    assert _staff_submit(client, "/staff/peers/bimonthly/2024-11..12", send).status_code == 404
    with runtime.reading() as session:
        given = session.query(Assessment).order_by(Assessment.points).all()
        assert [(one.points, one.share) for one in given] == [(25.0, "peer_review"), (75.0, "peer_review")]
        assert len({one.given_by for one in given}) == 1 and "D01" not in given[0].given_by
        person = session.get_one(ServicePoint, ids["D01"])
        following = peer_marks.pseudonym(runtime.vault, scheme, Period.parse("2027-01..02"), person)
    assert following != given[0].given_by, "and from period to period it is somebody else"


def pdf_text(document: bytes) -> str:
    opened = pypdfium2.PdfDocument(document)
    return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in opened)


def _staff_submit(client: FlaskClient, path: str, fields: dict[str, str]) -> Any:
    return client.post(path, data={"csrf_token": csrf(client, "/staff/peers"), **fields})


def test_the_panel_of_the_award_is_asked_to_review_with_one_press(
    runtime: Runtime, bimonthly: Scheme, client: FlaskClient
) -> None:
    kinds = ("nomination", "expert_review", "publication")
    selection.start(runtime, kinds, award="bimonthly", period="2026-11..12")
    seated(runtime, bimonthly, "D02", "省医学会 陈教授")
    seated(runtime, bimonthly, "C01", until=date(2026, 1, 31))
    sign_in(client, runtime)
    path = f"/admin/rounds/{selection.KEY}"
    page = client.get(path).text
    assert "请张敏（成员）评审" in page and "陈教授" in page and "何静" not in page
    assert "/stars/review/" in submit(client, f"{path}/invite", {"name": "张敏", "staff": "D02"}).text
    submit(client, f"{path}/invite", {"name": "省医学会 陈教授"})
    assert "请张敏" not in (left := client.get(path).text) and "请省医学会" not in left
