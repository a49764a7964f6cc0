"""What an administrator or a directory gets wrong about an award has a clear outcome, and loses nothing."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from feedback_app.db import tallies
from feedback_app.db.assessments import Figure
from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.domain import awards, deciding
from feedback_app.domain.cycles import Period
from feedback_app.domain.deciding import Decided, Known
from feedback_app.errors import Conflict, FeedbackError, Refused
from feedback_app.services import assessing, figures, leaderboards, other_facts, ratings, scheme_editing, star_facts
from feedback_app.services import awards as in_force
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.awards import person, preset
from tests.star_ratings import id_of, october

OCTOBER = Period.parse("2026-10")
BY = "admin"


def body(key: str = "monthly", **changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(awards.to_body(preset(key)))), **changes}


def fault(changed: dict[str, Any]) -> str:
    with pytest.raises(Refused) as refused:
        awards.parse(changed)
    assert refused.value.code == "stars.bad_scheme"
    return str(refused.value.params["what"])


def phase(first: int, last: int, kind: str = "vote", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "first": first, "last": last, **more}


def test_weights_that_do_not_add_to_a_hundred() -> None:
    shares = body("bimonthly")["shares"]
    assert fault(body("bimonthly", shares=[{**shares[0], "weight": 61}, *shares[1:]])) == "shares.weight"
    assert (
        fault(body("bimonthly", shares=[{**shares[0], "weight": 75}, {**shares[1], "weight": 0}, *shares[2:]]))
        == "shares.weight"
    )


@pytest.mark.parametrize(
    "phases",
    [
        [phase(1, 10, "publicity"), phase(10, 20)],
        [phase(5, 3)],
        [phase(0, 3)],
        [phase(8, 9), phase(1, 2, "publicity")],
        [phase(1, 70, "running"), phase(1, 5, "publication", after_end=True)],  # day 62 is after the campaign
        [phase(1, 5, "publication", after_end=True), phase(1, 3, "vote")],
    ],
)
def test_phases_that_overlap(phases: list[dict[str, Any]]) -> None:
    assert fault(body("five_star_doctor", phases=phases)) == "phases.days"


def test_tiers_on_raw_satisfaction() -> None:
    assert fault(body(tiers=body("star_window")["tiers"])) == "tiers"


def test_a_sheet_that_is_not_worth_a_hundred() -> None:
    sheet = body("star_window")["sheet"]
    assert fault(body("star_window", sheet=sheet[:-1])) == "sheet"


@pytest.fixture
def started(runtime: Runtime) -> int:
    """A started version of the monthly star with another minimum."""
    with runtime.transaction() as session:
        october(session)
        draft = scheme_editing.begin(session, "monthly", by=BY, now=runtime.now())
        scheme_editing.save(session, draft.id, body(minimum=40), by=BY, now=runtime.now())
        with pytest.raises(Refused) as refused:
            scheme_editing.start(session, draft.id, by=BY, now=runtime.now(), zone=runtime.zone)
        assert refused.value.code == "stars.not_tried"
        tried = scheme_editing.dry_run(session, draft.id, now=runtime.now(), zone=runtime.zone)
        assert [str(one.period) for one in tried] == ["2026-10", "2026-09", "2026-08"]
        scheme_editing.note_tried(session, draft.id)
        scheme_editing.start(session, draft.id, by=BY, now=runtime.now(), zone=runtime.zone)
        return draft.id


def test_a_scheme_changed_after_it_started_is_refused(runtime: Runtime, started: int) -> None:
    for change in (
        lambda session: scheme_editing.save(session, started, body(minimum=1), by=BY, now=runtime.now()),
        lambda session: scheme_editing.discard(session, started, by=BY, now=runtime.now()),
        lambda session: scheme_editing.start(session, started, by=BY, now=runtime.now(), zone=runtime.zone),
    ):
        with runtime.transaction() as session, pytest.raises(Conflict) as refused:
            change(session)
        assert refused.value.code == "stars.scheme_started"
    with runtime.reading() as session:
        version = scheme_editing.get(session, started)
        assert version.rules_hash == scheme_editing.digest(version.body)
        entry = session.query(Evidence).filter_by(kind="rules").one()
        assert entry.shown == {"award": "monthly", "version": 1, "from": "2026-12", "rules": version.rules_hash}


def test_new_rules_wait_for_the_next_period(runtime: Runtime, started: int) -> None:
    with runtime.reading() as session:
        decided_by = {
            text: in_force.scheme(session, "monthly", Period.parse(text)).minimum
            for text in ("2026-10", "2026-11", "2026-12", "2027-01")
        }
    assert decided_by == {"2026-10": 30, "2026-11": 30, "2026-12": 40, "2027-01": 40}


def test_a_change_of_mode_shows_who_would_drop_off(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)  # nothing of it is verified
        draft = scheme_editing.begin(session, "monthly", by=BY, now=runtime.now())
        scheme_editing.save(session, draft.id, body(verification="verified"), by=BY, now=runtime.now())
        compared = scheme_editing.compare(session, draft.id, now=runtime.now(), zone=runtime.zone)
        assert compared is not None
        period, changes = compared
        begins = scheme_editing.first_decided(
            session, preset("monthly", verification="verified"), now=runtime.now(), zone=runtime.zone
        )
    assert str(period) == "2026-10"
    assert [(one.league, one.key, one.joins) for one in changes] == [
        ("doctors", "D01", False),
        ("doctors", "D02", False),
        ("nurses", "N01", False),
        ("windows", "W01", False),
    ]
    assert str(begins) == "2026-12", "the running month is decided as it began"


def test_without_verified_ratings_the_board_lists_people_and_says_so(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        board = leaderboards.close(session, "monthly", OCTOBER, now=runtime.now(), zone=runtime.zone)
    assert board.unverified
    assert [row.key for row in board.league("doctors").rows if row.won] == ["D01"]
    withheld = deciding.decide(
        preset("monthly", honours_unverified=False),
        OCTOBER,
        [person("A", (0, 0, 0, 10, 190)), person("B", (0, 0, 0, 90, 110))],
    )
    assert [row.listed for row in withheld.results[0].rows] == [True, True]
    assert [row.won for row in withheld.results[0].rows] == [False, False], "a scheme may list without honouring"


def test_a_new_award_cannot_take_a_bad_key_or_an_unknown_source(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        for source, key in (("nonsense", ""), ("monthly", "../etc"), ("monthly", "奖")):
            with pytest.raises(FeedbackError):
                scheme_editing.begin(session, source, key=key, by=BY, now=runtime.now())


def test_a_campaign_that_is_over_cannot_start(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        draft = scheme_editing.begin(session, "five_star_doctor", by=BY, now=runtime.now())
        scheme_editing.note_tried(session, draft.id)
        with pytest.raises(Refused) as refused:
            scheme_editing.start(session, draft.id, by=BY, now=runtime.now(), zone=runtime.zone)
    assert refused.value.code == "stars.campaign_over"


def decide(*everybody: Known) -> Decided:
    return deciding.decide(preset("monthly"), OCTOBER, everybody)


def test_a_nominee_who_left_is_off_the_board_with_the_reason() -> None:
    decided = decide(person("A", (0, 0, 0, 0, 200), active=False), person("B", (0, 0, 0, 5, 195)))
    assert [(one.key, one.reason) for one in decided.left_out] == [("A", "left")]
    assert [row.key for row in decided.results[0].listed] == ["B"]


def test_zero_ratings_list_nobody_and_shame_nobody() -> None:
    decided = decide(person("A"), person("B"))
    assert [(row.listed, row.mean, row.missing, row.won) for row in decided.results[0].rows] == [
        (False, None, 117, False)
    ] * 2


def test_everyone_equal_shares_the_first_place_and_the_honour() -> None:
    decided = decide(*(person(key, (0, 0, 0, 20, 180)) for key in "ABCD"))
    rows = decided.results[0].listed
    assert {(row.rank, row.band_first, row.band_last, row.won) for row in rows} == {(1, 1, 4, True)}
    assert len({row.score for row in rows}) == 1


def test_one_candidate_is_first_with_the_own_mean() -> None:
    [row] = decide(person("A", (0, 0, 0, 100, 100))).results[0].listed
    assert (row.rank, row.low, row.high, row.score, row.mean) == (1, 1, 1, 87.5, 87.5)


def test_a_transfer_in_mid_month_takes_the_ratings_of_each_minute_where_they_belong(runtime: Runtime) -> None:
    """At a window the rating is told to whoever sat there at that minute; the window's own board keeps all of them."""
    noon = datetime(2026, 10, 15, 4, tzinfo=UTC)
    with runtime.transaction() as session:
        window = id_of(session, "W03")
        for key, start in (("C01", noon - timedelta(hours=4)), ("N02", noon)):
            session.add(
                DutySlot(
                    window_id=window, staff_id=id_of(session, key), starts_at=start, ends_at=start + timedelta(hours=4)
                )
            )
        session.flush()
        for number, at in enumerate((noon - timedelta(microseconds=1), noon)):
            ratings.submit(session, Submission(window, 5, "form", f"k{number}"), zone=runtime.zone, now=at)
        session.execute(
            update(ServicePoint).where(ServicePoint.key == "C01").values(department_id=id_of(session, "EK"))
        )
    with runtime.reading() as session:
        served = tallies.served_at_windows(session, ["2026-10"])
        assert served == {id_of(session, "C01"): 1, id_of(session, "N02"): 1}
        [tally] = star_facts.facts_by_point(session, OCTOBER, 1)[window].ratings
        assert tally.count == 2


FIGURES = "工号,平均候诊分钟\nD01,12.5\nD02,20\nX99,1\nD01,3\nN01,abc\n".encode("gb18030")


def test_figures_imported_twice_are_told_and_not_doubled(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        first = figures.import_table(session, "wait_minutes", OCTOBER, FIGURES, by=BY, now=runtime.now())
        again = figures.import_table(session, "wait_minutes", OCTOBER, FIGURES, by=BY, now=runtime.now())
        other = FIGURES.replace(b"12.5", b"13.5")
        changed = figures.import_table(session, "wait_minutes", OCTOBER, other, by=BY, now=runtime.now())
    assert (first.new, first.changed, first.same, first.again) == (2, 0, 0, False)
    assert [(one.line, one.text, one.why) for one in first.rejected] == [
        (4, "X99", "unknown"),
        (5, "D01", "twice"),
        (6, "N01", "no_number"),
    ]
    assert (again.new, again.changed, again.same, again.again) == (0, 0, 2, True)
    assert (changed.new, changed.changed, changed.same, changed.again) == (0, 1, 1, False)
    with runtime.reading() as session:
        assert sorted(one.value for one in session.query(Figure)) == [13.5, 20.0]


def test_figures_after_the_closing_are_refused(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        leaderboards.close(session, "monthly", OCTOBER, now=runtime.now(), zone=runtime.zone)
        with pytest.raises(Refused) as refused:
            figures.import_table(session, "wait_minutes", OCTOBER, FIGURES, by=BY, now=runtime.now())
    assert refused.value.code == "figures.closed"


def test_points_by_people_count_once_each_and_not_from_the_own_department(runtime: Runtime) -> None:
    scheme, now = preset("bimonthly"), runtime.now()
    period = Period.parse("2026-11..12")
    with runtime.transaction() as session:
        doctor = session.get_one(ServicePoint, id_of(session, "D01"))
        for points in (60.0, 90.0):
            assessing.give(session, scheme, period, "expert_score", doctor, points, by="e1", by_unit=10**6, now=now)
        with pytest.raises(Refused) as own:
            assessing.give(
                session, scheme, period, "expert_score", doctor, 100.0, by="e2", by_unit=doctor.department_id, now=now
            )
        for share, points in (("patient_ratings", 50.0), ("expert_score", 101.0), ("expert_score", float("nan"))):
            with pytest.raises(Refused):
                assessing.give(session, scheme, period, share, doctor, points, by="e3", now=now)
        given = other_facts.gather(session, scheme, period).marks[doctor.id]
    assert own.value.code == "stars.recused"
    assert [one.points for one in given["expert_score"]] == [90.0]


def test_what_the_discipline_office_writes_is_read_nowhere_else(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        doctor = session.get_one(ServicePoint, id_of(session, "D01"))
        assessing.put_on_file(
            session, runtime.vault, doctor, "discipline", date(2026, 10, 1), why="收受礼品", by="jw", now=runtime.now()
        )
        board = leaderboards.close(session, "monthly", OCTOBER, now=runtime.now(), zone=runtime.zone)
        kit = leaderboards.recount_kit(session, "monthly", OCTOBER)
    assert [(one.key, one.reason) for one in board.left_out] == [("D01", "this_time")]
    assert "礼品" not in kit and "discipline" not in kit


def test_an_honour_is_taken_back_with_a_reason_and_the_board_stays(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
        leaderboards.close(session, "monthly", OCTOBER, now=runtime.now(), zone=runtime.zone)
        winner, other = (session.get_one(ServicePoint, id_of(session, key)) for key in ("D01", "D03"))
        for point, why, code in ((other, "x", "stars.not_honoured"), (winner, " ", "stars.needs_reason")):
            with pytest.raises(Refused) as refused:
                assessing.revoke(session, "monthly", OCTOBER, point, why=why, by=BY, now=runtime.now())
            assert refused.value.code == code
        assessing.revoke(session, "monthly", OCTOBER, winner, why="查实", by=BY, now=runtime.now())
        assert leaderboards.is_unaltered(session, "monthly", OCTOBER)


def test_points_after_the_closing_are_refused(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        leaderboards.close(session, "monthly", OCTOBER, now=runtime.now(), zone=runtime.zone)
        doctor = session.get_one(ServicePoint, id_of(session, "D01"))
        scheme = awards.parse({**body("bimonthly"), "key": "monthly"})
        with pytest.raises(Refused) as refused:
            assessing.give(session, scheme, OCTOBER, "expert_score", doctor, 90.0, by="e1", now=runtime.now())
    assert refused.value.code == "stars.closed_already"
