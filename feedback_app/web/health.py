"""For operators: is it alive, can it serve, how much has it done."""

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from feedback_app.services import schema
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allow(PUBLIC)
def alive() -> Response:
    """200 while the process answers at all."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@allow(PUBLIC)
def ready() -> tuple[Response, int]:
    """200 when the database answers and is at this version, else 503 with the reason."""
    database = runtime().database
    try:
        if not database.is_answering() or not schema.is_current(database):
            return jsonify(status="migrations pending: run `service-star migrate`"), 503
    except Exception:  # any failure to reach the database means: not ready
        return jsonify(status="database does not answer"), 503
    return jsonify(status="ok"), 200


@blueprint.get("/metrics")
@allow(PUBLIC)
def metrics() -> Response:
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
