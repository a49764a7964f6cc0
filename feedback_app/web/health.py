"""For operators: is it alive, can it serve, how much has it done."""

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from feedback_app.services import canary, schema
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("health", __name__)
_failing = Gauge("service_star_canary_failing", "1 when a marked low rating was not accepted, or none was sent in time")
_proven_at = Gauge("service_star_canary_proven_at", "Unix time at which low ratings were last proven accepted")


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
    with runtime().reading() as session:
        proven = canary.standing(session, runtime(), runtime().now())
    if proven is not None:
        _failing.set(proven.failing)
        _proven_at.set(proven.proven_at.timestamp() if proven.proven_at else 0)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
