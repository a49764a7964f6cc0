"""Issue 8, shown by 7: three hospitals, two nodes and a worker from one folder of configurations; a tenth of bench/group."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.group import run
from feedback_app.cli.main import program
from tests.conftest import chosen_kind

pytestmark = pytest.mark.journey
SEEN = {
    "routes": 200, "pages": 200, "addresses of another": 20, "secret links refused": 50, "cookies refused": 20, "api keys refused": 20,
    "callbacks refused": 10, "pushes by webhook out": 3, "pushes by mail": 3, "pushes by wecom": 3, "rows of tables": 1000,
    "lists of the command line": 12, "backups refused": 6, "logs": 9,
}  # fmt: skip
"""How much must have been looked at at least, or it shows nothing."""


def test_everything_of_three_hospitals_holds_nothing_of_the_others(tmp_path: Path) -> None:
    tally = run.look_through(tmp_path, chosen_kind(), short=True)
    print("\n".join(tally.lines()))
    assert tally.wrong == []
    assert {kind: tally.looked[kind] for kind, least in SEEN.items() if tally.looked[kind] < least} == {}
    assert tally.own["pages"] > tally.looked["pages"] / 3, "or the pages tell nothing at all"
    assert tally.own["pages (file)"] > 0, "words are found in files too"
    folder = str(tmp_path / "hospitals")
    checked = CliRunner().invoke(program, ["--config", folder, "check"]).output
    assert [line for line in checked.splitlines() if line.startswith("==")] == ["== bing", "== jia", "== yi"]
    refused = CliRunner().invoke(program, ["--config", folder, "verify"])
    assert refused.exit_code
