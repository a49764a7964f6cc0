"""Faults on request: what the platform does wrong, how often, on which calls.

From a TOML file::

    seed = 7
    [[fault]]
    kind = "busy"                  # one of KINDS
    path = "/cgi-bin/message/*"    # shell pattern over the API path; default: every call
    share = 0.3                    # of the calls; default 1
    times = 5                      # at most; default 0 = without end
    seconds = 6                    # for slow and timeout_done
"""

import random
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

KINDS = {
    "busy": "errcode -1, nothing done",
    "busy_done": "errcode -1, and yet it was done",
    "timeout_done": "done, but the answer comes too late for anybody's patience",
    "cut": "the connection breaks off before anything was done",
    "cut_done": "done, and then the connection breaks off without an answer",
    "quota": "errcode 45009: no more today, nothing done",
    "bad_gateway": "HTTP 502 with an HTML page, nothing done",
    "slow": "done and answered, six seconds late",
    "text_errcode": 'errcode as a string ("0")',
    "no_errcode": "success without errcode and errmsg",
    "extra_fields": "unknown fields beside the answer",
    "token_invalidated": "another system renewed the token just before this call",
}
_SECONDS = {"slow": 6.0, "timeout_done": 30.0}


@dataclass
class Fault:
    """Raises ValueError for an unknown kind or a share outside 0 to 1."""

    kind: str
    path: str = "*"
    share: float = 1.0
    times: int = 0  # 0: without end
    seconds: float = 0.0  # 0: what the kind says
    used: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(KINDS)}")
        if not 0 <= self.share <= 1:
            raise ValueError("share must be between 0 and 1")
        self.seconds = self.seconds or _SECONDS.get(self.kind, 0.0)

    @property
    def spent(self) -> bool:
        return bool(self.times) and self.used >= self.times


@dataclass
class Faults:
    """The wanted faults, in order; the first that fits a call happens to it."""

    wanted: list[Fault] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - repeatable, not secret

    def next(self, path: str) -> Fault | None:
        for fault in self.wanted:
            if fault.spent or not fnmatchcase(path, fault.path):
                continue
            if self.chance.random() < fault.share:
                fault.used += 1
                return fault
        return None

    def happened(self) -> dict[str, int]:
        """Kind -> how often."""
        counted: dict[str, int] = {}
        for one in self.wanted:
            counted[one.kind] = counted.get(one.kind, 0) + one.used
        return counted

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Raises ValueError for a wrong kind or an unknown key."""
        try:
            fault = Fault(**wanted)
        except TypeError as error:
            raise ValueError(f"a fault has kind, path, share, times, seconds: {error}") from error
        self.wanted.append(fault)
        return fault


def read(path: Path) -> Faults:
    """The faults of a TOML file. Raises ValueError (bad content, also bad TOML) or OSError."""
    tables = tomllib.loads(path.read_text("utf-8"))
    faults = Faults(chance=random.Random(tables.get("seed", 1)))  # noqa: S311
    for table in tables.get("fault", []):
        faults.add(table)
    return faults
