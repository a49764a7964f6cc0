"""What is in the repository is meant to be there."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = {".ci", ".dockerignore", ".gitignore", "CHANGELOG.md", "README.md", "bench", "bots", "config.example.toml", "deploy"} | {
    "docs", "feedback_app",
    "pyproject.toml", "qr", "requirements-dev.lock", "requirements.lock", "run.py", "templates", "tests"
}  # fmt: skip


def test_the_top_level_holds_only_what_is_known() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing to compare")
    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(listed.stdout.split()) <= TOP
