"""Proposing and voting by message: once each, sealed, and no word of it while nothing is asked."""

from bots.selection import begins
from feedback_app.db import rounds as tables
from feedback_app.services import rounds
from feedback_app.services.runtime import Runtime
from tests.bots.test_dispatch import Patient
from tests.rounds.selection import KEY, after, noon, propose, start, tick
from tests.star_ratings import rate

VOTING = ("nomination", "vote", "publication")


def at(patient: Patient, kind: str) -> Patient:
    patient.now = noon(kind, VOTING)
    return patient


def visited(runtime: Runtime, openid: str) -> None:
    with runtime.transaction() as session:
        person = runtime.vault.person(openid, runtime.settings.wechat.app_id)
        rate(session, "D01", (0, 0, 0, 0, 1), "2026-11", rater_hash=person, verified=True, verified_how="slip")


def test_the_words_of_a_selection() -> None:
    assert all(map(begins, ("投票", "我要投票", "投票 3", "投票给3号", "vote 2", "提名张伟", "我要提名 张伟 很耐心")))
    assert not any(map(begins, ("投诉", "你们投票选出来的医生态度很差", "张伟5分", "提前名单")))


def test_while_nothing_is_asked_the_words_are_nothing_special(runtime: Runtime) -> None:
    assert "投票" not in Patient(runtime).says("提名张伟")


def test_proposed_by_message_once_each(runtime: Runtime) -> None:
    start(runtime, VOTING)
    tick(runtime, noon("nomination", VOTING))
    patient = at(Patient(runtime), "nomination")
    assert "提名谁" in patient.says("提名")
    asked = patient.says("提名 张 讲得很清楚")
    assert "1 张伟（心血管内科）" in asked and "2 张敏（儿科）" in asked
    assert "已提名张敏" in patient.says("2")
    assert "已经提名过张敏" in patient.says("提名张伟")
    assert "没有找到“华佗”" in at(Patient(runtime, "o-other"), "nomination").says("提名华佗")
    with runtime.reading() as session:
        [one] = tables.nominations(session, rounds.find(session, KEY).id)
        assert (one.service_point.key, one.source, one.reason) == ("D02", "bot", "讲得很清楚")


def test_voted_by_message_once_each(runtime: Runtime) -> None:
    start(runtime, VOTING)
    tick(runtime, noon("nomination", VOTING))
    with runtime.transaction() as session:
        for key in ("D01", "D02"):
            propose(session, runtime, key, key, noon("nomination", VOTING))
    tick(runtime, noon("vote", VOTING))
    patient = at(Patient(runtime), "vote")
    listed = patient.says("我要投票")
    assert "1 张" in listed and "2 张" in listed
    assert "就诊过的患者" in patient.says("1")
    visited(runtime, "o-patient")
    assert "没有这个候选人" in patient.says("投票 7")
    assert "票已封存" in patient.says("投票 1")
    assert "已经投过" in patient.says("投票 2")
    tick(runtime, after(VOTING))
    with runtime.reading() as session:
        assert rounds.find(session, KEY).result["vote"]["votes"] == {"1": 1, "2": 0}
