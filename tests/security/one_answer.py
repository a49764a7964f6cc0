"""What everybody together can see, and hospitals that differ in single answers and look the same.

A patient's answer is told when no other answer would have given the same pages. So the same hospital is lived through several
times, with the same people rating the same places at the same minutes, and with answers (level, words, every question) handed
round among those whose figures were given together; what was never given is even turned into its opposite. Everything that staff, heads,
passers-by and the bot's talkers see on several days is kept, word for word: the pages of all of them must be the same in every
one of these hospitals. Then nobody, not even all of them together with all their pages of all days, and whatever they add, subtract
or compare, can tell who of a group of at least five said what.
"""

import io
import random
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bots.explain import Told, explain
from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.accounts import Account
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import local_day
from feedback_app.domain.thanks import is_fit
from feedback_app.services import (
    accounts,
    calendar,
    codes,
    leaderboards,
    publications,
    questionnaires,
    ratings,
    releases,
    schema,
    sign_ins,
    tallying,
    thanks_today,
    themes,
)
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.web.access import PUBLIC, allow
from tests.conftest import settings_for
from tests.console import account
from tests.people import directory
from tests.security.people import sign_in_staff
from tests.star_ratings import bind, id_of

MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11")
TO_COME = "2026-12"
COUNTS = {
    "D01": (9, 3, 31, 34, 2), "D02": (3, 4, 2, 30, 4), "D03": (6, 6, 2, 3, 3), "N01": (12, 6, 7, 31, 6), "N02": (0, 8, 6, 9, 0),
    "C01": (0, 3, 0, 1, 0), "W01": (7, 6, 8, 31, 5), "W03": (1, 2, 1, 6, 1), "L02": (0, 1, 6, 6, 2), "XN": (0, 2, 5, 6, 1),
}  # fmt: skip
"""Ratings of each service point in each month; many quiet ones."""
SAID = {
    1: ("等了三个小时没人理", "医生不耐烦", "说话很凶，态度差"), 2: ("等候太久", "费用没讲清楚", "厕所不干净"), 3: ("一般般", "希望多开一个窗口", ""),
    4: ("医生讲得清楚", "态度不错", "护士很细心"), 5: ("讲得很清楚，一点不急", "谢谢，特别耐心", "技术好，人也好"),
}  # fmt: skip
VISITS = ("2026-11-03T12:00+08:00", "2026-11-04T12:00+08:00", "2026-11-18T18:00+08:00", "2026-12-05T12:00+08:00")
ASKED = ("服务之星", "光荣榜", "张伟医生怎么样", "1号挂号窗口多少人评价", "进度", "我的评价", "科室 心血管内科 满意度", "谁给张伟打了低分", "菜单")  # fmt: skip
STAFF = ("D01", "D02", "D03", "N01", "C01", "L02")
HEADS = ("XN", "SF")
SKIPPED = re.compile(
    r"sign-out|sign-in|\.pdf|\.docx|newsletter|view=|^tel:|^mailto:|/static/|/api/|\.(png|svg|css|js|webmanifest)$|lang(uage)?=|/ease|[?&]to="
)
"""A paper as PDF or DOCX is the same paper as its XLSX, which is read; good cases hold what a writer agreed to."""
PLANTED = "planted"
VARIANTS = 4  # of one page with other filters


@dataclass(frozen=True)
class Answer:
    level: int
    wait: str
    words: str

    @property
    def is_good(self) -> bool:
        return self.level >= 4

    @property
    def is_fit(self) -> bool:
        """Words that may go out as thanks."""
        return self.is_good and is_fit(self.words, ())


@dataclass(frozen=True)
class Visit:
    """Who, where and when: what a bystander knows. ``number`` names the patient."""

    number: int
    key: str
    at: datetime
    channel: str
    answer: Answer

    @property
    def month(self) -> str:
        return f"{self.at:%Y-%m}"


def drawn(seed: int) -> list[Visit]:
    """The hospital as it is: everybody's answer by chance."""
    chance, made = random.Random(seed), []
    for key, counts in COUNTS.items():
        for month, count in zip((*MONTHS, TO_COME), counts, strict=True):
            for place in range(count):
                day = 1 + place * 3 % 4 if month == TO_COME else 1 + place * 11 % 27
                at = datetime.fromisoformat(f"{month}-{day:02d}T{8 + place % 8:02d}:{place % 60:02d}+08:00")
                level = chance.choices((1, 2, 3, 4, 5), (2, 2, 2, 4, 6))[0]
                words = chance.choice(SAID[level]) if chance.random() < 0.6 else ""
                answer = Answer(level, chance.choice("amb"), words)
                made.append(Visit(0, key, at, chance.choice(("form", "form", "bot")), answer))
    made.sort(key=lambda one: (one.at, one.key))
    return [replace(one, number=number) for number, one in enumerate(made)]


def pieces(visits: Sequence[Visit]) -> dict[tuple[str, str], str]:
    """(service point, month) -> the month with which it is given, "" when never; by hand."""
    found = {}
    for key in COUNTS:
        waiting: list[str] = []
        for month in MONTHS:
            waiting.append(month)
            if sum(one.key == key and one.month in waiting for one in visits) >= 5:
                found.update({(key, each): month for each in waiting})
                waiting = []
    return {(one.key, one.month): found.get((one.key, one.month), "") for one in visits}


def batches(visits: Sequence[Visit], runtime: Runtime) -> dict[int, int]:
    """Visit -> which of the month's messages of thanks it is in, 0 in none: from the third working hour's end at which there are
    five on. By hand, from the rule that is published."""
    found: dict[int, int] = {}
    for key in COUNTS:
        for month in (*MONTHS, TO_COME):
            mine = [one for one in visits if one.key == key and one.month == month]
            first = datetime.fromisoformat(f"{month}-01T00:00+08:00")
            moments = [first + timedelta(days=day, hours=17, minutes=45) for day in range(31)]
            group: list[Visit] = []
            for number, moment in enumerate((one for one in moments if _is_worked(one.date())), 1):
                group += [one for one in mine if one not in group and one.number not in found and one.at <= moment]
                if len(group) >= 5:
                    found.update({one.number: number for one in group})
                    group = []
    return found


def _is_worked(day: date) -> bool:
    told = calendar.is_workday(day)
    return day.weekday() < 5 if told is None else told


def handed_round(visits: Sequence[Visit], runtime: Runtime, seed: int, steps: int = 6000) -> list[Visit]:
    """Another hospital with the same figures: answers change places among those that are given together, words of thanks among
    those that go out together; where hours and channels are told, so that each keeps its number of satisfied people. What is
    never given is turned round."""
    given, batch, chance = pieces(visits), batches(visits, runtime), random.Random(seed)
    units = _units(runtime)
    now = [one.answer for one in visits]
    together: dict[object, list[int]] = defaultdict(list)
    for one in visits:
        if given[one.key, one.month]:
            together[one.key, given[one.key, one.month]].append(one.number)
        elif not one.answer.is_fit:
            now[one.number] = Answer(6 - one.answer.level, one.answer.wait, "")
    groups = [group for group in together.values() if len(group) > 1]

    def may(first: int, second: int) -> bool:
        a, b = visits[first], visits[second]
        thanks = now[first].is_fit or now[second].is_fit
        same_month = (
            a.month == b.month or sum(one.key == a.key and one.month == max(a.month, b.month) for one in visits) < 5
        )
        return same_month and (not thanks or (a.month == b.month and batch.get(first) == batch.get(second)))

    def cell(number: int) -> tuple[str, str, int, str]:
        one = visits[number]
        return units[one.key], given[one.key, one.month], one.at.hour, one.channel

    def swap(first: int, second: int) -> None:
        now[first], now[second] = now[second], now[first]

    open_pairs: dict[object, tuple[int, int]] = {}
    for _ in range(steps):
        group = chance.choice(groups)
        first, second = chance.sample(group, 2)
        if not may(first, second):
            continue
        if now[first].is_good == now[second].is_good or cell(first) == cell(second):
            swap(first, second)
            continue
        good, bad = (first, second) if now[first].is_good else (second, first)
        back = open_pairs.pop((cell(bad), cell(good)), None)
        if back and now[back[0]].is_good and not now[back[1]].is_good and may(*back) and not {good, bad} & set(back):
            swap(good, bad)
            swap(*back)
        else:
            open_pairs[cell(good), cell(bad)] = (good, bad)
    return [replace(one, answer=now[one.number]) for one in visits]


def _units(runtime: Runtime) -> dict[str, str]:
    with runtime.reading() as session:
        points = session.scalars(select(ServicePoint)).all()
        return {one.key: one.department.key if one.department else one.key for one in points}


@dataclass
class World:
    """One hospital being lived through; ``seen``: (day, who, address) -> every word on it."""

    app: Flask
    runtime: Runtime
    planted: Sequence[str] = ()
    version: int = 0
    seen: dict[tuple[str, str, str], str] = field(default_factory=dict)


def opened(folder: Path, leaks: Mapping[str, Callable[[], str]] | None = None) -> World:
    """Before anybody has rated. ``leaks``: pages that tell too much, address -> page, to see that they are found."""
    settings = settings_for(folder, wecom={"enabled": True, "webhooks": {"XN": "https://group.example/x"}})
    clock.move(Path(settings.sandbox.clock_file), datetime.fromisoformat("2026-07-20T12:00+08:00"))
    runtime = Runtime.open(settings)
    schema.migrate(runtime.database, runtime.now())
    with runtime.transaction() as session:
        session.add_all(directory(runtime.now()))
        session.flush()
        for point in session.scalars(select(ServicePoint)):
            codes.issue(session, runtime.vault, point, runtime.now())
        for key in STAFF[:5]:
            bind(session, runtime.vault, key)
    app = create_app(settings)
    for address, page in (leaks or {}).items():
        app.add_url_rule(address, address, allow(PUBLIC)(page))
    world = World(app, runtime, tuple(leaks or ()))
    _heads(world)
    world.version = _asks_about_waiting(runtime)
    return world


def _heads(world: World) -> None:
    for unit in HEADS:
        account(world.runtime, "head", login=f"head-{unit}")
        with world.runtime.transaction() as session:
            head = session.query(Account).filter_by(login=f"head-{unit}").one()
            head.department_id = id_of(session, unit)


def _asks_about_waiting(runtime: Runtime) -> int:
    with runtime.transaction() as session:
        old, _ = questionnaires.current(session)
        options = [{"value": key, "text": {"zh": key}, "score": score} for key, score in (("a", 100), ("m", 50), ("b", 0))]  # fmt: skip
        wait = {"key": "wait", "kind": "likert", "text": {"zh": "等候时间"}, "dimension": "waiting", "options": options}
        body = {**old.body, "question": [*old.body["question"], wait]}
        now = runtime.now()
        made = QuestionnaireVersion(key=old.key, number=old.number + 1, state="published", body=body, created_at=now, published_at=now)  # fmt: skip
        session.add(made)
        session.flush()
        return made.id


def live(world: World, visits: Sequence[Visit], days: Sequence[str] = VISITS) -> World:
    """All ratings in their order; what the worker does each evening; and on ``days`` everybody looks at everything."""
    coming = list(visits)
    moments = sorted({*days, *_evenings()})
    for moment in moments:
        at = datetime.fromisoformat(moment)
        before = [one for one in coming if one.at <= at]
        coming = coming[len(before) :]
        if before:
            with world.runtime.transaction() as session:
                ids = {key: id_of(session, key) for key in COUNTS}
                for one in before:
                    _rate(world, session, one, ids[one.key])
        clock.move(Path(world.runtime.settings.sandbox.clock_file), at)
        _work(world, at)
        if moment in days:
            look(world, moment)
    return world


def _evenings() -> Iterator[str]:
    """Each working day's collection of thanks, and the days on which boards are made."""
    day = date(2026, 8, 1)
    while day < date(2026, 12, 5):
        if _is_worked(day):
            yield f"{day}T17:46+08:00"
        day += timedelta(days=1)


def _rate(world: World, session: object, one: Visit, point_id: int) -> None:
    sent = Submission(
        point_id, one.answer.level, one.channel, f"visit {one.number}", comment=one.answer.words,
        answers={"overall": one.answer.level, "wait": one.answer.wait}, version_id=world.version,
    )  # fmt: skip
    ratings.submit(session, sent, zone=world.runtime.zone, now=one.at)  # type: ignore[arg-type]


def _work(world: World, at: datetime) -> None:
    runtime = world.runtime
    with runtime.transaction() as session:
        tallying.fold(session)
        while themes.has_work(session):
            themes.work(session)
        if thanks_today.is_due(session, at, runtime.settings):
            thanks_today.send(session, at, runtime.settings)
        if local_day(at, runtime.zone).day >= 2:
            leaderboards.close_due(session, now=at, zone=runtime.zone)
            for board in leaderboards.waiting(session):
                publications.publish(session, board.scheme.key, Period.parse(str(board.period)), by="王主任", now=at, settings=runtime.settings)  # fmt: skip
        if releases.is_due(session, at, runtime.zone):
            releases.release(session, now=at, zone=runtime.zone)


def look(world: World, day: str) -> None:
    """Everything that each of them can reach, and what was sent to them, word for word."""
    for who, client, roots in _people(world):
        for address, words in _crawl(client, roots):
            world.seen[day, who, address] = words
    with world.runtime.reading() as session:
        query = (
            select(OutboxMessage).where(OutboxMessage.service_point_id.is_not(None)).order_by(OutboxMessage.dedupe_key)
        )
        for one in session.scalars(query):
            world.seen[day, "messages", one.dedupe_key] = f"{one.purpose} {one.payload} {one.created_at:%Y-%m-%d}"
    for said in ASKED:
        world.seen[day, "bot", said] = str(explain(world.runtime, Told(said)))


def _people(world: World) -> Iterator[tuple[str, FlaskClient, Sequence[str]]]:
    for key in STAFF[:5]:
        client = world.app.test_client()
        sign_in_staff(client, world.runtime, key)
        yield key, client, ("/staff/",)
    for unit in HEADS:
        client = world.app.test_client()
        _sign_in_head(client, world.runtime, f"head-{unit}")
        yield f"head-{unit}", client, ("/admin/", "/admin/reports", "/admin/figures/unit")
    yield "anybody", world.app.test_client(), ("/stars/", "/stars/screen", "/evidence/")
    yield PLANTED, world.app.test_client(), world.planted


def _sign_in_head(client: FlaskClient, runtime: Runtime, login: str) -> None:
    with runtime.transaction() as session:
        who = session.query(Account).filter_by(login=login).one()
        token = sign_ins.start(session, accounts.SUBJECT, who.id, runtime.now())
    with client.session_transaction() as cookie:
        cookie["console"] = token


_HREF = re.compile(r'href="([^"#]+)"')
_ALWAYS_NEW = re.compile(r"[0-9a-f]{32,}|[A-Za-z0-9_-]{40,}")


def _crawl(client: FlaskClient, roots: Sequence[str]) -> Iterator[tuple[str, str]]:
    waiting, known = list(roots), set(roots)
    variants: Counter[str] = Counter()
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address)
        if answer.status_code in {301, 302, 303}:
            fresh = [urljoin(address, answer.headers["Location"])]
        elif answer.status_code != 200:
            yield address, str(answer.status_code)
            continue
        elif answer.mimetype == "text/html":
            yield address, _words(answer.text)
            fresh = [urljoin(address, unescape(one)) for one in _HREF.findall(answer.text)]
        else:
            yield address, _papers(answer.data)
            continue
        for one in fresh:
            parts = urlsplit(one)
            plain = parts.path + (f"?{parts.query}" if parts.query else "")
            if parts.netloc in {"", "localhost", "127.0.0.1:8000"} and plain not in known and not SKIPPED.search(plain):
                known.add(plain)
                variants[parts.path] += 1
                if variants[parts.path] > VARIANTS:
                    continue
                waiting.append(plain)


def _words(page: str) -> str:
    plain = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return _ALWAYS_NEW.sub("…", " ".join(unescape(plain).split()))


def _papers(data: bytes) -> str:
    """The words of a DOCX or XLSX; of anything else its bytes."""
    if not data.startswith(b"PK"):
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        names = sorted(one for one in file.namelist() if one.endswith(".xml") and "docProps" not in one)
        return " ".join(_words(file.read(one).decode("utf-8", "replace")) for one in names)


def differences(one: World, other: World) -> list[tuple[str, str, str]]:
    """Where the two hospitals look different: day, who, address."""
    return [key for key in sorted({*one.seen, *other.seen}) if one.seen.get(key) != other.seen.get(key)]


def otherwise(one: Sequence[Visit], others: Sequence[Sequence[Visit]]) -> set[int]:
    """The patients who say something else in one of the other hospitals."""
    return {a.number for other in others for a, b in zip(one, other, strict=True) if a.answer.level != b.answer.level}


def first_difference(one: str, other: str) -> str:
    """Some words around it, for the message of a test."""
    at = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return f"…{one[max(0, at - 60) : at + 60]}… | …{other[max(0, at - 60) : at + 60]}…"
