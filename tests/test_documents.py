"""Standards, notices, basis documents and leaflets: a second person publishes, reading is counted, nobody is listed."""

import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page

from feedback_app.db.directory import ServicePoint
from feedback_app.db.documents import Document, ReadReceipt
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain.cycles import Period
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.jobs.work import campaign
from feedback_app.services import assessing, awards, documents, growth, leaderboards, public_profiles, questionnaires
from feedback_app.services.documents import Wanted
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import NOON, settings_for
from tests.console import csrf, sign_in, submit
from tests.pages import faults, press, width
from tests.security.people import sign_in_staff
from tests.star_ratings import bind, october
from tests.test_activities import planned
from tests.test_patient_pages import send

ZH = {"zh": "首问负责"}


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return settings_for(tmp_path, hospital={"languages": ("zh", "en", "zh-Hant", "ug")})


def published(runtime: Runtime, kind: str = "notice", key: str = "", **told: Any) -> int:
    with runtime.transaction() as session:
        wanted = Wanted(kind, told.pop("title", ZH), told.pop("body", {"zh": "谁先被问到，谁负责到底。"}), **told)
        made = documents.write(session, wanted, key=key, by="wang", now=NOON, dimensions=growth.dimensions(session))
        return documents.publish(session, made.id, by="li", now=NOON).id


def person(runtime: Runtime, key: str) -> ServicePoint:
    with runtime.reading() as session:
        found = session.query(ServicePoint).filter_by(key=key).one()
        session.expunge(found)
        return found


def test_a_standard_has_versions_items_linked_to_questions_and_receipts_of_each_version(runtime: Runtime) -> None:
    """S14: written by experts and staff, taught and published; read and understood, version by version."""
    first = published(runtime, "standard", items=["先问候", "把话说明白 | doctor"])
    with runtime.transaction() as session:
        one = documents.get(session, first)
        assert [(item["text"], item["dimension"]) for item in one.items] == [("先问候", ""), ("把话说明白", "doctor")]
        documents.read(session, first, person(runtime, "D01"), now=NOON)
        documents.read(session, first, person(runtime, "D01"), now=NOON)
        key = one.key
        assert {share.department: (share.read, share.of) for share in documents.shares(session, one)}["心血管内科"] == (
            1,
            3,
        )
    second = published(runtime, "standard", key=key, items=["先问候，再自我介绍"])
    with runtime.transaction() as session:
        assert [(one.number, one.state) for one in documents.versions(session, key)] == [
            (2, "published"),
            (1, "replaced"),
        ]
        assert session.query(ReadReceipt).count() == 1  # who read the old one stays on record
        assert documents.receipts_of(session, person(runtime, "D01")).keys() == {first}
        with pytest.raises(NotFound):
            documents.read(session, first, person(runtime, "D02"), now=NOON)
        assert sum(share.read for share in documents.shares(session, documents.get(session, second))) == 0


def test_whoever_wrote_it_does_not_publish_it_and_odd_input_is_refused(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        made = documents.write(session, Wanted("leaflet", ZH, {"zh": "多喝水"}), by="wang", now=NOON)
        with pytest.raises(NotAllowed, match="second_person"):
            documents.publish(session, made.id, by="wang", now=NOON)
        documents.publish(session, made.id, by="li", now=NOON)
        with pytest.raises(Conflict):
            documents.publish(session, made.id, by="li", now=NOON)
        for wrong, why in (
            (Wanted("poem", ZH, ZH), "bad_kind"),
            (Wanted("notice", {"en": "only"}, ZH), "needs_words"),
            (Wanted("notice", ZH, {"zh": "长" * 20_001}), "too_long"),
            (Wanted("standard", ZH, ZH, items=["x | no_such_aspect"]), "bad_item"),
        ):
            with pytest.raises(Refused, match=why):
                documents.write(session, wrong, by="wang", now=NOON)


def test_a_notice_counts_readers_by_department_and_reminds_each_once(runtime: Runtime) -> None:
    """S40: notice with read receipts per department; before the date and after it, only who has not read."""
    with runtime.transaction() as session:
        for key in ("D01", "D02"):
            bind(session, runtime.vault, key)
    one = published(runtime, read_by_day=date(2026, 11, 24))
    with runtime.transaction() as session:
        documents.read(session, one, person(runtime, "D02"), now=NOON)

    def morning(day: int) -> object:
        with runtime.transaction() as session:
            return campaign.DAILY["reading"](session, runtime, datetime.fromisoformat(f"2026-11-{day}T09:00:00+08:00"))

    assert [morning(day) for day in (20, 22, 23, 25, 26)] == [0, 1, 0, 1, 0]
    with runtime.reading() as session:
        told = session.query(OutboxMessage).all()
        assert {message.service_point_id for message in told} == {person(runtime, "D01").id}
        shares = documents.shares(session, documents.get(session, one))
        assert sum(share.of for share in shares) == 6


def test_a_notice_to_one_department_concerns_nobody_else(runtime: Runtime) -> None:
    one = published(runtime, department_id=person(runtime, "EK").id)
    with runtime.transaction() as session:
        assert [each.id for each in documents.for_person(session, person(runtime, "D02"))] == [one]
        assert documents.for_person(session, person(runtime, "D01")) == []
        with pytest.raises(NotFound):
            documents.read(session, one, person(runtime, "D01"), now=NOON)


def test_basis_documents_are_kept_with_their_authority_and_file(client: FlaskClient, runtime: Runtime) -> None:
    """S53: papers of superior authorities are stored and found again."""
    sign_in(client, runtime)
    fields = {
        "kind": "basis",
        "title-zh": "关于开展争创文明窗口活动的实施意见",
        "body-zh": "全文见附件",
        "issued_by": "县卫生局",
    }

    answer = submit(client, "/admin/documents/", {**fields, "file": (io.BytesIO(b"%PDF-1.4 paper"), "实施意见.pdf")})
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert "县卫生局" in page.text
    assert "实施意见.pdf" in page.text
    with runtime.reading() as session:
        one = session.query(Document).one()
        paper = documents.files(session, one.id)[0]
    sent = client.get(f"/admin/documents/{one.id}/files/{paper.id}")
    assert sent.data == b"%PDF-1.4 paper"
    assert "attachment" in sent.headers["Content-Disposition"]


def test_staff_read_with_one_tap_and_the_console_sees_numbers_only(client: FlaskClient, runtime: Runtime) -> None:
    one = published(runtime)
    sign_in_staff(client, runtime, "D01")
    assert "首问负责" in client.get("/staff/reading").text
    token = csrf(client, f"/staff/reading/{one}")
    assert client.post(f"/staff/reading/{one}", data={"csrf_token": token}).status_code == 303
    assert "您在" in client.get(f"/staff/reading/{one}").text
    sign_in(client, runtime, "quality")
    page = client.get(f"/admin/documents/{one}").text
    assert "1 / 3" in page
    assert "张伟" not in page


def test_leaflets_come_after_a_rating_of_the_department_whatever_the_level(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    """S31: health education by department, shown after rating, the same after one star and after five."""
    published(runtime, "leaflet", title={"zh": "高血压怎么吃", "en": "Eating with high blood pressure"}, department_id=person(runtime, "XN").id)  # fmt: skip

    def link(level: str, key: str) -> bool:
        receipt = send(client, f"/s/{code(key)}", overall=level).headers["Location"]
        return "/health/of/XN" in client.get(receipt).text

    assert [link("5", "D01"), link("1", "D03"), link("5", "D02")] == [True, True, False]
    page = client.get("/health/of/XN?lang=en").text
    assert "Eating with high blood pressure" in page
    assert client.get("/health/of/none").status_code == 404
    assert client.get("/health/none").status_code == 404


def honoured(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        leaderboards.close(session, awards.BUILT_IN, Period.parse("2026-10"), now=NOON, zone=runtime.zone)
        session.query(Leaderboard).one().published_at = NOON


def test_only_who_was_honoured_and_agreed_stands_on_the_page_of_stars(client: FlaskClient, runtime: Runtime) -> None:
    """S55: optional public profile with consent, taken back at once, never a low place, never a score."""
    honoured(runtime)
    assert "张伟" not in client.get("/our-stars").text
    sign_in_staff(client, runtime, "D01")
    token = csrf(client, "/staff/profile")
    client.post("/staff/profile", data={"csrf_token": token, "agrees": "yes"})
    with runtime.transaction() as session:
        public_profiles.agree(session, person(runtime, "D03"), True, now=NOON)  # agreed, and was not honoured
    page = client.get("/our-stars").text
    assert "张伟" in page
    assert "李建国" not in page
    assert "2026-10" in page
    sign_in(client, runtime)
    assert submit(client, "/admin/our-stars/D01", {"url": "javascript:alert(1)"}).status_code == 400
    assert submit(client, "/admin/our-stars/D02", {"url": "https://hospital.cn/d02"}).status_code == 404
    assert submit(client, "/admin/our-stars/D01", {"url": "https://hospital.cn/d01"}).status_code == 303
    assert 'href="https://hospital.cn/d01"' in client.get("/our-stars").text
    client.post("/staff/profile", data={"csrf_token": token, "agrees": "no"})
    assert "张伟" not in client.get("/our-stars").text


def test_an_honour_that_was_taken_back_takes_the_person_off_the_page(client: FlaskClient, runtime: Runtime) -> None:
    """S50: the recheck of winners."""
    honoured(runtime)
    with runtime.transaction() as session:
        doctor = person(runtime, "D01")
        public_profiles.agree(session, doctor, True, now=NOON)
        assert [name for name, _ in public_profiles.shown(session)] == ["心血管内科"]
        assessing.revoke(session, awards.BUILT_IN, Period.parse("2026-10"), doctor, why="查实", by="li", now=NOON)
        assert public_profiles.shown(session) == []


def test_a_shipped_question_set_asks_whether_costs_were_explained() -> None:
    """S32: treatment to the patient's means is asked of the patient, and nothing of it is computed or stored elsewhere."""
    made = questionnaires.preset("costs")
    asked = {one.key: one.text["zh"] for one in made.questions if one.dimension == "costs"}
    assert set(asked) == {"costs_told", "choices_told"}
    assert all("none" in {option.value for option in one.options} for one in made.questions if one.key in asked)


@pytest.mark.browser
def test_patients_pages_are_good_in_four_languages(phone: Page, server: str, runtime: Runtime) -> None:
    honoured(runtime)
    key = published(runtime, "leaflet", title={"zh": "高血压怎么吃"}, body={"zh": "少盐。"})

    activity = planned(runtime, "symposium", at=datetime.fromisoformat("2026-12-01T09:00:00+08:00"), title="聊聊看病那些事", place="门诊三楼")  # fmt: skip
    with runtime.transaction() as session:
        public_profiles.agree(session, person(runtime, "D01"), True, now=NOON)
        leaflet = documents.get(session, key).key
    found = []
    for language in ("zh", "en", "zh-Hant", "ug"):
        for path in ("/health", f"/health/{leaflet}", "/our-stars", "/events", f"/events/{activity}"):
            phone.goto(f"{server}{path}?lang={language}")
            found += faults(phone)
            assert width(phone) <= 390, path
    press(phone.get_by_role("button"))
    found += faults(phone)
    assert found == []
