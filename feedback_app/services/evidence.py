"""The evidence log: writing entries, giving them their place, signing heads, and proving.

Writers only add a row in their own transaction. One sequencer (whoever of the workers holds the lease) gives rows their
place, so that nobody waits for the tree. A row without a place is never skipped: places are given to whatever has none.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import evidence, ratings
from feedback_app.db.directory import Rated, ServicePoint
from feedback_app.db.evidence import Evidence, EvidenceNode, TreeHead
from feedback_app.db.ratings import NewRating, Rating
from feedback_app.db.set_asides import EXCLUDED, HELD, KEPT, SetAside
from feedback_app.db.writing import Unit
from feedback_app.domain import evidence as entries
from feedback_app.domain import merkle
from feedback_app.errors import NotFound, Refused
from feedback_app.services.vault import Vault

BATCH = 5000
HEAD_EVERY = timedelta(seconds=30)  # so that an entry stands in a signed tree within a minute


def write(
    session: Session, kind: str, subject: str, *, shown: Mapping[str, Any], hidden: Mapping[str, Any], now: datetime
) -> Evidence:
    """Add one entry. ``shown`` is public for ever and must not contain personal text; ``hidden`` is only committed to."""
    entry = Evidence(**_entry(kind, subject, shown, hidden, now))
    session.add(entry)
    return entry


def _entry(
    kind: str, subject: str, shown: Mapping[str, Any], hidden: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    salt = secrets.token_hex(16)
    committed = entries.commitment(salt, hidden)
    return {
        "kind": kind,
        "subject": subject,
        "shown": dict(shown),
        "salt": salt,
        "hidden": committed,
        "leaf": entries.leaf(kind, shown, committed),
        "written_at": now,
    }


def answers_of(comment: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What a rating's digest of answers covers."""
    return {"comment": comment, "answers": dict(answers)}


def rating_subject(receipt: str) -> str:
    return f"rating:{receipt}"


def shown_of(rating: Rating | NewRating, point: ServicePoint | Rated) -> dict[str, Any]:
    """What is open about a rating: that it counts, for whom, in which month. Not the level."""
    return {"receipt": rating.receipt, "for": f"{point.kind}:{point.key}", "month": rating.period}


def hidden_of(rating: Rating | NewRating) -> dict[str, Any]:
    """What is committed to but not told."""
    return {
        "score": rating.score,
        "day": rating.day.isoformat(),
        "channel": rating.channel,
        "questions": rating.questionnaire_version_id,
        "answers": rating.answers_digest,
        "made_up": rating.made_up,
        "at": int(rating.received_at.timestamp()),
        "on_duty": rating.on_duty_id,
        "verified": rating.verified_how if rating.verified else "",
        "replaces": rating.replaces,
        "unit": rating.unit_id,
        "late": bool(rating.late),
        "staff": rating.staff_sign or "",
    }


def write_rating(unit: Unit, rating: NewRating, point: Rated, now: datetime) -> None:
    """The entry of a rating that is being accepted, in the same transaction."""
    evidence.add(
        unit, **_entry("rating", rating_subject(rating.receipt), shown_of(rating, point), hidden_of(rating), now)
    )


def write_decision(session: Session, rating: Rating, now: datetime, aside: SetAside | None = None) -> Evidence:
    """What has just been decided about a rating: its new status, why, and by whom, cannot be changed back unseen.

    An outsider learns that one rating of that place and month is set aside; of which receipt, only its holder, and where
    it was replaced by another version, nobody: that a patient changed their mind is theirs alone.
    """
    with session.no_autoflush:  # first the month, then the rating, as whoever takes the month alone
        ratings.lock_month(session, rating.period)
    return _decision(session, rating, session.get_one(ServicePoint, rating.service_point_id), now, aside)


def write_decisions(session: Session, decided: Sequence[Rating], now: datetime) -> None:
    """The same for many ratings of months whose lock is held already."""
    points: dict[int, ServicePoint] = {}
    with session.no_autoflush:  # what is decided is written in a few statements, not one after the other
        for rating in decided:
            if rating.service_point_id not in points:
                points[rating.service_point_id] = session.get_one(ServicePoint, rating.service_point_id)
            _decision(session, rating, points[rating.service_point_id], now, None)


def _decision(session: Session, rating: Rating, point: ServicePoint, now: datetime, aside: SetAside | None) -> Evidence:
    told = shown_of(rating, point)
    shown = {name: told[name] for name in ("for", "month")} if rating.status == "replaced" else told
    if rating.status in {HELD, EXCLUDED}:
        shown["reason"] = rating.why_not
    subject = rating_subject(rating.receipt)
    return write(session, rating.status, subject, shown=shown, hidden=decision_of(rating, aside), now=now)


def decision_of(rating: Rating, aside: SetAside | None = None) -> dict[str, Any]:
    """What an entry about a rating's status commits to; where persons decided, who proposed and who agreed."""
    told = {"receipt": rating.receipt, "status": rating.status, "why": rating.why_not}
    if aside is None or {KEPT: "counted"}.get(aside.state, aside.state) != rating.status:
        return told
    return told | {"proposed_by": aside.proposed_by, "decided_by": aside.decided_by, "words": aside.words}


def board_subject(award: str, period: str) -> str:
    return f"stars:{award}:{period}"


def write_board(
    session: Session, kind: str, award: str, period: str, result_hash: str, now: datetime, *, recount: str = ""
) -> Evidence:
    """The entry of a leaderboard that is ``closed`` or ``published``: its fingerprint covers rules and result.

    ``recount``: the seal of the kit from which anybody can count again.
    """
    shown = {"award": award, "period": period, "result": result_hash}
    if recount:
        shown["recount"] = recount
    return write(session, kind, board_subject(award, period), shown=shown, hidden={}, now=now)


def give_places(session: Session, most: int = BATCH) -> int:
    """Append what is pending to the tree; returns how many entries got their place. For the sequencer alone."""
    start = evidence.size(session)
    fresh: dict[tuple[int, int], bytes] = {}

    def node(level: int, place: int) -> bytes:
        return fresh[level, place] if (level, place) in fresh else _stored(session, level, place)

    waiting = evidence.pending(session, most)
    for position, (_, leaf) in enumerate(waiting, start):
        for level, place, value in merkle.new_nodes(position, bytes.fromhex(leaf), node):
            fresh[level, place] = value
    evidence.place(session, {entry_id: place for place, (entry_id, _) in enumerate(waiting, start)}, fresh)
    return len(waiting)


def has_work(session: Session, now: datetime) -> bool:
    """Whether something waits for its place and the last head is old enough: a new one each minute at most."""
    if not evidence.pending(session, 1):
        return False
    head = evidence.latest_head(session)
    return head is None or head.at + HEAD_EVERY <= now or head.at > now


def sign_head(session: Session, vault: Vault, now: datetime) -> TreeHead | None:
    """Sign the tree as it stands; None when it is empty, the last head when nothing was added since."""
    size, last = evidence.size(session), evidence.latest_head(session)
    if size == 0 or (last and last.size == size):
        return last
    root = merkle.root(size, _reader(session)).hex()
    head = TreeHead(size=size, root=root, at=now, signature=_key(vault).sign(entries.head_data(size, root, now)).hex())
    session.add(head)
    session.flush()
    return head


def public_key(vault: Vault) -> str:
    """Ed25519, 32 bytes, hexadecimal. It follows from the secret key of the configuration."""
    return _key(vault).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


@dataclass(frozen=True)
class Proof:
    """Everything somebody needs who does not trust us; ``as_json`` is the file they keep."""

    entry: Mapping[str, Any]
    promise: Mapping[str, Any]
    inclusion: Mapping[str, Any] | None  # None for the first minute

    def as_json(self, key: str) -> dict[str, Any]:
        return {"entry": self.entry, "promise": self.promise, "inclusion": self.inclusion, "public_key": key}


def prove(session: Session, vault: Vault, subject: str) -> Proof:
    """The proof of the subject's first entry against the newest signed head. Raises NotFound ``evidence.unknown``."""
    found = evidence.of_subject(session, subject)
    if not found:
        raise NotFound("evidence.unknown")
    entry, head = found[0], evidence.latest_head(session)
    promise = {
        "at": int(entry.written_at.timestamp()),
        "signature": _key(vault).sign(entries.promise_data(entry.leaf, entry.written_at)).hex(),
    }
    included = None
    if head is not None and entry.position is not None and entry.position < head.size:
        path = merkle.inclusion_proof(entry.position, head.size, _reader(session))
        included = {"index": entry.position, "path": [step.hex() for step in path], "head": head_json(head)}
    return Proof({"kind": entry.kind, "shown": entry.shown, "hidden": entry.hidden}, promise, included)


def consistency(session: Session, old: int, new: int) -> list[str]:
    """That the tree of ``new`` entries begins with the one of ``old``. Raises Refused ``evidence.bad_sizes``."""
    if not 0 < old <= new <= evidence.size(session):
        raise Refused("evidence.bad_sizes", old=old, new=new, size=evidence.size(session))
    return [step.hex() for step in merkle.consistency_proof(old, new, _reader(session))]


def heads(session: Session, most: int) -> list[dict[str, Any]]:
    """The newest signed heads, newest first."""
    return [head_json(one) for one in session.scalars(select(TreeHead).order_by(TreeHead.size.desc()).limit(most))]


def head_over(session: Session, subject: str) -> dict[str, Any] | None:
    """The first signed head that covers the subject's newest entry, to be printed beside it; None for the first minute."""
    found = evidence.of_subject(session, subject)
    if not found or found[-1].position is None:
        return None
    query = select(TreeHead).where(TreeHead.size > found[-1].position).order_by(TreeHead.size).limit(1)
    head = session.scalar(query)
    return head_json(head) if head is not None else None


def head_json(head: TreeHead) -> dict[str, Any]:
    return {"size": head.size, "root": head.root, "at": int(head.at.timestamp()), "signature": head.signature}


def _key(vault: Vault) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(vault.key("evidence"))


def _reader(session: Session) -> merkle.NodeAt:
    return lambda level, place: _stored(session, level, place)


def _stored(session: Session, level: int, place: int) -> bytes:
    node = session.get(EvidenceNode, (level, place))
    if node is None:
        raise Refused("evidence.broken_tree", level=level, place=place)
    return bytes.fromhex(node.hash)
