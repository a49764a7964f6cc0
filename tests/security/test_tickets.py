"""What is sealed for one purpose is worth nothing for another; whoever copies the database cannot become somebody."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.errors import Gone
from feedback_app.services import mail_bindings
from feedback_app.services.runtime import Runtime


def test_a_sealed_contact_is_not_a_confirmation_link(
    client: FlaskClient, runtime: Runtime, point: Callable[[str], ServicePoint]
) -> None:
    """A patient's contact is any text: one that reads like a claim, taken from a copied database, must not bind."""
    claim = json.dumps(["mail-binding", point("D01").id, "evil@example.com", "2099-01-01T00:00:00+00:00"])
    answer = client.post("/feedback", data={"key": "k" * 24, "text": "x", "contact": claim, "wants_answer": "1"})
    assert answer.status_code == 200
    with runtime.reading() as session:
        stolen = session.query(Case).one().contact_sealed
    assert runtime.vault.unseal(stolen) == claim
    with pytest.raises(Gone):
        mail_bindings.read(runtime.vault, stolen, runtime.now())
    assert client.get(f"/staff/mail/{stolen}").status_code == 410
