"""Keys of other systems in the console: made and revoked by an administrator whose password was just entered."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import Refused
from feedback_app.services import api_keys
from feedback_app.services.api_keys import SCOPES, USUAL, Fresh
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow, asks_again
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_api", __name__, url_prefix="/admin/api")
navigation.add(83, "admin_api.index", "api.nav")


@blueprint.get("")
@allow(ADMIN)
def index() -> str:
    return _page()


@blueprint.post("")
@allow(ADMIN)
@asks_again
def make() -> str | tuple[str, int]:
    """The new key is on the answer to this request and nowhere else."""
    form = request.form
    try:
        with runtime().transaction() as session:
            fresh = api_keys.make(
                session,
                runtime().vault,
                name=form.get("name", ""),
                scopes=form.getlist("scope"),
                per_minute=whole_number(form.get("per_minute", "")) or 0,
                days=whole_number(form.get("days", "")) if form.get("days", "").strip() else None,
                by=g.account.login,
                now=runtime().now(),
            )
    except Refused as error:
        return _page(problem=explain(error.code, error.params)), 400
    return _page(fresh=fresh)


@blueprint.post("/<int:key_id>/revoke")
@allow(ADMIN)
@asks_again
def revoke(key_id: int) -> Response:
    with runtime().transaction() as session:
        name = api_keys.revoke(session, key_id, by=g.account.login, now=runtime().now())
    flash(t("api.is_revoked", name=name), "ok")
    return redirect(url_for("admin_api.index"), 303)


def _page(*, fresh: Fresh | None = None, problem: str = "") -> str:
    now = runtime().now()
    with runtime().reading() as session:
        return render_template(
            "admin/api_keys.html",
            keys=[(one, api_keys.holds(one, now)) for one in api_keys.listed(session)],
            scopes=SCOPES,
            usual=USUAL,
            typed=request.form,
            fresh=fresh,
            problem=problem,
            zone=runtime().zone,
        )
