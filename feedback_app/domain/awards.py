"""An award scheme as data: what counts how much, who is compared with whom, how much is made public."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedback_app import registry
from feedback_app.domain import criteria
from feedback_app.domain.criteria._base import Criterion
from feedback_app.domain.periods import Month
from feedback_app.domain.scoring import ScoringRules
from feedback_app.errors import Refused

VERIFICATIONS = ("none", "mixed", "verified")
PERIODS = ("month",)
KINDS = ("staff", "window", "logistics", "department")
_WHOLE = 100


@dataclass(frozen=True)
class League:
    """Like is compared with like: service points of one kind and, unless empty, of these categories."""

    key: str
    title: Mapping[str, str]  # language -> words
    kind: str
    categories: tuple[str, ...] = ()
    heads: bool = True  # whether heads of departments and head nurses take part
    tenure_months: int = 0  # in this hospital at the end of the period; 0: no such condition


@dataclass(frozen=True)
class Share:
    """A criterion and its weight, of 100."""

    kind: str
    weight: int


@dataclass(frozen=True)
class Scheme:
    key: str
    title: Mapping[str, str]
    about: Mapping[str, str]
    leagues: tuple[League, ...]
    shares: tuple[Share, ...]
    period: str = "month"
    verification: str = "none"
    minimum: int = 30  # valid (or verified) ratings in the period
    reliability: float = 0.70
    month_weights: tuple[float, ...] = (1.0, 0.5, 0.25)
    public_top: int = 10  # never more than the upper half of a board is public
    starts: str = ""  # first period; empty: the first with ratings
    publish_after_hours: int | None = None  # publishes by itself so long after closing; None: a person does

    @property
    def scoring(self) -> ScoringRules:
        return ScoringRules(
            verification=self.verification,
            month_weights=self.month_weights,
            minimum=self.minimum,
            reliability=self.reliability,
        )


def criterion_kinds() -> Mapping[str, Criterion]:
    """All criteria, by the name of their file."""
    return registry.discover_one(criteria, "CRITERION", Criterion)  # type: ignore[type-abstract]


def parse(body: Mapping[str, Any]) -> Scheme:
    """A scheme from its TOML (or frozen JSON) form.

    Raises Refused ``stars.bad_scheme`` with ``award`` and ``what`` (the field at fault) for anything that could not be
    computed as it stands: unknown or missing keys, weights that do not total 100, leagues that overlap.
    """
    award = str(body.get("key", "?"))
    try:
        scheme = _build(body)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise Refused("stars.bad_scheme", award=award, what=str(error)) from None
    for what, holds in _CONDITIONS.items():
        if not holds(scheme):
            raise Refused("stars.bad_scheme", award=award, what=what)
    return scheme


def to_body(scheme: Scheme) -> dict[str, Any]:
    """JSON that ``parse`` turns back into an equal scheme: how rules are frozen."""
    return dataclasses.asdict(scheme)


def _build(body: Mapping[str, Any]) -> Scheme:
    fields = dict(body)
    leagues = tuple(_league(one) for one in fields.pop("leagues"))
    shares = tuple(Share(**one) for one in fields.pop("shares"))
    if "month_weights" in fields:
        fields["month_weights"] = tuple(float(one) for one in fields["month_weights"])
    return Scheme(leagues=leagues, shares=shares, **fields)


def _league(body: Mapping[str, Any]) -> League:
    return League(**{**body, "categories": tuple(body.get("categories", ()))})


def _apart(leagues: Sequence[League]) -> bool:
    """No service point could be in two leagues."""
    for place, one in enumerate(leagues):
        for other in leagues[place + 1 :]:
            shared = not one.categories or not other.categories or set(one.categories) & set(other.categories)
            if one.kind == other.kind and shared:
                return False
    return len({one.key for one in leagues}) == len(leagues)


def _named(words: Mapping[str, str]) -> bool:
    return bool(words.get("zh")) and bool(words.get("en"))


def _descending(weights: Sequence[float]) -> bool:
    falling = all(earlier >= later > 0 for earlier, later in zip(weights, weights[1:], strict=False))
    return 1 <= len(weights) <= 3 and weights[0] == 1 and falling


def _starts_well(scheme: Scheme) -> bool:
    try:
        return not scheme.starts or bool(Month.parse(scheme.starts))
    except Refused:
        return False


_CONDITIONS: Mapping[str, Callable[[Scheme], bool]] = {
    "key": lambda scheme: scheme.key.replace("-", "").isalnum() and scheme.key.isascii() and len(scheme.key) <= 40,
    "title": lambda scheme: _named(scheme.title) and _named(scheme.about),
    "period": lambda scheme: scheme.period in PERIODS,
    "starts": _starts_well,
    "verification": lambda scheme: scheme.verification in VERIFICATIONS,
    "minimum": lambda scheme: scheme.minimum >= 1,
    "reliability": lambda scheme: 0 < scheme.reliability < 1,
    "month_weights": lambda scheme: _descending(scheme.month_weights),
    "public_top": lambda scheme: scheme.public_top >= 1,
    "publish_after_hours": lambda scheme: scheme.publish_after_hours is None or scheme.publish_after_hours >= 0,
    "leagues": lambda scheme: bool(scheme.leagues) and _apart(scheme.leagues),
    "leagues.title": lambda scheme: all(one.key and _named(one.title) for one in scheme.leagues),
    "leagues.kind": lambda scheme: all(one.kind in KINDS for one in scheme.leagues),
    "leagues.tenure_months": lambda scheme: all(one.tenure_months >= 0 for one in scheme.leagues),
    "shares.kind": lambda scheme: all(share.kind in criterion_kinds() for share in scheme.shares),
    "shares.weight": lambda scheme: (
        all(share.weight > 0 for share in scheme.shares) and sum(one.weight for one in scheme.shares) == _WHOLE
    ),
}
