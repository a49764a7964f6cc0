"""Calls to the platforms' interfaces as a product makes them, with plain requests."""

from types import TracebackType
from typing import Any

import requests

from tests.bots.sandbox.product import AGENT, APP_ID, CORP_ID, CORP_SECRET, GROUP_KEY, SECRET


class Calls:
    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.session.trust_env = False

    def __enter__(self) -> "Calls":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.session.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.session.get(self.address + path, params=query).json()
        return answer

    def post(self, path: str, body: Any, **query: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.session.post(self.address + path, json=body, params=query).json()
        return answer

    def classic(self) -> str:
        query = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}
        return str(self.get("/cgi-bin/token", **query)["access_token"])

    def stable(self, *, force: bool = False) -> dict[str, Any]:
        body = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": force}
        return self.post("/cgi-bin/stable_token", body)

    def corp(self) -> str:
        return str(self.get("/cgi-bin/gettoken", corpid=CORP_ID, corpsecret=CORP_SECRET)["access_token"])

    def works(self, token: str) -> int:
        """The errcode of a harmless call with this token; 0 for one that works."""
        answer = self.get("/cgi-bin/ticket/getticket", access_token=token, type="jsapi")
        return int(answer["errcode"])

    def custom(self, token: str, openid: str, text: str) -> int:
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        return int(self.post("/cgi-bin/message/custom/send", body, access_token=token)["errcode"])

    def template(self, token: str, openid: str, value: str = "已公布", **more: Any) -> dict[str, Any]:
        body = {"touser": openid, "template_id": "tpl-result", "data": {"thing1": {"value": value}}, **more}
        return self.post("/cgi-bin/message/template/send", body, access_token=token)

    def wecom(self, token: str, touser: str, text: str, **more: Any) -> dict[str, Any]:
        body = {"touser": touser, "agentid": AGENT, "msgtype": "text", "text": {"content": text}, **more}
        return self.post("/cgi-bin/message/send", body, access_token=token)

    def webhook(self, text: str, key: str = GROUP_KEY) -> int:
        body = {"msgtype": "text", "text": {"content": text}}
        return int(self.post("/cgi-bin/webhook/send", body, key=key)["errcode"])
