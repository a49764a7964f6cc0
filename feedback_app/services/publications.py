"""Releasing a closed period: the board becomes public, and everyone who can be reached is told their own result, once.

Who is told: every active member of staff with a current binding gets exactly one message a board, also those whose post has
no league (their figures without a place). A window's board has no person in it: those who served there alone are told how
many ratings their windows received, nothing more. Nobody is ever told somebody else's place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import leaderboards
from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.domain.boards import public_rows
from feedback_app.domain.cycles import Period
from feedback_app.errors import Conflict, NotFound
from feedback_app.services import audit, bindings, certificates, evidence, outbox, round_boards, star_messages
from feedback_app.services import leaderboards as closing
from feedback_app.services.bindings import Unreached
from feedback_app.services.certificates import Honour
from feedback_app.services.leaderboards import Board
from feedback_app.services.reaching import goes_out, reachable
from feedback_app.services.vault import Vault
from feedback_app.settings import Settings

__all__ = ["Plan", "goes_out", "plan", "publish", "publish_due", "reachable"]


@dataclass(frozen=True)
class Plan:
    """What publishing would do now."""

    goes_out: datetime
    people: int
    groups: tuple[str, ...]  # webhook names
    unbound: tuple[Unreached, ...]


def plan(session: Session, *, now: datetime, settings: Settings) -> Plan:
    """For the page that asks whether to publish."""
    return Plan(
        goes_out=goes_out(now, settings),
        people=len(reachable(session, settings)),
        groups=tuple(name for name, _ in _groups(session, settings)),
        unbound=tuple(bindings.unbound(session)),
    )


def publish(
    session: Session, award: str, period: Period, *, by: str, now: datetime, settings: Settings, actor: str = ""
) -> int:
    """Release the period and queue its messages; returns how many. Published before: nothing happens, 0.

    ``by`` is the name that stands on the board, ``actor`` (where it differs) who is in the audit log. Where the scheme asks for
    two people, the first one's call is only noted (0, and ``Board.checked_by``); the second one's releases. Raises NotFound
    ``stars.not_closed``, Conflict ``stars.second_person`` when the first tries to be the second, ``stars.round_open`` while a
    selection that leads this award still takes objections.
    """
    stored = leaderboards.find(session, award, str(period))
    if stored is None:
        raise NotFound("stars.not_closed", period=period)
    if stored.published_at is None and round_boards.is_open(session, award, str(period), now, settings.hospital.zone):
        raise Conflict("stars.round_open")
    if stored.published_at is None and _waits_for_another(session, stored, by, actor or by, now):
        return 0
    if not leaderboards.release(session, stored, by, now):
        return 0
    board = closing.load(session, award, period)
    _certify(session, board, by, now, settings)
    evidence.write_board(session, "published", award, str(period), stored.result_hash, now)
    queued = _tell_people(session, board, settings, now) + _tell_groups(session, board, settings, now)
    audit.write(
        session,
        actor=actor or by,
        action="star.published",
        subject=f"{award} {period}",
        now=now,
        hash=stored.result_hash,
        messages=queued,
    )
    return queued


def _waits_for_another(session: Session, stored: Leaderboard, by: str, login: str, now: datetime) -> bool:
    """Note the first of two people; False when one is enough, or this is the second."""
    if not closing.board_without_rows(stored).scheme.second_person:
        return False
    if not stored.checked_by:
        stored.checked_by, stored.checked_login = by, login
        subject = f"{stored.award_key} {stored.period}"
        audit.write(session, actor=login, action="star.checked", subject=subject, now=now, hash=stored.result_hash)
        session.flush()
        return True
    if by == stored.checked_by or login == stored.checked_login:
        raise Conflict("stars.second_person", name=stored.checked_by)
    return False


def _certify(session: Session, board: Board, by: str, now: datetime, settings: Settings) -> None:
    """A certificate for everyone the frozen result honours."""
    vault = Vault(settings.security.secret_key.get_secret_value())
    tiers = {one.key: one.title["zh"] for one in board.scheme.tiers}
    struck = round_boards.struck(session, board.scheme.key, str(board.period))
    for result in board.results:
        league = board.league_words(result.key)["zh"]
        for row in (one for one in result.rows if one.won and one.point_id not in struck):
            honour = Honour(
                source=evidence.board_subject(board.scheme.key, str(board.period)),
                award=board.scheme.title["zh"],
                period=str(board.period),
                group=f"{league} {tiers[row.tier]}" if row.tier else league,
                unverified=board.unverified and board.scheme.hears_patients,
                made_up=board.made_up,
            )
            holder = session.get_one(ServicePoint, row.point_id)
            certificates.issue(session, vault, honour, holder, by=by, now=now, zone=settings.hospital.zone)


def publish_due(session: Session, *, now: datetime, settings: Settings) -> list[tuple[str, Period]]:
    """Release what a scheme releases by itself so many hours after closing."""
    done = []
    for board in closing.waiting(session):
        hours = board.scheme.publish_after_hours
        if (
            hours is not None
            and not board.scheme.second_person
            and not round_boards.is_open(session, board.scheme.key, str(board.period), now, settings.hospital.zone)
            and board.closed_at is not None
            and (now - board.closed_at).total_seconds() >= hours * 3600
        ):
            publish(session, board.scheme.key, board.period, by="system", now=now, settings=settings)
            done.append((board.scheme.key, board.period))
    return done


def _tell_people(session: Session, board: Board, settings: Settings, now: datetime) -> int:
    writer = star_messages.Writer.prepare(session, board)
    start = goes_out(now, settings)
    queued = 0
    for one in reachable(session, settings):
        queued += outbox.put(
            session,
            dedupe_key=f"star:{board.scheme.key}:{board.period}:{one.member.id}",
            purpose="star_result",
            channel=one.channel,
            recipient=one.address_sealed,
            payload=writer.to_member(one.member, f"{settings.server.base_url}/staff/"),
            now=now,
            not_before=start,
            service_point_id=one.member.id,
        )
    return queued


def _tell_groups(session: Session, board: Board, settings: Settings, now: datetime) -> int:
    start = goes_out(now, settings)
    public = [row for result in board.results for row in public_rows(result, board.scheme.public_top)]
    page = f"{settings.server.base_url}/stars/{board.scheme.key}/{board.period}"
    return sum(
        outbox.put(
            session,
            dedupe_key=f"star:{board.scheme.key}:{board.period}:group:{name}",
            purpose="star_summary",
            channel="wecom_group",
            recipient=name,
            payload=star_messages.to_department(board, unit.name, public, page),
            now=now,
            not_before=start,
            service_point_id=unit.id,
        )
        for name, unit in _groups(session, settings)
    )


def _groups(session: Session, settings: Settings) -> Sequence[tuple[str, ServicePoint]]:
    """Groups whose configured name is the key or the name of a department."""
    names = settings.group_names
    query = select(ServicePoint).where(ServicePoint.kind == "department", ServicePoint.active)
    found = []
    for unit in session.scalars(query.order_by(ServicePoint.key)):
        name = next((one for one in (unit.key, unit.name) if one in names), None)
        if name is not None:
            found.append((name, unit))
    return found
