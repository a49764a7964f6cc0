"""A gunicorn worker whose threads never wait for a client.

gunicorn's own gives a connection to a thread as soon as it is there, and the thread then waits for headers and body: a few
phones with a bad network, or one hostile machine, take all threads. Here a connection costs a place in the poller until its
request has arrived in the kernel's buffer (looked at with MSG_PEEK), and only then a thread. Large bodies, which only signed-in
people send, get their thread when the first part is there, and must then keep coming.
"""

import re
import selectors
import socket
import struct
import sys
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

LONGEST_HEAD = 32 * 1024
WAITED_FOR = 48 * 1024
"""Bytes of a request that are there before it gets a thread; the kernel keeps as much."""
PATIENCE = 20.0
"""Seconds for a request to arrive."""
MOST_WAITING = 600
"""Connections of one worker without a whole request; beyond that, the one that has waited longest is closed."""
TURN = 0.0005
"""Seconds a thread keeps the interpreter while others wait. Whoever writes for all gives it away at each statement and holds
the database's only lock until it comes back: with Python's 5 ms everybody waits for one page that is being made."""
_STALLED = struct.pack("ll", 10, 0)  # seconds: a large body, or an answer, that stops moving
_BODY = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


def missing(seen: bytes) -> int:
    """Of a request of which ``seen`` has come: 0 when a thread can have it, else how many bytes must be there at least."""
    head = seen.find(b"\r\n\r\n")
    if head < 0:
        return 0 if len(seen) >= LONGEST_HEAD else len(seen) + 1
    start = head + 4
    if _CHUNKED.search(seen, 0, start):
        return 0 if len(seen) >= WAITED_FOR or seen.endswith(b"0\r\n\r\n") else len(seen) + 1
    body = _BODY.search(seen, 0, start)
    wanted = min(start + int(body[1]), WAITED_FOR) if body else start
    return 0 if len(seen) >= wanted else wanted


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    def init_process(self) -> None:
        sys.setswitchinterval(TURN)
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError, InterruptedError):
            return
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _STALLED)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _STALLED)
        self.nr_conns += 1
        self._wait_for_request(TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """The next request on a kept connection begins."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._wait_for_request(conn)

    def _wait_for_request(self, conn: Any) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + PATIENCE
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._look, conn))
        if len(self.pending_conns) > MOST_WAITING:
            self._drop(self.pending_conns[0])

    def _look(self, conn: Any, client: socket.socket) -> None:
        """Something has come: enough for a thread, the end of it, or one must go on waiting."""
        try:
            seen = client.recv(WAITED_FOR, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            seen = b""
        if not seen:
            return self._drop(conn)
        still = missing(seen)
        if still and still != getattr(conn, "asked_for", 0):
            conn.asked_for = still
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, still)  # do not wake before
            return None
        if still:  # woken although it is not there: the client has ended its side
            return self._drop(conn)
        self._forget(conn)
        conn.asked_for, conn.data_ready = 0, True
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        self.enqueue_req(conn)
        return None

    def _forget(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)

    def _drop(self, conn: Any) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _cap_keepalive(self, deadline: float) -> None:
        """Going down: those who were about to ask get the same short while as kept connections."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
