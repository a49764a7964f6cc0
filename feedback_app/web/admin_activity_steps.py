"""Every step with one activity that the console can take; a step that cannot be taken keeps what was typed."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import activities, activity_actions, advice, attendance, effects, inspections
from feedback_app.services.transaction import Session
from feedback_app.web import activity_forms, admin_activities
from feedback_app.web.access import ADMIN, QUALITY, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import day, explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_activity_steps", __name__, url_prefix="/admin/activities")


@blueprint.post("/<int:activity>")
@allow(ADMIN, QUALITY)
def act(activity: int) -> Any:
    step = _STEPS.get(request.form.get("action", ""))
    try:
        files = activity_forms.files("file")
        with runtime().transaction() as session:
            activities.get(session, activity)
            said = step(session, activity, files) if step else t("activities.nothing")
    except FeedbackError as error:
        return admin_activities.page(activity, explain(error.code, error.params), request.form), status_of(error)
    flash(said, "ok")
    return redirect(url_for("admin_activities.show", activity=activity), 303)


Files = list[tuple[str, str, bytes]]


def _by() -> str:
    return str(g.account.login)


def _change(session: Session, activity: int, files: Files) -> str:
    one = activities.planned(session, activity)
    wanted = activity_forms.plan(session, activities.kind_of(one))
    activities.change(session, activity, wanted, by=_by(), now=runtime().now(), zone=runtime().zone)
    return t("activities.kept")


def _people(session: Session, activity: int, files: Files) -> str:
    typed = request.form.get("names", "").replace("、", "\n").replace(",", "\n").replace("，", "\n").splitlines()
    done = attendance.add(session, activity, typed[:2000], request.form.get("role", "attendee"))
    said = t("activities.added", count=done.added)
    return said if not done.unknown else f"{said} {t('activities.unknown', names='、'.join(done.unknown))}"


def _tick(session: Session, activity: int, files: Files) -> str:
    came = {"yes": True, "no": False}
    told = {
        row: (came.get(value), request.form.get(f"points-{row}", ""))
        for name, value in request.form.items()
        if name.startswith("came-") and (row := whole_number(name.removeprefix("came-")) or 0)
    }
    changed = attendance.tick(session, activity, told, by=_by(), now=runtime().now())
    return t("activities.ticked", count=changed)


def _drop(session: Session, activity: int, files: Files) -> str:
    attendance.drop(session, activity, _number("row"))
    return t("activities.kept")


def _invite(session: Session, activity: int, files: Files) -> str:
    one = activities.planned(session, activity)
    at = one.starts_at.astimezone(runtime().zone)
    told, without = attendance.invite(
        session, activity, when=f"{day(at.date())} {at:%H:%M}", base_url=runtime().settings.server.base_url,
        now=runtime().now(),
    )  # fmt: skip
    return t("activities.invited", count=told, without=without)


def _mark(session: Session, activity: int, files: Files) -> str:
    inspections.mark(session, activity, activity_forms.marks(), by=_by(), now=runtime().now())
    return t("activities.kept")


def _attach(session: Session, activity: int, files: Files) -> str:
    for file in files:
        inspections.attach(
            session, activity, file, item=request.form.get("item", ""), by=_by(), now=runtime().now()
        )  # fmt: skip
    return t("activities.attached", count=len(files))


def _issue(session: Session, activity: int, files: Files) -> str:
    activity_actions.add(session, activity, activity_forms.action(), by=_by(), now=runtime().now())
    return t("activities.kept")


def _end(session: Session, activity: int, files: Files) -> str:
    activity_actions.end(
        session, _number("row"), request.form.get("state", ""), request.form.get("effect", ""), by=_by(),
        now=runtime().now(), settings=runtime().settings,
    )  # fmt: skip
    return t("activities.kept")


def _advise(session: Session, activity: int, files: Files) -> str:
    advice.write(session, runtime().vault, _number("row"), request.form.get("words", ""), by=_by(), now=runtime().now())
    return t("activities.advised")


def _close(session: Session, activity: int, files: Files) -> str:
    one = activities.close(
        session, activity, request.form.get("summary", ""), by=_by(), now=runtime().now(), zone=runtime().zone
    )
    effects.remember_before(session, one)
    return t("activities.closed_counts", where="、".join(one.counted_in)) if one.counted_in else t("activities.closed")


def _cancel(session: Session, activity: int, files: Files) -> str:
    activities.cancel(session, activity, request.form.get("summary", ""), by=_by(), now=runtime().now())
    return t("activities.cancelled")


def _look(session: Session, activity: int, files: Files) -> str:
    effects.look_after(session, activity, now=runtime().now(), zone=runtime().zone)
    return t("activities.looked")


_STEPS: Mapping[str, Callable[[Session, int, Files], str]] = {
    "change": _change,
    "people": _people,
    "tick": _tick,
    "drop": _drop,
    "invite": _invite,
    "mark": _mark,
    "attach": _attach,
    "issue": _issue,
    "end": _end,
    "advise": _advise,
    "close": _close,
    "cancel": _cancel,
    "look": _look,
}


def _number(name: str) -> int:
    return whole_number(request.form.get(name, "")) or 0
