"""What the bodies of an award do in the console: who sits in them, what they give, whom nobody has heard of, what goes upward."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.domain import coverage as unseen
from feedback_app.domain.bodies import ROLES
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import local_day
from feedback_app.errors import FeedbackError, NotFound, Refused
from feedback_app.services import awards, bodies, leaderboards, points_desk, points_import, upward
from feedback_app.services.bodies import Entry
from feedback_app.services.leaderboards import Board
from feedback_app.services.points_desk import Given
from feedback_app.services.transaction import Session
from feedback_app.web.access import ADMIN, QUALITY, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.errors import status_of
from feedback_app.web.file_names import named

blueprint = Blueprint("admin_award_work", __name__, url_prefix="/admin/awards")
LARGEST_TABLE = 2 * 1024 * 1024  # bytes
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/<award>/bodies")
@allow(ADMIN, QUALITY)
def sitting(award: str) -> str:
    return _bodies_page(award)


def _today() -> date:
    return local_day(runtime().now(), runtime().zone)


def _bodies_page(award: str, problem: str = "") -> str:
    with runtime().reading() as session:
        scheme = awards.scheme(session, award)
        found = bodies.of_scheme(session, scheme, _today())
    return render_template(
        "admin/stars/bodies.html",
        scheme=scheme,
        bodies=found,
        roles=ROLES,
        today=_today(),
        problem=problem,
        typed=request.form,
    )


@blueprint.post("/<award>/bodies")
@allow(ADMIN)
def seat(award: str) -> Any:
    """Somebody gets a seat."""
    typed = request.form
    try:
        told = Entry(
            typed.get("body", ""),
            typed.get("who", "").strip()[:60],
            typed.get("role", ""),
            _day(typed.get("since", "")) or _today(),
            _day(typed.get("until", "")),
        )
        with runtime().transaction() as session:
            scheme = awards.scheme(session, award)
            made = bodies.seat(session, scheme, told, by=g.account.login, now=runtime().now())
            name = made.name
    except FeedbackError as error:
        return _bodies_page(award, explain(error.code, error.params)), status_of(error)
    flash(t("bodies.seated", name=name), "ok")
    return redirect(url_for("admin_award_work.sitting", award=award), 303)


@blueprint.post("/<award>/bodies/<int:member_id>/end")
@allow(ADMIN)
def end(award: str, member_id: int) -> Any:
    """A term ends today: from tomorrow on somebody else decides."""
    try:
        with runtime().transaction() as session:
            name = bodies.end(
                session, member_id, _today() - timedelta(days=1), by=g.account.login, now=runtime().now()
            ).name
    except FeedbackError as error:
        return _bodies_page(award, explain(error.code, error.params)), status_of(error)
    flash(t("bodies.ended", name=name), "ok")
    return redirect(url_for("admin_award_work.sitting", award=award), 303)


def _day(typed: str) -> date | None:
    """None where nothing was chosen. Raises Refused ``bodies.bad_term``."""
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise Refused("bodies.bad_term") from None


@blueprint.get("/<award>/<period>/points")
@allow(ADMIN, QUALITY)
def points(award: str, period: str) -> str:
    return _points_page(award, period)


def _points_page(award: str, period: str, problem: str = "", rejected: Any = ()) -> str:
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        scheme, told = _scheme(session, award, period)
        found = points_desk.overview(session, scheme, told, now, zone)
    return render_template(
        "admin/stars/points.html",
        scheme=scheme,
        period=told,
        found=found,
        sheet=points_desk.SHEET,
        problem=problem,
        rejected=rejected,
        typed=request.form,
    )


def _scheme(session: Session, award: str, period: str) -> Any:
    scheme = awards.scheme(session, award)
    try:
        told = scheme.period_of(period)
    except Refused:
        raise NotFound("stars.not_closed", period=period[:40]) from None
    return awards.scheme(session, award, told), told


@blueprint.post("/<award>/<period>/points")
@allow(ADMIN, QUALITY)
def give(award: str, period: str) -> Any:
    """One opinion of one member, or one inspected sheet."""
    try:
        with runtime().transaction() as session:
            scheme, told = _scheme(session, award, period)
            made = points_desk.give(session, scheme, told, _given(scheme), now=runtime().now(), zone=runtime().zone)
            kept = made.points
    except FeedbackError as error:
        return _points_page(award, period, explain(error.code, error.params)), status_of(error)
    flash(t("points.kept", key=request.form.get("candidate", "")[:40], points=f"{kept:g}"), "ok")
    return redirect(url_for("admin_award_work.points", award=award, period=period), 303)


def _given(scheme: Any) -> Given:
    typed = request.form
    times = {
        (item.key, place): whole_number(typed.get(f"take:{item.key}:{place}", "")) or 0
        for item in scheme.sheet
        for place in range(len(item.deductions))
    }
    if any(count > 20 for count in times.values()):
        raise Refused("stars.bad_points")
    return Given(
        typed.get("share", ""),
        typed.get("candidate", "")[:40],
        whole_number(typed.get("member", "")) or 0,
        _points(typed.get("points", "")),
        times,
        typed.get("note", "").strip()[:2000],
    )


def _points(typed: str) -> float | None:
    plain = typed.strip().replace("。", ".")
    return float(plain) if plain.replace(".", "", 1).isdigit() and plain.isascii() and len(plain) < 8 else None


@blueprint.post("/<award>/<period>/points/table")
@allow(ADMIN, QUALITY)
def give_table(award: str, period: str) -> Any:
    """Many at once, from a table."""
    sent = request.files.get("file")
    data = sent.stream.read(LARGEST_TABLE + 1) if sent else b""
    try:
        if not data or len(data) > LARGEST_TABLE:
            raise Refused("points.no_table")
        with runtime().transaction() as session:
            scheme, told = _scheme(session, award, period)
            done = points_import.import_table(
                session, scheme, told, request.form.get("share", ""), data, now=runtime().now()
            )
    except FeedbackError as error:
        return _points_page(award, period, explain(error.code, error.params)), status_of(error)
    flash(t("points.table_kept", count=done.given), "ok")
    if done.rejected:
        return _points_page(award, period, rejected=done.rejected)
    return redirect(url_for("admin_award_work.points", award=award, period=period), 303)


@blueprint.get("/<award>/<period>/coverage")
@allow(ADMIN, QUALITY)
def coverage(award: str, period: str) -> str:
    """Whom nobody has said anything about yet, by department."""
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        scheme, told = _scheme(session, award, period)
        board = _board(session, award, told)
    groups = [
        (board.league_words(result.key), unseen.by_unit(result, scheme.hears_patients)) for result in board.results
    ]
    return render_template(
        "admin/stars/coverage.html", board=board, groups=groups, over=now >= told.ends(zone), period=told
    )


def _board(session: Session, award: str, period: Period) -> Board:
    try:
        return leaderboards.load(session, award, period)
    except NotFound:
        return leaderboards.preview(session, award, period, now=runtime().now(), zone=runtime().zone)


@blueprint.get("/<award>/<period>/upward")
@allow(ADMIN, QUALITY)
def package(award: str, period: str) -> str:
    """Who is proposed to which authority."""
    with runtime().reading() as session:
        _, told = _scheme(session, award, period)
        board, found = upward.packages(session, award, told, language())
    return render_template("admin/stars/upward.html", board=board, found=found, period=told)


@blueprint.get("/<award>/<period>/upward.pdf")
@allow(ADMIN, QUALITY)
def package_paper(award: str, period: str) -> Response:
    with runtime().reading() as session:
        _, told = _scheme(session, award, period)
        board, found = upward.packages(session, award, told, language())
    drawn = upward.document(board, found, runtime().settings, runtime().now(), language())
    return _file(drawn, f"{award}_{period}_{t('upward.file')}.pdf", "application/pdf")


@blueprint.get("/<award>/<period>/upward.xlsx")
@allow(ADMIN, QUALITY)
def package_table(award: str, period: str) -> Response:
    with runtime().reading() as session:
        _, told = _scheme(session, award, period)
        board, found = upward.packages(session, award, told, language())
    return _file(upward.table(board, found, language()), f"{award}_{period}_{t('upward.file')}.xlsx", XLSX)


def _file(content: bytes, name: str, kind: str) -> Response:
    answer = Response(content, mimetype=kind)
    return named(answer, name)
