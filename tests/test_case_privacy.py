"""The firewall: two keys and a reason, what the patient learns of it, what hurts goes to a protection officer, appeals once."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from feedback_app.db.accounts import Account
from feedback_app.db.audit import AuditEntry
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating
from feedback_app.domain import harm
from feedback_app.domain.roles import OFFICE, PROTECTION, QUALITY, Viewer
from feedback_app.domain.screening import screened
from feedback_app.errors import FeedbackError
from feedback_app.services import (
    appeals,
    case_files,
    case_identity,
    case_releases,
    case_sight,
    case_steps,
    complaints,
    desk_tools,
    verification,
)
from feedback_app.services.case_releases import Release
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session
from tests.console import account, sign_in, submit
from tests.secrets_of_cases import originals
from tests.security.people import sign_in_staff

OFFICER, DIRECTOR = Viewer(OFFICE, OFFICE), Viewer("director", "director")


def filed(runtime: Runtime, text: str, key: str = "D01", contact: str = "") -> str:
    with runtime.transaction() as session:
        point = session.query(ServicePoint).filter_by(key=key).one()
        sealed = runtime.vault.seal(contact)
        filing = Filing(text, "form", f"privacy {key} {text}", point_id=point.id, contact_sealed=sealed)
        return complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number or ""


def refusal(runtime: Runtime, work: Callable[[Session], object]) -> str:
    """The code of the refusal; "" when it was done."""
    try:
        with runtime.transaction() as session:
            work(session)
    except FeedbackError as error:
        return error.code
    return ""


def let(runtime: Runtime, number: str, text: str = "", viewer: Viewer = OFFICER, **ticked: bool) -> str:
    def work(session: Session) -> object:
        case = case_steps.get(session, number)
        wanted = Release(text or case.text, case_steps.version(case), **{"care_over": True, **ticked})
        return case_releases.release(session, number, wanted, viewer, runtime.now())

    return refusal(runtime, work)


def test_an_identity_opens_with_two_keys_and_the_patient_learns_of_each_look(
    client: FlaskClient, runtime: Runtime
) -> None:
    number = filed(runtime, "我叫王小明，等了两个小时", contact="138 0013 8000")
    sign_in(client, runtime, OFFICE)
    page = f"/admin/complaints/{number}"
    assert "王小明" not in client.get(page).text and "138 0013" not in client.get(page).text
    assert submit(client, f"{page}/identity").status_code == 403
    assert submit(client, f"{page}/unlock", {"reason": " "}).status_code == 400
    assert submit(client, f"{page}/unlock", {"reason": "要回电话核实"}).status_code == 303
    assert submit(client, f"{page}/identity").status_code == 403  # asked is not agreed
    with runtime.transaction() as session:
        [asked] = case_identity.waiting(session)
        case_identity.decide(session, asked.id, True, DIRECTOR, runtime.now())
    opened = submit(client, f"{page}/identity").text
    assert "我叫王小明" in opened and "138 0013 8000" in opened
    assert "王小明" not in client.get(page).text  # each look anew
    account(runtime, OFFICE, login="colleague")
    with runtime.transaction() as session:
        case = session.query(Case).filter_by(number=number).one()
        other = Viewer(OFFICE, "colleague")
        with pytest.raises(FeedbackError, match="desk.locked"):
            case_identity.look(session, number, other, runtime.now())
        with pytest.raises(FeedbackError, match="desk.locked"):
            case_identity.look(session, number, OFFICER, runtime.now() + case_identity.OPEN_FOR)
        assert [(one.role, str(one.day)) for one in case_identity.looks(session, case, runtime.zone)] == [
            (OFFICE, "2026-11-20")
        ]
        assert session.query(AuditEntry).filter_by(action="identity.seen", subject=number).count() == 1
        [entry] = session.query(Evidence).filter_by(kind="looked")
        assert number not in str(entry.shown)
        assert verification.first_problems(session, runtime.vault, runtime.now()) == []


def test_words_are_kept_as_they_were_written_in_the_vault_alone(runtime: Runtime) -> None:
    number = filed(runtime, "护士孙丽打针很疼，联系我13912345678")
    with runtime.reading() as session:
        case = session.query(Case).filter_by(number=number).one()
        assert case.text == "护士孙丽打针很疼，联系我〔电话〕"  # whom it is about may stand
    assert "13912345678" in originals(runtime)[0]


def test_staff_see_nothing_until_released_and_never_a_day_or_a_number(client: FlaskClient, runtime: Runtime) -> None:
    number = filed(runtime, "说话不耐烦，希望改进")
    sign_in_staff(client, runtime, "D01")
    assert "希望改进" not in client.get("/staff/cases").text
    assert let(runtime, number, care_over=False) == "desk.care_first"
    assert let(runtime, number, "我是王小明，说话不耐烦") == "desk.still_tells"
    assert let(runtime, number, "我是王小明，说话不耐烦", checked=True) == ""
    assert let(runtime, number, "说话不耐烦") == ""
    page = client.get("/staff/cases").text
    assert "说话不耐烦" in page and "2026-11" in page
    assert number not in page and "2026-11-20" not in page
    sign_in_staff(client, runtime, "D02")
    assert "说话不耐烦" not in client.get("/staff/cases").text
    with runtime.transaction() as session:
        case = case_steps.get(session, number)
        case_releases.hold_back(
            session, number, seen=case_steps.version(case), viewer=OFFICER, now=runtime.now()
        )  # fmt: skip
    sign_in_staff(client, runtime, "D01")
    assert "说话不耐烦" not in client.get("/staff/cases").text


def test_what_hurts_goes_to_a_protection_officer_first(client: FlaskClient, runtime: Runtime) -> None:
    account(runtime, PROTECTION)
    number = filed(runtime, "你等着，我知道你家住哪")
    calm = filed(runtime, "排队太久")
    with runtime.reading() as session:
        purposes = [one.purpose for one in session.query(OutboxMessage)]
        told = [str(one.payload) for one in session.query(OutboxMessage).filter_by(purpose="case_guarded")]
        case = session.query(Case).filter_by(number=number).one()
        assert case_sight.sees(session, Viewer(PROTECTION, PROTECTION), number)
        assert not case_sight.sees(session, Viewer(PROTECTION, PROTECTION), calm)
        assert case_sight.is_veiled(session, DIRECTOR, case)
    assert "case_guarded" in purposes and "你家" not in "".join(told)
    for role in ("admin", "director"):
        sign_in(client, runtime, role)
        for page in ("/admin/complaints?state=all", f"/admin/complaints/{number}", "/admin/complaints?q=你家住哪"):
            assert "知道你家住哪</" not in client.get(page).text
    assert let(runtime, number, "语气很冲，希望改进") == "desk.protection_first"
    assert let(runtime, number, "语气很冲，希望改进", Viewer(PROTECTION, PROTECTION)) == ""


@pytest.mark.parametrize(
    "text", ["护 士 身材真好，约炮吗", "早晚弄死你们", "I will kill you", "买刀去找你", "出门小心点"]
)
def test_words_that_hurt_are_known_in_any_spacing(text: str) -> None:
    assert harm.kind(text)


@pytest.mark.parametrize(
    "text", ["打针疼死了", "等死人了", "胸痛 乳房检查", "大夫打死不承认", "排队排到死", "气死我了"]
)
def test_hard_words_are_not_threats(text: str) -> None:
    assert not harm.kind(text)


@pytest.fixture
def rated(client: FlaskClient, runtime: Runtime, code: Callable[[str], str]) -> str:
    """A low rating of 张伟 with its case released; where it stands for 张伟."""
    client.post(f"/s/{code('D01')}", data={"key": "k" * 24, "overall": "1", "comment": "张伟说话不耐烦"})
    with runtime.reading() as session:
        number = session.query(Case).one().number or ""
    assert let(runtime, number) == ""
    with runtime.reading() as session:
        person = session.query(ServicePoint).filter_by(key="D01").one()
        return case_releases.covered(session, case_releases.about(session, person.id)[0])


def test_an_appeal_is_decided_once_outside_the_unit_without_names_and_counts(
    client: FlaskClient, runtime: Runtime, rated: str
) -> None:
    sign_in_staff(client, runtime, "D01")
    page = f"/staff/cases/{rated}"
    token = client.get(page).text.split('name="csrf_token" value="')[1].split('"')[0]
    sent = {"csrf_token": token, "text": "张伟当时在心血管内科抢救病人"}
    assert client.post(f"{page}/appeal", data={"csrf_token": token, "text": " "}).status_code == 400
    assert client.post(f"{page}/appeal", data=sent).status_code == 303
    again = client.post(f"{page}/appeal", data=sent)
    assert again.status_code == 409 and "只能申请一次" in again.text
    account(runtime, QUALITY)
    with runtime.transaction() as session:
        unit = session.query(ServicePoint).filter_by(key="XN").one()
        own_unit = Viewer(QUALITY, QUALITY, department_id=unit.id)
        assert appeals.listed(session, own_unit) == []
        [found] = appeals.listed(session, Viewer(QUALITY, QUALITY))
    assert "张伟" not in found.reasons + found.complaint and "心血管内科" not in found.reasons
    sign_in(client, runtime, QUALITY)
    where = f"/admin/appeals/{found.id}"
    assert "没有写" not in client.get(where).text
    lost = submit(client, where, {"text": "核实无误"})
    assert lost.status_code == 400 and "核实无误</textarea>" in lost.text
    assert submit(client, where, {"result": "upheld", "text": "监控和记录相符"}).status_code == 303
    assert submit(client, where, {"result": "refused", "text": "改主意"}).status_code == 409
    with runtime.reading() as session:
        rating = session.query(Rating).one()
        assert (rating.status, rating.why_not) == ("excluded", appeals.WHY)
        kinds = [one.kind for one in session.query(Evidence).order_by(Evidence.id)]
        assert {"excluded", "appeal"} <= set(kinds)
        assert verification.first_problems(session, runtime.vault, runtime.now()) == []
    sign_in_staff(client, runtime, "D01")
    assert "监控和记录相符" in client.get(page).text


def test_a_file_of_a_wrong_kind_is_refused_and_the_words_stay(client: FlaskClient, runtime: Runtime) -> None:
    from io import BytesIO

    from PIL import Image

    number = filed(runtime, "排队太久")
    sign_in(client, runtime, OFFICE)
    with runtime.reading() as session:
        seen = case_steps.version(case_steps.get(session, number))
    step = {"action": "noted", "text": "我写了很久的记录", "seen": seen}
    page = f"/admin/complaints/{number}"
    for content, name in ((b"MZ\x90\x00", "a.exe"), (b"<html>", "b.jpg")):
        answer = submit(client, page, {**step, "files": (BytesIO(content), name)})
        assert answer.status_code == 400 and "我写了很久的记录</textarea>" in answer.text and name in answer.text
    with pytest.raises(FeedbackError, match="desk.file_too_large"):
        case_files.ready([case_files.Sent("c.png", b"x" * (case_files.LARGEST + 1))])
    made = BytesIO()
    picture = Image.new("RGB", (8, 8), "red")
    exif = picture.getexif()
    exif[0x010F] = "SECRET-CAMERA"
    picture.save(made, "JPEG", exif=exif)
    assert b"SECRET-CAMERA" in made.getvalue()
    made.seek(0)
    assert submit(client, page, {**step, "files": (made, "ok.jpg")}).status_code == 303
    kept = client.get(f"{page}/files/1")
    assert kept.data.startswith(b"\xff\xd8") and b"SECRET-CAMERA" not in kept.data
    assert kept.headers["X-Content-Type-Options"] == "nosniff"


def test_prepared_answers_run_nothing(runtime: Runtime) -> None:
    for text in ("{0.__class__}", "{编号.__init__}", "{% import os %}", "{settings}", "{{7*7}}"):
        assert (
            refusal(
                runtime,
                lambda session, text=text: desk_tools.prepare(session, "x", text, by="o", now=runtime.now()),  # type: ignore[misc]
            )
            == "desk.bad_place"
        )
    with runtime.transaction() as session:
        made = desk_tools.prepare(session, "y", "{编号} %s $x", by="o", now=runtime.now())
        assert desk_tools.filled(session, made.id, {"编号": "T-1"}) == "T-1 %s $x"


def test_new_cases_go_to_whoever_is_on_duty_with_the_fewest(runtime: Runtime) -> None:
    for login in ("anna", "bert"):
        account(runtime, OFFICE, login=login)
    with runtime.transaction() as session:
        friday = frozenset({4})
        desk_tools.set_roster(session, {"anna": friday, "bert": friday, "nobody": friday}, by="o", now=runtime.now())
        today = runtime.now().date()
        assert desk_tools.on_duty(session, today) == "anna"
    number = filed(runtime, "排队太久")
    with runtime.transaction() as session:
        session.query(Case).filter_by(number=number).one().owner = "anna"
    with runtime.reading() as session:
        assert desk_tools.on_duty(session, runtime.now().date()) == "bert"
        assert {one.login: one.open for one in desk_tools.loads(session, runtime.now().date())}["anna"] == 1
        assert session.query(Account).filter_by(login="anna").one().role == OFFICE


def test_somebody_elses_number_is_as_if_it_did_not_exist(client: FlaskClient, runtime: Runtime) -> None:
    number = filed(runtime, "排队太久", "EK")
    account(runtime, "head")
    with runtime.transaction() as session:
        unit = session.query(ServicePoint).filter_by(key="XN").one()
        session.query(Account).filter_by(login="head").one().department_id = unit.id
    sign_in(client, runtime, "head")
    theirs, none = client.get(f"/admin/complaints/{number}"), client.get("/admin/complaints/T-2611-9999")
    assert (theirs.status_code, none.status_code) == (404, 404)
    assert theirs.text.replace(number, "") == none.text.replace("T-2611-9999", "") or "没有找到编号" in theirs.text
    assert screened("x") == "x"
