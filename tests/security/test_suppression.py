"""Nobody can make a bad rating disappear, or keep it from being accepted, from outside."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.services import complaints
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime

KEY = "k" * 24


def test_a_flood_of_complaints_never_stops_the_next_one(runtime: Runtime) -> None:
    """The ten-thousandth of a month has a number of five figures, and so have those after it."""

    def file(key: str) -> str | None:
        with runtime.transaction() as session:
            filing = Filing(text="x", source="form", origin_key=key)
            return complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number

    file("first")
    with runtime.transaction() as session:
        session.query(Case).one().number = "T-2611-9999"
    assert [file(f"k{n}") for n in range(3)] == ["T-2611-10000", "T-2611-10001", "T-2611-10002"]


@pytest.mark.parametrize("level", ["1", "5"])
def test_words_that_fit_the_question_fit_the_case_too(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], level: str
) -> None:
    """An administrator may allow long answers; then a low rating with one is as welcome as a high one."""
    with runtime.transaction() as session:
        version = session.query(QuestionnaireVersion).filter_by(key="short").one()
        questions = [{**one, "longest": 5000} for one in version.body["question"]]
        version.body = {**version.body, "question": questions}
    answer = client.post(f"/s/{code('D01')}", data={"key": KEY, "overall": level, "comment": "慢" * 4000})
    assert answer.status_code == 303
    with runtime.reading() as session:
        assert session.query(Rating).one().comment == "慢" * 4000


def test_the_key_of_one_form_does_not_answer_for_another_service_point(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], point: Callable[[str], ServicePoint]
) -> None:
    """Somebody hands out prepared links or pages with one key: both ratings count, and no receipt is somebody else's."""
    first = client.post(f"/s/{code('D01')}", data={"key": KEY, "overall": "5"})
    second = client.post(f"/s/{code('D02')}", data={"key": KEY, "overall": "1"})
    assert first.headers["Location"] != second.headers["Location"]
    with runtime.reading() as session:
        stored = {one.service_point_id: one.score for one in session.query(Rating)}
    assert stored == {point("D01").id: 5, point("D02").id: 1}


def test_twenty_at_once_with_one_key_are_one_rating(app: Flask, runtime: Runtime, code: Callable[[str], str]) -> None:
    address = f"/s/{code('D01')}"

    def send(_: int) -> tuple[int, str]:
        answer = app.test_client().post(address, data={"key": KEY, "overall": "1", "comment": "x"})
        return answer.status_code, answer.headers["Location"]

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(20)))
    with runtime.reading() as session:
        assert (session.query(Rating).count(), session.query(Case).count(), len(answers)) == (1, 1, 1)


def test_a_flood_of_complaints_is_one_message_to_the_office_and_names_nobody(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    address, filed = f"/s/{code('D01')}", 30
    for number in range(filed):
        client.post(address, data={"key": f"{KEY}{number}", "overall": "1", "comment": f"wrote {number}"})
    with runtime.reading() as session:
        [message] = session.query(OutboxMessage).all()
        assert session.query(Case).count() == filed
    assert (message.not_before.minute, message.not_before > runtime.now()) == (0, True)
    assert not any(word in str(message.payload) for word in ("张伟", "T-2611", "wrote"))
