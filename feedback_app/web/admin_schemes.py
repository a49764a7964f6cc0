"""Award schemes in the console: begin from a preset, change numbers and conditions, try on past periods, start for good."""

import json
import tomllib
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain import scheme_forms, toml_writing
from feedback_app.errors import Conflict, FeedbackError, NotFound, Refused
from feedback_app.services import awards, scheme_editing
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, QUALITY, allow
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_schemes", __name__, url_prefix="/admin/schemes")
navigation.add(51, "admin_schemes.index", "schemes.nav")
LONGEST_TEXT = 60_000


@blueprint.get("/")
@allow(ADMIN, QUALITY)
def index() -> str:
    """What is in force, what is being drafted, and the presets one can begin with."""
    with runtime().reading() as session:
        running = awards.schemes(session)
        versions = sorted(scheme_editing.versions(session), key=lambda one: (one.award_key, -one.number))
    return render_template(
        "admin/schemes/index.html", running=running, versions=versions, presets=awards.presets(), zone=runtime().zone
    )


@blueprint.post("/")
@allow(ADMIN)
def begin() -> Response:
    """A draft, from the rules in force or a preset."""
    try:
        with runtime().transaction() as session:
            made = scheme_editing.begin(
                session,
                request.form.get("source", ""),
                key=request.form.get("key", "").strip(),
                by=g.account.login,
                now=runtime().now(),
            )
            number = made.id
    except (NotFound, Refused) as error:
        flash(explain(error.code, error.params), "warn")
        return redirect(url_for("admin_schemes.index"), 303)
    return redirect(url_for("admin_schemes.edit", version_id=number), 303)


@blueprint.get("/<int:version_id>")
@allow(ADMIN, QUALITY)
def edit(version_id: int) -> str:
    with runtime().reading() as session:
        return _editor(session, version_id)


def _editor(session: Session, version_id: int, problem: str = "", text: str = "") -> str:
    version = scheme_editing.get(session, version_id)
    faults = scheme_editing.problems(version.body)
    return render_template(
        "admin/schemes/edit.html",
        version=version,
        body=version.body,
        faults=faults,
        problem=problem,
        text=text or toml_writing.dumps(_without_nothing(version.body)),
        total=sum(one["weight"] for one in version.body.get("shares", []) if isinstance(one["weight"], int)),
        tried=version.tried_hash == scheme_editing.digest(version.body),
        zone=runtime().zone,
    )


def _without_nothing(body: Any) -> dict[str, Any]:
    """TOML has no null; what is not set is left out."""
    return {name: value for name, value in json.loads(json.dumps(body)).items() if value is not None}


@blueprint.post("/<int:version_id>")
@allow(ADMIN)
def save(version_id: int) -> Any:
    """Keep what was typed in the form."""
    return _keep(version_id, lambda body: scheme_forms.typed(body, request.form))


@blueprint.post("/<int:version_id>/text")
@allow(ADMIN)
def save_text(version_id: int) -> Any:
    """Keep the whole scheme as it was written in TOML."""
    text = request.form.get("text", "")[:LONGEST_TEXT]
    try:
        body = tomllib.loads(text)
        why = scheme_editing.why_unreadable(body)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = str(error)[:200]
    if why:
        with runtime().reading() as session:
            return _editor(session, version_id, t("schemes.bad_toml", why=why), text), 422
    return _keep(version_id, lambda _: json.loads(json.dumps(body)))


def _keep(version_id: int, change: Any) -> Any:
    try:
        with runtime().transaction() as session:
            version = scheme_editing.get(session, version_id)
            scheme_editing.save(session, version_id, change(version.body), by=g.account.login, now=runtime().now())
            left = scheme_editing.problems(version.body)
    except Conflict as error:
        flash(explain(error.code, error.params), "warn")
        return redirect(url_for("admin_schemes.edit", version_id=version_id), 303)
    flash(t("schemes.saved_with", count=len(left)) if left else t("schemes.saved"), "warn" if left else "ok")
    return redirect(url_for("admin_schemes.edit", version_id=version_id), 303)


@blueprint.post("/<int:version_id>/try")
@allow(ADMIN, QUALITY)
def dry_run(version_id: int) -> Any:
    """What these rules would have given in the last periods, and who would drop off or join."""
    now, zone = runtime().now(), runtime().zone
    try:
        with runtime().reading() as session:
            version = scheme_editing.get(session, version_id)
            boards = scheme_editing.dry_run(session, version_id, now=now, zone=zone)
            compared = scheme_editing.compare(session, version_id, now=now, zone=zone)
        with runtime().transaction() as session:
            scheme_editing.note_tried(session, version_id)
    except Refused as error:
        flash(explain(error.code, error.params), "warn")
        return redirect(url_for("admin_schemes.edit", version_id=version_id), 303)
    return render_template("admin/schemes/tried.html", version=version, boards=boards, compared=compared)


@blueprint.post("/<int:version_id>/start")
@allow(ADMIN)
def start(version_id: int) -> Response:
    """Freeze the rules."""
    try:
        with runtime().transaction() as session:
            version = scheme_editing.start(
                session, version_id, by=g.account.login, now=runtime().now(), zone=runtime().zone
            )
            begins = version.valid_from
    except FeedbackError as error:
        flash(explain(error.code, error.params), "warn")
        return redirect(url_for("admin_schemes.edit", version_id=version_id), 303)
    flash(t("schemes.started", period=begins), "ok")
    return redirect(url_for("admin_schemes.index"), 303)


@blueprint.post("/<int:version_id>/discard")
@allow(ADMIN)
def discard(version_id: int) -> Response:
    try:
        with runtime().transaction() as session:
            scheme_editing.discard(session, version_id, by=g.account.login, now=runtime().now())
    except Conflict as error:
        flash(explain(error.code, error.params), "warn")
    else:
        flash(t("schemes.discarded"), "ok")
    return redirect(url_for("admin_schemes.index"), 303)
