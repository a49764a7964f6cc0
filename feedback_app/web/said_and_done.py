"""What everyone may read: what patients said, and what was done about it."""

from flask import Blueprint, render_template

from feedback_app.services import change_cards
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("said_and_done", __name__)


@blueprint.get("/said-and-done")
@allow(PUBLIC)
def index() -> str:
    """The published cards, newest first, with the month and never the day."""
    with runtime().reading() as session:
        return render_template(
            "boards/said_and_done.html",
            cards=change_cards.shown(session),
            fewest=change_cards.FEWEST_VOICES,
            zone=runtime().zone,
        )
