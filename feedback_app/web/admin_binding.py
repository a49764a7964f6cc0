"""Console: who of the staff can be reached, slips for those who cannot, and taking a binding back."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.periods import local_day
from feedback_app.services import bindings, slips
from feedback_app.services.slips import Slip
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from qr import images
from qr.codes import grouped

blueprint = Blueprint("admin_binding", __name__)
navigation.add(25, "admin_binding.index", "binding.nav")
MOST_SLIPS = 500


@dataclass(frozen=True)
class Printed:
    """One slip as it stands on paper. ``side`` and ``path`` draw its picture in modules."""

    name: str
    department: str
    key: str
    code: str
    address: str
    until: str
    side: int
    path: str


@blueprint.get("/admin/bindings")
@allow(ADMIN)
def index() -> str:
    with runtime().reading() as reading:
        groups = bindings.unbound(reading)
        bound = bindings.bound(reading)
    return render_template(
        "admin/bindings.html",
        groups=groups,
        bound=bound,
        missing=sum(group.count for group in groups),
        reached=len({one.service_point_id for one in bound}),
        zone=runtime().zone,
    )


@blueprint.post("/admin/bindings/slips")
@allow(ADMIN)
def print_slips() -> str | Response:
    """The codes exist on this page only; printing it again means new ones."""
    ticked = {whole_number(value) for value in request.form.getlist("person")}
    department = whole_number(request.form.get("department", ""))
    with runtime().transaction() as writing:
        people = [person for group in bindings.unbound(writing) for person in group.members]
        if department is not None:
            chosen = [person for person in people if (person.department_id or 0) == department]
        else:
            chosen = [person for person in people if person.id in ticked]
        if not chosen or len(chosen) > MOST_SLIPS:
            flash(explain("binding.choose", {"most": MOST_SLIPS}), "warn")
            return redirect(url_for("admin_binding.index"), 303)
        made = slips.make(writing, runtime().vault, chosen, by=g.account.login, now=runtime().now())
    return render_template("admin/slips.html", slips=_printed(made))


@blueprint.post("/admin/bindings/<int:binding_id>/end")
@allow(ADMIN)
def end(binding_id: int) -> Response:
    with runtime().transaction() as writing:
        bindings.end_by_id(writing, binding_id, by=g.account.login, now=runtime().now())
    flash(t("binding.ended"), "ok")
    return redirect(url_for("admin_binding.index"), 303)


def _printed(made: Sequence[Slip]) -> list[Printed]:
    base = runtime().settings.server.base_url
    printed = []
    for slip in made:
        address = f"{base}{url_for('staff_auth.slip', code=slip.code)}"
        symbol = images.matrix(address)
        printed.append(
            Printed(
                name=slip.point.name,
                department=slip.point.department.name if slip.point.department else "",
                key=slip.point.key,
                code=grouped(slip.code),
                address=f"{base}/staff/sign-in",
                until=local_day(slip.expires_at, runtime().zone).isoformat(),
                side=len(symbol) + 2 * images.QUIET_ZONE,
                path=images.svg_path(symbol, images.QUIET_ZONE),
            )
        )
    return printed
