"""Everything is done once over real processes; afterwards no log, no page and no process's arguments hold a secret or a person."""

import subprocess
from pathlib import Path

import pytest

from tests.journeys.conftest import Running

pytestmark = pytest.mark.journey
PHONE, NAME = "13912345678", "欧阳雪梅"


def secrets_of(running: Running) -> dict[str, str]:
    settings = running.runtime.settings
    return {
        "secret_key": settings.security.secret_key.get_secret_value(),
        "app_secret": settings.wechat.app_secret.get_secret_value(),
        "token": settings.wechat.token.get_secret_value(),
        "encoding_aes_key": settings.wechat.encoding_aes_key.get_secret_value(),
        "wecom_secret": settings.wecom.secret.get_secret_value(),
        **{f"webhook {name}": one.get_secret_value() for name, one in settings.wecom.webhooks.items()},
        "phone": PHONE,
        "name": NAME,
        "openid": "o-sentinel-patient",
    }


def arguments_of(running: Running) -> str:
    pids = [str(process.pid) for process in running.processes.values()]
    told = subprocess.run(["ps", "-o", "args=", "-g", ",".join(pids)], capture_output=True, text=True, check=False)
    return told.stdout or "\n".join(Path(f"/proc/{pid}/cmdline").read_text("utf-8") for pid in pids)


def test_no_secret_in_a_log(hospital: Running) -> None:
    phones = hospital.phones
    hospital.bind("D01")
    receipt = hospital.rate(hospital.address_of("W03"), 1, f"我叫{NAME}，电话{PHONE}")
    phones.follow("o-sentinel-patient")
    phones.say("o-sentinel-patient", f"我要投诉，我叫{NAME}，电话{PHONE}，排队三小时")
    phones.say("o-sentinel-patient", "我的数据")
    copied = hospital.command("backup", str(hospital.folder / "copy.db"))
    pages = [
        hospital.browser.get(f"{hospital.base}{path}", timeout=20).text
        for path in (receipt, "/mine/x", "/s/%00", "/admin/complaints", "/evidence/", "/stars/", "/wechat?signature=x")
    ]
    hospital.browser.post(f"{hospital.base}/wechat?signature=x", data=b"<xml>", timeout=20)
    hospital.until(lambda: "POST" in (hospital.folder / "web.log").read_text("utf-8"), "the web process has logged")
    told = {log.name: log.read_text("utf-8") for log in hospital.folder.glob("*.log") if log.name != "sandbox.log"}
    assert {"web.log", "worker.log"} <= set(told)
    told |= {"arguments": arguments_of(hospital), "pages": "\n".join(pages), "backup": copied.stdout + copied.stderr}
    found = [
        (where, what) for where, text in told.items() for what, secret in secrets_of(hospital).items() if secret in text
    ]
    assert found == []
