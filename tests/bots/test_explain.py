"""``service-star bot explain``: what it prints, and that it leaves no trace."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bots.explain import Told, explain
from feedback_app.cli._common import Session
from feedback_app.cli.bot import bot
from feedback_app.db.complaints import Case
from feedback_app.db.conversations import Conversation, NotUnderstood
from feedback_app.db.people import Person
from feedback_app.db.ratings import Rating
from feedback_app.services import complaints
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings


def counts(runtime: Runtime) -> list[int]:
    with runtime.reading() as session:
        return [session.query(table).count() for table in (Rating, Case, Person, Conversation, NotUnderstood)]


def filed(runtime: Runtime, by: str) -> str:
    with runtime.transaction() as session:
        filing = Filing(text="等太久", source="bot", origin_key=f"k:{by}", complainant_hash=by)
        return complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number or ""


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Told("给张伟医生5星"), ("rating", ["D01"], 5, "accept")),
        (Told("给张伟5星，给3号窗口2星"), ("rating", ["D01", "W03"], "5;2", "accept_or_confirm")),
        (Told("2", "menu"), ("menu", ["投诉"], None, "accept")),
        (Told("四", "ask_score:D01"), ("rating", ["D01"], 4, "accept")),
        (Told("{CASE_FULLWIDTH}"), ("progress", ["{CASE}"], None, "answer_status")),
        (Told("{CASE} {CASE_OTHER}"), ("progress", ["{CASE}"], None, "answer_status")),
        (Told("{CASE_OTHER}"), ("progress", [], None, "refuse_not_owner")),
        (Told("{CASE_UNKNOWN}"), ("progress", [], None, "not_found")),
        (Told("T-2611-0417"), ("progress", ["T-2611-0417"], None, "answer_status")),
    ],
)
def test_what_it_tells(runtime: Runtime, told: Told, expected: tuple[str, list[str], object, str]) -> None:
    before = counts(runtime)
    told_back = explain(runtime, told)
    assert (told_back["intent"], told_back["target"], told_back["score"], told_back["expect"]) == expected
    assert told_back["reply"]
    assert counts(runtime) == before


def test_real_numbers_belong_to_whoever_filed_them(runtime: Runtime) -> None:
    mine, other = filed(runtime, "a" * 64), filed(runtime, "b" * 64)
    assert explain(runtime, Told(mine.lower()))["expect"] == "answer_status"
    assert explain(runtime, Told(f"{mine} {other}"))["target"] == [mine]
    assert explain(runtime, Told(other, own=(mine,)))["expect"] == "refuse_not_owner"
    assert "不是在您这里登记的" in explain(runtime, Told(other, own=(mine,)))["reply"]
    assert explain(runtime, Told("T-2611-9999"))["expect"] == "not_found"


def test_a_file_gives_a_line_for_each_row(runtime: Runtime, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "messages.tsv"
    path.write_text("id\tmessage\tcontext\n1\t张伟\\n5星\t-\n2\t二\tmenu\n", "utf-8")

    class Opened(Session):
        def settings(self) -> Settings:
            return settings

    done = CliRunner().invoke(bot, ["explain", "--file", str(path)], obj=Opened(tmp_path))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["intent"], line["target"]) for line in lines] == [("rating", ["D01"]), ("menu", ["投诉"])]


def test_called_wrongly(tmp_path: Path) -> None:
    assert CliRunner().invoke(bot, ["explain"], obj=Session(tmp_path)).exit_code == 2
