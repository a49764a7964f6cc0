"""Voting on the page inside WeChat: as the person WeChat tells, once, whatever else that person holds in the hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from feedback_app import clock
from feedback_app.db.ratings import Rating
from feedback_app.db.rounds import Ballot
from feedback_app.errors import Conflict
from feedback_app.services import rounds, tickets, votes
from feedback_app.services.votes import Voter
from tests.bots.town import Town, town
from tests.rounds.selection import KEY, noon, propose, start, tick
from tests.star_ratings import rate
from tests.test_rater import Phone

VOTING = ("nomination", "vote", "publication")
VOTE = f"/stars/rounds/{KEY}/vote"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    """The vote is open; D01 and D02 are on the list; oWang holds the phone."""
    with town(tmp_path, form_sign_in=True) as opened:
        runtime = opened.runtime
        with runtime.transaction() as session:
            rate(session, "D02", (0, 0, 0, 0, 1), "2026-11", rater_hash=opened.person("oJuror"), verified=True)
        start(runtime, VOTING, jury=1)
        for kind in ("nomination", "vote"):
            clock.move(Path(runtime.settings.sandbox.clock_file), noon(kind, VOTING))
            tick(runtime, noon(kind, VOTING))
            with runtime.transaction() as session:
                for number, key in enumerate(("D01", "D02") if kind == "nomination" else ()):
                    propose(session, runtime, key, f"p{number}", noon(kind, VOTING))
        for openid in ("oLi", "oJuror"):
            opened.phones.patient(openid, "患者")
        opened.phones.switch(phone_openid="oWang")
        yield opened


def votes_on(phone: Phone, number: str = "1") -> requests.Response:
    return phone.http.post(phone.place.address + VOTE, data={"key": "k" * 24, "candidate": number}, timeout=20)


def test_the_page_knows_who_votes_and_takes_one_vote(place: Town) -> None:
    with place.runtime.transaction() as session:
        rate(session, "D01", (0, 0, 0, 0, 1), "2026-11", rater_hash=place.person("oWang"), verified=True)
    phone = Phone(place)
    page = phone.opens(VOTE)
    assert page.status_code == 200 and len(page.history) == 3, "to WeChat and back"
    assert "请在微信里打开" not in page.text and "张伟" in page.text
    done = votes_on(phone)
    assert done.status_code == 200 and "票已封存" in done.text
    assert "已经投过" in phone.opens(VOTE).text
    again = votes_on(phone, "2")
    assert again.status_code == 409 and "已经投过" in again.text
    assert len(place.all(Ballot)) == 1 and "陪审团" not in page.text


def test_whom_the_lot_chose_reads_it_where_they_vote(place: Town) -> None:
    place.phones.switch(phone_openid="oJuror")
    phone = Phone(place)
    assert "您在就诊过的患者里被抽中" in phone.opens(VOTE).text
    assert "您在就诊过的患者里被抽中" in place.phones.say("oJuror", "投票").shown
    assert votes_on(phone).status_code == 200
    tick(place.runtime, noon("publication", VOTING))
    with place.runtime.reading() as session:
        assert rounds.find(session, KEY).result["vote"]["jury_ballots"] == 1


def test_whom_no_visit_is_known_of_reads_why_and_keeps_the_choice_open(place: Town) -> None:
    phone = Phone(place)
    assert "就诊过的患者" in phone.opens(VOTE).text
    assert votes_on(phone).status_code == 403
    assert place.all(Ballot) == []


def test_one_person_by_phone_and_on_paper_with_one_slip_counts_once(place: Town) -> None:
    runtime, now = place.runtime, noon("vote", VOTING)
    with runtime.transaction() as session:
        made = tickets.make(session, runtime.vault, "staff", "D01", count=2, by="lin", zone=runtime.zone, now=now)
    rated, voted = made.slips
    phone, path = Phone(place), f"/s/{place.code('D01')}"
    assert phone.rates(f"{path}?v={rated}").status_code == 200
    first = place.all(Rating)[-1]
    assert first.verified and first.rater_hash == place.person("oWang")
    assert votes_on(phone).status_code == 200
    with runtime.transaction() as session, pytest.raises(Conflict) as refused:
        votes.cast(session, runtime.vault, KEY, Voter(slip=rated, by="lin"), [1], now=now, zone=runtime.zone)
    assert refused.value.code == "rounds.slip_rated"
    with runtime.transaction() as session:  # somebody else, on paper first
        votes.cast(session, runtime.vault, KEY, Voter(slip=voted, by="lin"), [1], now=now, zone=runtime.zone)
    place.phones.switch(phone_openid="oLi")
    other = Phone(place)
    assert other.rates(f"{path}?v={voted}").status_code == 200
    assert [one.verified for one in place.all(Rating)[1:]] == [True, False], (
        "the slip was handed in: it proves nothing more"
    )
    assert place.all(Rating)[-1].rater_hash == place.person("oLi")
    assert "就诊过的患者" in other.opens(VOTE).text
    assert votes_on(other).status_code == 403
    assert len(place.all(Ballot)) == 2
