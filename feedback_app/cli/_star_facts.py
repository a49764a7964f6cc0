"""Commands that bring in what counts beside ratings: figures, points, entries on file."""

import sys
from datetime import datetime
from pathlib import Path

import click

from feedback_app.cli._common import Session, say
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import local_day
from feedback_app.errors import NotFound
from feedback_app.services import assessing, awards, directory, figures, points_import
from feedback_app.texts import text

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_by = click.option("--by", default="command line", metavar="NAME", help="who brings it in")
_period = click.option("--period", required=True, metavar="PERIOD", help="for example 2026-10, 2026-Q4")


@click.command(
    "figures", epilog="Example: service-star stars figures --name response_minutes --period 2026-Q4 minutes.csv"
)
@click.option("--name", required=True, metavar="FIGURE", help="as the scheme calls it")
@_period
@_by
@_file
@click.pass_obj
def import_figures(session: Session, name: str, period: str, by: str, file: Path) -> None:
    """Import one figure of a period from a table: number, value. The same table twice is told and changes nothing."""
    with session.runtime() as runtime, runtime.transaction() as db:
        done = figures.import_table(db, name, Period.parse(period), file.read_bytes(), by=by, now=runtime.now())
    for one in done.rejected:
        say(f"line {one.line}: {one.text}: {text(f'figures.reasons.{one.why}', 'en')}")
    if done.again:
        say("this table has been imported before")
    say(f"{done.new} new, {done.changed} changed, {done.same} as before")
    if done.rejected:
        sys.exit(1)


@click.command(
    "points",
    epilog="Example: service-star stars points --award bimonthly --period 2026-11..12 --share peer_review marks.csv",
)
@click.option("--award", required=True, metavar="KEY")
@_period
@click.option("--share", required=True, metavar="NAME", help="the criterion that they are given for")
@_file
@click.pass_obj
def import_points(session: Session, award: str, period: str, share: str, file: Path) -> None:
    """Import points given by people: number of the candidate, points, who gave them; for a score sheet: number, item, deduction, reason."""
    with session.runtime() as runtime, runtime.transaction() as db:
        scheme = awards.scheme(db, award)
        done = points_import.import_table(
            db, scheme, scheme.period_of(period), share, file.read_bytes(), now=runtime.now()
        )
    for one in done.rejected:
        say(f"line {one.line}: {one.text}: {text(f'figures.reasons.{one.why}', 'en')}")
    say(f"{done.given} given")
    if done.rejected:
        sys.exit(1)


@click.command("record", epilog="Example: service-star stars record --key D01 --kind licence --since 2020-03-01")
@click.option("--key", required=True, metavar="NUMBER", help="staff, window or team number")
@click.option("--kind", required=True, type=click.Choice(["licence", "complaint", "accident", "dispute", "discipline"]))
@click.option("--since", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DAY")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="last day; without it, it still holds")
@click.option("--reference", default="", help="number of the licence or case")
@_by
@click.pass_obj
def record(
    session: Session, key: str, kind: str, since: datetime, until: datetime | None, reference: str, by: str
) -> None:
    """Put on file what decides who may take part: a licence, a justified complaint, an accident, a dispute, a veto."""
    with session.runtime() as runtime, runtime.transaction() as db:
        point = directory.by_key(db, key)
        if point is None:
            raise NotFound("stars.no_row")
        assessing.put_on_file(
            db,
            runtime.vault,
            point,
            kind,
            since.date(),
            until.date() if until else None,
            reference=reference,
            by=by,
            now=runtime.now(),
            today=local_day(runtime.now(), runtime.zone),
        )
    say(f"on file: {kind} of {key} since {since:%Y-%m-%d}")
