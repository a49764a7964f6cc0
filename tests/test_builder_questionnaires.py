"""Every questionnaire of the neutral notation can be built by hand in the console and read from its file, without loss."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from feedback_app.domain.condition_rows import Rows, rows_of
from feedback_app.domain.conditions import changed, compares, parse
from feedback_app.domain.draft_fields import typed
from feedback_app.domain.neutral_writing import to_neutral
from feedback_app.domain.questionnaire_bodies import from_body, to_body
from feedback_app.domain.questionnaires import type_of
from feedback_app.domain.toml_writing import dumps
from feedback_app.services import question_sets
from feedback_app.services.runtime import Runtime
from tests import samples
from tests.building import Builder
from tests.console import PASSWORD, account
from tests.pages import press

pytestmark = pytest.mark.browser
GOLDEN = Path(__file__).parent / "golden" / "questionnaires"


def file(name: str) -> dict[str, Any]:
    own = GOLDEN / f"{name}.toml"
    path = own if own.exists() else samples.path(f"questionnaires/{name}.toml")
    return tomllib.loads(path.read_text("utf-8"))


def enter(page: Page, server: str, runtime: Runtime) -> None:
    account(runtime, "admin")
    page.goto(f"{server}/admin/sign-in")
    page.get_by_label("登录名").fill("admin")
    page.get_by_label("密码").fill(PASSWORD)
    press(page.get_by_role("button", name="登录"))


def meant(data: dict[str, Any]) -> dict[str, Any]:
    """The content, conditions as what they mean instead of how they are spelled: "one of these" has no order."""

    def condition(text: str) -> Rows:
        return rows_of(changed(parse(text), lambda one: replace(one, values=tuple(sorted(one.values)))))

    items = [
        {**item, **({"show_if": condition(item["show_if"])} if "show_if" in item else {})} for item in data["item"]
    ]
    return {**data, "item": items}


def scoring(text: str) -> list[tuple[float | None, ...]]:
    """What each listed answer of each question is worth."""
    made = question_sets.read(text.encode(), "x")
    return [
        tuple(type_of(one).score(one, value) for value in type_of(one).possible(one) or ()) for one in made.questions
    ]


def built(page: Page, server: str, runtime: Runtime, name: str, folder: Path) -> None:
    data = file(name)
    enter(page, server, runtime)
    builder = Builder(page, server)
    key = f"{name}_by_hand"
    judging = question_sets.read(dumps(data).encode(), "x")
    builder.build(key, data, str(judging.question(judging.overall).source["no"]))  # type: ignore[union-attr]
    out = builder.exported(key, folder)
    got, wanted = meant(out), meant(data)
    assert [pair for pair in zip(got["item"], wanted["item"], strict=True) if pair[0] != pair[1]] == []
    assert got == wanted
    assert scoring(dumps(out)) == scoring(dumps(data))
    own = from_body(builder.exported(key, folder, "own"))
    values = [
        tuple(type_of(one).score(one, value) for value in type_of(one).possible(one) or ()) for one in own.questions
    ]
    assert values == scoring(dumps(data))
    assert str(own.questions.index(own.question(own.overall))) == str(
        judging.questions.index(judging.question(judging.overall))
    )
    shared = [option.text["zh"] for option in own.question(own.overall).options if option.value in own.positive]  # type: ignore[union-attr]
    assert shared == [o.text["zh"] for o in judging.question(judging.overall).options if o.value in judging.positive]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["haochaping", "nhs_fft", "everything"])
def test_a_questionnaire_is_built_by_keyboard(
    desk: Page, server: str, runtime: Runtime, name: str, tmp_path: Path
) -> None:
    built(desk, server, runtime, name, tmp_path)


@pytest.mark.parametrize("name", ["nested", "wide", "everything"])
def test_a_nasty_questionnaire_comes_in_and_goes_out_without_loss(name: str) -> None:
    data = file(name)
    assert to_neutral(question_sets.read(dumps(data).encode(), "x")) == data


@pytest.mark.parametrize("name", ["outpatient_2019", "wide", "nested"])
def test_a_questionnaire_is_built_without_javascript(
    browser: Browser, server: str, runtime: Runtime, name: str, tmp_path: Path
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    built(context.new_page(), server, runtime, name, tmp_path)
    context.close()


def test_an_imported_condition_keeps_its_author_s_order_when_its_fields_are_saved() -> None:
    body = to_body(question_sets.read(dumps(file("nested")).encode(), "x"))
    sixth = next(one for one in body["question"] if one["source"]["no"] == "A6")
    place = f"{sixth['key']}.if.1.1.0"
    said = {f"{place}.op": ["in"], f"{place}.value": ["", *reversed(answers_of(sixth["show_if"]))]}
    assert typed(body, said) == body
    fewer = {**said, f"{place}.value": ["", answers_of(sixth["show_if"])[0]]}
    assert typed(body, fewer) != body


def answers_of(show_if: str) -> list[str]:
    return [value for one in compares(parse(show_if)) if one.op == "in" for value in one.values]


def test_a_save_in_the_background_takes_neither_the_focus_nor_the_key_that_is_down(
    desk: Page, server: str, runtime: Runtime
) -> None:
    enter(desk, server, runtime)
    builder = Builder(desk, server)
    builder.begin("held", "按键")
    builder.add("level")
    key = builder.add("scale")
    box = desk.locator(f'[type=checkbox][name="{key}.unscored"]')
    held: list[Route] = []

    def hold(route: Route) -> None:  # the first save of each round
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    builder.reveal(box)
    desk.route("**/admin/questions?set=held*", hold)
    for most, expected in (("8", True), ("9", False)):
        held.clear()
        builder.field(f"{key}.most").fill(most)
        with desk.expect_request(lambda request: request.method == "POST"):
            box.focus()  # leaving the field saves it
        desk.keyboard.down("Space")
        with desk.expect_response(lambda answer: answer.request.method == "GET" and "set=held" in answer.url):
            held[0].continue_()
        desk.keyboard.up("Space")
        expect(desk.locator("#builder")).to_have_attribute("data-waiting", "0")
        expect(box).to_be_focused()
        expect(box).to_be_checked(checked=expected)
