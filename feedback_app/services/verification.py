"""Recomputing the whole evidence log from what is stored, and naming the first thing of each sort that does not fit."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from feedback_app.db import set_asides
from feedback_app.db.directory import ServicePoint
from feedback_app.db.evidence import Evidence, EvidenceNode, TreeHead
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.ratings import Rating
from feedback_app.db.set_asides import SetAside
from feedback_app.domain import evidence as entries
from feedback_app.domain import merkle
from feedback_app.domain.cycles import Period
from feedback_app.errors import FeedbackError
from feedback_app.services import audit, case_history, evidence, leaderboards
from feedback_app.services.vault import Vault

LATEST_PLACE = timedelta(minutes=5)
BATCH = 2000
MOST_TOLD = 20


@dataclass(frozen=True)
class Problem:
    """Something was altered, removed or inserted. ``what`` is a key under ``evidence.problems``."""

    what: str
    where: str


@dataclass(frozen=True)
class KnownHead:
    """A head somebody outside has kept: the tree must still begin with it."""

    size: int
    root: str


def problems(session: Session, vault: Vault, now: datetime, outside: tuple[KnownHead, ...] = ()) -> Iterator[Problem]:
    """Everything that does not fit, in the order found; nothing when the log holds."""
    broken = audit.first_broken(session)
    if broken is not None:
        yield Problem("audit_broken", f"audit:{broken.id}")
    yield from _entries(session, now)
    yield from _tree(session, vault, outside)
    yield from _ratings(session)
    yield from _boards(session)
    yield from (Problem(what, where) for what, where in case_history.altered(session))


def first_problems(session: Session, vault: Vault, now: datetime, outside: tuple[KnownHead, ...] = ()) -> list[Problem]:
    """As many of :func:`problems` as a person wants to read at once."""
    return list(itertools.islice(problems(session, vault, now, outside), MOST_TOLD))


def _entries(session: Session, now: datetime) -> Iterator[Problem]:
    expected = 0
    placed = select(Evidence).where(Evidence.position.is_not(None)).order_by(Evidence.position)
    with closing(session.scalars(placed.execution_options(yield_per=BATCH))) as found:
        for entry in found:
            if entry.position != expected:
                yield Problem("entry_missing", f"position:{expected}")
                expected = entry.position or expected
            expected += 1
            if entry.leaf != entries.leaf(entry.kind, entry.shown, entry.hidden):
                yield Problem("entry_altered", f"position:{entry.position} {entry.subject}")
    waiting = select(Evidence).where(Evidence.position.is_(None)).order_by(Evidence.id)
    for entry in session.scalars(waiting):
        if entry.leaf != entries.leaf(entry.kind, entry.shown, entry.hidden):
            yield Problem("entry_altered", f"waiting:{entry.id} {entry.subject}")
        if entry.written_at + LATEST_PLACE < now:
            yield Problem("entry_waiting", f"waiting:{entry.id} {entry.subject}")


def _tree(session: Session, vault: Vault, outside: tuple[KnownHead, ...]) -> Iterator[Problem]:
    """Build the tree again from the leaves; compare every stored node, every signed head, and the heads kept outside.

    Leaf by leaf, beside the stored nodes of each level: only the edge of the tree is in memory, however many entries there are.
    """
    heads = session.scalars(select(TreeHead).order_by(TreeHead.size)).all()
    edge, roots = merkle.Edge(), dict.fromkeys([*(one.size for one in heads), *(one.size for one in outside)], "")
    if edge.size in roots:
        roots[edge.size] = edge.root().hex()
    leaves = select(Evidence.leaf).where(Evidence.position.is_not(None)).order_by(Evidence.position)
    altered = ""
    with _StoredNodes(session) as stored, closing(session.scalars(leaves.execution_options(yield_per=BATCH))) as found:
        for leaf in found:
            for level, place, value in edge.append(bytes.fromhex(leaf)):
                if stored.next_of(level) != (place, value.hex()):
                    altered = altered or f"node:{level}/{place}"
            if edge.size in roots:
                roots[edge.size] = edge.root().hex()
        altered = altered or stored.left()
    if altered:
        yield Problem("node_altered", altered)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(evidence.public_key(vault)))
    for head in heads:
        if not _signed(key, head):
            yield Problem("head_forged", f"head:{head.size}")
        elif roots[head.size] != head.root:
            yield Problem("head_broken", f"head:{head.size}")
    for known in outside:
        if roots[known.size] != known.root:
            yield Problem("outside_head_broken", f"head:{known.size}")


class _StoredNodes:
    """The stored nodes of each level, in the order of their places, each read once and in pieces."""

    def __init__(self, session: Session) -> None:
        self._session, self._streams = session, ExitStack()
        self._levels: dict[int, Iterator[Row[int, str]]] = {}

    def __enter__(self) -> "_StoredNodes":
        return self

    def __exit__(self, *_: object) -> None:
        self._streams.close()

    def next_of(self, level: int) -> tuple[int, str] | None:
        """Place and hash of the next stored node of this level; None where there is none."""
        if level not in self._levels:
            rows = select(EvidenceNode.place, EvidenceNode.hash).where(EvidenceNode.level == level)
            rows = rows.order_by(EvidenceNode.place).execution_options(yield_per=BATCH)
            found = self._session.execute(rows)
            self._streams.callback(found.close)
            self._levels[level] = iter(found)
        row = next(self._levels[level], None)
        return None if row is None else (row.place, row.hash)

    def left(self) -> str:
        """A stored node that no entry asked for; "" when there is none."""
        for level, rows in sorted(self._levels.items()):
            row = next(rows, None)
            if row is not None:
                return f"node:{level}/{row.place}"
        above = select(EvidenceNode.level, EvidenceNode.place).where(EvidenceNode.level.not_in(self._levels)).limit(1)
        row_above = self._session.execute(above).first()
        return f"node:{row_above.level}/{row_above.place}" if row_above else ""


def _signed(key: Ed25519PublicKey, head: TreeHead) -> bool:
    try:
        key.verify(bytes.fromhex(head.signature), entries.head_data(head.size, head.root, head.at))
    except (InvalidSignature, ValueError):
        return False
    return True


def _ratings(session: Session) -> Iterator[Problem]:
    pairs = (
        select(Rating, ServicePoint, Evidence)
        .join(ServicePoint, Rating.service_point_id == ServicePoint.id)
        .outerjoin(Evidence, and_(Evidence.subject == "rating:" + Rating.receipt, Evidence.kind == "rating"))
        .order_by(Rating.id)
    )
    last_word = _last_words(session)
    asides = {one.rating_id: one for one in set_asides.decided(session)}
    for rating, point, found in session.execute(pairs.execution_options(yield_per=BATCH)):
        entry: Evidence | None = found
        if entry is None:
            yield Problem("rating_inserted", f"rating:{rating.receipt}")
        elif not _says_the_same(rating, point, entry):
            yield Problem("rating_altered", f"rating:{rating.receipt}")
        elif not _decided_so(rating, last_word.get(entry.subject), asides.get(rating.id)):
            yield Problem("rating_set_aside_unseen", f"rating:{rating.receipt}")
    lost = (
        select(Evidence.subject)
        .outerjoin(Rating, Rating.receipt == func.substr(Evidence.subject, len("rating:") + 1))
        .where(Evidence.kind == "rating", Rating.id.is_(None))
        .order_by(Evidence.id)
    )
    for (subject,) in session.execute(lost):
        yield Problem("rating_removed", subject)


def _says_the_same(rating: Rating, point: ServicePoint, entry: Evidence) -> bool:
    if entry.shown != evidence.shown_of(rating, point) or rating.verified != bool(rating.verified_how):
        return False
    if entry.hidden != entries.commitment(entry.salt, evidence.hidden_of(rating)):
        return False
    if not rating.answers_salt:  # the texts were erased; their digest is still the one committed to
        return not rating.comment
    answers = evidence.answers_of(rating.comment, rating.answers)
    return rating.answers_digest == entries.commitment(rating.answers_salt, answers)


def _last_words(session: Session) -> dict[str, Evidence]:
    """Subject of a rating -> the last thing that was decided about it (withdrawn, replaced, excluded …)."""
    later = select(Evidence).where(Evidence.kind != "rating", Evidence.subject.startswith("rating:"))
    return {entry.subject: entry for entry in session.scalars(later.order_by(Evidence.id))}


def _decided_so(rating: Rating, entry: Evidence | None, aside: SetAside | None) -> bool:
    """The entry commits to receipt, status, reason and persons, so that it cannot be moved to another rating either."""
    if entry is None:
        return rating.status == "counted" and not rating.why_not
    committed = entries.commitment(entry.salt, evidence.decision_of(rating, aside))
    return entry.kind == rating.status and entry.hidden == committed


def _boards(session: Session) -> Iterator[Problem]:
    """A closed leaderboard says what its entry says, and nothing in it has been changed since."""
    entered = select(Evidence).where(Evidence.kind == "closed").order_by(Evidence.id)
    closed = {entry.subject: entry for entry in session.scalars(entered)}
    for board in session.scalars(select(Leaderboard).order_by(Leaderboard.id)):
        subject = evidence.board_subject(board.award_key, board.period)
        entry = closed.pop(subject, None)
        if entry is None or entry.shown["result"] != board.result_hash or not _is_unaltered(session, board):
            yield Problem("board_altered", subject)
    for subject in closed:
        yield Problem("board_removed", subject)


def _is_unaltered(session: Session, board: Leaderboard) -> bool:
    try:
        return leaderboards.is_unaltered(session, board.award_key, Period.parse(board.period))
    except (FeedbackError, KeyError, TypeError, ValueError):  # altered so far that it cannot be read any more
        return False
