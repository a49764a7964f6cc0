"""A worker dies between sending and writing it down: nobody gets a message twice, and nobody is told a guess."""

import pytest

from feedback_app.db.outbox import OutboxMessage
from feedback_app.services import outbox
from tests.journeys.conftest import Running

pytestmark = pytest.mark.journey


WORDS = "您在医生榜第 3 名。"  # the hospital's IT may be told in the same group of what is stuck


def state(hospital: Running) -> str:
    with hospital.runtime.reading() as session:
        return session.query(OutboxMessage).filter_by(purpose="star_result").one().state


@pytest.mark.parametrize(
    ("channel", "call", "in_the_end"),
    [
        ("wecom", "/cgi-bin/message/send", "sent"),  # the platform knows the repeat and shows it once
        ("wecom_group", "/cgi-bin/webhook/send", "unknown"),  # it would be shown twice: not repeated
    ],
)
def test_killed_while_sending(hospital: Running, channel: str, call: str, in_the_end: str) -> None:
    hospital.bind("D01")
    hospital.phones.fault("timeout_done", path=call, times=1, seconds=30)
    personal = channel == "wecom"
    with hospital.runtime.transaction() as session:
        outbox.put(
            session,
            dedupe_key="k",
            purpose="star_result",
            channel=channel,
            recipient=hospital.runtime.vault.seal("d01") if personal else "complaints",
            payload={"title": "您的结果", "text": WORDS},
            now=hospital.runtime.now(),
            service_point_id=hospital.point("D01").id,
        )
    hospital.until(lambda: hospital.phones.counts().calls.get(call, 0) == 1, "the message is on its way")
    assert state(hospital) == "sending"
    hospital.kill("worker")
    hospital.start("worker-2", "work")
    hospital.set_clock("2026-11-20T12:05:00+08:00")
    hospital.until(lambda: state(hospital) == in_the_end, "the other worker settles it")
    shown = hospital.phones.received(userid="d01") if personal else hospital.phones.received(webhook="complaints")
    assert sum(WORDS in str(one) for one in shown) == 1
