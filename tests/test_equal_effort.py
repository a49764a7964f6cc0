"""Praise and complaint take the same way, and somebody watching the screen learns nothing from it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import PHONE

pytestmark = pytest.mark.browser
LEVELS = (5, 4, 3, 2, 1)
CODE = re.compile(r"\b[0-9A-Z]{10}\b")
FILLING = re.compile("<!--[0-9a-f]*-->")  # makes pages of all levels equally long

# window.name outlives the way to the next page.
_COUNT = """() => {
  window.name = "0 0";
  const add = (place) => {
    const counts = window.name.split(" ").map(Number);
    counts[place] += 1;
    window.name = counts.join(" ");
  };
  addEventListener("pointerdown", () => add(0), true);
  addEventListener("keydown", () => add(1), true);
}"""


@dataclass(frozen=True)
class Walk:
    """One way through the form: the effort it took and what can be seen at its end."""

    taps: int
    keystrokes: int
    pages: int
    questions: tuple[str, ...]
    outside_the_fold: str
    shape: tuple[object, ...]


def walk(page: Page, address: str, level: int) -> Walk:
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    page.goto(address)
    page.evaluate(_COUNT)
    page.locator(f"label.level:has([value='{level}'])").tap()
    asked = tuple(page.locator("legend:visible, label:visible").all_inner_texts())
    page.get_by_role("button", name="提交").tap()
    page.wait_for_url("**/r/**")
    taps, keystrokes = (int(part) for part in page.evaluate("window.name").split())
    fold = page.locator("main").evaluate(
        "main => { const copy = main.cloneNode(true); copy.querySelectorAll('details > :not(summary)')"
        ".forEach(one => one.remove()); return copy.innerHTML }"
    )
    boxes = page.locator("main *:visible").evaluate_all(
        "all => all.map(one => [one.tagName, one.className.baseVal ?? one.className, getComputedStyle(one).color,"
        " getComputedStyle(one).backgroundColor, one.getBoundingClientRect().height])"
    )
    return Walk(
        taps, keystrokes, len(visited), tuple(sorted(text.replace(" ✓", "") for text in asked)),
        FILLING.sub("", CODE.sub("CODE", "".join(fold.split()))), tuple(map(tuple, boxes)),
    )  # fmt: skip


@pytest.mark.parametrize("care", [False, True])
def test_all_five_levels_take_the_same_effort_to_the_same_page(
    browser: Browser, server: str, code: Callable[[str], str], care: bool
) -> None:
    """Five people with a phone each: a second rating from one phone is a repeat and is told so."""
    address = f"{server}/s/{code('W03')}"
    walks = {}
    for level in LEVELS:
        with browser.new_context(**PHONE) as phone:
            if care:
                phone.add_cookies([{"name": "care", "value": "1", "url": server}])
            walks[level] = walk(phone.new_page(), address, level)
    for level in LEVELS:
        assert walks[level] == walks[5], level
    assert (walks[1].taps, walks[1].keystrokes, walks[1].pages) == (2, 0, 2)
    assert "满意" not in walks[1].outside_the_fold and "T-" not in walks[1].outside_the_fold


def test_the_chosen_row_weighs_the_same_at_every_level(phone: Page, server: str, code: Callable[[str], str]) -> None:
    """Colour, border and size of the row that was tapped: from across the desk nobody can tell which face it is."""
    phone.goto(f"{server}/s/{code('W03')}")
    seen = set()
    for level in LEVELS:
        row = phone.locator(f"label.level:has([value='{level}'])")
        row.tap()
        seen.add(
            row.evaluate(
                "row => { const style = getComputedStyle(row); return [style.color, style.backgroundColor,"
                " style.borderColor, row.offsetWidth, row.offsetHeight].join() }"
            )
        )
    assert len(seen) == 1
