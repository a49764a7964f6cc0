"""Three complaints over real processes and the sandbox: one settled and told to everybody, one refused to the end, one that
nobody touches. The clock is moved; the worker is killed on the way; every message is counted on the phones."""

import pytest

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.platform import JobRun
from feedback_app.domain import complaints as rules
from feedback_app.services import case_owners, case_steps, change_cards, today
from feedback_app.services.case_steps import Step
from tests.console import account
from tests.journeys.conftest import Running

pytestmark = pytest.mark.journey
WANG = "oWang"


def case(hospital: Running) -> Case:
    with hospital.runtime.reading() as session:
        return session.query(Case).one()


def seen(hospital: Running, number: str) -> int:
    with hospital.runtime.reading() as session:
        return case_steps.version(case_steps.get(session, number))


def answer(hospital: Running, number: str, words: str, role: str = "office") -> None:
    step = Step(rules.ANSWER, words, seen(hospital, number), role, role)
    with hospital.runtime.transaction() as session:
        case_steps.take(session, number, step, hospital.runtime.now(), hospital.runtime.zone)


def in_the_chat(hospital: Running, words: str) -> None:
    """Wait until the hospital itself has sent these words to Wang, beyond replies; it did so once."""

    def sent() -> int:
        return sum(words in one.text for one in hospital.phones.received(openid=WANG) if one.channel == "custom")

    hospital.until(lambda: sent() > 0, f"{words} is in the chat")
    assert sent() == 1


def test_from_a_message_to_a_card_everybody_can_read(hospital: Running) -> None:
    phones, runtime = hospital.phones, hospital.runtime
    phones.patient(WANG, "王芳")
    hospital.bind("C01")
    account(runtime, "office", login="c01")
    hospital.set_clock("2026-11-23T09:00:00+08:00")
    assert "11 月 30 日" in phones.say(WANG, "我要投诉，3号收费窗口的人对我大吼大叫").shown
    phones.say(WANG, "说完了")
    number = case(hospital).number or ""

    with runtime.transaction() as session:
        version = case_steps.version(case_steps.get(session, number))
        case_owners.offer(session, number, "c01", seen=version, by="wang", now=runtime.now())
    hospital.until(lambda: len(phones.received(userid="c01")) == 1, "whoever is to take it is told")
    assert number in phones.received(userid="c01")[0].text
    with runtime.transaction() as session:
        version = case_steps.version(case_steps.get(session, number))
        case_owners.accept(session, number, seen=version, by="c01", now=runtime.now())

    answer(hospital, number, "已经找她谈过，向您道歉。")
    in_the_chat(hospital, "向您道歉")
    assert number in phones.say(WANG, "那天的单子我拍下来了").shown
    assert number in phones.picture(WANG).shown
    answer(hospital, number, "单子看到了，多收的钱已经退回。")
    in_the_chat(hospital, "已经退回")
    assert "您打几分" in phones.say(WANG, "可以了，谢谢").shown
    assert "您说了，我们改了" in phones.say(WANG, "4").shown
    assert "谢谢" in phones.say(WANG, "可以").shown
    closed = case(hospital)
    assert (closed.state, closed.closed_how, closed.handling_score, closed.card_consent) == (
        "closed",
        "settled",
        4,
        True,
    )

    with runtime.transaction() as session:
        card = change_cards.draft(session, number, "窗口态度差", "窗口每周练一次文明用语", by="li", now=runtime.now())
        change_cards.publish(session, card.id, by="wang", now=runtime.now())
    public = hospital.browser.get(f"{hospital.base}/said-and-done", timeout=20).text
    assert "窗口每周练一次文明用语" in public and number not in public
    hospital.set_clock("2026-11-23T11:00:00+08:00")
    hospital.until(lambda: sealed(hospital), "the worker has sealed the history")
    verified = hospital.command("verify")
    assert verified.returncode == 0, verified.stdout


def sealed(hospital: Running) -> bool:
    with hospital.runtime.reading() as session:
        return session.query(JobRun).filter_by(kind="case_seal").count() > 0


def test_refused_to_the_end_and_opened_by_new_facts(hospital: Running) -> None:
    phones = hospital.phones
    phones.patient(WANG, "王芳")
    hospital.bind("D02")
    account(hospital.runtime, "director", login="d02")
    hospital.set_clock("2026-11-23T09:00:00+08:00")
    phones.say(WANG, "我要投诉，3号收费窗口的人对我大吼大叫")
    phones.say(WANG, "说完了")
    number = case(hospital).number or ""
    answer(hospital, number, "已经了解过。")
    in_the_chat(hospital, "已经了解过")

    hospital.set_clock("2026-11-24T09:00:00+08:00")
    said = phones.say(WANG, "没有解决，还是老样子").shown
    assert "投诉办公室" in said and "12 月 1 日" in said
    answer(hospital, number, "办公室又查了一遍。")
    in_the_chat(hospital, "又查了一遍")
    hospital.set_clock("2026-11-25T09:00:00+08:00")
    assert "院领导" in phones.say(WANG, "2").shown
    assert (case(hospital).state, case(hospital).level) == ("open", rules.DIRECTOR)

    hospital.set_clock("2026-11-26T08:31:00+08:00")  # a working day on the director's level: nobody has taken it
    hospital.until(lambda: any(number in one.text for one in phones.received(userid="d02")), "the director is told")
    answer(hospital, number, "院领导书面答复：已处理相关责任。", "director")
    in_the_chat(hospital, "书面答复")
    ended = phones.say(WANG, "2").shown
    assert "院内协商、诉讼" in ended
    assert (case(hospital).state, case(hospital).closed_how) == ("final", "final")
    assert "院内已经办到头" in phones.say(WANG, "我还是不满意").shown
    assert case(hospital).state == "final"
    again = phones.say(WANG, "新情况：我找到了当天的录音").shown
    assert "按新的情况重新办理" in again and "12 月 3 日" in again
    assert (case(hospital).state, case(hospital).level) == ("open", rules.DIRECTOR)


MORNINGS = (  # day, sentence, who is told on their phone beside the offices' digest
    ("2026-11-23", "还没有人接手", ("complaints",)),
    ("2026-11-25", "时间过半", ("complaints",)),
    ("2026-11-26", "快到期了", ("complaints", "d03", "n01")),
    ("2026-11-27", "今天到期", ("complaints", "d03", "n01")),
    ("2026-11-30", "已过期", ("complaints", "d03", "n01")),
    ("2026-12-02", "已过期", ("complaints", "d03", "n01", "d02")),
    ("2026-12-05", "", ()),  # a Saturday
    ("2026-12-09", "已过期", ("complaints", "d03", "n01", "d02")),
)


def done(hospital: Running, day: str) -> bool:
    with hospital.runtime.reading() as session:
        return session.get(JobRun, ("case_digest", day)) is not None


def waiting(hospital: Running) -> int:
    with hospital.runtime.reading() as session:
        return session.query(OutboxMessage).filter(OutboxMessage.state.in_(("queued", "leased", "sending"))).count()


def morning(hospital: Running, day: str) -> None:
    """Half past eight has come, and everything that is due then is on the phones."""
    hospital.set_clock(f"{day}T08:31:00+08:00")
    hospital.until(lambda: done(hospital, day) and waiting(hospital) == 0, f"the morning of {day} is over")


def told(hospital: Running, who: str, words: str) -> int:
    given = {"webhook": who} if who == "complaints" else {"userid": who}
    return sum(words in one.text for one in hospital.phones.received(**given))


def test_a_low_rating_that_nobody_touches_is_never_silent(hospital: Running) -> None:
    hospital.bind("D02", "D03", "N01")
    account(hospital.runtime, "director", login="d02")
    assert hospital.rate(hospital.address_of("D01"), 1, "")  # no words, no contact: a case nevertheless
    number = case(hospital).number or ""
    expected: dict[tuple[str, str], int] = {}
    for place, (day, words, people) in enumerate(MORNINGS):
        morning(hospital, day)
        if place == 3:  # the same morning again, by other processes after a power cut
            hospital.kill("worker")
            hospital.start("worker-2", "work")
            hospital.start("worker-3", "work")
        for who in people:
            expected[who, f"{number} {words}"] = expected.get((who, f"{number} {words}"), 0) + 1
        found = {(who, sentence): told(hospital, who, sentence) for who, sentence in expected}
        assert found == expected, day
        assert told(hospital, "complaints", f"{day} 等待答复的事") == bool(people), "the digest"
    with hospital.runtime.reading() as session:
        reminded = [event.details["stage"] for event in session.query(CaseEvent).filter_by(action="reminded")]
        shown = today.figures(session, hospital.runtime.now().date(), "2026-12", hospital.runtime.now())
    assert reminded == ["untaken", "begun", "near", "due", "late:1", "late:3", "late:8"]
    assert (shown.open_cases, shown.overdue_cases) == (1, 1)

    hospital.set_clock("2026-12-10T09:00:00+08:00")
    answer(hospital, number, "拖了这么久，对不起。已经查清并改了。")
    morning(hospital, "2026-12-21")
    assert (case(hospital).state, case(hospital).closed_how) == ("closed", "silent")
