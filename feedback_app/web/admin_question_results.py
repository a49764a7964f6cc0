"""What patients answered: dimensions and questions of one version in one month; on request beside the other versions."""

from flask import Blueprint, render_template, request

from feedback_app.domain.periods import Month
from feedback_app.services import question_results, question_trends, rating_lists
from feedback_app.web.access import ADMIN, QUALITY, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("admin_question_results", __name__)


@blueprint.get("/admin/question-sets/<int:version_id>/results")
@allow(ADMIN, QUALITY)
def show(version_id: int) -> str:
    with runtime().reading() as session:
        months = rating_lists.months(session, Month.of(runtime().now(), runtime().zone))
        named = {str(month): month for month in months}
        month = named.get(request.args.get("period", ""), months[0])
        found = question_results.results(session, version_id, month)
        through = question_trends.through(session, version_id, month) if request.args.get("versions") else None
        return render_template(
            "admin/question_results.html",
            found=found,
            through=through,
            month=month,
            month_pairs=[(str(one), str(one)) for one in months],
        )
