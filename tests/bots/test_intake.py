"""Telling a complaint in the chat: filed at the first words, one question at a time, nothing lost."""

from datetime import datetime, timedelta

import pytest

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating
from feedback_app.services import housekeeping
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.bots.test_dispatch import Patient, cases, ratings
from tests.conftest import NOON
from tests.secrets_of_cases import contacts


@pytest.fixture
def patient(runtime: Runtime) -> Patient:
    return Patient(runtime)


def told(runtime: Runtime) -> list[tuple[str, list[str]]]:
    """What was added to the cases: the words and which questions they answer."""
    with runtime.reading() as session:
        found = session.query(CaseEvent).filter_by(action="added").order_by(CaseEvent.id).all()
        return [(one.text, list(one.details.get("slots", []))) for one in found]


def only(runtime: Runtime) -> Case:
    [case] = cases(runtime)
    return case


def questions(said: str) -> int:
    return said.count("？")


def test_a_whole_complaint(runtime: Runtime, patient: Patient) -> None:
    assert questions(patient.says("我要投诉")) <= 2
    first = patient.says("那个人一直聊天不理人")
    case = only(runtime)
    assert str(case.number) in first and "11 月 27 日（周五）" in first and "在哪里" in first
    assert "什么时候" in patient.says("3号窗口，不认识是谁")
    assert "怎么处理" in patient.says("昨天下午三点多")
    assert "电话" in patient.says("让他给我道个歉")
    ended = patient.says("13912345678")
    assert str(case.number) in ended and "11 月 27 日（周五）" in ended
    case = only(runtime)
    assert case.service_point_id is not None
    assert contacts(runtime) == ["13912345678"]
    assert told(runtime) == [
        ("3号窗口，不认识是谁", ["where"]),
        ("昨天下午三点多", ["when"]),
        ("让他给我道个歉", ["wish"]),
        ("139****5678", ["contact"]),
        ("", ["contact"]),
    ]
    assert "13912345678" not in str(told(runtime))


def test_never_two_questions_at_once(runtime: Runtime, patient: Patient) -> None:
    replies = [patient.says(text) for text in ("护士态度恶劣还骂人", "不知道", "跳过", "算了", "不用了")]
    assert all(questions(reply) <= 1 for reply in replies)
    assert "都记好了" in replies[-1]
    assert told(runtime) == []
    assert contacts(runtime) == []


def test_several_answers_in_one_message_leave_fewer_questions(runtime: Runtime, patient: Patient) -> None:
    said = patient.says("昨天上午3号收费窗口多收了我200块，希望退给我")
    assert "电话" in said
    assert "都记好了" in patient.says("不留")
    assert told(runtime) == []


@pytest.mark.parametrize(
    ("correction", "slots", "key"),
    [("不对，是1号挂号窗口", ["where"], "W01"), ("改成昨天下午", ["when"], "W03"), ("说错了，是前天", ["when"], "W03")],
)
def test_corrections(runtime: Runtime, patient: Patient, correction: str, slots: list[str], key: str) -> None:
    patient.says("3号收费窗口今天上午一直没人")
    said = patient.says(correction)
    assert "改了" in said and "怎么处理" in said
    assert told(runtime) == [(correction, slots)]
    with runtime.reading() as session:
        point = session.query(Case).one().service_point
        assert point is not None and point.key == key


def test_done_ends_it_and_more_may_follow(runtime: Runtime, patient: Patient) -> None:
    patient.says("排队排了三个小时还没叫到")
    assert "都记好了" in patient.says("说完了")
    assert "已放进编号" in patient.says("当时前面还有人插队")
    assert [text for text, _ in told(runtime)] == ["当时前面还有人插队"]


@pytest.mark.parametrize(
    ("text", "part"),
    [("给张伟医生5星", "5 星"), ("人工", "0571-8888 0120"), ("进度", "正在处理"), ("投诉电话多少", "0571-8888 0120")],
)
def test_something_else_is_answered_and_the_complaint_waits(
    runtime: Runtime, patient: Patient, text: str, part: str
) -> None:
    patient.says("排队排了三个小时还没叫到")
    number = only(runtime).number
    said = patient.says(text)
    assert part in said and f"{number}" in said and "继续投诉" in said
    assert "在哪里" in patient.says("继续投诉")
    assert "什么时候" in patient.says("门诊二楼")
    assert [text for text, _ in told(runtime)] == ["门诊二楼"]
    assert len(cases(runtime)) == 1


def test_pictures_and_voice_belong_to_the_case_and_the_question_stays(runtime: Runtime, patient: Patient) -> None:
    patient.says("食堂的饭里有虫")
    said = patient.sends(kind="image", media_id="m-1").text
    assert "已放进编号" in said and questions(said) == 1
    patient.sends("昨天中午", kind="voice", media_id="m-2")
    with runtime.reading() as session:
        kept = [event.details.get("media_id") for event in session.query(CaseEvent).filter_by(action="added")]
    assert kept == ["m-1", "m-2"]


def test_a_picture_sent_when_we_asked_whether_to_file_says_yes(runtime: Runtime, patient: Patient) -> None:
    assert "登记" in patient.says("我在大厅站了会儿，医院里到处是人")
    assert "已放进编号" in patient.sends(kind="image", media_id="m-1").text
    assert only(runtime).complainant_hash


def test_a_picture_instead_of_the_story_is_filed(runtime: Runtime, patient: Patient) -> None:
    patient.says("投诉")
    assert "发生了什么" in patient.sends(kind="image", media_id="m-1").text
    patient.says("厕所一直没人打扫")
    assert (only(runtime).text, [text for text, _ in told(runtime)]) == ("[image]", ["[image]", "厕所一直没人打扫"])


def test_whom_it_is_about_is_filed_at_once(runtime: Runtime, patient: Patient) -> None:
    assert "发生了什么" in patient.says("我要投诉3号收费窗口")
    assert only(runtime).service_point_id is not None
    assert "什么时候" in patient.says("爱搭不理，问什么都不说")


def test_a_number_written_in_passing_is_only_used_when_agreed(runtime: Runtime, patient: Patient) -> None:
    patient.says("昨天在3号收费窗口被骂，请给我道歉，我电话13912345678")
    assert "13912345678" not in only(runtime).text
    assert contacts(runtime) == []
    patient.says("可以")
    assert contacts(runtime) == ["13912345678"]


def test_a_number_that_may_not_be_used_is_not_kept(runtime: Runtime, patient: Patient) -> None:
    patient.says("昨天在3号收费窗口被骂，请给我道歉，我电话13912345678")
    assert "都记好了" in patient.says("不用")
    assert contacts(runtime) == []


def test_taking_it_back_while_telling(runtime: Runtime, patient: Patient) -> None:
    patient.says("排队排了三个小时还没叫到")
    assert "撤回" in patient.says("算了我不投诉了")
    assert only(runtime).state == "withdrawn"


def test_another_complaint_is_another_case(runtime: Runtime, patient: Patient) -> None:
    patient.says("排队排了三个小时还没叫到")
    patient.says("我还要投诉食堂，饭是冷的")
    assert len(cases(runtime)) == 2


def test_the_draft_outlives_housekeeping_and_days(runtime: Runtime, patient: Patient) -> None:
    patient.says("排队排了三个小时还没叫到")
    patient.now = NOON + timedelta(days=9)
    with runtime.transaction() as session:
        housekeeping.sweep(session, patient.now)
    assert "什么时候" in patient.says("门诊二楼")


def test_an_english_complaint_is_asked_in_english(runtime: Runtime, patient: Patient) -> None:
    assert "Where was it" in patient.says("the nurse shouted at me and nobody apologised")
    assert "When was it" in patient.says("window 3, I do not know the name")
    assert "help" in patient.says("yesterday afternoon")
    assert "phone" in patient.says("skip")
    assert "All noted" in patient.says("no thanks")


# ---- the duty route


def urgent_messages(runtime: Runtime) -> list[tuple[str, str, str]]:
    with runtime.reading() as session:
        found = session.query(OutboxMessage).filter_by(purpose="urgent").order_by(OutboxMessage.id).all()
        return [(one.channel, one.recipient, one.payload["title"] + one.payload["text"]) for one in found]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("我不想活了", "12356"),
        ("有人拿刀要砍医生", "110"),
        ("我爸在候诊区晕倒了叫不醒", "120"),
        ("护士给我发错药了我已经吃了", "急诊"),
        ("医生让我给他塞红包才安排手术", "医护人员看不到您是谁"),
    ],
)
def test_nobody_set_up_nobody_claimed(runtime: Runtime, patient: Patient, text: str, part: str) -> None:
    said = patient.says(text)
    assert part in said and "0571-8888 0120" in said
    assert "正在通知" not in said and "请先打电话" in said
    assert only(runtime).urgency == "urgent"
    assert urgent_messages(runtime) == []


def test_the_duty_route_is_told_at_once_without_the_words(settings: Settings, runtime: Runtime) -> None:
    wecom = settings.wecom.model_copy(update={"enabled": True, "webhooks": {"duty": "k"}})
    duty = settings.duty.model_copy(update={"wecom_userids": ("zhiban",), "phone": "0571-8888 0000"})
    alarmed = Runtime(
        settings=settings.model_copy(update={"wecom": wecom, "duty": duty}),
        database=runtime.database,
        clock=runtime.clock,
        vault=runtime.vault,
    )
    patient = Patient(alarmed)
    patient.now = NOON + timedelta(hours=11)  # 23:00
    said = patient.says("我不想活了")
    assert "正在通知总值班" in said and "0571-8888 0000（全天）" in said
    patient.says("真的不想活了")
    sent = urgent_messages(runtime)
    assert [(channel) for channel, *_ in sent] == ["wecom", "wecom_group"]
    assert runtime.vault.unseal(sent[0][1]) == "zhiban"
    assert all("不想活了" in text and "真的" not in text for *_, text in sent)
    assert only(runtime).urgency == "urgent"
    with runtime.reading() as session:
        assert all(one.not_before == patient.now for one in session.query(OutboxMessage).filter_by(purpose="urgent"))


def test_danger_in_the_middle_of_a_complaint_makes_that_case_urgent(runtime: Runtime, patient: Patient) -> None:
    patient.says("3号收费窗口排队排了三个小时")
    patient.says("后来还给我妈拿错药了")
    assert only(runtime).urgency == "urgent"
    assert [text for text, _ in told(runtime)] == ["后来还给我妈拿错药了"]


def test_nothing_here_is_a_rating(runtime: Runtime, patient: Patient) -> None:
    for text in ("护士态度很差", "3号收费窗口", "态度非常不好", "很不满意", "跳过"):
        patient.says(text)
    with runtime.reading() as session:
        assert session.query(Rating).count() == 0
    assert ratings(runtime) == []


def on_duty(runtime: Runtime, start: str, end: str) -> None:
    """何静 serves at window 3 then."""
    with runtime.transaction() as session:
        keys = {one.key: one.id for one in session.query(ServicePoint)}
        shift = {"starts_at": datetime.fromisoformat(start), "ends_at": datetime.fromisoformat(end)}
        session.add(DutySlot(window_id=keys["W03"], staff_id=keys["C01"], **shift))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("刚才收费窗口那个人一直打电话不理我", False),
        ("昨天下午3号收费窗口的人爱搭不理", True),
        ("昨天上午3号收费窗口的人爱搭不理", False),
    ],
)
def test_who_was_on_duty_is_noted_for_the_office_only(
    runtime: Runtime, patient: Patient, text: str, kept: bool
) -> None:
    on_duty(runtime, "2026-11-19T12:00+08:00", "2026-11-19T17:30+08:00")
    patient.says(text)
    with runtime.reading() as session:
        notes = [event.text for event in session.query(CaseEvent).filter_by(action="noted")]
        assert [("何静" in note) for note in notes] == ([True] if kept else [])
    assert "何静" not in patient.says("进度")


def test_a_rating_of_this_morning_keeps_who_served_then(runtime: Runtime, patient: Patient) -> None:
    on_duty(runtime, "2026-11-20T08:00+08:00", "2026-11-20T11:30+08:00")
    patient.says("今天上午3号窗口 4星")
    with runtime.reading() as session:
        assert [one.on_duty_id for one in session.query(Rating)] == [
            session.query(ServicePoint).filter_by(key="C01").one().id
        ]


def test_of_several_open_complaints_the_one_to_withdraw_is_asked(runtime: Runtime, patient: Patient) -> None:
    patient.says("食堂的菜又咸又贵，没人管")
    patient.says("说完了")
    patient.says("我还要投诉电梯等了半个小时")
    patient.says("说完了")
    first, second = sorted(case.number or "" for case in cases(runtime))
    asked = patient.says("取消投诉")
    assert first in asked and second in asked and "后四位" in asked
    assert f"{second} 已经按您说的撤回" in patient.says(second[-4:])
    assert {case.number: case.state for case in cases(runtime)} == {first: "open", second: "withdrawn"}
    assert f"{first} 已经按您说的撤回" in patient.says("撤销投诉")
