"""Issue 8, item 7: three departments first, the others receive nothing; going live drops the scores and keeps the complaints."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import text

from feedback_app import clock
from feedback_app.cli.main import program
from feedback_app.cli.pilot import COMMANDS
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating, lock_month
from feedback_app.db.set_asides import SetAside
from feedback_app.domain.cycles import Period
from feedback_app.domain.stuffing import Weighed
from feedback_app.errors import Conflict, FeedbackError
from feedback_app.services import (
    canary,
    case_people,
    codes,
    evidence,
    leaderboards,
    outbox,
    pilot,
    ratings,
    set_asides,
    tallying,
    verification,
)
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests import postgres
from tests.bots.test_dispatch import Patient
from tests.conftest import NOON
from tests.console import sign_in, submit
from tests.test_patient_pages import send
from tests.waiting import until

Code = Callable[[str], str]
Lookup = Callable[[str], ServicePoint]
THREE = ("XN", "SF", "ZW")  # 儿科 (D02) waits


def begin(runtime: Runtime, *keys: str) -> None:
    with runtime.transaction() as session:
        pilot.choose(session, keys or THREE, by="liu", now=runtime.now())


def live(runtime: Runtime) -> int:
    with runtime.transaction() as session:
        return pilot.go_live(session, by="liu", zone=runtime.zone, now=runtime.now())


def problems(runtime: Runtime) -> list[verification.Problem]:
    with runtime.transaction() as session:
        while evidence.give_places(session):
            pass
        return verification.first_problems(session, runtime.vault, runtime.now())


def later(runtime: Runtime, **span: int) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(**span))


def counted(runtime: Runtime, period: str = "2026-11") -> int:
    with runtime.reading() as session:
        bodies = tallying.bodies(session, [period]).values()
        return sum(sum(plain) + sum(verified) for plain, verified, _ in bodies)


@pytest.mark.both_databases
def test_from_three_departments_to_everybody(runtime: Runtime, client: FlaskClient, code: Code, point: Lookup) -> None:
    """The whole way, as the console and patients' phones see it."""
    for key in ("D01", "D02", "W03"):
        code(key)
    assert send(client, f"/s/{code('D02')}", overall="5").status_code == 303  # an ordinary day before
    later(runtime, minutes=1)
    sign_in(client, runtime)
    assert submit(client, "/admin/pilot/", {"unit": list(THREE)}).status_code == 303
    assert "试行中：3 个科室" in client.get("/admin/").text
    assert "还没有光荣榜" in client.get("/stars/").text

    # A patient of a chosen department, of another one, and a complaint from there.
    page = client.get(f"/s/{code('D01')}").text
    assert "这里正在试行" in page
    low = send(client, f"/s/{code('D01')}", overall="1", comment="等了三个小时")
    assert "等级不计入评选" in client.get(low.location).text
    assert send(client, f"/s/{code('W03')}", overall="5").status_code == 303
    closed = client.get(f"/s/{code('D02')}")
    assert closed.status_code == 404 and "张敏还没有开放评价" in closed.text and "停用" not in closed.text
    filed = send(client, f"/s/{code('D02')}")  # its only form is the one for writing
    assert filed.status_code == 404
    written = client.post("/feedback", data={"key": "k" * 24, "text": "儿科门口没有座位", "kind": "complaint"})
    assert written.status_code == 303

    # Live: asked for with its figures, confirmed, and only then.
    shown = client.get("/admin/pilot/").text
    assert "<dt>不再计入的评价</dt><dd>2</dd>" in shown and "<dt>保留的投诉和意见</dt><dd>2</dd>" in shown
    assert "<dt>将要开放的科室</dt><dd>1</dd>" in shown
    assert getattr(client.application.view_functions["admin_pilot.live"], "asks_again", False)
    submit(client, "/admin/pilot/live")
    assert "请先勾选" in client.get("/admin/pilot/").text
    later(runtime, minutes=2)
    submit(client, "/admin/pilot/live", {"sure": "1"})
    after = client.get("/admin/pilot/").text
    assert "2 条评价没有计入" in after and "试行中" not in client.get("/admin/").text

    # Everybody is open; the trial's levels count nowhere, its words and cases are all there.
    assert "正在试行" not in client.get(f"/s/{code('D01')}").text
    assert client.get(f"/s/{code('D02')}").status_code == 200
    assert counted(runtime) == 1
    assert "那时还在试行" in client.get(low.location).text
    assert send(client.application.test_client(), f"/s/{code('D02')}", overall="4").status_code == 303
    with runtime.reading() as session:
        assert session.query(Case).count() == 2
        assert {one.comment for one in session.query(Rating)} >= {"等了三个小时"}
        dropped = session.query(Evidence).filter_by(kind="excluded").all()
        assert [one.shown["reason"] for one in dropped] == ["trial", "trial"]
        told = session.query(Evidence).filter_by(subject=pilot.SUBJECT).order_by(Evidence.id).all()
        assert [one.shown["state"] for one in told] == ["trial", "live"] and told[-1].shown["aside"] == 2
    assert counted(runtime) == 2
    assert problems(runtime) == []


def test_a_dropped_score_cannot_be_brought_back_unseen(runtime: Runtime, client: FlaskClient, code: Code) -> None:
    begin(runtime)
    send(client, f"/s/{code('D01')}", overall="5")
    live(runtime)
    assert problems(runtime) == []
    with runtime.transaction() as session:
        session.query(Rating).update({"status": "counted", "why_not": ""})
    assert [one.what for one in problems(runtime)] == ["rating_set_aside_unseen"]


def test_what_a_rule_held_is_dropped_and_decided_too(runtime: Runtime, point: Lookup) -> None:
    begin(runtime)
    with runtime.transaction() as session:
        sent = Submission(point("D01").id, 5, "form", "a")
        ratings.submit(session, sent, zone=runtime.zone, now=runtime.now())
        rating = session.query(Rating).one()
        set_asides.hold(session, rating, Weighed(("night",), 9.0), runtime.now())
    assert live(runtime) == 1
    with runtime.reading() as session:
        assert session.query(Rating).one().status == "excluded"
        assert session.query(SetAside).one().state == "excluded"
        assert set_asides.waiting(session) == {"excluded": 1}
    assert problems(runtime) == []


@pytest.mark.parametrize(
    ("purpose", "key", "queued"),
    [
        ("star_result", "D02", False), ("star_result", "D01", True), ("thanks", "D02", False), ("reading", "D02", False),
        ("star_summary", "EK", False), ("star_summary", "XN", True),
        ("case_offered", "D02", True), ("staff_sign_in", "D02", True),
    ],
)  # fmt: skip
def test_others_receive_nothing_but_what_a_case_or_a_sign_in_needs(
    runtime: Runtime, point: Lookup, purpose: str, key: str, queued: bool
) -> None:
    begin(runtime)
    with runtime.transaction() as session:
        done = outbox.put(
            session, dedupe_key="x", purpose=purpose, channel="wecom", recipient="r", payload={}, now=NOON,
            service_point_id=point(key).id,
        )  # fmt: skip
        assert done is queued
        assert session.query(OutboxMessage).filter_by(purpose=purpose).count() == int(queued)
    if not queued:
        live(runtime)
        with runtime.transaction() as session:
            assert outbox.put(
                session, dedupe_key="x", purpose=purpose, channel="wecom", recipient="r", payload={}, now=NOON,
                service_point_id=point(key).id,
            )  # fmt: skip


def test_the_bot_says_so_and_takes_the_complaint(runtime: Runtime, code: Code) -> None:
    begin(runtime)
    patient = Patient(runtime)
    assert "还没有开放评价" in patient.says("给张敏医生5星")
    assert "还没有开放评价" in patient.scans(code("D02"))
    assert "收到了" in patient.says("给张伟医生5星")
    patient.says("投诉")
    patient.says("儿科的张敏医生昨天下午看病态度很差，一直不理人")
    with runtime.reading() as session:
        assert [one.service_point.key for one in session.query(Rating)] == ["D01"]
    # Whatever the bot asked in between, the office's route is open.
    answer = patient.says("就这些")
    assert answer
    with runtime.reading() as session:
        assert session.query(Case).count() == 1


def test_tests_of_our_own_go_only_where_it_is_open(runtime: Runtime, code: Code) -> None:
    for key in ("D01", "D02", "W03", "L02"):
        code(key)
    begin(runtime, "EK")
    with runtime.reading() as session:
        for hour in range(4):
            assert {one.name for one in canary.targets(session, NOON + timedelta(hours=hour))} == {"张敏"}


def test_no_board_is_closed_during_a_trial_nor_for_the_time_before(runtime: Runtime, point: Lookup) -> None:
    begin(runtime)
    with runtime.transaction() as session:
        sent = Submission(point("D01").id, 5, "form", "a")
        ratings.submit(session, sent, zone=runtime.zone, now=runtime.now())
    december, january = datetime.fromisoformat("2026-12-10T04:00Z"), datetime.fromisoformat("2027-01-10T04:00Z")
    with runtime.transaction() as session:
        assert leaderboards.close_due(session, now=december, zone=runtime.zone) == []
        with pytest.raises(Conflict, match="no_boards"):
            leaderboards.close(session, "monthly", Period.parse("2026-11"), now=december, zone=runtime.zone)
        leaderboards.preview(session, "monthly", Period.parse("2026-11"), now=december, zone=runtime.zone)
    clock.move(Path(runtime.settings.sandbox.clock_file), december)
    live(runtime)
    with runtime.transaction() as session:
        done = leaderboards.close_due(session, now=january, zone=runtime.zone)
        assert [(award, str(period)) for award, period in done] == [("monthly", "2026-12")]


def test_whoever_waited_while_another_went_live_drops_nothing(runtime: Runtime) -> None:
    begin(runtime)
    with runtime.transaction() as session:
        seen = pilot.stage(session)
        pilot.go_live(session, by="liu", zone=runtime.zone, now=runtime.now())
        session.info["pilot"] = seen  # as read before the months were ours
        with pytest.raises(Conflict, match="no_trial"):
            pilot.go_live(session, by="wang", zone=runtime.zone, now=runtime.now())


@pytest.mark.parametrize(
    ("before", "keys", "code"),
    [
        ("", (), "no_units"), ("", ("XX",), "no_such_unit"), ("", ("D01",), "no_such_unit"),
        ("trial", THREE, "stands_so"), ("live", THREE, "is_live"), ("closed", THREE, "too_late"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(runtime: Runtime, before: str, keys: tuple[str, ...], code: str) -> None:
    with runtime.transaction() as session:
        if before == "closed":
            zone, over = runtime.zone, datetime.fromisoformat("2026-12-10T04:00Z")
            leaderboards.close(session, "monthly", Period.parse("2026-11"), now=over, zone=zone)
            assert session.query(Leaderboard).count() == 1
    if before in {"trial", "live"}:
        begin(runtime)
    if before == "live":
        live(runtime)
        with runtime.transaction() as session, pytest.raises(Conflict, match="no_trial"):
            pilot.go_live(session, by="liu", zone=runtime.zone, now=runtime.now())
    with runtime.transaction() as session, pytest.raises(FeedbackError, match=code):
        pilot.choose(session, keys, by="liu", now=runtime.now())


def test_more_departments_can_join_and_what_lies_below_them_is_open(
    runtime: Runtime, code: Code, point: Lookup
) -> None:
    begin(runtime, "XN")
    begin(runtime, "XN", "EK")
    with runtime.transaction() as session:
        ward = ServicePoint(
            kind="department", key="EK2", name="儿科二病区", department_id=point("EK").id, changed_at=NOON
        )
        session.add(ward)
        session.flush()
        assert pilot.is_open(session, ward)
        codes.open_code(session, runtime.vault, code_of(session, runtime, "D02"))
        assert not pilot.is_open(session, session.query(ServicePoint).filter_by(key="W03").one())
        assert case_people.way(session, ward) is case_people.OFFICE


def code_of(session: object, runtime: Runtime, key: str) -> str:
    found = session.query(ServicePoint).filter_by(key=key).one()  # type: ignore[attr-defined]
    return codes.issue(session, runtime.vault, found, runtime.now()).text or ""  # type: ignore[arg-type]


def command(runtime: Runtime, *words: str, typed: str = "") -> Result:
    class Opened:
        def runtime(self) -> object:
            from contextlib import nullcontext

            return nullcontext(runtime)

    return CliRunner().invoke(COMMANDS[0], words, obj=Opened(), input=typed)


def test_by_command(runtime: Runtime, point: Lookup) -> None:
    assert program.get_command(None, "pilot") is not None  # type: ignore[arg-type]
    assert command(runtime, "choose", *THREE).exit_code == 0
    with runtime.transaction() as session:
        ratings.submit(session, Submission(point("D01").id, 2, "form", "a"), zone=runtime.zone, now=runtime.now())
    told = json.loads(command(runtime, "status").stdout)
    assert (told["state"], told["departments"], told["dropped"], told["cases"]) == ("trial", sorted(THREE), 1, 1)
    assert command(runtime, "live", typed="n\n").exit_code == 1
    assert json.loads(command(runtime, "status").stdout)["state"] == "trial"
    assert json.loads(command(runtime, "live", "--yes").stdout) == {"state": "live", "dropped": 1, "cases": 1}
    assert json.loads(command(runtime, "status").stdout)["state"] == "live"


@pytest.mark.parametrize("database_kind", [postgres.KIND], indirect=True)
def test_who_decides_about_a_rating_and_who_goes_live_do_not_wait_for_one_another(
    runtime: Runtime, point: Lookup
) -> None:
    begin(runtime)
    with runtime.transaction() as session:
        sent = Submission(point("D01").id, 1, "form", "a")
        receipt = ratings.submit(session, sent, zone=runtime.zone, now=runtime.now()).receipt
        rating = session.query(Rating).filter_by(receipt=receipt).one()
        aside = set_asides.propose(session, rating.id, reason="staff", words="同事自己扫的", by="liu", now=NOON)

    def confirm() -> str:
        try:
            with runtime.transaction() as session:
                set_asides.confirm(session, aside.id, by="wang", now=runtime.now())
        except FeedbackError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(1) as pool:
        with runtime.transaction() as session:
            lock_month(session, "2026-11", to_close=True)  # what going live does first
            confirming = pool.submit(confirm)
            until(lambda: _somebody_waits(runtime), "the other one waits", Path())
            assert pilot.go_live(session, by="liu", zone=runtime.zone, now=runtime.now()) == 1
        assert confirming.result(60) == "set_asides.decided"
    assert problems(runtime) == []


def _somebody_waits(runtime: Runtime) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with runtime.database.engine.connect() as connection:
        return bool(connection.scalar(text(waiting)))
