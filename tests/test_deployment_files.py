"""Issue 8, item 6: what deploy/ and the manuals tell an operator to do can be done: every command, unit, file and name in them exists."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from feedback_app.cli.main import program
from feedback_app.settings import Settings
from tests.waiting import until

ROOT = Path(__file__).parent.parent
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.*"))
MANUALS = [ROOT / "README.md", ROOT / "docs" / "operator.md", *sorted((ROOT / "docs" / "runbook").glob("*.md")), *UNITS]
_COMMAND = re.compile(r"(?:^|(?<=\s))(?:[\w./-]*bin/)?service-star ((?:[^`\n#&|;（）。，]|\\\n)*)")
_METAVARIABLE = re.compile(r"[^\x00-\x7f]|…|\.\.\.")


def commands(file: Path) -> Iterator[list[str]]:
    """The words after ``service-star`` wherever a manual writes it as something to type."""
    text = file.read_text("utf-8")
    typed = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S)) + [
        line for block in re.findall(r"```\w*\n(.*?)```", text, re.S) for line in block.splitlines()
    ]
    if file.suffix == ".service":
        typed = re.findall(r"^Exec\w+=(.*)$", text, re.M)
    for line in typed:
        for told in _COMMAND.findall(line):
            words = shlex.split(re.sub(r"\$\(.*?\)", "X", told.strip("'\" ")), comments=True)
            if words and not words[0].startswith(("-web", "-work")):
                yield words


def problem(words: list[str]) -> str:
    """What click would say of it; "" when it parses. Arguments that a manual leaves open stand for anything."""
    context = click.Context(program)
    current: click.Command = program
    left = list(words)
    if left == ["--version"]:
        return ""
    while left and left[0].startswith("--config"):
        left = left[2:] if left[0] == "--config" else left[1:]
    while isinstance(current, click.Group) and left:
        found = current.get_command(context, left[0])
        if found is None:
            return f"no such command: {left[0]}"
        current, left = found, left[1:]
    known = {
        name: one
        for one in current.params
        if isinstance(one, click.Option)
        for name in (*one.opts, *one.secondary_opts)
    }
    for word in left:
        name = word.partition("=")[0]
        if word.startswith("-") and name not in known and name != "--help":
            return f"no such option: {word}"
    plain = [one for one in left if not one.startswith("-")]
    takes = [one for one in current.params if isinstance(one, click.Argument)]
    values = sum(not known[one.partition("=")[0]].is_flag for one in left if one.partition("=")[0] in known)
    most = sum(99 if one.nargs < 0 else one.nargs for one in takes)
    return f"too many words: {left}" if len(plain) - values > most else ""


@pytest.mark.parametrize("file", MANUALS, ids=lambda file: file.name)
def test_every_command_of_the_manuals_exists_with_its_options(file: Path) -> None:
    wrong = {" ".join(words): said for words in commands(file) if (said := problem(words))}
    assert not wrong


def test_the_reader_of_manuals_finds_commands_and_mistakes() -> None:
    found = [words for file in MANUALS for words in commands(file)]
    assert len(found) >= 30 and ["drill"] in found and ["pilot", "choose", "XN", "EK", "SF"] in found
    assert problem(["drill"]) == problem(["verify", "--head", "SIZE:ROOT"]) == problem(["--config", "x", "check"]) == ""
    assert "no such command" in problem(["drills"]) and "no such option" in problem(["verify", "--heads", "x"])
    assert "too many words" in problem(["drill", "now"])


def test_every_setting_that_a_manual_names_exists() -> None:
    for file in MANUALS[:-1]:
        for section, key in re.findall(r"`(?:\[)?([a-z]+)\.([a-z_]+)(?: = [^`]*)?`", file.read_text("utf-8")):
            if section in Settings.model_fields:
                kind: Any = Settings.model_fields[section].annotation
                assert key in kind.model_fields, f"{file.name}: {section}.{key}"


def test_every_page_of_the_runbook_is_in_its_list() -> None:
    folder = ROOT / "docs" / "runbook"
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", (folder / "README.md").read_text("utf-8")))
    assert listed == {file.name for file in folder.glob("*.md")} - {"README.md"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_systemd_reads_every_unit(tmp_path: Path) -> None:
    """Our own paths are put where something can be executed; everything else is as it will stand in /etc."""
    stand_in = tmp_path / "service-star"
    stand_in.write_text("#!/bin/sh\n")
    stand_in.chmod(0o755)
    for file in UNITS:
        text = file.read_text("utf-8").replace("/opt/service-star/.venv/bin/service-star", str(stand_in))
        (tmp_path / file.name).write_text(text, "utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", *[tmp_path / file.name for file in UNITS]], capture_output=True, text=True
    ).stderr
    ours = [line for line in said.splitlines() if "service-star" in line]
    assert ours == []


def test_units_belong_together() -> None:
    names = {file.name for file in UNITS}
    assert {file.stem for file in UNITS if file.suffix == ".timer"} <= {
        file.stem for file in UNITS if file.suffix == ".service"
    }
    told = set(re.findall(r"service-star-[a-z]+(?:\.timer)?", (ROOT / "docs" / "operator.md").read_text("utf-8")))
    told -= {file.name for file in (ROOT / "deploy").glob("service-star-*")}
    assert {one if "." in one else f"{one}.service" for one in told} <= names


def test_the_compose_file_holds_together() -> None:
    """Services, secrets, volumes and commands that it names exist; the address in its comment is one that settings take."""
    text = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")
    told = yaml.safe_load(text)
    services = told["services"]
    assert {"web", "work", "database", "proxy"} <= set(services)
    for name, one in services.items():
        assert set(one.get("depends_on", [])) <= set(services), name
        assert set(one.get("secrets", [])) <= set(told["secrets"]), name
        for volume in one.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith("./") or source in told["volumes"], volume
        if "image" not in one:
            built = one["build"]
            assert (ROOT / "deploy" / built["context"] / built["dockerfile"]).is_file()
            assert not problem(one.get("command", ["serve"]))
    assert "web:8000" in text and "database:5432" in text


def test_the_container_runs_commands_that_exist() -> None:
    text = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
    (entry,) = re.findall(r'^ENTRYPOINT \["(.*)"\]$', text, re.M)
    assert entry == "/opt/service-star/.venv/bin/service-star"
    (command,) = re.findall(r"^CMD (\[.*\])$", text, re.M)
    assert not problem(yaml.safe_load(command))
    assert "run.py setup --wheelhouse" in text and (ROOT / "run.py").is_file()


def test_without_systemd_what_ends_is_started_again_until_it_is_stopped(tmp_path: Path) -> None:
    """The keeper of deploy/service-star-run, around a command that says when it begins and when it is asked to end."""
    told = tmp_path / "told"
    stand_in = tmp_path / "service-star"
    stand_in.write_text(
        f"#!/bin/sh\ntrap 'echo ended >> {told}; exit' TERM\necho $$ $* >> {told}\nwhile :; do sleep 0.1; done\n"
    )
    stand_in.chmod(0o755)
    around = {**os.environ, "SERVICE_STAR_COMMAND": str(stand_in), "SERVICE_STAR_RUN": str(tmp_path)}

    def begun() -> list[str]:
        return [line for line in (told.read_text() if told.exists() else "").splitlines() if line.endswith(" work --x")]

    keeper = subprocess.Popen(["sh", ROOT / "deploy" / "service-star-run", "keep", "work", "work", "--x"], env=around)
    try:
        until(lambda: len(begun()) == 1, "the command begins", tmp_path)
        assert (tmp_path / "work.pid").read_text().strip() == str(keeper.pid)
        os.kill(int(begun()[0].split()[0]), signal.SIGKILL)
        until(lambda: len(begun()) == 2, "it begins again", tmp_path)
    finally:
        keeper.terminate()
        assert keeper.wait(60) == 0
    assert told.read_text().endswith("ended\n") and not (tmp_path / "work.pid").exists()


def test_the_shell_scripts_parse() -> None:
    for name in ("service-star", "service-star-run"):
        assert subprocess.run(["sh", "-n", ROOT / "deploy" / name], check=False).returncode == 0
