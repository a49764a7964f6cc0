"""Who is honoured: a fixed number of winners, at most so many of a unit, or the tiers of the score sheet (S9, S10).

Equal scores are never told apart: where the last place is shared, all who share it are honoured. A cap per unit passes over
whoever comes after the unit's share is used up, unless tied with the last one taken from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback_app.domain.award_parts import League, Tier
from feedback_app.domain.award_scheme import Scheme


@dataclass(frozen=True)
class Standing:
    """One candidate on the board. ``sheet``: points of the score sheet, where the scheme has one."""

    key: str
    unit: str
    score: float
    sheet: float
    public: bool


def given(scheme: Scheme, league: League, listed: Sequence[Standing]) -> Mapping[str, str]:
    """Key of the honoured to the tier ("" without tiers); ``listed`` best first."""
    if scheme.verification == "none" and scheme.hears_patients and not scheme.honours_unverified:
        return {}
    if scheme.tiers:
        tiers = {one.key: tier_of(one.sheet, scheme.tiers) for one in listed}
        passed = [one for one in listed if tiers[one.key]]
        taken = _within(passed, league) if league.winners or league.most_per_unit else passed
        return {one.key: tiers[one.key] for one in taken}
    fit = listed if league.winners else [one for one in listed if one.public]
    return {one.key: "" for one in _within(fit, league)}


def tier_of(points: float, tiers: Sequence[Tier]) -> str:
    """The highest tier whose threshold is reached, "" for none; ``tiers`` from the highest down."""
    return next((one.key for one in tiers if round(points, 6) >= one.least), "")


def _within(listed: Sequence[Standing], league: League) -> list[Standing]:
    taken: list[Standing] = []
    for one in listed:
        last = taken[-1].score if taken else None
        if league.winners and len(taken) >= league.winners and one.score != last:
            break
        of_unit = [other.score for other in taken if other.unit == one.unit]
        if league.most_per_unit and len(of_unit) >= league.most_per_unit and one.score != of_unit[-1]:
            continue
        taken.append(one)
    return taken


def places(head_counts: Mapping[str, int], total: int) -> dict[str, int]:
    """``total`` places shared out by head-count: largest remainder; equal remainders go to the larger unit, then by key (S9)."""
    everyone = sum(head_counts.values())
    if everyone <= 0 or total <= 0:
        return dict.fromkeys(head_counts, 0)
    shares = {key: divmod(count * total, everyone) for key, count in head_counts.items()}
    found = {key: whole for key, (whole, _) in shares.items()}
    order = sorted(shares, key=lambda key: (-shares[key][1], -head_counts[key], key))
    for key in order[: total - sum(found.values())]:
        found[key] += 1
    return found
