"""From what is known of everybody to the decision: who takes part, the boards, who was left out and why. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from feedback_app.domain import boards
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.boards import LeagueResult
from feedback_app.domain.criteria._base import Facts
from feedback_app.domain.cycles import Period
from feedback_app.domain.eligibility import Member, league_of, why_not


@dataclass(frozen=True)
class Known:
    """Somebody of the directory with everything that counts. ``made_up``: belongs to a made-up hospital."""

    member: Member
    facts: Facts = Facts()
    made_up: bool = False


@dataclass(frozen=True)
class LeftOut:
    """Somebody of a league's kind and category who is not on its board, and why."""

    league: str
    key: str
    name: str
    reason: str


@dataclass(frozen=True)
class Decided:
    """The whole decision, with the facts it was made from."""

    scheme: Scheme
    period: Period
    candidates: Mapping[str, tuple[tuple[Member, Facts], ...]]  # league key -> its candidates
    results: tuple[LeagueResult, ...]
    left_out: tuple[LeftOut, ...]
    made_up: bool


def decide(scheme: Scheme, period: Period, everybody: Iterable[Known]) -> Decided:
    """The order of ``everybody`` does not matter."""
    candidates: dict[str, list[tuple[Member, Facts]]] = {league.key: [] for league in scheme.leagues}
    left_out: list[LeftOut] = []
    made_up = False
    for one in sorted(everybody, key=lambda known: (known.member.kind, known.member.key)):
        league = league_of(one.member, scheme.leagues)
        if league is None:
            continue
        rated = any(tally.months_back == 0 for tally in one.facts.ratings)
        reason = why_not(one.member, league, period, rated=rated, batches=scheme.batches)
        if reason is None:
            candidates[league.key].append((one.member, one.facts))
            made_up = made_up or one.made_up
        else:
            left_out.append(LeftOut(league.key, one.member.key, one.member.name, reason))
    results = tuple(boards.settle(scheme, league, str(period), candidates[league.key]) for league in scheme.leagues)
    return Decided(
        scheme, period, {key: tuple(known) for key, known in candidates.items()}, results, tuple(left_out), made_up
    )
