"""Silent and slow clients beside genuine patients: ``/healthz`` keeps answering, and no genuine rating is lost.

python -m bench.slow_clients [--clients 200] [--seconds 60]

A third of the clients say nothing at all, a third send a head that promises a body and then nothing, a third send a byte a
second. Whoever is disconnected comes again at once. gunicorn's own worker stopped answering at 12 of the second kind.
"""

import argparse
import http.client
import selectors
import socket
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.running import Patients, Product
from feedback_app.db.ratings import Rating
from feedback_app.services.runtime import opened
from feedback_app.settings import load

HEAD = b"POST /s/AAAAAAAAAA HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\n"
KINDS = 3


@dataclass
class Silent:
    """So many connections that never finish a request, kept up by one thread."""

    port: int
    count: int
    over: threading.Event = field(default_factory=threading.Event)
    again: int = 0  # connections made anew because the server had closed them

    def start(self) -> None:
        self._thread = threading.Thread(target=self._hold)
        self._thread.start()

    def stop(self) -> None:
        self.over.set()
        self._thread.join()

    def _hold(self) -> None:
        held = {number: self._open(number) for number in range(self.count)}
        while not self.over.wait(1):
            for number, connection in list(held.items()):
                if not self._nudge(number, connection):
                    connection.close()
                    self.again += 1
                    held[number] = self._open(number)
        for connection in held.values():
            connection.close()

    def _open(self, number: int) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        if number % KINDS == 1:
            connection.sendall(HEAD)
        connection.setblocking(False)
        return connection

    def _nudge(self, number: int, connection: socket.socket) -> bool:
        """Whether it is still there."""
        try:
            if number % KINDS == 2:
                connection.send(b"P")
            with selectors.DefaultSelector() as looking:
                looking.register(connection, selectors.EVENT_READ)
                return not looking.select(0)  # readable: the server has hung up, or said no
        except OSError:
            return False


@dataclass(frozen=True)
class Outcome:
    slowest_health: float  # seconds
    looks: int
    accepted: int
    refused: int
    lost: int
    closed: int


def slow_clients(folder: Path, *, clients: int, seconds: float) -> Outcome:
    product = Product(folder, "sqlite")
    product.start("serve")
    product.wait()
    silent, patients = Silent(product.port, clients), Patients(product, count=2)
    silent.start()
    patients.start()
    took = []
    try:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            took.append(_look(product.port))
            silent.over.wait(0.25)
    finally:
        patients.stop()
        silent.stop()
        product.stop()
    with opened(load(product.config)) as runtime, runtime.reading() as session:
        stored = {one.receipt for one in session.query(Rating)}
    lost = len(set(patients.accepted.values()) - stored)
    return Outcome(max(took), len(took), len(patients.accepted), patients.refused, lost, silent.again)


def _look(port: int) -> float:
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = slow_clients(Path(name), clients=chosen.clients, seconds=chosen.seconds)
    print(
        f"{chosen.clients} silent or slow clients for {chosen.seconds:.0f} s: slowest /healthz {found.slowest_health:.2f} s of "
        f"{found.looks} (goal < 1 s); ratings accepted {found.accepted}, refused {found.refused}, lost {found.lost}; "
        f"silent connections closed {found.closed}"
    )
    raise SystemExit(found.slowest_health >= 1 or found.lost or found.refused)


if __name__ == "__main__":
    main()
