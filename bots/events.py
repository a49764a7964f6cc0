"""Following, scanning, tapping the menu; and messages without words."""

from bots.intents import _intake, complaint, menu
from bots.language.directory import Point
from bots.messages import Reply
from bots.turn import Turn
from feedback_app.errors import FeedbackError, Gone
from feedback_app.services import codes, conversations, directory, own_cases, people

CLICKS = {
    "rate": "评价",
    "complain": "投诉",
    "progress": "查进度",
    "human": "人工",
    "praise": "表扬",
    "mine": "我的",
    "help": "帮助",
}
"""Keys of the account's own menu, and the entry each stands for."""
OURS = "stars."
"""Begins the keys of our buttons, which may stand in one menu with another system's."""


def answer(turn: Turn) -> Reply:
    """The answer to an event; empty for those nobody waits for an answer to."""
    event = turn.inbound.event
    if event == "unsubscribe":
        people.forget(turn.session, turn.runtime.vault, turn.inbound.openid, app_id=turn.runtime.settings.wechat.app_id)
        turn.settle()
        return Reply()
    if event in {"subscribe", "SCAN"}:
        return _arrived(turn, turn.inbound.event_key, first=event == "subscribe")
    if event == "CLICK":
        return menu.entry(turn, CLICKS.get(turn.inbound.event_key.removeprefix(OURS), "帮助"))
    return Reply()


def _arrived(turn: Turn, scene: str, *, first: bool) -> Reply:
    if not scene or scene.startswith("last_trade_no_"):
        return _welcome(turn)
    try:
        code = codes.open_code(turn.session, turn.runtime.vault, scene)
    except Gone as error:
        if error.code == "codes.not_open":
            return Reply.of(turn.say("rating.not_open", name=error.params["name"]))
        return _stopped(turn, scene, str(error.params.get("name", "")))
    except FeedbackError:
        return Reply.of(turn.say("welcome.bad_code"))
    point = next((one for one in turn.directory.points if one.id == code.service_point_id), None)
    if point is None:
        return Reply.of(turn.say("welcome.bad_code"))
    return greet_at(turn, point, code.text or "", first=first)


def _stopped(turn: Turn, scene: str, name: str) -> Reply:
    """An old code: said so, with the new one of the same place where there is one."""
    point = codes.find(turn.session, turn.runtime.vault, scene).service_point
    successor = directory.active_code(turn.session, point) if point.active else ""
    if not successor:
        return Reply.of(turn.say("welcome.stopped", name=name))
    link = codes.address(turn.runtime.settings.server.base_url, successor)
    turn.wait_for("scan", point=point.id)
    return Reply.of(turn.say("welcome.replaced", name=name, link=link))


def greet_at(turn: Turn, point: Point, code: str, *, first: bool) -> Reply:
    """Standing at a service point: the form, or just a figure."""
    turn.wait_for("scan", point=point.id)
    link = codes.address(turn.runtime.settings.server.base_url, code)
    return Reply.of(turn.say("welcome.scanned" if first else "welcome.again", name=turn.place(point), link=link))


def _welcome(turn: Turn) -> Reply:
    hospital = turn.runtime.settings.hospital
    name = hospital.name_en if turn.language == "en" and hospital.name_en else hospital.name
    return turn.menu(turn.say("welcome.plain", hospital=name))


def without_words(turn: Turn) -> Reply:
    """A picture, a voice message nobody wrote down, a place: kept with an open complaint, otherwise explained."""
    if turn.inbound.kind not in {"image", "voice", "video", "shortvideo", "location", "link"}:
        return turn.menu() if turn.inbound.kind == "text" else Reply()
    offered = turn.step is not None and turn.step.name == "offer_complaint"
    if offered:  # proof sent along is a yes
        complaint.open_offered(turn)
    kept = _intake.media(turn, just_opened=offered)
    if kept is not None:
        return kept
    step = turn.step
    if step is not None and step.name == "ask_detail":
        return _intake.awaits_story(turn, str(step.data.get("text") or ""))
    if step is not None and step.name in {"case", "settled"}:
        return _with_case(turn, str(step.data.get("number", "")))
    return Reply.of(turn.say("nonsense.media"))


def _with_case(turn: Turn, number: str) -> Reply:
    try:
        case = own_cases.own(turn.session, turn.person, number)
    except FeedbackError:
        return Reply.of(turn.say("nonsense.media"))
    inbound = turn.inbound
    kept = {"kind": inbound.kind, "media_id": inbound.media_id}
    own_cases.add(turn.session, case, f"[{inbound.kind}]", turn.now, **kept)
    conversations.remember(turn.session, turn.person, turn.step, turn.now)
    return Reply.of(turn.say("complaint.media_added", number=number))
