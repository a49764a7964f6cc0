"""The control interface for tests and the demo: JSON in, JSON out, under ``/sandbox/api``. See ``bots.sandbox.client``.

============================= ======================================================================================
POST /patients                {openid, name?, following?, snapshot?, template_outcome?}: add or change a patient
POST /members                 [{userid, name?, department?}, …] or one: add WeCom members
DELETE /members/<userid>      left the hospital: from now on in ``invaliduser``
POST /say                     {openid, text, menu_id?} -> outcome
POST /voice                   {openid, recognition?} -> outcome (without recognition the field is missing)
POST /picture                 {openid} -> outcome
POST /message                 {openid, kind, fields} -> outcome: any other message type
POST /event                   {openid, event, fields} -> outcome: any event
POST /follow /unfollow        {openid, scene?} -> outcome
POST /scan                    {openid, scene} -> outcome; the scene, or the ticket or url qrcode/create gave
POST /click                   {openid, key} -> outcome
POST /consent                 {openid, template_id, accept} -> outcome
POST /repeat                  {times} -> [outcome]: the last callback again, same MsgId and CreateTime
POST /verify                  {} -> {ok, status}: the GET with echostr
GET  /received                ?openid= | userid= | webhook= -> [message] the hospital sent, oldest first
GET  /chat                    ?openid= -> [message] the whole chat
GET  /counts                  {received: {openid|userid|webhook: {who: n}}, calls: {path: n}, token_calls: {path: [s]}, dropped: …,
                              faults: {kind: n}} (those still wished for)
POST /faults, DELETE /faults  {kind, path?, share?, times?, seconds?}: see ``bots.sandbox.faults``
POST /settings                {mode?, ip_refused?, secret_frozen?, phone_openid?, phone_userid?, cut_seconds?}
POST /quotas                  {path: n}: other daily limits
POST /templates               {id, fields: {name: type}}: a template the account has
POST /renew                   {platform: wechat | wecom}: another system renewed the token
POST /settle                  {} returns when every event the platform still owed has been pushed
POST /reset                   {} forget everybody and everything
============================= ======================================================================================

outcome: ``{shown, kind, why, content, tries, statuses, seconds, msg_id}``. ``shown`` is the text the person sees ("" for
nothing), ``kind`` is nothing, failure (WeChat's own text, ``why`` says the cause) or the MsgType of the reply.
A wrong request gets 400 ``{error}``; what the phone itself would refuse, 409.
"""

from collections import defaultdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from bots.sandbox.actions import NotPossible
from bots.sandbox.gate import phone
from bots.sandbox.pusher import Outcome
from bots.sandbox.state import Member, Message

blueprint = Blueprint("control", __name__, url_prefix="/sandbox/api")
MODES = ("plain", "compatible", "secure")


@blueprint.errorhandler(NotPossible)
def _refused(error: NotPossible) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), 409


@blueprint.errorhandler(BadRequest)
@blueprint.errorhandler(ValueError)
def _wrong(error: Exception) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), 400


def _given() -> dict[str, Any]:
    value = request.get_json(silent=True)
    if not isinstance(value, dict):
        raise ValueError("a JSON object is needed")
    return value


def _word(given: dict[str, Any], name: str, default: str | None = None) -> str:
    value = given.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise ValueError(f"{name} is needed, as text")
    return value


def _told(outcome: Outcome) -> Response:
    return jsonify(outcome.as_dict())


@blueprint.post("/patients")
def patients() -> Response:
    given = _given()
    platform = phone().platform
    with platform.lock:
        following = bool(given.get("following", True))
        person = platform.patient(_word(given, "openid"), _word(given, "name", ""), following=following)
        for name in ("name", "snapshot", "template_outcome", "following"):
            if name in given:
                setattr(person, name, given[name])
    return jsonify({"openid": person.openid})


@blueprint.post("/members")
def members() -> Response:
    given: Any = request.get_json(silent=True)
    rows = given if isinstance(given, list) else [given]
    try:
        made = [Member(row["userid"], row.get("name") or row["userid"], row.get("department", "")) for row in rows]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("a member needs a userid") from error
    phone().platform.add_members(made)
    return jsonify({"members": len(made)})


@blueprint.delete("/members/<userid>")
def member_left(userid: str) -> Response:
    return jsonify({"left": phone().platform.remove_member(userid)})


@blueprint.post("/say")
def say() -> Response:
    given = _given()
    return _told(phone().say(_word(given, "openid"), _word(given, "text", ""), menu_id=_word(given, "menu_id", "")))


@blueprint.post("/voice")
def voice() -> Response:
    given = _given()
    return _told(phone().voice(_word(given, "openid"), given.get("recognition")))


@blueprint.post("/picture")
def picture() -> Response:
    return _told(phone().picture(_word(_given(), "openid")))


@blueprint.post("/message")
def message() -> Response:
    given = _given()
    return _told(phone().message(_word(given, "openid"), _word(given, "kind"), given.get("fields") or {}))


@blueprint.post("/event")
def event() -> Response:
    given = _given()
    return _told(phone().event(_word(given, "openid"), _word(given, "event"), given.get("fields") or {}))


@blueprint.post("/follow")
def follow() -> Response:
    given = _given()
    return _told(phone().follow(_word(given, "openid"), _word(given, "scene", "")))


@blueprint.post("/unfollow")
def unfollow() -> Response:
    return _told(phone().unfollow(_word(_given(), "openid")))


@blueprint.post("/scan")
def scan() -> Response:
    given = _given()
    return _told(phone().scan(_word(given, "openid"), _word(given, "scene")))


@blueprint.post("/click")
def click() -> Response:
    given = _given()
    return _told(phone().click(_word(given, "openid"), _word(given, "key")))


@blueprint.post("/consent")
def consent() -> Response:
    given = _given()
    accept = bool(given.get("accept", True))
    return _told(phone().consent(_word(given, "openid"), _word(given, "template_id"), accept=accept))


@blueprint.post("/repeat")
def repeat() -> Response:
    times = int(_given().get("times", 1))
    return jsonify([outcome.as_dict() for outcome in phone().repeat(times)])


@blueprint.post("/verify")
def verify() -> Response:
    return jsonify(phone().pusher.verify())


@blueprint.get("/received")
def received() -> Response:
    for kind in ("openid", "userid", "webhook"):
        if who := request.args.get(kind):
            return _messages(phone().platform.box((kind, who), theirs=True))
    raise ValueError("openid, userid or webhook is needed")


@blueprint.get("/chat")
def chat() -> Response:
    return _messages(phone().platform.box(("openid", request.args.get("openid", ""))))


def _messages(messages: list[Message]) -> Response:
    return jsonify([one.as_dict() for one in messages])


@blueprint.get("/counts")
def counts() -> Response:
    platform = phone().platform
    received: dict[str, dict[str, int]] = defaultdict(dict)
    with platform.lock:
        for (kind, who), number in platform.received.items():
            received[kind][who] = number
        counted = {"calls": platform.calls, "token_calls": platform.token_calls, "dropped": platform.dropped}
        return jsonify({"received": received, **counted, "faults": platform.faults.happened()})


@blueprint.post("/faults")
def add_fault() -> Response:
    platform = phone().platform
    with platform.lock:
        platform.faults.add(_given())
    return jsonify({"faults": len(platform.faults.wanted)})


@blueprint.delete("/faults")
def clear_faults() -> Response:
    platform = phone().platform
    with platform.lock:
        platform.faults.wanted.clear()
    return jsonify({"faults": 0})


@blueprint.post("/settings")
def change() -> Response:
    given = _given()
    platform = phone().platform
    if "cut_seconds" in given:
        phone().pusher.cut_seconds = float(given.pop("cut_seconds"))
    unknown = set(given) - {"mode", "ip_refused", "secret_frozen", "phone_openid", "phone_userid"}
    if unknown or given.get("mode", "plain") not in MODES:
        raise ValueError(f"unknown setting or mode: {sorted(unknown) or given.get('mode')}")
    with platform.lock:
        for name, value in given.items():
            setattr(platform, name, value)
    return jsonify({"mode": platform.mode})


@blueprint.post("/quotas")
def quotas() -> Response:
    limits = {str(path): int(most) for path, most in _given().items()}
    platform = phone().platform
    with platform.lock:
        platform.quotas.limits.update(limits)
    return jsonify(limits)


@blueprint.post("/templates")
def templates() -> Response:
    given = _given()
    platform = phone().platform
    with platform.lock:
        platform.templates[_word(given, "id")] = dict(given.get("fields") or {})
    return jsonify({"templates": len(platform.templates)})


@blueprint.post("/renew")
def renew() -> Response:
    which = _word(_given(), "platform")
    if which not in {"wechat", "wecom"}:
        raise ValueError("platform is wechat or wecom")
    phone().platform.another_system_renews(which)
    return jsonify({})


@blueprint.post("/settle")
def settle() -> Response:
    phone().later.settle()
    return jsonify({})


@blueprint.post("/reset")
def reset() -> Response:
    phone().later.settle()
    phone().platform.reset()
    return jsonify({})
