"""How long access tokens live, on both platforms."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIFE = timedelta(seconds=7200)
OVERLAP = timedelta(seconds=300)
FORCED_A_DAY = 20
FORCED_APART = timedelta(seconds=30)
TOKEN_CALLS = frozenset({"/cgi-bin/token", "/cgi-bin/stable_token", "/cgi-bin/gettoken"})
LENGTH = 157  # characters, as long as the real ones are today


@dataclass
class TokenBook:
    """Every token ever given out by one keeper, and until when it works."""

    until: dict[str, datetime] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    current: str = ""

    def state(self, token: str, now: datetime) -> str:
        """``valid``, ``expired`` (ran out) or ``unknown`` (never ours, or replaced by a newer one)."""
        if token not in self.until:
            return "unknown"
        if now < self.until[token]:
            return "valid"
        return "unknown" if token in self.replaced else "expired"

    def remaining(self, now: datetime) -> timedelta:
        return self.until.get(self.current, now) - now

    def renew(self, now: datetime) -> None:
        self.current = secrets.token_hex(LENGTH)[:LENGTH]
        self.until[self.current] = now + LIFE

    def replace(self, now: datetime, *, overlap: timedelta) -> None:
        """A new token; the old one works for ``overlap`` longer at most, then counts as wrong."""
        if self.current:
            self.until[self.current] = min(self.until[self.current], now + overlap)
            self.replaced.add(self.current)
        self.renew(now)


@dataclass
class ClassicTokens(TokenBook):
    """cgi-bin/token: a new one with each call, the one before dies after five minutes."""

    def fetch(self, now: datetime) -> tuple[str, int]:
        self.replace(now, overlap=OVERLAP)
        return self.current, int(LIFE.total_seconds())


@dataclass
class StableTokens(TokenBook):
    """cgi-bin/stable_token: the same one until its last five minutes."""

    forced: list[datetime] = field(default_factory=list)

    def fetch(self, now: datetime, *, force: bool) -> tuple[str, int]:
        if self.remaining(now) <= OVERLAP:
            self.renew(now)  # the one before keeps its own last five minutes
        elif force and self._may_force(now):
            self.forced.append(now)
            self.replace(now, overlap=timedelta())
        return self.current, int(self.remaining(now).total_seconds())

    def _may_force(self, now: datetime) -> bool:
        self.forced = [at for at in self.forced if now - at < timedelta(days=1)]
        return len(self.forced) < FORCED_A_DAY and all(now - at >= FORCED_APART for at in self.forced)


@dataclass
class CorpTokens(TokenBook):
    """WeCom gettoken: one for each app secret, the same with each call until it runs out."""

    def fetch(self, now: datetime) -> tuple[str, int]:
        if self.remaining(now) <= timedelta():
            self.renew(now)
        return self.current, int(self.remaining(now).total_seconds())
