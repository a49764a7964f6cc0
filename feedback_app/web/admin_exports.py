"""Lists to take away: chosen here, the password asked for again, sent row by row with a bar that shows how far it is."""

from collections.abc import Iterator
from datetime import date
from typing import Any, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.periods import local_day
from feedback_app.errors import FeedbackError, NotFound, Refused
from feedback_app.services import console_exports as exports
from feedback_app.services.exports import Span
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, OFFICE, QUALITY, allow, asks_again
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_exports", __name__)
navigation.add(6, "admin_exports.index", "exports.nav")
_CUSTOM = "days"


@blueprint.get("/admin/exports")
@allow(QUALITY, ADMIN, DIRECTOR, OFFICE)
@asks_again
def index() -> str:
    return _page()


def _page(problem: str = "") -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/exports.html",
            kinds=exports.kinds(g.account.role),
            forms=exports.FORMS,
            spans=exports.SPANS,
            saved=exports.saved(session, g.account.login, g.account.role),
            kept=request.values,
            problem=problem,
        )


def _span() -> Span:
    """What was asked. Raises Refused ``exports.bad_span``."""
    name = request.args.get("span", "last_month")
    if name != _CUSTOM:
        since, until = exports.span(name, local_day(runtime().now(), runtime().zone))
        return Span(runtime().zone, since, until)
    try:
        since, until = (
            date.fromisoformat(told) if (told := request.args.get(field, "")) else None for field in ("since", "until")
        )
    except ValueError:
        raise Refused("exports.bad_span") from None
    return Span(runtime().zone, since, until)


@blueprint.get("/admin/exports/<kind>")
@allow(QUALITY, ADMIN, DIRECTOR, OFFICE)
def take(kind: str) -> Any:
    """What the page's form asks, as the address of the file."""
    asked = {name: request.args[name] for name in ("span", "since", "until") if request.args.get(name)}
    if asked.get("since") or asked.get("until"):
        asked["span"] = _CUSTOM
    form = request.args.get("form", exports.FORMS[0])
    if kind not in exports.KINDS_OF or form not in exports.FORMS:
        raise NotFound("exports.no_kind")
    return redirect(url_for("admin_exports.download", kind=kind, form=form, **cast(dict[str, Any], asked)), 303)


@blueprint.get("/admin/exports/<kind>.<form>")
@allow(QUALITY, ADMIN, DIRECTOR, OFFICE)
@asks_again
def download(kind: str, form: str) -> Any:
    """The list in a stream. ``X-Rows``: how many rows will come, where that is known."""
    now, account, settings = runtime().now(), g.account, runtime().settings
    try:
        asked = _span()
        with runtime().transaction() as session:
            rows = exports.check(session, kind, form, account.role, asked)
            exports.note(session, kind, form, asked, by=account.login, now=now)
    except Refused as error:
        return _page(explain(error.code, error.params)), 400
    opened = runtime()

    def pieces() -> Iterator[bytes]:
        with opened.reading() as session:
            yield from exports.stream(session, kind, form, asked, settings.server.base_url)

    name = f"{kind}-{asked.since or 'all'}-{asked.until or now.date()}.{'ndjson' if form == 'fhir' else form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if rows is not None:
        headers["X-Rows"] = str(rows)
    return Response(pieces(), mimetype=exports.MIME[form], headers=headers)


@blueprint.post("/admin/exports")
@allow(QUALITY, ADMIN, DIRECTOR, OFFICE)
def save() -> Any:
    """Keep a question under a name, or drop one."""
    form, account, now = request.form, g.account, runtime().now()
    try:
        with runtime().transaction() as session:
            if form.get("drop"):
                exports.drop(session, whole_number(form["drop"]) or 0, account.login)
            else:
                told = (form.get("title", ""), form.get("kind", ""), form.get("form", ""), form.get("span", ""))
                exports.save(session, *told, role=account.role, login=account.login, now=now)
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), 400
    flash(t("exports.dropped" if form.get("drop") else "exports.saved_now"), "ok")
    return redirect(url_for("admin_exports.index"), 303)
