"""The office's answer reaches its writer once; who wants silence gets nothing else."""

from datetime import timedelta

import pytest

from feedback_app.db.complaints import Case
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain.complaints import ANSWER
from feedback_app.services import codes, complaint_desk, deliveries, outbox
from feedback_app.services.runtime import Runtime
from tests.bots.test_dispatch import Patient, additions, cases, code_of, ratings
from tests.conftest import NOON


@pytest.fixture
def patient(runtime: Runtime) -> Patient:
    return Patient(runtime)


def answered(runtime: Runtime, patient: Patient, words: str = "已经批评教育，向您道歉。") -> str:
    """A complaint of this patient, told to its end and answered by the office; its number."""
    patient.says("3号收费窗口的人爱搭不理")
    patient.says("说完了")
    [case] = cases(runtime)
    number = case.number or ""
    with runtime.transaction() as session:
        seen = complaint_desk.version(complaint_desk.get(session, number))
        complaint_desk.take(
            session, number, complaint_desk.Step(ANSWER, words, seen, "wang"), patient.now, runtime.zone
        )
    return number


def claimed(runtime: Runtime, patient: Patient) -> list[tuple[str, str]]:
    with runtime.transaction() as session:
        batch = deliveries.claim(session, runtime.vault, "worker", patient.now, 10)
        return [(one.purpose, one.recipient) for one in batch]


def set_states(runtime: Runtime, state: str) -> None:
    with runtime.transaction() as session:
        for message in session.query(OutboxMessage).filter_by(purpose="case_answer"):
            message.state = state


def test_pushed_into_the_chat_while_the_window_is_open(runtime: Runtime, patient: Patient) -> None:
    number = answered(runtime, patient)
    assert claimed(runtime, patient) == [("case_answer", patient.openid)]
    set_states(runtime, "sent")
    assert "有答复了" not in patient.says("在吗")
    assert "有答复了" not in patient.says("停车怎么收费")
    assert "道歉" in patient.says(number)


def test_told_at_the_top_of_the_next_reply_once(runtime: Runtime, patient: Patient) -> None:
    patient.says("3号收费窗口的人爱搭不理")
    patient.says("说完了")
    patient.now = NOON + timedelta(days=4)
    [case] = cases(runtime)
    number = case.number or ""
    with runtime.transaction() as session:
        seen = complaint_desk.version(complaint_desk.get(session, number))
        complaint_desk.take(
            session, number, complaint_desk.Step(ANSWER, "已道歉。", seen, "wang"), patient.now, runtime.zone
        )
    assert claimed(runtime, patient) == []
    said = patient.says("停车怎么收费")
    assert said.startswith(f"您的投诉 {number} 有答复了：已道歉。") and "服务台" in said
    assert "有答复了" not in patient.says("停车怎么收费")
    assert "有答复了" not in Patient(runtime, "o-other").says("停车怎么收费")


def test_what_could_not_be_sent_is_told_and_what_waits_is_called_off(runtime: Runtime, patient: Patient) -> None:
    answered(runtime, patient)
    assert "有答复了" in patient.says("停车怎么收费")
    assert claimed(runtime, patient) == []


def test_a_reply_goes_into_the_same_case_and_discontent_opens_it_again(runtime: Runtime, patient: Patient) -> None:
    number = answered(runtime, patient)
    set_states(runtime, "sent")
    assert number in patient.says("她那天穿的是蓝色衣服，戴眼镜")
    assert additions(runtime)[-1:] == ["她那天穿的是蓝色衣服，戴眼镜"]
    assert "重新交办" in patient.says("我不满意，问题没有解决")
    assert cases(runtime)[0].state == "open"
    with runtime.reading() as session:
        assert session.query(Case).count() == 1


def test_silence_holds_back_everything_but_answers_until_it_is_undone(runtime: Runtime, patient: Patient) -> None:
    answered(runtime, patient)
    assert "发“恢复”" in patient.says("退订")

    def result(key: str) -> None:
        with runtime.transaction() as session:
            outbox.put(
                session,
                dedupe_key=key,
                purpose="star_result",
                channel="official_account",
                recipient=runtime.vault.seal(patient.openid),
                payload={"title": "t", "text": "x"},
                now=patient.now,
            )

    with runtime.transaction() as session:
        session.query(OutboxMessage).filter_by(purpose="case_answer").update({"state": "queued"})
    result("one")
    assert claimed(runtime, patient) == [("case_answer", patient.openid)]
    assert "恢复" in patient.says("恢复")
    result("two")
    assert claimed(runtime, patient) == [("star_result", patient.openid)]


def test_a_long_answer_leaves_room(runtime: Runtime, patient: Patient) -> None:
    answered(runtime, patient, "我们查过了。" * 300)
    said = patient.says("帮助")
    assert "有答复了" in said and "4 人工" in said
    assert len(said.encode()) <= 2048


def test_an_old_code_is_explained_and_leads_to_its_successor(runtime: Runtime, patient: Patient) -> None:
    old = code_of(runtime, "W03")
    with runtime.transaction() as session:
        gone = codes.open_code(session, runtime.vault, old)
        codes.retire(session, gone, why="worn", actor="wang", now=NOON)
    assert "已经停用了" in patient.scans(old)
    new = code_of(runtime, "W03")
    said = patient.scans(old)
    assert "以前的码" in said and f"/s/{new}" in said
    patient.says("4")
    assert ratings(runtime) == [("W03", 4, "counted")]
