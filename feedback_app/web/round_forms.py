"""A selection's rules from the fields of a form, and back. Everything typed is kept when something cannot stand."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from feedback_app.domain import round_rules
from feedback_app.domain.phases import KINDS, Phase, checked
from feedback_app.domain.round_rules import PARTS, Item, RoundRules
from feedback_app.errors import Refused

WORDS = ("title", "theme", "slogan", "basis", "aims", "contact", "award", "period")
NUMBERS = ("finalists", "winners", "per_department", "choices", "jury", "remind_days")


def read(form: MultiDict[str, str]) -> RoundRules:
    """Raises Refused ``rounds.bad_rule`` and what ``phases.checked`` raises."""
    fields: dict[str, Any] = {name: form.get(name, "").strip() for name in WORDS}
    for name in NUMBERS:
        fields[name] = _number(form.get(name, ""), name)
    fields["nominees"] = form.get("nominees", "staff")
    fields["categories"] = tuple(
        part for part in form.get("categories", "").replace("，", "、").split("、") if part.strip()
    )
    fields["proposers"] = tuple(form.getlist("proposers"))
    fields["heads"] = form.get("heads") == "1"
    fields["second_person"] = form.get("second_person") == "1"
    fields["items"] = tuple(_items(form.get("items", "")))
    weights = {part: _number(form.get(f"weight_{part}", ""), "weights") for part in PARTS}
    fields["weights"] = {part: weight for part, weight in weights.items() if weight}
    return round_rules.check(RoundRules(phases=checked(_phases(form)), **fields))


def _number(typed: str, what: str) -> int:
    typed = typed.strip() or "0"
    if not (typed.isascii() and typed.isdigit() and len(typed) < 6):
        raise Refused("rounds.bad_rule", what=what)
    return int(typed)


def _items(typed: str) -> list[Item]:
    """One a line: the title, then its most points; a share of the award in brackets: 沟通 20 [coordinator]."""
    found = []
    for line in typed.splitlines():
        plain, _, key = line.strip().rstrip("]").partition(" [")
        title, _, points = plain.strip().rpartition(" ")
        if not line.strip():
            continue
        if not title or not (points.isascii() and points.isdigit() and len(points) < 4):
            raise Refused("rounds.bad_rule", what="items")
        found.append(Item(title.strip()[:60], int(points), key.strip()[:40]))
    return found


def _phases(form: MultiDict[str, str]) -> list[Phase]:
    found = []
    for kind in KINDS:
        first, last = form.get(f"{kind}_first", "").strip(), form.get(f"{kind}_last", "").strip()
        if first or last:
            found.append(Phase(kind, day_of(first), day_of(last)))
    return found


def day_of(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refused("rounds.bad_rule", what="phases") from None


def fields_of(rules: RoundRules) -> Mapping[str, Any]:
    """The form's fields for these rules."""
    fields: dict[str, Any] = {name: getattr(rules, name) for name in (*WORDS, *NUMBERS, "nominees")}
    fields["categories"] = "、".join(rules.categories)
    fields["proposers"] = list(rules.proposers)
    fields["heads"] = "1" if rules.heads else ""
    fields["second_person"] = "1" if rules.second_person else ""
    fields["items"] = "\n".join(f"{one.title} {one.most}{f' [{one.key}]' if one.key else ''}" for one in rules.items)
    for part in PARTS:
        fields[f"weight_{part}"] = rules.weights.get(part, "")
    for one in rules.phases:
        fields[f"{one.kind}_first"], fields[f"{one.kind}_last"] = one.first.isoformat(), one.last.isoformat()
    return fields


def typed_fields(form: MultiDict[str, str]) -> Mapping[str, Any]:
    """What was typed, to be shown again."""
    return {**{name: form.get(name, "") for name in form}, "proposers": form.getlist("proposers")}
