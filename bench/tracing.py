"""System calls of running processes, seen with ptrace(2) itself: no strace, no package, no root. Linux on x86-64 and arm64.

Only what the order of asking, flushing and thanking needs: requests that come, flushes to the disk, answers that leave.
A process may trace its descendants everywhere but where a container forbids ptrace altogether: then :class:`Tracer` says so.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ASKED, FLUSHED, THANKED = "asked", "flushed", "thanked"
_NUMBERS = {
    "x86_64": {"read": 0, "recvfrom": 45, "write": 1, "sendto": 44, "fsync": 74, "fdatasync": 75},
    "aarch64": {"read": 63, "recvfrom": 207, "write": 64, "sendto": 206, "fsync": 82, "fdatasync": 83},
}  # fmt: skip
_COMING, _LEAVING, _FLUSHING = {"read", "recvfrom"}, {"write", "sendto"}, {"fsync", "fdatasync"}
# Requests of ptrace(2); _ON: until the next system call.
_SEIZE, _INTERRUPT, _ON, _LEAVE, _INFO = 0x4206, 0x4207, 24, 17, 0x420E
_OPTIONS = 1 | 2 | 4 | 8  # stops of system calls are marked; children and threads made later are seen as well
_ENTRY, _EXIT = 1, 2
_SYSTEM_CALL = signal.SIGTRAP | 0x80
_ALL_OF_MINE = 0x40000000 | 0x20000000  # __WALL | __WNOTHREAD: threads too, and nobody else's children
_SEEN = 24  # bytes of a request or an answer


@dataclass(frozen=True)
class Event:
    """Seconds of the monotonic clock. ``began`` is ``at`` but for a flush, which takes time."""

    what: str
    began: float
    at: float
    connection: tuple[int, int] = (0, 0)  # process and descriptor


@dataclass
class Tracer:
    """Watch these processes, their threads and what they start, until :meth:`stop`.

    Raises PermissionError where this machine does not allow it, OSError for a kind of machine this does not know.
    """

    pids: Iterable[int]
    events: list[Event] = field(default_factory=list)
    _names: dict[int, str] = field(default_factory=dict)
    _inside: dict[int, tuple[str, tuple[int, ...], float]] = field(default_factory=dict)
    _tasks: set[int] = field(default_factory=set)
    _failed: OSError | None = None
    _over: bool = False

    def __post_init__(self) -> None:
        known = _NUMBERS.get(platform.machine())
        if known is None:
            raise OSError(errno.ENOSYS, f"system calls of {platform.machine()} are not known here")
        self._names = {number: name for name, number in known.items()}
        self._ptrace: Any = ctypes.CDLL(None, use_errno=True).ptrace
        self._ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
        self._ptrace.restype = ctypes.c_long
        self._watching = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        self._watching.wait()
        if self._failed is not None:
            raise self._failed

    def stop(self, seconds: float = 60) -> None:
        """Let those that still run go on alone."""
        self._over = True
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)  # it goes on anyway; but this is seen by whoever waits for its next step
        self._thread.join(seconds)

    def _watch(self) -> None:
        """All requests must come from the thread that began."""
        try:
            for pid in self.pids:
                for entry in Path(f"/proc/{pid}/task").iterdir():
                    self._call(_SEIZE, int(entry.name), _OPTIONS)
                    self._call(_INTERRUPT, int(entry.name))
                    self._tasks.add(int(entry.name))
        except OSError as error:
            self._failed = error
            return
        finally:
            self._watching.set()
        leaving = False
        with suppress(ChildProcessError):  # nobody is left
            while self._tasks:
                task, status = os.waitpid(-1, _ALL_OF_MINE)
                if self._over and not leaving:
                    leaving = True
                    self._stop_all()
                self._go_on(task, status)

    def _stop_all(self) -> None:
        for task in self._tasks:
            with suppress(ProcessLookupError):
                self._call(_INTERRUPT, task)

    def _go_on(self, task: int, status: int) -> None:
        """One of them stands: look at it and let it go on."""
        if not os.WIFSTOPPED(status):
            self._tasks.discard(task)
            return
        self._tasks.add(task)
        sign, of_tracing = os.WSTOPSIG(status), status >> 16
        with suppress(ProcessLookupError):  # killed while it stood
            if sign == _SYSTEM_CALL and not self._over:
                self._look(task)
            signal_to_pass = 0 if sign == _SYSTEM_CALL or of_tracing else sign
            self._call(_LEAVE if self._over else _ON, task, signal_to_pass)
            if self._over:
                self._tasks.discard(task)

    def _look(self, task: int) -> None:
        now, info = time.monotonic(), (ctypes.c_char * 88)()
        size = self._call(_INFO, task, ctypes.addressof(info), len(info))
        if size < 33:
            return
        if info.raw[0] == _ENTRY:
            number, *arguments = struct.unpack_from("=7Q", info.raw, 24)
            name = self._names.get(number)
            if name:
                self._inside[task] = name, tuple(arguments), now
                if name in _LEAVING and self._bytes(task, arguments[1], arguments[2]).startswith(b"HTTP/1.1 303"):
                    self._note(THANKED, now, now, task, arguments[0])
        elif info.raw[0] == _EXIT and task in self._inside:
            name, told, began = self._inside.pop(task)
            (value,) = struct.unpack_from("=q", info.raw, 24)
            if name in _FLUSHING and value == 0:
                self._note(FLUSHED, began, now, task, told[0])
            elif name in _COMING and value > 0 and self._bytes(task, told[1], value).startswith(b"POST /s/"):
                self._note(ASKED, now, now, task, told[0])

    def _note(self, what: str, began: float, at: float, task: int, descriptor: int) -> None:
        group = next(line for line in Path(f"/proc/{task}/status").read_text().splitlines() if line.startswith("Tgid:"))
        self.events.append(Event(what, began, at, (int(group.split()[1]), descriptor)))

    def _bytes(self, task: int, where: int, count: int) -> bytes:
        with suppress(OSError, OverflowError), Path(f"/proc/{task}/mem").open("rb", 0) as memory:
            memory.seek(where)
            return memory.read(min(count, _SEEN)) or b""
        return b""

    def _call(self, request: int, task: int, data: int = 0, address: int = 0) -> int:
        """GET_SYSCALL_INFO takes the size as the address and the buffer as the data."""
        found: int = self._ptrace(request, task, address or None, data or None)
        if found < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return found
