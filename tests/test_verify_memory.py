"""Verifying holds the edge of the evidence tree in memory, never the tree; and no stored node can be too many."""

from collections.abc import Callable

import pytest

from feedback_app.db.directory import ServicePoint
from feedback_app.db.evidence import EvidenceNode
from feedback_app.services import evidence, verification
from feedback_app.services.runtime import Runtime
from tests.test_silence import send

Lookup = Callable[[str], ServicePoint]


def found(runtime: Runtime) -> list[tuple[str, str]]:
    with runtime.transaction() as session:
        return [(one.what, one.where) for one in verification.first_problems(session, runtime.vault, runtime.now())]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("change", "where"),
    [("", ""), ("alter", "node:1/2"), ("remove", "node:0/4"), ("add", "node:0/11"), ("above", "node:9/0")],
)
def test_a_node_that_is_other_missing_or_too_many_is_named(
    runtime: Runtime, point: Lookup, change: str, where: str
) -> None:
    send(runtime, point("D01"), (3, 2, 2, 2, 2))
    with runtime.transaction() as session:
        assert evidence.give_places(session) == 11
        if change == "alter":
            session.get_one(EvidenceNode, (1, 2)).hash = "0" * 64
        if change == "remove":
            session.delete(session.get_one(EvidenceNode, (0, 4)))
        if change in {"add", "above"}:
            level, place = (0, 11) if change == "add" else (9, 0)
            session.add(EvidenceNode(level=level, place=place, hash="0" * 64))
    assert found(runtime) == ([("node_altered", where)] if change else [])
