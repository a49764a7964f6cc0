"""Reading the forms of activities: a day and a time as the hospital's clock shows them, a place by number, files."""

from datetime import date, datetime

from flask import request

from feedback_app.domain.activities import Kind
from feedback_app.domain.periods import Month
from feedback_app.errors import Refused
from feedback_app.services import activity_pages, inspections
from feedback_app.services.activities import Plan
from feedback_app.services.activity_actions import Wanted
from feedback_app.services.transaction import Session
from feedback_app.web.asked import whole_number
from feedback_app.web.context import runtime


def month() -> Month:
    """The month of the address; this one when it names none."""
    try:
        return Month.parse(request.args.get("month", ""))
    except Refused:
        return Month.of(runtime().now(), runtime().zone)


def plan(session: Session, kind: Kind) -> Plan:
    """Raises Refused ``activities.bad_day``, ``activities.no_such_target``."""
    form = request.form
    return Plan(
        kind=kind.key,
        title=form.get("title", ""),
        starts_at=_moment(form.get("starts_at", "")),
        form_key=form.get("key", "")[:64],
        minutes=whole_number(form.get("minutes", "")) or 60,
        place=form.get("place", ""),
        lead=form.get("lead", ""),
        department_id=whole_number(form.get("department", "")),
        target_id=activity_pages.target(session, kind.targets, form.get("target", "")),
        campaign=form.get("campaign", ""),
        about=form.get("about", ""),
    )


def action() -> Wanted:
    """Raises Refused ``activities.bad_day``."""
    form = request.form
    return Wanted(form.get("issue", ""), form.get("what", ""), form.get("owner", ""), day(form.get("due_on", "")))


def day(typed: str) -> date:
    """Raises Refused ``activities.bad_day``."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refused("activities.bad_day") from None


def _moment(typed: str) -> datetime:
    try:
        told = datetime.fromisoformat(typed)
        return told.replace(tzinfo=runtime().zone) if told.tzinfo is None else told
    except (ValueError, OverflowError):
        raise Refused("activities.bad_day") from None


def files(field: str) -> list[tuple[str, str, bytes]]:
    """Every file of the field as it is kept. Raises what ``inspections.read_file`` raises."""
    read = []
    for file in request.files.getlist(field)[:12]:
        try:
            data = file.read(inspections.LARGEST_PDF + 1) if file.filename else b""
        finally:
            file.close()
        if data:
            read.append(inspections.read_file(data, file.filename or ""))
    return read


def marks() -> dict[str, tuple[str, str]]:
    """Item -> mark and note, as ``mark-<item>`` and ``note-<item>`` of the form; items without a mark are left open."""
    found = {}
    for name, value in request.form.items():
        if name.startswith("mark-") and value:
            item = name.removeprefix("mark-")
            found[item] = (value, request.form.get(f"note-{item}", ""))
    return found
