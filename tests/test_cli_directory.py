"""``service-star import``: what goes to which stream, and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedback_app.cli._common import Session
from feedback_app.cli.directory import import_
from feedback_app.db.directory import ServicePoint
from feedback_app.services.runtime import Runtime
from tests.test_cli_operations import toml_of

GOOD = "工号,姓名,科室\nD09,单晓,儿科\n"
BAD = GOOD + "D10,,儿科\n"


class Command:
    def __init__(self, runtime: Runtime, folder: Path) -> None:
        self.runtime, self.folder = runtime, folder
        self.config = folder / "config.toml"
        self.config.write_text(toml_of(runtime.settings), "utf-8")

    def __call__(self, kind: str, content: str | bytes, *options: str) -> Result:
        file = self.folder / "名单.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode("gb18030"))
        return CliRunner().invoke(import_, [kind, str(file), *options], obj=Session(self.config))

    def has(self, key: str) -> bool:
        with self.runtime.reading() as session:
            return session.query(ServicePoint).filter_by(key=key).count() == 1


@pytest.fixture
def command(runtime: Runtime, tmp_path: Path) -> Command:
    return Command(runtime, tmp_path)


def test_a_good_list(command: Command) -> None:
    done = command("staff", GOOD, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["imported"], told["added"], told["rejected"], told["form"]) == (True, 1, 0, "gb18030 ,")
    assert "1 added" in done.stderr
    assert command.has("D09")


def test_a_dry_run_changes_nothing(command: Command) -> None:
    done = command("staff", GOOD, "--dry-run")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing was imported" in done.stderr
    assert not command.has("D09")


def test_a_wrong_row_is_told_with_line_and_column_and_stops_the_import(command: Command) -> None:
    done = command("staff", BAD, "--json")
    assert done.exit_code == 1
    assert "line 3: 姓名" in done.stderr
    assert json.loads(done.stdout)["rejected_rows"][0] | {"reason": ""} == {
        "line": 3, "column": "姓名", "code": "directory.cell_empty", "reason": ""
    }  # fmt: skip
    assert not command.has("D09")


def test_the_good_rows_on_request(command: Command) -> None:
    done = command("staff", BAD, "--skip-bad")
    assert done.exit_code == 1
    assert command.has("D09")


def test_new_departments_on_request(command: Command) -> None:
    content = "工号,姓名,科室\nD09,单晓,眼科\n"
    assert command("staff", content).exit_code == 1
    assert "--create-departments" in command("staff", content).stderr
    done = command("staff", content, "--create-departments")
    assert (done.exit_code, command.has("眼科")) == (0, True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(range(256)),
        "甲,乙\n1,2\n".encode(),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99,
        b"x" * (11 * 1024 * 1024),
    ],
)
def test_an_unreadable_file(command: Command, content: bytes) -> None:
    done = command("staff", content)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "名单.csv: " in done.stderr


def test_a_long_list_tells_how_far_it_is(command: Command) -> None:
    content = "工号,姓名\n" + "".join(f"X{number},张伟\n" for number in range(600))
    done = command("staff", content)
    assert [line for line in done.stderr.splitlines() if line.startswith("importing:")][
        -1
    ] == "importing: 100 % (600 of 600)"


def test_every_kind_shows_an_example() -> None:
    for kind in import_.commands:
        assert "Example: service-star import" in CliRunner().invoke(import_, [kind, "--help"]).output
