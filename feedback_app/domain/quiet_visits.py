"""Sensitive visits: after a loss, in psychiatry, a child without a guardian. Nobody is invited or reminded then. Pure.

A form behind a code stays open to whoever wants it: only what we would send on our own is muted. In doubt about an age nothing
is assumed; a rule that says nothing never speaks.
"""

from collections.abc import Iterable
from dataclasses import dataclass

REASONS = ("loss", "psychiatry", "minor", "other")
LOSS = "loss"


@dataclass(frozen=True)
class Rule:
    """Mutes where everything that it says is so. ``word`` stands in the name of the place or of its department."""

    why: str
    department_id: int | None = None
    word: str = ""
    outcome: str = ""  # what the visit ended with, such as "loss"
    under_age: int | None = None  # years; of whoever was treated, when no guardian came along

    @property
    def says_something(self) -> bool:
        return self.department_id is not None or bool(self.word or self.outcome) or self.under_age is not None


@dataclass(frozen=True)
class Visit:
    """What is known of a visit; of most only where it was."""

    place: str
    department: str = ""
    department_id: int | None = None
    outcome: str = ""
    age: int | None = None
    with_guardian: bool = False


def fits(rule: Rule, visit: Visit) -> bool:
    """Whether the rule mutes this visit."""
    if not rule.says_something:
        return False
    too_young = rule.under_age is None or (
        visit.age is not None and visit.age < rule.under_age and not visit.with_guardian
    )
    return (
        rule.department_id in {None, visit.department_id}
        and (not rule.word or rule.word in visit.place or rule.word in visit.department)
        and rule.outcome in {"", visit.outcome}
        and too_young
    )


def muting(rules: Iterable[Rule], visit: Visit) -> Rule | None:
    """The first rule that mutes the visit; None: one may invite."""
    return next((rule for rule in rules if fits(rule, visit)), None)
