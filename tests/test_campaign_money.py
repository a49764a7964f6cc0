"""Budget and reward lists: nothing is computed that a person did not type, and two people stand behind what goes out."""

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.db.leaderboards import Leaderboard
from feedback_app.domain.cycles import Period
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import assessing, awards, budgets, leaderboards, rewards, spreadsheets
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.console import sign_in, submit
from tests.test_documents import honoured, person


@given(st.integers(-(10**9), 10**9))
def test_money_is_read_as_it_is_written(fen: int) -> None:
    assert budgets.fen(budgets.yuan(fen)) == fen


@pytest.mark.parametrize("typed", ["", "abc", "1.234", "1e9", "٣", "--5", "99999999999"])
def test_what_is_no_sum_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="bad_amount"):
        budgets.fen(typed)


def test_a_budget_of_half_a_million_is_kept_and_what_was_spent_of_it(client: FlaskClient, runtime: Runtime) -> None:
    """S49 (P9): 500,000 yuan for training, questionnaires and publicity; a mistake is put right, never erased."""
    sign_in(client, runtime)

    def act(**fields: str) -> int:
        return submit(client, "/admin/campaign/", fields).status_code

    for title, amount in (("培训费", "300,000"), ("问卷制作费", "50000"), ("宣传费", "150000元")):
        assert act(action="plan", campaign="做五星级医生", title=title, amount=amount) == 303
    with runtime.reading() as session:
        line = budgets.campaigns(session)[0].lines[0].one.id
    paid = {
        "action": "spend",
        "line": str(line),
        "amount": "1234.5",
        "what": "讲课费",
        "day": "2026-11-19",
        "key": "k" * 20,
    }
    assert [act(**paid), act(**paid)] == [303, 303]  # the same form twice is one payment
    assert act(**{**paid, "amount": "-234.50", "what": "多付的退回", "key": "l" * 20}) == 303
    assert act(**{**paid, "amount": "viel", "key": "m" * 20}) == 400
    with runtime.reading() as session:
        [campaign] = budgets.campaigns(session)
        assert (campaign.planned, campaign.spent) == (500_000_00, 1_000_00)
    assert "499,000" not in client.get("/admin/campaign/").text  # left is told by line
    assert "299,000.00" in client.get("/admin/campaign/").text


def made(runtime: Runtime) -> int:
    honoured(runtime)
    with runtime.transaction() as session:
        return rewards.make(session, awards.BUILT_IN, "2026-10", by="wang", now=NOON).id


def test_a_reward_list_names_winners_only_and_waits_for_a_second_person(runtime: Runtime) -> None:
    """S38: reward list export; the software never computes pay by itself, and takes nothing away from anybody."""
    one = made(runtime)
    with runtime.transaction() as session:
        rows = rewards.get(session, one).rows
        board = leaderboards.load(session, awards.BUILT_IN, Period.parse("2026-10"))
        won = {row.key for result in board.results for row in result.rows if row.won}
        assert {row["key"] for row in rows} == won
        assert {row["amount"] for row in rows} == {None}
        with pytest.raises(Conflict, match="not_confirmed"):
            rewards.table(session, one, by="li", now=NOON)
        with pytest.raises(Refused, match="no_deduction"):
            rewards.type_sums(session, one, {rows[0]["key"]: "-50"}, by="wang", now=NOON)
        rewards.type_sums(session, one, {rows[0]["key"]: "500"}, by="wang", now=NOON)
        with pytest.raises(NotAllowed, match="second_person"):
            rewards.confirm(session, one, by="wang", now=NOON)
        rewards.confirm(session, one, by="li", now=NOON)
        table = rewards.table(session, one, by="li", now=NOON)
        with pytest.raises(Conflict, match="confirmed"):
            rewards.type_sums(session, one, {}, by="wang", now=NOON)
    read = list(csv.DictReader(io.StringIO(rewards.as_csv(table).decode("utf-8-sig"))))
    assert [row["yuan"] for row in read if row["key"] == rows[0]["key"]] == ["500.00"]
    sheet: Any = spreadsheets.read(rewards.as_xlsx(table)).sheets[0]
    assert [row.cells[0] for row in sheet.rows][1:] == [row["key"] for row in rows]


def test_an_unpublished_board_makes_no_list_and_a_revoked_honour_no_payment(runtime: Runtime) -> None:
    one = made(runtime)
    with runtime.transaction() as session:
        key = rewards.get(session, one).rows[0]["key"]
        assessing.revoke(
            session, awards.BUILT_IN, Period.parse("2026-10"), person(runtime, key), why="查实", by="li", now=NOON
        )
        with pytest.raises(Conflict, match="board_changed"):
            rewards.confirm(session, one, by="li", now=NOON)
        remade = rewards.make(session, awards.BUILT_IN, "2026-10", by="wang", now=NOON)
        assert key not in {row["key"] for row in remade.rows}
        session.query(Leaderboard).one().published_at = None
        with pytest.raises(NotFound, match="not_published"):
            rewards.make(session, awards.BUILT_IN, "2026-10", by="wang", now=NOON)


def test_the_pages_of_money_effects_and_rewards(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    honoured(runtime)
    answer = submit(client, "/admin/campaign/rewards/", {"award": "monthly", "period": "2026-10"})
    place = answer.headers["Location"]
    assert "张伟" in client.get(place).text
    assert submit(client, place, {"action": "sums", "sum-D01": "abc"}).status_code == 400
    assert submit(client, place, {"action": "sums", "sum-D01": "300"}).status_code == 303
    sign_in(client, runtime, "quality")
    assert submit(client, place, {"action": "confirm"}).status_code == 303
    sent = client.get(f"{place}/as/csv")
    assert "300.00" in sent.data.decode("utf-8-sig")
    assert client.get(f"{place}/as/xlsx").data.startswith(b"PK")
    page = client.get(
        "/admin/campaign/effects?before_first=2026-08-01&before_last=2026-09-30&after_first=2026-10-01&after_last=2026-10-31"
    ).text
    assert "全院" in page
    assert client.get("/admin/campaign/effects?before_first=x").status_code == 200
    missing = submit(
        client, "/admin/campaign/rewards/", {"award": "monthly", "period": "1999-01"}, follow_redirects=True
    )
    assert "还没" in missing.text or "没有" in missing.text
