"""The questions after a complaint: whatever is answered, few, each once, and always an end."""

import json

from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import intake
from feedback_app.domain.contact_details import addresses, shortened
from feedback_app.domain.intake import MOST_QUESTIONS, SLOTS, Draft

_SLOTS = st.sets(st.sampled_from([*SLOTS, "who", "made-up"]))
_MOVES = st.lists(
    st.tuples(st.sampled_from(["heard", "corrected", "skipped", "resumed", "ended"]), _SLOTS), max_size=12
)


def moved(draft: Draft, move: str, told: set[str]) -> Draft:
    if move in {"heard", "corrected"}:
        return {"heard": intake.heard, "corrected": intake.corrected}[move](draft, told)
    return {"skipped": intake.skipped, "resumed": intake.resumed, "ended": intake.ended}[move](draft)


@given(_SLOTS, _MOVES)
def test_few_questions_each_once_and_never_about_what_is_known(
    first: set[str], moves: list[tuple[str, set[str]]]
) -> None:
    draft = intake.begun(first)
    for move, told in moves:
        draft = moved(draft, move, told)
        assert len(draft.asked) == len(set(draft.asked)) <= MOST_QUESTIONS
        assert not set(draft.told) & {draft.open}
        assert not set(draft.skipped) & {draft.open}
        assert draft.open == "" or draft.open == draft.asked[-1]
        assert Draft.restored(json.loads(json.dumps(draft.stored()))) == draft


@given(_SLOTS, st.lists(st.one_of(st.none(), _SLOTS), min_size=MOST_QUESTIONS, max_size=MOST_QUESTIONS))
def test_it_ends_after_as_many_answers_as_questions(first: set[str], answers: list[set[str] | None]) -> None:
    draft = intake.begun(first)
    for told in answers:
        draft = intake.skipped(draft) if told is None else intake.heard(draft, told)
    assert draft.open == ""


@given(_SLOTS, _MOVES)
def test_what_was_told_stays_told(first: set[str], moves: list[tuple[str, set[str]]]) -> None:
    draft = intake.begun(first)
    for move, told in moves:
        after = moved(draft, move, told)
        assert set(draft.told) <= set(after.told)
        draft = after
    assert intake.ended(draft).open == "" == intake.skipped(intake.ended(draft)).open


@given(st.text(max_size=60))
def test_anything_may_have_been_kept(text: str) -> None:
    assert Draft.restored({"told": [text], "open": text, "asked": text}).open in ("", *SLOTS)


def test_numbers_of_people_are_shortened() -> None:
    said = "我电话13912345678，身份证330106199001011234，办公室0571-88880120，wang.fang@example.com"
    assert addresses(said) == ("13912345678", "0571-88880120", "wang.fang@example.com")
    for number in ("13912345678", "330106199001011234", "88880120", "wang.fang@"):
        assert number not in shortened(said)
    assert "139****5678" in shortened(said)
    assert shortened("等了150分钟，交了5000元，T-2611-0417") == "等了150分钟，交了5000元，T-2611-0417"
