"""The first page after signing in: what needs somebody today, and what a new hospital does next."""

from flask import Blueprint, render_template

from feedback_app.web import navigation
from feedback_app.web.access import CONSOLE, allow

blueprint = Blueprint("admin_home", __name__)
navigation.add(0, "admin_home.index", "admin.home.nav")


@blueprint.get("/admin/")
@allow(*CONSOLE)
def index() -> str:
    return render_template("admin/home.html")
