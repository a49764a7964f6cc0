"""A selection from plan to certificate, by the services alone; and everything that may go wrong on the way."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from feedback_app.db import rounds as tables
from feedback_app.db.certificates import Certificate
from feedback_app.db.directory import ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.rounds import Ballot, RoundStep
from feedback_app.domain import cycles
from feedback_app.errors import Conflict, FeedbackError, Gone, NotAllowed, Refused
from feedback_app.services import (
    certificates,
    nominations,
    objections,
    publications,
    reviews,
    round_clock,
    round_results,
    rounds,
    shortlists,
    tickets,
    verification,
    votes,
)
from feedback_app.services.objections import Filing
from feedback_app.services.runtime import Runtime
from feedback_app.services.votes import Voter
from tests.rounds.selection import ALL, KEY, after, noon, patient, propose, rules, start, tick
from tests.star_ratings import bind, id_of, rate

VOTING = ("nomination", "vote", "publication")


def code_of(error: pytest.ExceptionInfo[FeedbackError]) -> str:
    return error.value.code.removeprefix("rounds.")


def nominate(runtime: Runtime, *keys: str, kinds: Sequence[str] = ALL) -> None:
    now = noon("nomination", tuple(kinds))
    tick(runtime, now)
    with runtime.transaction() as session:
        for number, key in enumerate(keys):
            propose(session, runtime, key, f"patient {number}", now)


def number_of(runtime: Runtime, key: str) -> int:
    with runtime.reading() as session:
        found = tables.candidates(session, rounds.find(session, KEY).id)
        return next(one.number or 0 for one in found if one.service_point.key == key)


def vote(runtime: Runtime, person: str, key: str, now: datetime) -> votes.Cast:
    with runtime.transaction() as session:
        choice = [number_of_in(session, key)]
        return votes.cast(session, runtime.vault, KEY, Voter(person), choice, now=now, zone=runtime.zone)


def number_of_in(session: Session, key: str) -> int:
    found = tables.candidates(session, rounds.find(session, KEY).id)
    return next(one.number or 0 for one in found if one.service_point.key == key)


def states(runtime: Runtime) -> dict[str, str]:
    with runtime.reading() as session:
        found = tables.candidates(session, rounds.find(session, KEY).id)
        return {one.service_point.key: one.state for one in found}


def publish(runtime: Runtime, now: datetime, login: str = "zhao") -> int:
    with runtime.transaction() as session:
        return round_results.publish(
            session, runtime.vault, KEY, by="赵主任", login=login, now=now, settings=runtime.settings
        )


def voters(runtime: Runtime, count: int) -> list[str]:
    with runtime.transaction() as session:
        return [patient(session, f"{number:02d}") for number in range(count)]


def test_from_plan_to_certificate(runtime: Runtime) -> None:
    start(runtime)
    people = voters(runtime, 5)
    nominate(runtime, "D01", "D02", "D02", "D03")
    tick(runtime, noon("first_review"))
    with runtime.transaction() as session:
        kept = [id_of(session, key) for key in ("D01", "D02")]
        now = noon("first_review")
        assert shortlists.choose(session, KEY, kept, why="另一位在外进修", by="lin", now=now, zone=runtime.zone) == 2
    tick(runtime, noon("vote"))
    assert states(runtime) == {"D01": "listed", "D02": "listed", "D03": "left_out"}
    for person, key in zip(people, ("D01", "D01", "D01", "D02", "D02"), strict=True):
        vote(runtime, person, key, noon("vote"))
    tick(runtime, noon("expert_review"))
    with runtime.transaction() as session:
        tokens = [
            reviews.invite(session, runtime.vault, KEY, name, by="lin", now=noon("expert_review"), zone=runtime.zone)[1]
            for name in ("专家甲", "专家乙")
        ]
    for token, favourite in zip(tokens, ("D02", "D02"), strict=True):
        for key in ("D01", "D02"):
            judge(runtime, token, key, [40, 40] if key == favourite else [30, 20])
    tick(runtime, noon("publication"))
    assert states(runtime) == {"D01": "not_won", "D02": "won", "D03": "left_out"}, "votes stand beside, experts decide"
    with runtime.reading() as session:
        result = rounds.find(session, KEY).result
        assert sorted(result["vote"]["votes"].values()) == [2, 3]
        assert (result["review"]["w"], result["review"]["words"]) == (1.0, "strong")
    tick(runtime, after())
    publish(runtime, after())
    with runtime.reading() as session:
        made = session.scalars(select(Certificate)).one()
        assert (made.holder, made.award, made.number) == ("张敏", "2026 五星级医生", "2027-0001")
        assert certificates.check(session, runtime.vault, made.code or "").id == made.id


def judge(runtime: Runtime, token: str, key: str, points: list[int], *, recused: bool = False) -> None:
    now = noon("expert_review")
    with runtime.transaction() as session:
        found = tables.candidates(session, rounds.find(session, KEY).id)
        candidate = next(one.id for one in found if one.service_point.key == key)
        reviews.judge(
            session, runtime.vault, token, candidate, points=points, recused=recused, now=now, zone=runtime.zone
        )


def test_nothing_can_be_done_outside_its_days(runtime: Runtime) -> None:
    start(runtime)
    [person] = voters(runtime, 1)
    with runtime.transaction() as session, pytest.raises(Conflict) as early:
        propose(session, runtime, "D01", "a", noon("publicity"))
    nominate(runtime, "D01")
    with runtime.transaction() as session, pytest.raises(Conflict) as late:
        propose(session, runtime, "D01", "b", noon("first_review"))
    assert (code_of(early), code_of(late)) == ("too_early", "too_late")
    for now, code in ((noon("nomination"), "too_early"), (noon("expert_review"), "too_late")):
        with runtime.transaction() as session, pytest.raises(Conflict) as error:
            votes.cast(session, runtime.vault, KEY, Voter(person), [1], now=now, zone=runtime.zone)
        assert code_of(error) == code
    with runtime.transaction() as session, pytest.raises(Conflict) as error:
        objections.file(session, KEY, Filing(None, "不公平", "k" * 20), now=noon("vote"), zone=runtime.zone)
    assert code_of(error) == "too_early"


def test_one_proposal_a_person_and_only_of_people_who_may_be_chosen(runtime: Runtime) -> None:
    start(runtime, heads=False)
    now = noon("nomination")
    with runtime.transaction() as session:
        propose(session, runtime, "D01", "a", now)
        with pytest.raises(Conflict) as twice:
            propose(session, runtime, "D02", "a", now)
        assert (code_of(twice), twice.value.params["name"]) == ("proposed_already", "张伟")
        for key, why in (("N02", "category"), ("W01", "kind"), ("D03", "head")):
            with pytest.raises(Refused) as error:
                propose(session, runtime, key, f"b {key}", now)
            assert error.value.params["why"] == why
        session.execute(update(ServicePoint).where(ServicePoint.key == "D02").values(active=False))
        session.expire_all()
        with pytest.raises(Refused) as error:
            propose(session, runtime, "D02", "c", now)
        assert error.value.params["why"] == "left"
        with pytest.raises(Refused):
            propose(session, runtime, "D01", "d", now, proposer="unit")


def test_a_second_vote_and_a_vote_without_a_visit_are_refused(runtime: Runtime) -> None:
    start(runtime, VOTING)
    [person] = voters(runtime, 1)
    nominate(runtime, "D01", "D02", kinds=VOTING)
    now = noon("vote", VOTING)
    tick(runtime, now)
    vote(runtime, person, "D01", now)
    with pytest.raises(Conflict) as twice:
        vote(runtime, person, "D02", now)
    with pytest.raises(NotAllowed) as stranger:
        vote(runtime, "f" * 64, "D02", now)
    assert (code_of(twice), code_of(stranger)) == ("voted_already", "not_a_visitor")
    with runtime.transaction() as session:
        rate(session, "D01", (0, 0, 0, 0, 1), "2026-11", rater_hash="e" * 64)
    with pytest.raises(NotAllowed):
        vote(runtime, "e" * 64, "D01", now)  # rated, but nothing proves a visit


def test_a_paper_vote_needs_a_visit_slip_of_its_own(runtime: Runtime) -> None:
    start(runtime, VOTING)
    nominate(runtime, "D01", "D02", kinds=VOTING)
    now = noon("vote", VOTING)
    tick(runtime, now)
    with runtime.transaction() as session:
        batch = tickets.make(session, runtime.vault, "staff", "D01", count=2, by="lin", zone=runtime.zone, now=now)
        by_slip = Voter(slip=batch.slips[0], by="lin")
        votes.cast(session, runtime.vault, KEY, by_slip, [1], now=now, zone=runtime.zone)
        with pytest.raises(Conflict) as twice:
            votes.cast(session, runtime.vault, KEY, by_slip, [2], now=now, zone=runtime.zone)
        with pytest.raises(Refused) as forged:
            votes.cast(session, runtime.vault, KEY, Voter(slip="0001-ABCD-EFGH-JK"), [2], now=now, zone=runtime.zone)
    assert (code_of(twice), code_of(forged)) == ("voted_already", "bad_slip")


def test_no_column_is_a_running_total(runtime: Runtime) -> None:
    start(runtime, VOTING, jury=2)
    people = voters(runtime, 6)
    nominate(runtime, "D01", "D02", kinds=VOTING)
    now = noon("vote", VOTING)
    tick(runtime, now)
    for person in people:
        vote(runtime, person, "D01", now)
    with runtime.reading() as session:
        sealed = session.scalars(select(Ballot.sealed)).all()
        assert len(set(sealed)) == 6 and {len(one) for one in sealed} == {len(sealed[0])}
        found = rounds.find(session, KEY)
        assert "vote" not in found.result and votes.turnout(session, found) is None
        assert all("votes" not in one.body for one in tables.candidates(session, found.id))
        entries = session.scalars(select(Evidence).where(Evidence.kind == "ballot")).all()
        assert [one.shown for one in entries] == [{"round": KEY}] * 6
    tick(runtime, noon("publication", VOTING))
    with runtime.reading() as session:
        found = rounds.find(session, KEY)
        assert found.result["vote"]["votes"][str(number_of(runtime, "D01"))] == 6
        assert found.key_sealed == "", "who voted can never be told again"
        assert found.result["vote"]["jury_ballots"] == 2


def test_the_jury_is_drawn_from_real_visits_and_can_be_drawn_again(runtime: Runtime) -> None:
    start(runtime, VOTING, jury=3)
    voters(runtime, 12)
    nominate(runtime, "D01", "D02", kinds=VOTING)
    tick(runtime, noon("vote", VOTING))
    from feedback_app.domain import ballots

    with runtime.reading() as session:
        jury = rounds.find(session, KEY).result["jury"]
    assert (len(jury["pool"]), len(jury["seats"])) == (12, 3)
    assert list(ballots.drawn(jury["pool"], 3, jury["seed"])) == jury["seats"]


def test_whatever_crashes_each_step_is_done_once_and_a_standstill_is_made_up_in_order(runtime: Runtime) -> None:
    start(runtime)
    nominate(runtime, "D01", "D02")
    done = tick(runtime, after())  # nothing ran for five weeks
    assert [one.split(" ", 1)[1] for one in done] == [
        "nomination ended", "first_review begun", "first_review ended", "vote begun", "vote ended",
        "expert_review begun", "expert_review ended", "publication begun", "publication ended",
    ]  # fmt: skip
    assert tick(runtime, after()) == []
    with runtime.reading() as session:
        assert session.query(RoundStep).count() == 2 * len(ALL)
        assert not round_clock.has_work(session, now=after(), settings=runtime.settings)


@pytest.mark.parametrize("nominees", [0, 1, 2])
def test_nobody_one_candidate_or_no_votes_has_a_clear_outcome(runtime: Runtime, nominees: int) -> None:
    start(runtime, VOTING)
    nominate(runtime, *("D01", "D02")[:nominees], kinds=VOTING)
    tick(runtime, after(VOTING))
    publish(runtime, after(VOTING))
    with runtime.reading() as session:
        found = rounds.find(session, KEY)
        assert found.published_at is not None
        assert found.result["vote"]["ballots"] == 0
        assert set(states(runtime).values()) <= {"not_won"}, "without a single vote nobody has won"
        assert session.scalars(select(Certificate)).all() == []


def test_one_candidate_with_votes_wins(runtime: Runtime) -> None:
    start(runtime, VOTING)
    people = voters(runtime, 2)
    nominate(runtime, "D01", kinds=VOTING)
    tick(runtime, noon("vote", VOTING))
    for person in people:
        vote(runtime, person, "D01", noon("vote", VOTING))
    tick(runtime, after(VOTING))
    assert states(runtime) == {"D01": "won"}


def test_a_finalist_who_left_cannot_win_and_the_next_moves_up(runtime: Runtime) -> None:
    start(runtime, VOTING)
    people = voters(runtime, 3)
    nominate(runtime, "D01", "D02", kinds=VOTING)
    tick(runtime, noon("vote", VOTING))
    for person, key in zip(people, ("D01", "D01", "D02"), strict=True):
        vote(runtime, person, key, noon("vote", VOTING))
    with runtime.transaction() as session:
        session.execute(update(ServicePoint).where(ServicePoint.key == "D01").values(active=False))
    tick(runtime, after(VOTING))
    assert states(runtime) == {"D01": "not_won", "D02": "won"}


def test_a_nominee_who_left_before_the_list_is_not_on_it(runtime: Runtime) -> None:
    start(runtime, VOTING)
    nominate(runtime, "D01", "D02", kinds=VOTING)
    with runtime.transaction() as session:
        session.execute(update(ServicePoint).where(ServicePoint.key == "D01").values(active=False))
    tick(runtime, noon("vote", VOTING))
    assert states(runtime) == {"D01": "left_out", "D02": "listed"}


def test_reviewers_see_no_names_and_not_their_own_department(runtime: Runtime) -> None:
    start(runtime)
    now = noon("nomination")
    tick(runtime, now)
    with runtime.transaction() as session:
        told = nominations.Proposal(id_of(session, "D02"), "patient", "form", "a", "张敏医生比张伟耐心，儿科最好")
        nominations.propose(session, runtime.vault, KEY, told, now=now, zone=runtime.zone)
        propose(session, runtime, "D01", "b", now)
    now = noon("expert_review")
    tick(runtime, now)
    with runtime.transaction() as session:
        _, own = reviews.invite(session, runtime.vault, KEY, "", staff_key="D03", by="lin", now=now, zone=runtime.zone)
        _, free = reviews.invite(session, runtime.vault, KEY, "外院专家", by="lin", now=now, zone=runtime.zone)
    with runtime.reading() as session:
        desk = reviews.desk(session, runtime.vault, own, now=now, zone=runtime.zone)
        assert (len(desk.dossiers), desk.hidden) == (1, 1), "D01 is of the reviewer's own department"
        whole = str(reviews.desk(session, runtime.vault, free, now=now, zone=runtime.zone).dossiers)
    assert not any(word in whole for word in ("张敏", "张伟", "儿科", "D02", "心血管"))
    assert "耐心" in whole
    with pytest.raises(Refused) as error:
        judge(runtime, free, "D01", [51, 0])
    assert error.value.params == {"title": "讲解清楚", "most": 50}
    judge(runtime, free, "D01", [], recused=True)
    with runtime.transaction() as session, pytest.raises(Gone):
        reviews.desk(session, runtime.vault, "0000000000000000", now=now, zone=runtime.zone)


def settled(runtime: Runtime) -> None:
    """In the days of publication, D01 has won by votes."""
    start(runtime, VOTING)
    people = voters(runtime, 3)
    nominate(runtime, "D01", "D02", kinds=VOTING)
    tick(runtime, noon("vote", VOTING))
    for person, key in zip(people, ("D01", "D01", "D02"), strict=True):
        vote(runtime, person, key, noon("vote", VOTING))
    tick(runtime, noon("publication", VOTING))
    assert states(runtime) == {"D01": "won", "D02": "not_won"}


def test_an_objection_is_decided_with_a_reason_and_upheld_strikes_the_name(runtime: Runtime) -> None:
    settled(runtime)
    now, zone = noon("publication", VOTING), runtime.zone
    with runtime.transaction() as session:
        number = number_of_in(session, "D01")
        one = objections.file(session, KEY, Filing(number, "这个月有投诉未处理", "k" * 20), now=now, zone=zone)
        again = objections.file(session, KEY, Filing(number, "这个月有投诉未处理", "k" * 20), now=now, zone=zone)
        assert one.id == again.id
        with pytest.raises(Refused):
            objections.decide(session, KEY, one.id, "upheld", " ", by="lin", now=now, zone=zone)
    with pytest.raises(Conflict) as error:
        publish(runtime, after(VOTING))
    assert error.value.params["what"] == "objections_open"
    with runtime.transaction() as session:
        objections.decide(session, KEY, one.id, "upheld", "核实有责投诉一件", by="lin", now=now, zone=zone)
        with pytest.raises(Conflict):
            objections.decide(session, KEY, one.id, "dismissed", "再想想", by="lin", now=now, zone=zone)
    assert states(runtime) == {"D01": "left_out", "D02": "won"}, "the next in order moves up"


def test_a_second_person_publishes_and_only_once(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        bind(session, runtime.vault, "D02")
    settled(runtime)
    with runtime.transaction() as session:
        winner = [one.id for one in tables.candidates(session, rounds.find(session, KEY).id, states=("won",))]
        now = noon("publication", VOTING)
        round_results.settle(session, KEY, chosen=winner, by="lin", now=now, zone=runtime.zone)
    with pytest.raises(Conflict) as early:
        publish(runtime, noon("publication", VOTING))
    tick(runtime, after(VOTING))
    with pytest.raises(Conflict) as same:
        publish(runtime, after(VOTING), login="lin")
    assert (early.value.params.get("what"), code_of(same)) == ("phases_run", "second_person")
    assert publish(runtime, after(VOTING)) == 1
    assert publish(runtime, after(VOTING)) == 0
    with runtime.reading() as session:
        letter = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "round_letter")).one()
        assert "没有入选" in letter.payload["text"] and "张伟" not in letter.payload["text"]
        assert len(session.scalars(select(Certificate)).all()) == 1
    with runtime.reading() as session:
        found = verification.first_problems(session, runtime.vault, runtime.now())
    assert [one for one in found if not one.where.startswith("rating:")] == []  # tests.star_ratings writes no entries


def test_choosing_otherwise_than_the_rule_needs_a_reason(runtime: Runtime) -> None:
    settled(runtime)
    with runtime.transaction() as session:
        other = [one.id for one in tables.candidates(session, rounds.find(session, KEY).id, states=("not_won",))]
        now = noon("publication", VOTING)
        with pytest.raises(Refused) as error:
            round_results.settle(session, KEY, chosen=other, by="lin", now=now, zone=runtime.zone)
        assert code_of(error) == "no_reason"
        round_results.settle(session, KEY, chosen=other, why="本人谢绝", by="lin", now=now, zone=runtime.zone)
    assert states(runtime) == {"D01": "not_won", "D02": "won"}


def test_rules_are_fixed_from_the_start_and_only_coming_phases_can_be_moved(runtime: Runtime) -> None:
    start(runtime)
    now = noon("publicity")
    plan = rules().phases
    with runtime.transaction() as session:
        with pytest.raises(Conflict):
            rounds.change(session, KEY, rules(winners=2), by="lin", now=now)
        moved = plan[5]
        rounds.postpone(
            session, KEY, "publication", moved.first, moved.last.replace(day=31), by="lin", now=now, zone=runtime.zone
        )
        with pytest.raises(Refused) as overlap:
            rounds.postpone(session, KEY, "vote", plan[3].first, plan[4].first, by="lin", now=now, zone=runtime.zone)
        assert code_of(overlap) == "phases_overlap"
        with pytest.raises(Conflict) as begun:
            rounds.postpone(session, KEY, "publicity", plan[0].last, plan[0].last, by="lin", now=now, zone=runtime.zone)
        assert code_of(begun) == "phase_begun"


def test_a_cancelled_selection_is_over_for_everybody(runtime: Runtime) -> None:
    start(runtime)
    with runtime.transaction() as session:
        with pytest.raises(Refused):
            rounds.cancel(session, KEY, why="", by="lin", now=runtime.now())
        rounds.cancel(session, KEY, why="上级暂停评比", by="lin", now=runtime.now())
    assert tick(runtime, after()) == []
    with runtime.transaction() as session, pytest.raises(Conflict):
        propose(session, runtime, "D01", "a", noon("nomination"))


def test_reminders_go_to_the_owner_once_and_in_working_hours(runtime: Runtime) -> None:
    start(runtime)
    with runtime.transaction() as session:
        bind(session, runtime.vault, "N01")
        rounds.set_owner(session, KEY, id_of(session, "N01"), by="lin", now=runtime.now())
    night = datetime.fromisoformat("2026-11-27T00:00:05+08:00")
    tick(runtime, night)
    tick(runtime, noon("nomination"))
    with runtime.reading() as session:
        told = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "round_reminder")).one()
        assert told.not_before == datetime.fromisoformat("2026-11-27T08:30+08:00")
        assert "提名今天开始" in told.payload["title"] and "2026-12-03" in told.payload["text"]


def test_a_forged_and_a_revoked_certificate(runtime: Runtime) -> None:
    settled(runtime)
    tick(runtime, after(VOTING))
    publish(runtime, after(VOTING))
    with runtime.transaction() as session:
        made = session.scalars(select(Certificate)).one()
        code = made.code or ""
        forged = code[:-1] + ("0" if code[-1] != "0" else "1")
        with pytest.raises(Refused) as error:
            certificates.check(session, runtime.vault, forged)
        assert error.value.code == "certificates.forged"
        with pytest.raises(Refused):
            certificates.revoke(session, made.number or "", why=" ", by="zhao", now=after(VOTING))
        certificates.revoke(session, made.number or "", why="查实违规", by="zhao", now=after(VOTING))
        assert certificates.check(session, runtime.vault, code.lower()).revoked_at == after(VOTING)
        with pytest.raises(Conflict):
            certificates.revoke(session, made.number or "", why="查实违规", by="zhao", now=after(VOTING))


def test_a_board_that_a_selection_leads_waits_for_the_objections_and_honours_nobody_struck(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rate(session, "D01", (0, 0, 0, 0, 200), "2026-11")
        rate(session, "D02", (0, 0, 10, 50, 200), "2026-11")
        rate(session, "D03", (10, 10, 50, 50, 80), "2026-11")
    kinds = ("nomination", "publication")
    period = cycles.Period.parse("2026-11")
    start(runtime, kinds, award="monthly", period="2026-11")
    nominate(runtime, "D01", "D02", kinds=kinds)
    tick(runtime, noon("publication", kinds))  # 27 November: the month still runs
    assert states(runtime) == {"D01": "listed", "D02": "listed"}, "nothing is settled before the board is closed"
    december = datetime.fromisoformat("2026-12-01T09:00+08:00")
    tick(runtime, december)
    assert states(runtime) == {"D01": "won", "D02": "not_won"}
    with runtime.transaction() as session:
        number = number_of_in(session, "D01")
        one = objections.file(session, KEY, Filing(number, "有责投诉", "k" * 20), now=december, zone=runtime.zone)
        objections.decide(session, KEY, one.id, "upheld", "属实", by="lin", now=december, zone=runtime.zone)

    def release(now: datetime) -> None:
        with runtime.transaction() as session:
            publications.publish(session, "monthly", period, by="王", now=now, settings=runtime.settings)

    with pytest.raises(Conflict) as early:
        release(december)
    assert early.value.code == "stars.round_open"
    release(after(kinds))
    with runtime.reading() as session:
        honoured = {one.holder for one in session.scalars(select(Certificate).where(Certificate.group == "医生"))}
        assert "张伟" not in honoured
