"""Question sets as files: in, out, and nothing lost; what cannot be asked is refused with its place."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.cli._common import Session
from feedback_app.cli.questions import questions
from feedback_app.domain.answers import read_answers
from feedback_app.domain.neutral_writing import to_neutral
from feedback_app.domain.question_logic import check_logic, effort
from feedback_app.domain.question_scores import dimension_scores, positive_share
from feedback_app.domain.questionnaire_bodies import from_body, to_body
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.toml_writing import dumps
from feedback_app.errors import Refused
from feedback_app.services import question_sets, questionnaires
from feedback_app.services.runtime import Runtime
from tests import samples

FILES = ("outpatient_2019", "haochaping", "nhs_fft")


def sample(name: str) -> tuple[dict[str, Any], Questionnaire]:
    data = samples.path(f"questionnaires/{name}.toml").read_bytes()
    return tomllib.loads(data.decode()), question_sets.read(data, name)


@pytest.mark.parametrize("name", FILES)
def test_other_houses_questionnaires_come_in_and_go_out_without_loss(name: str) -> None:
    data, made = sample(name)
    assert to_neutral(made) == data
    assert from_body(tomllib.loads(dumps(to_body(made)))) == made
    assert tomllib.loads(dumps(to_neutral(made))) == data
    assert len(made.questions) == len(data["item"])


def test_the_outpatient_questionnaire_is_scored_as_its_file_says() -> None:
    _, made = sample("outpatient_2019")
    assert made.overall == "q24"
    form = {
        "q24": ["10"],
        "q9": ["b"],
        "q10": ["c"],
        "q11": ["a"],
        "q7": ["a"],
        "q8": ["30"],
        "q12": ["a"],
        "q4": ["内科"],
    }
    read = read_answers(made, form)
    assert (read.score, read.values["q8"]) == (5, 30)
    scores = dimension_scores(made, [read.values])
    assert (scores["挂号"].mean, scores["医生"].mean, scores["护士"].n, scores["总体"].mean) == (50, 100, 0, 100)
    elsewhere = read_answers(made, {**form, "q7": ["b"]})
    assert "q8" not in elsewhere.values


def test_the_five_levels_keep_their_reasons() -> None:
    _, made = sample("haochaping")
    one = made.questions[0]
    assert (one.kind, made.overall) == ("level", one.key)
    assert read_answers(made, {one.key: ["2"], "q2": ["a"], "q3": ["b"]}).values == {one.key: 2, "q3": ["b"]}
    assert read_answers(made, {one.key: ["3"], "q2": ["a"], "q3": ["b"]}).values == {one.key: 3}


def test_the_positive_share_counts_dont_know_below_the_line() -> None:
    _, made = sample("nhs_fft")
    forms = [read_answers(made, {"q1": [value]}) for value in "abcdef"]
    assert [form.score for form in forms] == [5, 4, 3, 2, 1, 0]
    share = positive_share(made, [form.values for form in forms])
    assert share.mean == pytest.approx(100 * 2 / 6)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    str.strip
)


@st.composite
def neutral_files(draw: st.DrawFn) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["scale", "single", "multi", "text", "number", "numeric_scale", "date", "yesno"]))
        item: dict[str, Any] = {
            "no": draw(st.sampled_from([str(number), number, f"A{number}", f"{number}.1"])),
            "kind": kind,
        }
        item["text"] = draw(WORDS)
        item |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "required": st.booleans(),
                    "text_en": WORDS,
                    "unit_of": WORDS,
                    "section": WORDS,
                    "shown_as": WORDS,
                },
            )
        )
        if kind in {"scale", "single", "multi"}:
            item["options"] = draw(st.lists(WORDS, min_size=2, max_size=6, unique=True))
            count = len(item["options"])
            scores: st.SearchStrategy[Any] = st.lists(
                st.sampled_from([5, 4, 3, 2, 1, 0, 100, 50, "none"]), min_size=count, max_size=count
            )
            item |= draw(st.fixed_dictionaries({}, optional={"scores": scores}))
        if kind in {"number", "numeric_scale"}:
            item |= draw(st.sampled_from([{}, {"min": 1, "max": 10}, {"min": 0, "max": 10, "unit": "分钟"}]))
        conditional: bool = draw(st.booleans())
        before = [one for one in items if one["kind"] == "single" and "'" not in str(one) and '"' not in str(one)]
        if before and conditional:
            about = before[0]
            item["show_if"] = f'{about["no"]} == "{about["options"][0]}"'
        items.append(item)
    numbers = [str(one["no"]) for one in items]
    more = draw(
        st.fixed_dictionaries(
            {"title": WORDS}, optional={"source": WORDS, "rules": st.just({"days": 15, "more": [1, "x"]})}
        )
    )
    return {**more, "item": items} if len(set(numbers)) == len(numbers) else {**more, "item": items[:1]}


@given(neutral_files())
def test_any_file_of_the_notation_comes_out_as_it_came_in(data: dict[str, Any]) -> None:
    read = question_sets.read(dumps(data).encode(), "any")
    assert to_neutral(from_body(json.loads(json.dumps(to_body(read))))) == tomllib.loads(dumps(data)) == data


@given(
    st.recursive(
        WORDS | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    )
)
def test_what_is_written_as_toml_is_read_as_the_same(value: Any) -> None:
    table = {"a": value, "问": [value], "b": [{"c": value}]}
    assert tomllib.loads(dumps(table)) == table


@pytest.mark.parametrize("key", questionnaires.preset_keys())
def test_every_set_that_comes_with_the_program_can_be_asked_in_both_languages(key: str) -> None:
    made = questionnaires.preset(key)
    check_logic(made)
    assert made.key == key
    texts = [one.text for one in made.questions] + [option.text for one in made.questions for option in one.options]
    assert all(text["zh"] and text["en"] for text in texts)
    assert len(set(effort(made).values())) == 1  # every level opens as many questions
    assert {one.dimension for one in made.questions} - {""} == set(made.dimensions)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = ", "bad_toml"),
        ("title = 'x'", "nothing_inside"),
        ("item = 5", "nothing_inside"),
        ("[[item]]\nkind = 'hologram'\ntext = 'x'", "bad_item"),
        ("[[item]]\nkind = 'scale'\ntext = 'x'\noptions = ['a', 'b']\nscores = [1]", "bad_item"),
        ("[[item]]\nkind = 'scale'\ntext = 'x'\noptions = ['a', 'a']", "bad_item"),
        ("[[item]]\nkind = 'single'\ntext = 'x'", "bad_item"),
        ("[[item]]\nkind = 'number'\ntext = 'x'\nmin = 'low'", "bad_item"),
        ("[[item]]\nno = 1\nkind = 'text'\ntext = 'x'\n[[item]]\nno = 1\nkind = 'text'\ntext = 'y'", "bad_item"),
        (
            "[[item]]\nno = 1\nkind = 'text'\ntext = 'x'\nshow_if = '2 == a'\n[[item]]\nno = 2\nkind = 'text'\ntext = 'y'",
            "later_reference",
        ),
        ("[[item]]\nno = 1\nkind = 'text'\ntext = 'x'\nshow_if = '9 == a'", "unknown_reference"),
        ("[[item]]\nno = 1\nkind = 'text'\ntext = 'x'\nshow_if = '1 == a'", "cycle"),
        ("[[item]]\nno = 1\nkind = 'text'\ntext = 'x'\nshow_if = '((('", "bad_condition"),
        ("[[question]]\nkey = 'x'", "incomplete"),
        ("question = 1", "incomplete"),
        ("title = {zh = 'x'}\n[[question]]\nkey='a'\nkind='scale'\nmost=inf\ntext={zh='x'}", "incomplete"),
        ("a = [" * 5000, "bad_toml"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        question_sets.read(text.encode(), "x")
    assert refused.value.code == f"questions.{code}"


@pytest.mark.parametrize("data", [b"\xff\xfe", b"", b"x" * 2_000_000])
def test_what_is_no_file_of_ours(data: bytes) -> None:
    with pytest.raises(Refused):
        question_sets.read(data, "x")


def command(runtime: Runtime, *words: str) -> tuple[int, str]:
    class Opened(Session):
        def settings(self) -> Any:
            return runtime.settings

    done = CliRunner().invoke(questions, words, obj=Opened(Path("none")), catch_exceptions=False)
    return done.exit_code, done.stdout


def test_the_command_line_imports_publishes_lists_and_exports(runtime: Runtime, tmp_path: Path) -> None:
    file = tmp_path / "Visit 2026.toml"
    file.write_text(
        "title = '就诊'\n[[item]]\nno = '1'\nkind = 'numeric_scale'\nmin = 1\nmax = 10\ntext = '整体评价'\n", "utf-8"
    )
    assert json.loads(command(runtime, "import", str(file), "--dry-run")[1])["overall"] == "q1"
    assert "visit_2026" not in command(runtime, "list")[1]
    assert json.loads(command(runtime, "import", str(file))[1])["state"] == "draft"
    for _ in range(2):  # the same again is no new version
        told = json.loads(command(runtime, "import", str(file), "--publish")[1])
        assert (told["key"], told["state"], told["version"]) == ("visit_2026", "published", 1)
    assert "visit_2026" in command(runtime, "list")[1]
    out = tmp_path / "out.toml"
    command(runtime, "export", "visit_2026", "--neutral", "--out", str(out))
    assert tomllib.loads(out.read_text("utf-8")) == tomllib.loads(file.read_text("utf-8"))
    again = command(runtime, "export", "visit_2026")[1]
    assert question_sets.read(again.encode(), "x").overall == "q1"


UNUSUAL = """
title = "住院随访"
published = "2024"
[[section]]
title = "入院"
[[section.item]]
no = 1
kind = "single"
text = "怎么来的？"
options = ["普通号(含专家)", "急诊, 救护车", "it's other"]
[[section.item]]
no = 2
kind = "text"
text = "说说经过"
show_if = "1 == 普通号(含专家) or 1 in (急诊, 救护车)"
[[section]]
title = "住院"
[[section.item]]
no = 3
kind = "frequency"
text = "护士来得快吗？"
options = ["总是", "有时", "从不"]
scores = [100, 50, 0]
[[section.item]]
no = 4
kind = "numeric_scale"
min = 0
max = 10
min_text = "绝不会"
max_text = "一定会"
unit_of = "总体"
text = "会推荐吗？"
[[section.item]]
no = 5
kind = "matrix"
text = "这几样"
rows = ["饭菜", "病房"]
options = ["好", "中", "差"]
scores = [3, 2, 1]
show_if = "4 <= 6 and not (3 == 总是)"
[[section.item]]
no = 6
kind = "yesno"
text = "愿意接到电话吗？"
options = ["愿意", "不愿意", "说不好"]
"""


def test_unusual_ways_to_write_are_understood() -> None:
    made = question_sets.read(UNUSUAL.encode(), "x")
    kinds = [(one.key, one.kind) for one in made.questions if one.kind != "section"]
    expected = ["single", "text", "likert", "scale", "matrix", "single"]
    assert kinds == [(f"q{number}", kind) for number, kind in enumerate(expected, 1)]
    assert [one.text["zh"] for one in made.questions if one.kind == "section"] == ["入院", "住院"]
    assert (made.overall, dict(made.question("q4").high)) == ("q4", {"zh": "一定会"})  # type: ignore[union-attr]
    read = read_answers(made, {"q1": ["a"], "q2": ["x"], "q4": ["3"], "q5.r1": ["a"], "q5.r2": ["c"], "q6": ["c"]})
    assert (read.score, read.values["q5"], read.comment) == (2, {"r1": "a", "r2": "c"}, "x")
    assert to_neutral(made) == tomllib.loads(UNUSUAL)
