"""Writing the question set: nothing typed is lost, nothing published changes, nothing broken is published."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain import questionnaire_drafts as drafts
from feedback_app.domain.draft_fields import typed
from feedback_app.domain.draft_problems import problems
from feedback_app.domain.questionnaire_bodies import from_body, to_body
from feedback_app.domain.questionnaires import OVERALL
from feedback_app.errors import Refused
from feedback_app.services import questionnaire_editing as editing
from feedback_app.services import questionnaires
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit

SHORT = to_body(questionnaires.preset("short"))
PAGE = "/admin/questions"


def keys(body: drafts.Body) -> list[str]:
    return [question["key"] for question in body["question"]]


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    names = st.sampled_from(["add", "remove", "up", "down", "option-add", "option-remove", "type"])
    places = st.sampled_from([OVERALL, "aspects", "comment", "q1", "q2", "nowhere"])
    words = st.sampled_from(
        ["level", "choices", "text", "attitude", "o1", "", "您觉得怎么样", "长" * 300, "\x00\u202e"]
    )
    return draw(st.lists(st.tuples(names, places, words), max_size=12))


def walk(body: drafts.Body, walked: list[tuple[str, str, str]]) -> drafts.Body:
    for name, place, word in walked:
        moves: dict[str, Callable[[drafts.Body, str, str], drafts.Body]] = {
            "add": lambda now, _place, word: drafts.added(now, word, set()),
            "remove": lambda now, place, _word: drafts.removed(now, place),
            "up": lambda now, place, _word: drafts.moved(now, place, -1),
            "down": lambda now, place, _word: drafts.moved(now, place, 1),
            "option-add": lambda now, place, _word: drafts.option_added(now, place),
            "option-remove": drafts.option_removed,
            "type": lambda now, place, word: typed(now, {f"{place}.text.zh": [word], f"{place}.option.o1.zh": [word]}),
        }
        try:
            body = moves[name](body, place, word)
        except Refused:
            continue
    return body


@given(steps())
def test_a_draft_without_problems_is_a_question_set_and_one_with_problems_is_not_asked(
    walked: list[tuple[str, str, str]],
) -> None:
    before = copy.deepcopy(SHORT)
    body = walk(SHORT, walked)
    assert before == SHORT
    assert OVERALL in keys(body)
    assert len(set(keys(body))) == len(keys(body))
    found = problems(body)
    if not found:
        assert to_body(from_body(body)) == body
    assert {problem.place for problem in found} <= {*keys(body), "title", ""}


@given(st.permutations(keys(SHORT)))
def test_moving_reaches_every_order_and_loses_nothing(order: list[str]) -> None:
    body = SHORT
    for place, key in enumerate(order):
        body = drafts.moved(body, key, place - keys(body).index(key))
    assert keys(body) == order
    assert sorted(body["question"], key=str) == sorted(SHORT["question"], key=str)


@pytest.fixture
def admin(client: FlaskClient, runtime: Runtime) -> FlaskClient:
    sign_in(client, runtime)
    return client


def seen(client: FlaskClient, page: str = PAGE) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', client.get(page).text)
    assert found
    return found[1]


def do(client: FlaskClient, step: str, **fields: str) -> Any:
    given = {name.replace("__", "."): value for name, value in fields.items()}
    return submit(client, PAGE, {"seen": seen(client), "do": step, **given})


def versions(runtime: Runtime) -> list[tuple[int, str]]:
    with runtime.reading() as session:
        listed = session.query(QuestionnaireVersion).filter_by(key="short").order_by(QuestionnaireVersion.number)
        return [(version.number, version.state) for version in listed]


def asked(runtime: Runtime) -> drafts.Body:
    with runtime.reading() as session:
        return to_body(questionnaires.current(session)[1])


def test_a_draft_stays_and_patients_see_nothing_of_it_until_it_is_published(
    admin: FlaskClient, runtime: Runtime
) -> None:
    assert do(admin, "save", overall__text__zh="今天顺利吗？").status_code == 303
    assert "\n今天顺利吗？</textarea>" in admin.get(f"{PAGE}?q=overall").text
    assert "今天顺利吗？" in admin.get(f"{PAGE}/preview").text
    assert asked(runtime) == SHORT
    confirm = admin.get(f"{PAGE}/publish").text
    assert [words in confirm for words in ("<del>这次服务，您觉得怎么样？</del>", "<ins>今天顺利吗？</ins>")] == [
        True,
        True,
    ]
    page = submit(admin, f"{PAGE}/publish", {"seen": seen(admin, f"{PAGE}/publish"), "note": "更短"})
    assert page.status_code == 303
    assert versions(runtime) == [(1, "retired"), (2, "published")]
    assert asked(runtime)["question"][0]["text"]["zh"] == "今天顺利吗？"


def test_every_button_keeps_what_was_typed(admin: FlaskClient) -> None:
    do(admin, "down:overall", comment__text__zh="想说的话")
    do(admin, "option-add:aspects", title__en="Visit")
    do(admin, "add:text", aspects__option__skill__zh="医术")
    page = admin.get(PAGE).text
    assert [words in page for words in ("想说的话", 'value="Visit"', "医术", 'id="q-q1"')] == [True] * 4
    assert page.index('id="q-aspects"') < page.index('id="q-overall"')


def test_what_is_missing_is_said_at_its_place_and_not_published(admin: FlaskClient, runtime: Runtime) -> None:
    do(admin, "add:choices")
    page = admin.get(PAGE).text
    card = page[page.index('id="q-q1"') :]
    assert "还没有中文题目" in card[: card.index("</li>")]
    assert 'href="/admin/questions?set=short&amp;q=q1#q-q1"' in page
    assert admin.get(f"{PAGE}/publish").status_code == 303
    assert submit(admin, f"{PAGE}/publish", {"seen": seen(admin)}).status_code == 303
    assert versions(runtime) == [(1, "published"), (2, "draft")]


def part_seen(client: FlaskClient, key: str) -> str:
    """The open question as the page shows it."""
    found = re.search(rf'name="{key}.seen" value="([0-9a-f]+)"', client.get(f"{PAGE}?q={key}").text)
    assert found
    return found[1]


def test_two_administrators_do_not_overwrite_each_other(app: Flask, admin: FlaskClient, runtime: Runtime) -> None:
    before, comment, overall = seen(admin), part_seen(admin, "comment"), part_seen(admin, "overall")
    colleague = app.test_client()
    sign_in(colleague, runtime)
    do(colleague, "save", overall__text__zh="同事写的")
    elsewhere = {"seen": before, "do": "save", "comment.text.zh": "我写的", "comment.seen": comment}
    assert submit(admin, PAGE, elsewhere).status_code == 303
    page = admin.get(PAGE)
    assert [words in page.text for words in ("同事写的", "我写的", "两边的改动都在")] == [True] * 3
    same = {"seen": before, "do": "save", "overall.text.zh": "也是我写的", "overall.seen": overall, "open": "overall"}
    page = submit(admin, PAGE, same)
    assert page.status_code == 409
    assert [words in page.text for words in ("<del>同事写的</del>", "也是我写的</textarea>", "别人改了草稿")] == [
        True
    ] * 3
    again = re.search(r'name="overall.seen" value="([0-9a-f]+)"', admin.get(f"{PAGE}?q=overall").text)
    assert again
    assert submit(admin, PAGE, {**same, "seen": seen(admin)}).status_code == 303
    assert "也是我写的" in admin.get(PAGE).text


def test_steps_are_undone_and_done_again_after_days_by_anybody(admin: FlaskClient, runtime: Runtime) -> None:
    do(admin, "save", overall__text__zh="今天顺利吗？")
    do(admin, "remove:comment")
    do(admin, "duplicate:aspects")
    for step, expected in (("undo", 2), ("undo", 3), ("undo", 3), ("redo", 3), ("redo", 2)):
        assert do(admin, step).status_code == 303
        with runtime.reading() as session:
            body = editing.working_body(session)
        assert len(body["question"]) == expected
    assert body["question"][0]["text"]["zh"] == "今天顺利吗？"
    assert "没有可以撤销或重做的了" not in admin.get(PAGE).text
    for _ in range(3):
        page = do(admin, "undo")
    assert page.status_code == 409
    do(admin, "save", overall__text__zh="今天怎么样？")
    assert do(admin, "redo").status_code == 409


def test_an_old_version_comes_back_as_a_draft_and_keys_are_not_used_twice(admin: FlaskClient, runtime: Runtime) -> None:
    do(admin, "add:text")
    do(admin, "save", q1__text__zh="哪里最不方便？")
    submit(admin, f"{PAGE}/publish", {"seen": seen(admin, f"{PAGE}/publish")})
    submit(admin, f"{PAGE}/versions/1/restore")
    assert versions(runtime) == [(1, "retired"), (2, "published"), (3, "draft")]
    do(admin, "add:text")
    page = admin.get(PAGE).text
    assert 'id="q-q1"' not in page
    assert 'id="q-q2"' in page
    submit(admin, f"{PAGE}/versions/1/restore", follow_redirects=True)
    do(admin, "undo")
    assert 'id="q-q2"' in admin.get(PAGE).text
    submit(admin, f"{PAGE}/discard")
    assert versions(runtime) == [(1, "retired"), (2, "published")]
    with runtime.reading() as session:
        second = session.query(QuestionnaireVersion).filter_by(key="short", number=2).one().id
    assert "哪里最不方便？" in admin.get(f"{PAGE}/versions/{second}").text


@pytest.mark.parametrize(
    "step", ["remove:overall", "add:nonsense", "up:", "up", "option-remove:aspects", "option-up:x:y", ":::", "save:1"]
)
def test_strange_steps_do_no_harm(admin: FlaskClient, runtime: Runtime, step: str) -> None:
    assert do(admin, step, title__zh="改过的名字").status_code == 303
    page = admin.get(PAGE)
    assert (page.status_code, "改过的名字" in page.text, 'id="q-overall"' in page.text) == (200, True, True)


def test_only_our_own_page_may_frame_the_preview(admin: FlaskClient) -> None:
    assert "frame-ancestors 'self'" in admin.get(f"{PAGE}/preview").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in admin.get(PAGE).headers["Content-Security-Policy"]
