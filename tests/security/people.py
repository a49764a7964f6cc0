"""Whoever attacks: a member of staff who is signed in."""

from flask.testing import FlaskClient

from feedback_app.db.directory import ServicePoint
from feedback_app.services import bindings
from feedback_app.services.runtime import Runtime


def sign_in_staff(client: FlaskClient, runtime: Runtime, key: str) -> None:
    """From now on ``client`` is signed in as this member of staff."""
    with runtime.transaction() as session:
        person = session.query(ServicePoint).filter_by(key=key, kind="staff").one()
        token = bindings.sign_in(session, person, runtime.now())
    client.set_cookie("staff", token, path="/staff")
