"""What messages mean: the shared sample, our own families of each block, and any text at all."""

import csv
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.language.directory import Directory, Point, build
from bots.language.meaning import Context, Understanding
from bots.language.understand import understand
from tests import samples
from tests.bots.small_hospital import small_directory

CASE = "T-2611-0417"
FORMS = {
    "{CASE}": CASE,
    "{CASE_LOWER}": CASE.lower(),
    "{CASE_SPACED}": "T 2611 0417",
    "{CASE_FULLWIDTH}": "Ｔ－２６１１－０４１７",
    "{CASE_DIGITS}": "26110417",
    "{CASE_OTHER}": "",
    "{CASE_UNKNOWN}": "T-2611-9999",
}
INTENTS = {
    "rating",
    "complaint",
    "praise",
    "question",
    "progress",
    "cancel",
    "menu",
    "greeting",
    "nonsense",
    "urgent",
}
ENOUGH = 0.97
DIRECTORY = small_directory()


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def plain(text: str) -> str:
    for form, number in FORMS.items():
        text = text.replace(form, number)
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")


def read(message: str, context: str, directory: Directory) -> Understanding:
    return understand(plain(message), Context.parse(context, directory), directory)


def done_or_asked(expect: str, wanted: str) -> bool:
    """Where a case may be opened, asking first whether it is to be one is as good."""
    return wanted == "*" or expect in wanted.split("|") or (expect == "offer_complaint" and "open_case" in wanted)


def shown(reading: Understanding) -> tuple[str, str]:
    """Target and score as the tables write them."""
    target = ";".join(point.key for point in reading.targets)
    if reading.intent == "menu":
        target = reading.topic
    if reading.cases:
        target = "{CASE}"
    return target, ";".join(map(str, reading.scores))


def sample_directory() -> Directory:
    with samples.path("messages_directory.csv").open(encoding="utf-8", newline="") as lines:
        return build(
            Point(
                place,
                row["kind"],
                row["key"],
                row["name"],
                tuple(filter(None, row["aliases"].split(";"))),
                row["department"],
                row["title"],
            )
            for place, row in enumerate(csv.DictReader(lines), start=1)
        )


def test_the_shared_sample_is_understood_and_nothing_is_stored_that_should_be_asked() -> None:
    directory = sample_directory()
    wrong, silent, total = [], [], 0
    for row in rows(samples.path("messages_dev.tsv")):
        total += 1
        reading = read(row["message"], row["context"], directory)
        target, score = shown(reading)
        fits = score in row["score_ok"].split("/") and (reading.intent, target) == (row["intent"], row["target"])
        if not fits or reading.expect != row["expect"]:
            wrong.append((row["id"], row["message"], reading.intent, target, score, reading.expect))
        if reading.expect == "accept" and row["expect"] not in {"accept", "accept_or_confirm"}:
            silent.append(row["id"])
    assert silent == []
    assert 1 - len(wrong) / total >= ENOUGH, wrong


def test_families_of_every_block() -> None:
    """``*`` accepts anything, ``|`` separates what is acceptable, ``/`` the scores."""
    wrong, total = [], Counter[str]()
    for row in rows(Path(__file__).with_name("families.tsv")):
        total[row["block"]] += 1
        reading = read(row["message"], row["context"], DIRECTORY)
        target, score = shown(reading)
        fits = (
            row["intent"] == "*" or reading.intent in row["intent"].split("|"),
            row["target"] in {"*", target},
            row["score"] == "*" or score in row["score"].split("/"),
            done_or_asked(reading.expect, row["expect"]),
        )
        if not all(fits):
            wrong.append((row["block"], row["message"], reading.intent, target, score, reading.expect))
    assert len(total) == 27
    assert 1 - len(wrong) / total.total() >= ENOUGH, wrong


@pytest.mark.parametrize("file", ["fresh.tsv", "told.tsv", "heard.tsv"])
def test_messages_written_before_the_rules_met_them(file: str) -> None:
    """Each batch was written and labelled first, run blind, and only then were rules and words made more general.

    Blind, of fresh.tsv 116 of 150 and 43 of 59 were right, of told.tsv 229 of 265, 209 of 253, 204 of 242 and 131 of 152,
    of heard.tsv 217 of 239, 218 of 250, 206 of 244, 157 of 182 and 110 of 130.
    Weak kinds then: irony, conditions, praise without a word of praise, corrections, English, slips nobody has made yet.
    """
    wrong, total = [], 0
    for row in rows(Path(__file__).with_name(file)):
        total += 1
        reading = read(row["message"], row["context"], DIRECTORY)
        target, score = shown(reading)
        fits = (
            row["intent"] == "*" or reading.intent in row["intent"].split("|"),
            row["target"] == "*" or target in row["target"].split("|"),
            row["score"] == "*" or score in row["score"].split("/"),
            done_or_asked(reading.expect, row["expect"]),
        )
        if not all(fits):
            wrong.append((row["block"], row["message"], reading.intent, target, score, reading.expect))
            assert reading.expect != "accept", wrong[-1]
    assert total > 200
    assert 1 - len(wrong) / total >= ENOUGH, wrong


@pytest.mark.parametrize(
    "text",
    [
        "等了150分钟",
        "5号窗口在哪",
        "五分钟就看完了",
        "星期五来的",
        "附近有五星级酒店吗",
        "三楼怎么走",
        "下午3点20分到的",
        "一分钱一分货",
        "我女儿5岁",
        "2026-11-05看的病",
        "交了500元",
        "十分感谢大家",
    ],
)
def test_numbers_that_are_no_score(text: str) -> None:
    for context in ("-", "scan:W03", "ask_score:D01"):
        reading = read(text, context, DIRECTORY)
        assert reading.expect not in {"accept", "accept_or_confirm"}, (context, reading)


@given(
    st.text(max_size=700), st.sampled_from(["-", "menu", "ask_score:D01", "ask_comment:D01", "scan:W03", "scan:gone"])
)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read(text: str, context: str) -> None:
    assert read(text, context, DIRECTORY).intent in INTENTS


_PIECES = [
    "张伟",
    "医生",
    "5星",
    "不",
    "非常",
    "满意",
    "等了",
    "小时",
    "的",
    "真的",
    "投诉",
    "号窗口",
    "一",
    "吗",
    ",",
    "😀",
    "T-2611",
    "建议",
    "没有",
    "[强]",
    "差评",
    "排队",
    "态度",
    "zhang",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=120).map("".join))
@settings(max_examples=200, deadline=None)
def test_any_mixture_of_our_words_is_read(text: str) -> None:
    assert read(text, "-", DIRECTORY).intent in INTENTS


@pytest.mark.parametrize(
    "piece", ["真的", "非常", "不", "等了", "张", "一", "5", "zhang", "态度", "了", "差", "很", "没有", "a "]
)
def test_the_longest_message_costs_little_whatever_it_repeats(piece: str) -> None:
    """2,048 bytes are all the platform sends; no pattern may go astray in them."""
    text = (piece * 1500)[:1500]
    read(text, "-", DIRECTORY)
    began = time.process_time()
    read(text, "-", DIRECTORY)
    assert time.process_time() - began < 1.0


def test_a_title_is_no_part_of_a_misspelt_name() -> None:
    directory = build(
        [Point(1, "staff", "S1", "张福生", title="主治医师"), Point(2, "staff", "S2", "张敏", title="主治医师")]
    )
    reading = read("张医生5星", "-", directory)
    assert (reading.expect, {point.key for point in reading.candidates}) == ("ask_target", {"S1", "S2"})
    assert shown(read("张富生5星", "-", directory)) == ("S1", "5")
    assert read("张富生5星", "-", directory).expect == "accept_or_confirm"


@pytest.mark.parametrize(
    "text", ["给张伟5星吗", "张伟医生5星才怪", "呵呵，张伟5星", "张伟5星？", "张伟5星，态度太差了"]
)
def test_irony_questions_and_contradictions_are_asked_about(text: str) -> None:
    assert read(text, "-", DIRECTORY).expect != "accept"


@pytest.mark.parametrize("text", ["周五找张伟看的", "12岁的孩子看张伟", "张伟给我开了5盒药"])
def test_nothing_is_held_against_somebody_only_named(text: str) -> None:
    assert read(text, "-", DIRECTORY).expect == "ask_score"
