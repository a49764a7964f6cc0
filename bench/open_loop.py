"""A load that does not wait: requests leave at their moment, whether or not earlier ones have been answered.

Whoever sends the next request only after an answer measures a slow server as a quiet one. Here each request has its moment
beforehand, and its time counts from that moment. One thread, sockets of the loopback interface, as little work as possible:
the load shares the machine with what it measures.
"""

import asyncio
import random
import re
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

IDLE = 8.0  # seconds after which a kept connection is not used again: the server closes it at 15
PATIENCE = 30.0  # seconds until an answer counts as lost
_TICK = 0.002
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)

Make = Callable[[int], bytes]
Take = Callable[[int, int, bytes], None]
"""The number of the request, status (0: no answer), head and body."""


@dataclass
class Timed:
    """What came back. ``seconds`` from the moment a request was to leave, in the order of the answers."""

    sent: int = 0
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    connections: int = 0

    def percentile(self, share: float, since: int = 0) -> float:
        """In seconds, of the answers from number ``since`` on; 0 without any."""
        part = sorted(self.seconds[since:])
        return part[min(len(part) - 1, int(len(part) * share))] if part else 0.0


class _Line(asyncio.Protocol):
    """One kept connection: one request at a time."""

    def __init__(self, load: "OpenLoop") -> None:
        self._load = load
        self._got = b""
        self._wanted = 0
        self.number, self.due = -1, 0.0  # of the request it is busy with
        self.free_since = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, number: int, due: float, request: bytes) -> None:
        assert self.transport is not None
        self.number, self.due, self._got, self._wanted = number, due, b"", 0
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._wanted:
            head = self._got.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(self._got, 0, head + 2)
            self._wanted = head + 4 + (int(length[1]) if length else 0)
        if len(self._got) >= self._wanted:
            number, self.number = self.number, -1
            self._load.answered(number, self.due, self._got)
            self._load.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.number >= 0:
            number, self.number = self.number, -1
            self._load.answered(number, self.due, b"")


class OpenLoop:
    """Requests at ``rate`` a second, at moments drawn at random as independent people come (a Poisson process)."""

    def __init__(self, port: int, rate: float, make: Make, take: Take | None = None, seed: int = 1) -> None:
        self.timed = Timed()
        self._port, self._rate, self._make, self._take = port, rate, make, take
        self._chance = random.Random(seed)
        self._free: deque[_Line] = deque()
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self, seconds: float) -> None:
        """Send for so long, then wait for the last answers."""
        began = time.perf_counter()
        due = began
        while due < began + seconds:
            now = time.perf_counter()
            while due <= now and due < began + seconds:
                self._leave(due)
                due += self._chance.expovariate(self._rate)
            await asyncio.sleep(max(min(due, began + seconds) - time.perf_counter(), _TICK))
        ends = time.perf_counter() + PATIENCE
        while len(self.timed.seconds) < self.timed.sent and time.perf_counter() < ends:
            await asyncio.sleep(0.05)
        lost = self.timed.sent - len(self.timed.seconds)
        self.timed.statuses[0] += lost
        for line in self._free:
            if line.transport is not None:
                line.transport.abort()

    def answered(self, number: int, due: float, answer: bytes) -> None:
        status = int(answer[9:12]) if answer else 0
        self.timed.seconds.append(time.perf_counter() - due)
        self.timed.statuses[status] += 1
        if self._take is not None:
            self._take(number, status, answer)

    def free(self, line: _Line) -> None:
        line.free_since = time.perf_counter()
        self._free.append(line)

    def _leave(self, due: float) -> None:
        number, self.timed.sent = self.timed.sent, self.timed.sent + 1
        request, now = self._make(number), time.perf_counter()
        while self._free:
            line = self._free.pop()  # the one used last: the others grow old and are left
            if line.transport is None or line.transport.is_closing():
                continue
            if now - line.free_since > IDLE:
                line.transport.abort()
                continue
            line.send(number, due, request)
            return
        opening = asyncio.ensure_future(self._open(number, due, request))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open(self, number: int, due: float, request: bytes) -> None:
        line = _Line(self)
        try:
            await asyncio.get_running_loop().create_connection(lambda: line, "127.0.0.1", self._port)
        except OSError:
            self.answered(number, due, b"")
            return
        self.timed.connections += 1
        line.send(number, due, request)
