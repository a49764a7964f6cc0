"""What is sealed for one purpose is worth nothing for another; whoever copies the database cannot become somebody."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.errors import Gone
from feedback_app.services import bindings, deliveries, mail_bindings, slips
from feedback_app.services.runtime import Runtime
from tests.secrets_of_cases import sealed
from tests.test_staff_pages import FrontDesk


def test_a_sealed_contact_is_not_a_confirmation_link(
    client: FlaskClient, runtime: Runtime, point: Callable[[str], ServicePoint]
) -> None:
    """A patient's contact is any text: one that reads like a claim, taken from a copied database, must not bind."""
    claim = json.dumps(["mail-binding", point("D01").id, "evil@example.com", "2099-01-01T00:00:00+00:00"])
    answer = client.post("/feedback", data={"key": "k" * 24, "text": "x", "contact": claim, "wants_answer": "1"})
    assert answer.status_code == 303
    [stolen] = sealed(runtime)
    assert runtime.vault.unseal(stolen) == claim
    with pytest.raises(Gone):
        mail_bindings.read(runtime.vault, stolen, runtime.now())
    assert client.get(f"/staff/mail/{stolen}").status_code == 410


def test_a_copied_database_holds_no_address_that_signs_in(
    runtime: Runtime, point: Callable[[str], ServicePoint]
) -> None:
    """The letter waits sealed; only whoever sends it opens it."""
    page = "http://127.0.0.1:8000/staff/bind/"
    with runtime.transaction() as session:
        person = session.get_one(ServicePoint, point("D01").id)
        bindings.bind(session, runtime.vault, person, "mail", "zw@qingshan.example", now=runtime.now())
        mail_bindings.send_sign_in(
            session, runtime.vault, "zw@qingshan.example", page=page, language="zh", now=runtime.now()
        )
    with runtime.reading() as session:
        assert page not in json.dumps(session.query(OutboxMessage).one().payload)
    with runtime.transaction() as session:
        [letter] = deliveries.claim(session, runtime.vault, "me", runtime.now(), 5)
    assert letter.payload["url"].startswith(page)
    with runtime.reading() as session:
        slips.find(session, runtime.vault, letter.payload["url"].removeprefix(page), runtime.now())


@pytest.mark.parametrize("state", ["é", "张", "\0", "\ud83d", "a" * 5000])
def test_a_strange_state_is_refused_in_words(client: FlaskClient, app: Flask, state: str) -> None:
    app.extensions["staff_identity"] = FrontDesk()
    client.get("/staff/wecom")
    told = quote(state, errors="surrogatepass")
    assert client.get(f"/staff/wecom/back?code=code-d01&state={told}").status_code == 400


def test_a_foreign_state_signs_nobody_in(client: FlaskClient, app: Flask) -> None:
    """Sign-in CSRF: the attacker's own code and state, in the victim's browser."""
    app.extensions["staff_identity"] = FrontDesk()
    attacker = app.test_client()
    state = parse_qs(urlsplit(attacker.get("/staff/wecom").headers["Location"]).query)["state"][0]
    client.get("/staff/wecom")
    assert client.get("/staff/wecom/back", query_string={"code": "code-d01", "state": state}).status_code == 400
    assert client.get("/staff/").status_code == 302
