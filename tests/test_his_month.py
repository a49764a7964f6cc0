"""Issue 10, shown by 1: a month of visits, some twice, some broken: right to the row, and every rule kept. Whole: bench.his_month."""

from pathlib import Path

from bench import his_month


def test_a_small_month_is_right_to_the_row_and_keeps_every_rule(tmp_path: Path) -> None:
    done = his_month.run(tmp_path, 3000, 12)
    assert done.differences == 0
    assert done.broken_rules == []
    assert done.known > 0 and done.changed > 0 and done.rejected > 0
    assert done.invited > 100 and done.figures.ways[1].answered == done.answered > 0
    assert sum(done.figures.not_invited.values()) + done.invited == done.stored
    assert {"quiet", "no_contact", "lately", "silence"} <= set(done.figures.not_invited)
