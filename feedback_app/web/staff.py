"""What a member of staff sees: their own results and thanks, and how they are told; never a colleague's."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.trend import trend_chart
from feedback_app.errors import FeedbackError, Gone, NotFound
from feedback_app.services import (
    bindings,
    certificates,
    explanations,
    mail_bindings,
    own_results,
    own_thanks,
    peer_marks,
    releases,
    score_looks,
)
from feedback_app.web.access import PUBLIC, STAFF, allow
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.errors import status_of
from feedback_app.web.figure_charts import monthly
from feedback_app.web.staff_auth import identity

blueprint = Blueprint("staff", __name__)
_CHART_MONTHS = 6
WISHES = 4


@blueprint.get("/staff/")
@allow(STAFF)
def index() -> str:
    with runtime().reading() as reading:
        results = own_results.own_results(reading, g.staff.id, language())
        recounted = own_results.after_appeals(reading, g.staff.id, results, runtime().zone)
        peers = bool(peer_marks.asked(reading, runtime().vault, g.staff, runtime().now(), runtime().zone))
        thanks = own_thanks.latest(reading, g.staff)
        given = releases.of_person(reading, g.staff.id)
        unit = releases.newest_of_unit(reading, g.staff.department_id) if g.staff.department_id else None
        looks = score_looks.of_person(reading, g.staff.id)
        held = [(one, certificates.is_revoked(reading, one)) for one in certificates.of_point(reading, g.staff.id)]
    award = results[0].award if results else ""
    line = [
        (explanations.short_period_name(one.period, language()), one.row.score)
        for one in results[:_CHART_MONTHS]
        if one.row.listed and one.award == award and one.is_told
    ]
    return render_template(
        "staff/index.html",
        me=g.staff,
        recounted=recounted,
        results=results,
        chart=trend_chart(line[::-1]),
        thanks=thanks,
        peers=peers,
        given=given,
        unit=unit,
        wishes=[one for one in unit.themes if one.bad or one.bad is None][:WISHES] if unit else [],
        months=monthly(given, g.staff.name),
        looks=looks,
        held=held,
        zone=runtime().zone,
    )


@blueprint.get("/staff/bind")
@allow(STAFF)
def bind() -> str:
    return _bind_page()


@blueprint.post("/staff/bind/mail")
@allow(STAFF)
def ask_mail() -> tuple[str, int] | Response:
    """Send the confirmation; a wrong address stays in the field."""
    typed = request.form.get("address", "")
    page = runtime().settings.server.base_url + "/staff/mail/"
    try:
        with runtime().transaction() as writing:
            address = mail_bindings.ask(
                writing, runtime().vault, g.staff, typed, page=page, language=language(), now=runtime().now()
            )
    except FeedbackError as error:
        return _bind_page(error=explain(error.code, error.params), typed=typed[:200]), status_of(error)
    flash(t("staff.bind.mail_sent", address=address), "ok")
    return redirect(url_for("staff.bind"), 303)


@blueprint.get("/staff/mail/<token>")
@allow(PUBLIC)
def confirm_mail(token: str) -> str:
    """What the link in the letter leads to; looking changes nothing, mail programs open links on their own."""
    claim = mail_bindings.read(runtime().vault, token, runtime().now())
    with runtime().reading() as reading:
        person = bindings.person(reading, claim.point_id)
    if person is None:
        raise Gone("staff.mail_over")
    return render_template("staff/confirm_mail.html", person=person, address=claim.address)


@blueprint.post("/staff/mail/<token>")
@allow(PUBLIC)
def bind_mail(token: str) -> Response:
    now = runtime().now()
    claim = mail_bindings.read(runtime().vault, token, now)
    with runtime().transaction() as writing:
        person = bindings.person(writing, claim.point_id)
        if person is None:
            raise Gone("staff.mail_over")
        bindings.bind(writing, runtime().vault, person, bindings.MAIL, claim.address, now=now)
    flash(t("staff.mail.done"), "ok")
    return redirect(url_for("staff.bind"), 303)


@blueprint.post("/staff/bindings/<int:binding_id>/end")
@allow(STAFF)
def unbind(binding_id: int) -> Response:
    """Only one's own."""
    with runtime().transaction() as writing:
        mine = {one.id: one for one in bindings.of_point(writing, g.staff.id)}
        if binding_id not in mine:
            raise NotFound("staff.no_binding")
        bindings.end(writing, mine[binding_id], by=f"staff:{g.staff.key}", now=runtime().now())
    flash(t("staff.bind.ended"), "ok")
    return redirect(url_for("staff.bind"), 303)


def _bind_page(*, error: str = "", typed: str = "") -> str:
    with runtime().reading() as reading:
        mine = bindings.of_point(reading, g.staff.id)
    return render_template(
        "staff/bind.html",
        bindings=mine,
        wecom=identity() is not None,
        mail=runtime().settings.mail.enabled,
        error=error,
        typed=typed,
        zone=runtime().zone,
    )
