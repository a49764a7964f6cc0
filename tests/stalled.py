"""A line to a database server that can be made to stand still: everything stays connected, and nothing comes through."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.engine import make_url


class Line:
    """``stop()``: nothing more comes back; ``go()``: also what was held up. ``stop_after``: words of the client, from which on."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._flows = threading.Event()
        self._flows.set()
        self.stop_after = b""
        self._ends: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self) -> None:
        self._flows.clear()

    def go(self) -> None:
        self.stop_after = b""
        self._flows.set()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                self._flows.wait()  # the kernel has taken the call; nobody else has
                server = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [client, server]
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._there, args=(client, server), daemon=True).start()
                threading.Thread(target=self._back, args=(client, server), daemon=True).start()

    def _there(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while told := client.recv(65536):
                if self.stop_after and self.stop_after in told:
                    self.stop()
                server.sendall(told)
            server.shutdown(socket.SHUT_WR)

    def _back(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while told := server.recv(65536):
                self._flows.wait()
                client.sendall(told)
            client.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._door.close()
        self._flows.set()
        for one in self._ends:
            one.close()


@contextmanager
def line(url: str) -> Iterator[tuple[Line, str]]:
    """The line, and the address of the same database by way of it."""
    made = Line(make_url(url).port or 5432)
    try:
        yield made, make_url(url).set(port=made.port).render_as_string(hide_password=False)
    finally:
        made.close()
