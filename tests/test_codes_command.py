"""service-star codes …: what scripts rely on."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from feedback_app.cli import codes as command
from feedback_app.db.directory import ServicePoint
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests import reading
from tests.test_codes_service import EVERYBODY


class Door:
    """Stands where ``cli._common.Session`` stands, on the configuration of the test."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def runtime(self) -> Any:
        from feedback_app.services.runtime import opened

        return opened(self._settings)


def run(runtime: Runtime, *words: str | Path) -> Result:
    found = CliRunner().invoke(command.group, [str(word) for word in words], obj=Door(runtime.settings))
    assert not isinstance(found.exception, AssertionError | TypeError | KeyError | AttributeError), found.output
    return found


def rows(result: Result) -> list[dict[str, str]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_list_has_exactly_the_promised_fields(runtime: Runtime) -> None:
    listed = rows(run(runtime, "list", "--format", "jsonl"))
    assert len(listed) == EVERYBODY
    assert {tuple(row) for row in listed} == {("code", "url", "kind", "key", "name", "status")}
    assert {row["kind"] for row in listed} == {"staff", "window", "logistics", "department"}
    assert {row["url"] for row in listed} == {f"http://127.0.0.1:8000/s/{row['code']}" for row in listed}
    assert [row["key"] for row in rows(run(runtime, "list", "--kind", "window"))] == ["W01", "W03"]
    assert rows(run(runtime, "list")) == listed
    table = run(runtime, "list", "--format", "table", "--key", "L02").stdout
    assert table.count("\n") == 1
    assert "食堂" in table


@pytest.mark.parametrize("form", ["png", "svg"])
def test_every_picture_leads_to_its_address(runtime: Runtime, tmp_path: Path, form: str) -> None:
    addresses = {f"{row['kind']}_{row['key']}.{form}": row["url"] for row in rows(run(runtime, "list"))}
    assert run(runtime, "export", "--out", tmp_path / "out", "--format", form).exit_code == 0
    written = {file.name: file for file in (tmp_path / "out").iterdir()}
    assert set(written) == set(addresses)
    for name, file in written.items():
        seen = reading.read_png(file.read_bytes()) if form == "png" else reading.read_svg(file.read_text("utf-8"))
        assert seen == [addresses[name]]


@pytest.mark.parametrize("layout", ["stand", "badge", "sheet"])
def test_every_sheet_leads_to_its_addresses(runtime: Runtime, tmp_path: Path, layout: str) -> None:
    done = run(runtime, "export", "--out", tmp_path, "--format", "pdf", "--layout", layout, "--department", "XN")
    wanted = sorted(row["url"] for row in rows(run(runtime, "list", "--department", "XN")))
    pages = reading.pages((tmp_path / f"{layout}.pdf").read_bytes())
    assert done.exit_code == 0
    assert sorted(text for page in pages for text in reading.read(page)) == wanted
    assert "127.0.0.1" in done.stderr  # told that nobody else can open this address


def test_retire_and_reissue(runtime: Runtime) -> None:
    first = rows(run(runtime, "list", "--key", "D01"))[0]["code"]
    typed = f"{first[:4]}-{first[4:8]}-{first[8:]}".lower()
    new = rows(run(runtime, "reissue", typed, "--why", "丢失"))[0]
    assert (new["instead_of"], new["name"]) == (first, "张伟")
    stopped = rows(run(runtime, "retire", new["code"]))[0]
    assert (stopped["code"], stopped["status"]) == (new["code"], "retired")
    statuses = {row["code"]: row["status"] for row in rows(run(runtime, "list", "--key", "D01"))}
    assert statuses[first] == statuses[new["code"]] == "retired"


def test_wrong_calls_say_so(runtime: Runtime, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    assert run(runtime, "export", "--out", in_the_way).exit_code == 2
    assert run(runtime, "export", "--out", tmp_path, "--layout", "poster").exit_code == 2
    assert getattr(run(runtime, "retire", "0000-0000-0000").exception, "code", "") == "codes.forged"
    assert (
        getattr(run(runtime, "export", "--out", tmp_path, "--key", "nobody").exception, "code", "") == "codes.nothing"
    )


@pytest.mark.parametrize("name", ["list", "export", "retire", "reissue"])
def test_every_command_shows_an_example(runtime: Runtime, name: str) -> None:
    assert f"Example: service-star codes {name}" in " ".join(run(runtime, name, "--help").stdout.split())


def test_resting_windows_are_listed_as_paused_and_exported(runtime: Runtime, tmp_path: Path) -> None:
    with runtime.transaction() as session:
        session.query(ServicePoint).filter_by(key="W03").one().active = False
    listed = rows(run(runtime, "list", "--kind", "window"))
    assert [(row["key"], row["status"]) for row in listed] == [("W01", "active"), ("W03", "paused")]
    assert run(runtime, "export", "--out", tmp_path / "out", "--format", "png", "--kind", "window").exit_code == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"window_W01.png", "window_W03.png"}
