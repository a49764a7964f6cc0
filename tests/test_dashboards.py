"""Issue 9, shown by 1: every figure of every dashboard beside an independent SQL; bad input; who sees what."""

import math
import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.domain import groups
from feedback_app.services import dashboards, figure_comments, questionnaires, ratings, rescues
from feedback_app.services.dashboards import Overview, Part, Scope
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests import hospital
from tests.console import sign_in
from tests.hospital import TODAY
from tests.intruder import Intruder

COUNTED = """
WITH good AS (
  SELECT r.*, coalesce(r.unit_id, CASE p.kind WHEN 'department' THEN p.id ELSE p.department_id END) AS unit, p.kind AS kind
  FROM ratings r JOIN service_points p ON p.id = r.service_point_id
  WHERE r.status = 'counted' AND NOT EXISTS (
    SELECT 1 FROM ratings e WHERE e.status = 'counted' AND e.service_point_id = r.service_point_id AND e.day = r.day
    AND e.rater_hash = r.rater_hash AND NOT e.verified AND NOT r.verified AND e.id < r.id))
"""


GOOD = "sum(CASE WHEN score >= 4 THEN 1 ELSE 0 END)"
UTC_THERE = "(received_at AT TIME ZONE 'UTC')"


class Sql:
    """The database itself, read with plain SQL and nothing of ours."""

    def __init__(self, runtime: Runtime) -> None:
        self._connection = runtime.database.engine.connect()
        self._hand = Intruder(self._connection)
        on_server = self._connection.dialect.name == "postgresql"
        self.hour = (
            f"to_char({UTC_THERE} + interval '8 hours', 'HH24')"
            if on_server
            else "strftime('%H', received_at, '+8 hours')"
        )
        self.each = (
            ("json_each_text(good.answers)", "a.value ~ '^[0-9]$'")
            if on_server
            else ("json_each(good.answers)", "a.type = 'integer'")
        )
        self.answer = "CAST(answers ->> '{}' AS INTEGER)" if on_server else "json_extract(answers, '$.{}')"

    def ask(self, columns: str, where: str, values: tuple[Any, ...], more: str = "") -> list[Any]:
        return list(self._hand.execute(f"{COUNTED} SELECT {columns} FROM good WHERE {where} {more}", values))

    def run(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        """Any query about ``good``: what counts, with its department."""
        return list(self._hand.execute(f"{COUNTED} {query}", values))

    def received(self, where: str, values: tuple[Any, ...]) -> int:
        query = f"""SELECT count(*) FROM (SELECT r.*, coalesce(r.unit_id, CASE p.kind WHEN 'department' THEN p.id
            ELSE p.department_id END) AS unit FROM ratings r JOIN service_points p ON p.id = r.service_point_id)
            WHERE status != 'canary' AND {where}"""
        return int(self._hand.execute(query, values).scalar_one())

    def close(self) -> None:
        self._connection.close()


def about(of: Scope) -> tuple[str, tuple[Any, ...]]:
    if of.point is not None:
        return "service_point_id = ?", (of.point.id,)
    return ("unit = ?", (of.unit.id,)) if of.unit is not None else ("1 = 1", ())


def same_share(part: Part, satisfied: int, n: int) -> None:
    assert part.n == n
    assert part.share is not None
    assert part.share.n == n
    assert part.share.value == pytest.approx(100 * satisfied / n)
    low, high = wilson_by_hand(satisfied, n)
    assert part.share.low == pytest.approx(low)
    assert part.share.high == pytest.approx(high)


def wilson_by_hand(hits: int, n: int) -> tuple[float, float]:
    """The two roots of (p̂ − p)² = z² p (1 − p) / n."""
    z2, p = 1.959964**2, hits / n
    a, b, c = 1 + z2 / n, -(2 * p + z2 / n), p * p
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    return 100 * max(0.0, (-b - root) / (2 * a)), 100 * min(1.0, (-b + root) / (2 * a))


def compare(sql: Sql, found: Overview, names: dict[str, str]) -> None:
    """Everything on one page."""
    where, values = about(found.scope)
    ranged, both = f"{where} AND day BETWEEN ? AND ?", (*values, str(found.first), str(found.last))
    levels = f"count(*), coalesce({GOOD}, 0), coalesce(sum(25 * (score - 1)), 0)"
    n, satisfied, points = sql.ask(levels, ranged, both)[0]
    assert found.share.n == n
    assert found.received == sql.received(ranged, both)
    assert found.today == sql.ask("count(*)", f"{where} AND day = ?", (*values, str(TODAY)))[0][0]
    if n:
        same_share(Part("", "", found.share, n), satisfied, n)
        assert found.points == pytest.approx(points / n)
    told = f"channel, count(*), {GOOD}"
    table(found.channels, sql.ask(told, ranged, both, "GROUP BY channel"))
    hours = sql.ask(f"{sql.hour}, count(*), {GOOD}", ranged, both, f"GROUP BY {sql.hour}")
    known = {one.key: one for one in found.hours if one.share is not None}
    for name, count, good in hours:
        if name in known:
            same_share(known[name], good, count)
    assert set(known) == set(groups.told({(name): count for name, count, _ in hours}).shown)
    if found.scope.unit is None and found.scope.point is None:
        rows = sql.ask(f"unit, count(*), {GOOD}", ranged, both, "GROUP BY unit")
        table(found.parts, [(str(unit), count, good) for unit, count, good in rows])
        assert all(one.name == names[one.key] for one in found.parts if one.key)
    elif found.scope.point is None:
        key = "CASE kind WHEN 'staff' THEN 'staff' ELSE CAST(service_point_id AS TEXT) END"
        rows = sql.ask(f"{key}, count(*), {GOOD}", ranged, both, f"GROUP BY {key}")
        table(found.parts, [(str(name), count, good) for name, count, good in rows])
    for line in found.questions:
        answer = sql.answer.format(line.key)
        asked = f"{ranged} AND {answer} IS NOT NULL"
        count, total = sql.ask(f"count(*), sum(25 * ({answer} - 1))", asked, both)[0]
        assert line.n == count
        assert line.mean == pytest.approx(total / count)
    for week in found.weeks:
        days = (*values, str(week.week.monday), str(week.week.sunday))
        count, good = sql.ask(f"count(*), coalesce({GOOD}, 0)", f"{where} AND day BETWEEN ? AND ?", days)[0]
        assert week.judged.n == count
        assert week.judged.share == (pytest.approx(good / count) if count >= groups.LEAST else None)


def table(parts: tuple[Part, ...], rows: list[tuple[str, int, int]]) -> None:
    """Rows that are told, and the rest as one."""
    by_key = {str(key): (count, good) for key, count, good in rows}
    shown = [one for one in parts if one.key]
    for one in shown:
        count, good = by_key.pop(one.key)
        same_share(one, good, count)
    assert all(one.n >= groups.LEAST for one in shown)
    rest = [one for one in parts if not one.key]
    if by_key:
        count, good = sum(one[0] for one in by_key.values()), sum(one[1] for one in by_key.values())
        assert len(rest) == 1
        assert rest[0].n == count
        assert (rest[0].share is None) == (count < groups.LEAST)
        if rest[0].share is not None:
            same_share(rest[0], good, count)
    else:
        assert rest == []


def test_every_figure_of_every_dashboard_beside_sql(runtime: Runtime) -> None:
    hospital.seed(runtime)
    sql, pages = Sql(runtime), 0
    with runtime.reading() as session:
        points = session.scalars(select(ServicePoint).where(ServicePoint.kind != "staff")).all()
        names = {str(one.id): one.name for one in points}
        scopes = [Scope(), *(Scope(unit=one) for one in points if one.kind == "department")]
        scopes += [Scope(one.department, one) for one in points if one.kind != "department"]
        for of in scopes:
            for days in dashboards.RANGES:
                found = dashboards.overview(session, of, days=days, today=TODAY, zone=runtime.zone)
                compare(sql, found, names)
                pages += 1
    sql.close()
    assert pages > 100


def test_the_page_shows_these_figures(runtime: Runtime, client: FlaskClient) -> None:
    hospital.seed(runtime, ratings=500, months=2)
    sign_in(client, runtime, "director")
    page = unescape(re.sub(r"<[^>]+>", " ", client.get("/admin/figures?days=28").text))
    sql = Sql(runtime)
    n, good = sql.ask(f"count(*), {GOOD}", "day BETWEEN ? AND ?", (str(TODAY - timedelta(27)), str(TODAY)))[0]
    sql.close()
    low, high = wilson_by_hand(good, n)
    assert f"{100 * good / n:.1f}%" in page
    assert f"{n} 人评价，可信范围 {low:.1f}–{high:.1f}%" in page


@pytest.mark.parametrize("role", ["director", "quality", "admin"])
def test_nothing_yet_one_rating_and_a_month_without_a_window_are_calm_pages(
    runtime: Runtime, client: FlaskClient, role: str
) -> None:
    sign_in(client, runtime, role)
    empty = client.get("/admin/figures")
    assert empty.status_code == 200
    assert "还不到五个人" in empty.text
    with runtime.transaction() as session:
        target = session.scalars(select(ServicePoint).where(ServicePoint.key == "W03")).one().id
        ratings.submit(session, Submission(target, 1, "form", "only"), zone=runtime.zone, now=runtime.now())
    one = client.get("/admin/figures?days=182").text
    assert "还不到五个人" in one
    assert "0.0%" not in one
    for odd in ("?days=99", "?unit=x&point=-1", "?days=9999999999999", f"?point={target}&days=7"):
        assert client.get(f"/admin/figures{odd}").status_code == 200
    assert client.get("/admin/figures?unit=987654").status_code == 404
    doctor = next(iter(people(runtime)))
    assert client.get(f"/admin/figures?point={doctor}").status_code == 404, "a person's scores are theirs"


def people(runtime: Runtime) -> list[int]:
    with runtime.reading() as session:
        return list(session.scalars(select(ServicePoint.id).where(ServicePoint.kind == "staff")))


def test_a_department_that_was_merged_keeps_its_history_under_its_name(runtime: Runtime, client: FlaskClient) -> None:
    hospital.seed(runtime, ratings=600, months=2)
    with runtime.transaction() as session:
        first, second = session.scalars(select(ServicePoint).where(ServicePoint.kind == "department").limit(2)).all()
        session.execute(
            update(Rating)
            .where(Rating.unit_id.is_(None))
            .values(unit_id=select(ServicePoint.department_id).where(ServicePoint.id == Rating.service_point_id).scalar_subquery())
        )  # fmt: skip
        before = dashboards.overview(session, Scope(unit=first), days=182, today=TODAY, zone=runtime.zone).share
        assert before.n
        # Merged: its people belong to the other one now, and that one has a new name.
        session.execute(
            update(ServicePoint).where(ServicePoint.department_id == first.id).values(department_id=second.id)
        )
        first.active, second.name = False, "内科联合门诊"
        after = dashboards.overview(session, Scope(unit=first), days=182, today=TODAY, zone=runtime.zone).share
        assert after == before
        name, unit_id = first.name, first.id
    sign_in(client, runtime, "quality")
    page = client.get(f"/admin/figures?unit={unit_id}&days=182").text
    assert f"{name}（已停用）" in page
    assert "内科联合门诊" in page


def test_a_range_over_a_changed_question_counts_the_new_one_only_and_says_so(runtime: Runtime) -> None:
    at = runtime.now() - timedelta(days=10)
    with runtime.transaction() as session:
        old, _ = questionnaires.current(session)
        target = session.scalars(select(ServicePoint).where(ServicePoint.key == "W03")).one().id
        short, middle, long = (
            {"value": key, "text": {"zh": key}, "score": score} for key, score in (("a", 100), ("m", 50), ("b", 0))
        )
        wait = {"key": "wait", "kind": "likert", "text": {"zh": "等候时间"}}
        bodies = [
            {**old.body, "question": [*old.body["question"], {**wait, "options": options}]}
            for options in ([short, long], [short, middle, long])
        ]
        versions = [
            QuestionnaireVersion(key=old.key, number=old.number + place, state="published", body=one, created_at=at, published_at=at)
            for place, one in enumerate(bodies, 1)
        ]  # fmt: skip
        session.add_all(versions)
        session.flush()
        for number in range(14):
            version = versions[number % 2]
            answers = {"overall": 5, "wait": "a" if number % 2 else "b"}
            sent = Submission(target, 5, "form", f"q{number}", answers=answers, version_id=version.id)
            ratings.submit(session, sent, zone=runtime.zone, now=at)
        found = dashboards.overview(session, Scope(), days=28, today=TODAY, zone=runtime.zone)
    (line,) = [one for one in found.questions if one.key == "wait"]
    assert (line.n, line.mean, line.cut, line.since) == (7, 100.0, True, versions[1].number)


def test_comments_are_masked_delayed_undated_and_never_of_fewer_than_five(
    runtime: Runtime, client: FlaskClient
) -> None:
    with runtime.transaction() as session:
        target = session.scalars(select(ServicePoint).where(ServicePoint.key == "W03")).one()
        for number, ago in enumerate((9, 8, 7, 6, 1)):
            words = f"我叫李建国，电话 1390000111{number}，等了很久 {number}"
            sent = Submission(target.id, 2, "form", f"c{number}", comment=words)
            ratings.submit(session, sent, zone=runtime.zone, now=runtime.now() - timedelta(days=ago))
    sign_in(client, runtime, "director")
    assert "还不到五个人" in client.get("/admin/figures/comments").text, "the fifth is a day old"
    with runtime.transaction() as session:
        sent = Submission(target.id, 2, "form", "c9", comment="我叫李建国，等了很久 9")
        ratings.submit(session, sent, zone=runtime.zone, now=runtime.now() - timedelta(days=5))
    page = client.get(f"/admin/figures/comments?point={target.id}&level=low").text
    assert "等了很久" in page
    assert "6 人评价" in page, "beside the words: of how many, and how sure"
    assert "收到 6 条，计入 6 条" in page
    assert "李建国" not in page
    assert not re.search("1390000", page)
    assert not re.search(r"2026-11-\d\d", page)
    assert "还不到五个人" in client.get("/admin/figures/comments?level=high").text
    with runtime.reading() as session:
        assert len(figure_comments.of_scope(session, Scope(), "", date(2026, 1, 1), TODAY)) == 5


def test_rescue_reaches_the_desk_at_once_and_not_the_person_rated(runtime: Runtime) -> None:
    now: datetime = runtime.now()
    with runtime.transaction() as session:
        doctor = session.scalars(select(ServicePoint).where(ServicePoint.key == "D01")).one()
        for number, (score, contact) in enumerate(((1, "sealed"), (2, ""), (5, "sealed"))):
            sent = Submission(doctor.id, score, "form", f"r{number}", comment="等了三个小时", contact_sealed=contact)
            ratings.submit(session, sent, zone=runtime.zone, now=now)
        (told,) = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "rescue")).all()
    assert told.not_before - now < timedelta(seconds=60)
    assert (told.channel, told.recipient) == ("wecom_group", rescues.DESK)
    assert doctor.name not in str(told.payload)
    assert "三个小时" not in str(told.payload)


def test_what_was_settled_before_they_left_is_counted_and_stands_on_page_one(
    runtime: Runtime, client: FlaskClient
) -> None:
    now = runtime.now()
    with runtime.transaction() as session:
        target = session.scalars(select(ServicePoint).where(ServicePoint.key == "W03")).one()
        for number in range(6):
            sent = Submission(target.id, 1, "form", f"s{number}", contact_sealed="sealed")
            ratings.submit(session, sent, zone=runtime.zone, now=now - timedelta(hours=3))
        cases = session.scalars(select(Case)).all()
        for case, minutes, how in zip(
            cases, (10, 119, 121, 30), ("settled", "closed", "settled", "silent"), strict=False
        ):
            case.closed_at, case.closed_how = case.received_at + timedelta(minutes=minutes), how
        session.flush()
        standing = rescues.standing(session, TODAY, TODAY)
    assert (standing.asked, standing.settled, standing.share.n) == (6, 2, 6)
    sign_in(client, runtime, "director")
    for page in ("/admin/figures", "/admin/"):
        assert "两小时内解决" in client.get(page).text
