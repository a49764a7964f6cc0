"""Which ratings arrived in a way that patients do not: too many at once, from one device, from staff. Pure.

No rule sees a level: whatever is set aside is set aside alike for praise and blame. Each sign has a weight; where they add
up to one, the rating is held until a person decides. What is verified by a visit is held for nothing but staff's own
devices. Of a burst the first ones stay, up to what the service point's own last four weeks make likely; where nobody can
know yet what is likely, a burst alone is shown to people but holds nothing. Source: the project's ranking study, recommended
method, step 2; a network and the hour are weak signs there, because hospital Wi-Fi is shared and many rate at home.
"""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

STAFF = "staff"  # from a device or an account of somebody who works where the rating is about
COLLEAGUE = "colleague"  # from one of somebody who works elsewhere in the hospital
DEVICE = "device"  # more than three on one day from one browser
BURST = "burst"  # more within ten minutes than likely
DAY = "day"  # more on one day than likely
NETWORK = "network"  # more than three on one day from one address outside the hospital
NIGHT = "night"  # between 22:00 and 6:00 where nobody has night duty
COPIED = "copied"  # the same long words as another one
STRAIGHT = "straight"  # every question answered alike
WEIGHTS: Mapping[str, float] = {
    STAFF: 1.0,
    DEVICE: 1.0,
    BURST: 1.0,
    DAY: 1.0,
    NETWORK: 0.5,
    NIGHT: 0.5,
    COPIED: 0.5,
    COLLEAGUE: 0.5,
    STRAIGHT: 0.25,
}
REASONS = tuple(WEIGHTS)
HELD = 1.0
NOTICED = 0.75
UNKNOWN_USUAL = 0.75  # what a burst weighs where nobody knows what is usual

WINDOW = timedelta(minutes=10)
LEAST_BURST, LEAST_DAY = 3.0, 5.0
SPREAD = 3.3  # standard deviations of a Poisson count
FROM_ONE_SOURCE = 3
NIGHT_BEGINS, NIGHT_ENDS = 22, 6
KNOWN_AFTER = 7  # days with ratings
_FOUR_WEEKS = 28
LONG_ENOUGH = 12  # letters that nobody writes twice by chance


@dataclass(frozen=True, order=True)
class Seen:
    """How one rating of a service point arrived. ``at`` in the hospital's zone; ``id`` grows in the order of acceptance."""

    at: datetime
    id: int
    verified: bool = False
    device: str | None = None
    network: str | None = None  # None for the hospital's own addresses, which everybody in it shares
    staff: str = ""  # STAFF | COLLEAGUE | ""
    copied: bool = False
    straight: bool = False

    @property
    def day(self) -> date:
        return self.at.date()


@dataclass(frozen=True)
class Usual:
    """What a service point gets without tickets on a day that has any, and within the fullest ten minutes of such a day."""

    a_day: float
    at_once: float


@dataclass(frozen=True)
class Weighed:
    """The signs that speak against one rating."""

    reasons: tuple[str, ...]
    weight: float

    @property
    def held(self) -> bool:
        return self.weight >= HELD


def limit(usual: float, least: float) -> int:
    """How many are still likely where ``usual`` are the mean: max(least, usual + 3.3 √usual)."""
    return math.floor(max(least, usual + SPREAD * math.sqrt(max(0.0, usual))))


def weighed(
    arrivals: Iterable[Seen], usual: Mapping[date, Usual | None] | Usual, *, night_duty: bool = False
) -> Mapping[int, Weighed]:
    """Rating id to what speaks against it, for one service point. The order of ``arrivals`` does not matter, and later
    ones change nothing about earlier ones.

    ``usual``: what was to be expected, for each day; None: nobody knows yet.
    """
    found: dict[int, Weighed] = {}
    recent: deque[datetime] = deque()
    days: Counter[date] = Counter()
    sources: Counter[tuple[str, str, date]] = Counter()
    for one in sorted(arrivals):
        if one.verified:
            if one.staff == STAFF:
                found[one.id] = Weighed((STAFF,), WEIGHTS[STAFF])
            continue
        while recent and one.at - recent[0] > WINDOW:
            recent.popleft()
        expected = usual if isinstance(usual, Usual) else usual.get(one.day)
        reasons = _own_signs(one, sources, night_duty=night_duty)
        crowded = _crowded(len(recent), days[one.day], expected or Usual(0.0, 0.0))
        weight = sum(WEIGHTS[reason] for reason in reasons)
        if crowded:
            reasons.append(crowded)
            weight += UNKNOWN_USUAL if expected is None else WEIGHTS[crowded]
        if reasons:
            found[one.id] = Weighed(tuple(sorted(reasons, key=REASONS.index)), weight)
        if weight < HELD:
            recent.append(one.at)
            days[one.day] += 1
    return found


def marked(
    arrivals: Iterable[Seen], usual: Mapping[date, Usual | None] | Usual, *, night_duty: bool = False
) -> Mapping[int, str]:
    """Rating id to the heaviest reason, for what one service point should hold."""
    found = weighed(arrivals, usual, night_duty=night_duty)
    return {number: one.reasons[0] for number, one in found.items() if one.held}


def of_day(times: Iterable[datetime]) -> Usual:
    """How many came on one day, and how many of them within its fullest ten minutes."""
    recent: deque[datetime] = deque()
    count = most = 0
    for at in sorted(times):
        recent.append(at)
        while at - recent[0] > WINDOW:
            recent.popleft()
        count, most = count + 1, max(most, len(recent))
    return Usual(count, most)


def mean_of(days: Iterable[Usual]) -> Usual:
    """Raises ValueError for none."""
    known = list(days)
    if not known:
        raise ValueError("the mean of nothing")
    return Usual(sum(one.a_day for one in known) / len(known), sum(one.at_once for one in known) / len(known))


def usual_by_day(
    days: Mapping[date, Usual], others: Mapping[date, Usual], wanted: Iterable[date]
) -> Mapping[date, Usual | None]:
    """For each wanted day what one service point usually gets on a day: its own mean over days with any, of the last four
    weeks; where it has fewer than seven such days, at least the mean of its kind (``others``); where that has fewer too, None.

    ``days``: its days with ratings without a ticket that were not held; ``others``: means over its kind.
    """
    return {day: _usual(days, others, day) for day in wanted}


def _usual(days: Mapping[date, Usual], others: Mapping[date, Usual], day: date) -> Usual | None:
    before = [day - timedelta(days=back) for back in range(1, _FOUR_WEEKS + 1)]
    own, kind = [[known[one] for one in before if one in known] for known in (days, others)]
    if len(own) >= KNOWN_AFTER:
        return mean_of(own)
    if len(kind) < KNOWN_AFTER:
        return None
    theirs, mine = mean_of(kind), mean_of(own or kind)
    return Usual(max(theirs.a_day, mine.a_day), max(theirs.at_once, mine.at_once))


def _own_signs(one: Seen, sources: Counter[tuple[str, str, date]], *, night_duty: bool) -> list[str]:
    signs = [one.staff] if one.staff else []
    for reason, source in ((DEVICE, one.device), (NETWORK, one.network)):
        if source is not None:
            sources[reason, source, one.day] += 1
            if sources[reason, source, one.day] > FROM_ONE_SOURCE:
                signs.append(reason)
    if not night_duty and not NIGHT_ENDS <= one.at.hour < NIGHT_BEGINS:
        signs.append(NIGHT)
    return signs + [reason for reason, found in ((COPIED, one.copied), (STRAIGHT, one.straight)) if found]


def _crowded(recent: int, today: int, usual: Usual) -> str:
    if recent >= limit(usual.at_once, LEAST_BURST):
        return BURST
    return DAY if today >= limit(usual.a_day, LEAST_DAY) else ""


def alike(words: Iterable[tuple[int, str]]) -> set[int]:
    """The ids whose words, of at least twelve letters, stand in another one too; spaces and punctuation aside."""
    told: defaultdict[str, list[int]] = defaultdict(list)
    for number, text in words:
        letters = "".join(sign for sign in text.casefold() if sign.isalnum())
        if len(letters) >= LONG_ENOUGH:
            told[letters].append(number)
    return {number for several in told.values() if len(several) > 1 for number in several[1:]}
