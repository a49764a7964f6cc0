"""One hundredth of ``bench.flood``: 1,000 messages of 81 senders through the application as it is served."""

from pathlib import Path

from bench.flood import FAST, flood

SENDERS = 100


def test_what_grows_with_messages_is_bounded_or_tidied_away(tmp_path: Path) -> None:
    result = flood(1_000, SENDERS, tmp_path)
    people = SENDERS - FAST + 1
    assert result.refused == 0
    assert result.rows["inbound_messages"] == 1_000
    assert result.rows["people"] == people and result.rows["conversations"] <= people
    assert "inbound_messages" not in result.tidied and "buckets" not in result.tidied
    assert result.silent > 10  # the fast one is told once, then heard no more
    assert result.parts[-1].memory - result.parts[1].memory < 16 * 2**20
