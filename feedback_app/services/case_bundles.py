"""Several cases at once: merged into one, joined as one systemic case, and one split into two.

Nothing disappears: a merged case keeps its number, its history and its writer, who is answered through the case it lives on
in, and asks for it by the old number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import case_secrets
from feedback_app.db.complaints import Case
from feedback_app.domain import complaints as rules
from feedback_app.errors import Conflict, Refused
from feedback_app.services import audit, case_clock, case_findings, case_history, case_steps, case_words, complaints
from feedback_app.services.complaints import Filing

LONGEST_LIST = 200
"""Cases joined at once."""


@dataclass(frozen=True)
class Cause:
    """What several cases have in common, in the words of whoever joins them."""

    text: str
    point_id: int | None = None
    category: str = ""


def merge(session: Session, number: str, into: str, *, seen: int, by: str, now: datetime, zone: ZoneInfo) -> Case:
    """``number`` lives on in ``into``, which gets the earlier of both dates: nobody waits longer for being merged.

    Raises Refused ``complaints.same_case``; NotFound ``complaints.no_case``; Conflict ``complaints.moved``,
    ``complaints.not_possible``.
    """
    case, target = case_steps.lock(session, number, seen), case_steps.get(session, into)
    check_merge(case, target, seen=seen)
    _merge(session, case, target, by=by, now=now, zone=zone)
    return target


def check_merge(case: Case, target: Case, *, seen: int) -> None:
    """Raise what :func:`merge` would, changing nothing: for a page that asks once more."""
    case_steps.check_version(case, seen)
    if case.id == target.id:
        raise Refused("complaints.same_case")
    if rules.SPLIT not in rules.moves(target.state, target.kind):  # only what is being handled takes another in
        raise Conflict("complaints.no_merge_into", number=target.number)
    rules.after(case.state, case.kind, rules.MERGE)


def join(
    session: Session,
    numbers: Sequence[str],
    cause: Cause,
    *,
    by: str,
    now: datetime,
    zone: ZoneInfo,
    seen: Mapping[str, int] | None = None,
) -> Case:
    """One systemic case for several (those of low ratings, for example); all of them live on in it.

    Its date is the nearest of theirs. ``seen``: number -> the version it was decided on, where somebody looked at them.
    Raises Refused ``complaints.bad_choice`` for none or too many, ``complaints.words_needed``, and as :func:`merge`.
    """
    wanted = list(dict.fromkeys(numbers))
    if not 1 < len(wanted) <= LONGEST_LIST:
        raise Refused("complaints.bad_choice", chosen=str(len(wanted)))
    if not cause.text.strip():
        raise Refused("complaints.words_needed")
    if cause.category not in ("", *rules.CATEGORIES):
        raise Refused("complaints.bad_choice", chosen=cause.category[:20])
    joined = [
        case_steps.get(session, number) if seen is None else case_steps.lock(session, number, seen.get(number, -1))
        for number in wanted
    ]
    filing = Filing(
        text=cause.text,
        source="window",
        origin_key=f"joined:{sha256(' '.join(sorted(wanted)).encode()).hexdigest()}",
        category=cause.category,
        point_id=cause.point_id,
        first_receiver=by,
        received_on=min(case.day for case in joined),
        made_up=all(case.made_up for case in joined),
    )
    target = complaints.file(session, filing, zone=zone, now=now)
    target.systemic = True
    for case in joined:
        _merge(session, case, target, by=by, now=now, zone=zone)
    return target


def split(session: Session, number: str, text: str, *, seen: int, by: str, now: datetime, zone: ZoneInfo) -> Case:
    """A second matter in one case becomes a case of its own, received on the same day and of the same writer.

    Raises Refused ``complaints.words_needed``, ``complaints.too_long``; Conflict ``complaints.moved``,
    ``complaints.not_possible``.
    """
    case = case_steps.lock(session, number, seen)
    check_split(case, text, seen=seen)
    filing = Filing(
        text=text,
        source=case.source,
        origin_key=f"split:{case.id}:{seen}",
        kind=case.kind,
        point_id=case.service_point_id,
        complainant_hash=case.complainant_hash,
        first_receiver=by,
        received_on=case.day,
        made_up=case.made_up,
    )
    second = complaints.file(session, filing, zone=zone, now=now)
    for sealed in case_secrets.sealed(session, case.id, case_secrets.CONTACT):
        case_words.keep_contact(session, second, sealed, now)
    case_history.write(session, case, rules.SPLIT, actor=by, now=now, details={"into": second.number})
    audit.write(session, actor=by, action="case.split", subject=number, now=now, into=second.number)
    return second


def check_split(case: Case, text: str, *, seen: int) -> None:
    """Raise what :func:`split` would, changing nothing: for a page that asks once more."""
    case_steps.check_version(case, seen)
    rules.after(case.state, case.kind, rules.SPLIT)
    if not text.strip():
        raise Refused("complaints.words_needed")
    if len(text) > complaints.LONGEST_TEXT:
        raise Refused("complaints.too_long", most=complaints.LONGEST_TEXT, length=len(text))


def _merge(session: Session, case: Case, target: Case, *, by: str, now: datetime, zone: ZoneInfo) -> None:
    case_steps.move(case, rules.after(case.state, case.kind, rules.MERGE), rules.MERGE, now, zone)
    case.merged_into_id = target.id
    case_history.write(session, case, rules.MERGE, actor=by, now=now, details={"into": target.number})
    case_history.write(session, target, rules.MERGE, actor=by, now=now, details={"took_in": case.number})
    audit.write(session, actor=by, action="case.merged", subject=case.number or "", now=now, into=target.number)
    case_findings.hand_on(session, case, target, now)
    if case.clock_from < target.clock_from:
        target.clock_from = case.clock_from
        case_clock.recompute(session, target, "merged", now)
    session.flush()
