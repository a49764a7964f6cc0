"""Counting: daily quotas, the windows of customer-service messages, and "so many a minute"."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

PLATFORM_ZONE = ZoneInfo("Asia/Shanghai")
DAILY = {
    "/cgi-bin/token": 2_000,
    "/cgi-bin/stable_token": 500_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/menu/create": 1_000,
    "/cgi-bin/user/info": 5_000_000,
    "/cgi-bin/media/upload": 100_000,
    "/cgi-bin/media/get": 200_000,
}
CLEARS_A_MONTH = 10

# What somebody did -> (messages we may send, for how long), since 12 June 2023
GRANTS = {
    "message": (5, timedelta(hours=48)),
    "click": (3, timedelta(minutes=1)),
    "menu_choice": (3, timedelta(minutes=1)),
    "follow": (3, timedelta(minutes=1)),
    "scan": (3, timedelta(minutes=1)),
}


@dataclass
class Window:
    """How many customer-service messages are still allowed, and until when; the last action decides."""

    left: int = 0
    until: datetime | None = None

    def open(self, action: str, now: datetime) -> None:
        count, length = GRANTS[action]
        self.left, self.until = count, now + length

    def close(self) -> None:
        self.left, self.until = 0, None

    def is_open(self, now: datetime) -> bool:
        return self.until is not None and now < self.until


@dataclass
class Quotas:
    """Calls per path and day of Asia/Shanghai (when the platform really resets is not published)."""

    limits: dict[str, int] = field(default_factory=lambda: dict(DAILY))
    used: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    cleared: list[tuple[int, int]] = field(default_factory=list)  # (year, month) of each clear_quota

    def take(self, path: str, now: datetime) -> bool:
        """Count one call; False when the day's limit is used up."""
        key = (path, now.astimezone(PLATFORM_ZONE).date())
        if self.used[key] >= self.limits.get(path, 2**31):
            return False
        self.used[key] += 1
        return True

    def clear(self, now: datetime) -> bool:
        """clear_quota; False when the ten of this month are used up."""
        local = now.astimezone(PLATFORM_ZONE)
        month = (local.year, local.month)
        if self.cleared.count(month) >= CLEARS_A_MONTH:
            return False
        self.cleared.append(month)
        self.used.clear()
        return True


@dataclass
class Rate:
    """At most ``most`` in any ``length``; remembered per name."""

    most: int
    length: timedelta
    seen: dict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def fits(self, name: str, now: datetime) -> bool:
        """Whether one more is allowed now."""
        times = self.seen[name]
        while times and now - times[0] >= self.length:
            times.popleft()
        return len(times) < self.most

    def count(self, name: str, now: datetime) -> None:
        self.seen[name].append(now)
