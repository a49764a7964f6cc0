"""A small run of ``bench.callback_lost``: four workers, every message answered with words and stored once."""

from pathlib import Path

import pytest

from bench.callback_lost import of_ours

pytestmark = pytest.mark.journey


def test_four_workers_answer_and_store_every_message(tmp_path: Path) -> None:
    told, rows = of_ours(160, workers=4, connections=16, folder=tmp_path)
    assert (told.words, told.empty, told.failed, rows) == (160, 0, 0, 160)
