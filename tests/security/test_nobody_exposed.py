"""Issue 5, shown by 4: complaints with planted names, phones and identity numbers; no role, list, message or log has one of them."""

import logging
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app.db.accounts import Account
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.roles import HEAD, OFFICE, Viewer
from feedback_app.services import case_releases, case_steps
from feedback_app.services.case_releases import Release
from feedback_app.services.runtime import Runtime
from feedback_app.web.access import CONSOLE
from tests import identities
from tests.people import STAFF as PEOPLE
from tests.secrets_of_cases import contacts

COUNT = 100  # bench.exposure has the thousand
EACH = 8  # cases that every role opens one by one; lists show them all


def work(runtime: Runtime, numbers: list[str]) -> None:
    """The office notes, answers and releases, as it would."""
    office = Viewer(OFFICE, OFFICE)
    for place, number in enumerate(numbers):
        with runtime.transaction() as session:
            case = case_steps.get(session, number)
            if place % 3 == 0:
                step = case_steps.Step("answered", "您好，已经核实并改正。", case_steps.version(case), OFFICE, OFFICE)
                case_steps.take(session, number, step, runtime.now(), runtime.zone)
            if case.text:
                words = Release(case.text, case_steps.version(case), care_over=True)
                case_releases.release(session, number, words, office, runtime.now())


@pytest.fixture
def signs(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> identities.Signs:
    caplog.set_level(logging.DEBUG)
    people = identities.planted(COUNT, taken=[name for _, name, *_ in PEOPLE])
    identities.send(client, runtime, [code(key) for key in ("D01", "D02", "N01", "W03")], people)
    for role in CONSOLE:
        identities.enter(client.application, runtime, role)
    with runtime.transaction() as session:
        unit = session.query(ServicePoint).filter_by(key="XN").one()
        session.query(Account).filter_by(login=HEAD).one().department_id = unit.id
    numbers = identities.case_numbers(runtime)
    assert len(numbers) >= COUNT
    work(runtime, numbers[-30:])
    assert len(contacts(runtime)) > COUNT / 2  # or nothing was planted
    return identities.Signs(people)


def test_no_page_list_message_or_log_tells_who_complained(
    app: Flask, runtime: Runtime, signs: identities.Signs, caplog: pytest.LogCaptureFixture
) -> None:
    numbers, found, opened, seen = identities.case_numbers(runtime), [], dict.fromkeys(identities.ROLES, 0), 0
    for role in identities.ROLES:
        client = identities.enter(app, runtime, role)
        for page in identities.pages(app, role, numbers[-EACH:]):
            answer = client.get(page)
            opened[role] += answer.status_code == 200
            if (answer.mimetype or "").startswith("text/") or answer.is_json:
                found += [(role, page, sign) for sign in signs.found(answer.get_data(as_text=True))]
    for where, value in (*identities.columns(runtime), *identities.exported(runtime), ("log", caplog.text)):
        seen += 1
        found += [("any", where, sign) for sign in signs.found(value)]
    print(f"{len(numbers)} cases, pages opened {opened}, {seen} other texts: {len(found)} found")
    assert found == []
    assert min(opened.values()) > 10
    assert seen > 5 * COUNT
