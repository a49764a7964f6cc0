"""Which set is asked where, and what a change does to the trends."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.db.ratings import Rating
from feedback_app.domain import comparability
from feedback_app.domain.question_choice import Asked, Rule, in_order
from feedback_app.domain.questionnaire_bodies import from_body, to_body
from feedback_app.services import evidence, question_sets, questionnaires, verification
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit

PAGE = "/admin/question-sets"
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
MOMENTS = st.none() | st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days))
RULES = st.lists(
    st.builds(
        Rule,
        id=st.integers(1, 99),
        set_key=st.sampled_from("abc"),
        kind=st.sampled_from(["", "staff", "window"]),
        department_id=st.sampled_from([None, 1, 2]),
        category=st.sampled_from(["", "挂号", "医师"]),
        starts_at=MOMENTS,
        ends_at=MOMENTS,
    ),
    max_size=8,
    unique_by=lambda rule: rule.id,
)


@given(
    RULES,
    st.builds(
        Asked, st.sampled_from(["staff", "window"]), st.sampled_from([None, 1, 2]), st.sampled_from(["", "挂号"])
    ),
)
def test_the_narrowest_rule_that_fits_decides_in_whatever_order_they_come(rules: list[Rule], asked: Asked) -> None:
    order = in_order(rules, asked, NOW)
    assert order == in_order(reversed(rules), asked, NOW)
    for rule in rules:
        fits = (
            (not rule.kind or rule.kind == asked.kind)
            and (rule.department_id is None or rule.department_id == asked.department_id)
            and (not rule.category or rule.category == asked.category)
            and not (rule.starts_at and rule.starts_at > NOW)
            and not (rule.ends_at and rule.ends_at <= NOW)
        )
        assert (rule in order) is fits
    if order:
        assert all(order[0].department_id is not None or rule.department_id is None for rule in order)


@pytest.fixture
def admin(client: FlaskClient, runtime: Runtime) -> FlaskClient:
    sign_in(client, runtime)
    return client


def test_an_assigned_set_is_asked_there_and_only_there(
    admin: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    fields = {
        "set": "window",
        "kind": "window",
        "department": "",
        "category": "收费",
        "from": "2026-11-20",
        "until": "2026-11-20",
    }
    assert submit(admin, f"{PAGE}/rules", fields).status_code == 303
    asked = {key: "办得快吗" in admin.get(f"/s/{code(key)}").text for key in ("W03", "W01", "D01")}
    assert asked == {"W03": True, "W01": False, "D01": False}
    page = admin.get(PAGE).text
    assert "2026-11-20 – 2026-11-20" in page
    removal = re.search(r"/admin/question-sets/rules/\d+/remove", page)
    assert removal
    submit(admin, removal[0])
    assert "办得快吗" not in admin.get(f"/s/{code('W03')}").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"set": "nowhere"},
        {"from": "2026-13-01"},
        {"from": "2026-11-21", "until": "2026-11-20"},
        {"department": "99999"},
        {"kind": "x"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_words(admin: FlaskClient, wrong: dict[str, str]) -> None:
    answer = submit(admin, f"{PAGE}/rules", {"set": "window", **wrong})
    assert answer.status_code == 400 and 'class="notice bad"' in answer.text
    assert "rules/1/remove" not in admin.get(PAGE).text


def test_a_file_is_uploaded_becomes_a_draft_and_is_published_and_downloaded(
    admin: FlaskClient, runtime: Runtime
) -> None:
    text = "title = '就诊'\n[[item]]\nno = 1\nkind = 'scale'\ntext = '方便吗？'\noptions = ['方便', '不方便']\nscores = [100, 0]\n"
    shown = submit(admin, f"{PAGE}/import", {"file": (io.BytesIO(text.encode()), "Visit.toml")})
    assert shown.status_code == 200 and "方便吗？" in shown.text and "visit" not in admin.get(PAGE).text
    sent = submit(admin, f"{PAGE}/import", {"text": text, "key": "visit", "do": "take"})
    assert sent.status_code == 303 and sent.location.endswith("set=visit")
    page = admin.get(sent.location).text
    assert "方便吗？" in page
    confirm = admin.get("/admin/questions/publish?set=visit").text
    seen = re.search(r'name="seen" value="(\w+)"', confirm)
    assert seen
    submit(admin, "/admin/questions/publish?set=visit", {"seen": seen[1]})
    with runtime.reading() as session:
        assert questionnaires.current(session, "visit")[1].overall == "q1"
    assert "方便吗？" in admin.get(f"{PAGE}/visit.toml").text


@pytest.mark.parametrize("data", [b"", b"\xff\xff", b"x = ", b"[[item]]\nkind='x'", b"title='x'"])
def test_a_file_that_is_no_question_set_is_refused_in_words(admin: FlaskClient, data: bytes) -> None:
    answer = submit(admin, f"{PAGE}/import", {"file": (io.BytesIO(data), "x.toml")})
    assert answer.status_code == 400 and 'role="alert"' in answer.text


def test_sets_that_are_not_there_are_said_kindly(admin: FlaskClient) -> None:
    for path in (f"{PAGE}/nowhere.toml", "/admin/questions?set=nowhere", "/admin/questions/preview?set=nowhere"):
        assert admin.get(path).status_code == 404


def test_a_low_answer_of_another_houses_scale_opens_a_case_and_dont_know_counts_nowhere(
    admin: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    submit(admin, f"{PAGE}/rules", {"set": "fft", "kind": "staff"})
    path = f"/s/{code('D01')}"
    for answer in ("very_poor", "unknown", "very_good"):
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', admin.get(path).text))
        admin.delete_cookie("device", path="/s/")  # another patient's phone
        sent = admin.post(path, data={**hidden, "experience": answer, "why": "说说"})
        assert sent.status_code == 303
        assert admin.get(sent.location).status_code == 200
    with runtime.transaction() as session:
        rows = session.query(Rating).order_by(Rating.id).all()
        assert [(row.score, row.status) for row in rows] == [(1, "counted"), (0, "excluded"), (5, "counted")]
        for row in rows:
            assert admin.get(f"/admin/ratings/{runtime.vault.cover(row.id)}").status_code == 200
        evidence.give_places(session)
        assert list(verification.problems(session, runtime.vault, runtime.now())) == []
    assert "不知道" in admin.get(f"/admin/ratings/{runtime.vault.cover(2)}").text
    page = admin.get(f"/admin/question-sets/{rows[0].questionnaire_version_id}/results").text
    assert "正面回答占 33.3%" in page and "非常好 1 · 好 0" in page and "不知道 1" in page
    assert re.search(r'<td class="number">50.0</td><td class="number">2</td>', page)
    assert "还没有答卷" in admin.get("/admin/question-sets/1/results").text
    assert admin.get("/admin/question-sets/99999/results").status_code == 404
    assert admin.get("/admin/ratings").status_code == 200


BEFORE = to_body(questionnaires.preset("window"))


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, tuple[str, tuple[str, ...]]]:
    body = to_body(questionnaires.preset("window"))
    change(body)
    found = comparability.trends(from_body(BEFORE), from_body(body))
    return {one.key: (one.verdict, one.because) for one in found if one.verdict != comparability.SAME}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda body: body["question"][1]["text"].update(zh="办得够快吗？"), ("marked", ("words",))),
        (lambda body: body["question"][1]["options"][0]["text"].update(zh="很好"), ("marked", ("option_words",))),
        (lambda body: body["question"][1].update(show_if="overall <= 2"), ("marked", ("condition",))),
        (lambda body: body["question"][1]["options"].reverse(), ("cut", ("options",))),
        (lambda body: body["question"][1]["options"][0].update(score=90), ("cut", ("scores",))),
        (lambda body: body["question"][1].update(kind="likert"), ("cut", ("kind",))),
    ],
)
def test_what_a_change_does_to_a_trend(change: Callable[[dict[str, Any]], object], verdict: tuple[str, Any]) -> None:
    assert changed(change) == {"speed": verdict}


def test_new_and_ended_questions_and_levels(runtime: Runtime) -> None:
    assert changed(lambda body: body["question"][1].update(key="pace")) == {"pace": ("new", ()), "speed": ("ended", ())}
    window, fft = questionnaires.preset("window"), questionnaires.preset("fft")
    assert comparability.levels_compare(window, questionnaires.preset("short"))
    assert comparability.levels_compare(fft, fft)
    assert not comparability.levels_compare(window, fft)


def test_a_change_of_rules_alone_can_be_published(admin: FlaskClient, runtime: Runtime) -> None:
    body = to_body(questionnaires.preset("window"))
    body["question"][1]["options"][1]["score"] = 40
    with runtime.transaction() as session:
        question_sets.take(session, from_body(body), publish=False, by="admin", now=runtime.now())
    page = admin.get("/admin/questions/publish?set=window").text
    assert "改了分值" in page and "分值变了" in page and 'name="seen"' in page


def test_the_publish_page_says_what_is_cut_and_where_low_levels_are_asked_more(
    admin: FlaskClient, runtime: Runtime
) -> None:
    body = to_body(questionnaires.preset("window"))
    body["question"][1]["options"].reverse()
    body["question"][2]["show_if"] = "overall <= 2"
    with runtime.transaction() as session:
        question_sets.take(session, from_body(body), publish=False, by="admin", now=runtime.now())
    page = admin.get("/admin/questions/publish?set=window").text
    assert [
        words in page for words in ("从这里断开", "接着走，做个记号", "不同等级要答的题数不一样", "可以直接比较")
    ] == [True] * 4
