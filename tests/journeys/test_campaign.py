"""A whole campaign of five-star doctors: every phase, by browser, message and clock, with a worker killed on the way.

It ends in certificates whose codes are read back from the pages, and in a board that anybody can count again.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Page, expect

from feedback_app.db import rounds as tables
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.services import (
    certificate_papers,
    certificates,
    ratings,
    reviews,
    rounds,
    scheme_editing,
    tickets,
    visits,
)
from feedback_app.services.ratings import Submission
from feedback_app.services.visits import Arrival
from tests.console import PASSWORD, account
from tests.journeys.conftest import ROOT, Running
from tests.pages import press
from tests.star_ratings import id_of

pytestmark = [pytest.mark.journey, pytest.mark.browser]
AWARD, PERIOD, KEY = "five_star_doctor", "2026-11-21..2027-01-20", "2026-five-star-doctor"
PHASES = (
    ("publicity", 1, 10), ("running", 11, 40), ("nomination", 41, 47), ("first_review", 48, 49), ("vote", 50, 55),
    ("expert_review", 56, 61),
)  # fmt: skip
RATED = 34
VOTERS = ("oLi", "oWang", "oZhao", "oSun")


def campaign(hospital: Running) -> None:
    """The preset with the days of this winter, and little enough of everything for a small hospital."""
    runtime = hospital.runtime
    with runtime.transaction() as session:
        draft = scheme_editing.begin(session, AWARD, by="lin", now=runtime.now())
        phases = [{"kind": kind, "first": first, "last": last} for kind, first, last in PHASES]
        phases.append({"kind": "publication", "first": 1, "last": 5, "after_end": True})
        body = {**draft.body, "starts": PERIOD, "reliability": 0.3, "phases": phases}
        body["leagues"] = [{**body["leagues"][0], "winners": 1, "most_per_unit": 1}]
        scheme_editing.save(session, draft.id, body, by="lin", now=runtime.now())
        scheme_editing.note_tried(session, draft.id)
        scheme_editing.start(session, draft.id, by="lin", now=runtime.now(), zone=runtime.zone)


def rate_everybody(hospital: Running) -> None:
    """Weeks of ratings: 张敏 a little better than 张伟; four of them by people who showed their visit slips."""
    runtime, now = hospital.runtime, hospital.runtime.now()
    with runtime.transaction() as session:
        for key, levels in (("D01", (5, 5, 4)), ("D02", (5, 5, 5)), ("D03", (4, 3, 5))):
            for number in range(RATED):
                told = Submission(
                    id_of(session, key), levels[number % 3], "form", f"{key}:{number}", comment="讲得很清楚"
                )
                ratings.submit(session, told, zone=runtime.zone, now=now)
        batch = tickets.make(session, runtime.vault, "staff", "D01", count=4, by="lin", zone=runtime.zone, now=now)
        for openid, slip in zip(VOTERS, batch.slips, strict=True):
            person = runtime.vault.person(openid, runtime.settings.wechat.app_id)
            told = Submission(id_of(session, "D01"), 5, "form", f"visit:{openid}", rater_hash=person)
            visits.accept(session, runtime.vault, told, Arrival(ticket=slip), zone=runtime.zone, now=now)


def sign_in(desk: Page, hospital: Running, login: str) -> None:
    account(hospital.runtime, "quality", login=login)
    desk.context.clear_cookies()
    desk.goto(f"{hospital.base}/admin/sign-in")
    desk.fill("[name=login]", login)
    desk.fill("[name=password]", PASSWORD)
    press(desk.locator("main button.primary").first)


def ended(hospital: Running, kind: str) -> bool:
    with hospital.runtime.reading() as session:
        return tables.is_done(session, rounds.find(session, KEY).id, kind, "ended")


def at(hospital: Running, told: str, *, after: str = "") -> None:
    """On to this moment; wait until the worker has ended the phase before."""
    hospital.set_clock(told)
    if after:
        hospital.until(lambda: ended(hospital, after), f"the worker ends {after}")


def experts_judge(hospital: Running) -> None:
    runtime = hospital.runtime
    with runtime.transaction() as session:
        found = rounds.find(session, KEY)
        links = [
            reviews.invite(session, runtime.vault, KEY, name, by="lin", now=runtime.now(), zone=runtime.zone)[1]
            for name in ("王教授", "李教授", "赵教授")
        ]
        numbers = {one.id: one.service_point.key for one in tables.candidates(session, found.id)}
    for token in links:
        page = hospital.browser.get(f"{hospital.base}/stars/review/{token}", timeout=20).text
        assert "张敏" not in page and "儿科" not in page, "blinded"
        for candidate in re.findall(rf"/stars/review/{token}/(\d+)", page):
            points = "18" if numbers[int(candidate)] == "D02" else "14"
            sent = hospital.browser.post(
                f"{hospital.base}/stars/review/{token}/{candidate}", data={"points": [points] * 5}, timeout=20
            )
            assert sent.status_code == 200, sent.text[:300]


def sent(hospital: Running, purpose: str) -> list[str]:
    with hospital.runtime.reading() as session:
        return sorted(one.state for one in session.query(OutboxMessage).filter_by(purpose=purpose))


@pytest.fixture
def planned(hospital: Running, desk: Page) -> Iterator[Page]:
    """The campaign stands in the console as a started selection, planned there from the award."""
    hospital.bind("D01", "D02", "N01")
    campaign(hospital)
    sign_in(desk, hospital, "lin")
    desk.goto(f"{hospital.base}/admin/rounds/")
    press(desk.get_by_role("link", name="新的评选").first)
    press(desk.get_by_role("button", name="保存", exact=True))
    press(desk.get_by_role("button", name="启动", exact=True))
    expect(desk.get_by_role("status")).to_contain_text("已启动")
    yield desk


def test_a_whole_campaign(
    planned: Page, hospital: Running, phone: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    phones = hospital.phones
    for openid in VOTERS:
        phones.patient(openid)
    hospital.set_clock("2026-12-10T10:00:00+08:00")
    rate_everybody(hospital)

    at(hospital, "2027-01-02T10:00:00+08:00", after="running")
    phone.goto(f"{hospital.base}/stars/rounds/{KEY}")
    press(phone.get_by_role("link", name="提名"))
    phone.fill("[name=name]", "张敏")
    press(phone.get_by_role("button", name="提名"))
    expect(phone.get_by_role("status")).to_contain_text("已提名张敏")
    assert "已提名张伟" in phones.say("oLi", "提名张伟 讲得很清楚").shown
    assert "已经提名过张伟" in phones.say("oLi", "提名张敏").shown

    at(hospital, "2027-01-07T10:00:00+08:00", after="nomination")
    sign_in(planned, hospital, "lin")
    planned.goto(f"{hospital.base}/admin/rounds/{KEY}")
    for tick in planned.locator("[name=keep]").all():
        tick.check()
    press(planned.get_by_role("button", name="选定候选名单"))

    at(hospital, "2027-01-10T10:00:00+08:00", after="first_review")
    ballot = phones.say("oLi", "投票").shown
    minzhang = re.search(r"(\d+) 张敏", ballot)
    assert minzhang, ballot
    for openid in VOTERS:
        assert "票已封存" in phones.say(openid, f"投票 {minzhang[1]}").shown
    assert "已经投过" in phones.say("oLi", "投票 1").shown
    assert "就诊过的患者" in phones.say("oStranger", f"投票 {minzhang[1]}").shown

    hospital.kill("worker")
    at(hospital, "2027-01-16T10:00:00+08:00")
    hospital.start("worker", "work")
    hospital.until(lambda: ended(hospital, "vote"), "another worker counts what the dead one left")
    experts_judge(hospital)

    at(hospital, "2027-01-21T09:00:00+08:00", after="expert_review")
    hospital.until(lambda: bool(closed(hospital)), "the campaign's board is closed")
    hospital.until(lambda: winners(hospital) == ["D02"], "the rule settles the winner")
    public = hospital.browser.get(f"{hospital.base}/stars/rounds/{KEY}", timeout=20).text
    assert "拟入选" in public and "张敏" in public
    at(hospital, "2027-01-26T10:00:00+08:00", after="publication")
    published(hospital, planned)

    counted_again_elsewhere(hospital, phone, tmp_path_factory.mktemp("elsewhere"))
    verified = hospital.command("verify")
    assert verified.returncode == 0, verified.stdout


def counted_again_elsewhere(hospital: Running, phone: Page, elsewhere: Path) -> None:
    """On a machine that has the kit and the program, or the page and a browser, and nothing else: no configuration, no
    database; the seal is the one of the published board."""
    kit, page = elsewhere / "campaign.kit", elsewhere / "campaign.html"
    told = ("stars", "bundle", "--award", AWARD, "--period", PERIOD, "--out", str(kit), "--page", str(page))
    made = hospital.command(*told)
    assert made.returncode == 0, made.stderr
    board = hospital.browser.get(f"{hospital.base}/stars/{AWARD}/{PERIOD}", timeout=20).text
    *_, seal = re.findall(r"<code>([0-9a-f]{64})</code>", board)  # after the head of the evidence, once there is one
    command = [sys.executable, "-m", "feedback_app.cli.main", "stars", "recount", kit.name, "--json", "--seal", seal]
    alone = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(elsewhere)}
    done = subprocess.run(command, cwd=elsewhere, env=alone, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["equal"] is True
    assert {one.name for one in elsewhere.iterdir()} == {kit.name, page.name}, "nothing was made there"
    phone.goto(page.as_uri())
    expect(phone.locator("body[data-done]")).to_be_attached(timeout=60_000)
    expect(phone.locator("#verdict")).to_have_class("yes")
    expect(phone.locator("#seal")).to_have_text(seal)


def closed(hospital: Running) -> list[str]:
    with hospital.runtime.reading() as session:
        return [one.period for one in session.query(Leaderboard).filter_by(award_key=AWARD)]


def winners(hospital: Running) -> list[str]:
    with hospital.runtime.reading() as session:
        found = rounds.find(session, KEY)
        return [one.service_point.key for one in tables.candidates(session, found.id, states=("won",))]


def published(hospital: Running, desk: Page) -> None:
    """By somebody else than who started it; letters and results once each; certificates that check."""
    release = ("stars", "publish", "--award", AWARD, "--period", PERIOD, "--by")
    assert hospital.command(*release, "王主任").returncode == 1, "the scheme asks for a second person"
    assert hospital.command(*release, "李院长").returncode == 0
    sign_in(desk, hospital, "lin")
    desk.goto(f"{hospital.base}/admin/rounds/{KEY}")
    press(desk.get_by_role("button", name="公布"))
    expect(desk.locator(".notice.bad")).to_contain_text("请另一位同事")
    sign_in(desk, hospital, "zhao")
    desk.goto(f"{hospital.base}/admin/rounds/{KEY}")
    press(desk.get_by_role("button", name="公布"))
    expect(desk.get_by_role("status")).to_contain_text("已公布")
    hospital.until(lambda: set(sent(hospital, "round_letter")) == {"sent"}, "letters are delivered")
    hospital.until(lambda: set(sent(hospital, "star_result")) == {"sent"}, "results are delivered")
    assert sent(hospital, "round_letter") == ["sent"] * 2  # both finalists are bound
    assert sent(hospital, "star_result") == ["sent"] * 3
    with hospital.runtime.reading() as session:
        made = certificates.of_source(session, f"stars:{AWARD}:{PERIOD}")
        pdf = certificate_papers.document(made, hospital.runtime.settings, hospital.runtime.now())
    [address] = codes_on(pdf)
    assert address.startswith(f"{hospital.base}/stars/check/")
    page = hospital.browser.get(address, timeout=20).text
    assert "有效" in page and "张敏" in page and "未核验" in page
    forged = address[:-1] + ("0" if address[-1] != "0" else "1")
    assert "不是本院发出" in hospital.browser.get(forged, timeout=20).text


def codes_on(pdf: bytes) -> list[str]:
    """What the codes on all pages say, read by an independent reader."""
    document: Any = pypdfium2.PdfDocument(BytesIO(pdf))
    try:
        pages = [document[number].render(scale=3).to_pil() for number in range(len(document))]
        return [code.text for page in pages for code in zxingcpp.read_barcodes(page)]
    finally:
        document.close()


def test_the_days_of_the_campaign() -> None:
    assert (datetime.fromisoformat("2027-01-21") - datetime.fromisoformat("2026-11-21")).days == PHASES[-1][2]
