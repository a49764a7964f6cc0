"""Issue 5, shown by 3: every route, every role, own and foreign objects: what happens is what is declared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import IntegerConverter, Rule

from feedback_app.db.accounts import Account
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.roles import DIRECTOR, HEAD, OFFICE, PROTECTION, QUALITY, Viewer
from feedback_app.services import appeals, case_identity, case_releases, case_sight, case_steps, complaints
from feedback_app.services.case_releases import Release
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from feedback_app.texts import text
from feedback_app.web.access import ALL, CONSOLE, NONE, OWN, PUBLIC, ROLES, STAFF, allow, enforce, table
from tests.console import account, csrf, sign_in
from tests.security.people import sign_in_staff

OWN_SIDE, FOREIGN = "own", "foreign"
NOT_WALKED = frozenset({"auth.sign_out", "staff_auth.sign_out", "auth.door", "static"})
"""Public; walking through them would end the walk, or leads to the sign-in page by itself."""


@dataclass(frozen=True)
class Told:
    """Values for the parts of addresses; ``kind`` of object -> its parts."""

    own: Mapping[str, Mapping[str, Any]]
    foreign: Mapping[str, Mapping[str, Any]]


def filed(runtime: Runtime, key: str, text: str) -> str:
    with runtime.transaction() as session:
        point = session.query(ServicePoint).filter_by(key=key).one()
        filing = Filing(text, "form", f"matrix {key} {text}", point_id=point.id)
        return complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number or ""


def let(runtime: Runtime, number: str, viewer: Viewer) -> str:
    """Release the case; its cover."""
    with runtime.transaction() as session:
        case = case_steps.get(session, number)
        words = Release("讲话不耐烦，希望改进", case_steps.version(case), care_over=True)
        return case_releases.covered(session, case_releases.release(session, number, words, viewer, runtime.now()))


def appealed(runtime: Runtime, cover: str, key: str) -> int:
    with runtime.transaction() as session:
        person = session.query(ServicePoint).filter_by(key=key).one()
        row = case_releases.of_cover(session, cover, person.id)
        return appeals.file(session, row, person, "当时在抢救别的病人", runtime.now()).id


@pytest.fixture
def told(runtime: Runtime) -> Told:
    """The head's department is XN (张伟 D01), the accounts of quality and director belong to XN too; EK (张敏 D02) is foreign to them."""
    for role in CONSOLE:
        account(runtime, role)
    with runtime.transaction() as session:
        unit = session.query(ServicePoint).filter_by(key="XN").one()
        for login in (HEAD, QUALITY, DIRECTOR):
            session.query(Account).filter_by(login=login).one().department_id = unit.id
    office = Viewer(OFFICE, OFFICE)
    mine, theirs = filed(runtime, "D01", "说话不耐烦"), filed(runtime, "D02", "等了很久")
    my_cover, their_cover = let(runtime, mine, office), let(runtime, theirs, office)
    my_appeal, their_appeal = appealed(runtime, my_cover, "D01"), appealed(runtime, their_cover, "D02")
    guarded, plain = filed(runtime, "D01", "你等着，我知道你家住哪"), filed(runtime, "EK", "地上有水")
    return Told(
        own={
            HEAD: {"number": mine}, PROTECTION: {"number": guarded}, STAFF: {"cover": my_cover},
            QUALITY: {"appeal_id": their_appeal}, DIRECTOR: {"appeal_id": their_appeal}, "": {"number": mine, "cover": my_cover, "appeal_id": my_appeal},
        },
        foreign={
            HEAD: {"number": theirs}, PROTECTION: {"number": plain}, STAFF: {"cover": their_cover},
            QUALITY: {"appeal_id": my_appeal}, DIRECTOR: {"appeal_id": my_appeal}, "": {"number": theirs, "cover": their_cover, "appeal_id": their_appeal},
        },
    )  # fmt: skip


def address(rule: Rule, values: Mapping[str, Any]) -> str:
    given = {}
    for name, converter in rule._converters.items():
        given[name] = values.get(name, 987654 if isinstance(converter, IntegerConverter) else "none")
    built = rule.build(given)
    assert built is not None, rule
    return built[1]


def enter(app: Flask, runtime: Runtime, role: str) -> tuple[FlaskClient, str]:
    """Signed in as this role (as D01 of XN where it is staff), with a hidden token that holds."""
    client = app.test_client()
    if role in CONSOLE:
        sign_in(client, runtime, role)
    if role == STAFF:
        sign_in_staff(client, runtime, "D01")
    return client, csrf(client, "/staff/sign-in" if role in {STAFF, PUBLIC} else "/admin/security")


def verdict(answer: Any, kind: str) -> str:
    """``never``: the role is not asked in; ``hidden``: the object is as if it did not exist; ``let in``."""
    str(answer.headers).encode("latin-1")  # or no web server sends it
    where = answer.headers.get("Location", "")
    if answer.status_code == 302 and where.startswith(("/admin/sign-in", "/staff/sign-in")):
        return "never"
    if answer.status_code == 401 and "/admin/sign-in" in answer.text:
        return "never"
    if answer.status_code == 403 and text("common.http.403") in answer.text:
        return "never"  # a 403 in other words is a rule of the work itself: the role was let in
    if answer.status_code == 404 and kind:
        return "hidden"
    assert answer.status_code != 500, answer.request.path
    return "let in"


def expected(scope: str, kind: str, side: str) -> str:
    if scope == NONE:
        return "never"
    return "hidden" if scope == OWN and kind and side == FOREIGN else "let in"


@pytest.mark.parametrize("role", ROLES)
def test_what_happens_is_what_is_declared(app: Flask, runtime: Runtime, told: Told, role: str) -> None:
    declared, walked, differences = table(app), 0, []
    client, token = enter(app, runtime, role)
    for side, objects in ((OWN_SIDE, told.own), (FOREIGN, told.foreign)):
        values = {**objects[""], **objects.get(role, {})}
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            kind = getattr(view, "object_kind", "")
            scope = declared[rule.endpoint][role]
            if rule.endpoint in NOT_WALKED:
                continue
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                if method == "POST" and declared[rule.endpoint][PUBLIC]:
                    continue  # open to everybody, and with a key or signature of its own
                where = address(rule, values)
                answer = client.get(where) if method == "GET" else client.post(where, data={"csrf_token": token})
                walked += 1
                found, wanted = verdict(answer, kind), expected(scope, kind, side)
                whole = set(rule._converters) <= set(values)  # or it is a page of this object that does not exist
                if found != wanted and not (found == "hidden" and wanted == "let in" and not whole):
                    differences.append((method, where, role, side, scope, found, answer.status_code))
    print(f"{role}: {walked} requests, {len(differences)} differences")
    assert differences == [], differences
    assert walked > 100


def test_a_route_that_declares_nothing_stops_the_build(app: Flask) -> None:
    made = Flask("bare")
    made.add_url_rule("/x", "x", lambda: "")
    with pytest.raises(LookupError):
        enforce(made, lambda: None)  # type: ignore[arg-type, return-value]


def test_a_route_whose_objects_nobody_can_tell_apart_stops_the_build() -> None:
    made = Flask("bare")
    made.add_url_rule("/x", "x", allow(own=(HEAD,), of="unheard of")(lambda: ""))
    with pytest.raises(LookupError):
        enforce(made, lambda: None)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("role", CONSOLE)
def test_what_is_about_a_person_is_never_theirs_to_handle(app: Flask, runtime: Runtime, told: Told, role: str) -> None:
    """张伟 is head, officer, director …: the complaint about 张伟 does not exist for that account."""
    with runtime.transaction() as session:
        person = session.query(ServicePoint).filter_by(key="D01").one()
        session.query(Account).filter_by(login=role).one().person_id = person.id
        numbers = [case.number for case in session.query(Case).filter_by(service_point_id=person.id)]
        viewer = Viewer(role, role, person.department_id, person.id)
        assert not any(case_sight.sees(session, viewer, number or "") for number in numbers)
    client, _ = enter(app, runtime, role)
    page = client.get("/admin/complaints?state=all")
    assert page.status_code in {200, 403}
    assert not any(str(number) in page.text for number in numbers)


def test_two_keys_are_two_roles(runtime: Runtime, told: Told) -> None:
    """Whoever asks cannot agree, nor can anybody of the same role."""
    with runtime.transaction() as session:
        number = told.own[HEAD]["number"]
        asked = case_identity.ask(session, number, "要回电话", Viewer(OFFICE, "office"), runtime.now())
        for role in (OFFICE, HEAD, PROTECTION, STAFF):
            with pytest.raises(Exception, match="desk.second_person"):
                case_identity.decide(session, asked.id, True, Viewer(role, f"other {role}"), runtime.now())


def test_scopes_are_used(app: Flask) -> None:
    """Otherwise the matrix would compare nothing with nothing."""
    scopes = {scope for roles in table(app).values() for scope in roles.values()}
    assert scopes == {ALL, OWN, NONE}
