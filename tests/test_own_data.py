"""What somebody asks of the official account about themself: to see, to take away, to erase; and the notice for everybody."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page

from feedback_app import clock
from feedback_app.db.case_secrets import CaseSecret
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.people import Person
from feedback_app.db.ratings import Rating
from feedback_app.services import complaints, evidence, own_data, people, ratings, verification
from feedback_app.services.complaints import Filing
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.pages import faults, width

Lookup = Callable[[str], ServicePoint]
WORDS = "我叫李大爷，等了很久，电话13800001111"


@pytest.fixture
def who(runtime: Runtime, point: Lookup) -> str:
    """Somebody who rated, complained and left a contact; and somebody else."""
    with runtime.transaction() as session:
        found = ""
        for openid in ("o-other", "o-li"):
            found = people.meet(session, runtime.vault, openid, app_id="", now=runtime.now()).hash
            given = Submission(point("D01").id, 2, "bot", f"r-{openid}", "讲得太快", {"overall": 2}, rater_hash=found)
            ratings.submit(session, given, zone=runtime.zone, now=runtime.now())
            contact = runtime.vault.seal("13800001111")
            filing = Filing(WORDS, "bot", f"c-{openid}", complainant_hash=found, contact_sealed=contact)
            complaints.file(session, filing, zone=runtime.zone, now=runtime.now())
        return found


def address(runtime: Runtime, person: str) -> str:
    return f"/mine/{own_data.link_ticket(runtime.vault, person, runtime.now())}"


def test_the_page_shows_everything_but_the_level(client: FlaskClient, runtime: Runtime, who: str) -> None:
    page = client.get(address(runtime, who)).text
    assert "讲得太快" in page and WORDS in page and "张伟" in page
    assert "不满意" not in page.split("<h2>")[1] and "2 星" not in page
    taken = json.loads(client.get(address(runtime, who) + "/data.json").text)
    assert [one["comment"] for one in taken["ratings"]] == ["讲得太快"]
    assert taken["cases"][0]["contacts"] == ["13800001111"]
    assert "score" not in json.dumps(taken) and "level" not in json.dumps(taken)


def test_erasing_takes_one_person_and_leaves_the_counts(client: FlaskClient, runtime: Runtime, who: str) -> None:
    assert client.post(address(runtime, who) + "/erase").status_code == 200
    with runtime.transaction() as session:
        evidence.give_places(session)
        evidence.sign_head(session, runtime.vault, runtime.now())
    with runtime.reading() as session:
        assert session.get(Person, who) is None
        assert session.query(Person).count() == 1
        assert session.query(Rating).filter_by(rater_hash=who).count() == 0
        assert session.query(Case).filter_by(complainant_hash=who).count() == 0
        assert session.query(Rating).filter_by(status="counted").count() == 2
        kept = {case for (case,) in session.query(CaseSecret.case_id)}
        assert not any(session.get_one(Case, case).origin_key == "c-o-li" for case in kept) and kept
        assert verification.first_problems(session, runtime.vault, runtime.now()) == []
    assert "现在没有任何内容能对上您" in client.get(address(runtime, who)).text


@pytest.mark.parametrize("change", [lambda ticket: ticket[:-2], lambda ticket: "x", lambda ticket: "x" * 5000])
def test_no_link_no_data(client: FlaskClient, runtime: Runtime, who: str, change: Callable[[str], str]) -> None:
    ticket = own_data.link_ticket(runtime.vault, who, runtime.now())
    for path in ("", "/data.json"):
        assert client.get(f"/mine/{change(ticket)}{path}").status_code == 410
    assert client.post(f"/mine/{change(ticket)}/erase").status_code == 410


def test_the_link_lasts_a_day(client: FlaskClient, runtime: Runtime, who: str) -> None:
    link = address(runtime, who)
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(hours=24))
    answer = client.get(link)
    assert (answer.status_code, "我的数据" in answer.text) == (410, True)


def test_another_sealed_text_is_no_link(client: FlaskClient, runtime: Runtime, who: str) -> None:
    sealed = runtime.vault.seal(f"{who}:{runtime.now().isoformat()}")
    assert client.get(f"/mine/{sealed}").status_code == 410


def test_the_notice_tells_the_configured_times(client: FlaskClient, code: Callable[[str], str]) -> None:
    assert "/privacy" in client.get(f"/s/{code('W03')}").text
    page = client.get("/privacy").text
    assert "36 个月" in page and "12 个月" in page and "60 天" in page and "青山医院" in page


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_can_read_them(phone: Page, server: str, runtime: Runtime, who: str, language: str) -> None:
    for path in ("/privacy", address(runtime, who), "/mine/x"):
        phone.goto(f"{server}{path}?lang={language}")
        assert faults(phone) == []
        assert width(phone) <= 390
