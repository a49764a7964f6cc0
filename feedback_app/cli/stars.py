"""Leaderboards: close, publish, list."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from feedback_app.cli._common import Session, put, say
from feedback_app.cli._star_facts import import_figures, import_points, record
from feedback_app.domain import boards, recounting
from feedback_app.domain.cycles import Period
from feedback_app.domain.recounting import Recounted
from feedback_app.errors import Refused
from feedback_app.services import awards, leaderboards, publications, recount_page, stuffing
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
                stuffing.watch_closing(db, runtime, [told], runtime.now())
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
            board = leaderboards.load(db, award, told)
        starts = publications.goes_out(now, runtime.settings).astimezone(runtime.zone)
    if board.published_at is None:
        say(f"checked by {board.checked_by}; the scheme asks for two people: a second one publishes")
        sys.exit(1)
    if queued:
        say(f"published; {queued} messages go out from {starts:%Y-%m-%d %H:%M}")
    else:
        say("published; no messages queued (already published, or nobody can be reached)")


@stars.command(epilog="Example: service-star stars bundle --award monthly --period 2026-10 --out october.kit")
@_award
@_period
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="the kit")
@click.option(
    "--page", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="also as one offline page"
)
@click.pass_obj
def bundle(session: Session, award: str, period: str, out: Path, page: Path | None) -> None:
    """Write the recount kit of a closed period: frozen rules and evidence without names, to be counted again by anybody."""
    with session.runtime() as runtime, runtime.reading() as db:
        awards.scheme(db, award)
        kit = leaderboards.recount_kit(db, award, Period.parse(period))
    out.write_text(kit, "utf-8", newline="\n")
    if page:
        page.write_text(recount_page.page(kit), "utf-8", newline="\n")
    say(f"written to {out}{f' and {page}' if page else ''}; seal {recounting.recount(kit).seal}")


@stars.command(epilog="Example: service-star stars recount october.kit")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--seal", default="", metavar="HASH", help="the seal as it was published: 64 hexadecimal digits")
@click.option("--json", "as_json", is_flag=True, help="the verdict as one JSON object")
def recount(file: Path, seal: str, as_json: bool) -> None:
    """Decide again from the kit alone; needs no database and no network. Exit status 1 if the answer is another one."""
    try:
        found = recounting.recount(file.read_bytes().decode("utf-8"))
    except UnicodeDecodeError:
        raise Refused("stars.bad_kit", line=1) from None
    published = not seal or found.seal == seal.strip().lower()
    if as_json:
        put({**asdict(found), "equal": found.is_equal and published})
    else:
        _tell_recount(found, published=published)
    if not (found.is_equal and published):
        sys.exit(1)


def _tell_recount(found: Recounted, *, published: bool) -> None:
    say(f"{found.award} {found.period}: {found.candidates} candidates, {found.ratings} ratings counted")
    say(f"seal of this file: {found.seal}")
    if found.seal != found.told_seal:
        say(
            f"DIFFERENT: the file says its seal is {found.told_seal or 'missing'}: lines were changed, added or removed"
        )
    if not published:
        say("DIFFERENT: this is not the seal that was published")
    for one in found.differing:
        say(f"DIFFERENT: {one[:300]}")
    if found.is_equal and published:
        say("the same result to the byte; compare the seal with the one on the published board")


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
        "recount_hash": board.recount_hash,
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


for _command in (import_figures, import_points, record):
    stars.add_command(_command)

COMMANDS = [stars]
