"""What the README and the manuals tell people to type exists, and what they point at is there."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from feedback_app.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
MANUALS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_two_commands_are_the_two_of_run_py() -> None:
    told = re.findall(r"^python3 run\.py ?(\w*)", README, re.MULTILINE)
    assert told == ["", "test"]
    wrong = subprocess.run([sys.executable, "run.py", "nonsense"], cwd=ROOT, capture_output=True, text=True)
    assert wrong.returncode == 1
    assert {"python3 run.py", "python3 run.py test"} <= {line.split("  ")[0] for line in wrong.stderr.splitlines()}


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.name)
def test_commands_in_the_manuals_exist(manual: Path) -> None:
    """Whatever stands in code after ``service-star`` and is no option is a command."""
    known = set(main.places())
    for typed in re.findall(
        r"(?:^|[`/])service-star ((?:--config \S+ )?)([a-z][a-z-]*)", manual.read_text("utf-8"), re.MULTILINE
    ):
        assert typed[1] in known, f"{manual.name}: service-star {typed[1]}"


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.name)
def test_options_in_the_manuals_exist(manual: Path) -> None:
    for name, rest in re.findall(r"service-star ([a-z][a-z-]*)((?: [^`\n]+)?)", manual.read_text("utf-8")):
        command = main.program.get_command(click.Context(main.program), name)
        if command is None or isinstance(command, click.Group):
            continue
        offered = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<= )--[a-z-]+", rest)) <= offered, f"{manual.name}: service-star {name}{rest}"
