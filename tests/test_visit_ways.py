"""Issue 10, item 1 and 4: visits from a drop folder and from a system that speaks HL7 only, over a real socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from feedback_app.cli._mllp_server import END, START, MllpServer
from feedback_app.db.directory import ServicePoint
from feedback_app.db.visit_feed import HospitalVisit, VisitContact
from feedback_app.services import visit_files
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import settings_for

GOOD = (
    "就诊号,工号,结束时间,就诊类型,手机号\nA1,D01,2026/11/19 10:00,门诊,13800000001\nA2,D02,2026-11-19 11:00:00,急诊,\n"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, mllp={"port": 0}, visits={"drop_folder": str(tmp_path / "drop")})


def rows(runtime: Runtime) -> list[tuple[str, str, str]]:
    with runtime.reading() as session:
        found = session.query(HospitalVisit, ServicePoint.key).join(
            ServicePoint, HospitalVisit.service_point_id == ServicePoint.id
        )
        return [(key, one.kind, one.told_by) for one, key in found.order_by(HospitalVisit.id)]


def drop(folder: Path, name: str, text: str, encoding: str = "utf-8") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding)
    os.utime(folder / name, (1, 1))  # written long ago


def test_files_in_the_folder_are_taken_once_and_answered_line_by_line(runtime: Runtime, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    drop(folder, "a.csv", GOOD + "A3,X9,2026-11-19 11:00,门诊,\nA4,D01,soon,门诊,\n", "gb18030")
    drop(folder, "nothing.csv", "a,b\n1,2\n")
    drop(folder, ".half.csv", GOOD)
    (folder / "b.csv.part").write_text(GOOD)
    taken = dict(visit_files.take_folder(runtime, folder))
    assert (taken["a.csv"].received, taken["a.csv"].stored) == (4, 2)
    assert [(one.line, one.code) for one in taken["a.csv"].problems] == [
        (4, "visits.unknown_point"),
        (5, "api.bad_moment"),
    ]
    assert [one.code for one in taken["nothing.csv"].problems] == ["visits.no_heading"]
    assert rows(runtime) == [("D01", "outpatient", "csv"), ("D02", "emergency", "csv")]
    report = next((folder / "done").glob("*a.csv.report.csv")).read_text("utf-8-sig")
    assert "rejected 2" in report and "X9" in report and "13800000001" not in report
    assert visit_files.take_folder(runtime, folder) == []
    drop(folder, "a.csv", GOOD)
    assert visit_files.take_folder(runtime, folder)[0][1].known == 2


@pytest.fixture
def his(runtime: Runtime) -> Iterator[socket.socket]:
    with MllpServer(runtime) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        with socket.create_connection(("127.0.0.1", server.server_address[1]), 30) as line:
            yield line
        server.shutdown()
        thread.join()


def tell(his: socket.socket, *messages: bytes) -> list[str]:
    his.sendall(b"".join(START + one + END for one in messages))
    heard = b""
    while heard.count(END) < len(messages):
        heard += his.recv(65536)
    return [one.replace(START, b"").decode() for one in heard.split(END)[:-1]]


def adt(
    event: str,
    visit: str = "I1",
    doctor: str = "D01",
    *,
    kind: str = "I",
    ended: str = "20261119100000",
    more: str = "",
) -> bytes:
    lines = (
        f"MSH|^~\\&|HIS|青山|STARS|青山|20261120100000||ADT^{event}|M{visit}|P|2.5.1",
        f"EVN|{event}|20261119090000",
        "PID|1||P7788^^^HIS||王^某||19700101|M|||||13912345678",
        f"PV1|1|{kind}|XN^301^2||||{doctor}^张^伟||||||||||||{visit}"
        + "|" * 17
        + f"{more}"
        + "|" * 8
        + f"20261118080000|{ended}",
        "DG1|1||I20^心绞痛",
    )
    return "\r".join(lines).encode()


def test_messages_over_a_socket_are_stored_and_acknowledged(runtime: Runtime, his: socket.socket) -> None:
    answers = tell(
        his, adt("A01"), adt("A08", ended=""), adt("A03"), adt("A03"), adt("A04", "O1", "D02", kind="O", ended="")
    )
    assert [one.split("MSA|")[1][:2] for one in answers] == ["AA"] * 5
    assert "MSA|AA|MI1|" in answers[0] and "ACK^A01" in answers[0]
    assert rows(runtime) == [("D01", "inpatient", "hl7"), ("D02", "outpatient", "hl7")]
    tell(his, adt("A08", doctor="D03"))
    assert rows(runtime)[0][0] == "D03"
    tell(his, adt("A03", "I2", "X99", more="20"))
    with runtime.reading() as session:
        last = session.query(HospitalVisit).order_by(HospitalVisit.id.desc()).first()
        kept = session.query(VisitContact).filter_by(visit_id=1).one()
        assert last is not None and last.quiet == "loss"
        assert rows(runtime)[-1][0] == "XN"  # the number is unknown, the department is not
        assert "13912345678" in runtime.vault.unseal(kept.sealed) and "心绞痛" in runtime.vault.unseal(kept.sealed)


def test_what_cannot_be_taken_is_refused_and_the_line_goes_on(runtime: Runtime, his: socket.socket) -> None:
    unknown = adt("A03", doctor="X").replace(b"XN^301^2", b"?")
    oru, other = adt("A03").replace(b"ADT^A03", b"ORU^R01"), adt("A40")
    answers = tell(his, unknown, oru, other, adt("A03", ended="soon"), adt("A03", "I9"))
    assert [one.split("MSA|")[1][:2] for one in answers] == ["AE", "AR", "AR", "AE", "AA"]
    his.sendall(START + b"\xff\xfe nonsense" + END + START + END)
    assert "MSA|AA" in tell(his, adt("A03", "I9"))[0]
    assert len(rows(runtime)) == 1


def test_messages_in_gb18030_are_read(runtime: Runtime, his: socket.socket) -> None:
    assert "MSA|AA" in tell(his, adt("A03").decode().encode("gb18030"))[0]
