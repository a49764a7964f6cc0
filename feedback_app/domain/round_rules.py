"""What one selection (一次评选) is: its words, who may be proposed by whom, how many are chosen. Data, frozen at the start."""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from feedback_app.domain.evidence import canonical
from feedback_app.domain.phases import EXPERT_REVIEW, KINDS, VOTE, Phase, checked
from feedback_app.errors import Refused

PROPOSERS = ("patient", "colleague", "self", "unit")
PARTS = ("board", "experts", "votes")
NOMINEES = ("staff", "window", "logistics", "department")
MOST_ITEMS = 12
LONGEST_WORDS = 400


@dataclass(frozen=True)
class Item:
    """One line of the experts' sheet and its most points."""

    title: str
    most: int
    key: str = ""  # of the award's share that it is given for (domain.award_parts.Share)


@dataclass(frozen=True)
class RoundRules:
    """Everything a selection is decided by. ``award`` and ``period``: the leaderboard whose frozen result it uses."""

    title: str
    phases: tuple[Phase, ...]
    theme: str = ""
    slogan: str = ""
    basis: str = ""  # the superior document it follows (S53)
    aims: str = ""
    award: str = ""
    period: str = ""
    nominees: str = "staff"
    categories: tuple[str, ...] = ()  # of the nominees; empty: all
    heads: bool = True  # whether heads of departments may be nominated (P16: not)
    proposers: tuple[str, ...] = ("patient", "colleague", "self")
    finalists: int = 10  # places on the list that is voted on
    winners: int = 5
    per_department: int = 0  # most winners of one department; 0: no limit
    choices: int = 1  # names one ballot may hold
    jury: int = 0  # patients drawn by lot to vote beside everybody else; 0: no jury
    items: tuple[Item, ...] = ()
    second_person: bool = True
    weights: Mapping[str, int] = field(default_factory=dict)  # PARTS -> per cent, 100 in all; empty: see ``shares``
    remind_days: int = 1
    contact: str = ""  # office and phone, shown to everybody

    def has(self, kind: str) -> bool:
        return any(one.kind == kind for one in self.phases)

    @property
    def shares(self) -> Mapping[str, int]:
        """What the result is made of, per cent. Votes count only where there is nothing better (ranking.md C.2: votes alone
        put the most visited first); otherwise they stand beside the result."""
        if self.weights:
            return self.weights
        if self.award:
            return {"board": 100}  # where the award's own scheme puts patients, experts and all else together
        return {"experts": 100} if self.has(EXPERT_REVIEW) else {"votes": 100}

    @property
    def most_points(self) -> int:
        return sum(one.most for one in self.items)


def to_body(rules: RoundRules) -> dict[str, Any]:
    """JSON that :func:`parse` turns back into equal rules."""
    body = dataclasses.asdict(rules)
    body["phases"] = [
        {"kind": one.kind, "first": one.first.isoformat(), "last": one.last.isoformat()} for one in rules.phases
    ]
    for name in ("categories", "proposers"):
        body[name] = list(body[name])
    body["items"] = [dataclasses.asdict(one) for one in rules.items]
    body["weights"] = dict(rules.weights)
    return body


def parse(body: Mapping[str, Any]) -> RoundRules:
    """Rules from their JSON form, checked. Raises Refused ``rounds.bad_rule`` (``what``) and what ``phases.checked`` does."""
    fields = dict(body)
    try:
        phases = [
            Phase(one["kind"], date.fromisoformat(one["first"]), date.fromisoformat(one["last"]))
            for one in fields.pop("phases")
        ]
        fields["items"] = tuple(Item(**one) for one in fields.get("items", ()))
        for name in ("categories", "proposers"):
            if name in fields:
                fields[name] = tuple(fields[name])
        rules = RoundRules(phases=checked(phases), **fields)
    except (KeyError, TypeError, ValueError):
        raise Refused("rounds.bad_rule", what="phases") from None
    return check(rules)


def check(rules: RoundRules) -> RoundRules:
    """Raises Refused ``rounds.bad_rule`` with the name of the first field that cannot stand."""
    for what, holds in _conditions(rules).items():
        if not holds:
            raise Refused("rounds.bad_rule", what=what)
    return rules


def _conditions(rules: RoundRules) -> dict[str, bool]:
    words = (rules.title, rules.theme, rules.slogan, rules.basis, rules.aims, rules.contact)
    return {
        "title": bool(rules.title.strip()),
        "words": all(len(one) <= LONGEST_WORDS for one in words),
        "nominees": rules.nominees in NOMINEES,
        "proposers": bool(rules.proposers) and set(rules.proposers) <= set(PROPOSERS),
        "winners": 1 <= rules.winners <= rules.finalists <= 200,
        "choices": 1 <= rules.choices <= rules.finalists,
        "per_department": 0 <= rules.per_department <= 200,
        "jury": 0 <= rules.jury <= 1000,
        "items": len(rules.items) <= MOST_ITEMS and all(one.title and 1 <= one.most <= 100 for one in rules.items),
        "items_missing": bool(rules.items) or not rules.has(EXPERT_REVIEW),
        "remind_days": 0 <= rules.remind_days <= 30,
        "phases": all(one.kind in KINDS for one in rules.phases),
        "award": bool(rules.award) == bool(rules.period),
        "weights": _adds_up(rules.weights),
        "weights_sources": _have_sources(rules),
    }


def _adds_up(weights: Mapping[str, int]) -> bool:
    known = set(weights) <= set(PARTS) and all(one >= 0 for one in weights.values())
    return not weights or (known and sum(weights.values()) == 100)


def _have_sources(rules: RoundRules) -> bool:
    """Whatever weighs has a phase or a board that gives its figures."""
    there = {"board": bool(rules.award), "experts": rules.has(EXPERT_REVIEW), "votes": rules.has(VOTE)}
    return all(there[part] for part, weight in rules.shares.items() if weight)


def fingerprint(rules: RoundRules) -> str:
    """SHA-256 of the canonical JSON of the rules: what is frozen at the start."""
    return hashlib.sha256(canonical(to_body(rules))).hexdigest()
