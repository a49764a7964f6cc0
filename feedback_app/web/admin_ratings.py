"""Ratings in the console: look through them, open one, find one by its receipt. Nothing can be changed here."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from feedback_app.domain.periods import Month
from feedback_app.errors import NotFound
from feedback_app.services import pictures, rating_lists
from feedback_app.services.rating_lists import CHANNELS, KINDS, LEVELS, Wanted
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, QUALITY, allow
from feedback_app.web.asked import number_from, one_of
from feedback_app.web.context import explain, runtime

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
    problem, receipt = "", request.args.get("receipt", "").strip()
    with runtime().reading() as session:
        if receipt:
            try:
                return redirect(url_for("admin_ratings.show", rating_id=rating_lists.find_receipt(session, receipt)))
            except NotFound as error:
                problem = explain(error.code, error.params)
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
            receipt=receipt,
            problem=problem,
        )


@blueprint.get("/admin/ratings/<int:rating_id>")
@allow(QUALITY, ADMIN)
def show(rating_id: int) -> str:
    with runtime().reading() as session:
        return render_template("admin/rating.html", found=rating_lists.detail(session, rating_id))


@blueprint.get("/admin/pictures/<picture_id>")
@allow(QUALITY, ADMIN)
def picture(picture_id: str) -> Response:
    """A picture that came with a rating."""
    with runtime().reading() as session:
        return Response(pictures.jpeg(session, picture_id), mimetype="image/jpeg")
