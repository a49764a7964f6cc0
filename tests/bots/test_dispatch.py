"""What the bot does, on a real database: each message in a transaction of its own, as the callback endpoint calls it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bots import knowledge, long_answers
from bots.dispatch import answer
from bots.messages import LONGEST_REPLY, Inbound, Reply, cut, split
from bots.turn import Turn
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.conversations import NotUnderstood
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating
from feedback_app.services import codes, conversations, housekeeping, people, verification
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON


class Patient:
    """Somebody with a phone. Every message is a new one unless ``key`` repeats."""

    def __init__(self, runtime: Runtime, openid: str = "o-patient") -> None:
        self.runtime, self.openid, self.count, self.now = runtime, openid, 0, NOON

    def sends(self, text: str = "", *, kind: str = "text", key: str = "", **more: Any) -> Reply:
        self.count += 1
        inbound = Inbound(
            key=key or f"{self.openid}:{self.count}",
            openid=self.openid,
            account="gh_1",
            kind=kind,
            created_at=self.now,
            text=text,
            **more,
        )
        with self.runtime.transaction() as session:
            return answer(session, self.runtime, inbound, now=self.now)

    def says(self, text: str) -> str:
        return self.sends(text).text

    def scans(self, code: str, event: str = "SCAN") -> str:
        return self.sends(kind="event", event=event, event_key=code).text


@pytest.fixture
def patient(runtime: Runtime) -> Patient:
    return Patient(runtime)


def ratings(runtime: Runtime) -> list[tuple[str, int, str]]:
    with runtime.reading() as session:
        found = session.query(Rating).order_by(Rating.id).all()
        return [(one.service_point.key, one.score, one.status) for one in found]


def cases(runtime: Runtime) -> list[Case]:
    with runtime.reading() as session:
        return session.query(Case).order_by(Case.id).all()


def additions(runtime: Runtime) -> list[str]:
    with runtime.reading() as session:
        found = session.query(CaseEvent).filter_by(action="added").order_by(CaseEvent.id).all()
        return [one.text for one in found]


def code_of(runtime: Runtime, key: str) -> str:
    with runtime.transaction() as session:
        point = session.query(ServicePoint).filter_by(key=key).one()
        return codes.issue(session, runtime.vault, point, NOON).text or ""


def test_a_plain_rating_is_stored_and_named_back(runtime: Runtime, patient: Patient) -> None:
    said = patient.says("给张伟医生5星")
    assert ratings(runtime) == [("D01", 5, "counted")]
    assert "张伟（心血管内科）" in said
    assert "5 星（非常满意）" in said
    assert "11月" in said


def test_thanks_do_not_grow_with_the_stars(runtime: Runtime, patient: Patient) -> None:
    five = patient.says("张伟5星").split("\n")[0]
    one = Patient(runtime, "o-2").says("张伟1星").split("\n")[0]
    cleaned = [
        text.split("回执")[0].replace("5 星（非常满意）", "").replace("1 星（非常不满意）", "") for text in (five, one)
    ]
    assert cleaned[0] == cleaned[1]


def test_the_same_push_twice_is_one_rating(runtime: Runtime, patient: Patient) -> None:
    first = patient.sends("给张伟医生5星", key="m1")
    second = patient.sends("给张伟医生5星", key="m1")
    assert ratings(runtime) == [("D01", 5, "counted")]
    assert first.text == second.text


def test_a_second_rating_on_the_same_day_replaces_the_first(runtime: Runtime, patient: Patient) -> None:
    patient.says("张伟5星")
    assert "以这一次为准" in patient.says("张伟3星")
    assert ratings(runtime) == [("D01", 5, "replaced"), ("D01", 3, "counted")]
    with runtime.reading() as session:
        assert list(verification.problems(session, runtime.vault, NOON)) == []


def test_a_low_rating_tells_the_case_and_the_date(runtime: Runtime, patient: Patient) -> None:
    said = patient.says("3号收费窗口 2星")
    [case] = cases(runtime)
    assert f"编号 {case.number}" in said
    assert "11 月 27 日（周五）" in said


def test_a_score_without_a_target_waits_for_the_name(runtime: Runtime, patient: Patient) -> None:
    assert "哪位" in patient.says("4星")
    assert ratings(runtime) == []
    patient.says("张伟")
    assert ratings(runtime) == [("D01", 4, "counted")]


def test_a_name_without_a_score_asks_for_it(runtime: Runtime, patient: Patient) -> None:
    assert "1 到 5" in patient.says("张伟")
    assert "没太确定" in patient.says("4-5")
    patient.says("四")
    assert ratings(runtime) == [("D01", 4, "counted")]


def test_an_ambiguous_name_is_a_numbered_choice(runtime: Runtime, patient: Patient) -> None:
    said = patient.says("张医生5星")
    assert "1 张伟（心血管内科）" in said
    assert "2 张敏（儿科）" in said
    assert ratings(runtime) == []
    patient.says("2")
    assert ratings(runtime) == [("D02", 5, "counted")]


@pytest.mark.parametrize(("yes", "stored"), [("是的", [("D03", 5, "counted")]), ("不是", [])])
def test_what_is_not_certain_is_confirmed(
    runtime: Runtime, patient: Patient, yes: str, stored: list[tuple[str, int, str]]
) -> None:
    assert "对吗" in patient.says("李建国 👍")
    assert ratings(runtime) == []
    patient.says(yes)
    assert ratings(runtime) == stored


def test_two_ratings_in_one_message(runtime: Runtime, patient: Patient) -> None:
    assert "对吗" in patient.says("给张伟5星，给3号窗口2星")
    patient.says("对")
    assert ratings(runtime) == [("D01", 5, "counted"), ("W03", 2, "counted")]


def test_a_scan_opens_the_conversation_and_a_figure_is_enough(runtime: Runtime, patient: Patient) -> None:
    code = code_of(runtime, "W03")
    said = patient.scans(code, "subscribe")
    assert f"http://127.0.0.1:8000/s/{code}" in said
    assert "3号收费窗口" in said
    patient.says("4")
    assert ratings(runtime) == [("W03", 4, "counted")]


def test_a_foreign_scene_and_a_plain_follow_are_welcomed(patient: Patient) -> None:
    assert "没有认出来" in patient.scans("NOT-OURS")
    assert "1 评价" in patient.sends(kind="event", event="subscribe").text


def test_a_complaint_is_filed_at_once_and_grows(runtime: Runtime, patient: Patient) -> None:
    said = patient.says("3号窗口的人爱搭不理，我要投诉")
    [case] = cases(runtime)
    assert (case.kind, case.source, case.service_point_id is not None) == ("complaint", "bot", True)
    assert str(case.number) in said and "11 月 27 日（周五）" in said
    patient.says("当时是上午十点，叫了三遍都不应")
    assert "已放进编号" in patient.sends(kind="image", media_id="m-1").text
    assert additions(runtime) == ["当时是上午十点，叫了三遍都不应", "[image]"]
    assert len(cases(runtime)) == 1


def test_a_complaint_begun_is_finished_days_later_by_another_process(runtime: Runtime, patient: Patient) -> None:
    assert "发生了什么" in patient.says("我要投诉")
    later = Runtime.open(runtime.settings)
    again = Patient(later, patient.openid)
    again.now = NOON + timedelta(days=2)
    again.sends("昨天在二楼抽血，护士把我妈的名字贴错了", key="later")
    later.close()
    assert [case.text for case in cases(runtime)] == ["昨天在二楼抽血，护士把我妈的名字贴错了"]


def test_progress_is_only_for_the_owner(runtime: Runtime, patient: Patient) -> None:
    patient.says("3号窗口的人爱搭不理，我要投诉")
    number = cases(runtime)[0].number or ""
    for typed in (number, number.lower(), number.replace("-", ""), number.replace("T-", "").replace("-", "")):
        assert "正在处理" in patient.says(f"查一下{typed}")
    stranger = Patient(runtime, "o-other").says(number)
    assert "不是在您这里登记的" in stranger
    assert "爱搭不理" not in stranger
    assert "没有查到" in patient.says("T-2611-9999")


def test_taking_back_is_traceable(runtime: Runtime, patient: Patient) -> None:
    patient.says("给张伟医生1星")
    assert "已经撤回" in patient.says("撤回刚才的评价")
    assert ratings(runtime) == [("D01", 1, "withdrawn")]
    with runtime.reading() as session:
        assert list(verification.problems(session, runtime.vault, NOON)) == []
    assert "没有找到" in patient.says("撤回刚才的评价")


def test_correcting_a_rating(runtime: Runtime, patient: Patient) -> None:
    patient.says("李建国1星")
    patient.says("把刚才给李建国的1星改成5星")
    assert ratings(runtime) == [("D03", 1, "withdrawn"), ("D03", 5, "counted")]


def test_after_three_days_a_rating_stands(runtime: Runtime, patient: Patient) -> None:
    patient.says("给张伟医生5星")
    patient.now = NOON + timedelta(hours=73)
    assert "没有找到" in patient.says("撤回刚才的评价")
    assert ratings(runtime) == [("D01", 5, "counted")]


def test_danger_is_answered_with_numbers_to_call_and_filed_as_urgent(runtime: Runtime, patient: Patient) -> None:
    said = patient.says("我不想活了")
    assert "120" in said and "0571-8888 0120" in said
    assert [(case.kind, case.urgency) for case in cases(runtime)] == [("complaint", "urgent")]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("投诉电话多少", "0571-8888 0120"),
        ("人工", "0571-8888 0120"),
        ("孩子咳嗽一周了吃什么药", "不能给建议"),
        ("停车怎么收费", "服务台"),
        ("帮我给张伟刷50个五星", "做不了"),
        ("在吗", "1 评价"),
        ("谢谢", "不客气"),
        ("帮助", "4 人工"),
        ("评价是匿名的吗", "看不到您是谁"),
        ("where can i complain", "0571-8888 0120"),
        ("我的评价", "还没有评价过"),
        ("退订", "不会再主动"),
    ],
)
def test_answers_that_store_nothing(runtime: Runtime, patient: Patient, text: str, part: str) -> None:
    assert part in patient.says(text)
    assert ratings(runtime) == [] and cases(runtime) == []


def test_praise_and_suggestions_are_kept(runtime: Runtime, patient: Patient) -> None:
    patient.says("谢谢李建国医生，医术精湛")
    patient.says("候诊区椅子太少，建议增加")
    assert [case.kind for case in cases(runtime)] == ["praise", "suggestion"]


def test_what_is_not_understood_is_kept_without_the_sender(runtime: Runtime, patient: Patient) -> None:
    assert "没看懂" in patient.says("我爱北京天安门")
    with runtime.reading() as session:
        assert [one.text for one in session.query(NotUnderstood)] == ["我爱北京天安门"]


def test_english_gets_english(runtime: Runtime, patient: Patient) -> None:
    assert "Is that right" in patient.says("doctor zhang wei 5 stars")
    assert "Noted" in patient.says("yes")
    assert ratings(runtime) == [("D01", 5, "counted")]


def test_menu_figures(patient: Patient) -> None:
    patient.says("帮助")
    assert "发生了什么" in patient.says("2")


def test_unfollowing_ends_the_conversation(runtime: Runtime, patient: Patient) -> None:
    patient.says("张伟")
    assert patient.sends(kind="event", event="unsubscribe").text == ""
    with runtime.reading() as session:
        name = runtime.vault.person(patient.openid, runtime.settings.wechat.app_id)
        assert conversations.current(session, name, NOON) is None


def test_no_answer_is_longer_than_the_platform_takes(patient: Patient) -> None:
    text = cut("好" * 1000, LONGEST_REPLY)
    assert len(text.encode()) <= 2048 and text.endswith("…")
    assert cut("短", LONGEST_REPLY) == "短"


def test_somebody_new_is_known_at_once(
    runtime: Runtime, patient: Patient, point: Callable[[str], ServicePoint]
) -> None:
    assert "哪位" in patient.says("欧阳静5星") or ratings(runtime) == []
    with runtime.transaction() as session:
        session.add(
            ServicePoint(
                kind="staff", key="D06", name="欧阳静", title="主治医师", changed_at=NOON + timedelta(minutes=1)
            )
        )
    patient.says("欧阳静5星")
    assert ratings(runtime) == [("D06", 5, "counted")]


def test_while_a_story_is_awaited_other_things_still_work(runtime: Runtime, patient: Patient) -> None:
    patient.says("我要投诉")
    assert "0571-8888 0120" in patient.says("投诉电话多少")
    assert "发生了什么" in patient.says("1")
    assert cases(runtime) == []
    patient.says("挂号排了两个小时")
    assert [case.text for case in cases(runtime)] == ["挂号排了两个小时"]


def test_blame_after_a_rating_is_offered_to_be_a_complaint(runtime: Runtime, patient: Patient) -> None:
    patient.says("张伟4星")
    assert "回复“是”就登记" in patient.says("就是说话很冲，不耐烦")
    assert cases(runtime) == []
    patient.says("是")
    assert [(case.kind, case.text) for case in cases(runtime)] == [("complaint", "就是说话很冲，不耐烦")]


def test_saying_no_keeps_it_as_a_remark(runtime: Runtime, patient: Patient) -> None:
    patient.says("张伟4星")
    patient.says("就是说话很冲，不耐烦")
    assert "不再打扰" in patient.says("不用了")
    assert [case.kind for case in cases(runtime)] == ["suggestion"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I waited three hours and nobody told us why", "complaint"),
        ("The nurses were kind and very professional", "praise"),
    ],
)
def test_english_accounts_are_kept(runtime: Runtime, patient: Patient, text: str, kind: str) -> None:
    assert "umber" in patient.says(text)
    assert [case.kind for case in cases(runtime)] == [kind]


def test_a_flood_is_kept_and_told_once(runtime: Runtime, patient: Patient) -> None:
    answers = [patient.says(f"第{number}遍了你好") for number in range(200)]
    told = [place for place, said in enumerate(answers) if "发得太快" in said]
    assert told == [60] and set(answers[61:]) == {""}
    with runtime.reading() as session:
        assert session.query(NotUnderstood).filter_by(context="too_fast").count() == 50
    assert patient.says("我不想活了")


@pytest.mark.parametrize("size", [1, 700, 1500])
def test_long_text_is_parted_and_nothing_is_lost(size: int) -> None:
    text = "".join(f"第{number}句话。" for number in range(size))
    parts = split(text, LONGEST_REPLY)
    assert "".join(parts) == text and all(len(part.encode()) <= LONGEST_REPLY for part in parts)


def test_a_long_reply_keeps_what_follows() -> None:
    reply = Reply.of("".join(f"第{number}句话。" for number in range(300)))
    assert len(reply.text.encode()) <= LONGEST_REPLY and len(reply.rest) == 2
    assert reply.text + "".join(reply.rest) == "".join(f"第{number}句话。" for number in range(300))


def test_the_rest_of_a_long_answer_follows_as_messages(runtime: Runtime) -> None:
    long = "".join(f"第{number}句话。" for number in range(300))
    with runtime.transaction() as session:
        person = people.meet(session, runtime.vault, "o-patient", app_id="", now=NOON)
        inbound = Inbound(key="m-1", openid="o-patient", account="", kind="text", created_at=NOON, text="?")
        turn = Turn(session, runtime, inbound, NOON, person.hash, "zh", knowledge.of(session, runtime), None)
        first = long_answers.sent(turn, person.openid_sealed, Reply.of(long))
        parts = [row.payload["text"] for row in session.query(OutboxMessage).order_by(OutboxMessage.id)]
    assert "还有 2 段" in first.text and "还有 1 段" in parts[0] and len(parts) == 2
    assert all(len(one.encode()) <= LONGEST_REPLY for one in (first.text, *parts))
    assert "".join(one.split("\n")[0] for one in (first.text, *parts)) == long


def _long_answer_to(runtime: Runtime, inbound: Inbound, long: str) -> tuple[Reply, list[str]]:
    """The reply that goes back at once, and what follows by itself."""
    with runtime.transaction() as session:
        person = people.meet(session, runtime.vault, inbound.openid, app_id="", now=NOON)
        step = conversations.current(session, person.hash, NOON)
        turn = Turn(session, runtime, inbound, NOON, person.hash, "zh", knowledge.of(session, runtime), step)
        reply = long_answers.sent(turn, person.openid_sealed, Reply.of(long))
        parts = [row.payload["text"] for row in session.query(OutboxMessage).order_by(OutboxMessage.id)]
    return reply, parts


@pytest.mark.parametrize(
    ("kind", "choice", "event", "following"), [("text", "", "", 4), ("text", "1", "", 2), ("event", "", "CLICK", 2)]
)
def test_what_the_platform_has_no_more_messages_for_comes_when_asked_for(
    runtime: Runtime, patient: Patient, kind: str, choice: str, event: str, following: int
) -> None:
    long = "".join(f"第{number}句话。" for number in range(1200))
    inbound = Inbound("m-1", "o-patient", "", kind, NOON, "?", event=event, menu_choice=choice)
    reply, parts = _long_answer_to(runtime, inbound, long)
    assert len(parts) == following and "继续" in parts[-1]
    heard = [reply.text.split("\n")[0], *(one.split("\n")[0] for one in parts)]
    while "".join(heard) != long:
        more = patient.sends("继续")
        with runtime.reading() as session:
            rows = session.query(OutboxMessage).order_by(OutboxMessage.id).all()
        heard += [more.text.split("\n")[0], *(row.payload["text"].split("\n")[0] for row in rows[len(parts) :])]
        parts += [row.payload["text"] for row in rows[len(parts) :]]
        assert len(heard) < 30
    assert all(len(one.encode()) <= LONGEST_REPLY for one in (reply.text, *parts))


def test_reading_on_leaves_the_open_question_open(runtime: Runtime, patient: Patient) -> None:
    patient.says("张伟")
    inbound = Inbound("m-1", "o-patient", "", "text", NOON, "?")
    _long_answer_to(runtime, inbound, "".join(f"第{number}句话。" for number in range(1500)))
    assert "句话" in patient.says("继续")
    patient.says("5")
    assert [(key, score) for key, score, _ in ratings(runtime)] == [("D01", 5)]


def test_words_nobody_taught_are_deleted_after_their_time(runtime: Runtime, patient: Patient) -> None:
    patient.says("呜哩哇啦嘛呢")
    for day, left in ((housekeeping.NOT_UNDERSTOOD_KEPT, 1), (housekeeping.NOT_UNDERSTOOD_KEPT + timedelta(days=1), 0)):
        with runtime.transaction() as session:
            housekeeping.sweep(session, NOON + day)
            assert session.query(NotUnderstood).count() == left
