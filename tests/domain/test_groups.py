"""Group of five: whatever is told, no sum or difference of it is about one to four people."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import groups

CELLS = st.lists(st.integers(0, 30), max_size=9)
MONTHS = st.lists(st.lists(st.integers(0, 12), max_size=4), max_size=14)


@given(CELLS)
def test_no_cell_and_no_rest_of_a_table_is_fewer_than_five(counts: list[int]) -> None:
    cells = dict(enumerate(counts))
    table = groups.told(cells)
    assert all(n >= groups.LEAST for n in table.shown.values())
    total = sum(counts)
    # What anybody can work out: the sum without any of the cells that are told.
    for size in range(len(table.shown) + 1):
        for some in combinations(table.shown.values(), size):
            left = total - sum(some)
            assert left == 0 or left >= groups.LEAST or total < groups.LEAST
    assert set(table.shown) | set(table.rest) == {key for key, n in cells.items() if n}
    assert table.rest_n == sum(cells[key] for key in table.rest)


@given(CELLS)
def test_nothing_is_hidden_without_need(counts: list[int]) -> None:
    if all(n == 0 or n >= groups.LEAST for n in counts):
        assert not groups.told(dict(enumerate(counts))).rest


@given(MONTHS)
def test_blocks_follow_one_another_and_each_is_enough(months: list[list[int]]) -> None:
    for alone in (True, False):
        made = groups.blocks(months, alone=alone)
        assert [one.first for one in made] == sorted(one.first for one in made)
        for block, after in zip(made, made[1:], strict=False):
            assert block.last < after.first
            assert not any(sum(months[place]) for place in range(block.last + 1, after.first))
        for block in made:
            parts = [sum(months[at][part] for at in range(block.first, block.last + 1) if part < len(months[at])) for part in range(4)]  # fmt: skip
            assert sum(parts) >= groups.LEAST
            if not alone:
                assert all(sum(parts) - part >= groups.LEAST for part in parts)


@given(MONTHS, st.integers(0, 14))
def test_what_was_told_is_never_told_differently_later(months: list[list[int]], earlier: int) -> None:
    before, now = groups.blocks(months[:earlier]), groups.blocks(months)
    assert now[: len(before)] == before


def test_nobody_in_a_month_is_no_reason_to_wait() -> None:
    assert groups.blocks([[0], [7], [0], [2], [3]]) == [groups.Block(1, 1), groups.Block(3, 4)]


def test_a_department_of_one_is_not_told_to_those_who_know_one_part() -> None:
    assert groups.blocks([[40, 0], [30, 2]], alone=False) == []
    assert groups.blocks([[40, 6], [30, 2], [1, 3]], alone=False) == [groups.Block(0, 0), groups.Block(1, 2)]
