"""Codes in the database: issued once, stopped at once, found by what people ask for."""

from collections.abc import Callable

import pytest

from feedback_app.db.audit import AuditEntry
from feedback_app.db.codes import Code
from feedback_app.db.directory import ServicePoint
from feedback_app.errors import Gone, NotFound, Refused
from feedback_app.services import audit, codes, posters
from feedback_app.services.codes import Wanted
from feedback_app.services.runtime import Runtime
from qr import codes as short_codes
from tests.people import DEPARTMENTS, STAFF, TEAMS, WINDOWS

EVERYBODY = len(DEPARTMENTS) + len(STAFF) + len(WINDOWS) + len(TEAMS)
Point = Callable[[str], ServicePoint]


def issue_all(runtime: Runtime) -> int:
    with runtime.transaction() as session:
        return codes.issue_missing(session, runtime.vault, actor="test", now=runtime.now())


def listed(runtime: Runtime, **wanted: object) -> list[codes.CodeRow]:
    with runtime.reading() as session:
        return list(codes.rows(session, "https://stars.hospital.cn", Wanted(**wanted)))  # type: ignore[arg-type]


def code_of(runtime: Runtime, key: str) -> str:
    return listed(runtime, keys=(key,), status="active")[0].code


def test_everybody_gets_one_code_and_only_one(runtime: Runtime) -> None:
    with runtime.reading() as session:
        assert codes.missing(session) == EVERYBODY
    assert issue_all(runtime) == EVERYBODY
    assert issue_all(runtime) == 0
    rows = listed(runtime)
    assert len({row.code for row in rows}) == EVERYBODY
    assert {row.url for row in rows} == {f"https://stars.hospital.cn/s/{row.code}" for row in rows}
    with runtime.reading() as session:
        entries = session.query(AuditEntry).filter_by(action="codes.issued").all()
        assert [entry.details for entry in entries] == [{"number": EVERYBODY}]
        assert codes.count_by_kind(session) == {"window": 2, "staff": 6, "place": 0, "logistics": 2, "department": 4}


def test_lists_by_kind_department_key_status_and_words(runtime: Runtime) -> None:
    issue_all(runtime)
    assert [row.key for row in listed(runtime, kind="window")] == ["W01", "W03"]
    assert {row.key for row in listed(runtime, department="XN")} == {"XN", "D01", "D03", "N01"}
    assert {row.key for row in listed(runtime, department="心血管内科")} == {"XN", "D01", "D03", "N01"}
    assert {row.key for row in listed(runtime, search="张")} == {"D01", "D02"}
    assert [row.key for row in listed(runtime, search=code_of(runtime, "N02")[:8])] == ["N02"]
    assert listed(runtime, search="100%_") == []
    assert [row.key for row in listed(runtime, codes=(code_of(runtime, "L02"),))] == ["L02"]
    with runtime.reading() as session:
        assert codes.count(session, Wanted(department="SF")) == 4
        assert list(codes.departments(session, Wanted(kind="staff"))) == [
            ("EK", "儿科", 2), ("SF", "收费处", 1), ("XN", "心血管内科", 3),
        ]  # fmt: skip
        assert len(codes.rows(session, "", Wanted(), most=5, skip=12)) == EVERYBODY - 12


def test_a_retired_code_stops_at_once_and_stays_known(runtime: Runtime) -> None:
    issue_all(runtime)
    text = code_of(runtime, "D01")
    for _ in range(2):
        with runtime.transaction() as session:
            found = codes.find(session, runtime.vault, text)
            codes.retire(session, found, why="贴错了", actor="test", now=runtime.now())
    with runtime.reading() as session:
        with pytest.raises(Gone) as stopped:
            codes.open_code(session, runtime.vault, text)
        assert stopped.value.params == {"name": "张伟"}
        assert codes.find(session, runtime.vault, text).retired_why == "贴错了"
        assert session.query(AuditEntry).filter_by(action="code.retired").count() == 1
    assert [row.status for row in listed(runtime, keys=("D01",))] == ["retired"]


def test_a_new_code_replaces_the_old_one_and_a_second_click_changes_nothing(runtime: Runtime) -> None:
    issue_all(runtime)
    old = code_of(runtime, "W01")
    new = []
    for _ in range(2):
        with runtime.transaction() as session:
            found = codes.find(session, runtime.vault, old)
            made = codes.reissue(session, runtime.vault, found, why="丢失", actor="test", now=runtime.now())
            new.append(made.text)
    assert new[0] == new[1] != old
    assert [(row.code, row.status) for row in listed(runtime, keys=("W01",))] == [(old, "retired"), (new[0], "active")]
    with runtime.reading() as session:
        assert codes.open_code(session, runtime.vault, new[0] or "").service_point.key == "W01"
        assert codes.current(session, codes.find(session, runtime.vault, old)) == new[0]
        assert audit.first_broken(session) is None


def test_who_has_left_is_not_rated_and_gets_no_new_code(runtime: Runtime) -> None:
    issue_all(runtime)
    text = code_of(runtime, "N01")
    with runtime.transaction() as session:
        session.query(ServicePoint).filter_by(key="N01").one().active = False
    assert [row.key for row in listed(runtime, status="paused")] == ["N01"]
    assert "N01" not in {row.key for row in listed(runtime, status="active")}
    with runtime.transaction() as session:
        found = codes.find(session, runtime.vault, text)
        assert codes.current(session, found) == ""
        with pytest.raises(Gone):
            codes.open_code(session, runtime.vault, text)
        with pytest.raises(Refused):
            codes.reissue(session, runtime.vault, found, why="", actor="test", now=runtime.now())
        assert found.status == "active"


def test_guesses_open_nothing(runtime: Runtime) -> None:
    issue_all(runtime)
    with runtime.reading() as session:
        for number in range(1, 400):
            with pytest.raises(Refused):
                codes.open_code(session, runtime.vault, short_codes.make(number, bytes(32)))
        never_issued = short_codes.make(900_000, runtime.vault.key(codes.PURPOSE))
        with pytest.raises(NotFound):
            codes.open_code(session, runtime.vault, never_issued)
        assert codes.is_ours(runtime.vault, never_issued)
        assert not codes.is_ours(runtime.vault, "0001-0000-0000")


def test_what_stands_on_paper(runtime: Runtime) -> None:
    issue_all(runtime)
    row = listed(runtime, keys=("D01",))[0]
    zh, en = (posters.poster(row, runtime.settings, language) for language in ("zh", "en"))
    assert (zh.hospital, zh.name, zh.place) == ("青山医院", "张伟", "主任医师·心血管内科")
    assert zh.sentence == "扫一扫，说说这次服务。医护人员看不到您是谁，好坏都算数。"
    assert zh.phone == "投诉电话 0571-8888 0120"
    assert zh.code == row.grouped
    assert "127.0.0.1:8000/c" in zh.hint
    assert en.hospital == "Qingshan Hospital"
    window = posters.poster(listed(runtime, keys=("W03",))[0], runtime.settings, "zh")
    assert (window.name, window.place) == ("3号收费窗口", "收费处·门诊楼 1 楼")


def test_files_are_named_for_people_and_safe(runtime: Runtime, point: Point) -> None:
    issue_all(runtime)
    windows, doctors = listed(runtime, kind="window"), listed(runtime, kind="staff")
    assert posters.file_name(windows, "stand", "zh") == "收费处_窗口二维码_2张_立牌.pdf"
    assert posters.file_name(doctors, "badge", "zh") == "员工二维码_6张_胸牌.pdf"
    assert posters.file_name(doctors[:1], "badge", "zh").endswith("_二维码_胸牌.pdf")
    assert posters.picture_name(windows[0], "png") == "window_W01.png"
    with runtime.transaction() as session:
        for key in ("../../etc/passwd", "a/b", "a:b"):
            strange = ServicePoint(kind="staff", key=key, name="<张/三>", changed_at=runtime.now())
            session.add(strange)
    issue_all(runtime)
    names = [posters.picture_name(row, "png") for row in listed(runtime, search="<张")]
    assert len(set(names)) == 3
    assert not any("/" in name or ":" in name or name.startswith(".") for name in names)


def test_codes_survive_a_wrong_order_of_events(runtime: Runtime, point: Point) -> None:
    """A code whose text was never written (a crash between two flushes cannot commit) is neither listed nor printed."""
    with runtime.transaction() as session:
        session.add(Code(service_point_id=point("D01").id, created_at=runtime.now()))
    assert listed(runtime) == []


def test_a_resting_window_keeps_its_code_and_says_so_kindly(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        for key in ("W03", "L04", "N02"):
            session.query(ServicePoint).filter_by(key=key).one().active = False
    assert issue_all(runtime) == EVERYBODY - 1  # all but the nurse who has left
    assert [(row.key, row.status) for row in listed(runtime, kind="window")] == [("W01", "active"), ("W03", "paused")]
    assert [row.key for row in listed(runtime, kind="window", status=codes.PRINTABLE)] == ["W01", "W03"]
    with runtime.transaction() as session:
        assert codes.missing(session) == 0
        assert codes.count_by_kind(session) == {"window": 2, "staff": 5, "place": 0, "logistics": 2, "department": 4}
        assert codes.resting_by_kind(session) == {"window": 1, "logistics": 1}
        resting = codes.find(session, runtime.vault, listed(runtime, keys=("W03",))[0].code)
        with pytest.raises(Gone) as paused:
            codes.open_code(session, runtime.vault, resting.text or "")
        assert (paused.value.code, paused.value.params) == ("codes.paused", {"name": "3号收费窗口"})
        new = codes.reissue(session, runtime.vault, resting, why="丢失", actor="test", now=runtime.now())
        assert codes.current(session, resting) == new.text != resting.text
