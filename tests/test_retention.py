"""Words and contacts go when their time is over; levels, counts and the evidence stay and still verify."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app import clock, jobs
from feedback_app.db.case_grams import CaseGram
from feedback_app.db.case_media import CaseMedia
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain.erasure import without_words
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.questions._base import Option, Question
from feedback_app.services import case_history, complaints, evidence, questionnaires, ratings, retention, verification
from feedback_app.services.complaints import Filing
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.secrets_of_cases import contacts

WORDS = "等了很久，我是三床的李大爷"
SCREENED = "等了很久，我是〔床号〕的〔姓名〕大爷"
Lookup = Callable[[str], ServicePoint]


def move(runtime: Runtime, to: datetime) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), to)


def rate(runtime: Runtime, point: ServicePoint, key: str) -> None:
    with runtime.transaction() as session:
        version, _ = questionnaires.for_point(session, session.get_one(ServicePoint, point.id), runtime.now())
        given = Submission(
            point.id, 4, "form", key, WORDS, {"overall": 4, "comment": WORDS, "gone": "x"}, version_id=version.id
        )
        ratings.submit(session, given, zone=runtime.zone, now=runtime.now())
        evidence.give_places(session)
        evidence.sign_head(session, runtime.vault, runtime.now())


def problems(runtime: Runtime) -> list[str]:
    with runtime.reading() as session:
        return [f"{one.what} {one.where}" for one in verification.first_problems(session, runtime.vault, runtime.now())]


def test_words_of_ratings_go_month_by_month(runtime: Runtime, point: Lookup) -> None:
    november = runtime.now()
    for number in range(3):
        rate(runtime, point("D01"), f"november {number}")
    move(runtime, november + timedelta(days=30))
    rate(runtime, point("D01"), "december")
    worker = jobs.Worker(runtime, {})
    move(runtime, datetime.fromisoformat("2029-11-30T23:30:00+08:00"))
    worker.tick()
    with runtime.reading() as session:
        assert [one.comment for one in session.query(Rating)] == [WORDS] * 4
    move(runtime, datetime.fromisoformat("2029-12-01T00:01:00+08:00"))
    worker.tick()
    with runtime.reading() as session:
        rows = session.query(Rating).order_by(Rating.id).all()
        assert [(one.comment, one.score) for one in rows] == [("", 4)] * 3 + [(WORDS, 4)]
        assert [one.answers for one in rows[:3]] == [{"overall": 4}] * 3
        assert retention.months_due(session, runtime.settings.privacy, runtime.zone, runtime.now()) == []
    assert problems(runtime) == []


def test_a_batch_ends_where_the_next_begins(runtime: Runtime, point: Lookup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        rate(runtime, point("D01"), f"k{number}")
    move(runtime, datetime.fromisoformat("2029-12-01T00:01:00+08:00"))
    jobs.Worker(runtime, {}).tick()
    with runtime.reading() as session:
        assert {one.comment for one in session.query(Rating)} == {""}


def filed(runtime: Runtime, point: ServicePoint, key: str) -> int:
    with runtime.transaction() as session:
        contact = runtime.vault.seal("13800001111")
        filing = Filing(WORDS, "bot", key, point_id=point.id, contact_sealed=contact, complainant_hash="a" * 64)
        case = complaints.file(session, filing, zone=runtime.zone, now=runtime.now())
        event = case_history.write(session, case, "added", actor="patient", now=runtime.now(), text=WORDS)
        session.add(
            CaseMedia(
                case_id=case.id,
                event_id=event.id,
                kind="image",
                asked_at=runtime.now(),
                next_at=runtime.now(),
                content=b"picture",
                state="kept",
            )
        )
        return case.id


def test_closed_cases_forget_the_person_and_later_the_words(runtime: Runtime, point: Lookup) -> None:
    began = runtime.now()
    closed, still_open = filed(runtime, point("W03"), "one"), filed(runtime, point("W03"), "two")
    with runtime.transaction() as session:
        session.get_one(Case, closed).closed_at = began
        session.get_one(Case, closed).state = "closed"
        case_history.seal(session, began + timedelta(hours=1))
    zone, privacy = runtime.zone, runtime.settings.privacy
    with runtime.transaction() as session:
        assert retention.erase_cases(session, privacy, zone, began + timedelta(days=360)) == {"contacts": 0, "words": 0}
        assert retention.erase_cases(session, privacy, zone, began + timedelta(days=380)) == {"contacts": 1, "words": 0}
    with runtime.reading() as session:
        case = session.get_one(Case, closed)
        assert (case.has_contact, case.complainant_hash, case.text) == (False, None, SCREENED)
        assert session.get_one(Case, still_open).has_contact
    assert contacts(runtime) == ["13800001111"]
    with runtime.transaction() as session:
        assert retention.erase_cases(session, privacy, zone, began + timedelta(days=1110)) == {
            "contacts": 0,
            "words": 1,
        }
    with runtime.reading() as session:
        assert session.get_one(Case, closed).text == ""
        assert {one.text for one in session.query(CaseEvent).filter_by(case_id=closed)} == {""}
        assert [one.case_id for one in session.query(CaseMedia)] == [still_open]
        assert {one.case_id for one in session.query(CaseGram)} == {still_open}
        assert session.get_one(Case, still_open).text == SCREENED
    move(runtime, began + timedelta(hours=1))
    with runtime.transaction() as session:
        evidence.give_places(session)
        evidence.sign_head(session, runtime.vault, runtime.now())
    assert problems(runtime) == []


CHOICE = Question("q", "single", {"zh": "?"}, options=(Option("o1", {}), Option("o2", {})))
MATRIX = Question("m", "matrix", {"zh": "?"}, options=(Option("o1", {}),), rows=(Option("r1", {}),))
ASKED = Questionnaire("k", {"zh": "?"}, (CHOICE, MATRIX))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["q", "m", "q.other", "else"]), VALUES))
def test_no_word_that_anybody_wrote_stays(answers: dict[str, Any]) -> None:
    def words(value: Any) -> set[str]:
        if isinstance(value, str):
            return {value}
        if isinstance(value, dict):
            return set().union(*(words(one) for pair in value.items() for one in pair))
        return set().union(*(words(one) for one in value)) if isinstance(value, list) else set()

    kept = without_words(ASKED, answers)
    assert words(list(kept.values())) <= {"o1", "o2", "r1"}
    assert without_words(None, answers) == {key: one for key, one in answers.items() if isinstance(one, bool | int)}


def test_what_was_chosen_stays() -> None:
    answers = {"q": "o2", "m": {"r1": "o1"}, "q.other": "words", "n": 3}
    assert without_words(ASKED, answers) == {"q": "o2", "m": {"r1": "o1"}, "n": 3}
