"""What opens one hospital, tried at the others, at both nodes."""

import re
from collections.abc import Iterator, Sequence
from itertools import permutations

import requests
from requests.cookies import RequestsCookieJar
from werkzeug.routing import Map

from bench.group.hospitals import NOON, Hospital
from bench.group.reading import Tally
from bench.group.visitors import Visitor, path_of
from bots.sandbox.pusher import Push, Pusher
from bots.sandbox.state import ACCOUNT, Platform
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.services import accounts, case_codes, own_data, slips, tablets
from tests.test_permissions import address

_REFUSED = {400, 401, 403, 404, 409, 410, 415, 421}
_AWAY = {302, 303}
_OWN_ADDRESS = re.compile(r"/(r|evidence/receipts|stars/check)/\w")


def secret_links(one: Hospital) -> Iterator[str]:
    """Addresses that only somebody of this hospital was given; each opens something there."""
    runtime = one.runtime
    with runtime.transaction() as session:
        person = session.query(ServicePoint).filter_by(key="EK02").one()
        [slip] = slips.make(session, runtime.vault, [person], by="admin", now=NOON)
        setup = accounts.make_setup_link(session, "quality", NOON)
        _, tablet = tablets.make(session, f"{one.mark}平板", None, by="admin", now=NOON)
        number = session.query(Case.number).filter(Case.number.is_not(None)).order_by(Case.id).limit(1).scalar() or ""
    person_hash = runtime.vault.person(f"o{one.mark}-wang", runtime.settings.wechat.app_id)
    mine = own_data.link_ticket(runtime.vault, person_hash, NOON)
    found = {
        f"/staff/bind/{slip.code}": slip.code,
        f"/admin/setup/{setup}": setup,
        f"/tablet/{tablet}": tablet,
        f"/case/{number}/{case_codes.code(runtime.vault, number)}": case_codes.code(runtime.vault, number),
        f"/mine/{mine}": mine,
        f"/mine/{mine}/data.json": mine,
        f"/s/{one.scans[0]}": one.scans[0],
    }
    one.secrets |= set(found.values())
    yield from found
    yield from (path for path in one.links if _OWN_ADDRESS.match(path))


def links(one: Hospital, visitors: Sequence[Visitor], tally: Tally, nodes: Sequence[int]) -> None:
    """Each opens at its own hospital at every node (seen by its words or a way onward), and at no other at any node."""
    for path in dict.fromkeys(secret_links(one)):
        for who in visitors:
            for node in nodes:
                answer = who.look("secret links", node, path)
                where = f"{path} of {one.name} at {who.hospital.name} node {node + 1}: {answer.status_code}"
                if who.hospital is one:
                    is_so = answer.status_code in {200, *_AWAY}
                    tally.hold("secret links at home", where, is_so)
                else:
                    tally.hold("secret links refused", where, _is_refusal(answer))


def _is_refusal(answer: requests.Response) -> bool:
    """No, or away to a door that is everybody's."""
    away = answer.headers.get("Location", "")
    return answer.status_code in _REFUSED or (answer.status_code in _AWAY and "sign-in" in away)


def addresses(one: Hospital, visitors: Sequence[Visitor], nodes: Sequence[int], every: int) -> None:
    """Whatever its administrators could open (each ``every``-th), asked of the others by theirs: rows have the same numbers there."""
    for turn, path in enumerate(list(one.links)[::every]):
        for who in visitors:
            if who.hospital is not one:
                for node in nodes or (turn % 2,):
                    who.look("addresses of another", node, path)


def sessions(insiders: Sequence[Visitor], strangers: Sequence[Visitor], tally: Tally) -> None:
    """Signed in at one node is signed in at the other; its cookies are nobody's at another hospital, at either."""
    for mine in insiders:
        for node in (0, 1):
            tally.hold("sessions at both nodes", f"{mine.hospital.name} {mine.role} node {node + 1}", mine.is_in(node))
    for mine, other in ((one, two) for one in insiders for two in strangers if one.hospital is not two.hospital):
        for node in (0, 1):
            other.http.cookies = _moved(mine, other)
            where = f"{mine.role} of {mine.hospital.name} at {other.hospital.name} node {node + 1}"
            home = "/staff/" if mine.role == "staff" else "/admin/"
            answer = other.look("cookies of another", node, home)
            tally.hold("cookies refused", where, answer.status_code in {401, *_AWAY})
        other.http.cookies.clear()


def _moved(mine: Visitor, other: Visitor) -> RequestsCookieJar:
    jar = RequestsCookieJar()
    for one in mine.http.cookies:
        jar.set(one.name, one.value or "", domain=other.hospital.host, path=one.path)
    return jar


def tokens(admins: Sequence[Visitor], tally: Tally) -> None:
    """Hidden tokens of a console form and the idempotency key of a patient's form."""
    for mine, other in permutations(admins, 2):
        token = mine.hidden(0, "/admin/accounts")["csrf_token"]
        for node in (0, 1):
            sent = {"csrf_token": token, "login": "intruder", "name": "x", "role": "admin"}
            answer = other.look("forms of another", node, "/admin/accounts/invite", "POST", data=sent)
            tally.hold(
                "form tokens refused", f"{mine.hospital.name} at {other.hospital.name}", answer.status_code == 400
            )
            key = mine.hidden(node, f"/s/{mine.hospital.scans[0]}")["key"]
            receipts = [_rated(one, node, key) for one in (mine, other)]
            tally.hold("form keys apart", f"{mine.hospital.name} {other.hospital.name}: {receipts}", receipts[0] != receipts[1] != "")  # fmt: skip


def _rated(who: Visitor, node: int, key: str) -> str:
    path = f"/s/{who.hospital.scans[0]}"
    fields = {**who.hidden(node, path), "key": key, "overall": "5"}
    answer = who.look("forms of another", node, path, "POST", data=fields)
    return path_of(answer.headers.get("Location", ""))


def keys(routes: Map, one: Hospital, hospitals: Sequence[Hospital], anybody: Visitor, tally: Tally, nodes: Sequence[int]) -> None:  # fmt: skip
    """Every address of the API in every way: with another's key it is as without one; with its own it opens."""
    calls = [
        (address(rule, {"key": "XN01", "award": "monthly", "period": "2026-10"}), method)
        for rule in routes.iter_rules()
        if rule.rule.startswith("/api/v1/") and not rule.endpoint.endswith("openapi")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    for turn, (path, method) in enumerate(calls):
        for other in hospitals:
            for node in nodes or (turn % 2,):
                headers = {"Authorization": f"Bearer {other.key}"}
                answer = anybody.look("api", node, path, method, headers=headers, json={})
                where = (
                    f"{method} {path} of {one.name} with the key of {other.name}, node {node + 1}: {answer.status_code}"
                )
                if other is one:
                    tally.hold("api with its own key", where, answer.status_code != 401)
                elif anybody.ask(node, path, method, json={}).status_code == 401:
                    tally.hold("api keys refused", where, answer.status_code == 401)


def callbacks(one: Hospital, hospitals: Sequence[Hospital], tally: Tally) -> None:
    """A message as the platform of each account would push it, and the check of the address, at both nodes."""
    for other in hospitals:
        platform = Platform(other.runtime.settings)
        for node in (0, 1):
            pusher = Pusher(platform)
            pusher.url = one.base(node) + "/wechat"
            where = f"signed by {other.name} at {one.name} node {node + 1}"
            tally.hold("callback checks", where, pusher.verify()["ok"] == (one is other))
            if one is other:
                continue
            fields = {"ToUserName": ACCOUNT, "FromUserName": f"o{other.mark}-wang", "CreateTime": int(NOON.timestamp())}
            fields |= {"MsgType": "text", "Content": f"{other.mark}投诉", "MsgId": platform.next_msg_id()}
            outcome = pusher.push(Push(f"o{other.mark}-wang", fields))
            tally.hold("callbacks refused", f"{where}: {outcome.statuses}", all(400 <= s < 500 for s in outcome.statuses))  # fmt: skip
