"""Calling the platforms: tokens shared and fetched once, every error code with its reaction, nothing secret anywhere."""

import contextlib
import csv
import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bots.clients import asking, reactions
from bots.clients.caller import Caller
from bots.clients.official_account import OfficialAccount, template_value
from bots.clients.platform import next_midnight
from bots.clients.reactions import PlatformError
from bots.clients.wecom import Wecom, webhook_key
from bots.wecom import WecomIdentity, open_identity
from feedback_app import clock
from feedback_app.errors import Refused, Unavailable
from feedback_app.services import platform_tokens
from feedback_app.services.runtime import Runtime
from tests import samples
from tests.bots.doubles import GATEWAY, HANG_UP, PlatformDouble, Say, closed_port, platform
from tests.bots.wire import wechat
from tests.conftest import NOON, settings_for

STABLE = "cgi-bin/stable_token"
CUSTOM = "cgi-bin/message/custom/send"
SECRETS = ("the-app-secret", "the-corp-secret", "T1", "T2", "oPatient")


@pytest.fixture
def double() -> Iterator[PlatformDouble]:
    with platform() as started:
        yield started


@pytest.fixture
def house(runtime: Runtime, double: PlatformDouble, tmp_path: Path) -> Iterator[Runtime]:
    """A runtime over the same database, with both platforms at the double."""
    opened = Runtime.open(
        settings_for(
            tmp_path,
            wechat=wechat("secure", api_base=double.address, open_base=double.address),
            wecom={
                "enabled": True,
                "corp_id": "corp1",
                "agent_id": 1_000_002,
                "secret": "the-corp-secret",
                "api_base": double.address,
                "webhooks": {"内科": "key-1"},
            },
        )
    )
    yield opened
    opened.close()


def refusal(errcode: Any, errmsg: str = "no rid: 6a") -> Say:
    return Say({"errcode": errcode, "errmsg": errmsg})


class TestTokens:
    def test_one_fetch_for_sixteen_threads_and_two_processes(self, house: Runtime, double: PlatformDouble) -> None:
        other = Runtime.open(house.settings)
        accounts = [OfficialAccount(house), OfficialAccount(other), OfficialAccount(house)]
        with ThreadPoolExecutor(16) as pool:
            tokens = list(pool.map(lambda number: accounts[number % 3].token(), range(32)))
        other.close()
        assert set(tokens) == {"T1"}
        assert len(double.to(STABLE)) == 1
        assert double.to(STABLE)[0].body["force_refresh"] is False

    def test_its_life_is_as_long_as_the_platform_says(self, house: Runtime, double: PlatformDouble) -> None:
        double.script[STABLE] = [
            Say({"access_token": "T1", "expires_in": 900}),
            Say({"access_token": "T2", "expires_in": 900}),
        ]
        account, file = OfficialAccount(house), Path(house.settings.sandbox.clock_file)
        assert account.token() == "T1"
        clock.move(file, NOON + timedelta(seconds=800))
        assert account.token() == "T1"
        clock.move(file, NOON + timedelta(seconds=860))
        assert account.token() == "T2"
        clock.move(file, NOON - timedelta(days=1))
        assert account.token() == "T2" and len(double.to(STABLE)) == 3

    @pytest.mark.parametrize("errcode", [40001, 40014, 42001, "40001"])
    def test_a_rejected_token_is_renewed_once(self, house: Runtime, double: PlatformDouble, errcode: Any) -> None:
        double.script[CUSTOM] = [refusal(errcode), Say({"errcode": 0})]
        OfficialAccount(house).send_text("oPatient", "您好")
        assert [one.query["access_token"] for one in double.to(CUSTOM)] == ["T1", "T2"]

    def test_a_lasting_rejection_ends_after_one_renewal(
        self, house: Runtime, double: PlatformDouble, caplog: pytest.LogCaptureFixture
    ) -> None:
        double.script[CUSTOM] = [refusal(40001)]
        with pytest.raises(PlatformError) as refused:
            OfficialAccount(house).send_text("oPatient", "您好")
        assert refused.value.reaction == reactions.TOKEN
        assert (len(double.to(CUSTOM)), len(double.to(STABLE))) == (2, 2)
        assert "40001" in caplog.text

    @pytest.mark.parametrize("first", [Say({"access_token": "T2", "expires_in": 7200}), refusal(-1), GATEWAY, HANG_UP])
    def test_nobody_fetches_within_a_second_of_the_last_fetch_even_if_the_shared_clock_jumps(
        self, house: Runtime, double: PlatformDouble, first: Say
    ) -> None:
        """Four processes at once, each refused its token; a minute passes on the shared clock with each fetch."""
        file = Path(house.settings.sandbox.clock_file)

        def fetched(say: Say) -> Callable[[Any], Say]:
            def jump(_: Any) -> Say:
                clock.move(file, clock.file_clock(file)() + timedelta(minutes=1))
                return say

            return jump

        good = Say({"access_token": "T3", "expires_in": 7200})
        double.script[STABLE] = [fetched(first), fetched(good)]
        processes = [Runtime.open(house.settings) for _ in range(4)]
        accounts = [OfficialAccount(one) for one in processes]

        def ask(number: int) -> None:
            with contextlib.suppress(PlatformError):
                accounts[number % 4]._platform._keeper.token(rejected="T2")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(8)))
        for one in processes:
            one.close()
        times = [one.at for one in double.to(STABLE)]
        assert len(times) == 2
        assert times[1] - times[0] >= platform_tokens.REST.total_seconds() - 0.01

    def test_what_another_process_renewed_is_used(self, house: Runtime, double: PlatformDouble) -> None:
        account = OfficialAccount(house)
        assert account.token() == "T1"
        with house.transaction() as session:
            platform_tokens.keep(session, house.vault, "wechat:wx0123456789abcdef", "T9", expires_in=7200, now=NOON)
        double.script[CUSTOM] = [
            lambda call: Say({"errcode": 0} if call.query["access_token"] == "T9" else {"errcode": 40001})
        ]
        account.send_text("oPatient", "您好")
        assert len(double.to(STABLE)) == 1

    def test_a_wrong_secret_stops(self, house: Runtime, double: PlatformDouble) -> None:
        double.script[STABLE] = [refusal(40001), refusal(40125)]
        for errcode in (40001, 40125):
            with pytest.raises(PlatformError) as refused:
                OfficialAccount(house).token()
            assert (refused.value.reaction, refused.value.errcode) == (reactions.STOP, errcode)

    def test_the_administrator_learns_the_address_to_allow(self, house: Runtime, double: PlatformDouble) -> None:
        double.script[STABLE] = [
            refusal(40164, "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 1")
        ]
        with pytest.raises(PlatformError) as refused:
            OfficialAccount(house).token()
        assert refused.value.address == "203.0.113.9"
        assert len(double.to(STABLE)) == 1
        assert "203.0.113.9" in asking.ask(house)["wechat"]
        assert asking.ask(house)["wecom"] == ""

    @pytest.mark.parametrize("odd", [{}, {"access_token": ""}, {"access_token": "T", "expires_in": "x"}, [], "T", None])
    def test_an_odd_token_answer(self, house: Runtime, double: PlatformDouble, odd: Any) -> None:
        double.script[STABLE] = [Say(odd)]
        with pytest.raises(PlatformError):
            OfficialAccount(house).token()

    def test_it_is_sealed_in_the_database(self, house: Runtime, double: PlatformDouble) -> None:
        double.script[STABLE] = [Say({"access_token": "A-VERY-VISIBLE-TOKEN", "expires_in": 7200})]
        OfficialAccount(house).token()
        folder = Path(house.settings.sandbox.clock_file).parent
        assert all(b"A-VERY-VISIBLE-TOKEN" not in file.read_bytes() for file in folder.glob("stars.db*"))

    def test_a_lease_of_a_dead_process_ends(self, house: Runtime, double: PlatformDouble) -> None:
        with house.transaction() as session:
            long_ago = clock.system_clock() - platform_tokens.LEASE
            assert platform_tokens.claim(session, "wechat:wx0123456789abcdef", "dead", long_ago)
            assert not platform_tokens.claim(session, "wechat:wx0123456789abcdef", "me", long_ago)
        assert OfficialAccount(house).token() == "T1"


class TestReactions:
    def test_every_shared_answer_has_the_named_reaction(self, house: Runtime, double: PlatformDouble) -> None:
        wanted = {
            "stop the batch, tell the administrator": reactions.STOP,
            "other channel": reactions.OTHER_CHANNEL,
            "shorten or clean the field; thing fields take 20 characters at most": reactions.SHORTEN,
            "retry with growing pauses": reactions.RETRY,
            "no retry": reactions.STOP,
            "retry with growing pauses; never a JSON error": reactions.RETRY,
        }
        with samples.path("wechat_fixtures/index.tsv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["type"] == "api"]
        assert len(rows) >= 6
        for row in rows:
            told = json.loads(row["expected"])
            content = samples.path(f"wechat_fixtures/{row['file']}").read_bytes()
            double.script[CUSTOM] = [Say(raw=content, status=told["_http"])]
            with pytest.raises(PlatformError) as refused:
                OfficialAccount(house).send_text("oPatient", "您好")
            assert refused.value.reaction == wanted[told["_client"]], row["file"]

    def test_the_quota_stops_this_call_until_midnight_in_china(self, house: Runtime, double: PlatformDouble) -> None:
        double.script[CUSTOM] = [refusal(45009)]
        account = OfficialAccount(house)
        for _ in range(3):
            with pytest.raises(PlatformError) as refused:
                account.send_text("oPatient", "您好")
            assert 12 * 3600 - 60 < refused.value.retry_after <= 12 * 3600 + 1
        assert len(double.to(CUSTOM)) == 1
        account.create_menu([])
        clock.move(Path(house.settings.sandbox.clock_file), NOON + timedelta(hours=12))
        double.script[CUSTOM] = [Say({})]
        account.send_text("oPatient", "您好")

    def test_midnight_is_chinese(self) -> None:
        assert next_midnight(datetime(2026, 11, 20, 15, 59, tzinfo=UTC)) == datetime(2026, 11, 20, 16, tzinfo=UTC)
        assert next_midnight(datetime(2026, 11, 20, 16, 0, tzinfo=UTC)) == datetime(2026, 11, 21, 16, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("say", "reaction"),
        [
            (HANG_UP, reactions.UNSURE),
            (GATEWAY, reactions.RETRY),
            (Say(status=302, raw=b""), reactions.RETRY),
            (Say(raw=b"{"), reactions.RETRY),
            (Say(raw=b'{"errcode": 1e999}'), reactions.RETRY),
            (Say(raw=b"[" * 100_000), reactions.RETRY),
            (Say(raw=b" " * 2_000_000), reactions.UNSURE),
            (refusal("45011"), reactions.SLOW_DOWN),
            (refusal(99_999), reactions.FAIL),
        ],
    )
    def test_faults_of_the_wire(self, house: Runtime, double: PlatformDouble, say: Say, reaction: str) -> None:
        double.script[CUSTOM] = [say]
        with pytest.raises(PlatformError) as refused:
            OfficialAccount(house).send_text("oPatient", "您好")
        assert refused.value.reaction == reaction

    def test_no_answer_in_time_is_unsure_and_nobody_there_is_unreached(self, double: PlatformDouble) -> None:
        double.script["slow"] = [Say(wait=True)]
        with pytest.raises(PlatformError) as unsure:
            Caller(double.address, timeout=(1, 0.1)).json("GET", "slow", {})
        with pytest.raises(PlatformError) as unreached:
            Caller(f"http://127.0.0.1:{closed_port()}").json("GET", "slow", {})
        assert (unsure.value.reaction, unreached.value.reaction) == (reactions.UNSURE, reactions.UNREACHED)


def test_nothing_secret_in_errors_and_logs(
    house: Runtime, double: PlatformDouble, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG, with every kind of failure, in the text, the arguments and the chain of every error."""
    attempts: list[Callable[[], object]] = [
        lambda: OfficialAccount(house).send_text("oPatient", "您好"),
        lambda: OfficialAccount(house).openid_of("code-1"),
        lambda: Wecom(house).send_text("d01", "您好", distinct=1),
        lambda: Wecom(house).token(),
    ]
    spoken = []
    with caplog.at_level(logging.DEBUG):
        for say in (HANG_UP, GATEWAY, refusal(40001, "secret the-app-secret T1"), refusal(40164, "ip 1.2.3.4 T1")):
            for path in (CUSTOM, "cgi-bin/gettoken", "sns/oauth2/access_token", "cgi-bin/message/send"):
                double.script[path] = [say]
            for attempt in attempts:
                with pytest.raises(Unavailable) as failed:
                    attempt()
                chain: BaseException | None = failed.value
                while chain is not None:
                    spoken += [str(chain), repr(chain.args), repr(vars(chain))]
                    chain = chain.__cause__ or chain.__context__
    for secret in SECRETS:
        assert secret not in caplog.text + "".join(spoken), secret


class TestCalls:
    def test_template(self, house: Runtime, double: PlatformDouble) -> None:
        OfficialAccount(house).send_template(
            "oStaff", "TPL", {"thing1": "十一月\n服务之星" + "好" * 30}, url="https://h.example/s", client_msg_id="c1"
        )
        sent = double.to("cgi-bin/message/template/send")[0].body
        assert (sent["client_msg_id"], sent["url"]) == ("c1", "https://h.example/s")
        assert sent["data"] == {"thing1": {"value": "十一月 服务之星" + "好" * 11 + "…"}}

    def test_template_values_by_type(self) -> None:
        assert template_value("phrase3", "非常满意的服务") == "非常满意…"
        assert template_value("name1", "张伟") == "张伟"
        assert len(template_value("unheard", "好" * 99)) == 20

    def test_codes_and_menu(self, house: Runtime, double: PlatformDouble) -> None:
        double.script["cgi-bin/qrcode/create"] = [
            Say({"ticket": "t", "expire_seconds": 2_592_000, "url": "http://weixin.qq.com/q/1"})
        ]
        account = OfficialAccount(house)
        made = account.create_code("D01", expires_in=timedelta(days=99))
        assert (made.url, made.expires_in) == ("http://weixin.qq.com/q/1", 2_592_000)
        account.create_code("D01", expires_in=None)
        asked = [one.body for one in double.to("cgi-bin/qrcode/create")]
        assert [one["action_name"] for one in asked] == ["QR_STR_SCENE", "QR_LIMIT_STR_SCENE"]
        assert asked[0]["expire_seconds"] == 2_592_000
        with pytest.raises(Refused):
            account.create_code("x" * 65)
        account.create_menu([{"type": "click", "name": "评价", "key": "rate"}])
        assert double.to("cgi-bin/menu/create")[0].body["button"][0]["name"] == "评价"

    def test_sign_in_of_a_patient(self, house: Runtime, double: PlatformDouble) -> None:
        path, account = "sns/oauth2/access_token", OfficialAccount(house)
        double.script[path] = [
            Say({"openid": "oP", "access_token": "x"}),
            Say({"openid": "oFake", "is_snapshotuser": 1}),
            refusal(40163),
            refusal(40029),
            Say({"nothing": 1}),
        ]
        assert account.openid_of("c") == "oP"
        for code in ("wechat.snapshot_user", "wechat.code_used", "wechat.code_used"):
            with pytest.raises(Refused) as refused:
                account.openid_of("c")
            assert refused.value.code == code
        with pytest.raises(PlatformError):
            account.openid_of("c")
        page = account.authorize_url("https://h.example/in?a=1&b=2", "st8")
        assert page.startswith(
            f"{double.address}/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fh"
        )
        assert page.endswith("&response_type=code&scope=snsapi_base&state=st8#wechat_redirect")

    def test_media(self, house: Runtime, double: PlatformDouble) -> None:
        path = "cgi-bin/media/get"
        double.script[path] = [Say(raw=b"\xff\xd8jpeg", kind="image/jpeg"), refusal(40007), Say({"video_url": "x"})]
        account = OfficialAccount(house)
        assert account.media("m1").body == b"\xff\xd8jpeg"
        with pytest.raises(PlatformError) as expired:
            account.media("m1")
        assert expired.value.reaction == reactions.UPLOAD_AGAIN
        with pytest.raises(PlatformError):
            account.media("m1")


class TestStaffIdentity:
    def test_a_member(self, house: Runtime, double: PlatformDouble) -> None:
        path, identity = "cgi-bin/auth/getuserinfo", WecomIdentity(house)
        double.script[path] = [Say({"errcode": 0, "userid": "d01"}), refusal(40029), Say({"openid": "oX"}), GATEWAY]
        assert identity.identify("c") == "d01"
        for kind, code in (
            (Refused, "staff.code_used"),
            (Refused, "wechat.not_a_member"),
            (Unavailable, "staff.platform_down"),
        ):
            with pytest.raises(kind) as refused:
                identity.identify("c")
            assert refused.value.code == code
        assert "&agentid=1000002#wechat_redirect" in identity.authorize_url("http://127.0.0.1/in", "s")

    def test_none_when_not_set_up(self, runtime: Runtime) -> None:
        assert open_identity(runtime) is None


def test_a_pasted_webhook_address_is_taken_for_its_key() -> None:
    assert webhook_key("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-1") == "abc-1"
    assert webhook_key("abc-1") == "abc-1"
