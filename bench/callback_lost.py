"""Goal G5, the other half: no message is answered with nothing, and none is lost, with several workers at once.

Every push is new and sent once, over many connections; each answer is decrypted and read. The product stores a row for each
message before it answers; WeRoBot stands beside it with its documented SQLite session, which swallows "database is locked".

python -m bench.callback_lost [--messages 4000] [--workers 4] [--connections 16]
"""

import argparse
import http.client
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from werobot.crypto import MessageCrypt

from bench.callback import AES_KEY, APP_ID, TOKEN, Push, push, settings
from bench.measure import gunicorn
from bots.wechat import xml
from feedback_app.db.conversations import InboundMessage
from feedback_app.services import schema
from feedback_app.services.runtime import Runtime

PATIENCE = 300  # seconds: how long an answer takes is measured elsewhere, here only whether it comes


@dataclass
class Answered:
    words: int = 0
    empty: int = 0
    failed: int = 0  # no connection, or not 200


def read(body: bytes) -> str:
    """The sentence inside an encrypted answer; "" for none. By WeRoBot's code, which is not ours."""
    if not body or body == b"success":
        return ""
    sealed = xml.read(body)
    plain = MessageCrypt(TOKEN, AES_KEY, APP_ID).decrypt_message(
        str(sealed["TimeStamp"]), str(sealed["Nonce"]), str(sealed["MsgSignature"]), str(sealed["Encrypt"])
    )
    return str(xml.read(plain).get("Content", ""))


def send(port: int, pushes: Sequence[Push], told: Answered, lock: threading.Lock) -> None:
    """All of ``pushes`` over one connection, one after the other."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for query, body in pushes:
        try:
            line.request("POST", f"/wechat?{urlencode(query)}", body, {"Content-Type": "text/xml"})
            answer = line.getresponse()
            content, fine = answer.read(), answer.status == 200
        except (OSError, http.client.HTTPException):
            content, fine = b"", False
            line.close()
        words = read(content) if fine else ""
        with lock:
            told.words += bool(words)
            told.empty += fine and not words
            told.failed += not fine
    line.close()


def fire(port: int, messages: int, connections: int) -> Answered:
    told, lock = Answered(), threading.Lock()
    share = [[push() for _ in range(messages // connections)] for _ in range(connections)]
    threads = [threading.Thread(target=send, args=(port, part, told, lock)) for part in share]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def stored(folder: Path) -> int:
    runtime = Runtime.open(settings(folder))
    with runtime.reading() as session:
        rows = session.query(InboundMessage).count()
    runtime.close()
    return int(rows)


def of_ours(messages: int, workers: int, connections: int, folder: Path) -> tuple[Answered, int]:
    """What the product answered, and the rows it left."""
    runtime = Runtime.open(settings(folder))
    schema.migrate(runtime.database, runtime.now())
    runtime.close()
    with gunicorn("bench.callback:our_app()", {"BENCH_FOLDER": str(folder)}, workers=workers, threads=2) as (port, _):
        told = fire(port, messages, connections)
    return told, stored(folder)


def of_werobot(messages: int, workers: int, connections: int, folder: Path) -> Answered:
    session = {"ROBOT_SESSION": str(folder / "robot.db")}
    with gunicorn("bench.callback:werobot_app()", session, workers=workers, threads=2) as (port, _):
        return fire(port, messages, connections)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--connections", type=int, default=16)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        ours, rows = of_ours(given.messages, given.workers, given.connections, Path(name))
        theirs = of_werobot(given.messages, given.workers, given.connections, Path(name))
    for who, told in (("ours", ours), ("WeRoBot with its SQLite session", theirs)):
        print(f"{who:34} {told.words} answered with words, {told.empty} with nothing, {told.failed} failed")
    print(f"ours: {rows} rows stored, {ours.words - rows} answered but not stored, {given.workers} workers")
    raise SystemExit(1 if ours.empty or ours.failed or rows != ours.words else 0)


if __name__ == "__main__":
    main()
