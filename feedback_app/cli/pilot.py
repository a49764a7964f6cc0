"""A trial in a few departments, then going live."""

import click

from feedback_app.cli._common import Session, put, say
from feedback_app.cli.codes import operator
from feedback_app.services import pilot


@click.group("pilot", epilog="Example: service-star pilot choose XN EK SF")
def group() -> None:
    """A trial in a few departments: others are not open yet. Complaints are taken everywhere."""


@group.command(epilog="Example: service-star pilot status")
@click.pass_obj
def status(session: Session) -> None:
    """How it stands, as JSON: state ("" without a trial, trial, live), departments, and what going live would do."""
    with session.runtime() as runtime, runtime.reading() as db:
        stage = pilot.stage(db)
        told = {
            "state": stage.state,
            "departments": sorted(stage.units),
            "since": stage.since and stage.since.isoformat(),
            "live_at": stage.live_at and stage.live_at.isoformat(),
        }
        put(told | (vars(pilot.plan(db)) if stage.is_trial else {"dropped": stage.aside}))


@group.command(epilog="Example: service-star pilot choose XN EK SF")
@click.argument("keys", metavar="DEPARTMENT…", nargs=-1, required=True)
@click.pass_obj
def choose(session: Session, keys: tuple[str, ...]) -> None:
    """Begin the trial in these departments (keys of the directory), or change to them."""
    with session.runtime() as runtime, runtime.transaction() as db:
        stage = pilot.choose(db, keys, by=operator(), now=runtime.now())
    say(f"on trial in {len(stage.units)} departments; the others are not open yet")


@group.command(epilog="Example: service-star pilot live --yes")
@click.option("--yes", is_flag=True, help="do not ask: it cannot be taken back")
@click.pass_obj
def live(session: Session, yes: bool) -> None:
    """Open every department. Scores of the trial no longer count; words, complaints and cases stay."""
    with session.runtime() as runtime:
        with runtime.reading() as db:
            plan = pilot.plan(db)
        say(f"{plan.opened} departments open; {plan.dropped} ratings no longer count; {plan.cases} cases stay")
        if not yes:
            click.confirm("go live now?", abort=True, err=True)
        with runtime.transaction() as db:
            dropped = pilot.go_live(db, by=operator(), zone=runtime.zone, now=runtime.now())
    put({"state": pilot.LIVE, "dropped": dropped, "cases": plan.cases})


COMMANDS = [group]
