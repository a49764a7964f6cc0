"""Somebody has the database file, and not the configuration: no telephone number, openid or mail address is in it."""

import base64
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.services import bindings, complaints, deliveries, people
from feedback_app.services.complaints import Filing
from feedback_app.services.outbox import put
from feedback_app.services.runtime import Runtime

COUNT = 1000
START = 8  # bytes; every form is longer
PERSON = ("zw.private@example.com", "planted-userid")


def planted(count: int, seed: int = 7) -> list[str]:
    """Half telephone numbers, half openids."""
    dice = random.Random(seed)
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    phones = [f"1{dice.choice('3456789')}{dice.randrange(10**9):09}" for _ in range(count // 2)]
    return phones + ["o" + "".join(dice.choices(signs, k=27)) for _ in range(count - count // 2)]


def forms(word: str) -> Iterator[bytes]:
    """How it might stand in a file: plain, spaced out, in other alphabets of bytes, turned round."""
    raw = word.encode()
    yield from (raw, word.encode("utf-16-le"), word.encode("utf-16-be"), word.encode("utf-32-le"))
    yield from (raw.hex().encode(), raw.hex().upper().encode(), quote(word, safe="").encode(), word[::-1].encode())
    for shift in range(3):  # base 64 at each place within a longer text
        whole = base64.b64encode(b"\0" * shift + raw)
        yield whole[4 if shift else 0 : -4]
        yield base64.urlsafe_b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4]
    yield " ".join(word).encode()
    yield "-".join((word[:3], word[3:7], word[7:])).encode()
    yield word.translate(str.maketrans("0123456789", "０１２３４５６７８９")).encode() if word.isdigit() else raw


def among(copied: bytes, words: list[str]) -> list[str]:
    """Which of them are in it, in any form; one pass, however many they are."""
    begins: dict[bytes, list[tuple[bytes, str]]] = {}
    for word in words:
        for form in forms(word):
            begins.setdefault(form[:START], []).append((form, word))
    found = set()
    for place in range(len(copied) - START + 1):
        for form, word in begins.get(copied[place : place + START], ()):
            if copied.startswith(form, place):
                found.add(word)
    return sorted(found)


def held(runtime: Runtime, tmp_path: Path) -> bytes:
    """The file, what SQLite keeps beside it, and a backup."""
    database = Path(runtime.settings.database.url.removeprefix("sqlite:///"))
    backup = tmp_path / "copy.bak"
    with sqlite3.connect(database) as source, sqlite3.connect(backup) as copy:
        source.backup(copy)
    copies = sorted(database.parent.glob("stars.db*"))
    assert {one.name for one in copies} >= {"stars.db", "stars.db-wal"}
    assert {one.stat().st_mode & 0o077 for one in copies} == {0}  # and nobody else on this machine may copy it
    return b"".join(one.read_bytes() for one in (*copies, backup))


@pytest.mark.sqlite_only("reads the bytes of its files")
def test_the_file_alone_tells_nobody(
    client: FlaskClient,
    runtime: Runtime,
    code: Callable[[str], str],
    point: Callable[[str], ServicePoint],
    tmp_path: Path,
) -> None:
    """A thousand patients: numbers left as contacts and written into words, openids that write and are written to."""
    words, number = planted(COUNT), code("D01")
    phones, openids = words[: COUNT // 2], words[COUNT // 2 :]
    for turn, phone in enumerate(phones[:20]):  # as they come in; the others straight through the services
        sent = {
            "key": f"{turn:024}",
            "overall": "1",
            "comment": f"打我电话 {phone}",
            "contact": phone,
            "wants_answer": "1",
        }
        assert client.post(f"/s/{number}", data={**sent, "for_child": "1"}).status_code == 303
    with runtime.transaction() as session:
        for turn, phone in enumerate(phones[20:]):
            filing = Filing(
                f"我的手机是{phone}，请回电", "form", f"planted:{turn}", contact_sealed=runtime.vault.seal(phone)
            )
            complaints.file(session, filing, zone=runtime.zone, now=runtime.now())
        for openid in openids:
            people.meet(session, runtime.vault, openid, app_id="wx1", now=runtime.now())
    mail, userid = PERSON
    with runtime.transaction() as session:
        person = session.get_one(ServicePoint, point("D02").id)
        person.wecom_userid = ""
        bindings.bind(session, runtime.vault, person, "mail", mail, now=runtime.now())
        bindings.bind(session, runtime.vault, person, "wecom", userid, now=runtime.now())
        for turn, to in enumerate((mail, *openids[:50])):
            channel = "official_account" if turn else "mail"
            put(
                session, dedupe_key=f"x{turn}", purpose="star_result", channel=channel, recipient=runtime.vault.seal(to),
                payload={"title": "", "text": ""}, now=runtime.now(),
            )  # fmt: skip
    with runtime.transaction() as session:
        claimed = deliveries.claim(session, runtime.vault, "me", runtime.now(), 5)
        assert [one.recipient for one in claimed[:2]] == [mail, openids[0]]
    with runtime.reading() as session:
        assert session.query(Case).filter_by(has_contact=True).count() == len(phones)
    copied = held(runtime, tmp_path)
    assert b"D01" in copied
    assert among(copied, [*words, *PERSON]) == []


def test_the_search_would_find_it() -> None:
    word = "13800138000"
    for form in forms(word):
        assert among(b"....." + form + b".....", [word]) == [word]
    for shift in range(3):
        longer = base64.b64encode(b"x" * (3 + shift) + word.encode() + b"yz")
        assert among(longer, [word]) == [word]
    assert among(b"13900139000" * 3, [word]) == []
