"""One hostile text in every field that an importer, administrator or patient controls."""

import re
from collections.abc import Iterator, Mapping
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from feedback_app.db.audit import AuditEntry
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.domain.cycles import Period
from feedback_app.services import codes, complaint_desk, import_drafts, leaderboards, publications, slips
from feedback_app.services.complaint_desk import Step
from feedback_app.services.runtime import Runtime
from feedback_app.web.access import PUBLIC, allowed_roles
from tests.addresses import Addresses
from tests.console import account
from tests.security import payloads
from tests.star_ratings import bind, october, rate

HIT = "window.__hit=1"
MARK = "投毒"
HOSTILE = f"{MARK}\"'><img src=x onerror={HIT}><script>{HIT}</script><svg/onload={HIT}>{{{{7*7}}}}{{0.__class__}}%(x)s${{x}}]]>"
FORMULA = '=HYPERLINK("http://evil.example/x")'
FORMULA_NAMES = ("D02", "N01", "W01")
NOT_WALKED = frozenset({"static", "auth.sign_out", "staff_auth.sign_out"})
OCTOBER = Period.parse("2026-10")


def plant(runtime: Runtime, client: FlaskClient) -> dict[str, str]:
    """Do it; the values of address parts under which it can be found."""
    with runtime.transaction() as session:
        for point in session.scalars(select(ServicePoint)):
            for field in ("name", "title", "duty", "category", "building", "floor", "open_hours", "status"):
                setattr(point, field, HOSTILE if field == "name" else HOSTILE[:100])
            if point.key in FORMULA_NAMES:
                point.name = FORMULA
        october(session)
        rate(session, "D01", (0, 0, 0, 0, 3), comment=HOSTILE)
        bind(session, runtime.vault, "D01")
        version = session.query(QuestionnaireVersion).filter_by(key="short").one()
        questions = [
            {**one, "text": {"zh": HOSTILE, "en": HOSTILE}, "hint": {"zh": HOSTILE}} for one in version.body["question"]
        ]
        version.body = {**version.body, "title": {"zh": HOSTILE, "en": HOSTILE}, "question": questions}
        codes.issue_missing(session, runtime.vault, actor=HOSTILE, now=runtime.now())
        leaderboards.close(session, "monthly", OCTOBER, now=runtime.now(), zone=runtime.zone)
        publications.publish(session, "monthly", OCTOBER, by=HOSTILE, now=runtime.now(), settings=runtime.settings)
    with runtime.reading() as session:
        code = next(row.code for row in codes.rows(session, "", codes.Wanted(kind="staff")))
    sent = {"key": "k" * 24, "overall": "1", "comment": HOSTILE, "contact": HOSTILE[:100], "wants_answer": "1"}
    receipt = client.post(f"/s/{code}", data=sent).headers["Location"].removeprefix("/r/")
    client.post("/feedback", data={"key": "j" * 24, "text": HOSTILE})
    for turn, words in enumerate(payloads.ALL):
        client.post(f"/s/{code}", data={"key": f"payload-{turn:016}", "overall": str(turn % 5 + 1), "comment": words})
    account(runtime, "admin").name = HOSTILE
    with runtime.transaction() as session:
        case = session.scalars(select(Case)).first()
        assert case is not None
        number = case.number or ""
        step = Step("noted", HOSTILE, complaint_desk.version(case), HOSTILE[:60])
        complaint_desk.take(session, number, step, runtime.now(), runtime.zone)
        for message in session.scalars(select(OutboxMessage)):
            message.last_error, message.payload = HOSTILE, {**message.payload, "title": HOSTILE}
        quoted = '"' + HOSTILE.replace('"', '""') + '"'
        table = f"工号,姓名,科室\n{quoted},{quoted},{quoted}\n".encode()
        draft = import_drafts.start(session, table, f"{HOSTILE}.csv", "staff", actor=HOSTILE[:60], now=runtime.now())
        person = session.query(ServicePoint).filter_by(key="D01").one()
        [slip] = slips.make(session, runtime.vault, [person], by=HOSTILE[:60], now=runtime.now())
        rating = session.scalars(select(Rating).where(Rating.receipt == receipt)).one()
        assert session.scalars(select(AuditEntry)).first() is not None
        return {
            "code": code,
            "receipt": receipt,
            "number": number,
            "draft_id": draft.id,
            "rating_id": str(rating.id),
            "point_id": str(person.id),
            "award": "monthly",
            "period": "2026-10",
            "version_id": "1",
            "kind": "staff",
            "layout": "stand",
            "slip": slip.code,
        }


def pages(app: Flask, told: Mapping[str, str], role: str) -> list[str]:
    """Addresses that this role may open, with hostile queries too."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or "GET" not in (rule.methods or ()):
            continue
        if not allowed_roles(app, rule.endpoint) & {PUBLIC, role}:
            continue
        address = _address(rule, told)
        if address:
            found.append(address)
    return found


_LINK = re.compile(r"""(?:href|src|action)=["'](/[^"'#]*)""")
ALIKE = 2
"""Addresses that are opened of each sort: the same view, asked for the same things."""


def walk(
    app: Flask, asking: FlaskClient, told: Mapping[str, str], role: str, *, alike: int = ALIKE
) -> Iterator[tuple[str, TestResponse]]:
    """Everything this role can open: every route, and then whatever the pages themselves lead to, with what they answer."""
    addresses = Addresses(app.url_map.bind("127.0.0.1"), pages(app, told, role), alike, NOT_WALKED)
    for address, _ in addresses:
        answer = asking.get(address)
        yield address, answer
        if answer.mimetype == "text/html":
            addresses.waiting.extend(unescape(found) for found in _LINK.findall(answer.text))


def _address(rule: Rule, told: Mapping[str, str]) -> str:
    known = {**told, "code": told["slip"]} if rule.endpoint == "staff_auth.slip" else told
    if rule.endpoint == "admin_codes.picture":
        known = {**told, "kind": "svg"}
    values: dict[str, str | int] = {}
    for name, converter in rule._converters.items():
        value = known.get(name, "1" if isinstance(converter, IntegerConverter) else "none")
        values[name] = int(value) if isinstance(converter, IntegerConverter) else value
    built = rule.build(values)
    return built[1] if built else ""
