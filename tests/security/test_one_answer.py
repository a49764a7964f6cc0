"""Issue 9, shown by 5: no page, export, message or reply, and nothing that follows from all of them, tells one patient's answer.

``bench.one_answer`` does the same with more days and more hospitals.
"""

from pathlib import Path

from tests.security import one_answer
from tests.security.leaks import LEAKS
from tests.security.one_answer import PLANTED

DAYS = ("2026-11-04T12:00+08:00", "2026-12-05T12:00+08:00")


def test_hospitals_in_which_single_answers_differ_look_the_same_to_everybody_together(tmp_path: Path) -> None:
    visits = one_answer.drawn(1)
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    real = one_answer.opened(tmp_path / "one", LEAKS)
    others = one_answer.handed_round(visits, real.runtime, seed=1)
    assert len(one_answer.otherwise(visits, [others])) > len(visits) / 3
    one_answer.live(real, visits, DAYS)
    imagined = one_answer.live(one_answer.opened(tmp_path / "other", LEAKS), others, DAYS)
    pages = {address for _, _, address in real.seen}
    for page in (
        "/staff/",
        "/staff/activities",
        "/admin/figures/unit",
        "/admin/reports/month.xlsx?month=2026-11",
        "/stars/screen",
    ):
        assert page in pages
    assert any("/admin/figures/unit/themes/" in one for one in pages)
    assert any(one.startswith("thanks:") for one in pages)
    differing = one_answer.differences(real, imagined)
    found = [
        (*key, one_answer.first_difference(real.seen.get(key, ""), imagined.seen.get(key, "")))
        for key in differing
        if key[1] != PLANTED
    ]
    assert found == []
    assert {address for _, who, address in differing if who == PLANTED} == set(LEAKS), "a leak would have been found"
