"""When something happened, as far as the words tell: 刚才, 今天上午, 昨天下午三点. For the duty roster only."""

import re
from datetime import datetime, time, timedelta

from bots.language.numerals import value

_DAYS = {
    "大前天": 3,
    "前天": 2,
    "昨天": 1,
    "昨晚": 1,
    "昨日": 1,
    "今天": 0,
    "今早": 0,
    "今儿": 0,
    "今晚": 0,
    "yesterday": 1,
    "today": 0,
}
_PARTS = (
    (re.compile("凌晨|半夜"), 3),
    (re.compile("早上|上午|早晨|今早|一早|morning"), 10),
    (re.compile("中午|noon"), 12),
    (re.compile("下午|afternoon"), 15),
    (re.compile("傍晚|晚上|昨晚|今晚|夜里|evening|night"), 20),
)
_HOUR = re.compile(r"(\d{1,2}|[一二两三四五六七八九十]{1,3})(?:点|:\d\d)")
_NOW = re.compile("刚才|刚刚|方才|just now")


def told(text: str, now: datetime) -> datetime | None:
    """The moment that ``text`` speaks of, in the zone of ``now``, never later than it; None when it names no part of a day."""
    if _NOW.search(text):
        return now
    day = next((now.date() - timedelta(days=back) for word, back in _DAYS.items() if word in text), None)
    part = next((hour for pattern, hour in _PARTS if pattern.search(text)), None)
    found = _HOUR.search(text)
    hour = int(value(found[1]) or 0) if found else part
    if hour is None or (day is None and part is None):
        return None
    if found and part and part > 12 and hour < 12:
        hour += 12
    if hour > 23:
        return None
    moment = datetime.combine(day or now.date(), time(hour), now.tzinfo)
    return min(moment, now)
