"""The audit log: who did what."""

from flask import Blueprint, render_template, request

from feedback_app.services import audit, audit_reading
from feedback_app.services.audit_reading import Wanted
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.asked import number_from, one_of
from feedback_app.web.context import runtime

blueprint = Blueprint("admin_audit", __name__)
navigation.add(90, "admin_audit.index", "audit.nav")


@blueprint.get("/admin/audit")
@allow(ADMIN)
def index() -> str:
    """The list; with ``?check=1`` the whole chain is recomputed first."""
    with runtime().reading() as session:
        actors, actions = audit_reading.actors(session), audit_reading.actions(session)
        subject = request.args.get("subject", "").strip()[:120]
        wanted = Wanted(one_of("actor", tuple(actors)), one_of("action", tuple(actions)), subject)
        checked = bool(request.args.get("check"))
        return render_template(
            "admin/audit.html",
            page=audit_reading.page(session, wanted, number_from("page", 1) or 1),
            wanted=wanted,
            actors=actors,
            actions=actions,
            zone=runtime().zone,
            checked=checked,
            broken=audit.first_broken(session) if checked else None,
        )
