"""A complaint begun on Monday, every process restarted, finished on Wednesday, asked about on Thursday; danger at night."""

import pytest

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.platform import JobRun
from feedback_app.domain.complaints import ANSWER
from feedback_app.services import complaint_desk
from tests.journeys.conftest import Running

pytestmark = pytest.mark.journey
WANG = "oWang"


def only_case(hospital: Running) -> Case:
    with hospital.runtime.reading() as session:
        return session.query(Case).one()


def words(hospital: Running) -> list[str]:
    with hospital.runtime.reading() as session:
        return [event.text for event in session.query(CaseEvent).order_by(CaseEvent.id)]


def told(hospital: Running) -> list[str]:
    """What the hospital sent to Wang by itself, beyond replies."""
    return [one.text for one in hospital.phones.received(openid=WANG) if one.channel == "custom"]


def restart(hospital: Running) -> None:
    """Web, worker and the sandbox die without tidying up and are started again: each gets a new process."""
    before = {name: process.pid for name, process in hospital.processes.items()}
    for name in list(before):
        hospital.kill(name)
    assert not hospital.processes and not hospital.answers()
    hospital.start("sandbox", "sandbox", "--port", hospital.phones.address.rpartition(":")[2])
    hospital.start("web", "serve", "--port", hospital.base.rpartition(":")[2])
    hospital.start("worker", "work")
    hospital.until(hospital.sandbox_answers, "the sandbox answers again")
    hospital.until(hospital.answers, "the web pages answer again")
    assert hospital.processes.keys() == before.keys() == {"web", "worker", "sandbox"}
    assert not set(before.values()) & {process.pid for process in hospital.processes.values()}
    hospital.phones.patient(
        WANG, "王芳"
    )  # the platform of the sandbox lives in memory; she comes back as the same openid


def swept(hospital: Running, day: str) -> bool:
    with hospital.runtime.reading() as session:
        return session.get(JobRun, ("housekeeping", day)) is not None


def test_begun_on_monday_finished_on_wednesday_answered_on_thursday(hospital: Running) -> None:
    phones = hospital.phones
    phones.patient(WANG, "王芳")
    hospital.set_clock("2026-11-23T09:00:00+08:00")
    assert "发生了什么" in phones.say(WANG, "我要投诉").shown
    said = phones.say(WANG, "护士对我妈大吼，还摔单子").shown
    number = only_case(hospital).number
    assert f"{number}" in said and "11 月 30 日（周一）" in said and "在哪里" in said
    assert "在哪里" in phones.picture(WANG).shown

    restart(hospital)
    hospital.set_clock("2026-11-25T20:15:00+08:00")
    hospital.until(lambda: swept(hospital, "2026-11-25"), "the worker has thrown away what is old")
    assert "什么时候" in phones.say(WANG, "二楼抽血那里").shown
    assert "改了" in phones.say(WANG, "不对，是三楼").shown
    assert "怎么处理" in phones.say(WANG, "周一早上八点").shown
    assert "电话" in phones.say(WANG, "希望她当面道歉").shown
    ended = phones.say(WANG, "说完了").shown
    assert f"{number}" in ended and "11 月 30 日（周一）" in ended
    assert words(hospital)[0] == "护士对我妈大吼，还摔单子"
    assert {"二楼抽血那里", "不对，是三楼", "周一早上八点", "希望她当面道歉"} <= set(words(hospital))

    hospital.set_clock("2026-11-26T10:00:00+08:00")
    assert f"{number}" in phones.say(WANG, "我的投诉到哪了").shown
    mangled = f"{number}".lower().replace("-", " ")
    assert "正在处理" in phones.say(WANG, mangled).shown
    phones.patient("oLi", "李雷")
    stranger = phones.say("oLi", mangled).shown
    assert "不是在您这里登记的" in stranger and "护士" not in stranger

    with hospital.runtime.transaction() as session:
        seen = complaint_desk.version(complaint_desk.get(session, f"{number}"))
        step = complaint_desk.Step(ANSWER, "已经找她谈过，周五当面向您道歉。", seen, "wang")
        complaint_desk.take(session, f"{number}", step, hospital.runtime.now(), hospital.runtime.zone)
    hospital.until(lambda: told(hospital) != [], "the answer is in the chat")
    [text] = told(hospital)
    assert f"{number} 有答复了" in text and "周五当面向您道歉" in text
    assert "有答复了" not in phones.say(WANG, "谢谢").shown
    verified = hospital.command("verify")
    assert verified.returncode == 0, verified.stdout


def test_danger_at_night_reaches_the_duty_group_at_once(hospital: Running) -> None:
    hospital.phones.patient(WANG, "王芳")
    hospital.set_clock("2026-11-22T03:10:00+08:00")  # a Sunday night
    said = hospital.phones.say(WANG, "我不想活了").shown
    assert "12356" in said and "正在通知总值班" in said
    hospital.until(lambda: len(hospital.phones.received(webhook="duty")) == 1, "the duty group is told")
    [told] = hospital.phones.received(webhook="duty")
    assert f"{only_case(hospital).number}" in told.text
