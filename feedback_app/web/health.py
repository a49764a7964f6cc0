"""For operators: is it alive, can it serve, what needs a look, how much has it done."""

import os
from collections.abc import Iterable

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from feedback_app.errors import Unavailable
from feedback_app.services import alarms, backups, canary, delivery_desk, periodic, schema
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("health", __name__)
AMONG_OTHERS = "service_star.among_others"  # in the environ of a request: the same processes serve other hospitals
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of one `serve` keep their counters, so that whichever is asked tells those of all."""


@blueprint.get("/healthz")
@allow(PUBLIC)
def alive() -> Response:
    """200 while the process answers at all."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@allow(PUBLIC)
def ready() -> tuple[Response, int]:
    """200 when the database answers and is at this version, else 503 with the reason. ``alarms``: what needs a look."""
    opened = runtime()
    try:
        if not opened.database.is_answering() or not schema.is_current(opened.database):
            return jsonify(status="migrations pending: run `service-star migrate`"), 503
        with opened.reading() as session:
            wrong = [one.name for one in alarms.found(session, opened, opened.now())]
    except Exception:  # any failure to reach the database means: not ready
        return jsonify(status="database does not answer"), 503
    return jsonify(status="ok", alarms=wrong), 200


@blueprint.get("/metrics")
@allow(PUBLIC)
def metrics() -> Response:
    """Counters of all processes of this machine, and the state of this moment.

    Where several hospitals share the processes, none is told how much the others do: counters are told at the machine's
    own number (``group.ByHost``).
    """
    now = CollectorRegistry()
    now.register(_Now())
    counted = b"" if request.environ.get(AMONG_OTHERS) else counters()
    return Response(counted + generate_latest(now), content_type=CONTENT_TYPE_LATEST)


def counters() -> bytes:
    """What all processes of this machine have counted, as Prometheus text."""
    counted: CollectorRegistry = REGISTRY
    if os.environ.get(SHARED):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return generate_latest(counted)


class _Now(Collector):
    """Read when asked."""

    def collect(self) -> Iterable[Metric]:
        try:
            yield from self._read()
            there = True
        except Unavailable:
            there = False
        yield _gauge(
            "service_star_database_up", "1 when the database answers; without it only counters are told", there
        )

    def _read(self) -> Iterable[Metric]:
        opened, now = runtime(), runtime().now()
        with opened.reading() as session:
            ringing = {one.name for one in alarms.found(session, opened, now)}
            standing = canary.standing(session, opened, now)
            states, workers = delivery_desk.counts(session), len(periodic.alive(session, now))
            proven = backups.last_proven(session, now)
        yield _labelled(
            "service_star_alarm", "1 while this needs a look", "name", {n: n in ringing for n in alarms.NAMES}
        )
        yield _labelled("service_star_messages", "messages of the outbox by state", "state", states)
        yield _gauge("service_star_workers", "worker processes seen within a minute", workers)
        yield _gauge("service_star_disk_used_ratio", "share of the disk that is full", alarms.disk_used(opened))
        yield _gauge(
            "service_star_backup_proven_at",
            "Unix time at which a backup was last restored elsewhere and held",
            proven.timestamp() if proven else 0,
        )
        if standing is not None:
            yield _gauge(
                "service_star_canary_failing",
                "1 when a marked low rating was not accepted, or none was sent in time",
                standing.failing,
            )
            yield _gauge(
                "service_star_canary_proven_at",
                "Unix time at which low ratings were last proven accepted",
                standing.proven_at.timestamp() if standing.proven_at else 0,
            )


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=float(value))


def _labelled(name: str, told: str, label: str, values: dict[str, bool] | dict[str, int]) -> Metric:
    made = GaugeMetricFamily(name, told, labels=[label])
    for key, value in values.items():
        made.add_metric([key], float(value))
    return made
