"""Leaderboards in the console: preview the running month, close what is over, publish with a second look."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from feedback_app.domain.boards import Row
from feedback_app.domain.cycles import Period
from feedback_app.errors import NotFound
from feedback_app.services import (
    assessing,
    awards,
    bindings,
    board_kit,
    certificate_papers,
    certificates,
    explanations,
    honour_reviews,
    leaderboards,
    person_records,
    publications,
    recount_page,
    stuffing,
)
from feedback_app.services.evidence import board_subject
from feedback_app.services.leaderboards import Board
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, QUALITY, allow, asks_again
from feedback_app.web.context import language, runtime, t
from feedback_app.web.file_names import named

blueprint = Blueprint("admin_stars", __name__, url_prefix="/admin/stars")
navigation.add(50, "admin_stars.index", "stars.nav")

ROWS_A_PAGE = 100


@blueprint.get("/")
@allow(ADMIN, QUALITY)
def index() -> str:
    """Every award with its periods and what can be done with each."""
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        schemes = awards.schemes(session)
        periods = {key: leaderboards.periods(session, key, now=now, zone=zone) for key in schemes}
        reviews = len(honour_reviews.waiting(session, person_records.kinds(g.account.role)))
    return render_template("admin/stars/index.html", schemes=schemes, periods=periods, zone=zone, reviews=reviews)


@blueprint.get("/unbound")
@allow(ADMIN, QUALITY)
def unbound() -> str:
    """Who cannot be written to, by department."""
    with runtime().reading() as session:
        units = bindings.unbound(session)
    return render_template("admin/stars/unbound.html", units=units)


@blueprint.get("/<award>/<period>")
@allow(ADMIN, QUALITY)
def board(award: str, period: str) -> str:
    """One league of a period: as it was frozen, or a preview of what closing would give."""
    with runtime().reading() as session:
        found = _board(session, award, Period.parse(period))
    keys = [one.key for one in found.scheme.leagues]
    chosen = request.args.get("league", "")
    result = found.league(chosen if chosen in keys else keys[0])
    pages = max(1, -(-len(result.rows) // ROWS_A_PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "admin/stars/board.html",
        board=found,
        result=result,
        rows=result.rows[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE],
        left_out=[one for one in found.left_out if one.league == result.key],
        page=page,
        pages=pages,
        over=runtime().now() >= found.period.ends(runtime().zone),
        zone=runtime().zone,
        waiting=lambda board, row: explanations.waiting(board, row, language()),
    )


@blueprint.get("/<award>/<period>/recount")
@allow(ADMIN, QUALITY)
def recount(award: str, period: str) -> Response:
    """The recount kit as one page for staff representatives, to be opened from a file."""
    return _download(recount_page.page(_kit(award, period)), f"recount-{award}-{period}.html", "text/html")


@blueprint.get("/<award>/<period>/recount-kit")
@allow(ADMIN, QUALITY)
def recount_kit(award: str, period: str) -> Response:
    """The recount kit as lines of text."""
    return _download(_kit(award, period), f"{award}-{period}.kit", "text/plain")


def _kit(award: str, period: str) -> str:
    with runtime().reading() as session:
        return leaderboards.recount_kit(session, award, Period.parse(period))


def _download(content: str, name: str, kind: str) -> Response:
    return Response(
        content,
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"},
    )


@blueprint.get("/<award>/<period>/rows/<int:point_id>")
@allow(ADMIN, QUALITY)
def row(award: str, period: str, point_id: int) -> str:
    """Why somebody stands where they stand: the words that person reads."""
    with runtime().reading() as session:
        found = _board(session, award, Period.parse(period))
    one = _row_of(found, point_id)
    lines = explanations.lines(found, one, language())
    return render_template("admin/stars/row.html", board=found, row=one, lines=lines)


@blueprint.post("/<award>/<period>/rows/<int:point_id>/revoke")
@allow(ADMIN, QUALITY)
@asks_again
def revoke(award: str, period: str, point_id: int) -> Response:
    """Take an honour back before everybody (S50)."""
    told, why = Period.parse(period), request.form.get("why", "")
    with runtime().transaction() as session:
        name = assessing.revoke_row(session, award, told, point_id, why=why, by=g.account.login, now=runtime().now())
    flash(t("stars.work.revoked", name=name), "ok")
    return redirect(url_for("admin_stars.row", award=award, period=period, point_id=point_id), 303)


@blueprint.post("/<award>/<period>/close")
@allow(ADMIN, QUALITY)
def close(award: str, period: str) -> Response:
    """Freeze a month that is over."""
    now, told = runtime().now(), Period.parse(period)
    with runtime().transaction() as session:
        stuffing.watch_closing(session, runtime(), [told], now)
        leaderboards.close(session, award, told, now=now, zone=runtime().zone, actor=g.account.login)
    flash(t("stars.admin.closed_now", period=period), "ok")
    return redirect(url_for("admin_stars.board", award=award, period=period))


@blueprint.get("/<award>/<period>/publish")
@allow(ADMIN, QUALITY)
def ask(award: str, period: str) -> str:
    """What publishing will do: how many messages, when, and who cannot be reached."""
    with runtime().reading() as session:
        found = leaderboards.load(session, award, Period.parse(period))
        plan = publications.plan(session, now=runtime().now(), settings=runtime().settings)
    return render_template("admin/stars/publish.html", board=found, plan=plan, zone=runtime().zone)


@blueprint.post("/<award>/<period>/publish")
@allow(ADMIN, QUALITY)
@asks_again
def publish(award: str, period: str) -> Response:
    """Release the period; a second time changes nothing and says so."""
    now, settings = runtime().now(), runtime().settings
    told = Period.parse(period)
    with runtime().transaction() as session:
        before = leaderboards.load(session, award, told).published_at
        queued = publications.publish(
            session, award, told, by=g.account.name, actor=g.account.login, now=now, settings=settings
        )
        after = leaderboards.load(session, award, told)
    if after.published_at is None:
        said = t("stars.admin.checked_now", name=after.checked_by)
    else:
        said = t("stars.admin.published_before") if before else t("stars.admin.published_now", messages=queued)
    flash(said, "ok")
    return redirect(url_for("admin_stars.board", award=award, period=period))


@blueprint.get("/<award>/<period>/kit")
@allow(ADMIN, QUALITY)
def kit(award: str, period: str) -> str:
    """What can be taken away of a published board: picture, text, certificates."""
    with runtime().reading() as session:
        found = leaderboards.load(session, award, Period.parse(period), public_only=True)
        made = certificates.of_source(session, board_subject(award, period))
    said = board_kit.group_text(found, runtime().settings, language())
    return render_template("admin/stars/kit.html", board=found, said=said, made=made)


@blueprint.get("/<award>/<period>/picture.png")
@allow(ADMIN, QUALITY)
def picture(award: str, period: str) -> Response:
    with runtime().reading() as session:
        found = leaderboards.load(session, award, Period.parse(period), public_only=True)
    drawn = board_kit.picture(found, runtime().settings, language())
    return FlaskResponse(drawn, mimetype="image/png")


@blueprint.get("/<award>/<period>/certificates.pdf")
@allow(ADMIN, QUALITY)
def papers(award: str, period: str) -> Response:
    with runtime().reading() as session:
        made = certificates.of_source(session, board_subject(award, period))
    drawn = certificate_papers.document(made, runtime().settings, runtime().now(), language())
    answer = FlaskResponse(drawn, mimetype="application/pdf")
    return named(answer, f"{award}_{period}.pdf")


def _board(session: Session, award: str, period: Period) -> Board:
    awards.scheme(session, award)
    try:
        return leaderboards.load(session, award, period)
    except NotFound:
        return leaderboards.preview(session, award, period, now=runtime().now(), zone=runtime().zone)


def _row_of(board: Board, point_id: int) -> Row:
    found = board.row_of(point_id)
    if found is None:
        raise NotFound("stars.no_row")
    return found
