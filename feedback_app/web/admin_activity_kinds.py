"""Kinds of activities, made and changed by an administrator in a form: no file, no code."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.activities import FEEDS, PARTS, TARGETS, Kind, with_items
from feedback_app.errors import FeedbackError
from feedback_app.services import activity_kinds
from feedback_app.web.access import ADMIN, QUALITY, allow
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_activity_kinds", __name__, url_prefix="/admin/activities/kinds")


@blueprint.get("/")
@allow(ADMIN, QUALITY)
def index() -> str:
    with runtime().reading() as session:
        return render_template("admin/activities/kinds.html", kinds=activity_kinds.all_kinds(session))


@blueprint.get("/<key>")
@allow(ADMIN)
def edit(key: str) -> str:
    return _page(key)


def _page(key: str, problem: str = "") -> str:
    with runtime().reading() as session:
        found = activity_kinds.all_kinds(session).get(key)
    return render_template(
        "admin/activities/kind.html",
        key=key,
        kind=found[0] if found else None,
        ended=found is not None and not found[1],
        parts=PARTS,
        feeds=FEEDS,
        targets=[one for one in TARGETS if one],
        typed=request.form,
        problem=problem,
    )


@blueprint.post("/<key>")
@allow(ADMIN)
def save(key: str) -> Any:
    """``new`` makes one under the key that was typed."""
    form = request.form
    try:
        with runtime().transaction() as session:
            known = activity_kinds.all_kinds(session).get(key)
            kind = Kind(
                key=key if known else form.get("key", "").strip(),
                title=_both("title"),
                about=_both("about"),
                parts=tuple(one for one in PARTS if one in form.getlist("parts")),
                feeds=form.get("feeds", ""),
                targets=tuple(form.getlist("targets")),
                announced="announced" in form,
                figure=form.get("figure", "").strip(),
                items=with_items(form.get("items", "").splitlines(), known[0].items if known else ()),
            )
            activity_kinds.save(session, kind, ended="ended" in form, by=g.account.login, now=runtime().now())
    except FeedbackError as error:
        return _page(key, explain(error.code, error.params)), status_of(error)
    flash(t("activities.kind_saved"), "ok")
    return redirect(url_for("admin_activity_kinds.index"), 303)


def _both(name: str) -> dict[str, str]:
    chinese = request.form.get(name, "").strip()
    return {"zh": chinese, "en": request.form.get(f"{name}_en", "").strip() or chinese}
