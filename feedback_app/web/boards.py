"""What everyone may see: published boards, their rules, the screen in the lobby. Only the top, never a low place."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import local_day
from feedback_app.errors import NotFound, Refused
from feedback_app.services import awards, bodies, canary, change_cards, evidence, leaderboards, pilot
from feedback_app.services.leaderboards import Board
from feedback_app.services.transaction import Session
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("boards", __name__, url_prefix="/stars")

SCREEN_ROWS = 5
SCREEN_LEAGUES = 3
SCREEN_CARDS = 2  # of "you said, we did" on one page, the newest
SCREEN_SECONDS = 40  # then the next page, or the same one anew


@blueprint.get("/")
@allow(PUBLIC)
def index() -> str:
    """All published boards, newest first."""
    with runtime().reading() as session:
        schemes = awards.schemes(session)
        published = {key: leaderboards.published(session, key) for key in schemes}
        proven = canary.standing(session, runtime(), runtime().now())
        stage = pilot.stage(session)
    return render_template(
        "boards/index.html", schemes=schemes, published=published, proven=proven, stage=stage, zone=runtime().zone
    )


@blueprint.get("/screen")
@allow(PUBLIC)
def screen() -> str:
    """For a screen of 1920 × 1080 in the lobby: the newest board, three leagues at a time, then what patients said and what
    was done about it; below all of them how the records stand. It turns its own pages."""
    with runtime().reading() as session:
        board = _newest(session)
        cards = change_cards.shown(session)[:SCREEN_CARDS]
        proven = canary.standing(session, runtime(), runtime().now())
        sealed = evidence.heads(session, 1)
        filled = [result for result in board.results if result.rows] if board else []
        boards = -(-len(filled) // SCREEN_LEAGUES)
        parts = max(1, boards + bool(cards))
        part = request.args.get("part", 0, type=int) % parts
        return render_template(
            "boards/screen.html",
            board=board,
            results=filled[part * SCREEN_LEAGUES : (part + 1) * SCREEN_LEAGUES],
            cards=cards if part == boards else (),
            proven=proven,
            sealed=sealed[0]["size"] if sealed else 0,
            most=SCREEN_ROWS,
            seconds=SCREEN_SECONDS,
            following=(part + 1) % parts,
            zone=runtime().zone,
        )


@blueprint.get("/<award>")
@allow(PUBLIC)
def latest(award: str) -> Response:
    """To the newest published board of the award."""
    with runtime().reading() as session:
        awards.scheme(session, award)
        months = leaderboards.published(session, award)
    if not months:
        return redirect(url_for("boards.index"))
    return redirect(url_for("boards.board", award=award, period=str(months[0])))


@blueprint.get("/<award>/rules")
@allow(PUBLIC)
def rules(award: str) -> str:
    """How it is reckoned, in plain words with the award's own figures."""
    with runtime().reading() as session:
        scheme = awards.scheme(session, award)
        sitting = bodies.of_scheme(session, scheme, local_day(runtime().now(), runtime().zone))
        return render_template("boards/rules.html", scheme=scheme, bodies=[one for one in sitting if one.members])


@blueprint.get("/<award>/<period>")
@allow(PUBLIC)
def board(award: str, period: str) -> str:
    with runtime().reading() as session:
        awards.scheme(session, award)
        found = leaderboards.load(session, award, _period(period), public_only=True)
        head = evidence.head_over(session, evidence.board_subject(award, str(found.period)))
    return render_template("boards/board.html", board=found, head=head)


def _period(period: str) -> Period:
    # An address that names no period is an address that does not exist.
    try:
        return Period.parse(period)
    except Refused:
        raise NotFound("stars.not_published", period=period) from None


def _newest(session: Session) -> Board | None:
    newest = [(months[0], key) for key in awards.schemes(session) if (months := leaderboards.published(session, key))]
    if not newest:
        return None
    period, award = max(newest)
    return leaderboards.load(session, award, period, public_only=True)
