"""The simulation of the ranking study against our own code, a tenth of it: the chosen method beats what it replaces."""

from bench.ranking import WORLDS, measure


def test_the_announced_are_truly_good_and_thirty_fakes_buy_little() -> None:
    found = measure(WORLDS["base"], doctors=300, rounds=2)
    ours, raw, bounded = found["ours"], found["raw mean"], found["Wilson, five stars"]
    assert ours.top_true >= 90 and ours.top_true > raw.top_true + 10
    assert ours.spearman_same > 0.955 and ours.spearman_same > max(raw.spearman_same, bounded.spearman_same)
    assert ours.gained < raw.gained and ours.gained < bounded.gained
