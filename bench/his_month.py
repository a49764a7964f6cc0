"""A month of visits from a simulated HIS, over the real interface, while people rate.

The HIS sends batches of a thousand, a tenth of them twice, one line in a hundred broken, one in two hundred told again
otherwise. Then the clock goes through the month by the hour and everybody is invited whose time has come; a few rate.
Printed and compared: what was stored against what is true, to the row; every rule of invitations against every invitation;
how long somebody who rates at the same moment waits.

python -m bench.his_month [--visits 600000] [--doctors 300]
"""

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.invitations import Invitation
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.schema import metadata_is_complete
from feedback_app.db.visit_feed import HospitalVisit
from feedback_app.domain.invitations import ONCE_IN, Rule
from feedback_app.services import (
    api_keys,
    invitation_figures,
    invitation_rules,
    quiet_visits,
    tickets,
    visit_feed,
    visit_invitations,
    visits,
)
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.visits import Arrival
from feedback_app.settings import Settings
from tests.conftest import settings_for

FIRST, DAYS = date(2026, 10, 1), 31
END = datetime.fromisoformat("2026-11-01T12:00:00+08:00")
MORNING = datetime.fromisoformat("2026-10-01T08:00:00+08:00")
BATCH, TWICE, BROKEN, OTHERWISE = 1000, 0.1, 0.01, 0.005
WITH_PHONE, LOSS, CHILD, ANSWERS = 0.25, 0.01, 0.02, 0.02
SILENT_PERSONS = 50
RATERS_PAUSE = 0.02  # seconds between two ratings of the one who rates meanwhile


@dataclass
class Truth:
    """What ought to be stored at the end, and what the interface ought to have said."""

    point: dict[str, str] = field(default_factory=dict)  # reference -> staff number
    day: dict[str, date] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)
    rejected: int = 0
    sent: int = 0


@dataclass
class Result:
    visits: int = 0
    stored: int = 0
    known: int = 0
    changed: int = 0
    rejected: int = 0
    differences: int = 0
    invited: int = 0
    answered: int = 0
    broken_rules: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    figures: Any = None


def month(count: int, doctors: int, chance: random.Random, truth: Truth) -> Iterator[list[dict[str, Any]]]:
    """Batches as the HIS sends them, by time of visit."""
    persons = max(count * 3 // 5, 1)
    batch: list[dict[str, Any]] = []
    for number in range(count):
        at = MORNING + timedelta(days=number * DAYS // count, minutes=number % 540)
        person = chance.randrange(persons)
        told: dict[str, Any] = {
            "reference": f"MZ{number:08d}",
            "point": {"kind": "staff", "key": f"D{chance.randrange(doctors):04d}"},
            "ended_at": at.isoformat(),
            "patient": f"P{person:07d}",
        }
        if person % 100 < WITH_PHONE * 100:
            told["phone"] = f"139{person:08d}"
        muted = chance.random()
        if muted < LOSS:
            told["outcome"] = "loss"
        elif muted < LOSS + CHILD:
            told["age"] = 5
        if chance.random() < BROKEN:
            told.update(
                chance.choice(({"point": {"kind": "staff", "key": "?"}}, {"ended_at": "soon"}, {"age": -1}, {"x": 1}))
            )
            truth.rejected += 1
        else:
            truth.point[told["reference"]], truth.day[told["reference"]] = told["point"]["key"], at.date()
            if muted < LOSS + CHILD:
                truth.muted.add(told["reference"])
        batch.append(told)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def send(client: Any, key: str, count: int, doctors: int, truth: Truth, chance: random.Random) -> Counter[str]:
    """Everything over the interface; what it said, added up."""
    said: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {key}"}

    def post(batch: list[dict[str, Any]]) -> None:
        answer = client.post("/api/v1/visits/batches", json={"visits": batch}, headers=headers)
        assert answer.status_code == 200, answer.text
        truth.sent += len(batch)
        said.update({name: answer.json[name] for name in ("stored", "known", "changed", "rejected")})

    for batch in month(count, doctors, chance, truth):
        post(batch)
        if chance.random() < TWICE:
            truth.rejected += sum(one["reference"] not in truth.point for one in batch)
            post(batch)
        again = [one for one in batch if one["reference"] in truth.point and chance.random() < OTHERWISE]
        for one in again:
            one["point"] = {"kind": "staff", "key": f"D{chance.randrange(doctors):04d}"}
            truth.point[one["reference"]] = one["point"]["key"]
        if again:
            post(again)
    return said


def run(folder: Path, count: int, doctors: int, seed: int = 1) -> Result:
    """One whole month in a fresh hospital."""
    runtime, key = hospital(folder, doctors)
    truth, result, chance = Truth(), Result(), random.Random(seed)
    app = create_app(runtime.settings)
    stop = threading.Event()
    rater = threading.Thread(target=rate_meanwhile, args=(runtime, stop, result.waits))
    rater.start()
    began = time.perf_counter()
    said = send(app.test_client(), key, count, doctors, truth, chance)
    result.seconds["visits"] = time.perf_counter() - began
    began = time.perf_counter()
    invite(runtime)
    result.seconds["invitations"] = time.perf_counter() - began
    stop.set()
    rater.join()
    result.answered = answer(runtime, chance)
    result.visits, result.stored, result.known = truth.sent, said["stored"], said["known"]
    result.changed, result.rejected = said["changed"], said["rejected"]
    result.differences = differences(runtime, truth, said)
    result.broken_rules = broken_rules(runtime, truth)
    with runtime.reading() as session:
        result.invited = session.scalar(select(func.count()).select_from(Invitation)) or 0
        last = FIRST + timedelta(days=DAYS)
        result.figures = invitation_figures.of_days(session, FIRST, last, runtime.zone)
    app.extensions["service_star"].close()
    runtime.close()
    return result


def hospital(folder: Path, doctors: int) -> tuple[Runtime, str]:
    settings = _settings(folder)
    clock.move(Path(settings.sandbox.clock_file), END)
    runtime = Runtime.open(settings)
    metadata_is_complete()
    with runtime.transaction() as session:
        Base.metadata.create_all(session.connection())
    with runtime.transaction() as session:
        quiet_visits.install_presets(session, END)
        unit = ServicePoint(kind="department", key="XN", name="心血管内科", changed_at=END)
        session.add(unit)
        session.flush()
        names = (f"D{number:04d}" for number in range(doctors))
        session.add_all(
            ServicePoint(kind="staff", key=one, name=one, department_id=unit.id, changed_at=END) for one in names
        )
        rule = Rule(0, ("outpatient",), None, 4, "21:00", "08:00", ("sms",), 3)
        invitation_rules.save(session, "门诊", rule, by="bench", now=END)
        for person in range(SILENT_PERSONS):
            visit_invitations.reply(session, runtime.vault, f"139{person:08d}", "TD", END)
        secret = api_keys.make(
            session, runtime.vault, name="HIS", scopes=["visits:write"], per_minute=6000, days=None, by="bench", now=END
        ).secret  # fmt: skip
    return runtime, secret


def _settings(folder: Path) -> Settings:
    return settings_for(folder, visits={"contact_days": 90}, canary={"enabled": False})


def rate_meanwhile(runtime: Runtime, stop: threading.Event, waits: list[float]) -> None:
    """Somebody rates again and again, and notes how long it took."""
    with runtime.reading() as session:
        points = list(session.scalars(select(ServicePoint.id).where(ServicePoint.kind == "staff")))
    number = 0
    while not stop.wait(RATERS_PAUSE):
        number += 1
        began = time.perf_counter()
        with runtime.transaction() as session:
            sent = Submission(points[number % len(points)], 4, "form", f"meanwhile {number}")
            visits.accept(session, runtime.vault, sent, Arrival(device=f"d{number}"), zone=runtime.zone, now=END)
        waits.append(time.perf_counter() - began)


def invite(runtime: Runtime) -> None:
    """The month by the hour; what is queued counts as sent, for sending is measured elsewhere."""
    moment = datetime.fromisoformat(f"{FIRST}T00:00:00+08:00")
    while moment < END + timedelta(days=2):
        moment += timedelta(hours=1)
        done: int | None = 1
        while done:
            with runtime.transaction() as session:
                done = visit_invitations.work(session, runtime, moment)
                _deliver(session, moment)


def _deliver(session: Any, moment: datetime) -> None:
    queued = update(OutboxMessage).where(OutboxMessage.state == "queued", OutboxMessage.channel == "sms")
    session.execute(queued.values(state="sent", sent_at=moment))


def answer(runtime: Runtime, chance: random.Random) -> int:
    """Some follow their link and rate; each counts as verified."""
    with runtime.reading() as session:
        invited = session.execute(
            select(Invitation.visit_id, HospitalVisit.service_point_id, Invitation.made_at)
            .join(HospitalVisit, Invitation.visit_id == HospitalVisit.id)
            .order_by(Invitation.id)
        ).all()
    chosen = [one for one in invited if chance.random() < ANSWERS]
    for visit_id, point_id, made_at in chosen:
        ticket = tickets.of_visit(runtime.vault, visit_id)
        with runtime.transaction() as session:
            sent = Submission(point_id, 5, "form", f"answer {visit_id}")
            arrival = Arrival(ticket=ticket, device=f"a{visit_id}")
            later = min(made_at + timedelta(hours=1), END)
            accepted = visits.accept(session, runtime.vault, sent, arrival, zone=runtime.zone, now=later)
            assert accepted.verified and accepted.counted
    return len(chosen)


def differences(runtime: Runtime, truth: Truth, said: Counter[str]) -> int:
    """Rows, counts of doctors and what was said, against the truth."""
    with runtime.reading() as session:
        stored = {
            (row.reference_hash): (row.service_point_id, row.day) for row in session.execute(
                select(HospitalVisit.reference_hash, HospitalVisit.service_point_id, HospitalVisit.day)
            )
        }  # fmt: skip
        ids = {str(key): int(number) for key, number in session.execute(select(ServicePoint.key, ServicePoint.id))}
        served = visit_feed.served(session, FIRST, FIRST + timedelta(days=DAYS))
    wanted = {
        visit_feed.reference_hash(runtime.vault, one): (ids[key], truth.day[one]) for one, key in truth.point.items()
    }
    wrong = sum(stored.get(one) != told for one, told in wanted.items()) + len(stored.keys() - wanted.keys())
    counts = Counter(ids[key] for key in truth.point.values())
    wrong += sum(served.get(one, 0) != counts[one] for one in {*served, *counts})
    wrong += abs(said["stored"] - len(truth.point)) + abs(said["rejected"] - truth.rejected)
    return wrong + abs(sum(said.values()) - truth.sent)


def broken_rules(runtime: Runtime, truth: Truth) -> list[str]:
    """Every invitation held against every rule."""
    broken: list[str] = []
    muted = {visit_feed.reference_hash(runtime.vault, one) for one in truth.muted}
    silent = {visit_feed.person_hash(runtime.vault, f"patient:P{number:07d}") for number in range(SILENT_PERSONS)}
    last: dict[str, datetime] = {}
    with runtime.reading() as session:
        rows = session.execute(
            select(Invitation, HospitalVisit)
            .join(HospitalVisit, Invitation.visit_id == HospitalVisit.id)
            .order_by(Invitation.made_at)
        )
        for invitation, visit in rows:
            local = invitation.made_at.astimezone(runtime.zone)
            person = invitation.person_hash or ""
            if visit.reference_hash in muted:
                broken.append(f"{visit.id}: sensitive")
            if not 8 <= local.hour < 21:
                broken.append(f"{visit.id}: at {local:%H:%M}")
            if invitation.made_at < visit.ended_at + timedelta(hours=4):
                broken.append(f"{visit.id}: too soon")
            if person in silent:
                broken.append(f"{visit.id}: silence")
            if person in last and invitation.made_at < last[person] + ONCE_IN:
                broken.append(f"{visit.id}: twice within 30 days")
            last[person] = invitation.made_at
        reminders = session.scalar(
            select(func.count()).select_from(OutboxMessage).where(OutboxMessage.purpose == "visit_reminder")
        )
        invited = session.scalar(select(func.count()).select_from(Invitation)) or 0
        undecided = session.scalar(
            select(func.count()).select_from(HospitalVisit).where(HospitalVisit.decide_at.is_not(None))
        )
        silent_ones = session.scalar(
            select(func.count())
            .select_from(HospitalVisit)
            .where(HospitalVisit.not_invited == "", HospitalVisit.decide_at.is_(None))
        )
    if (reminders or 0) > invited:
        broken.append("more reminders than invitations")
    if undecided:
        broken.append(f"{undecided} undecided")
    if silent_ones != invited:
        broken.append(f"{silent_ones} not explained, {invited} invited")
    return broken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=600_000)
    parser.add_argument("--doctors", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = run(Path(folder), given.visits, given.doctors)
        size = sum(file.stat().st_size for file in Path(folder).glob("stars.db*")) / 1e6
    waits = sorted(done.waits)
    print(
        f"sent {done.visits}: stored {done.stored}, known {done.known}, changed {done.changed}, rejected {done.rejected}"
    )
    print(f"differences from the truth: {done.differences}")
    print(f"invited {done.invited}, rules broken: {len(done.broken_rules)} {done.broken_rules[:5]}")
    print(f"not invited: {dict(done.figures.not_invited)}")
    for way in done.figures.ways:
        print(f"  {way.channel}: reached {way.reached}, answered {way.answered}, rate {way.rate}")
    print(f"seconds: { ({name: round(value) for name, value in done.seconds.items()}) }, database {size:.0f} MB")
    if waits:
        p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        print(
            f"{len(waits)} ratings meanwhile: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms"
        )


if __name__ == "__main__":
    main()
