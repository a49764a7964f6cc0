"""``service-star stars …`` as an operator would call it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedback_app.cli._common import Session
from feedback_app.cli.stars import stars
from feedback_app.errors import NotFound, Refused
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.star_ratings import october


class Configured(Session):
    """The command's surroundings with the settings of the test."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(Path("config.toml"))
        self._settings = settings

    def settings(self) -> Settings:
        return self._settings


def call(runtime: Runtime, *words: str) -> Result:
    return CliRunner().invoke(stars, words, obj=Configured(runtime.settings), catch_exceptions=False)


def test_dry_run_then_close_then_publish(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
    chosen = ("--award", "monthly", "--period", "2026-10")
    dry = json.loads(call(runtime, "close", *chosen, "--dry-run", "--json").stdout)
    assert dry["provisional"] is True
    assert json.loads(call(runtime, "list").stdout.splitlines()[1])["state"] == "open"
    first = json.loads(call(runtime, "close", *chosen, "--json").stdout)
    second = json.loads(call(runtime, "close", *chosen, "--json").stdout)
    assert first == second
    assert (first["provisional"], first["verified"], first["hash"]) == (False, False, dry["hash"])
    assert [row["key"] for row in first["leagues"][0]["rows"]] == ["D01", "D02", "D03"]
    published = call(runtime, "publish", *chosen, "--by", "王主任")
    assert (published.exit_code, published.stdout) == (0, "")
    assert json.loads(call(runtime, "list").stdout.splitlines()[1])["published_by"] == "王主任"


def test_talk_goes_to_standard_error(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        october(session)
    result = call(runtime, "close", "--award", "monthly", "--period", "2026-10")
    assert result.stdout == ""
    assert "doctors: 2 of 3 on the board" in result.stderr


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("close", "--award", "monthly", "--period", "2026-11"), Refused),
        (("close", "--award", "monthly", "--period", "October"), Refused),
        (("close", "--award", "nobel", "--period", "2026-10"), NotFound),
        (("publish", "--award", "monthly", "--period", "2026-10", "--by", "x"), NotFound),
    ],
)
def test_refusals_carry_a_code_that_has_words(runtime: Runtime, words: tuple[str, ...], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        call(runtime, *words)
