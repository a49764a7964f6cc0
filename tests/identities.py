"""Complaints with planted identities, sent through the real doors, and a look at everything that any role can see."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Rule

from feedback_app.db.base import Base
from feedback_app.db.complaints import Case
from feedback_app.services import exports
from feedback_app.services.runtime import Runtime
from feedback_app.web.access import CONSOLE, PUBLIC, STAFF, table
from tests.bots.test_dispatch import Patient
from tests.console import sign_in
from tests.security.people import sign_in_staff

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文"
GIVEN = "伟芳娜秀敏静丽强磊军洋勇艳杰涛超霞平刚桂兰英华玉梅红建国志永春林海燕凤云龙飞鹏辉斌波宇浩博俊峰玲萍婷雪琳慧颖莹倩欣怡佳晨阳子轩梓涵"
TEXTS = (
    "等了两个小时没有人理，我叫{name}，请打{phone}。", "护士态度很差。联系人：{name}，电话{phone}", "我是{name}的女儿，我妈住{bed}，三天没人换床单",
    "患者{name}，身份证{identity}，多收了我的钱，请退到{phone}", "收费处骂人！{name} {phone}", "我妈{name}打针打了四次，手都肿了。我的号码是 {spaced}",
    "身份证号{identity}，手机{chinese}，请给我答复", "{name}，女，67岁，在走廊等了一下午，没有床位", "排队太久，希望改进。\n{name}\n{phone}",
    "我爱人叫{name}，{bed}，叫了半天没有人来，电话是{wide}", "医生说话很不耐烦，{name}先生投诉，{phone}", "姓名：{name}\n证件：{identity}\n事情：药房发错了药",
)  # fmt: skip
CHINESE, WIDE = "零一二三四五六七八九", "０１２３４５６７８９"


@dataclass(frozen=True)
class Planted:
    """One made-up complainant: ``signs`` must be found nowhere."""

    text: str
    contact: str
    signs: tuple[str, ...]


def planted(count: int, seed: int = 7, taken: Sequence[str] = ()) -> list[Planted]:
    """The same for the same seed. No made-up name is that of a member of staff (``taken``)."""
    chance = random.Random(seed)
    found: list[Planted] = []
    while len(found) < count:
        name = chance.choice(SURNAMES) + "".join(chance.choice(GIVEN) for _ in range(2))
        if name in taken:
            continue
        phone = "1" + chance.choice("3456789") + "".join(chance.choice("0123456789") for _ in range(9))
        identity = f"33010{chance.randint(1, 9)}19{chance.randint(40, 99)}0{chance.randint(1, 9)}1{chance.randint(0, 9)}{chance.randint(1000, 9999)}"
        bed = f"{chance.randint(11, 89)}床"
        spaced = f"{phone[:3]} {phone[3:7]}-{phone[7:]}"
        chinese = "".join(CHINESE[int(one)] for one in phone)
        wide = "".join(WIDE[int(one)] for one in phone)
        text = TEXTS[len(found) % len(TEXTS)].format(
            name=name, phone=phone, identity=identity, bed=bed, spaced=spaced, chinese=chinese, wide=wide
        )
        every = (name, phone, identity, bed, spaced, chinese, wide)
        signs = tuple(one for one in every if one in text)
        found.append(Planted(text, phone, tuple({*signs, phone} - {bed})))
    return found


def pages(app: Flask, role: str, numbers: Sequence[str]) -> Iterator[str]:
    """Every GET address that the role may call, with real objects wherever there are some."""
    declared = table(app)
    ids = {"rating_id": 1, "unlock_id": 1, "appeal_id": 1, "point_id": 1}
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or "GET" not in (rule.methods or ()) or not declared[rule.endpoint][role]:
            continue
        if "number" in rule._converters and set(rule._converters) == {"number"}:
            yield from (_built(rule, {"number": number}) for number in numbers)
        else:
            yield _built(rule, ids)
    yield "/admin/complaints?state=all"
    yield "/admin/ratings?period=all"


def _built(rule: Rule, values: Mapping[str, object]) -> str:
    given = {
        name: values.get(name, 1 if isinstance(converter, IntegerConverter) else "none")
        for name, converter in rule._converters.items()
    }
    built = rule.build(given)
    return built[1] if built else "/"


def enter(app: Flask, runtime: Runtime, role: str) -> FlaskClient:
    client = app.test_client()
    if role in CONSOLE:
        sign_in(client, runtime, role)
    if role == STAFF:
        sign_in_staff(client, runtime, "D01")
    return client


SEEN = ("outbox.payload", "outbox.last_error", "audit_log.details", "audit_log.subject", "audit_log.actor", "evidence.shown", "evidence.subject") + (
    "cases.text", "case_events.text", "case_events.details", "case_releases.text", "not_understood.text", "case_grams.gram")  # fmt: skip
"""Columns that go out, are shown, or are searched; what a patient sees is made of nothing else but these and the vault."""


def columns(runtime: Runtime) -> Iterator[tuple[str, str]]:
    """(where, value) of what is sent, logged and shown."""
    with runtime.reading() as session:
        for where in SEEN:
            table, _, name = where.partition(".")
            for value in session.scalars(select(Base.metadata.tables[table].c[name])):
                yield where, str(value or "")


def exported(runtime: Runtime) -> Iterator[tuple[str, str]]:
    """Every list that leaves as a file."""
    with runtime.reading() as session:
        for name, kind in exports.KINDS.items():
            file = StringIO()
            exports.write_csv(kind.columns, kind.rows(session, exports.Span(runtime.zone)), file)
            yield f"export {name}", file.getvalue()


class Signs:
    """Looks for thousands of short texts at once, in time that grows with the length of the page alone."""

    def __init__(self, people: Sequence[Planted]) -> None:
        self._by_length: dict[int, set[str]] = {}
        for one in people:
            for sign in one.signs:
                self._by_length.setdefault(len(sign), set()).add(sign)

    def found(self, text: str) -> set[str]:
        return {
            text[at : at + length]
            for length, signs in self._by_length.items()
            for at in range(len(text) - length + 1)
            if text[at : at + length] in signs
        }


def send(client: FlaskClient, runtime: Runtime, codes_of: Sequence[str], people: Sequence[Planted]) -> None:
    """A third each by the form without a code, as a low rating, and in the chat."""
    for number, one in enumerate(people):
        key = f"planted-identity-{number:06d}"
        left = {"key": key, "contact": one.contact, "wants_answer": "1"}
        if number % 3 == 0:
            answer = client.post("/feedback", data={**left, "text": one.text})
            assert answer.status_code == 303, answer.text
        elif number % 3 == 1:
            code = codes_of[number % len(codes_of)]
            answer = client.post(f"/s/{code}", data={**left, "overall": "1", "comment": one.text})
            assert answer.status_code == 303, answer.text
        else:
            chat = Patient(runtime, openid=f"o{number}{one.contact}")
            chat.says("我要投诉")
            chat.says(one.text)
            chat.says(one.contact)


def case_numbers(runtime: Runtime) -> list[str]:
    with runtime.reading() as session:
        return [number for number in session.scalars(select(Case.number).order_by(Case.id)) if number]


ROLES = (PUBLIC, STAFF, *CONSOLE)
