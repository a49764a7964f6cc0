"""First review: from everyone who was proposed to the list that is voted on and judged."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import rounds as tables
from feedback_app.db.rounds import Candidate, Round
from feedback_app.domain import ballots
from feedback_app.domain.round_rules import RoundRules
from feedback_app.errors import Refused
from feedback_app.services import audit, evidence, nominations, rounds, votes

OPEN = ("nominated", "listed")


def choose(
    session: Session, key: str, point_ids: Collection[int], *, why: str, by: str, now: datetime, zone: ZoneInfo
) -> int:
    """Keep these candidates, until the first review ends; how many. ``why`` stands in the audit log.

    Raises what ``rounds.require`` does, Refused ``rounds.too_many_finalists``, ``rounds.no_reason`` when somebody proposed
    is left out without one.
    """
    opened = rounds.require(session, key, "shortlist", now=now, zone=zone)
    everybody = tables.candidates(session, opened.round.id, states=OPEN)
    kept = [one for one in everybody if one.service_point_id in point_ids]
    if len(kept) > opened.rules.finalists:
        raise Refused("rounds.too_many_finalists", most=opened.rules.finalists, chosen=len(kept))
    if len(kept) < len(everybody) and not why.strip():
        raise Refused("rounds.no_reason")
    for one in everybody:
        one.state = "listed" if one in kept else "nominated"
        one.why = "" if one in kept else why.strip()[:200]
    audit.write(
        session,
        actor=by,
        action="round.shortlisted",
        subject=key,
        now=now,
        kept=len(kept),
        of=len(everybody),
        why=why.strip()[:200],
    )
    return len(kept)


def close(session: Session, found: Round, rules: RoundRules, now: datetime) -> int:
    """The list is fixed: those chosen, else the most often proposed; who has left or may not be chosen any more is out.

    Returns how many are on it. Where more were proposed than there is room for and the office chose nobody, the number of
    proposals decides, and the lot among equals; never an empty list because nobody pressed a button.
    """
    everybody = tables.candidates(session, found.id, states=OPEN)
    able = [one for one in everybody if _still_able(one, rules)]
    chosen = [one for one in able if one.state == "listed"] or _most_proposed(session, found, able, rules.finalists)
    for one in everybody:
        if one in chosen:
            one.state = "listed"
        else:
            one.state = "left_out"
            one.why = one.why or ("not_listed" if one in able else "left")
    votes.number_by_lot(session, found, chosen)
    shown = {"round": found.key, "listed": [f"{one.number}:{one.service_point.key}" for one in _numbered(chosen)]}
    evidence.write(session, "listed", rounds.subject(found.key), shown=shown, hidden={}, now=now)
    audit.write(session, actor="system", action="round.listed", subject=found.key, now=now, listed=len(chosen))
    return len(chosen)


def _numbered(chosen: Collection[Candidate]) -> list[Candidate]:
    return sorted(chosen, key=lambda one: one.number or 0)


def _still_able(one: Candidate, rules: RoundRules) -> bool:
    why = nominations.why_not(one.service_point, rules)
    if why:
        one.why = why
    return not why


def _most_proposed(session: Session, found: Round, able: list[Candidate], places: int) -> list[Candidate]:
    if len(able) <= places:
        return able
    proposals = nominations.counts(session, found)
    lots = ballots.drawn((str(one.service_point_id) for one in able), len(able), votes.seed_of(session, found))
    lot = {name: place for place, name in enumerate(lots)}
    able.sort(key=lambda one: (-proposals.get(one.service_point_id, 0), lot[str(one.service_point_id)]))
    return able[:places]
