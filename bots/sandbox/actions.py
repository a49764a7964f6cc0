"""What people do with the phone: each action is a push to the product and opens a customer-service window."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bots.sandbox.pusher import CUT_SECONDS, Later, Outcome, Push, Pusher
from bots.sandbox.state import ACCOUNT, MEDIA_LIFE, MINE, SYSTEM, Media, Patient, Platform


class NotPossible(Exception):
    """The phone would not let one do this (writing without following, an expired code)."""


@dataclass
class Phone:
    """Actions of patients; ``later`` pushes what the platform reports on its own."""

    platform: Platform
    cut_seconds: float = CUT_SECONDS
    later: Later = field(default_factory=Later)

    def __post_init__(self) -> None:
        self.pusher = Pusher(self.platform, self.cut_seconds)
        self.last: Push | None = None  # what somebody did last; not what the platform reported

    def say(self, openid: str, text: str, *, menu_id: str = "") -> Outcome:
        """Type a text, or (``menu_id``) tap a line of a msgmenu."""
        extra = {"bizmsgmenuid": menu_id} if menu_id else {}
        action = "menu_choice" if menu_id else "message"
        return self._message(openid, "text", {"Content": text, **extra}, text, action)

    def voice(self, openid: str, recognition: str | None) -> Outcome:
        """Speak. ``recognition``: what the platform understood; None: the field is missing, as it mostly is today."""
        fields: dict[str, Any] = {"MediaId": self._media("voice", b"#!AMR\n"), "Format": "amr"}
        if recognition is not None:
            fields["Recognition"] = recognition
        return self._message(openid, "voice", fields, recognition or "", "message")

    def picture(self, openid: str, content: bytes = b"\xff\xd8\xff\xe0JFIF\xff\xd9") -> Outcome:
        media = self._media("image", content)
        address = f"http://mmbiz.qpic.cn/mmbiz_jpg/{media}/0"
        return self._message(openid, "image", {"PicUrl": address, "MediaId": media}, "[图片]", "message")

    def message(self, openid: str, kind: str, fields: Mapping[str, Any]) -> Outcome:
        """Any other message: location, link, video …"""
        return self._message(openid, kind, fields, f"[{kind}]", "message")

    def follow(self, openid: str, scene: str = "") -> Outcome:
        """Follow; with a scene, by scanning its code. Already following: nothing but a new subscribe event."""
        person = self.platform.patient(openid, following=False)
        with self.platform.lock:
            person.following, person.followed_at = True, self.platform.now()
        extra = {"EventKey": f"qrscene_{scene}", "Ticket": self._ticket(scene)} if scene else {"EventKey": ""}
        self._note(openid, "您已关注该公众号")
        return self.event(openid, "subscribe", extra, action="scan" if scene else "follow")

    def unfollow(self, openid: str) -> Outcome:
        person = self.platform.patient(openid)
        with self.platform.lock:
            person.following = False
            person.window.close()
        self._note(openid, "您已取消关注")
        return self.event(openid, "unsubscribe", {"EventKey": ""}, visible=False)

    def scan(self, openid: str, what: str) -> Outcome:
        """Scan a parametric code: a ticket, its weixin.qq.com address, or simply a scene.

        Raises NotPossible when the code has expired.
        """
        scene = self._scene(what)
        if not self.platform.patient(openid, following=False).following:
            return self.follow(openid, scene)
        return self.event(openid, "SCAN", {"EventKey": scene, "Ticket": self._ticket(scene)}, action="scan")

    def click(self, openid: str, key: str) -> Outcome:
        """Tap a click button of the account's menu."""
        self._follower(openid)
        return self.event(openid, "CLICK", {"EventKey": key}, action="click")

    def event(
        self, openid: str, name: str, fields: Mapping[str, Any], *, action: str = "", visible: bool = True
    ) -> Outcome:
        """Push any event."""
        if action:
            self._opens(self.platform.patient(openid), action)
        self.last = self._event(openid, name, fields)
        return self.pusher.push(self.last, visible=visible)

    def event_later(self, openid: str, name: str, fields: Mapping[str, Any]) -> None:
        """Push an event on the platform's own account, soon."""
        push = self._event(openid, name, fields)
        self.later.add(lambda: self.pusher.push(push, visible=False))

    def consent(self, openid: str, template: str, *, accept: bool) -> Outcome:
        """Answer the pop-up of a subscription notice."""
        person = self.platform.patient(openid)
        with self.platform.lock:
            person.consents[template] += accept
        one = {"TemplateId": template, "SubscribeStatusString": "accept" if accept else "reject", "PopupScene": 1}
        fields = {"SubscribeMsgPopupEvent": {"List": one}}
        return self.event(openid, "subscribe_msg_popup_event", fields, visible=False)

    def repeat(self, times: int) -> list[Outcome]:
        """Push the last callback again, as retries do: same MsgId, same CreateTime, a new signature.

        Raises NotPossible when nothing was pushed yet.
        """
        last = self.last
        if last is None:
            raise NotPossible("nothing was pushed yet")
        return [self.pusher.push(last, visible=False) for _ in range(times)]

    def _message(self, openid: str, kind: str, fields: Mapping[str, Any], text: str, action: str) -> Outcome:
        person = self._follower(openid)
        self.platform.put(("openid", openid), MINE, "chat", kind, text)
        self._opens(person, action)
        self.last = self._push(openid, {"MsgType": kind, **fields, "MsgId": self.platform.next_msg_id()})
        return self.pusher.push(self.last)

    def _event(self, openid: str, name: str, fields: Mapping[str, Any]) -> Push:
        return self._push(openid, {"MsgType": "event", "Event": name, **fields})

    def _push(self, openid: str, fields: Mapping[str, Any]) -> Push:
        now = int(self.platform.now().timestamp())
        return Push(openid, {"ToUserName": ACCOUNT, "FromUserName": openid, "CreateTime": now, **fields})

    def _follower(self, openid: str) -> Patient:
        person = self.platform.patient(openid)
        if not person.following:
            raise NotPossible("follow the account first")
        return person

    def _opens(self, person: Patient, action: str) -> None:
        with self.platform.lock:
            person.window.open(action, self.platform.now())

    def _note(self, openid: str, text: str) -> None:
        self.platform.put(("openid", openid), SYSTEM, "wechat", "note", text)

    def _media(self, kind: str, content: bytes) -> str:
        with self.platform.lock:
            media = f"{kind}_{self.platform.next_msg_id()}"
            until = self.platform.now() + MEDIA_LIFE
            self.platform.remember(self.platform.media, media, Media(kind, content, until))
            return media

    def _scene(self, what: str) -> str:
        with self.platform.lock:
            for one in self.platform.scenes.values():
                if what in {one.ticket, one.address}:
                    if one.until and self.platform.now() >= one.until:
                        raise NotPossible("the code has expired")
                    return one.scene
            return what

    def _ticket(self, scene: str) -> str:
        with self.platform.lock:
            for one in self.platform.scenes.values():
                if one.scene == scene:
                    return one.ticket
            return self.platform.scene_for(scene).ticket
