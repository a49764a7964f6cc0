"""Issue 9, shown by 5: what a member of staff can see never tells one patient's answer, tried by enumeration; second persons."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from feedback_app import clock
from feedback_app.db.accounts import Account
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.db.released_figures import ATOM, OWN, UNIT, ReleasedFigure, ReleasedMonth
from feedback_app.db.score_looks import ScoreLook
from feedback_app.domain import groups
from feedback_app.services import releases, tallying, themes
from feedback_app.services.runtime import Runtime
from tests import hospital
from tests.console import sign_in, submit
from tests.security.people import sign_in_staff
from tests.star_ratings import rate
from tests.test_dashboards import Sql

MONTHS = tuple(f"2026-{number:02d}" for number in range(1, 13))
Row = tuple[str, int, str, str, str, int]  # scope, service point, first and last month, cell, how many


def draw(runtime: Runtime, seed: int) -> None:
    """A year of few ratings: a lively doctor, quiet ones, empty months, a window that is closed for months."""
    chance = random.Random(seed)
    with runtime.transaction() as session:
        session.execute(delete(Rating))
        for month in MONTHS:
            for key, most in (("D01", 9), ("D02", 4), ("D03", 2), ("N01", 12), ("W01", 7), ("W03", 3)):
                n = chance.choice((0, chance.randint(0, most), most))
                levels = [chance.randint(1, 5) for _ in range(n)]
                rate(session, key, tuple(levels.count(star) for star in range(1, 6)), month)
        session.execute(
            update(Rating).values(
                unit_id=select(ServicePoint.department_id)
                .where(ServicePoint.id == Rating.service_point_id)
                .scalar_subquery()
            )
        )
        tallying.fold(session)


def release_each_month(runtime: Runtime) -> Iterator[list[Row]]:
    """What there is to see after the 4th of each month."""
    for number in range(2, 14):
        year, month = (2026, number) if number < 13 else (2027, 1)
        at = datetime(year, month, 4, 1, tzinfo=UTC)
        with runtime.transaction() as session:
            releases.release(session, now=at, zone=runtime.zone)
            given = session.scalars(select(ReleasedFigure).where(ReleasedFigure.scope != ATOM)).all()
            yield [row for one in given for row in cells(one)]


def cells(one: ReleasedFigure) -> Iterator[Row]:
    what = one.scope, one.service_point_id, one.body.get("first", one.first_month), one.last_month
    yield *what, "", sum(one.body["l"])
    for table in ("parts", "channels", "hours"):
        for key, _, n, good in one.body.get(table, ()):
            if good is not None:
                yield *what, f"{table}:{key}", n


_Unit = tuple[int, int, str]
"""Service point, department, month: what a single answer could be told from."""


@dataclass(frozen=True)
class World:
    """How many ratings there really are; ``staff``: the service points that are people. ``pieces``: which months of which
    places are given together, by the month in which that is."""

    counts: dict[_Unit, int]
    staff: frozenset[int]
    pieces: dict[str, list[frozenset[_Unit]]]

    def behind(self, row: Row, given: list[str]) -> frozenset[_Unit]:
        """Which months of which places a figure is the sum of; ``given``: the months in which the department's were given."""
        scope, key, _, last, cell, _ = row
        since = max((one for one in given if one < last), default="") if scope == UNIT else ""
        months = [one for one in self.pieces if since < one <= last] if scope == UNIT else [last]
        inside = frozenset(unit for month in months for piece in self.pieces[month] for unit in piece)
        mine = frozenset(one for one in inside if one[0 if scope == OWN else 1] == key)
        name = cell.removeprefix("parts:")
        if not cell:
            return mine
        if name == "staff":
            return frozenset(one for one in mine if one[0] in self.staff)
        return frozenset(one for one in mine if one[0] == int(name))


def world(runtime: Runtime) -> World:
    with runtime.reading() as session:
        rows = session.execute(select(Rating.service_point_id, Rating.unit_id, Rating.period)).all()
        staff = session.scalars(select(ServicePoint.id).where(ServicePoint.kind == "staff"))
        counts = dict(Counter((point, unit or -1, month) for point, unit, month in rows))
        pieces: dict[str, list[frozenset[_Unit]]] = {month: [] for month in MONTHS}
        for one in session.scalars(select(ReleasedFigure).where(ReleasedFigure.scope == ATOM)):
            for unit, told in one.body["units"].items():
                span = (m for m in MONTHS if told["first"] <= m <= told["last"])
                months = [key for m in span if (key := (one.service_point_id, int(unit), m)) in counts]
                pieces[one.last_month].append(frozenset(months))
        return World(counts, frozenset(staff), pieces)


@pytest.mark.parametrize("seed", range(6))
def test_no_figure_and_no_difference_of_figures_is_about_one_to_four_people(runtime: Runtime, seed: int) -> None:
    """All that everybody ever saw, put together: no cell, no difference of two figures, and nothing that follows from all of
    them by linear algebra is a month and place of one to four ratings."""
    draw(runtime, seed)
    seen: list[Row] = []
    for now in release_each_month(runtime):
        assert set(seen) <= set(now), "what was given stays as it is"
        seen = now
    assert len(seen) > 10
    assert all(row[5] >= groups.LEAST for row in seen)
    real = world(runtime)
    small = {one for one, n in real.counts.items() if n < groups.LEAST}
    assert small, "there is something to hide"
    sums = [row for row in seen if row[4] == "" or (row[4].startswith("parts:") and row[4] != "parts:")]
    months = {key: [row[3] for row in sums if row[:2] == (UNIT, key)] for _, key, *_ in sums}
    behind = {row: real.behind(row, months[row[1]]) for row in sums}
    assert all(sum(real.counts[one] for one in units) == row[5] for row, units in behind.items())
    known = set(behind.values())
    for some, more in permutations(known, 2):
        if some < more:
            assert sum(real.counts[one] for one in more - some) >= groups.LEAST, "a difference of two pages"
    assert not small & determined(list(known), sorted(real.counts)), (
        "what follows from all pages of all people together"
    )


def determined(equations: list[frozenset[_Unit]], variables: list[_Unit]) -> set[_Unit]:
    """The variables that a system of sums fixes (Gauss–Jordan, exact)."""
    pivots: list[tuple[int, list[Fraction]]] = []
    for units in equations:
        row = [Fraction(one in units) for one in variables]
        for at, known in pivots:
            row = _less(row, known, row[at])
        lead = next((at for at, value in enumerate(row) if value), None)
        if lead is not None:
            row = [value / row[lead] for value in row]
            pivots = [(at, _less(known, row, known[lead])) for at, known in pivots]
            pivots.append((lead, row))
    return {variables[at] for at, row in pivots if sum(bool(value) for value in row) == 1}


def _less(row: list[Fraction], other: list[Fraction], times: Fraction) -> list[Fraction]:
    return [a - times * b for a, b in zip(row, other, strict=True)] if times else row


def test_the_solver_finds_what_can_be_found() -> None:
    a, b, c = (1, 1, "a"), (1, 1, "b"), (1, 1, "c")
    assert determined([frozenset({a, b, c}), frozenset({a, b})], [a, b, c]) == {c}
    assert determined([frozenset({a, b}), frozenset({b, c})], [a, b, c]) == set()


def words(page: str) -> str:
    return " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL).split())


def test_one_more_rating_changes_no_page_of_staff_or_head_that_day(runtime: Runtime, client: FlaskClient) -> None:
    """The difference of two pages is nothing at all until the month is over; a rating taken back later changes nothing either."""
    draw(runtime, 1)
    with runtime.transaction() as session:
        releases.release(session, now=runtime.now(), zone=runtime.zone)
        who = session.get_one(Account, account_of(runtime, session, "head"))
        who.department_id = session.query(ServicePoint).filter_by(key="XN").one().id
    sign_in(client, runtime, "head")
    sign_in_staff(client, runtime, "D01")
    pages = ("/staff/", "/admin/figures/unit", "/stars/", "/stars/screen")
    before = [words(client.get(page).text) for page in pages]
    assert "患者" in before[0]
    for change in ("new", "withdrawn", "excluded"):
        with runtime.transaction() as session:
            if change == "new":
                rate(session, "D01", (1, 0, 0, 0, 0), "2026-11", unit_id=who.department_id, received_at=runtime.now())
            else:
                told = session.scalars(select(Rating).where(Rating.period == "2026-03")).first()
                assert told is not None
                told.status = change
        with runtime.transaction() as session:
            tallying.fold(session)
            releases.release(session, now=runtime.now(), zone=runtime.zone)
        assert [words(client.get(page).text) for page in pages] == before, change


def account_of(runtime: Runtime, session: Any, role: str) -> int:
    found = session.query(Account).filter_by(login=role).one_or_none()
    if found is None:
        found = Account(login=role, name="王芳", role=role, password_hash="", created_at=runtime.now())
        session.add(found)
        session.flush()
    return int(found.id)


def test_released_figures_are_those_of_the_ratings(runtime: Runtime) -> None:
    """Beside a second way: which months are given together, counted by hand, and the levels from the ratings themselves."""
    draw(runtime, 2)
    with runtime.transaction() as session:
        releases.release(session, now=datetime(2027, 1, 4, 1, tzinfo=UTC), zone=runtime.zone)
        query = select(Rating.service_point_id, Rating.unit_id, Rating.period, Rating.score)
        rows = [(point, unit or -1, month, score) for point, unit, month, score in session.execute(query)]
        given = {(one.scope, one.service_point_id, one.last_month): one.body["l"] for one in session.scalars(select(ReleasedFigure).where(ReleasedFigure.scope != ATOM))}  # fmt: skip
        staff = set(session.scalars(select(ServicePoint.id).where(ServicePoint.kind == "staff")))
    waiting: dict[tuple[int, int], list[int]] = {}
    for_unit: dict[int, dict[int, list[int]]] = {}
    wanted: dict[tuple[str, int, str], list[int]] = {}
    for month in MONTHS:
        for point, unit in sorted({(row[0], row[1]) for row in rows}):
            levels = waiting.setdefault((point, unit), [0] * 5)
            for row in rows:
                if row[:3] == (point, unit, month):
                    levels[row[3] - 1] += 1
            if sum(levels) >= 5:
                del waiting[point, unit]
                if point in staff:
                    wanted[OWN, point, month] = levels
                mine = for_unit.setdefault(unit, {}).setdefault(point, [0] * 5)
                for_unit[unit][point] = [a + b for a, b in zip(mine, levels, strict=True)]
        for unit, parts in list(for_unit.items()):
            if len(parts) > 1:
                wanted[UNIT, unit, month] = [sum(column) for column in zip(*parts.values(), strict=True)]
                del for_unit[unit]
    assert given == wanted


def test_questions_and_themes_given_to_heads_beside_sql(runtime: Runtime) -> None:
    """Every figure of a head's page again, from the ratings in plain SQL: those of people with five answers to a question, those
    of a theme of which five are left without any one."""
    hospital.seed(runtime, ratings=4000, months=3)
    with runtime.transaction() as session:
        while themes.has_work(session):
            themes.work(session)
        releases.release(session, now=runtime.now(), zone=runtime.zone)
        rows = session.scalars(select(ReleasedFigure).where(ReleasedFigure.scope == UNIT)).all()
        pieces = session.scalars(select(ReleasedFigure).where(ReleasedFigure.scope == ATOM)).all()
        units = list(session.scalars(select(ServicePoint).where(ServicePoint.kind == "department")))
    sql, seen = Sql(runtime), {"questions": 0, "themes": 0, "hidden": 0}
    for unit in units:
        told = [one for one in rows if one.service_point_id == unit.id]
        for place, one in enumerate(told):
            since = told[place - 1].last_month if place else ""
            atoms = [
                (row.service_point_id, piece["first"], piece["last"])
                for row in pieces
                if since < row.last_month <= one.last_month and (piece := row.body["units"].get(str(unit.id)))
            ]
            for what, count in beside_sql(sql, unit.id, atoms, one.body).items():
                seen[what] += count
    sql.close()
    assert seen["questions"] > 5
    assert seen["themes"] > 0, seen


def beside_sql(sql: Sql, unit_id: int, atoms: list[tuple[int, str, str]], body: dict[str, Any]) -> dict[str, int]:
    """How many questions and themes were compared, and how many are rightly not told."""
    where = "unit = ? AND service_point_id = ? AND period BETWEEN ? AND ?"
    asked: dict[str, dict[int, tuple[int, float]]] = {}
    spoken: dict[str, dict[int, int]] = {}
    for point, first, last in atoms:
        values = (unit_id, point, first, last)
        each, is_scored = sql.each
        score = "25 * (CAST(a.value AS INTEGER) - 1)"
        for key, n, total in sql.run(
            f"SELECT a.key, count(*), sum({score}) FROM good, {each} a WHERE {where} AND {is_scored} GROUP BY a.key",
            values,
        ):
            known = asked.setdefault(key, {}).get(point, (0, 0.0))
            asked[key][point] = (known[0] + n, known[1] + float(total))
        counted = where.replace("unit = ?", "good.unit = ?").replace("period", "good.period")
        for theme, n in sql.run(
            f"SELECT t.theme, count(*) FROM good JOIN comment_themes t ON t.rating_id = good.id WHERE {counted} GROUP BY t.theme",
            values,
        ):
            spoken.setdefault(theme, {})[point] = n
    return {**_same_questions(asked, body), "themes": _same_themes(spoken, body)}


def _same_questions(asked: dict[str, dict[int, tuple[int, float]]], body: dict[str, Any]) -> dict[str, int]:
    wanted = {}
    for key, by_point in asked.items():
        parts = [told for told in by_point.values() if told[0] >= 5]
        n = sum(one[0] for one in parts)
        if len(parts) > 1:
            wanted[key] = (n, sum(one[1] for one in parts) / n)
    found = sorted((n, mean) for _, mean, n, _ in body["questions"])
    assert [n for n, _ in found] == [n for n, _ in sorted(wanted.values())]
    assert [mean for _, mean in found] == pytest.approx([mean for _, mean in sorted(wanted.values())], abs=1e-3)
    return {"questions": len(found), "hidden": len(asked) - len(wanted)}


def _same_themes(spoken: dict[str, dict[int, int]], body: dict[str, Any]) -> int:
    wanted = {
        theme: sum(parts.values()) for theme, parts in spoken.items() if sum(parts.values()) - max(parts.values()) >= 5
    }
    assert {theme: total for theme, total, *_ in body["themes"]} == wanted
    return len(wanted)


def test_given_on_the_fourth_and_once(runtime: Runtime) -> None:
    draw(runtime, 3)
    third, fourth = (datetime(2026, 10, day, 4, tzinfo=UTC) for day in (3, 4))
    assert str(releases.ripe(third, runtime.zone)) == "2026-08"
    assert str(releases.ripe(fourth, runtime.zone)) == "2026-09"
    with runtime.transaction() as session:
        assert releases.is_due(session, fourth, runtime.zone)
        assert releases.release(session, now=fourth, zone=runtime.zone) > 0
        assert releases.release(session, now=fourth, zone=runtime.zone) == 0
        assert not releases.is_due(session, fourth, runtime.zone)


def test_before_anything_and_with_one_rating_the_pages_are_calm(runtime: Runtime, client: FlaskClient) -> None:
    sign_in_staff(client, runtime, "D01")
    sign_in(client, runtime, "head")
    with runtime.transaction() as session:
        releases.release(session, now=runtime.now(), zone=runtime.zone)
    for _ in range(2):
        assert "还在收集" in client.get("/staff/").text
        assert client.get("/admin/figures/unit").status_code == 200
        with runtime.transaction() as session:
            rate(session, "D01", (1, 0, 0, 0, 0), "2026-09")
            tallying.fold(session)
            session.execute(delete(ReleasedMonth))
            releases.release(session, now=runtime.now(), zone=runtime.zone)


def test_a_persons_scores_need_a_purpose_and_a_second_person_and_the_person_sees_it(
    runtime: Runtime, client: FlaskClient
) -> None:
    draw(runtime, 4)
    with runtime.transaction() as session:
        releases.release(session, now=runtime.now(), zone=runtime.zone)
        head = session.get_one(Account, account_of(runtime, session, "head"))
        head.department_id = session.query(ServicePoint).filter_by(key="XN").one().id
    sign_in(client, runtime, "head")
    assert submit(client, "/admin/figures/looks", {"staff_no": "D01", "purpose": " "}).status_code == 400
    kept = submit(client, "/admin/figures/looks", {"staff_no": "D02", "purpose": "年度谈话"})
    assert kept.status_code == 404, "of another department"
    assert "年度谈话" in kept.text
    assert submit(client, "/admin/figures/looks", {"staff_no": "D01", "purpose": "年度谈话"}).status_code == 303
    with runtime.reading() as session:
        look = session.scalars(select(ScoreLook)).one().id
    page = f"/admin/figures/looks/{look}"
    assert client.get(page).status_code == 404, "nobody has agreed"
    assert submit(client, page, {"said": "yes"}).status_code == 403, "a head does not agree"
    sign_in(client, runtime, "quality")
    assert "年度谈话" in client.get("/admin/figures/looks").text
    assert submit(client, page, {"said": "yes"}).status_code == 303
    assert client.get(page).status_code == 404, "who agrees sees nothing"
    sign_in(client, runtime, "head")
    assert client.get(page).status_code == 200
    sign_in_staff(client, runtime, "D01")
    mine = words(client.get("/staff/").text)
    assert "年度谈话" in mine
    assert "看过" in mine
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(hours=25))
    sign_in(client, runtime, "head")
    assert client.get(page).status_code == 404, "for one day"


def test_nobody_agrees_to_their_own_wish(runtime: Runtime, client: FlaskClient) -> None:
    sign_in(client, runtime, "director")
    submit(client, "/admin/figures/looks", {"staff_no": "D01", "purpose": "年度谈话"})
    with runtime.reading() as session:
        look = session.scalars(select(ScoreLook)).one().id
    assert submit(client, f"/admin/figures/looks/{look}", {"said": "yes"}).status_code in {400, 403}
    with runtime.reading() as session:
        assert session.get_one(ScoreLook, look).decided_at is None
