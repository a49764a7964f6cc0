"""What must hold of a scheme before anything is computed from it; each check bears the name of the field at fault."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from feedback_app.domain.award_parts import League, Phase, SheetItem, Words
from feedback_app.domain.award_scheme import VERIFICATIONS, Scheme, criterion_kinds
from feedback_app.domain.cycles import CAMPAIGN, KINDS, MONTHS, Period

POINT_KINDS = ("staff", "window", "logistics", "department")
NOMINATORS = ("patient", "colleague", "self", "unit")
PHASE_KINDS = (
    "publicity",
    "running",
    "nomination",
    "first_review",
    "vote",
    "on_site",
    "expert_review",
    "publication",
    "ceremony",
)
WHOLE = 100
MOST = 200  # of anything a scheme lists
_SHORTEST = dict(zip(MONTHS, (28, 59, 90, 181, 365), strict=True))  # days


def _named(words: Words) -> bool:
    return all(isinstance(words.get(language), str) and words[language].strip() for language in ("zh", "en"))


def _named_or_empty(words: Words) -> bool:
    return not words or _named(words)


def _key(text: str) -> bool:
    return text.replace("-", "").replace("_", "").isalnum() and text.isascii() and len(text) <= 40


def _unlike(keys: Sequence[str]) -> bool:
    return len(set(keys)) == len(keys)


def _apart(leagues: Sequence[League]) -> bool:
    """No service point could be in two leagues."""
    for place, one in enumerate(leagues):
        for other in leagues[place + 1 :]:
            shared = not one.categories or not other.categories or set(one.categories) & set(other.categories)
            if one.kind == other.kind and shared:
                return False
    return _unlike([one.key for one in leagues])


def _descending(weights: Sequence[float]) -> bool:
    falling = all(earlier >= later > 0 for earlier, later in pairwise(weights))
    return 1 <= len(weights) <= 3 and weights[0] == 1 and falling


def _starts_well(scheme: Scheme) -> bool:
    if scheme.period == CAMPAIGN:
        return Period.parse(scheme.starts).kind == CAMPAIGN
    return not scheme.starts or Period.parse(scheme.starts).kind == scheme.period


def _ends_well(scheme: Scheme) -> bool:
    if not scheme.ends:
        return True
    last = Period.parse(scheme.ends)
    return last.kind == scheme.period != CAMPAIGN and (not scheme.starts or Period.parse(scheme.starts) <= last)


def _batches(scheme: Scheme) -> bool:
    steps = [Period.parse(one.starts) for one in scheme.batches]
    return all(one.kind == scheme.period for one in steps) and steps == sorted(steps)


def _in_order(phases: Sequence[Phase]) -> bool:
    """Each phase begins after the one before has ended."""
    if not all(1 <= one.first <= one.last <= 800 for one in phases):
        return False
    return all((a.after_end, a.last) < (b.after_end, b.first) for a, b in pairwise(phases))


def _phases_fit(scheme: Scheme) -> bool:
    """Phases that count from the start do not reach behind those after the end, however short the period is."""
    if not any(one.after_end for one in scheme.phases):
        return True
    if scheme.period == CAMPAIGN:
        days = [one.days(Period.parse(scheme.starts)) for one in scheme.phases]
        return all(a[1] < b[0] for a, b in pairwise(days))
    return all(one.after_end or one.last <= _SHORTEST[scheme.period] for one in scheme.phases)


def _sheet(items: Sequence[SheetItem]) -> bool:
    return (
        _unlike([one.key for one in items])
        and all(_key(one.key) and _named(one.title) and 0 < one.most <= WHOLE for one in items)
        and all(_named(each.title) and 0 < each.points <= one.most for one in items for each in one.deductions)
        and (not items or math.isclose(math.fsum(one.most for one in items), WHOLE))
    )


def _tiers(scheme: Scheme) -> bool:
    """Tiers belong to the score sheet: most doctors would pass 75 by patients' satisfaction alone."""
    steps = [one.least for one in scheme.tiers]
    return (
        (not scheme.tiers or any(share.kind == "score_sheet" for share in scheme.shares))
        and _unlike([one.key for one in scheme.tiers])
        and all(_key(one.key) and _named(one.title) and _named_or_empty(one.sent_to) for one in scheme.tiers)
        and all(0 < one <= WHOLE for one in steps)
        and steps == sorted(set(steps), reverse=True)
    )


def _weights(scheme: Scheme) -> bool:
    return all(share.weight > 0 for share in scheme.shares) and sum(one.weight for one in scheme.shares) == WHOLE


def _options(scheme: Scheme) -> bool:
    return all(criterion_kinds()[one.kind].accepts(one.options) for one in scheme.shares)


def _nomination(scheme: Scheme) -> bool:
    wish = scheme.nomination
    least, most = wish.per_unit
    return set(wish.by) <= set(NOMINATORS) and 0 <= least <= most <= MOST and wish.places >= 0


CHECKS: Mapping[str, Callable[[Scheme], bool]] = {
    "key": lambda scheme: bool(scheme.key) and _key(scheme.key),
    "title": lambda scheme: _named(scheme.title) and _named(scheme.about),
    "theme": lambda scheme: _named_or_empty(scheme.theme) and _named_or_empty(scheme.slogan),
    "period": lambda scheme: scheme.period in KINDS,
    "starts": _starts_well,
    "ends": _ends_well,
    "verification": lambda scheme: scheme.verification in VERIFICATIONS,
    "hold_low_unverified": lambda scheme: not scheme.hold_low_unverified or scheme.verification == "mixed",
    "minimum": lambda scheme: 1 <= scheme.minimum <= 100_000,
    "reliability": lambda scheme: 0 < scheme.reliability < 1,
    "month_weights": lambda scheme: _descending(scheme.month_weights),
    "public_top": lambda scheme: 1 <= scheme.public_top <= MOST,
    "assess_days": lambda scheme: 0 <= scheme.assess_days <= 120,
    "publish_after_hours": lambda scheme: scheme.publish_after_hours is None or scheme.publish_after_hours >= 0,
    "leagues": lambda scheme: 0 < len(scheme.leagues) <= MOST and _apart(scheme.leagues),
    "leagues.title": lambda scheme: all(_key(one.key) and _named(one.title) for one in scheme.leagues),
    "leagues.kind": lambda scheme: all(one.kind in POINT_KINDS for one in scheme.leagues),
    "leagues.tenure_months": lambda scheme: all(0 <= one.tenure_months <= 600 for one in scheme.leagues),
    "leagues.winners": lambda scheme: all(one.winners >= 0 and one.most_per_unit >= 0 for one in scheme.leagues),
    "shares": lambda scheme: 0 < len(scheme.shares) <= MOST and _unlike([one.name for one in scheme.shares]),
    "shares.kind": lambda scheme: all(share.kind in criterion_kinds() for share in scheme.shares),
    # What patients said has one figure, whatever the scheme calls it.
    "shares.key": lambda scheme: all(share.kind != "patient_ratings" or not share.key for share in scheme.shares),
    "shares.weight": _weights,
    "shares.title": lambda scheme: all(_key(one.name) and _named_or_empty(one.title) for one in scheme.shares),
    "shares.options": _options,
    "sheet": lambda scheme: _sheet(scheme.sheet) and (_asks_for_sheet(scheme) == bool(scheme.sheet)),
    "tiers": _tiers,
    "rewards": lambda scheme: all(
        _named(one.title) and (not one.tier or one.tier in {tier.key for tier in scheme.tiers})
        for one in scheme.rewards
    ),
    "batches": _batches,
    "bodies": lambda scheme: (
        _unlike([one.key for one in scheme.bodies])
        and all(_key(one.key) and _named(one.title) and one.least_members >= 0 for one in scheme.bodies)
    ),
    "phases": lambda scheme: all(one.kind in PHASE_KINDS and _named_or_empty(one.title) for one in scheme.phases),
    "phases.days": lambda scheme: _in_order(scheme.phases) and _phases_fit(scheme),
    "phases.body": lambda scheme: all(
        not one.body or one.body in {body.key for body in scheme.bodies} for one in scheme.phases
    ),
    "nomination": _nomination,
}


def _asks_for_sheet(scheme: Scheme) -> bool:
    return any(share.kind == "score_sheet" for share in scheme.shares)
