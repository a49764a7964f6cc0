"""From a figure to the words behind it: screened, delayed, in no order."""

from datetime import timedelta

from flask import Blueprint, render_template

from feedback_app.domain.periods import local_day
from feedback_app.services import dashboards, figure_comments
from feedback_app.web.access import ADMIN, DIRECTOR, QUALITY, allow
from feedback_app.web.asked import number_from, one_of
from feedback_app.web.context import runtime, t

blueprint = Blueprint("admin_figure_comments", __name__)
BACK = timedelta(days=91)


@blueprint.get("/admin/figures/comments")
@allow(DIRECTOR, QUALITY, ADMIN)
def index() -> str:
    level = one_of("level", tuple(figure_comments.LEVELS))
    today = local_day(runtime().now(), runtime().zone)
    with runtime().reading() as session:
        of = dashboards.scope(session, number_from("unit"), number_from("point"))
        found = figure_comments.of_scope(session, of, level, today - BACK, today)
        share, received = dashboards.standing(session, of, today - BACK, today)
    return render_template(
        "admin/figures/comments.html",
        of=of,
        found=found,
        share=share,
        received=received,
        first=today - BACK,
        level=level,
        levels=[(one, t(f"dashboards.comments.{one}")) for one in figure_comments.LEVELS],
    )
