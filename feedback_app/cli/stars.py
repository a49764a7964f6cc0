"""Leaderboards: close, publish, list."""

from typing import Any

import click

from feedback_app.cli._common import Session, put, say
from feedback_app.domain import boards
from feedback_app.domain.cycles import Period
from feedback_app.services import awards, leaderboards, publications
from feedback_app.services.leaderboards import Board

_award = click.option("--award", required=True, metavar="KEY", help="which award, for example monthly")
_period = click.option(
    "--period", required=True, metavar="PERIOD", help="for example 2026-10, 2026-09..10, 2026-Q4, 2026-H2, 2026"
)


@click.group(epilog="Example: service-star stars list")
def stars() -> None:
    """Leaderboards: closing freezes, publishing releases."""


@stars.command(epilog="Example: service-star stars close --award monthly --period 2026-10 --dry-run")
@_award
@_period
@click.option("--dry-run", is_flag=True, help="compute and show, store nothing; also for a month that still runs")
@click.option("--json", "as_json", is_flag=True, help="the whole result as one JSON object")
@click.pass_obj
def close(session: Session, award: str, period: str, dry_run: bool, as_json: bool) -> None:
    """Compute a period and, without --dry-run, freeze it. Sends nothing. Twice gives the same result."""
    told = Period.parse(period)
    with session.runtime() as runtime:
        if dry_run:
            with runtime.reading() as db:
                board = leaderboards.preview(db, award, told, now=runtime.now(), zone=runtime.zone)
        else:
            with runtime.transaction() as db:
                board = leaderboards.close(db, award, told, now=runtime.now(), zone=runtime.zone, actor="command line")
    if as_json:
        put(as_object(board))
    else:
        _tell(board)


@stars.command(epilog="Example: service-star stars publish --award monthly --period 2026-10 --by 王主任")
@_award
@_period
@click.option("--by", required=True, metavar="NAME", help="who releases it")
@click.pass_obj
def publish(session: Session, award: str, period: str, by: str) -> None:
    """Release a frozen period and queue the messages for the next working hours. Twice sends nothing more."""
    told = Period.parse(period)
    with session.runtime() as runtime:
        now = runtime.now()
        with runtime.transaction() as db:
            awards.scheme(db, award)
            queued = publications.publish(db, award, told, by=by, now=now, settings=runtime.settings)
        starts = publications.goes_out(now, runtime.settings).astimezone(runtime.zone)
    if queued:
        say(f"published; {queued} messages go out from {starts:%Y-%m-%d %H:%M}")
    else:
        say("published; no messages queued (already published, or nobody can be reached)")


@stars.command("list", epilog="Example: service-star stars list")
@click.pass_obj
def list_periods(session: Session) -> None:
    """Every award's periods, one JSON object a line."""
    with session.runtime() as runtime, runtime.reading() as db:
        for award in awards.schemes(db):
            for one in leaderboards.periods(db, award, now=runtime.now(), zone=runtime.zone):
                put(
                    {
                        "award": award,
                        "period": str(one.period),
                        "state": one.state,
                        "closed_at": one.closed_at and one.closed_at.isoformat(),
                        "published_at": one.published_at and one.published_at.isoformat(),
                        "published_by": one.published_by,
                        "hash": one.result_hash,
                    }
                )


def as_object(board: Board) -> dict[str, Any]:
    """The machine form of a board; ``rows`` are those on the board in order, then those still collecting."""
    return {
        "award": board.scheme.key,
        "period": str(board.period),
        "provisional": board.provisional,
        "verified": not board.unverified,
        "hash": board.result_hash,
        "closed_at": board.closed_at and board.closed_at.isoformat(),
        "published_at": board.published_at and board.published_at.isoformat(),
        "leagues": [
            {
                "key": result.key,
                "counts": dict(board.counts[result.key]),
                "parameters": dict(result.parameters),
                "rows": [boards.row_body(row) for row in result.rows],
            }
            for result in board.results
        ],
        "left_out": [one.__dict__ for one in board.left_out],
    }


def _tell(board: Board) -> None:
    state = "provisional, nothing stored" if board.provisional else f"frozen, {board.result_hash[:12]}"
    say(f"{board.scheme.title['zh']} {board.period}: {state}")
    for result in board.results:
        counts = board.counts[result.key]
        say(f"  {result.key}: {counts['listed']} of {counts['candidates']} on the board, {counts['ratings']} ratings")
        for row in result.listed[:3]:
            say(f"    {row.rank:>4}. {row.name} {row.department} {row.score:.1f} ({row.low}-{row.high})")


COMMANDS = [stars]
