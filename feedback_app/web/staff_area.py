"""What a member of staff can do on a phone beside reading the own result: give a shift away, register a thank-you, propose."""

import secrets
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import duty_swaps, nominations, round_pages
from feedback_app.services.nominations import Proposal
from feedback_app.web import deed_forms
from feedback_app.web.access import STAFF, allow
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("staff_area", __name__, url_prefix="/staff")


@blueprint.get("/duty")
@allow(STAFF)
def duty() -> str:
    return _duty()


def _duty(problem: str = "") -> str:
    now = runtime().now()
    with runtime().reading() as session:
        shifts = duty_swaps.shifts(session, g.staff.id, now)
        asked = [one for one in duty_swaps.of_person(session, g.staff.id, now) if one.taker_id == g.staff.id]
    return render_template(
        "staff/duty.html", shifts=shifts, asked=asked, problem=problem, zone=runtime().zone, when=duty_swaps.when
    )


@blueprint.get("/duty/<int:slot>")
@allow(STAFF)
def give(slot: int) -> str:
    """Choose the colleague: the second tap."""
    now = runtime().now()
    with runtime().reading() as session:
        shift = duty_swaps.shift(session, g.staff.id, slot, now)
        colleagues = duty_swaps.colleagues(session, g.staff, shift.window, now)
        return render_template(
            "staff/duty_give.html", shift=shift, colleagues=colleagues, zone=runtime().zone, when=duty_swaps.when
        )


@blueprint.post("/duty/<int:slot>")
@allow(STAFF)
def ask(slot: int) -> Any:
    try:
        with runtime().transaction() as session:
            made = duty_swaps.ask(
                session,
                g.staff,
                slot,
                request.form.get("colleague", ""),
                now=runtime().now(),
                settings=runtime().settings,
            )
            name = made.taker.name
    except FeedbackError as error:
        return _duty(explain(error.code, error.params)), status_of(error)
    flash(t("duty.asked", name=name), "ok")
    return redirect(url_for("staff_area.duty"), 303)


@blueprint.post("/duty/swaps/<int:swap>")
@allow(STAFF)
def answer(swap: int) -> Any:
    """The colleague's yes or no, or the giver's change of mind."""
    said, now = request.form.get("said", ""), runtime().now()
    try:
        with runtime().transaction() as session:
            if said == "withdraw":
                duty_swaps.withdraw(session, g.staff, swap, now)
            else:
                duty_swaps.answer(session, g.staff, swap, takes=said == "yes", now=now, settings=runtime().settings)
    except FeedbackError as error:
        return _duty(explain(error.code, error.params)), status_of(error)
    flash(t(f"duty.said_{said if said in ('yes', 'withdraw') else 'no'}"), "ok")
    return redirect(url_for("staff_area.duty"), 303)


@blueprint.get("/deeds")
@allow(STAFF)
def deed() -> str:
    return _deed()


def _deed(problem: str = "", options: tuple[Any, ...] = ()) -> str:
    key = request.form.get("key") or secrets.token_urlsafe(18)
    return render_template("staff/deed.html", problem=problem, options=options, typed=request.form, key=key)


@blueprint.post("/deeds")
@allow(STAFF)
def register_deed() -> Any:
    try:
        number = deed_forms.take(f"staff:{g.staff.key}")
    except deed_forms.Several as several:
        return _deed(t("deeds.which"), several.options), 400
    except FeedbackError as error:
        return _deed(explain(error.code, error.params)), status_of(error)
    flash(t("deeds.kept", number=number), "ok")
    return redirect(url_for("staff_area.deed"), 303)


@blueprint.get("/propose")
@allow(STAFF)
def propose() -> str:
    return _propose()


def _propose(problem: str = "", options: tuple[Any, ...] = ()) -> str:
    with runtime().reading() as session:
        views = round_pages.open_for_proposals(session, now=runtime().now(), zone=runtime().zone)
    asking = [one for one in views if {"colleague", "self"} & set(one.rules.proposers)]
    return render_template("staff/propose.html", views=asking, problem=problem, options=options, typed=request.form)


@blueprint.post("/propose/<key>")
@allow(STAFF)
def send_proposal(key: str) -> Any:
    """A colleague, or oneself: which of the two, the name tells."""
    now, zone = runtime().now(), runtime().zone
    try:
        with runtime().transaction() as session:
            views = round_pages.open_for_proposals(session, now=now, zone=zone)
            rules = next((one.rules for one in views if one.round.key == key), None)
            found = nominations.find(session, rules, request.form.get("name", "")) if rules else []
            chosen = [one for one in found if one.key == request.form.get("chosen")] or found
            if len(chosen) > 1:
                return _propose(t("deeds.which"), tuple(map(round_pages.name_of, chosen))), 400
            point = nominations.only(chosen)
            proposer = "self" if point.id == g.staff.id else "colleague"
            told = Proposal(point.id, proposer, "staff", g.staff.key, request.form.get("reason", "").strip())
            name = nominations.propose(session, runtime().vault, key, told, now=now, zone=zone).nominee.name
    except FeedbackError as error:
        return _propose(explain(error.code, error.params)), status_of(error)
    flash(t("rounds.nominate.done", name=name), "ok")
    return redirect(url_for("staff_area.propose"), 303)
