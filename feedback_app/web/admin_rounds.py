"""Selections in the console: planned from a preset with proposed days, led along a timeline, published by a second person."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from feedback_app.domain.identity import tidy
from feedback_app.domain.periods import Month
from feedback_app.domain.phases import KINDS
from feedback_app.domain.round_rules import NOMINEES, PARTS, PROPOSERS
from feedback_app.errors import FeedbackError
from feedback_app.services import (
    awards,
    certificate_papers,
    certificates,
    nominations,
    objections,
    reviews,
    round_desk,
    round_results,
    rounds,
    shortlists,
    votes,
)
from feedback_app.services.nominations import Proposal
from feedback_app.services.votes import Voter
from feedback_app.web import navigation, round_forms
from feedback_app.web.access import ADMIN, QUALITY, allow, asks_again
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.errors import status_of
from feedback_app.web.file_names import named

blueprint = Blueprint("admin_rounds", __name__, url_prefix="/admin/rounds")
navigation.add(52, "admin_rounds.index", "rounds.nav")


@blueprint.get("/")
@allow(ADMIN, QUALITY)
def index() -> str:
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        views = rounds.listed(session, now=now, zone=zone)
        led = [one for one in awards.schemes(session).values() if one.phases]
    periods = {one.key: one.period_holding(Month.of(now, zone)) for one in led}
    return render_template("admin/rounds/index.html", views=views, presets=rounds.presets(), led=led, periods=periods)


@blueprint.get("/new")
@allow(ADMIN, QUALITY)
def new() -> str:
    """The form, filled from a preset with days from tomorrow on, or from the day chosen, or from an earlier selection."""
    today = runtime().now().astimezone(runtime().zone).date()
    preset, copied = request.args.get("preset", ""), request.args.get("copy", "")
    try:
        first = max(date.fromisoformat(request.args.get("first", "")), today)
    except ValueError:
        first = today + timedelta(days=1)
    with runtime().reading() as session:
        if request.args.get("award"):
            scheme = awards.scheme(session, request.args["award"])
            period = scheme.period_of(request.args.get("period", "") or scheme.starts)
            rules, preset, first = rounds.proposal_of(scheme, period), scheme.key, period.first
        elif copied:
            rules = rounds.copied(session, copied, first)
            preset = copied
        else:
            rules = rounds.proposal(preset or next(iter(rounds.presets())), first, language=language())
        key = rounds.suggested_key(session, preset or next(iter(rounds.presets())), first)
    return _form_page({**round_forms.fields_of(rules), "key": key}, preset=preset, first=first)


@blueprint.post("/new")
@allow(ADMIN, QUALITY)
def create() -> Any:
    key = request.form.get("key", "").strip()
    try:
        rules = round_forms.read(request.form)
        with runtime().transaction() as session:
            rounds.plan(session, key, rules, by=g.account.login, now=runtime().now())
    except FeedbackError as error:
        typed = round_forms.typed_fields(request.form)
        return _form_page(typed, problem=explain(error.code, error.params)), status_of(error)
    flash(t("rounds.admin.planned"), "ok")
    return _back(key)


@blueprint.get("/<key>/edit")
@allow(ADMIN, QUALITY)
def edit(key: str) -> str:
    with runtime().reading() as session:
        view = rounds.opened(session, key, now=runtime().now(), zone=runtime().zone)
    return _form_page({**round_forms.fields_of(view.rules), "key": key}, key=key)


@blueprint.post("/<key>/edit")
@allow(ADMIN, QUALITY)
def change(key: str) -> Any:
    try:
        rules = round_forms.read(request.form)
        with runtime().transaction() as session:
            rounds.change(session, key, rules, by=g.account.login, now=runtime().now())
    except FeedbackError as error:
        typed = {**round_forms.typed_fields(request.form), "key": key}
        return _form_page(typed, key=key, problem=explain(error.code, error.params)), status_of(error)
    flash(t("rounds.admin.changed"), "ok")
    return _back(key)


def _form_page(
    fields: Mapping[str, Any], *, key: str = "", preset: str = "", first: date | None = None, problem: str = ""
) -> str:
    return render_template(
        "admin/rounds/form.html",
        fields=fields,
        key=key,
        preset=preset,
        first=first,
        problem=problem,
        kinds=KINDS,
        proposers=PROPOSERS,
        nominees=NOMINEES,
        parts=PARTS,
    )


@blueprint.get("/<key>")
@allow(ADMIN, QUALITY)
def desk(key: str) -> str:
    return _desk(key)


def _desk(key: str, problem: str = "", link: str = "") -> str:
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        shown = round_desk.desk(session, key, now=now, zone=zone)
    return render_template(
        "admin/rounds/desk.html", desk=shown, view=shown.view, now=now, zone=zone, problem=problem, link=link
    )


@blueprint.post("/<key>/<action>")
@allow(ADMIN, QUALITY)
def act(key: str, action: str) -> Any:
    """Everything that can be done to a selection; refused things are explained on the same page."""
    with runtime().reading() as session:
        rounds.find(session, key)
    try:
        with runtime().transaction() as session:
            done = _ACTIONS[action](session, key) if action in _ACTIONS else "unknown"
    except FeedbackError as error:
        return _desk(key, problem=explain(error.code, error.params)), status_of(error)
    if isinstance(done, _Link):
        return _desk(key, link=done)
    flash(t(f"rounds.admin.done_{done}"), "ok")
    return _back(key)


@blueprint.post("/<key>/publish")
@allow(ADMIN, QUALITY)
@asks_again
def publish(key: str) -> Any:
    """Everybody sees it from now on: the password is asked for again."""
    return act(key, "publish")


@blueprint.post("/<key>/revoke")
@allow(ADMIN, QUALITY)
@asks_again
def revoke(key: str) -> Any:
    """A certificate is taken back before everybody."""
    return act(key, "revoke")


class _Link(str):
    """An address shown once."""


def _common() -> dict[str, Any]:
    return {"by": g.account.login, "now": runtime().now()}


def _start(session: Any, key: str) -> str:
    rounds.start(session, runtime().vault, key, **_common(), zone=runtime().zone)
    return "started"


def _cancel(session: Any, key: str) -> str:
    rounds.cancel(session, key, why=request.form.get("why", ""), **_common())
    return "cancelled"


def _postpone(session: Any, key: str) -> str:
    first, last = (round_forms.day_of(request.form.get(name, "")) for name in ("first", "last"))
    rounds.postpone(session, key, request.form.get("phase", ""), first, last, **_common(), zone=runtime().zone)
    return "postponed"


def _owner(session: Any, key: str) -> str:
    rounds.set_owner(session, key, reviews.member_id(session, request.form.get("staff", "")), **_common())
    return "owner"


def _propose(session: Any, key: str) -> str:
    now, zone = runtime().now(), runtime().zone
    view = rounds.opened(session, key, now=now, zone=zone)
    found = nominations.find(session, view.rules, request.form.get("name", ""))
    told = Proposal(
        nominations.only(found).id,
        request.form.get("proposer", "patient"),
        "paper",
        f"paper:{tidy(request.form.get('slip', '')) or 'none'}",
        request.form.get("reason", ""),
    )
    nominations.propose(session, runtime().vault, key, told, now=now, zone=zone)
    nominations.note_paper(session, key, **_common())
    return "proposed"


def _set_aside(session: Any, key: str) -> str:
    nominations.set_aside(session, key, _id("nomination"), why=request.form.get("why", ""), **_common())
    return "set_aside"


def _shortlist(session: Any, key: str) -> str:
    kept = {int(one) for one in request.form.getlist("keep") if one.isdigit() and len(one) < 10}
    shortlists.choose(session, key, kept, why=request.form.get("why", ""), **_common(), zone=runtime().zone)
    return "shortlisted"


def _paper_vote(session: Any, key: str) -> str:
    voter = Voter(slip=request.form.get("slip", "").strip() or "-", by=g.account.login)
    typed = request.form.get("numbers", "").replace("，", " ").replace(",", " ").replace("、", " ").split()
    choice = [int(one) if one.isascii() and one.isdigit() and len(one) < 4 else 0 for one in typed]
    votes.cast(session, runtime().vault, key, voter, choice, now=runtime().now(), zone=runtime().zone)
    return "voted"


def _invite(session: Any, key: str) -> str:
    _, token = reviews.invite(
        session,
        runtime().vault,
        key,
        request.form.get("name", ""),
        department=request.form.get("department", ""),
        staff_key=request.form.get("staff", ""),
        **_common(),
        zone=runtime().zone,
    )
    return _Link(runtime().settings.server.base_url + url_for("reviewing.desk", token=token))


def _end_reviewer(session: Any, key: str) -> str:
    reviews.end(session, key, _id("reviewer"), **_common())
    return "reviewer_ended"


def _settle(session: Any, key: str) -> str:
    chosen = [int(one) for one in request.form.getlist("winner") if one.isdigit() and len(one) < 10]
    by_rule = request.form.get("by_rule") == "1"
    why = request.form.get("why", "")
    round_results.settle(session, key, chosen=None if by_rule else chosen, why=why, **_common(), zone=runtime().zone)
    return "settled"


def _consent(session: Any, key: str) -> str:
    round_desk.set_public(session, key, _id("candidate"), request.form.get("public") == "1", **_common())
    return "consent"


def _decide(session: Any, key: str) -> str:
    decision, why = request.form.get("decision", ""), request.form.get("why", "")
    objections.decide(session, key, _id("objection"), decision, why, **_common(), zone=runtime().zone)
    return "decided"


def _publish(session: Any, key: str) -> str:
    round_results.publish(
        session,
        runtime().vault,
        key,
        by=g.account.name,
        login=g.account.login,
        now=runtime().now(),
        settings=runtime().settings,
    )
    return "published"


def _revoke(session: Any, key: str) -> str:
    certificates.revoke(session, request.form.get("number", ""), why=request.form.get("why", ""), **_common())
    return "revoked"


_ACTIONS = {
    "start": _start,
    "cancel": _cancel,
    "postpone": _postpone,
    "owner": _owner,
    "propose": _propose,
    "set-aside": _set_aside,
    "shortlist": _shortlist,
    "paper-vote": _paper_vote,
    "invite": _invite,
    "end-reviewer": _end_reviewer,
    "settle": _settle,
    "consent": _consent,
    "decide": _decide,
    "publish": _publish,
    "revoke": _revoke,
}


@blueprint.get("/<key>/certificates.pdf")
@allow(ADMIN, QUALITY)
def papers(key: str) -> Response:
    now, settings = runtime().now(), runtime().settings
    with runtime().reading() as session:
        view = rounds.opened(session, key, now=now, zone=runtime().zone)
        made = certificates.of_source(session, round_results.source_of(view))
        drawn = certificate_papers.document(made, settings, now, language())
    return _pdf(drawn, f"{key}_{t('certificates.paper.title')}.pdf")


@blueprint.get("/<key>/letters.pdf")
@allow(ADMIN, QUALITY)
def letters(key: str) -> Response:
    now, settings = runtime().now(), runtime().settings
    with runtime().reading() as session:
        view = rounds.opened(session, key, now=now, zone=runtime().zone)
        drawn = certificate_papers.letters(session, view, settings, now, language())
    return _pdf(drawn, f"{key}_{t('rounds.admin.letters')}.pdf")


def _pdf(drawn: bytes, name: str) -> Response:
    answer = Response(drawn, mimetype="application/pdf")
    return named(answer, name)


def _id(name: str) -> int:
    typed = request.form.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _back(key: str) -> AnyResponse:
    return redirect(url_for("admin_rounds.desk", key=key), 303)
