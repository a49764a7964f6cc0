"""The public boards and the console pages of leaderboards."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from feedback_app.db.award_schemes import SchemeVersion
from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain.awards import to_body
from feedback_app.domain.criteria._base import Taken
from feedback_app.domain.cycles import Period
from feedback_app.services import assessing, awards, leaderboards, publications
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
        assert ") }}" not in page.text
    assert 'href="/stars/monthly/rules"' in client.get(BOARD, query_string={"lang": lang}).text


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


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("key", sorted(awards.presets()))
def test_the_rules_page_of_every_kind_of_award_says_what_is_true_of_it(
    runtime: Runtime, client: FlaskClient, key: str, lang: str
) -> None:
    scheme = awards.presets()[key]
    with runtime.transaction() as session:
        session.add(
            SchemeVersion(
                award_key=key, number=1, state="started", body=to_body(scheme), valid_from="",
                changed_at=runtime.now(), changed_by="admin",
            )
        )  # fmt: skip
    page = client.get(f"/stars/{key}/rules?lang={lang}")
    words = page.text.partition("<main>")[2]
    assert page.status_code == 200
    composed = len(scheme.shares) > 1 or not scheme.hears_patients
    assert all((f"<dd>{share.weight}%</dd>" in words) == composed for share in scheme.shares)
    assert all(tier.title[lang] in words for tier in scheme.tiers)
    assert all(item.title[lang] in words for item in scheme.sheet)
    assert all(one.title[lang] in words for one in scheme.leagues)
    assert all(one.title[lang] in words for one in scheme.rewards)
    assert all(one.title[lang] in words for one in scheme.batches)
    told = "五星 100 分" if lang == "zh" else "five stars 100 points"
    assert (told in words) == scheme.hears_patients
    three = "上个月的算一半" if lang == "zh" else "last month by half"
    assert (three in words) == (scheme.hears_patients and len(scheme.month_weights) == 3)
    assert "stars.rules" not in words and "rounds.terms" not in words


def test_a_board_of_an_inspection_speaks_of_points_and_of_no_raters(runtime: Runtime, client: FlaskClient) -> None:
    scheme = awards.presets()["star_window"]
    year = Period.parse("2025")
    with runtime.transaction() as session:
        session.add(
            SchemeVersion(
                award_key=scheme.key, number=1, state="started", body=to_body(scheme), valid_from="",
                changed_at=runtime.now(), changed_by="admin",
            )
        )  # fmt: skip
        window = session.get_one(ServicePoint, id_of(session, "W01"))
        assessing.inspect(
            session, scheme, year, "score_sheet", window, [Taken("place", "环境不整洁", 2.0)], by="e", now=runtime.now()
        )
        leaderboards.close(session, scheme.key, year, now=runtime.now(), zone=runtime.zone)
        publications.publish(session, scheme.key, year, by="王主任", now=runtime.now(), settings=runtime.settings)
    page = client.get("/stars/star_window/2025").text
    assert "98 分" in page and "三星级" in page
    assert "未核验" not in page and "条评价" not in page and "约在第" not in page
    assert "按公开的标准检查打分评出" in client.get("/stars/screen").text
