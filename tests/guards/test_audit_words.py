"""Every action that is written to the audit log, and every purpose of a message, has words for people."""

import re
from pathlib import Path

import pytest

import feedback_app
from feedback_app import texts
from feedback_app.domain import complaints

SOURCES = [path for path in Path(feedback_app.__file__).parent.rglob("*.py") if "migrations" not in path.parts]


def literals(pattern: str) -> set[str]:
    """What stands in the sources where ``pattern`` has its group."""
    return {found for path in SOURCES for found in re.findall(pattern, path.read_text("utf-8"))}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_audited_action_has_words(language: str) -> None:
    actions = literals(r'\baction(?:: str)? ?= ?"(\w+\.\w+)"') | literals(r'\baction ?= ?"\S+" if .* else "(\w+\.\w+)"')
    actions |= {f"case.{move}" for move in complaints.MOVES["answered"]}
    assert {"account.signed_in", "star.published", "account.deactivated", "directory.edited"} <= actions
    missing = {action for action in actions if f"audit.actions.{action}" not in texts.catalogue(language)}
    assert missing == set()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_purpose_has_words(language: str) -> None:
    purposes = literals(r'\bpurpose="(\w+)"')
    assert "complaint_new" in purposes
    assert {name for name in purposes if f"deliveries.purposes.{name}" not in texts.catalogue(language)} == set()
