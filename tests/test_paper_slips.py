"""Paper: numbered slips printed, filled in by hand, typed in once."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.db.paper_slips import PaperSlip
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.domain import slip_numbers
from feedback_app.errors import Refused
from feedback_app.services import evidence, verification
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit
from tests.reading import pages

PAGE = "/admin/paper"


@given(st.integers(1, slip_numbers.MOST), st.integers(0, 6), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(number: int, place: int, change: int) -> None:
    digits = [int(sign) for sign in slip_numbers.written(number) if sign != "-"]
    assert slip_numbers.read("".join(map(str, digits))) == number
    digits[place] = (digits[place] + change) % 10
    with pytest.raises(Refused):
        slip_numbers.read("".join(map(str, digits)))


@given(st.integers(1, slip_numbers.MOST), st.integers(0, 5))
def test_two_swapped_digits_are_noticed(number: int, place: int) -> None:
    digits = [sign for sign in slip_numbers.written(number) if sign != "-"]
    swapped = [*digits[:place], digits[place + 1], digits[place], *digits[place + 2 :]]
    if swapped != digits:
        with pytest.raises(Refused):
            slip_numbers.read("".join(swapped))


@pytest.mark.parametrize(
    "typed", ["", "1", "000-000-0", "12345678", "abc", "１２３４５６７", "1e6", "0" * 300, "000-001-\x00"]
)
def test_what_is_no_number(typed: str) -> None:
    with pytest.raises(Refused):
        slip_numbers.read(typed)


@pytest.fixture
def admin(client: FlaskClient, runtime: Runtime) -> FlaskClient:
    sign_in(client, runtime)
    return client


def printed(client: FlaskClient, code: str, count: str = "2") -> bytes:
    answer = submit(client, f"{PAGE}/print", {"code": code, "count": count})
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return bytes(answer.data)


def test_a_printed_slip_is_typed_in_once_and_marked_as_paper(
    admin: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    assert len(list(pages(printed(admin, code("W03")), 40))) >= 2
    number = slip_numbers.written(1)
    form = admin.get(f"{PAGE}?number={number}")
    assert "3号收费窗口" in form.text and number in form.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
    assert token
    fields = {"csrf_token": token[1], "slip": number, "overall": "2", "comment": "等得太久"}
    missing = admin.post(PAGE, data={**fields, "overall": ""})
    assert missing.status_code == 400 and "等得太久" in missing.text
    assert admin.post(PAGE, data=fields).status_code == 303
    again = admin.post(PAGE, data=fields)
    assert again.status_code == 400 and "已经由 admin 录入过了" in again.text
    assert admin.get(f"{PAGE}?number={number}").status_code == 400
    with runtime.transaction() as session:
        (rating,) = session.query(Rating).all()
        assert (rating.channel, rating.score, rating.comment) == ("paper", 2, "等得太久")
        assert session.get_one(PaperSlip, 1).rating_id == rating.id
        evidence.give_places(session)
        assert list(verification.problems(session, runtime.vault, runtime.now())) == []


def test_a_slip_is_read_by_the_version_it_was_printed_from(
    admin: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    printed(admin, code("D01"), "1")
    with runtime.transaction() as session:
        old = session.query(QuestionnaireVersion).filter_by(key="short").one()
        body = {**old.body, "question": [{**old.body["question"][0], "text": {"zh": "新的问法"}}]}
        old.state = "retired"
        new = {"key": "short", "number": 2, "state": "published", "body": body, "created_at": runtime.now()}
        session.add(QuestionnaireVersion(**new))
    assert "新的问法" in admin.get(f"/s/{code('D01')}").text
    assert "这次服务，您觉得怎么样？" in admin.get(f"{PAGE}?number={slip_numbers.written(1)}").text


@pytest.mark.parametrize("count", ["0", "-1", "201", "x", "", "9" * 30, "１"])
def test_a_strange_count_is_refused(admin: FlaskClient, code: Callable[[str], str], count: str) -> None:
    answer = submit(admin, f"{PAGE}/print", {"code": code("W03"), "count": count})
    assert answer.status_code == 400 and "1 到 200 张" in answer.text


def test_a_number_that_was_never_printed_or_is_misread_is_said_kindly(admin: FlaskClient, runtime: Runtime) -> None:
    assert "没有印过" in admin.get(f"{PAGE}?number={slip_numbers.written(77)}").text
    assert "可能打错了一位" in admin.get(f"{PAGE}?number=123-456-0").text
    assert submit(admin, PAGE, {"slip": "x", "overall": "5"}).status_code == 400
    with runtime.reading() as session:
        assert session.query(Rating).count() == 0


def test_every_kind_of_question_can_be_printed(
    admin: FlaskClient, code: Callable[[str], str], runtime: Runtime
) -> None:
    for key in ("outpatient", "inpatient", "haochaping", "fft", "logistics", "window"):
        submit(admin, "/admin/question-sets/rules", {"set": key, "kind": "staff"})
        page = next(iter(pages(printed(admin, code("D01"), "1"), 40)))
        assert page.convert("L").getextrema() == (0, 255)
