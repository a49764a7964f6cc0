"""Which of several rules decides what is asked: the narrower one, then the one for a time span, then the newer one. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Rule:
    """An empty field does not narrow; ``starts_at`` is included, ``ends_at`` is not."""

    id: int
    set_key: str
    kind: str = ""
    department_id: int | None = None
    category: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """The service point that is being rated; a department belongs to itself."""

    kind: str
    department_id: int | None
    category: str


def fits(rule: Rule, asked: Asked, now: datetime) -> bool:
    """Whether the rule speaks of this service point at this moment."""
    return (
        rule.kind in {"", asked.kind}
        and rule.department_id in {None, asked.department_id}
        and rule.category in {"", asked.category}
        and (rule.starts_at is None or rule.starts_at <= now)
        and (rule.ends_at is None or now < rule.ends_at)
    )


def in_order(rules: Iterable[Rule], asked: Asked, now: datetime) -> list[Rule]:
    """The rules that fit, the deciding one first."""
    return sorted((rule for rule in rules if fits(rule, asked, now)), key=_weight, reverse=True)


def _weight(rule: Rule) -> tuple[int, bool, int]:
    narrow = 4 * (rule.department_id is not None) + 2 * bool(rule.category) + bool(rule.kind)
    return narrow, rule.starts_at is not None or rule.ends_at is not None, rule.id
