"""Leaderboards: previewed while a month runs, frozen when it is over. Closing sends nothing."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback_app.db import assessments, counting_days, leaderboards, ratings, tallies
from feedback_app.db.leaderboards import Leaderboard, LeaderboardRow, RecountKit
from feedback_app.domain import boards, cycles, deciding, recounting
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.awards import parse, to_body
from feedback_app.domain.boards import LeagueResult, Row
from feedback_app.domain.cycles import Period
from feedback_app.domain.deciding import Decided, LeftOut
from feedback_app.domain.periods import Month
from feedback_app.domain.recounting import Bundle
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, awards, evidence, pilot, star_facts


@dataclass(frozen=True)
class Board:
    """One award for one period. ``closed_at`` None: a preview, which may still change."""

    scheme: Scheme
    period: Period
    results: tuple[LeagueResult, ...]
    left_out: tuple[LeftOut, ...]
    made_up: bool
    result_hash: str
    counts: Mapping[str, Mapping[str, int]]  # league -> candidates, rated, listed: also where only public rows are here
    closed_at: datetime | None = None
    published_at: datetime | None = None
    published_by: str = ""
    recount_hash: str = ""  # seal of the recount kit
    revoked: frozenset[int] = frozenset()  # service points whose honour was taken back
    checked_by: str = ""  # the first of two who release it, where the scheme asks for two

    @property
    def provisional(self) -> bool:
        return self.closed_at is None

    @property
    def unverified(self) -> bool:
        """Whether the board must carry 未核验: nobody has verified the visits of the patients it heard."""
        return self.scheme.verification == "none" and self.scheme.hears_patients

    def league(self, key: str) -> LeagueResult:
        return next(one for one in self.results if one.key == key)

    def league_words(self, key: str) -> Mapping[str, str]:
        """The league's title by language."""
        return next(one.title for one in self.scheme.leagues if one.key == key)

    def tier_words(self, key: str) -> Mapping[str, str]:
        """The tier's title by language."""
        return next((one.title for one in self.scheme.tiers if one.key == key), {"zh": key})

    def row_of(self, point_id: int) -> Row | None:
        return next((row for result in self.results for row in result.rows if row.point_id == point_id), None)


@dataclass(frozen=True)
class Listed:
    """One line of the list of periods. ``running``: not over yet."""

    award: str
    period: Period
    closed_at: datetime | None
    published_at: datetime | None
    published_by: str = ""
    result_hash: str = ""
    running: bool = False

    @property
    def state(self) -> str:
        """open (running or waiting to be closed) | closed | published."""
        if self.closed_at is None:
            return "open"
        return "published" if self.published_at else "closed"


def preview(session: Session, award: str, period: Period, *, now: datetime, zone: ZoneInfo) -> Board:
    """What closing would give, written nowhere. Raises NotFound ``stars.unknown_award``, Refused ``stars.not_begun``."""
    if now < period.starts(zone):
        raise Refused("stars.not_begun", period=period)
    return _compute(session, awards.scheme(session, award, period), period)[0]


def try_out(session: Session, scheme: Scheme, period: Period) -> Board:
    """What these rules would give for that period, whatever rules are in force; written nowhere."""
    return _compute(session, scheme, period)[0]


def close(
    session: Session, award: str, period: Period, *, now: datetime, zone: ZoneInfo, actor: str = "system"
) -> Board:
    """Freeze a period that is over; closed before: what was frozen then, unchanged.

    Raises NotFound ``stars.unknown_award``, Refused ``stars.not_over``, Conflict ``pilot.no_boards`` while a trial runs.
    """
    scheme = awards.scheme(session, award, period)
    known = leaderboards.find(session, award, str(period))
    if known is not None:
        return _board(session, known)
    if now < period.ends(zone):
        raise Refused(
            "stars.not_over", period=period, ends=period.ends(zone).astimezone(zone).strftime("%Y-%m-%d %H:%M")
        )
    pilot.check_boards(session)
    _shut(session, period)
    known = leaderboards.find(session, award, str(period))  # by another process while this one waited
    if known is not None:
        return _board(session, known)
    computed, decided = _compute(session, scheme, period)
    stored = _freeze(session, computed, recounting.bundle(decided), now)
    if stored is not None:
        audit.write(
            session, actor=actor, action="star.closed", subject=f"{award} {period}", now=now, hash=stored.result_hash
        )
        evidence.write_board(
            session, "closed", award, str(period), stored.result_hash, now, recount=stored.recount_hash
        )
    return load(session, award, period)


def _shut(session: Session, period: Period) -> None:
    """Wait for every rating of the period that is being written; those that come later count on the day after it."""
    for month in period.months:
        ratings.lock_month(session, str(month), to_close=True)
    counting_days.move_to(session, period.last + timedelta(days=1))


def _compute(session: Session, scheme: Scheme, period: Period) -> tuple[Board, Decided]:
    decided = deciding.decide(scheme, period, star_facts.gather(session, scheme, period))
    board = Board(
        scheme=scheme,
        period=period,
        results=decided.results,
        left_out=decided.left_out,
        made_up=decided.made_up,
        result_hash="",
        counts={result.key: _counts(result) for result in decided.results},
    )
    rows = [boards.row_body(row) for result in decided.results for row in result.rows]
    return _with_hash(board, boards.fingerprint(to_body(scheme), _summary(board), rows)), decided


def _with_hash(board: Board, fingerprint: str) -> Board:
    return Board(**{**board.__dict__, "result_hash": fingerprint})


def _counts(result: LeagueResult) -> dict[str, int]:
    return {
        "candidates": len(result.rows),
        "rated": sum(row.valid > 0 for row in result.rows),
        "listed": len(result.listed),
        "ratings": sum(row.valid for row in result.rows),
    }


def _summary(board: Board) -> dict[str, Any]:
    """What is stored of a board beside its rules and rows."""
    return {
        "period": str(board.period),
        "leagues": [
            {"key": result.key, "parameters": dict(result.parameters), "counts": dict(board.counts[result.key])}
            for result in board.results
        ],
        "left_out": [asdict(one) for one in board.left_out],
        "made_up": board.made_up,
    }


def _freeze(session: Session, board: Board, kit: Bundle, now: datetime) -> Leaderboard | None:
    """Store it; None when another process stored the same period a moment before."""
    stored = Leaderboard(
        award_key=board.scheme.key,
        period=str(board.period),
        rules=to_body(board.scheme),
        result=_summary(board),
        result_hash=board.result_hash,
        recount_hash=kit.seal,
        closed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(stored)
            session.flush()
    except IntegrityError:
        return None
    session.add(RecountKit(leaderboard_id=stored.id, text=kit.text))
    public = {row.point_id for result in board.results for row in boards.public_rows(result, board.scheme.public_top)}
    rows = [row for result in board.results for row in result.rows]
    session.add_all(
        LeaderboardRow(
            leaderboard_id=stored.id,
            service_point_id=row.point_id,
            position=position,
            public=row.point_id in public,
            body=boards.row_body(row),
        )
        for position, row in enumerate(rows)
    )
    session.flush()
    return stored


def load(session: Session, award: str, period: Period, *, public_only: bool = False) -> Board:
    """A closed period; ``public_only``: published ones, and of those only the rows that everyone may see.

    Raises NotFound ``stars.not_closed`` or, with ``public_only``, ``stars.not_published``.
    """
    stored = leaderboards.find(session, award, str(period))
    if public_only and (stored is None or stored.published_at is None):
        raise NotFound("stars.not_published", period=period)
    if stored is None:
        raise NotFound("stars.not_closed", period=period)
    return _board(session, stored, public_only=public_only)


def _board(session: Session, stored: Leaderboard, *, public_only: bool = False) -> Board:
    rows = [boards.row_from(one.body) for one in leaderboards.rows(session, stored, public_only=public_only)]
    taken_back = assessments.revoked(session, stored.award_key, stored.period)
    return dataclasses.replace(_assembled(stored, rows), revoked=frozenset(taken_back))


def board_without_rows(stored: Leaderboard) -> Board:
    """Rules, parameters and counts of a closed period; cheap, for one person's page."""
    return _assembled(stored, [])


def _assembled(stored: Leaderboard, rows: Sequence[Row]) -> Board:
    leagues: Sequence[Mapping[str, Any]] = stored.result["leagues"]
    return Board(
        scheme=parse(stored.rules),
        period=Period.parse(stored.period),
        results=tuple(
            LeagueResult(one["key"], one["parameters"], tuple(row for row in rows if row.league == one["key"]))
            for one in leagues
        ),
        left_out=tuple(LeftOut(**one) for one in stored.result["left_out"]),
        made_up=stored.result["made_up"],
        result_hash=stored.result_hash,
        recount_hash=stored.recount_hash,
        counts={one["key"]: one["counts"] for one in leagues},
        closed_at=stored.closed_at,
        published_at=stored.published_at,
        published_by=stored.published_by,
        checked_by=stored.checked_by,
    )


def recount_kit(session: Session, award: str, period: Period) -> str:
    """The text of the kit as it was frozen with the board. Raises NotFound ``stars.not_closed``."""
    stored = leaderboards.find(session, award, str(period))
    kit = session.get(RecountKit, stored.id) if stored else None
    if kit is None:
        raise NotFound("stars.not_closed", period=period)
    return kit.text


def is_unaltered(session: Session, award: str, period: Period) -> bool:
    """Whether rules, parameters and rows in the database still are what was frozen."""
    board = load(session, award, period)
    stored = leaderboards.find(session, award, str(period))
    if stored is None:
        return False
    rows = [boards.row_body(row) for result in board.results for row in result.rows]
    kit = session.get(RecountKit, stored.id)
    sealed = kit is not None and recounting.seal_of(kit.text) == stored.recount_hash
    return sealed and boards.fingerprint(stored.rules, stored.result, rows) == stored.result_hash


def due(session: Session, award: str, now: datetime, zone: ZoneInfo) -> list[Period]:
    """The periods of one award that are over and wait to be closed, oldest first."""
    scheme = awards.scheme(session, award)
    first = tallies.first_period(session)
    closed = {Period.parse(one.period) for one in leaderboards.of_award(session, award)}
    begin = awards.first_period(session, award, Month.parse(first) if first else None)
    return _after_trial(session, cycles.due(begin, scheme.ends, now, zone, closed, scheme.assess_days), zone)


def _after_trial(session: Session, found: list[Period], zone: ZoneInfo) -> list[Period]:
    """None while a trial runs; afterwards those that reach into the time since going live."""
    first = pilot.counts_from(session, zone)
    if pilot.stage(session).is_trial:
        return []
    return found if first is None else [one for one in found if one.last >= first]


def periods_over(session: Session, scheme: Scheme, now: datetime, zone: ZoneInfo) -> list[Period]:
    """Those of an award that are over and not closed, oldest first, also while points may still be given for them."""
    first = tallies.first_period(session)
    closed = {Period.parse(one.period) for one in leaderboards.of_award(session, scheme.key)}
    begin = awards.first_period(session, scheme.key, Month.parse(first) if first else None)
    return _after_trial(session, cycles.due(begin, scheme.ends, now, zone, closed), zone)


def all_due(session: Session, *, now: datetime, zone: ZoneInfo) -> list[Period]:
    """The periods of every award that are over and wait to be closed."""
    return [period for award in awards.schemes(session) for period in due(session, award, now, zone)]


def close_due(session: Session, *, now: datetime, zone: ZoneInfo) -> list[tuple[str, Period]]:
    """Close everything that is over, of every award; what was missed while nothing ran is caught up. Safe to repeat."""
    done = []
    for award in awards.schemes(session):
        for period in due(session, award, now, zone):
            close(session, award, period, now=now, zone=zone)
            done.append((award, period))
    return done


def periods(session: Session, award: str, *, now: datetime, zone: ZoneInfo) -> list[Listed]:
    """The running period, those waiting to be closed and those closed, newest first."""
    running = running_period(awards.scheme(session, award), now, zone)
    open_ones = [Listed(award, one, None, None) for one in due(session, award, now, zone)]
    if running is not None:
        open_ones.append(Listed(award, running, None, None, running=True))
    closed = [
        Listed(award, Period.parse(one.period), one.closed_at, one.published_at, one.published_by, one.result_hash)
        for one in leaderboards.of_award(session, award)
    ]
    return sorted([*open_ones, *closed], key=lambda one: one.period, reverse=True)


def running_period(scheme: Scheme, now: datetime, zone: ZoneInfo) -> Period | None:
    """The period of this award that runs now; None before the first, after the last and outside a campaign."""
    period = scheme.period_holding(Month.of(now, zone))
    begun = not scheme.starts or Period.parse(scheme.starts) <= period
    over = bool(scheme.ends) and Period.parse(scheme.ends) < period
    return period if begun and not over and period.starts(zone) <= now < period.ends(zone) else None


def waiting(session: Session) -> list[Board]:
    """Closed but unpublished periods of every award, oldest first, without their rows."""
    unpublished = (
        one
        for award in awards.schemes(session)
        for one in leaderboards.of_award(session, award)
        if one.published_at is None
    )
    return sorted((board_without_rows(one) for one in unpublished), key=lambda board: board.period)


def published(session: Session, award: str) -> list[Period]:
    """Published periods, newest first."""
    return [Period.parse(one.period) for one in leaderboards.of_award(session, award, published_only=True)]
