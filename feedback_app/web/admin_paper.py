"""Paper: print numbered slips for a service point, and type in what came back."""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import codes, forms, paper_slips
from feedback_app.services.paper_slips import Waiting
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, OFFICE, QUALITY, allow
from feedback_app.web.asking import asking
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.file_names import named
from feedback_app.web.patient import Draft

blueprint = Blueprint("admin_paper", __name__)
navigation.add(37, "admin_paper.index", "paper.nav")


@blueprint.get("/admin/paper")
@allow(ADMIN, QUALITY, OFFICE)
def index() -> Any:
    number = request.args.get("number", "").strip()
    return _form(number) if number else _page()


def _page(problem: str = "", number: str = "") -> str:
    with runtime().reading() as session:
        printed, typed = paper_slips.counts(session)
    return render_template(
        "admin/paper.html",
        problem=problem,
        number=number,
        printed=printed,
        typed=typed,
        most=paper_slips.MOST_AT_ONCE,
    )


def _form(number: str) -> Any:
    try:
        with runtime().reading() as session:
            return _asked(paper_slips.find(session, number), Draft(number))
    except (Refused, NotFound, Conflict) as error:
        return _page(explain(error.code, error.params), number), 400


def _asked(waiting: Waiting, draft: Draft) -> str:
    context = asking(waiting.asked, waiting.form_key)
    place = forms.place_of(waiting.point)
    return render_template("admin/paper_form.html", waiting=waiting, place=place, draft=draft, **context)


@blueprint.post("/admin/paper")
@allow(ADMIN, QUALITY, OFFICE)
def type_in() -> Any:
    """One slip is one rating; typed again it says so."""
    number, sent = request.form.get("slip", ""), {name: request.form.getlist(name) for name in request.form}
    try:
        with runtime().transaction() as session:
            paper_slips.type_in(session, number, sent, runtime().settings, by=g.account.login, now=runtime().now())
    except Refused as refused:
        words = explain(refused.code, refused.params)
        try:
            with runtime().reading() as session:
                return _asked(paper_slips.find(session, number), Draft(number, sent, problem=words)), 400
        except (Refused, NotFound, Conflict):
            return _page(words, number), 400
    except (NotFound, Conflict) as error:
        return _page(explain(error.code, error.params), number), 400
    flash(t("paper.kept", number=number), "ok")
    return redirect(url_for("admin_paper.index"), 303)


@blueprint.post("/admin/paper/print")
@allow(ADMIN, QUALITY)
def print_() -> Any:
    """A PDF of new slips for the service point behind a code."""
    count = request.form.get("count", "")
    try:
        if not (count.isascii() and count.isdigit() and len(count) < 6):
            raise Refused("paper.bad_count", most=paper_slips.MOST_AT_ONCE)
        with runtime().transaction() as session:
            code = codes.open_code(session, runtime().vault, request.form.get("code", ""))
            made = paper_slips.print_slips(
                session, code.service_point, int(count), by=g.account.login, now=runtime().now()
            )
            name = code.service_point.name
            pdf = paper_slips.document(session, made, runtime().settings, language(), runtime().now())
    except (Refused, NotFound) as error:
        return _page(explain(error.code, error.params)), 400
    answer = Response(pdf, mimetype="application/pdf")
    return named(answer, f"{t('paper.title')}_{name}_{count}.pdf")
