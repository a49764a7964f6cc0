"""The table of moves and the moments of reminding, whatever happens in whatever order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import complaints as rules
from feedback_app.domain import reminders
from feedback_app.errors import Conflict

ACTIONS = sorted({action for moves in rules.MOVES.values() for action in moves})
kinds = st.sampled_from(rules.KINDS)


def lived(steps: list[str], kind: str) -> list[tuple[str, str, int]]:
    """(action, state after, level after) of every step that was possible, beginning open at the first level."""
    state, level, story = rules.OPEN, rules.DEPARTMENT, []
    for action in steps:
        try:
            state = rules.after(state, kind, action, level)
        except Conflict:
            assert action not in rules.moves(state, kind)
            continue
        level = rules.level_after(level, action)
        story.append((action, state, level))
    return story


@given(st.lists(st.sampled_from(ACTIONS), max_size=40), kinds)
def test_every_story_stays_within_the_table(steps: list[str], kind: str) -> None:
    story = lived(steps, kind)
    assert all(state in rules.STATES and rules.DEPARTMENT <= level <= rules.DIRECTOR for _, state, level in story)
    levels = [rules.DEPARTMENT, *(level for _, _, level in story)]
    assert all(later - before in (0, 1) for before, later in zip(levels, levels[1:], strict=False)), (
        "never down, never two"
    )


@given(st.lists(st.sampled_from(ACTIONS), max_size=40), kinds)
def test_nobody_is_content_or_silent_before_there_was_an_answer(steps: list[str], kind: str) -> None:
    answered = False
    for action, state, _ in lived(steps, kind):
        if action in {rules.SETTLE, rules.SILENT, rules.REFUSE} or state == rules.FINAL:
            assert answered or (action == rules.REFUSE and kind in rules.CLOSABLE_UNANSWERED)
        if state == rules.CLOSED and kind not in rules.CLOSABLE_UNANSWERED:
            assert answered
        answered = answered or action == rules.ANSWER


@given(st.lists(st.sampled_from(ACTIONS), max_size=60))
def test_the_end_comes_only_after_the_director_and_only_a_new_beginning_leaves_it(steps: list[str]) -> None:
    before = rules.OPEN
    for action, state, level in lived(steps, "complaint"):
        if state == rules.FINAL and before != rules.FINAL:
            assert (action, level) == (rules.REFUSE, rules.DIRECTOR)
        if before == rules.FINAL and state != rules.FINAL:
            assert action == rules.REOPEN
        before = state


def test_three_refusals_lead_to_the_end() -> None:
    steps = [rules.ANSWER, rules.REFUSE] * 3
    assert [(state, level) for _, state, level in lived(steps, "complaint")] == [
        ("answered", 1), ("open", 2), ("answered", 2), ("open", 3), ("answered", 3), ("final", 3),
    ]  # fmt: skip


def test_what_was_merged_is_not_moved_any_more() -> None:
    assert rules.moves(rules.MERGED, "complaint") == {rules.NOTE}


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (
            5,
            {1: "", 3: "begun", 4: "near", 5: "due", 6: "late:1", 7: "late:1", 8: "late:3", 12: "late:3", 13: "late:8"},
        ),
        (10, {5: "", 6: "begun", 9: "near", 10: "due", 11: "late:1", 13: "late:3", 18: "late:8", 23: "late:13"}),
        (2, {0: "", 1: "near", 2: "due", 3: "late:1"}),
    ],
)
def test_each_moment_comes_on_its_working_day(allowed: int, expected: dict[int, str]) -> None:
    found = {gone: reminders.stage(gone, allowed, taken=True) for gone in expected}
    assert {gone: stage.key if stage else "" for gone, stage in found.items()} == expected


@given(st.integers(0, 60), st.sampled_from([2, 3, 5, 10]), st.booleans(), st.integers(1, 3))
def test_a_reached_moment_stays_reached_and_more_people_learn_of_it(
    gone: int, allowed: int, taken: bool, level: int
) -> None:
    now = reminders.stage(gone, allowed, taken=taken, level=level)
    later = reminders.stage(gone + 1, allowed, taken=taken, level=level)
    if now is not None:
        assert later is not None
    if now is not None and later is not None and now.word == later.word:
        assert set(now.to) <= set(later.to)
    if gone > allowed and later is not None:
        assert reminders.BUREAU in later.to, "what is overdue is never left to its owner alone"


def test_who_has_not_taken_a_case_is_no_reason_for_silence() -> None:
    stage = reminders.stage(1, 5, taken=False)
    assert stage is not None and (stage.word, stage.to) == ("untaken", ("office",))
    assert reminders.stage(1, 5, taken=True) is None
