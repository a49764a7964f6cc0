"""In the chat: settled, rated, refused; and a question that somebody of the hospital answers without knowing who asks."""

import pytest
from flask.testing import FlaskClient

from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain import complaints as rules
from feedback_app.errors import NotFound
from feedback_app.services import bindings, case_steps, patient_questions
from feedback_app.services.case_steps import Step
from feedback_app.services.runtime import Runtime
from tests.bots.test_dispatch import Patient, cases
from tests.console import csrf


@pytest.fixture
def patient(runtime: Runtime) -> Patient:
    return Patient(runtime)


def answered(runtime: Runtime, patient: Patient) -> str:
    patient.says("3号收费窗口的人爱搭不理")
    patient.says("说完了")
    number = cases(runtime)[0].number or ""
    with runtime.transaction() as session:
        seen = case_steps.version(case_steps.get(session, number))
        case_steps.take(session, number, Step(rules.ANSWER, "已道歉。", seen, "wang"), patient.now, runtime.zone)
    return number


@pytest.mark.parametrize("words", ["1", "可以了", "解决了，谢谢", "好的", "ok", "满意"])
def test_content_in_any_words_closes_it(runtime: Runtime, patient: Patient, words: str) -> None:
    answered(runtime, patient)
    assert "您打几分" in patient.says(words)
    assert (cases(runtime)[0].state, cases(runtime)[0].closed_how) == ("closed", "settled")


@pytest.mark.parametrize("words", ["2", "没有解决", "还没有", "不满意", "不行，还是老样子", "not yet"])
def test_discontent_in_any_words_goes_up(runtime: Runtime, patient: Patient, words: str) -> None:
    answered(runtime, patient)
    said = patient.says(words)
    assert (cases(runtime)[0].state, cases(runtime)[0].level) == ("open", rules.OFFICE), said


def test_another_matter_is_neither(runtime: Runtime, patient: Patient) -> None:
    answered(runtime, patient)
    patient.says("给张伟医生5星")
    assert cases(runtime)[0].state == "answered"


def test_a_number_with_solved_is_consent_and_no_withdrawal(runtime: Runtime, patient: Patient) -> None:
    number = answered(runtime, patient)
    patient.says("停车怎么收费")
    patient.says(f"{number} 已解决")
    assert cases(runtime)[0].closed_how == "settled"


def test_a_question_is_passed_on_answered_and_nobody_elses(runtime: Runtime, patient: Patient) -> None:
    said = patient.says("张伟医生下周一出诊吗")
    assert "要我转给张伟" in said and "11 月 24 日" in said
    assert "转过去了" in patient.says("是")
    [case] = cases(runtime)
    number = case.number or ""
    assert (case.kind, number[0], case.text) == ("question", "Z", "张伟医生下周一出诊吗")
    with runtime.transaction() as session:
        asked = session.query(ServicePoint).filter_by(key="D01").one()
        other = session.query(ServicePoint).filter_by(key="D02").one()
        assert [one.number for one in patient_questions.of_staff(session, asked)] == [number]
        assert patient_questions.of_staff(session, other) == []
        assert session.query(OutboxMessage).filter_by(purpose="case_offered").count() == 1
        seen = case_steps.version(case_steps.get(session, number))
        with pytest.raises(NotFound):
            patient_questions.answer(session, other, number, "出", seen, now=patient.now, zone=runtime.zone)
        patient_questions.answer(session, asked, number, "周一上午出诊。", seen, now=patient.now, zone=runtime.zone)
    assert "您打几分" in patient.says("可以了")


def test_staff_answer_on_their_page_and_lose_nothing(runtime: Runtime, patient: Patient, client: FlaskClient) -> None:
    patient.says("张伟医生下周一出诊吗")
    patient.says("是")
    number = cases(runtime)[0].number or ""
    with runtime.transaction() as session:
        doctor = session.query(ServicePoint).filter_by(key="D01").one()
        token = bindings.sign_in(session, doctor, runtime.now())
        seen = case_steps.version(case_steps.get(session, number))
    client.set_cookie("staff", token, path="/staff")
    page = client.get("/staff/questions").text
    assert "张伟医生下周一出诊吗" in page and patient.openid not in page and "患者想问的" in client.get("/staff/").text
    fields = {
        "csrf_token": csrf(client, "/staff/questions"),
        "number": number,
        "seen": seen - 1,
        "text": "周一上午出诊。",
    }
    refused = client.post("/staff/questions", data=fields)
    assert (refused.status_code, "周一上午出诊。</textarea>" in refused.text) == (409, True)
    assert client.post("/staff/questions", data={**fields, "seen": seen}).status_code == 303
    assert cases(runtime)[0].state == "answered"
    assert client.post("/staff/questions", data={**fields, "number": "T-2611-9999"}).status_code == 404
