"""The public vote: one person, one ballot; sealed until the phase is over, then counted once and the key thrown away.

A ballot is sealed with the selection's own key, padded to one length, under a random id. Nobody who reads the database sees
a running total. Who has voted is only a mark under the same key, in another table. Counting reads, counts, writes the result
with an evidence entry and empties the key, all in one transaction.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback_app.db import evidence as log
from feedback_app.db import rounds as tables
from feedback_app.db.ratings import Rating
from feedback_app.db.rounds import Ballot, Candidate, JurySeat, Round, VoteMark
from feedback_app.domain import ballots
from feedback_app.domain.evidence import canonical
from feedback_app.domain.identity import keyed_hash, readable
from feedback_app.domain.phases import VOTE
from feedback_app.domain.round_rules import RoundRules
from feedback_app.errors import Conflict, NotAllowed, Refused
from feedback_app.services import audit, evidence, rounds, tickets, visits
from feedback_app.services.rounds import Opened
from feedback_app.services.vault import Vault

VISITED_WITHIN = timedelta(days=183)
_JURY = "J"


@dataclass(frozen=True)
class Voter:
    """Who votes: a person the official account knows, or (at the desk) a visit slip that was handed in."""

    person: str = ""  # keyed hash
    slip: str = ""
    by: str = ""  # the clerk who types in a paper vote


@dataclass(frozen=True)
class Cast:
    opened: Opened
    receipt: str
    jury: bool


def cast(
    session: Session, vault: Vault, key: str, voter: Voter, choice: Sequence[int], *, now: datetime, zone: ZoneInfo
) -> Cast:
    """Put a ballot into the box.

    Raises what ``rounds.require`` does; NotAllowed ``rounds.not_a_visitor``, Conflict ``rounds.voted_already``, Refused
    ``rounds.no_choice`` / ``too_many_choices`` / ``no_candidate`` / ``bad_slip``, Conflict
    ``rounds.slip_rated``.
    """
    opened = rounds.require(session, key, "vote", now=now, zone=zone)
    found = opened.round
    secret = rounds.key_of(vault, found)
    if secret is None:
        raise Conflict("rounds.too_late", phase=VOTE, day="")
    numbers = [one.number for one in tables.candidates(session, found.id, states=("listed",)) if one.number]
    content = ballots.written(choice, numbers, min(opened.rules.choices, max(1, len(numbers))))
    who = _entitled(session, vault, voter, now)
    mark = keyed_hash(secret, f"vote:{who}")
    _unspent(session, vault, voter, mark, now)
    _once(session, found, mark)
    juror = bool(voter.person) and _is_juror(session, found, keyed_hash(secret, f"jury:{voter.person}"))
    sealed = _box(secret).encrypt_at_time(f"{_JURY if juror else ' '}{content}".encode(), 0).decode()
    ballot = Ballot(id=readable(secrets.token_bytes(10), 12), round_id=found.id, sealed=sealed)
    session.add(ballot)
    evidence.write(
        session,
        "ballot",
        rounds.subject(key),
        shown={"round": key},
        hidden={"id": ballot.id, "sealed": sealed},
        now=now,
    )
    if voter.by:
        audit.write(session, actor=voter.by, action="round.paper_vote", subject=key, now=now)
    session.flush()
    return Cast(opened, ballot.id, juror)


def _box(secret: bytes) -> Fernet:
    return Fernet(urlsafe_b64encode(bytes.fromhex(keyed_hash(secret, "ballots"))))


def _entitled(session: Session, vault: Vault, voter: Voter, now: datetime) -> str:
    if voter.slip:
        slip = tickets.slip_anywhere(session, vault, voter.slip, now=now)
        if slip is None:
            raise Refused("rounds.bad_slip")
        return tickets.mark_of(slip)
    if not voter.person or not has_visited(session, voter.person, now):
        raise NotAllowed("rounds.not_a_visitor")
    return f"person:{voter.person}"


def _unspent(session: Session, vault: Vault, voter: Voter, mark: str, now: datetime) -> None:
    """A slip votes or verifies a rating, never both: whoever rated with it votes on the phone, as that person, and whoever
    handed it in must not become such a person by rating with it afterwards."""
    slip = tickets.slip_anywhere(session, vault, voter.slip, now=now) if voter.slip else None
    if slip is None or session.get(VoteMark, mark) is not None:
        return
    month, visit = tickets.month_of(session, slip), tickets.mark_of(slip)
    if visits.is_spent(session, vault, month, visit):
        raise Conflict("rounds.slip_rated")
    visits.spend(session, vault, month, visit, now=now)


def has_visited(session: Session, person: str, now: datetime) -> bool:
    """Whether a rating of this person stands that a visit slip or a window's screen has verified."""
    query = select(Rating.id).where(
        Rating.rater_hash == person,
        Rating.verified,
        Rating.status == "counted",
        Rating.received_at > now - VISITED_WITHIN,
        Rating.received_at <= now,
    )
    return session.scalar(query.limit(1)) is not None


def _once(session: Session, found: Round, mark: str) -> None:
    if session.get(VoteMark, mark) is not None:
        raise Conflict("rounds.voted_already")
    try:
        with session.begin_nested():
            session.add(VoteMark(mark=mark, round_id=found.id))
    except IntegrityError:
        raise Conflict("rounds.voted_already") from None


def has_voted(session: Session, vault: Vault, found: Round, person: str) -> bool:
    secret = rounds.key_of(vault, found)
    return secret is not None and session.get(VoteMark, keyed_hash(secret, f"vote:person:{person}")) is not None


def is_juror(session: Session, vault: Vault, found: Round, person: str) -> bool:
    """Whether the lot has given this person a seat in the patients' jury: told to nobody but them, where they vote."""
    secret = rounds.key_of(vault, found)
    return bool(person) and secret is not None and _is_juror(session, found, keyed_hash(secret, f"jury:{person}"))


def in_the_box(session: Session, key: str, receipt: str) -> bool:
    """Whether a ballot with this number is in the box of the selection; never what it says."""
    ballot = session.get(Ballot, receipt)
    return ballot is not None and ballot.round_id == rounds.find(session, key).id


def draw_jury(session: Session, vault: Vault, found: Round, rules: RoundRules, now: datetime) -> int:
    """Draw the patients' jury by lot from everyone with a verified visit; returns how many seats were given.

    The seed is made of the frozen rules and the last signed head of the evidence log before the vote: nobody could choose
    it. Seed, size and digest of the pool are published with the result; the pool itself can be had for drawing again.
    """
    secret = rounds.key_of(vault, found)
    if not rules.jury or secret is None:
        return 0
    people = select(Rating.rater_hash).where(
        Rating.verified,
        Rating.status == "counted",
        Rating.rater_hash.is_not(None),
        Rating.received_at > now - VISITED_WITHIN,
        Rating.received_at <= now,
    )
    pool = sorted({keyed_hash(secret, f"jury:{one}") for one in session.scalars(people.distinct())})
    seed = seed_of(session, found)
    seats = ballots.drawn(pool, rules.jury, seed)
    session.add_all(JurySeat(round_id=found.id, person_hash=one) for one in seats)
    drawn = {"seed": seed, "pool": pool, "seats": list(seats), "asked": rules.jury}
    found.result = {**found.result, "jury": drawn}
    shown = {"round": found.key, "seed": seed, "pool": len(pool), "digest": _digest(pool), "seats": len(seats)}
    evidence.write(session, "jury", rounds.subject(found.key), shown=shown, hidden={"seats": list(seats)}, now=now)
    audit.write(session, actor="system", action="round.jury_drawn", subject=found.key, now=now, seats=len(seats))
    return len(seats)


def seed_of(session: Session, found: Round) -> str:
    """What lots are drawn with: fixed by the frozen rules and the evidence log, published with what was drawn."""
    head = log.latest_head(session)
    return keyed_hash(bytes.fromhex(found.rules_hash), head.root if head else "")


def _digest(pool: Sequence[str]) -> str:
    return keyed_hash(b"pool", canonical(list(pool)).decode())


def _is_juror(session: Session, found: Round, mark: str) -> bool:
    query = select(JurySeat.id).where(JurySeat.round_id == found.id, JurySeat.person_hash == mark)
    return session.scalar(query) is not None


def count(session: Session, vault: Vault, found: Round, now: datetime) -> dict[str, object]:
    """Open the box: votes by candidate's number, of everybody and of the jury; the key is gone afterwards."""
    secret = rounds.key_of(vault, found)
    listed = tables.candidates(session, found.id, states=("listed",))
    numbers = [one.number for one in listed if one.number]
    box = _box(secret) if secret else None
    opened = [box.decrypt(one.sealed.encode()).decode() for one in _all(session, found)] if box else []
    votes = ballots.tally((ballots.read(one[1:]) for one in opened), numbers)
    jury = ballots.tally((ballots.read(one[1:]) for one in opened if one.startswith(_JURY)), numbers)
    counted: dict[str, object] = {
        "ballots": len(opened),
        "votes": {str(number): votes[number] for number in votes},
        "jury_ballots": sum(one.startswith(_JURY) for one in opened),
        "jury_votes": {str(number): jury[number] for number in jury},
    }
    found.result = {**found.result, "vote": counted}
    found.key_sealed, found.counted_at = "", now
    shown = {"round": found.key, "ballots": len(opened), "votes": counted["votes"]}
    evidence.write(session, "tallied", rounds.subject(found.key), shown=shown, hidden={"counted": counted}, now=now)
    audit.write(session, actor="system", action="round.counted", subject=found.key, now=now, ballots=len(opened))
    return counted


def _all(session: Session, found: Round) -> Sequence[Ballot]:
    return session.scalars(select(Ballot).where(Ballot.round_id == found.id).order_by(Ballot.id)).all()


def number_by_lot(session: Session, found: Round, listed: Sequence[Candidate]) -> None:
    """Numbers on the ballot: no name stands first because somebody put it there."""
    seed = seed_of(session, found)
    by_name = {str(one.service_point_id): one for one in listed}
    for place, name in enumerate(ballots.drawn(by_name, len(by_name), f"order:{seed}"), 1):
        by_name[name].number = place
    found.result = {**found.result, "order_seed": seed}
    session.flush()


def turnout(session: Session, found: Round) -> int | None:
    """How many ballots there were; None before they are counted."""
    return int(found.result["vote"]["ballots"]) if "vote" in found.result else None
