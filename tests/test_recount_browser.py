"""The recount kit as one page in the real browser, opened from a file: the same answer to the byte, without network."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from feedback_app.domain import deciding, recounting
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.cycles import Period
from feedback_app.domain.recounting import Bundle
from feedback_app.services import awards, recount_page
from tests.awards import hospital, preset
from tests.pages import faults

pytestmark = pytest.mark.browser
OCTOBER = Period.parse("2026-10")


def kit(scheme: Scheme, seed: int, size: int = 60) -> Bundle:
    period = Period.parse(scheme.starts) if scheme.starts else scheme.period_holding(OCTOBER.first_month)
    return recounting.bundle(deciding.decide(scheme, period, hospital(scheme, seed, size)))


def opened(desk: Page, folder: Path, text: str) -> Page:
    file = folder / "recount.html"
    file.write_text(recount_page.page(text), "utf-8")
    desk.goto(file.as_uri())
    expect(desk.locator("body[data-done]")).to_be_attached(timeout=60_000)
    return desk


def test_every_award_and_mode_is_counted_again_to_the_byte(desk: Page, tmp_path: Path) -> None:
    schemes = [
        *awards.presets().values(),
        preset("monthly", verification="mixed"),
        preset("monthly", verification="verified"),
    ]
    schemes.append(preset("monthly", verification="mixed", hold_low_unverified=True))
    first = kit(schemes[0], 0)
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    page = opened(desk, tmp_path, first.text)
    expect(page.locator("#verdict")).to_have_class("yes")
    expect(page.locator("#seal")).to_have_text(first.seal)
    for seed, scheme in enumerate(schemes):
        made = kit(scheme, seed)
        found = page.evaluate(
            "text => { const one = run(text); return [one.equal, one.seal, one.differing.slice(0, 4)] }", made.text
        )
        assert found == [True, made.seal, []], scheme.key
    assert [url for url in asked if not url.startswith("file:")] == []
    assert faults(page) == []


def test_a_changed_line_is_a_different_answer_and_says_so(desk: Page, tmp_path: Path) -> None:
    lines = kit(preset("monthly"), 3, 20).text.splitlines()
    at = next(n for n, one in enumerate(lines) if '"stars":5' in one)
    lines[at] = re.sub(r'"ratings":(\d+)', lambda found: f'"ratings":{int(found[1]) + 1}', lines[at])
    forged = Bundle(tuple(lines[:-1])).text  # with a fresh seal
    page = opened(desk, tmp_path, forged)
    expect(page.locator("#verdict")).to_have_class("no")
    page.fill("#published", kit(preset("monthly"), 3, 20).seal)
    expect(page.locator("#match")).to_contain_text("不同")
    for number in range(0, len(lines), 17):
        shorter = "\n".join(lines[:number] + lines[number + 1 :]) + "\n"
        equal = page.evaluate("text => { try { return run(text).equal } catch { return false } }", shorter)
        assert equal is False, lines[number]


def test_a_large_hospital_takes_less_than_a_minute(desk: Page, tmp_path: Path) -> None:
    made = kit(preset("monthly"), 11, 2300)
    page = opened(desk, tmp_path, made.text)
    expect(page.locator("#verdict")).to_have_class("yes")
