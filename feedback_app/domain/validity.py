"""Which ratings count for a leaderboard, and why the others do not.

The rules look at how a rating arrived, never at its level: a praise that is one too many and a blame that is one too many
are left out alike.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

SAME_DAY = "same_day"  # the same person rated the same point before on that day
WITHDRAWN = "withdrawn"
REPLACED = "replaced"  # by a later version of the same rating
EXCLUDED = "excluded"  # set aside by the quality office, with a reason of its own
REPEAT = "repeat"  # of one visit, or of one person, service point and day: decided at acceptance (services.visits)
REASONS = (SAME_DAY, REPEAT, WITHDRAWN, REPLACED, EXCLUDED)


@dataclass(frozen=True)
class Seen:
    """What the rule needs to know of a rating. ``id`` grows in the order of acceptance."""

    id: int
    point_id: int
    rater: str | None  # the keyed hash of the person; None where nobody knows, then every rating stands by itself
    day: date  # in the hospital's zone
    period: str
    score: int
    status: str = "counted"


def why_not(status: str, words: str, repeated: str | None) -> str:
    """Why one rating does not count, "" when it does: the reason given for it, its status, or the rule's (``repeated``)."""
    return repeated or "" if status == "counted" else words or status


def not_counted(ratings: Iterable[Seen]) -> Mapping[int, str]:
    """Rating id to reason, for those that do not count: of one person, point and day the first counts."""
    reasons: dict[int, str] = {}
    taken: set[tuple[int, str, date]] = set()
    for rating in sorted(ratings, key=lambda one: one.id):
        if rating.status != "counted":
            reasons[rating.id] = rating.status if rating.status in REASONS else EXCLUDED
        elif rating.rater is not None:
            deed = (rating.point_id, rating.rater, rating.day)
            if deed in taken:
                reasons[rating.id] = SAME_DAY
            taken.add(deed)
    return reasons
