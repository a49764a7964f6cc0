"""What a form can be sent that no page of ours would send: a clear answer, the text kept, never an error of ours (issue 4)."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from feedback_app.db.codes import Code
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.services import codes, question_publishing, questionnaire_editing
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.test_patient_pages import hidden, send, stored

OPTIONS = [{"value": "a", "text": {"zh": "甲"}}, {"value": "b", "text": {"zh": "乙"}}]
ASKED: list[dict[str, Any]] = [
    {"key": "overall", "kind": "level", "text": {"zh": "总的"}},
    {"key": "one", "kind": "single", "text": {"zh": "选一个"}, "options": OPTIONS},
    {"key": "many", "kind": "choices", "text": {"zh": "选几个"}, "options": OPTIONS},
    {"key": "wait", "kind": "number", "text": {"zh": "等了多久"}, "least": 0, "most": 600},
    {"key": "how", "kind": "scale", "text": {"zh": "几分"}, "least": 0, "most": 10},
    {"key": "day", "kind": "date", "text": {"zh": "哪天"}},
    {"key": "yes", "kind": "yesno", "text": {"zh": "是吗"}},
    {"key": "grid", "kind": "matrix", "text": {"zh": "各处"}, "rows": OPTIONS, "options": OPTIONS},
    {"key": "words", "kind": "text", "text": {"zh": "想说的"}, "longest": 500},
]


@pytest.fixture
def asked(runtime: Runtime) -> int:
    """A set with every kind that has limits; the id of its version."""
    with runtime.transaction() as session:
        body = questionnaire_editing.working_body(session)
        body["question"] = ASKED
        seen = questionnaire_editing.digest(questionnaire_editing.store(session, body, "x", NOON).body)
        return question_publishing.publish(session, seen=seen, note="", by="x", now=NOON).id


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("overall", "6", "不在选项里"),
        ("overall", "0", "不在选项里"),
        ("overall", "５", "不在选项里"),
        ("one", "c", "不在选项里"),
        ("many", "c", "不在选项里"),
        ("grid.a", "c", "不在选项里"),
        ("yes", "maybe", "不在选项里"),
        ("wait", "601", "0 到 600"),
        ("wait", "-1", "0 到 600"),
        ("wait", "1e9", "填一个数"),
        ("wait", "NaN", "填一个数"),
        ("how", "11", "0 到 10"),
        ("day", "2026-02-30", "填一个日期"),
        ("words", "长" * 501, "501"),
    ],
)
def test_an_answer_that_no_page_offers_is_refused_and_the_text_kept(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, asked: int, field: str, value: str, told: str
) -> None:
    fields = {"overall": "2", "words": "这段话要留住", field: value}
    answer = send(client, f"/s/{code('W03')}", **fields)
    assert answer.status_code == 400 and told in answer.text
    assert fields["words"] in answer.text
    assert stored(runtime) == []


def test_two_answers_where_one_is_asked_are_refused(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, asked: int
) -> None:
    path = f"/s/{code('W03')}"
    answer = client.post(path, data={**hidden(client.get(path).text), "overall": ["1", "5"]})
    assert answer.status_code == 400 and stored(runtime) == []


def test_answers_to_questions_that_are_not_in_the_version_are_not_looked_at(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, asked: int
) -> None:
    forged = {"status": "counted", "score": "5", "verified": "1", "point_id": "1", "channel": "paper", "nowhere": "x"}
    assert send(client, f"/s/{code('W03')}", overall="1", **forged).status_code == 303
    [one] = stored(runtime)
    assert (one.score, one.channel, one.verified, one.answers) == (1, "form", False, {"overall": 1})


def test_a_hundred_thousand_characters_get_a_calm_answer(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, asked: int
) -> None:
    """Above the limit of a whole form it is the size that is told; below, the length, with the text kept."""
    path = f"/s/{code('W03')}"
    huge = send(client, path, overall="1", words="长" * 100_000)
    assert huge.status_code == 413 and "内容太大" in huge.text
    long = send(client, path, overall="1", words="x" * 20_000)
    assert long.status_code == 400 and "20000" in long.text and "x" * 20_000 in long.text
    assert client.post("/feedback", data={"text": "长" * 100_000}).status_code == 413
    assert stored(runtime) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"key": ""},
        {"key": "short"},
        {"key": "x" * 5000},
        {"key": "a\0b" * 8},
        {"version": "0"},
        {"version": "999999"},
        {"version": "-1"},
        {"version": "9" * 400},
        {"version": "x"},
        {"visit": "forged.ticket.here"},
        {"visit": "x" * 5000},
        {"canary": "f" * 64},
        {"csrf_token": "x"},
    ],
    ids=lambda forged: str(forged)[:30],
)
def test_forged_hidden_fields_change_nothing(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime, forged: dict[str, str]
) -> None:
    path = f"/s/{code('W03')}"
    fields = hidden(client.get(path).text)
    answer = client.post(path, data={**fields, "overall": "2", **forged})
    assert answer.status_code == 303
    [one] = stored(runtime)
    assert (one.score, one.status, one.verified) == (2, "counted", False)
    assert one.questionnaire_version_id == int(fields["version"])


def test_a_draft_is_no_version_to_answer(client: FlaskClient, code: Callable[[str], str], runtime: Runtime) -> None:
    """Its number can be guessed; what it asks has not been published."""
    with runtime.transaction() as session:
        body = questionnaire_editing.working_body(session)
        body["question"] = ASKED
        draft = questionnaire_editing.store(session, body, "x", NOON).id
    path = f"/s/{code('W03')}"
    client.post(path, data={**hidden(client.get(path).text), "overall": "2", "version": str(draft)})
    [one] = stored(runtime)
    assert one.questionnaire_version_id != draft


def test_a_version_retired_while_the_page_was_open_is_accepted_as_it_was_asked(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    path = f"/s/{code('W03')}"
    fields = hidden(client.get(path).text)
    with runtime.transaction() as session:
        body = questionnaire_editing.working_body(session)
        body["question"] = ASKED
        seen = questionnaire_editing.digest(questionnaire_editing.store(session, body, "x", NOON).body)
        question_publishing.publish(session, seen=seen, note="", by="x", now=NOON)
    answer = client.post(path, data={**fields, "overall": "2", "aspects": ["waiting"], "comment": "等太久", "one": "a"})
    assert answer.status_code == 303
    [one] = stored(runtime)
    assert one.questionnaire_version_id == int(fields["version"])
    assert one.answers == {"overall": 2, "aspects": ["waiting"], "comment": "等太久"}
    with runtime.reading() as session:
        assert session.get_one(QuestionnaireVersion, int(fields["version"])).state == "retired"


def test_a_code_retired_while_the_page_was_open_offers_to_send_the_words_on(
    client: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    text = code("W03")
    fields = hidden(client.get(f"/s/{text}").text)
    with runtime.transaction() as session:
        codes.retire(session, session.query(Code).filter_by(text=text).one(), why="x", actor="x", now=NOON)
    answer = client.post(f"/s/{text}", data={**fields, "overall": "1", "comment": "这段话要留住"})
    assert answer.status_code == 410 and "这段话要留住" in answer.text
    with runtime.reading() as session:
        assert session.query(Rating).count() == 0
    filed = client.post("/feedback", data={**hidden(answer.text), "text": "这段话要留住"}, follow_redirects=True)
    assert "T-2611-0001" in filed.text
