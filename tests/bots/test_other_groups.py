"""Issue 8, item 9: staff are told on DingTalk, Feishu and whatever else Apprise speaks; what a platform refuses is never "sent"."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bots.channels import open_channels
from bots.clients import asking
from feedback_app import clock
from feedback_app.app import open_channels as of_the_app
from feedback_app.db.outbox import OutboxMessage
from feedback_app.errors import ConfigurationError
from feedback_app.jobs import Worker
from feedback_app.services import complaints, urgent
from feedback_app.services.complaints import Filing
from feedback_app.services.deliveries import FAILED, RETRY, SENT, UNKNOWN, Outcome, Outgoing
from feedback_app.services.reasons import words
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Channels as Groups
from feedback_app.settings import Settings, load
from tests.bots.doubles import closed_port
from tests.bots.group_platforms import DINGTALK, FEISHU, FEISHU_TOKEN, SECRET, TOKEN, Platforms, behind_a_proxy
from tests.conftest import NOON, settings_for

GROUPS = {
    "complaints": f"dingtalk://{SECRET}@{TOKEN}/",
    "XN": f"feishu://{FEISHU_TOKEN}/",
    "stranger": f"dingtalk://{SECRET}@{'f' * 64}/",
    "unsigned": f"dingtalk://{TOKEN}/",
    "nonsense": "dingtalk://",
}


@pytest.fixture
def platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platforms]:
    with behind_a_proxy(tmp_path) as made:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{made.port}")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.authority))
        yield made


@pytest.fixture
def settings(tmp_path: Path, platforms: Platforms) -> Settings:
    return settings_for(tmp_path, channels={"groups": GROUPS}, canary={"enabled": False})


def told(runtime: Runtime, group: str, **payload: Any) -> Outcome:
    message = {
        "title": "十一月服务之星",
        "text": "心血管内科：张伟\n第二行",
        "url": "https://h.example/stars",
        **payload,
    }
    return open_channels(runtime)["wecom_group"].deliver(
        Outgoing(1, "star|2026-11", "star_summary", "wecom_group", group, message)
    )


@pytest.mark.parametrize(("group", "platform"), [("complaints", DINGTALK), ("XN", FEISHU), ("desk", DINGTALK)])
def test_a_group_reads_title_text_and_address(
    runtime: Runtime, platforms: Platforms, group: str, platform: str
) -> None:
    """The service desk has no group of its own here: the complaints office's is told in its place."""
    assert told(runtime, group).state == SENT
    ((where, shown),) = platforms.shown
    assert where == platform
    for part in ("十一月服务之星", "心血管内科：张伟\n第二行", "https://h.example/stars"):
        assert part in shown


@pytest.mark.parametrize(
    ("group", "number"), [("stranger", "300001"), ("unsigned", "310000"), ("nonsense", ""), ("nobody", "")]
)
def test_a_refusal_with_http_200_is_a_refusal(runtime: Runtime, platforms: Platforms, group: str, number: str) -> None:
    outcome = told(runtime, group)
    assert outcome.state == FAILED and platforms.shown == []
    said = words(outcome.detail, "zh")
    assert number in said and (group in said or group == "nobody")
    assert TOKEN not in said and SECRET not in said


@pytest.mark.parametrize("group", ["complaints", "XN"])
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((200, {"errcode": 130101, "code": 11232}), RETRY),
        ((429, {}), RETRY),
        ((503, b"busy"), RETRY),
        ((502, b"<html>"), UNKNOWN),
        ((200, b"not json"), SENT),
        ((200, {"code": 1000}), SENT),
        ((200, b"[1]"), SENT),
        ((404, {}), FAILED),
        ("hang up", UNKNOWN),
    ],
)
def test_what_came_over_the_wire_decides(
    runtime: Runtime, platforms: Platforms, group: str, answer: tuple[int, Any] | str, state: str
) -> None:
    platforms.say.append(answer)
    assert told(runtime, group).state == state


def test_nobody_there_or_nobody_to_trust_is_worth_another_try(
    runtime: Runtime, platforms: Platforms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert told(runtime, "complaints").state == RETRY
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    assert told(runtime, "complaints").state == RETRY
    assert platforms.shown == []


@pytest.mark.parametrize("text", ["", "长" * 5000, "<a href='https://evil.example'>x</a>\u202e", "\x00\ud800"])
def test_strange_words_never_raise_and_stay_one_message(runtime: Runtime, platforms: Platforms, text: str) -> None:
    assert told(runtime, "complaints", text=text).state == SENT
    ((_, shown),) = platforms.shown
    assert len(shown.encode()) < 2000 and "<a href" not in shown


def test_a_new_case_reaches_the_group_without_the_patients_words(runtime: Runtime, platforms: Platforms) -> None:
    """Through the outbox and the worker; retried by it, and listed as every message."""
    with runtime.transaction() as session:
        filing = Filing(
            text="我叫王小明，电话 13912345678，护士骂人", source="form", origin_key="k", kind="complaint",
            contact_sealed=runtime.vault.seal("13912345678"),
        )  # fmt: skip
        complaints.file(session, filing, zone=runtime.zone, now=NOON)
    platforms.say.append((429, {}))
    clock.move(Path(runtime.settings.sandbox.clock_file), NOON + timedelta(hours=1))  # told once an hour, at its end
    worker = Worker(runtime, of_the_app(runtime))
    worker.deliver()
    with runtime.transaction() as session:
        waiting = session.query(OutboxMessage).filter_by(purpose="complaint_new").one()
        assert (waiting.state, waiting.attempts) == ("queued", 1)
        waiting.not_before = NOON
    worker.deliver()
    with runtime.reading() as session:
        assert session.query(OutboxMessage).filter_by(purpose="complaint_new").one().state == "sent"
    shown = "\n".join(text for _, text in platforms.shown)
    assert "投诉" in shown
    for private in ("王小明", "139", "骂人"):
        assert private not in shown


def test_check_names_the_groups_whose_address_is_wrong(runtime: Runtime) -> None:
    found = asking.ask(runtime)
    assert {name: bool(problem) for name, problem in found.items()} == {
        "channels.groups.complaints": False, "channels.groups.XN": False, "channels.groups.stranger": False,
        "channels.groups.unsigned": False, "channels.groups.nonsense": True,
    }  # fmt: skip


def test_no_secret_reaches_a_log(runtime: Runtime, platforms: Platforms, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for group in GROUPS:
            told(runtime, group)
    assert not [one for one in caplog.records if one.name.startswith("apprise")]


@pytest.mark.parametrize(("group", "platform"), [("operators", FEISHU), ("complaints", DINGTALK)])
def test_alarms_reach_the_group_of_it_or_the_complaints_office(
    runtime: Runtime, platforms: Platforms, group: str, platform: str
) -> None:
    """Without WeCom, through the worker: nobody has proven a backup for nine days."""
    address = {"operators": GROUPS["XN"], "complaints": GROUPS["complaints"]}[group]
    only = replace(
        runtime, settings=runtime.settings.model_copy(update={"channels": Groups(groups={group: SecretStr(address)})})
    )
    clock.move(Path(only.settings.sandbox.clock_file), NOON + timedelta(days=9))
    worker = Worker(only, of_the_app(only))
    worker.tick()
    worker.deliver()
    assert [where for where, shown in platforms.shown if "备份" in shown] == [platform]


def test_danger_is_told_to_the_duty_group_there(tmp_path: Path) -> None:
    assert not urgent.is_set(settings_for(tmp_path))
    assert urgent.is_set(settings_for(tmp_path, channels={"groups": {"duty": GROUPS["complaints"]}}))


def test_one_group_has_one_way(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    example = (Path(__file__).parent.parent.parent / "config.example.toml").read_text("utf-8")
    example = example.replace('secret_key = ""', 'secret_key = "one-that-nobody-would-guess-in-forty-signs"')
    example = example.replace("[wecom.webhooks]\n", '[wecom.webhooks]\ncomplaints = "a"\n')
    file.write_text(example.replace("[channels.groups]\n", '[channels.groups]\ncomplaints = "json://h"\n'), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert "complaints stands in wecom.webhooks and in channels.groups" in str(caught.value.params["problems"])
