"""The public boards and the console pages of leaderboards."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain.cycles import Period
from feedback_app.services import leaderboards, publications
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit
from tests.star_ratings import bind, id_of, october, rate

OCTOBER = Period.parse("2026-10")
BOARD = "/stars/monthly/2026-10"


@pytest.fixture
def rated(runtime: Runtime) -> Iterator[Runtime]:
    with runtime.transaction() as session:
        october(session)
        rate(session, "D03", (0, 0, 20, 60, 90))
        bind(session, runtime.vault, "D01")
    yield runtime


@pytest.fixture
def closed(rated: Runtime) -> Runtime:
    with rated.transaction() as session:
        leaderboards.close(session, "monthly", OCTOBER, now=rated.now(), zone=rated.zone)
    return rated


@pytest.fixture
def published(closed: Runtime) -> Runtime:
    with closed.transaction() as session:
        publications.publish(session, "monthly", OCTOBER, by="王主任", now=closed.now(), settings=closed.settings)
    return closed


def test_the_public_board_shows_the_top_and_says_that_it_is_not_verified(
    published: Runtime, client: FlaskClient
) -> None:
    page = client.get(BOARD)
    assert page.status_code == 200
    assert "张伟" in page.text
    assert "未核验" in page.text
    assert "200 条评价" in page.text


def test_low_places_and_those_still_collecting_are_nowhere_in_public(published: Runtime, client: FlaskClient) -> None:
    with published.reading() as session:
        board = leaderboards.load(session, "monthly", OCTOBER)
    last = board.league("doctors").listed[-1]
    for path in (BOARD, "/stars/screen", "/stars/"):
        page = client.get(path).text
        assert last.name not in page
        assert "周婷婷" not in page  # nurse, still collecting


def test_a_closed_board_is_not_public_before_it_is_published(closed: Runtime, client: FlaskClient) -> None:
    assert client.get(BOARD).status_code == 404
    assert "张伟" not in client.get("/stars/screen").text
    assert "还没有公布的榜" in client.get("/stars/").text
    assert client.get("/stars/monthly").location == "/stars/"


def test_the_newest_board_has_a_short_address(published: Runtime, client: FlaskClient) -> None:
    assert client.get("/stars/monthly").location == BOARD


@pytest.mark.parametrize(
    "path", ["/stars/monthly/2026-13", "/stars/monthly/2099-01", "/stars/nobel", "/stars/nobel/rules"]
)
def test_addresses_of_nothing_get_a_calm_answer(runtime: Runtime, client: FlaskClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "Traceback" not in page.text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_public_page_in_both_languages(published: Runtime, client: FlaskClient, lang: str) -> None:
    for path in ("/stars/", BOARD, "/stars/monthly/rules", "/stars/screen"):
        page = client.get(path, query_string={"lang": lang})
        assert page.status_code == 200
        assert f'<html lang="{"zh-CN" if lang == "zh" else lang}">' in page.text


def test_the_rules_page_gives_the_awards_own_figures(runtime: Runtime, client: FlaskClient) -> None:
    page = client.get("/stars/monthly/rules").text
    assert "至少 30 条有效评价" in page
    assert "70%" in page
    assert "0571-8888 0120" in page


def test_the_rules_pages_example_is_right() -> None:
    assert (30 * 90 + 20 * 100) / 50 == 94
    assert round((30 * 90 + 300 * 96) / 330, 1) == 95.5


def test_from_preview_to_publication_in_the_console(rated: Runtime, client: FlaskClient) -> None:
    sign_in(client, rated, "quality")
    assert "待结算" in client.get("/admin/stars/").text
    preview = client.get("/admin/stars/monthly/2026-10").text
    assert "预览" in preview and "张敏" in preview
    with rated.reading() as session:
        assert session.scalars(select(Leaderboard)).all() == []
    done = submit(client, "/admin/stars/monthly/2026-10/close", follow_redirects=True)
    assert "还没有通知任何人" in done.text
    asked = client.get("/admin/stars/monthly/2026-10/publish").text
    assert "1 位本人" in asked and "5 人" in asked
    assert "已公布。1 条通知" in submit(client, "/admin/stars/monthly/2026-10/publish", follow_redirects=True).text
    again = submit(client, "/admin/stars/monthly/2026-10/publish", follow_redirects=True)
    assert "已经公布过" in again.text
    with rated.reading() as session:
        assert len(session.scalars(select(OutboxMessage)).all()) == 1
        assert session.scalars(select(Leaderboard.published_by)).one() == "王芳"


def test_every_league_and_row_opens(closed: Runtime, client: FlaskClient) -> None:
    sign_in(client, closed, "admin")
    for league in ("doctors", "nurses", "windows", "logistics", "nonsense"):
        assert client.get("/admin/stars/monthly/2026-10", query_string={"league": league}).status_code == 200
    with closed.reading() as session:
        point_id = id_of(session, "D02")
    page = client.get(f"/admin/stars/monthly/2026-10/rows/{point_id}", query_string={"lang": "en"}).text
    assert "Your ratings average" in page
    assert client.get("/admin/stars/monthly/2026-10/rows/99999").status_code == 404


def test_the_running_month_cannot_be_closed_here_either(rated: Runtime, client: FlaskClient) -> None:
    sign_in(client, rated, "quality")
    page = submit(client, "/admin/stars/monthly/2026-11/close")
    assert page.status_code == 400
    assert "还没有结束" in page.text
    assert client.get("/admin/stars/monthly/2026-12").status_code == 400


def test_the_unbound_are_listed_by_department(rated: Runtime, client: FlaskClient) -> None:
    sign_in(client, rated, "admin")
    page = client.get("/admin/stars/unbound").text
    assert "心血管内科" in page and "李建国" in page and "张伟" not in page


def test_the_complaints_office_does_not_see_the_boards_tables(rated: Runtime, client: FlaskClient) -> None:
    sign_in(client, rated, "office")
    assert client.get("/admin/stars/").status_code == 403


def test_publishing_a_month_without_anybody_listed_is_warned_of(runtime: Runtime, client: FlaskClient) -> None:
    with runtime.transaction() as session:
        leaderboards.close(
            session, "monthly", Period.parse("2026-10"), now=runtime.now(), zone=runtime.zone, actor="test"
        )
    sign_in(client, runtime, "quality")
    page = client.get("/admin/stars/monthly/2026-10/publish").text
    assert "还没有人上榜" in page
    assert 'href="/admin/stars/monthly/2026-10"' in page
