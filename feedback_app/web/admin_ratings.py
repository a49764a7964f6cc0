"""Ratings in the console: look through them, open one. Nothing can be changed here, and no receipt stands beside a level."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from feedback_app.domain.periods import Month
from feedback_app.errors import NotFound
from feedback_app.services import pictures, rating_lists
from feedback_app.services.rating_lists import CHANNELS, KINDS, LEVELS, Wanted
from feedback_app.services.set_asides import ASKED
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, QUALITY, allow
from feedback_app.web.asked import number_from, one_of
from feedback_app.web.context import runtime

blueprint = Blueprint("admin_ratings", __name__)
navigation.add(30, "admin_ratings.index", "admin_ratings.nav")
ALL = "all"


def _wanted(months: list[Month]) -> Wanted:
    period = request.args.get("period", str(months[0]))
    level = number_from("level")
    return Wanted(
        period=period if period in {str(month) for month in months} else "" if period == ALL else str(months[0]),
        kind=one_of("kind", KINDS),
        department_id=number_from("department"),
        level=level if level in LEVELS else None,
        channel=one_of("channel", CHANNELS),
        with_comment=bool(request.args.get("comment")),
        name=request.args.get("name", "").strip()[:60],
    )


@blueprint.get("/admin/ratings")
@allow(QUALITY, ADMIN)
def index() -> Any:
    receipt = request.args.get("receipt", "").strip()
    if receipt:  # the same answer as everybody's: whether it counts. Whoever could see the level here could demand it.
        return redirect(url_for("evidence.index", receipt=receipt))
    with runtime().reading() as session:
        months = rating_lists.months(session, Month.of(runtime().now(), runtime().zone))
        wanted = _wanted(months)
        page = rating_lists.page(session, wanted, number_from("page", 1) or 1)
        return render_template(
            "admin/ratings.html",
            page=page,
            levels=rating_lists.levels(session, wanted),
            wanted=wanted,
            months=months,
            departments=rating_lists.departments(session),
            kinds=KINDS,
            channels=CHANNELS,
            address=_address,
        )


@blueprint.get("/admin/ratings/<covered>")
@allow(QUALITY, ADMIN)
def show(covered: str) -> str:
    with runtime().reading() as session:
        found = rating_lists.detail(session, uncovered(covered))
        return render_template("admin/rating.html", found=found, covered=covered, asked=ASKED)


def uncovered(covered: str) -> int:
    """The rating an address means. Raises NotFound ``ratings.not_there``."""
    number = runtime().vault.uncover(covered)
    if number is None:
        raise NotFound("ratings.not_there")
    return number


def _address(rating_id: int) -> str:
    return url_for("admin_ratings.show", covered=runtime().vault.cover(rating_id))


@blueprint.get("/admin/pictures/<picture_id>")
@allow(QUALITY, ADMIN)
def picture(picture_id: str) -> Response:
    """A picture that came with a rating."""
    with runtime().reading() as session:
        return Response(pictures.jpeg(session, picture_id), mimetype="image/jpeg")
