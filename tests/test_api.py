"""Issue 10, item 1: the interface for other programs, as its own description says and as programs misuse it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from feedback_app import clock
from feedback_app.db.api_keys import ApiKey
from feedback_app.db.leaves import Leave
from feedback_app.db.visit_feed import HospitalVisit, VisitContact
from feedback_app.services import api_keys, ratings, star_facts, visit_feed
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.web.api import ENDPOINTS
from feedback_app.web.api_declaring import Endpoint
from tests.conftest import NOON
from tests.console import csrf, sign_in
from tests.hospital_systems import Program, key_of, visit


@pytest.fixture
def his(client: FlaskClient, runtime: Runtime) -> Program:
    return Program(client, key_of(runtime))


def rows(runtime: Runtime) -> list[HospitalVisit]:
    with runtime.reading() as session:
        return session.query(HospitalVisit).order_by(HospitalVisit.id).all()


@pytest.mark.parametrize("one", [one for one in ENDPOINTS if one.example], ids=lambda one: one.name)
def test_every_example_of_the_description_works(his: Program, one: Endpoint) -> None:
    path = one.path.format(**one.example.get("path", {}))
    answer = his.post(path, one.example["body"]) if one.writes else his.get(path, one.example.get("query"))
    assert answer.status_code in one.answers, answer.text
    told = one.answers[answer.status_code].model_validate(answer.json)
    assert getattr(told, "rejected", 0) == 0, answer.text


def test_the_description_names_every_address_and_refers_to_nothing_that_is_missing(client: FlaskClient) -> None:
    told = client.get("/api/v1/openapi.json").json
    assert told is not None and told["openapi"] == "3.1.0"
    declared = {(one.method.lower(), one.path) for one in ENDPOINTS}
    assert {(method, path) for path, each in told["paths"].items() for method in each} == declared
    text = json.dumps(told)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in told["components"]["schemas"], name


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_a_key_nothing_is_told(client: FlaskClient, language: str) -> None:
    for header in ("", "Bearer ss_00000000_guess", "Basic x", "Bearer ss_\u00e9_x"):
        answer = client.get("/api/v1/roster", headers={"Authorization": header, "Accept-Language": language})
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
        assert answer.json and answer.json["code"] == "api.no_key"
        assert ("密钥" in answer.json["detail"]) == (language == "zh")


def test_a_key_is_stored_as_a_fingerprint_expires_and_is_revoked(client: FlaskClient, runtime: Runtime) -> None:
    secret = key_of(runtime, "roster:read", days=1)
    program = Program(client, secret)
    assert program.get("/roster").status_code == 200
    with runtime.reading() as session:
        row = session.query(ApiKey).one()
        assert secret not in str(vars(row)) and row.calls == 1 and row.last_used_at is not None
    assert program.get("/cases", {"since": "2026-11-01"}).status_code == 403
    clock.move(Path(runtime.settings.sandbox.clock_file), NOON + timedelta(days=1, minutes=5))
    assert program.get("/roster").status_code == 401
    other = Program(client, key_of(runtime, "roster:read"))
    assert other.get("/roster").status_code == 200
    with runtime.transaction() as session:
        api_keys.revoke(session, 2, by="admin", now=runtime.now())
    assert other.get("/roster").status_code == 401


def test_more_than_the_quota_is_told_when_to_come_again(client: FlaskClient, runtime: Runtime) -> None:
    program = Program(client, key_of(runtime, per_minute=3))
    answers = [program.get("/roster") for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    clock.move(Path(runtime.settings.sandbox.clock_file), NOON + timedelta(minutes=5))
    assert program.get("/roster").status_code == 200


def test_a_batch_half_wrong_keeps_its_good_half_and_names_each_bad_line(his: Program, runtime: Runtime) -> None:
    batch = {
        "visits": [
            visit(1),
            visit(2, key="NOBODY"),
            visit(3, ended_at="2027-01-01T00:00:00Z"),
            visit(4, kind="flying"),
            {"reference": "x"},
            "no visit at all",
            visit(5, ended_at="2026-11-20T12:04:00"),  # four minutes ahead, in the hospital's own time
            visit(6, ended_at="2020-01-01T00:00:00Z"),
            visit(1),
            visit(7, colour="red"),
            visit(8, "W01", point={"kind": "window", "key": "W01"}),
        ]
    }
    answer = his.post("/visits/batches", batch).json
    assert answer is not None
    problems = {(one["line"], one["code"]) for one in answer.pop("problems")}
    assert answer == {"received": 11, "stored": 3, "known": 1, "changed": 0, "rejected": 7, "clock_ahead": 1}
    assert problems == {
        (2, "visits.unknown_point"), (3, "visits.in_future"), (4, "api.not_offered"), (5, "api.missing"),
        (6, "api.wrong_type"), (8, "visits.too_old"), (10, "api.unknown_field"),
    }  # fmt: skip
    assert rows(runtime)[1].ended_at < NOON + timedelta(minutes=3)  # by our clock it ended now
    again = his.post("/visits/batches", batch).json
    assert again is not None and (again["stored"], again["known"]) == (0, 4)


def test_a_visit_told_again_otherwise_is_put_right(his: Program, runtime: Runtime) -> None:
    assert his.post("/visits", visit(1)).status_code == 201
    assert his.post("/visits", visit(1)).json == {"state": "known"}
    assert his.post("/visits", visit(1, key="D02")).json == {"state": "changed"}
    assert his.post("/visits", visit(1, key="X9")).status_code == 404
    assert his.post("/visits", visit(2, ended_at="2028-01-01T00:00:00Z")).status_code == 422
    with runtime.reading() as session:
        assert [one.key for one in visit_feed.coverage(session, NOON.date(), NOON.date())] == []
        day = NOON.date() - timedelta(days=1)
        assert [(one.key, one.visits) for one in visit_feed.coverage(session, day, day)] == [("D02", 1)]


@pytest.mark.sqlite_only("reads the bytes of its files")
def test_a_copy_of_the_database_tells_no_phone_and_no_visit_number(
    his: Program, runtime: Runtime, tmp_path: Path
) -> None:
    told = visit(
        "77123", patient="P8899001", phone="138 1234 5678", diagnosis_group="乳腺肿瘤", age=44, kind="inpatient"
    )
    assert his.post("/visits", told).status_code == 201
    raw = b"".join(file.read_bytes() for file in tmp_path.glob("stars.db*"))
    for secret in ("77123", "P8899001", "13812345678", "138 1234", "乳腺"):
        assert secret.encode() not in raw, secret
    with runtime.transaction() as session:
        later = NOON + timedelta(days=runtime.settings.visits.contact_days + 1)
        assert session.query(VisitContact).count() == 1
        assert visit_feed.forget(session, zone=runtime.zone, now=later) == 1
        kept = session.query(HospitalVisit).one()
        assert (session.query(VisitContact).count(), kept.person_hash) == (0, None)


def test_an_idempotency_key_has_its_effect_once(his: Program, runtime: Runtime) -> None:
    first = his.post("/visits", visit(1), Idempotency_Key="a-1")
    second = his.post("/visits", visit(1), Idempotency_Key="a-1")
    assert (first.status_code, second.status_code, second.json) == (201, 201, {"state": "stored"})
    assert second.headers["Idempotent-Replayed"] == "true"
    assert his.post("/visits", visit(2), Idempotency_Key="a-1").status_code == 409
    assert his.post("/visits", visit(3), Idempotency_Key="ä").status_code == 422
    assert len(rows(runtime)) == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"visits": [NaN]}', "application/json", 400),
        (b'{"reference": "\\u0000"}', "application/json", 400),
        (b'{"reference": "\\ud800"}', "application/json", 400),
        (b"reference=1", "application/x-www-form-urlencoded", 415),
        (b"{}", "application/json", 422),
        (b'{"visits": "' + b"x" * (3 << 20) + b'"}', "application/json", 413),
    ],
)
def test_what_is_no_request_is_refused_in_words(
    client: FlaskClient, runtime: Runtime, body: bytes, kind: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {key_of(runtime)}", "Content-Type": kind}
    answer = client.post("/api/v1/visits", data=body, headers=headers)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text
    assert answer.json and answer.json["detail"]


def test_addresses_that_do_not_exist_answer_in_the_same_form(his: Program, client: FlaskClient) -> None:
    assert [his.get(path).status_code for path in ("/nothing", "/figures/x/never", "/leaderboards/x/2026-11")] == [
        404
    ] * 3
    wrong = client.delete("/api/v1/visits")
    assert (wrong.status_code, wrong.content_type) == (405, "application/problem+json")
    assert his.get("/roster", {"kind": "ghost"}).status_code == 422
    assert his.get("/roster", {"after": "\x00"}).status_code == 422
    assert his.post("/roster/ghosts", {"rows": [{"a": "b"}]}).status_code == 404
    assert his.get("/duty", {"since": "0001-01-01", "until": "0001-01-02"}).status_code == 422


def test_visits_are_the_denominator_of_awards_and_ratings(his: Program, runtime: Runtime) -> None:
    his.post("/visits/batches", {"visits": [visit(number) for number in range(30)]})
    with runtime.transaction() as session:
        point = session.query(HospitalVisit).first().service_point_id  # type: ignore[union-attr]
        ratings.submit(session, Submission(point, 4, "form", "k1", verified_how="slip"), zone=runtime.zone, now=NOON)
    answer = his.get("/visits/coverage", {"since": "2026-11-01", "until": "2026-11-30"}).json
    assert answer and answer["points"] == [
        {"kind": "staff", "key": "D01", "name": "张伟", "visits": 30, "rated": 1, "verified": 1}
    ]
    with runtime.reading() as session:
        from feedback_app.domain.cycles import Period
        from feedback_app.services import awards

        scheme = awards.scheme(session, awards.BUILT_IN)
        known = star_facts.gather(session, scheme, Period.parse("2026-11"))
    assert max(one.facts.visits for one in known) == 30


def test_ratings_are_read_without_person_time_or_order(his: Program, runtime: Runtime, point: Any) -> None:
    person = point("D01").id
    for number in range(6):
        with runtime.transaction() as session:
            sent = Submission(person, 1 + number % 5, "form", f"k{number}", comment="secret words", rater_hash="r" * 64)
            ratings.submit(session, sent, zone=runtime.zone, now=NOON)
    assert his.get("/ratings", {"day": "2026-11-20"}).status_code == 422  # the day is not over
    clock.move(Path(runtime.settings.sandbox.clock_file), NOON + timedelta(days=1))
    answer = his.get("/ratings", {"day": "2026-11-20"})
    assert answer.json and len(answer.json["ratings"]) == 6
    assert set(answer.json["ratings"][0]) == {
        "kind", "key", "day", "score", "channel", "counted", "why_not", "verified"
    }  # fmt: skip
    assert "secret" not in answer.text and "rrrr" not in answer.text
    cases = his.get("/cases", {"since": "2026-11-01"}).json
    assert cases and len(cases["cases"]) == 3 and "secret" not in str(cases)


def test_roster_duty_and_leaves_come_in_and_count(his: Program, runtime: Runtime, point: Any) -> None:
    staff = [
        {"工号": "D20", "姓名": "新医生", "科室代码": "XN", "类别": "医师", "状态": "在岗"},
        {"工号": "", "姓名": "无号"},
    ]
    answer = his.post("/roster/staff", {"rows": staff}).json
    assert answer and (answer["added"], answer["rejected"], answer["problems"][0]["line"]) == (1, 1, 2)
    slot = {"window_no": "W01", "staff_no": "C01", "date": "2026-11-20", "start": "08:00", "end": "17:00"}
    assert his.post("/roster/duty", {"rows": [slot]}).json == {
        "added": 1, "changed": 0, "unchanged": 0, "rejected": 0, "problems": []
    }  # fmt: skip
    told = his.get("/duty", {"since": "2026-11-20", "until": "2026-11-20"}).json
    assert told and [(one["window"], one["staff"]) for one in told["slots"]] == [("W01", "C01")]

    def served(key: str) -> int | None:
        from feedback_app.db.ratings import Rating

        with runtime.transaction() as session:
            ratings.submit(session, Submission(point("W01").id, 5, "form", key), zone=runtime.zone, now=NOON)
            return session.query(Rating).filter_by(idempotency_key=key).one().on_duty_id

    assert served("k1") == point("C01").id
    leave = {"staff": "C01", "first_day": "2026-11-20", "last_day": "2026-11-21"}
    bad = [{**leave, "staff": "X"}, {**leave, "first_day": "2026-11-22"}]
    answer = his.post("/leaves", {"leaves": [leave, *bad]}).json
    assert answer and (answer["stored"], [one["line"] for one in answer["problems"]]) == (1, [2, 3])
    assert his.post("/leaves", {"leaves": [leave]}).json == {
        "stored": 0, "known": 1, "changed": 0, "rejected": 0, "problems": []
    }  # fmt: skip
    assert served("k2") is None
    with runtime.reading() as session:
        assert session.query(Leave).count() == 1


def test_figures_are_put_right_until_the_period_is_closed(his: Program) -> None:
    values = [{"key": "D01", "value": 10}, {"key": "D01", "value": 11}, {"key": 'a"b,c', "value": 1}]
    answer = his.post("/figures/minutes/2026-11", {"values": values}).json
    assert answer and (answer["stored"], answer["rejected"]) == (1, 2)
    assert [one["code"] for one in answer["problems"]] == ["api.figure_twice", "api.figure_unknown"]
    his.post("/figures/minutes/2026-11", {"values": [{"key": "D01", "value": 9.5}]})
    told = his.get("/figures/minutes/2026-11").json
    assert told and told["values"] == [{"kind": "staff", "key": "D01", "value": 9.5}]
    assert his.post("/figures/no name/2026-11", {"values": values}).status_code == 422


def test_a_key_is_made_in_the_console_after_the_password_and_shown_once(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    fields = {
        "name": "门诊 HIS",
        "scope": ["visits:write"],
        "per_minute": "60",
        "days": "30",
        "csrf_token": csrf(client),
    }
    clock.move(Path(runtime.settings.sandbox.clock_file), NOON + timedelta(minutes=20))
    asked = client.post("/admin/api", data=fields)
    assert asked.status_code == 401 and "密码" in asked.text
    with runtime.reading() as session:
        assert session.query(ApiKey).count() == 0
    client.post("/admin/confirm", data={"csrf_token": csrf(client), "password": "blue-heron-42"})
    page = client.post("/admin/api", data={**fields, "csrf_token": csrf(client)})
    assert page.status_code == 200 and "Bearer ss_" in page.text
    secret = page.text.split("Bearer ")[1].split("<")[0]
    assert Program(client, secret).post("/visits", visit(1)).status_code == 201
    listed = client.get("/admin/api").text
    assert secret not in listed and "门诊 HIS" in listed
    client.post("/admin/api/1/revoke", data={"csrf_token": csrf(client)})
    assert Program(client, secret).post("/visits", visit(1)).status_code == 401
    bad = client.post("/admin/api", data={"csrf_token": csrf(client), "name": "", "per_minute": "x"})
    assert bad.status_code == 400
