"""What every channel keeps, whichever it is, against a real server on loopback that misbehaves in every way.

A new file in ``bots/channels`` is tested by adding how its platform says the things of ``Wire``.
"""

import email
import email.policy
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bots import channels
from bots.channels import open_channels
from feedback_app import registry
from feedback_app.db.people import Person
from feedback_app.services.deliveries import FAILED, RETRY, SENT, UNKNOWN, Channel, Outgoing
from feedback_app.services.reasons import words
from feedback_app.services.runtime import Runtime
from tests.bots.doubles import GATEWAY, HANG_UP, MailDouble, PlatformDouble, Say, closed_port, mail_server, platform
from tests.bots.wire import wechat
from tests.conftest import settings_for

RECIPIENTS = {"wecom": "d01", "wecom_group": "内科", "mail": "d01@h.example", "official_account": "oStaff-01_x"}
PATHS = {
    "wecom": "cgi-bin/message/send",
    "wecom_group": "cgi-bin/webhook/send",
    "official_account": "cgi-bin/message/custom/send",
}
NAMES = sorted(RECIPIENTS)
OF_THEIR_OWN = {"kept_file": "test_outside_heads", "sms": "test_invitations", "webhook": "test_webhooks_out"}
"""Channels that carry no message to staff -> the tests that know what they carry."""
Scripted = Callable[[], None]


@dataclass(frozen=True)
class House:
    runtime: Runtime
    double: PlatformDouble
    mail: MailDouble

    def channel(self, name: str) -> Channel:
        return open_channels(self.runtime)[name]

    def without_servers(self, folder: Path) -> Runtime:
        return Runtime.open(settings_for(folder, **_sections(f"http://127.0.0.1:{closed_port()}", closed_port())))

    def script(self, name: str, *, http: Say, smtp: dict[str, int]) -> None:
        """Make the server of this channel answer so to the message itself."""
        self.mail.codes.clear()
        self.mail.codes.update(smtp)
        if name in PATHS:
            self.double.script[PATHS[name]] = [http]

    def shown(self, name: str) -> list[str]:
        """The texts that arrived."""
        if name == "mail":
            return [_mail(raw).get_content().replace("\r\n", "\n").strip() for raw in self.mail.mails]
        bodies = [one.body for one in self.double.to(PATHS[name])]
        return [body[body["msgtype"]]["content"] for body in bodies]


def _mail(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def _sections(address: str, mail_port: int, **more: Any) -> dict[str, dict[str, Any]]:
    return {
        "wechat": wechat("secure", api_base=address, **more),
        "wecom": {
            "enabled": True,
            "corp_id": "corp1",
            "agent_id": 1_000_002,
            "secret": "the-corp-secret",
            "api_base": address,
            "webhooks": {"内科": "key-1"},
        },
        "mail": {
            "enabled": True,
            "host": "127.0.0.1",
            "port": mail_port,
            "security": "none",
            "sender": "stars@h.example",
        },
    }


@pytest.fixture
def house(runtime: Runtime, tmp_path: Path) -> Iterator[House]:
    with ExitStack() as closing:
        double = closing.enter_context(platform())
        mail = closing.enter_context(mail_server())
        settings = settings_for(tmp_path, **_sections(double.address, mail.port, result_template="TPL"))
        opened = Runtime.open(settings)
        closing.callback(opened.close)
        now = opened.now()
        with opened.transaction() as session:  # who wrote lately: only to them a customer-service message is tried
            who = opened.vault.person(RECIPIENTS["official_account"], opened.settings.wechat.app_id)
            session.add(Person(hash=who, first_seen_at=now, last_seen_at=now))
        yield House(opened, double, mail)


def message(name: str, **changes: Any) -> Outgoing:
    payload = {
        "title": "十一月服务之星",
        "text": "张伟医生，本月评价 4.8 分。\n.第二行",
        "url": "https://h.example/stars",
    }
    made = Outgoing(7, f"star|2026-11|D01|{name}", "star_result", name, RECIPIENTS[name], payload)
    return replace(made, **changes)


def test_every_channel_is_open_when_configured_and_only_then(house: House, runtime: Runtime) -> None:
    files = {module.__name__.rpartition(".")[2] for module in registry.discover(channels)}
    assert files == {*NAMES, *OF_THEIR_OWN}, "a new channel is tested here, or says where"
    assert set(open_channels(house.runtime)) == {*NAMES, "webhook"}
    assert set(open_channels(runtime)) == {"webhook"}, "its receivers stand in the database"
    for name in OF_THEIR_OWN.values():
        assert (Path(__file__).parent.parent / f"{name}.py").exists(), name


@pytest.mark.parametrize("name", NAMES)
class TestEveryChannel:
    def test_it_sends_title_text_and_address(self, house: House, name: str) -> None:
        outcome = house.channel(name).deliver(message(name))
        assert (outcome.state, outcome.detail) == (SENT, "")
        (shown,) = house.shown(name)
        assert "张伟医生，本月评价 4.8 分。\n.第二行" in shown
        assert "https://h.example/stars" in shown

    def test_nobody_there_is_worth_another_try(self, house: House, name: str, tmp_path: Path) -> None:
        folder = tmp_path / "alone"
        folder.mkdir()
        alone = house.without_servers(folder)
        house.double.script["unused"] = []
        with alone.transaction() as session:
            from feedback_app.db.base import Base

            Base.metadata.create_all(session.connection())
        assert open_channels(alone)[name].deliver(message(name)).state == RETRY
        alone.close()

    def test_no_answer_after_sending_is_unknown(self, house: House, name: str) -> None:
        house.script(name, http=HANG_UP, smtp={"BODY": 0})
        channel = house.channel(name)
        outcome = channel.deliver(message(name))
        expected = RETRY if getattr(channel, "idempotent", False) else UNKNOWN
        assert (outcome.state, bool(outcome.detail)) == (expected, True)

    def test_a_refused_recipient_is_final(self, house: House, name: str) -> None:
        house.script(name, http=Say({"errcode": 40003, "errmsg": "oStaff"}), smtp={"RCPT": 550})
        outcome = house.channel(name).deliver(message(name))
        assert outcome.state == FAILED
        assert RECIPIENTS[name] not in outcome.detail

    def test_too_fast_is_worth_another_try(self, house: House, name: str) -> None:
        house.script(name, http=Say({"errcode": 45009}), smtp={"RCPT": 451})
        outcome = house.channel(name).deliver(message(name))
        assert outcome.state == RETRY
        assert name == "mail" or (outcome.retry_after or 0) >= 60

    def test_busy_is_repeated_only_where_sending_twice_shows_once(self, house: House, name: str) -> None:
        channel = house.channel(name)
        for http in (Say({"errcode": -1}), GATEWAY):
            house.script(name, http=http, smtp={"BODY": 0})
            expected = RETRY if getattr(channel, "idempotent", False) else UNKNOWN
            assert channel.deliver(message(name)).state == expected

    def test_a_misconfigured_account_is_not_hammered(self, house: House, name: str) -> None:
        house.script(name, http=Say({"errcode": 48001}), smtp={"MAIL": 550})
        assert house.channel(name).deliver(message(name)).state == FAILED
        assert len(house.double.to(PATHS.get(name, ""))) <= 1

    @pytest.mark.parametrize(
        "recipient",
        [
            "",
            "@all",
            "d01|d02",
            "a\r\nBcc: all@h.example",
            "a@h.example\nX: y",
            "a@h.example,b@h.example",
            "<a@b>",
            "张伟",
            "x" * 400,
        ],
    )
    def test_a_strange_recipient_gets_nothing(self, house: House, name: str, recipient: str) -> None:
        assert house.channel(name).deliver(message(name, recipient=recipient)).state == FAILED
        assert (house.mail.mails, house.double.to(PATHS.get(name, ""))) == ([], [])

    @pytest.mark.parametrize(
        "payload",
        [
            {},
            {"title": None, "text": 5, "url": None},
            {"title": "标题\r\nBcc: all@h.example", "text": "正文"},
            {"title": "好" * 3000, "text": "好" * 9000, "url": "https://h.example/" + "x" * 1500},
            {"title": "a\x00b", "text": "\x1b[31m ]]> \ud800 <@all>", "url": "https://h.example"},
        ],
    )
    def test_a_strange_message_never_raises_and_never_overflows(
        self, house: House, name: str, payload: dict[str, Any]
    ) -> None:
        outcome = house.channel(name).deliver(message(name, payload=payload))
        assert outcome.state == SENT
        most = {"wecom_group": 4096, "mail": 10**6}.get(name, 2048)
        assert all(len(shown.encode()) <= most for shown in house.shown(name))
        assert all("Bcc" not in _mail(raw) for raw in house.mail.mails)

    def test_odd_answers_never_raise(self, house: House, name: str) -> None:
        for raw in (b"", b"null", b"[]", b"<html>", b"\xff", b'{"errcode": "x"}', b'{"errcode": {"a": 1}}'):
            house.script(name, http=Say(raw=raw), smtp={"HELLO": 554})
            assert house.channel(name).deliver(message(name)).state in {RETRY, FAILED, UNKNOWN}


class TestWecom:
    def test_invalid_users_of_a_successful_call_got_nothing(self, house: House) -> None:
        house.double.script[PATHS["wecom"]] = [
            Say({"errcode": 0, "invaliduser": "D01"}),
            Say({"errcode": 0, "invaliduser": "other|someone"}),
            Say({"errcode": 81013}),
        ]
        states = [house.channel("wecom").deliver(message("wecom")).state for _ in range(3)]
        assert states == [FAILED, SENT, FAILED]

    def test_a_repeat_is_the_same_request_and_another_message_with_equal_words_is_not(self, house: House) -> None:
        for key in ("a", "a", "b"):
            house.channel("wecom").deliver(message("wecom", dedupe_key=key))
        first, again, other = (one.body for one in house.double.to(PATHS["wecom"]))
        assert first == again != other
        assert (first["enable_duplicate_check"], first["agentid"], first["touser"]) == (1, 1_000_002, "d01")
        assert 10_800 <= first["duplicate_check_interval"] <= 14_400

    def test_a_group_without_webhook_is_said(self, house: House) -> None:
        outcome = house.channel("wecom_group").deliver(message("wecom_group", recipient="骨科"))
        assert (outcome.state, "骨科" in outcome.detail) == (FAILED, True)

    def test_the_webhook_key_goes_to_the_platform_only(self, house: House) -> None:
        house.channel("wecom_group").deliver(message("wecom_group"))
        assert house.double.to(PATHS["wecom_group"])[0].query == {"key": "key-1"}
        house.double.script[PATHS["wecom_group"]] = [Say({"errcode": 93000, "errmsg": "invalid webhook key-1"})]
        assert "key-1" not in house.channel("wecom_group").deliver(message("wecom_group")).detail


class TestOfficialAccount:
    TEMPLATE = "cgi-bin/message/template/send"

    @pytest.mark.parametrize("errcode", [45015, 45047])
    def test_a_closed_window_falls_back_to_the_template(self, house: House, errcode: int) -> None:
        house.double.script[PATHS["official_account"]] = [Say({"errcode": errcode})]
        outcome = house.channel("official_account").deliver(message("official_account"))
        assert outcome.state == SENT
        (sent,) = house.double.to(self.TEMPLATE)
        assert (sent.body["template_id"], sent.body["url"]) == ("TPL", "https://h.example/stars")
        assert sent.body["data"]["thing1"]["value"] == "十一月服务之星"
        assert len(sent.body["client_msg_id"]) == 32

    @pytest.mark.parametrize(
        ("errcode", "state"),
        [(43004, FAILED), (40037, FAILED), (47003, FAILED), (-1, RETRY), (45009, RETRY), (45011, RETRY)],
    )
    def test_reactions_to_template_errors(self, house: House, errcode: int, state: str) -> None:
        house.double.script[PATHS["official_account"]] = [Say({"errcode": 45015})]
        house.double.script[self.TEMPLATE] = [Say({"errcode": errcode})]
        assert house.channel("official_account").deliver(message("official_account")).state == state

    def test_not_following_is_final_and_no_template_is_tried(self, house: House) -> None:
        house.double.script[PATHS["official_account"]] = [Say({"errcode": 43004})]
        assert house.channel("official_account").deliver(message("official_account")).state == FAILED
        assert house.double.to(self.TEMPLATE) == []

    def test_without_a_template_the_detail_says_so(self, house: House, tmp_path: Path) -> None:
        house.double.script[PATHS["official_account"]] = [Say({"errcode": 45015})]
        bare = Runtime.open(settings_for(tmp_path, **_sections(house.double.address, 1)))
        outcome = open_channels(bare)["official_account"].deliver(message("official_account"))
        bare.close()
        assert (outcome.state, "模板" in words(outcome.detail, "zh")) == (FAILED, True)


class TestMail:
    def test_headers(self, house: House) -> None:
        house.channel("mail").deliver(message("mail"))
        mail = _mail(house.mail.mails[0])
        assert (mail["From"], mail["To"], mail["Subject"]) == ("stars@h.example", "d01@h.example", "十一月服务之星")
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"].startswith("Fri, 20 Nov 2026")

    def test_a_repeat_has_the_same_number(self, house: House) -> None:
        for key in ("a", "a", "b"):
            house.channel("mail").deliver(message("mail", dedupe_key=key))
        first, again, other = (_mail(raw)["Message-ID"] for raw in house.mail.mails)
        assert first == again != other

    @pytest.mark.parametrize(
        ("codes", "state"),
        [
            ({"HELLO": 554}, RETRY),
            ({"HELLO": 0}, RETRY),
            ({"MAIL": 451}, RETRY),
            ({"RCPT": 0}, RETRY),
            ({"DATA": 554}, FAILED),
            ({"DATA": 451}, RETRY),
            ({"BODY": 554}, FAILED),
            ({"BODY": 452}, RETRY),
        ],
    )
    def test_where_the_server_says_no(self, house: House, codes: dict[str, int], state: str) -> None:
        house.mail.codes.update(codes)
        assert house.channel("mail").deliver(message("mail")).state == state

    def test_a_server_without_tls_is_never_used_in_clear(self, house: House, tmp_path: Path) -> None:
        sections = _sections(house.double.address, house.mail.port)
        sections["mail"] |= {"security": "starttls", "user": "u", "password": "p"}
        secure = Runtime.open(settings_for(tmp_path, **sections))
        assert open_channels(secure)["mail"].deliver(message("mail")).state == RETRY
        secure.close()
        assert (house.mail.mails, house.mail.commands["AUTH"]) == ([], [])

    def test_tls_needs_a_certificate_that_is_trusted(
        self, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate, key = _certificate(tmp_path)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        states = []
        with mail_server(tls) as server:
            sections = _sections(house.double.address, server.port)
            sections["mail"] |= {"security": "tls"}
            secure = Runtime.open(settings_for(tmp_path, **sections))
            for trusted in ("", str(certificate)):
                monkeypatch.setenv("SSL_CERT_FILE", trusted)
                states.append(open_channels(secure)["mail"].deliver(message("mail")).state)
            secure.close()
        assert states == [RETRY, SENT]
        assert len(server.mails) == 1


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed one for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths
