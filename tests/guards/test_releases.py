"""What is released stays as it was: databases of hospitals were made by it."""

import tomllib
from pathlib import Path

from feedback_app import __version__
from tests.releases import NEXT, RELEASED, VERSIONS, digest

ROOT = Path(__file__).parents[2]


def test_released_migrations_never_change() -> None:
    assert {name: digest(name) for name in RELEASED} == {name: known for name, (_, known) in RELEASED.items()}


def test_one_migration_at_most_waits_for_the_next_release() -> None:
    waiting = {file.name for file in VERSIONS.glob("*.py")} - set(RELEASED)
    assert waiting <= {f"{NEXT}_unreleased.py"}


def test_the_version_is_the_same_everywhere() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == __version__
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    base, _, development = __version__.partition(".dev")
    assert f"## Unreleased ({base})\n" in changes if development else f"## {base} - " in changes
    assert all(f"## {version} - " in changes for version, _ in RELEASED.values())
