"""Figures, points and entries on file by command; what the console and the board say of an award with several parts."""

import pytest
from flask.testing import FlaskClient

from feedback_app.db.directory import ServicePoint
from feedback_app.domain import deciding
from feedback_app.domain.cycles import Period
from feedback_app.errors import Refused
from feedback_app.services import assessing, explanations, leaderboards, other_facts, points_import, publications
from feedback_app.services.leaderboards import Board
from feedback_app.services.runtime import Runtime
from tests.awards import marks, person, preset
from tests.console import sign_in
from tests.people import directory
from tests.star_ratings import id_of, october

OCTOBER = Period.parse("2026-10")
BIMONTH = Period.parse("2026-11..12")
MARKS = "工号,分数,评委\nD01,90,甲\nD01,80,乙\nX1,70,甲\nD02,101,甲\n"


def test_points_from_a_table_count_once_however_often_it_is_brought_in(runtime: Runtime) -> None:
    scheme = preset("bimonthly")
    with runtime.transaction() as session:
        for _ in range(2):
            done = points_import.import_table(
                session, scheme, BIMONTH, "peer_review", MARKS.encode(), now=runtime.now()
            )
            assert (done.given, [(one.line, one.text) for one in done.rejected]) == (2, [(4, "X1"), (5, "D02")])
        given = other_facts.gather(session, scheme, BIMONTH).marks[id_of(session, "D01")]
        assert [one.points for one in given["peer_review"]] == [80.0, 90.0]
        with pytest.raises(Refused):
            points_import.import_table(session, scheme, BIMONTH, "praise", MARKS.encode(), now=runtime.now())


def test_a_score_sheet_from_a_table(runtime: Runtime) -> None:
    scheme, year = preset("star_window"), Period.parse("2026")
    table = "窗口,项目,扣分,原因\nW01,manner,5,用语不文明\nW01,place,2,\nW03\nW03,nonsense,3,\n"
    with runtime.transaction() as session:
        done = points_import.import_table(session, scheme, year, "score_sheet", table.encode(), now=runtime.now())
        assert (done.given, len(done.rejected)) == (2, 1)
        board = leaderboards.try_out(session, scheme, year)
    assert [(row.key, row.score, row.tier) for row in board.league("windows").listed] == [
        ("W03", 100.0, "three"),
        ("W01", 93.0, "three"),
    ]


def board_of(award: str, period: str, *everybody: deciding.Known) -> Board:
    decided = deciding.decide(preset(award), Period.parse(period), everybody)
    counts = {
        one.key: {"listed": len(one.listed), "candidates": len(one.rows), "ratings": 0} for one in decided.results
    }
    return Board(preset(award), decided.period, decided.results, decided.left_out, False, "", counts)


def test_an_award_of_several_parts_explains_each_with_counts_only() -> None:
    given = {"service_code": marks(90.0), "quality_audit": marks(80.0)}
    board = board_of(
        "quarterly", "2026-Q4", person("A", (0, 0, 0, 20, 180), marks=given), person("B", (0, 0, 0, 20, 180))
    )
    first, second = board.results[0].rows
    told = "\n".join(explanations.lines(board, first))
    assert "第四季度有效评价 200 条" in told
    assert "患者评价 97.5 分占 60%" in told and "服务规范检查 90.0 分占 20%" in told and "合计 92.5 分" in told
    assert "不进个人得分" in told and "未核验" in told
    waiting = explanations.place(board, second)
    assert "还差服务规范检查" in waiting and "条就能看出来" not in waiting


def test_a_board_by_sheet_alone_speaks_of_no_ratings() -> None:
    board = board_of("star_window", "2026", person("W", kind="window", category="收费", taken=()))
    told = "\n".join(explanations.lines(board, board.results[0].rows[0]))
    assert "评价平均" not in told and "可靠度" not in told


def test_the_public_board_has_the_seal_and_says_what_was_taken_back(runtime: Runtime, client: FlaskClient) -> None:
    with runtime.transaction() as session:
        october(session)
        board = leaderboards.close(session, "monthly", OCTOBER, now=runtime.now(), zone=runtime.zone)
        publications.publish(session, "monthly", OCTOBER, by="王主任", now=runtime.now(), settings=runtime.settings)
        winner = session.get_one(ServicePoint, id_of(session, "D01"))
        assessing.revoke(session, "monthly", OCTOBER, winner, why="查实", by="admin", now=runtime.now())
    page = client.get("/stars/monthly/2026-10").text
    assert board.recount_hash in page
    assert "荣誉已撤销" in page and "查实" not in page


def test_the_console_hands_out_the_recount_page(runtime: Runtime, client: FlaskClient) -> None:
    with runtime.transaction() as session:
        october(session)
        leaderboards.close(session, "monthly", OCTOBER, now=runtime.now(), zone=runtime.zone)
    assert client.get("/admin/stars/monthly/2026-10/recount-kit").status_code in (302, 303, 401, 403)
    sign_in(client, runtime, "quality")
    kit = client.get("/admin/stars/monthly/2026-10/recount-kit")
    page = client.get("/admin/stars/monthly/2026-10/recount")
    assert kit.headers["Content-Disposition"].startswith("attachment") and '"seal"' in kit.text
    assert page.headers["Content-Disposition"].startswith("attachment") and "Recount(" in page.text
    assert all(one.name not in kit.text for one in directory(runtime.now()) if one.kind == "staff")
    assert client.get("/admin/stars/monthly/2026-09/recount-kit").status_code == 404
