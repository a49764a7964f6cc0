"""An award scheme: the whole of its rules in one object. ``domain.award_parts`` has the parts, ``domain.awards`` reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from feedback_app import registry
from feedback_app.domain import criteria
from feedback_app.domain.award_parts import (
    Batch,
    Body,
    League,
    Nomination,
    Phase,
    Reward,
    Share,
    SheetItem,
    Tier,
    Words,
)
from feedback_app.domain.criteria._base import Criterion
from feedback_app.domain.cycles import CAMPAIGN, Period, regular_holding, usual_anchor
from feedback_app.domain.periods import Month
from feedback_app.domain.scoring import ScoringRules
from feedback_app.errors import Refused

VERIFICATIONS = ("none", "mixed", "verified")
GIVEN_BY_PEOPLE = frozenset({"peer_review", "expert_score", "quality_audit", "service_code", "score_sheet"})
"""Criteria for which colleagues, panels and inspectors give points."""


@dataclass(frozen=True)
class Scheme:
    key: str
    title: Words
    about: Words
    leagues: tuple[League, ...]
    shares: tuple[Share, ...]
    period: str = "month"  # one of cycles.KINDS
    verification: str = "none"
    minimum: int = 30  # valid (or verified) ratings in the period
    reliability: float = 0.70
    month_weights: tuple[float, ...] = (1.0, 0.5, 0.25)  # of this period and of those before
    public_top: int = 10  # never more than the upper half of a board is public
    starts: str = ""  # first period; empty: the first with ratings. A campaign names its dates here
    ends: str = ""  # last period; empty: goes on
    assess_days: int = 0  # after the period, for colleagues, experts and inspectors; then it closes by itself
    publish_after_hours: int | None = None  # publishes by itself so long after closing; None: a person does
    second_person: bool = False  # whoever publishes must be somebody else than who closed
    hold_low_unverified: bool = False  # unverified one and two stars wait until confirmed; told on the board
    honours_unverified: bool = (
        True  # whether honours are given in mode none; board and certificates say 未核验 either way
    )
    basis: str = ""  # the document that it follows (S53)
    theme: Words = field(default_factory=dict)
    slogan: Words = field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()
    rewards: tuple[Reward, ...] = ()
    batches: tuple[Batch, ...] = ()
    bodies: tuple[Body, ...] = ()
    phases: tuple[Phase, ...] = ()
    sheet: tuple[SheetItem, ...] = ()
    nomination: Nomination = Nomination()

    @property
    def scoring(self) -> ScoringRules:
        return ScoringRules(
            verification=self.verification,
            month_weights=self.month_weights,
            minimum=self.minimum,
            reliability=self.reliability,
            hold_low_unverified=self.hold_low_unverified,
        )

    @property
    def hears_patients(self) -> bool:
        """Whether patients' ratings are part of the score."""
        return any(share.kind == "patient_ratings" for share in self.shares)

    @property
    def patients_weight(self) -> int:
        """How much of the score patients' ratings are, per cent."""
        return sum(share.weight for share in self.shares if share.kind == "patient_ratings")

    @property
    def is_given_points(self) -> bool:
        """Whether people give points for a part of it."""
        return any(share.kind in GIVEN_BY_PEOPLE for share in self.shares)

    @property
    def goes_upward(self) -> bool:
        """Whether some of its tiers are proposed to an authority (S10)."""
        return any(tier.sent_to for tier in self.tiers)

    def first_period(self, first_rated: Month | None) -> Period | None:
        """The first period there is: as written, else the one that holds the first rating."""
        if self.starts:
            return Period.parse(self.starts)
        return regular_holding(usual_anchor(self.period), first_rated) if first_rated else None

    def period_of(self, text: str) -> Period:
        """A period of this award. Raises Refused ``stars.bad_period`` for one of another kind or rhythm."""
        period = Period.parse(text)
        if period.kind != self.period or (self.starts and not self._in_rhythm(period)):
            raise Refused("stars.bad_period", period=text[:40])
        return period

    def period_holding(self, month: Month) -> Period:
        """The period that holds this month; of a campaign its only one."""
        if self.period == CAMPAIGN:
            return Period.parse(self.starts)
        return regular_holding(Period.parse(self.starts) if self.starts else usual_anchor(self.period), month)

    def _in_rhythm(self, period: Period) -> bool:
        return self.period_holding(period.first_month) == period


@cache
def criterion_kinds() -> Mapping[str, Criterion]:
    """All criteria, by the name of their file."""
    return registry.discover_one(criteria, "CRITERION", Criterion)  # type: ignore[type-abstract]
