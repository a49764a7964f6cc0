"""Every question set we ship asks the same of whoever praises and whoever complains; and one thumb gets through in three taps."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.phone_user import rate_once
from feedback_app.domain.question_choice import Rule
from feedback_app.services import question_rules, questionnaires
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.pages import width

pytestmark = pytest.mark.browser

_ASKED = """() => [...document.querySelectorAll("#rate fieldset, #rate .field")].filter(one => one.checkVisibility()).map(one =>
  [one.tagName, one.querySelectorAll("input[type=radio], input[type=checkbox]").length, one.querySelectorAll("textarea").length].join())"""


@pytest.mark.parametrize("preset", questionnaires.preset_keys())
def test_each_level_opens_as_many_questions_of_the_same_size(
    phone: Page, server: str, runtime: Runtime, code: Callable[[str], str], preset: str
) -> None:
    """Counted in the browser after each answer to the overall question: fields, choices in them, boxes to write in."""
    with runtime.transaction() as session:
        question_rules.add(session, Rule(0, preset), by="x", now=NOON)
    overall = questionnaires.preset(preset).overall
    phone.goto(f"{server}/s/{code('W03')}")
    rows = phone.locator(f"#rate input[name='{overall}']")
    asked = {}
    for place in range(rows.count()):
        rows.nth(place).evaluate("one => one.click()")
        asked[rows.nth(place).get_attribute("value")] = sorted(phone.evaluate(_ASKED))
    assert len(asked) >= 3
    assert len({tuple(one) for one in asked.values()}) == 1, {level: len(one) for level, one in asked.items()}
    assert phone.locator("#rate [required]").count() == 0


def test_one_thumb_needs_at_most_three_taps(browser: Browser, server: str, code: Callable[[str], str]) -> None:
    for level in (1, 5):
        taken = rate_once(browser, f"{server}/s/{code('W03')}", level)
        assert (taken.taps, taken.keystrokes) == (2, 0)


def test_the_keyboard_alone_gets_through_and_the_focus_is_seen(
    desk: Page, server: str, code: Callable[[str], str]
) -> None:
    """No mouse, no touch, a window 320 pixels wide, as 200 % zoom of 640 makes it."""
    desk.set_viewport_size({"width": 320, "height": 480})
    desk.goto(f"{server}/s/{code('W03')}")
    assert width(desk) <= 320
    seen = []
    for _ in range(40):
        desk.keyboard.press("Tab")
        name, outline = desk.evaluate(
            "() => { const one = document.activeElement, box = one.closest('.level, .chip') || one;"
            " return [one.name || one.type || one.tagName, getComputedStyle(box).outlineStyle] }"
        )
        assert outline != "none", name
        seen.append(name)
        if name == "overall":
            desk.keyboard.press("ArrowDown")
        if name == "submit":
            break
    assert seen.index("overall") < seen.index("aspects") < seen.index("comment") < seen.index("submit")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/r/**")
    expect(desk.get_by_role("heading", level=1)).to_be_visible()
    assert width(desk) <= 320
