"""A shift given away in three taps; disputed minutes count for the window, for no person, until the colleague said yes."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import tallies
from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.errors import Conflict, NotFound
from feedback_app.services import bindings, duty_swaps, ratings
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import NOON, settings_for
from tests.star_ratings import bind, id_of

NOVEMBER = ["2026-11"]
HOUR = timedelta(hours=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, wecom={"enabled": True})


@pytest.fixture
def clerks(runtime: Runtime) -> Iterator[Runtime]:
    """何静 serves at W03 from ten to two today, 周强 of the same office does not."""
    with runtime.transaction() as session:
        office = session.scalars(select(ServicePoint).where(ServicePoint.key == "SF")).one()
        session.add(
            ServicePoint(
                kind="staff", key="C02", name="周强", department=office, category="收费", changed_at=NOON, status="在岗"
            )
        )
        session.flush()
        slot(session, "W03", "C01", NOON - 2 * HOUR, NOON + 2 * HOUR)
        bind(session, runtime.vault, "C02")
    yield runtime


def slot(session: Session, window: str, who: str, starts: datetime, ends: datetime) -> None:
    session.add(
        DutySlot(window_id=id_of(session, window), staff_id=id_of(session, who), starts_at=starts, ends_at=ends)
    )
    session.flush()


def rated(session: Session, runtime: Runtime, at: datetime, number: int, window: str = "W03") -> None:
    told = Submission(id_of(session, window), 5, "form", f"k{number}", comment="收费的姑娘又快又耐心")
    ratings.submit(session, told, zone=runtime.zone, now=at)


def served(session: Session) -> dict[str, int]:
    keys = dict(session.execute(select(ServicePoint.id, ServicePoint.key)).all())
    return {keys[who]: count for who, count in tallies.served_at_windows(session, NOVEMBER).items()}


def person(session: Session, key: str) -> ServicePoint:
    return session.scalars(select(ServicePoint).where(ServicePoint.key == key)).one()


def shift_of(session: Session, key: str) -> int:
    return duty_swaps.shifts(session, id_of(session, key), NOON)[0].slot_id


def test_disputed_minutes_count_for_nobody_until_confirmed(clerks: Runtime) -> None:
    with clerks.transaction() as session:
        rated(session, clerks, NOON, 1)
        rated(session, clerks, NOON + 3 * HOUR, 2)  # after the shift: nobody's
        assert served(session) == {"C01": 1}
        swap = duty_swaps.ask(
            session, person(session, "C01"), shift_of(session, "C01"), "C02", now=NOON, settings=clerks.settings
        )
        rated(session, clerks, NOON + HOUR, 3)
        assert served(session) == {}, "asked, not answered: the window's alone"
        assert {one.on_duty_id for one in tallies.kind_comments(session, NOVEMBER, 4)} == {None}
        assert duty_swaps.who_served(session, id_of(session, "W03"), NOON) == []
        duty_swaps.answer(session, person(session, "C02"), swap.id, takes=True, now=NOON, settings=clerks.settings)
        assert served(session) == {"C02": 2}, "also what was rated meanwhile"
        assert duty_swaps.who_served(session, id_of(session, "W03"), NOON) == [id_of(session, "C02")]
        counted = [one for one in tallies.counts(session, NOVEMBER) if one.point_id == id_of(session, "W03")]
        assert sum(one.ratings for one in counted) == 3, "the window has had all of them all the time"


def test_declined_or_withdrawn_leaves_everything_as_it_was(clerks: Runtime) -> None:
    with clerks.transaction() as session:
        rated(session, clerks, NOON, 1)
        for answer in ("no", "back"):
            swap = duty_swaps.ask(
                session, person(session, "C01"), shift_of(session, "C01"), "C02", now=NOON, settings=clerks.settings
            )
            if answer == "no":
                duty_swaps.answer(
                    session, person(session, "C02"), swap.id, takes=False, now=NOON, settings=clerks.settings
                )
            else:
                duty_swaps.withdraw(session, person(session, "C01"), swap.id, NOON)
            assert served(session) == {"C01": 1}


def test_what_cannot_be_swapped(clerks: Runtime) -> None:
    with clerks.transaction() as session:
        giver, taker, wanted = person(session, "C01"), person(session, "C02"), shift_of(session, "C01")
        with pytest.raises(NotFound):
            duty_swaps.ask(session, taker, wanted, "C01", now=NOON, settings=clerks.settings)  # not one's own
        swap = duty_swaps.ask(session, giver, wanted, "C02", now=NOON, settings=clerks.settings)
        with pytest.raises(Conflict):
            duty_swaps.ask(session, giver, wanted, "C02", now=NOON, settings=clerks.settings)
        with pytest.raises(NotFound):
            duty_swaps.answer(session, giver, swap.id, takes=True, now=NOON, settings=clerks.settings)
        duty_swaps.withdraw(session, giver, swap.id, NOON)
        with pytest.raises(Conflict):
            duty_swaps.answer(session, taker, swap.id, takes=True, now=NOON, settings=clerks.settings)
        slot(session, "W01", "C02", NOON, NOON + HOUR)
        with pytest.raises(Conflict) as busy:
            duty_swaps.ask(session, giver, wanted, "C02", now=NOON, settings=clerks.settings)
        assert busy.value.code == "duty.busy"


def test_after_a_transfer_in_mid_month_the_rating_follows_the_assignment_of_that_minute(clerks: Runtime) -> None:
    with clerks.transaction() as session:
        slot(session, "W01", "C01", NOON + timedelta(days=1), NOON + timedelta(days=1, hours=4))  # moved to window 1
        slot(session, "W03", "C02", NOON + timedelta(days=1), NOON + timedelta(days=1, hours=4))
        rated(session, clerks, NOON, 1, "W03")
        rated(session, clerks, NOON + timedelta(days=1, hours=1), 2, "W03")
        rated(session, clerks, NOON + timedelta(days=1, hours=1), 3, "W01")
        assert served(session) == {"C01": 2, "C02": 1}


def signed_in(app: Flask, runtime: Runtime, key: str) -> FlaskClient:
    client = app.test_client()
    with runtime.transaction() as session:
        token = bindings.sign_in(session, person(session, key), runtime.now())
    client.set_cookie("staff", token, path="/staff")
    return client


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def test_three_taps_on_two_phones(clerks: Runtime, app: Flask) -> None:
    giver, taker = signed_in(app, clerks, "C01"), signed_in(app, clerks, "C02")
    first = re.search(r'href="(/staff/duty/\d+)"', giver.get("/staff/duty").text)
    assert first
    choose = giver.get(first[1]).text  # tap one
    assert "周强" in choose and "何静" not in choose
    asked = giver.post(first[1], data={"csrf_token": token_of(choose), "colleague": "C02"}, follow_redirects=True)
    assert "等确认" in asked.text  # tap two
    with clerks.reading() as session:
        told = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "duty_swap")).one()
        assert told.payload["url"].endswith("/staff/duty") and "何静" in told.payload["text"]
    page = taker.get("/staff/duty").text
    swap = re.search(r'action="(/staff/duty/swaps/\d+)"', page)
    assert swap and "何静想请您替这个班" in page
    done = taker.post(swap[1], data={"csrf_token": token_of(page), "said": "yes"}, follow_redirects=True)  # tap three
    assert "已确认" in done.text
    assert "已换给周强" in giver.get("/staff/duty").text
    again = taker.post(swap[1], data={"csrf_token": token_of(page), "said": "no"})
    assert again.status_code == 409 and "已经有结果" in again.text
