"""From draft to patients: what cannot be asked is refused with its place; two persons where wanted; back to an old version."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app.app import create_app
from feedback_app.db.accounts import Account
from feedback_app.domain import comparability
from feedback_app.domain.draft_problems import notes, problems
from feedback_app.domain.questionnaire_bodies import from_body, to_body
from feedback_app.domain.questionnaire_changes import changes
from feedback_app.services import accounts, questionnaires, sign_ins
from feedback_app.services import question_publishing as publishing
from feedback_app.services import questionnaire_editing as editing
from feedback_app.services.runtime import Runtime
from tests.conftest import settings_for
from tests.console import account, sign_in, submit

SHORT = to_body(questionnaires.preset("short"))
PAGE = "/admin/questions"


def question(key: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, "text": {"zh": f"题目{key}"}, "hint": {}, "options": [], "longest": 500, **more}


def with_(*more: dict[str, Any], **overall: Any) -> dict[str, Any]:
    body = copy.deepcopy(SHORT)
    body["question"][0] |= overall
    return {**body, "question": [*body["question"], *more]}


OPTIONS = [{"value": "a", "text": {"zh": "甲"}}, {"value": "b", "text": {"zh": "乙"}}]
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("a circle", with_(question("x", show_if="y == 1"), question("y", show_if="x == 1")), "x", "questions.cycle"),
    ("a dead branch", with_(question("x", show_if="overall >= 4 and overall <= 2")), "x", "questions.dead_branch"),
    ("nested and dead", with_(question("x", "single", options=OPTIONS, show_if="overall == 1"),
                              question("y", show_if="x == a and overall == 5")), "y", "questions.dead_branch"),
    ("an answer there is not", with_(question("x", show_if="aspects == nothing")), "x", "questions.unknown_answer"),
    ("a question there is not", with_(question("x", show_if="gone == 1")), "x", "questions.unknown_reference"),
    ("a later question", with_(question("x", show_if="y == a"), question("y", "single", options=OPTIONS)), "x",
     "questions.later_reference"),
    ("unreadable", with_(question("x", show_if="overall ==")), "x", "questions.unreadable_condition"),
    ("no options", with_(question("x", "single")), "x", "questions.needs_options"),
    ("an empty option", with_(question("x", "single", options=[OPTIONS[0], {"value": "b", "text": {}}])), "x",
     "questions.options_without_words"),
    ("the same option twice", with_(question("x", "single", options=[OPTIONS[0], {**OPTIONS[0], "value": "b"}])), "x",
     "questions.options_alike"),
    ("a row without words", with_(question("x", "matrix", options=OPTIONS, rows=[{"value": "r", "text": {}}])), "x",
     "questions.rows_without_words"),
    ("100,000 characters", with_(question("x", text={"zh": "长" * 100_000})), "x", "questions.words_too_long"),
    ("a range upside down", with_(question("x", "number", least=9, most=1)), "x", "questions.bad_range"),
    ("a kind there is not", with_(question("x", "hologram")), "x", "questions.unknown_kind"),
    ("drawing more than there are", {**with_(question("x", group="g")), "group": [{"key": "g", "ask": 3}]}, "",
     "questions.bad_group"),
    ("an overall question with a condition", with_(question("x", "level"), show_if="x == 1"), "overall",
     "questions.later_reference"),
    ("no question at all", {**SHORT, "question": []}, "", "questions.nothing_asked"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "place", "code"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_what_cannot_be_asked_is_refused_at_its_place(
    client: FlaskClient, runtime: Runtime, body: dict[str, Any], place: str, code: str
) -> None:
    assert (place, code) in {(one.place, one.code) for one in problems(body)}
    sign_in(client, runtime)
    with runtime.transaction() as session:
        editing.store(session, body, "admin", runtime.now())
    page = client.get(PAGE)
    assert page.status_code == 200 and "要补" in page.text
    if place:
        assert f'href="/admin/questions?set=short&amp;q={place}#q-{place}"' in page.text
        assert client.get(f"{PAGE}?q={place}").status_code == 200
    assert client.get(f"{PAGE}/preview").status_code == 200
    submit(client, f"{PAGE}/publish", {"seen": editing.digest(body)})
    with runtime.reading() as session:
        assert to_body(questionnaires.current(session)[1]) == SHORT
        assert editing.draft(session).body == body  # type: ignore[union-attr]


def test_what_is_only_worth_a_look_does_not_hold_up_publishing() -> None:
    body = with_(question("x", show_if="overall <= 2"), question("y", "likert", options=OPTIONS))
    assert problems(body) == []
    found = {(one.place, one.code) for one in notes(body)}
    assert {("x", "questions.no_english"), ("", "questions.uneven_effort"), ("y", "questions.no_scores")} <= found


def test_a_difference_is_told_in_plain_words() -> None:
    after = with_(question("x", show_if="overall <= 2 or overall >= 4", hint={"zh": "可不答"}))
    after["question"][0]["text"] = {"zh": "今天顺利吗？", "en": "Was it all right?"}
    after["question"] = [one for one in after["question"] if one["key"] != "comment"]
    told = {(one.what, one.before, one.after) for one in changes(SHORT, after)}
    assert ("reworded", "这次服务，您觉得怎么样？", "今天顺利吗？") in told
    assert ("added", "", "题目x") in told and "removed" in {what for what, _, _ in told}
    again = copy.deepcopy(after)
    again["question"][-1]["show_if"] = "overall == 1"
    (condition,) = changes(after, again)
    assert (condition.what, condition.about) == ("condition", "题目x")
    assert condition.after == "“今天顺利吗？”答了 非常不满意"
    assert "不满意 或 非常不满意，或者" in condition.before


@pytest.fixture
def two(runtime: Runtime) -> Flask:
    """The application of a hospital where a second person publishes, with two administrators."""
    strict = settings_for(
        runtime_folder(runtime), questions={"second_person": True}, database={"url": runtime.settings.database.url}
    )
    made = create_app(strict)
    made.testing = True
    for login in ("admin", "li"):
        account(runtime, "admin", login=login)
    return made


def runtime_folder(runtime: Runtime) -> Path:
    return Path(runtime.settings.sandbox.clock_file).parent


def as_(app: Flask, runtime: Runtime, login: str) -> FlaskClient:
    client = app.test_client()
    with runtime.transaction() as session:
        who = session.query(Account).filter_by(login=login).one()
        token = sign_ins.start(session, accounts.SUBJECT, who.id, runtime.now())
    with client.session_transaction() as cookie:
        cookie["console"] = token
    return client


def seen(client: FlaskClient) -> str:
    found = re.search(r'name="seen" value="(\w+)"', client.get(f"{PAGE}/publish", follow_redirects=True).text)
    assert found
    return found[1]


def numbers(runtime: Runtime) -> list[tuple[int, str]]:
    with runtime.reading() as session:
        return [(one.number, one.published_by) for one in publishing.history(session)]


def test_a_second_person_sees_the_difference_and_publishes_or_returns_it(two: Flask, runtime: Runtime) -> None:
    first, second = as_(two, runtime, "admin"), as_(two, runtime, "li")
    with runtime.transaction() as session:
        editing.store(session, with_(question("x")), "admin", runtime.now())
    assert "现在发布" not in first.get(f"{PAGE}/publish").text
    submit(first, f"{PAGE}/publish", {"seen": seen(first)})
    submit(first, f"{PAGE}/ask", {"seen": seen(first), "note": "加了一题"})
    submit(first, f"{PAGE}/publish", {"seen": seen_draft(runtime)})
    assert numbers(runtime) == [(1, "system")]  # neither without asking nor by who asked
    assert "admin 请人发布" in second.get("/admin/question-sets").text
    page = second.get(f"{PAGE}/publish").text
    assert [words in page for words in ("题目x", "加了一题", "现在发布", "退回")] == [True] * 4
    submit(second, f"{PAGE}/return", {"note": ""})
    submit(second, f"{PAGE}/return", {"note": "第四题重复了"})
    assert "第四题重复了" in first.get(PAGE).text
    submit(first, f"{PAGE}/ask", {"seen": seen(first)})
    submit(first, PAGE, {"seen": seen_draft(runtime), "do": "duplicate:x"})  # a change takes the request back
    submit(second, f"{PAGE}/publish", {"seen": seen_draft(runtime)})
    assert numbers(runtime) == [(1, "system")]
    submit(first, PAGE, {"seen": seen_draft(runtime), "do": "undo"})
    submit(first, f"{PAGE}/ask", {"seen": seen(first)})
    submit(second, f"{PAGE}/publish", {"seen": seen(second)})
    assert numbers(runtime) == [(2, "li"), (1, "system")]
    two.extensions["service_star"].close()


def seen_draft(runtime: Runtime) -> str:
    with runtime.reading() as session:
        return editing.digest(editing.working_body(session))


def test_going_back_keeps_what_old_ratings_mean(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    changed = with_(question("x", show_if="overall <= 2 or overall >= 4"))
    changed["question"][1]["options"].pop()
    for body in (changed, None):
        with runtime.transaction() as session:
            if body is None:
                publishing.restore(session, 1, by="admin", now=runtime.now())
            else:
                editing.store(session, body, "admin", runtime.now())
        submit(client, f"{PAGE}/publish", {"seen": seen(client)})
    with runtime.reading() as session:
        third, second, first = publishing.history(session)
        assert (third.number, third.body, third.state) == (3, first.body, "published")
        found = comparability.trends(from_body(second.body), from_body(third.body))
        assert {one.key: one.verdict for one in found} == {
            "overall": "same", "aspects": "cut", "comment": "same", "x": "ended",
        }  # fmt: skip
        assert comparability.levels_compare(from_body(first.body), from_body(third.body))
    page = client.get(f"{PAGE}/versions?from=1&to=2").text
    assert [words in page for words in ("第 1 版 → 第 2 版", "题目x", "从这里断开", "从这里开始")] == [True] * 4
    assert "这两版没有差别" in client.get(f"{PAGE}/versions?from=1&to=3").text
    assert client.get(f"{PAGE}/versions?set=nowhere").status_code == 404


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('title = "x"\n[[item]]\nno = "1"\nkind = "scale"\ntext = "好吗？\n', 5, "TOML"),
        ('title = "x"\n\n[[item]]\nno = "1"\nkind = "hologram"\ntext = "好吗？"\n', 5, "hologram"),
        ('[[item]]\nno="1"\nkind="scale"\ntext="好吗"\noptions=["好","好"]\n', 5, "options"),
        ('[[item]]\nno="1"\nkind="scale"\ntext="好吗"\noptions=["好","坏"]\nscores=[1]\n', 6, "scores"),
        ('[[item]]\nno="1"\nkind="yesno"\ntext="好吗"\n[[item]]\nno="2"\nkind="text"\ntext="为什么"\n# 说明\nshow_if="9 == a"\n',
         10, "9"),
        ('title={zh="x"}\n[[question]]\nkey="overall"\nkind="level"\ntext={zh="好吗"}\n[[question]]\nkey="a b"\nkind="text"\ntext={zh="x"}\n', 7,
         "a b"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_at_its_line(
    client: FlaskClient, runtime: Runtime, text: str, line: int, words: str
) -> None:
    sign_in(client, runtime)
    page = submit(client, "/admin/question-sets/import", {"text": text, "key": "wrong"})
    assert page.status_code == 400
    assert f"第 {line} 行" in page.text and f'class="here"><span>{line}</span>' in page.text
    assert words in re.sub(r"<textarea.*", "", page.text, flags=re.S)
    assert text.splitlines()[0].replace('"', "&#34;") in page.text  # what was sent is still there


def test_a_wrong_number_is_told_and_a_forged_step_does_nothing(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    with runtime.transaction() as session:
        editing.store(session, with_(question("x", "number", least=1)), "admin", runtime.now())
    submit(client, PAGE, {"seen": seen_draft(runtime), "do": "save", "x.least": "一百", "x.most": "9"})
    assert "“一百”不是数字" in client.get(PAGE).text
    with runtime.reading() as session:
        made = editing.working_body(session)["question"][-1]
    assert (made["least"], made["most"]) == (1, 9)
    before = seen_draft(runtime)
    for step in (
        "if-remove:x:9.9.9",
        "if-add:x:../..",
        "option-add:nowhere",
        "place:x:-1e9",
        "kind:x",
        "overall:nowhere",
        "add:",
    ):
        assert submit(client, PAGE, {"seen": seen_draft(runtime), "do": step}).status_code == 303
    assert seen_draft(runtime) != "" and before != ""
    assert client.get(PAGE).status_code == 200
