"""The phone page: scan, chat, and what members of staff see. Server-rendered; works by reload, polls with a script."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bots.sandbox import rich
from bots.sandbox.actions import NotPossible
from bots.sandbox.codes import Codes, ShownCode
from bots.sandbox.gate import phone
from bots.sandbox.oauth import MEMBER_COOKIE, PATIENT_COOKIE
from bots.sandbox.state import Box, Message, Patient

blueprint = Blueprint("phone", __name__, url_prefix="/phone")
FIRST_PEOPLE = (("o-wang-fang", "王芳"), ("o-li-daye", "李大爷"), ("o-xiao-chen", "小陈"))
QUICK = ("你好", "给张伟医生5星", "3号窗口排队太久了", "我要投诉", "进度", "人工")
PAUSE = timedelta(minutes=5)  # a time is shown above a message after such a pause
MOST_ROWS = 60


@blueprint.app_context_processor
def _common() -> dict[str, object]:
    settings = phone().platform.settings
    return {"now": _local(phone().platform.now()), "account": settings.hospital.name, "local": _local, "rich": rich}


def _local(at: datetime) -> datetime:
    return at.astimezone(phone().platform.settings.hospital.zone)


def _me() -> Patient:
    """Who holds the phone: the cookie, else the first patient; on an empty sandbox some people are made."""
    platform = phone().platform
    with platform.lock:
        if not platform.patients:
            for openid, name in FIRST_PEOPLE:
                platform.patient(openid, name, following=False)
        mine = request.cookies.get(PATIENT_COOKIE, "")
        return platform.patients.get(mine) or platform.patients[platform.phone_openid]


@blueprint.get("/")
def home() -> str:
    box = phone().platform.box(("openid", _me().openid))
    return render_template("home.html", me=_me(), last=box[-1] if box else None)


@blueprint.get("/chat")
def chat() -> str:
    me = _me()
    menu = (phone().platform.menu or {}).get("button", [])
    return render_template("chat.html", me=me, bubbles=_bubbles(("openid", me.openid)), menu=menu, quick=QUICK)


@blueprint.get("/bubbles/<kind>/<who>")
def bubbles(kind: str, who: str) -> str:
    """What is new since message number ``after``, as a fragment for the polling script."""
    shown = _bubbles((kind, who))
    after = request.args.get("after", 0, type=int)
    return render_template("_bubbles.html", bubbles=[one for one in shown if one[0].number > after])


def _bubbles(box: Box) -> list[tuple[Message, bool]]:
    """Each message, and whether its time is shown."""
    shown: list[tuple[Message, bool]] = []
    for message in phone().platform.box(box):
        timed = not shown or message.at - shown[-1][0].at >= PAUSE
        shown.append((message, timed))
    return shown


@blueprint.post("/do/<action>")
def do(action: str) -> AnyResponse:
    """One action of the person; afterwards the chat."""
    me, form = _me().openid, request.form
    actions: dict[str, Callable[[], object]] = {
        "say": lambda: form["text"].strip() and phone().say(me, form["text"].strip()),
        "tap": lambda: _tap(me, form["line"]),
        "voice": lambda: phone().voice(me, form["recognition"].strip() or None),
        "picture": lambda: _picture(me),
        "click": lambda: phone().click(me, form["key"]),
        "follow": lambda: phone().follow(me),
        "unfollow": lambda: phone().unfollow(me),
        "scan": lambda: phone().scan(me, form["scene"]),
    }
    if action not in actions:
        abort(404)
    try:
        actions[action]()
    except NotPossible as problem:
        phone().platform.put(("openid", me), "system", "wechat", "note", f"手机不允许：{problem}")
    return redirect(url_for("phone.chat") + "#newest", 303)


def _tap(me: str, line: str) -> object:
    number, _, content = line.partition("|")
    return phone().say(me, content, menu_id=number)


def _picture(me: str) -> object:
    given = request.files.get("picture")
    content = given.read() if given else b""
    return phone().picture(me, content) if content else phone().picture(me)


@blueprint.get("/scan")
def scan() -> str:
    typed = request.args.get("q", "").strip()
    codes = _codes()
    found = [code for code in codes if _fits(typed, code["name"], code["code"], code["url"])]
    return render_template(
        "scan.html", typed=typed, codes=found[:MOST_ROWS], left_off=len(found[MOST_ROWS:]), direct=_direct(typed)
    )


def _codes() -> Sequence[ShownCode]:
    return cast(Codes, current_app.extensions["sandbox_codes"])()


def _fits(typed: str, *words: str) -> bool:
    plain = typed.replace("-", "").lower()
    return any(plain in word.replace("-", "").lower() for word in words)


def _direct(typed: str) -> dict[str, str]:
    """What scanning the typed thing itself would do: ``url`` to open, ``scene`` for the chat; empty: nothing typed."""
    if not typed:
        return {}
    if "weixin.qq.com/q/" in typed or typed.startswith("gQ"):
        return {"scene": typed}
    if typed.startswith(("http://", "https://")):
        code = urlsplit(typed).path.rpartition("/s/")[2]
        return {"url": typed, "scene": code}
    return {"url": f"{phone().platform.settings.server.base_url}/s/{typed}", "scene": typed}


@blueprint.get("/staff")
def staff() -> str:
    platform = phone().platform
    typed = request.args.get("q", "").strip()
    platform.ask_directory()
    with platform.lock:
        members = [one for one in platform.members.values() if _fits(typed, one.name, one.userid, one.department)]
        counts = {who: number for (kind, who), number in platform.received.items() if kind == "userid"}
        groups = {name: platform.received[("webhook", name)] for name in platform.webhooks().values()}
    members.sort(key=lambda one: (-counts.get(one.userid, 0), one.userid))
    return render_template(
        "staff.html",
        typed=typed,
        members=members[:MOST_ROWS],
        left_off=len(members[MOST_ROWS:]),
        counts=counts,
        groups=groups,
    )


@blueprint.get("/staff/<userid>")
def member(userid: str) -> Response:
    """The WeCom of one member; from now on this browser is that member's (for the sign-in with WeCom)."""
    found = phone().platform.member(userid)
    if found is None:
        abort(404)
    page = render_template(
        "box.html", title=found.name, under=found.department or found.userid, kind="userid", who=found.userid,
        bubbles=_bubbles(("userid", found.userid)), home_page=phone().platform.settings.server.base_url + "/staff/",
    )  # fmt: skip
    shown = make_response(page)
    shown.set_cookie(MEMBER_COOKIE, found.userid, httponly=True, samesite="Lax")
    return shown


@blueprint.get("/groups/<name>")
def group(name: str) -> str:
    if name not in phone().platform.webhooks().values():
        abort(404)
    box = ("webhook", name)
    return render_template(
        "box.html", title=name, under="群聊", kind=box[0], who=name, bubbles=_bubbles(box), home_page=""
    )


@blueprint.get("/people")
def people() -> str:
    me = _me()
    return render_template("people.html", me=me, people=list(phone().platform.patients.values()))


@blueprint.post("/people")
def become() -> AnyResponse:
    """Take the phone of another person, or of a new one."""
    name = request.form.get("name", "").strip()[:20]
    openid = request.form.get("openid", "")
    platform = phone().platform
    if name:
        openid = f"o-new-{platform.next_msg_id():x}"
        platform.patient(openid, name, following=False)
    if openid not in platform.patients:
        return redirect(url_for("phone.people"), 303)
    answer = redirect(url_for("phone.home"), 303)
    answer.set_cookie(PATIENT_COOKIE, openid, httponly=True, samesite="Lax")
    return answer
