"""Every page around the builder is readable by everybody and fits a phone, with a set of every kind of question in it."""

import copy
from pathlib import Path

import pytest
from playwright.sync_api import Page

from feedback_app.domain.questionnaire_bodies import to_body
from feedback_app.services import question_publishing as publishing
from feedback_app.services import question_sets
from feedback_app.services import questionnaire_editing as editing
from feedback_app.services.runtime import Runtime
from tests.console import PASSWORD, account
from tests.pages import faults, press, width

pytestmark = pytest.mark.browser
EVERYTHING = (Path(__file__).parent / "golden" / "questionnaires" / "everything.toml").read_bytes()
SETS, QUESTIONS = "/admin/question-sets", "/admin/questions"
FIELDS = ("level", "likert", "yesno", "matrix", "number")
NARROW = 390


@pytest.fixture
def opened(runtime: Runtime) -> list[str]:
    """A set that was published, changed, and has a draft in which something is missing; the keys of a question
    with a condition and of one of each kind whose fields differ."""
    body = to_body(question_sets.read(EVERYTHING, "every"))
    with runtime.transaction() as session:
        for changed in (body, {**copy.deepcopy(body), "question": copy.deepcopy(body["question"][:-1])}):
            begun = editing.store(session, changed, "admin", runtime.now(), body["key"])
            seen = editing.digest(begun.body)
            publishing.publish(session, seen=seen, note="", by="admin", now=runtime.now(), key=body["key"])
        missing = copy.deepcopy(body)
        missing["question"][-1]["text"] = {}
        editing.store(session, missing, "admin", runtime.now(), body["key"])
        other = copy.deepcopy(editing.working_body(session, "short"))
        other["question"][0]["text"]["zh"] = "今天办事顺利吗？"
        other["question"][1]["options"].pop()
        editing.store(session, other, "admin", runtime.now(), "short")
    kinds = {one["kind"]: one["key"] for one in body["question"] if one["kind"] in FIELDS}
    conditional = [one["key"] for one in body["question"] if "show_if" in one][:1]
    return [str(body["key"]), *conditional, *kinds.values()]


def test_every_page_of_the_builder_is_readable_by_everybody_and_fits(
    desk: Page, server: str, runtime: Runtime, opened: list[str]
) -> None:
    key, *questions = opened
    with runtime.reading() as session:
        old = publishing.history(session, key)[1].id
    account(runtime, "admin")
    desk.goto(f"{server}/admin/sign-in")
    desk.get_by_label("登录名").fill("admin")
    desk.get_by_label("密码").fill(PASSWORD)
    press(desk.get_by_role("button", name="登录"))
    of = f"?set={key}"
    paths = [
        SETS,
        f"{SETS}/import",
        f"{SETS}/{old}/results?versions=1",
        f"{QUESTIONS}{of}&part=set",
        f"{QUESTIONS}{of}&add=end",
        *(f"{QUESTIONS}{of}&q={one}" for one in questions),
        f"{QUESTIONS}/preview{of}",
        f"{QUESTIONS}/message{of}",
        f"{QUESTIONS}/publish?set=short",
        f"{QUESTIONS}/versions{of}&from=1&to=2",
        f"{QUESTIONS}/versions/{old}",
        "/admin/paper",
    ]
    found = []
    for path in paths:
        desk.set_viewport_size({"width": 1440, "height": 900})
        desk.goto(f"{server}{path}")
        assert desk.url == f"{server}{path}"
        desk.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        found += faults(desk)
        desk.set_viewport_size({"width": NARROW, "height": 844})
        if width(desk) > NARROW:
            found.append(f"{path} is {width(desk)} wide")
    assert found == []
