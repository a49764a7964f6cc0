"""Which ratings arrived in a way that patients do not: too many at once, by night, from one device. Pure.

No rule sees a level: whatever is set aside is set aside alike for praise and blame. Nothing verified by a visit is ever
marked. Of a burst the first ones stay, up to what the service point's own last four weeks make likely. Source: the
project's ranking study, recommended method, step 2.
"""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

BURST = "burst"  # more within ten minutes than likely
DAY = "day"  # more on one day than likely
NIGHT = "night"  # between 22:00 and 6:00 where nobody has night duty
DEVICE = "device"  # more than three on one day from one browser
NETWORK = "network"  # more than three on one day from one address outside the hospital
REASONS = (DEVICE, NETWORK, NIGHT, BURST, DAY)

WINDOW = timedelta(minutes=10)
LEAST_BURST, LEAST_DAY = 3.0, 5.0
SPREAD = 3.3  # standard deviations of a Poisson count
FROM_ONE_SOURCE = 3
NIGHT_BEGINS, NIGHT_ENDS = 22, 6
WINDOWS_A_DAY = 54  # nine hours of service


@dataclass(frozen=True, order=True)
class Seen:
    """How one rating of a service point arrived. ``at`` in the hospital's zone; ``id`` grows in the order of acceptance."""

    at: datetime
    id: int
    verified: bool = False
    device: str | None = None
    network: str | None = None  # None for the hospital's own addresses, which everybody in it shares

    @property
    def day(self) -> date:
        return self.at.date()


def limit(usual: float, least: float) -> int:
    """How many are still likely where ``usual`` are the mean: max(least, usual + 3.3 √usual)."""
    return math.floor(max(least, usual + SPREAD * math.sqrt(max(0.0, usual))))


def marked(arrivals: Iterable[Seen], usual_a_day: float, *, night_duty: bool = False) -> Mapping[int, str]:
    """Rating id to reason, for what one service point should set aside. The order of ``arrivals`` does not matter.

    ``usual_a_day``: the mean number of ratings without a ticket on a day, over the service point's last four weeks.
    """
    most_at_once = limit(usual_a_day / WINDOWS_A_DAY, LEAST_BURST)
    most_a_day = limit(usual_a_day, LEAST_DAY)
    reasons: dict[int, str] = {}
    recent: deque[datetime] = deque()
    days: Counter[date] = Counter()
    sources: defaultdict[str, Counter[tuple[str, date]]] = defaultdict(Counter)
    for one in sorted(arrivals):
        if one.verified:
            continue
        while recent and one.at - recent[0] > WINDOW:
            recent.popleft()
        reason = _from_one_source(one, sources) or _by_night(one, night_duty)
        if not reason and len(recent) >= most_at_once:
            reason = BURST
        if not reason and days[one.day] >= most_a_day:
            reason = DAY
        if reason:
            reasons[one.id] = reason
        else:
            recent.append(one.at)
            days[one.day] += 1
    return reasons


def _from_one_source(one: Seen, sources: defaultdict[str, Counter[tuple[str, date]]]) -> str:
    found = ""
    for reason, source in ((NETWORK, one.network), (DEVICE, one.device)):
        if source is not None:
            sources[reason][source, one.day] += 1
            found = reason if sources[reason][source, one.day] > FROM_ONE_SOURCE else found
    return found


def _by_night(one: Seen, night_duty: bool) -> str:
    return NIGHT if not night_duty and not NIGHT_ENDS <= one.at.hour < NIGHT_BEGINS else ""
