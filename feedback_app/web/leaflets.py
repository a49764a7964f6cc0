"""Health education for patients, written by the hospital and read over by a second person; and the page of stars."""

from flask import Blueprint, render_template

from feedback_app.errors import NotFound
from feedback_app.services import documents, public_profiles
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("leaflets", __name__)


@blueprint.get("/health")
@allow(PUBLIC)
def index() -> str:
    with runtime().reading() as session:
        return render_template("patient/leaflets.html", found=documents.leaflets(session), department=None)


@blueprint.get("/health/of/<key>")
@allow(PUBLIC)
def of_department(key: str) -> str:
    """Those of one department, and those for everybody."""
    with runtime().reading() as session:
        unit = public_profiles.department(session, key)
        if unit is None:
            raise NotFound("leaflets.none")
        found = documents.leaflets(session, unit.id)
        return render_template("patient/leaflets.html", found=found, department=unit)


@blueprint.get("/health/<key>")
@allow(PUBLIC)
def show(key: str) -> str:
    with runtime().reading() as session:
        one = documents.leaflet(session, key)
        return render_template("patient/leaflet.html", one=one, zone=runtime().zone)


@blueprint.get("/our-stars")
@allow(PUBLIC)
def stars() -> str:
    """Those who were honoured and agreed to stand here, by department and name; with the page for appointments if there is one."""
    with runtime().reading() as session:
        return render_template("patient/our_stars.html", units=public_profiles.shown(session))
