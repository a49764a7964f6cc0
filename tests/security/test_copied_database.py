"""Somebody has the database file, and not the configuration: no telephone number, openid or mail address is in it."""

from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from feedback_app.db.directory import ServicePoint
from feedback_app.services import bindings, deliveries, people
from feedback_app.services.outbox import put
from feedback_app.services.runtime import Runtime

PLANTED = ("oPatient0123456789abcdef", "13800138000", "zw.private@example.com", "planted-userid")


def test_the_file_alone_tells_nobody(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], point: Callable[[str], ServicePoint]
) -> None:
    openid, phone, mail, userid = PLANTED
    sent = {"key": "k" * 24, "overall": "1", "comment": "慢", "contact": phone, "wants_answer": "1"}
    assert client.post(f"/s/{code('D01')}", data=sent).status_code == 303
    assert client.post("/feedback", data={**sent, "text": "慢"}).status_code == 303
    with runtime.transaction() as session:
        people.meet(session, runtime.vault, openid, app_id="wx1", now=runtime.now())
        person = session.get_one(ServicePoint, point("D02").id)
        person.wecom_userid = ""
        bindings.bind(session, runtime.vault, person, "mail", mail, now=runtime.now())
        bindings.bind(session, runtime.vault, person, "wecom", userid, now=runtime.now())
        put(
            session, dedupe_key="x", purpose="star_result", channel="mail", recipient=runtime.vault.seal(mail),
            payload={"title": "", "text": ""}, now=runtime.now(),
        )  # fmt: skip
    with runtime.transaction() as session:
        assert deliveries.claim(session, runtime.vault, "me", runtime.now(), 5)[0].recipient == mail
    copies = sorted(Path(runtime.settings.database.url.removeprefix("sqlite:///")).parent.glob("stars.db*"))
    held = b"".join(one.read_bytes() for one in copies)
    assert b"D01" in held
    assert [word for word in PLANTED if word.encode() in held or word.encode("utf-16-le") in held] == []
    assert {one.stat().st_mode & 0o077 for one in copies} == {0}  # and nobody else on this machine may copy it
