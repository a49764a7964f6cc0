"""A line to a server that can be cut after a chosen number of bytes: what a phone in a lift sees.

Bytes in both directions are counted together from the moment the line is armed, so that a cut may fall into a request, between
request and answer, into an answer, or into what the browser asks for next. A cut line refuses everything until it is mended.
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_RESET = struct.pack("ii", 1, 0)  # close with RST instead of FIN, as a vanished network does


class CutLine:
    """TCP proxy on the loopback interface. ``arm(n)``: after ``n`` more bytes nothing passes until ``mend()``."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._lock = threading.Lock()
        self._left: int | None = None
        self._reset = False
        self._open: set[socket.socket] = set()
        self.passed = 0
        self.was_cut = threading.Event()
        threading.Thread(target=self._answer, daemon=True).start()

    def arm(self, bytes_left: int, *, reset: bool) -> None:
        with self._lock:
            self._left, self._reset, self.passed = bytes_left, reset, 0
        self.was_cut.clear()
        if bytes_left == 0:
            self._cut()

    def mend(self) -> None:
        with self._lock:
            self._left = None
        self.was_cut.clear()

    def close(self) -> None:
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # wakes whoever waits at it
        self._door.close()
        self._cut()

    def _answer(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            if self.was_cut.is_set():
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            with self._lock:
                self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(16384):
                allowed = self._allowed(len(data))
                other.sendall(data[:allowed])
                if allowed < len(data) or self._left == 0:
                    self._cut()
                    break
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)

    def _allowed(self, wanted: int) -> int:
        with self._lock:
            self.passed += wanted
            if self._left is None:
                return wanted
            allowed = min(wanted, self._left)
            self._left -= allowed
            return allowed

    def _cut(self) -> None:
        self.was_cut.set()
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            with suppress(OSError):
                if self._reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def cut_line(port: int) -> Iterator[CutLine]:
    """A line to the server on this port of the loopback interface."""
    line = CutLine(port)
    try:
        yield line
    finally:
        line.close()
