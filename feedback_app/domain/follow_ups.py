"""Follow-up of discharged patients: which plan, on which days, and which answers worry. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from feedback_app.errors import Refused

YES, NO, UNSURE = "yes", "no", "unsure"
ANSWERS = (YES, NO, UNSURE)
CALLERS = ("department", "office")
MOST_DAYS, LATEST_DAY, MOST_QUESTIONS, LONGEST_WORDS = 6, 365, 12, 80
MOST_CALLS = 3
"""Tries without an answer after which nobody calls any more."""


@dataclass(frozen=True)
class Asked:
    """``worrying``: the answer that a person should look at, "" none."""

    key: str
    words: str
    worrying: str = ""


@dataclass(frozen=True)
class Plan:
    id: int
    department_id: int | None
    word: str
    days: Sequence[int]

    def fits(self, department_id: int | None, diagnosis: str) -> bool:
        return self.department_id in {None, department_id} and (not self.word or self.word in diagnosis)


def plan_for(plans: Iterable[Plan], department_id: int | None, diagnosis: str) -> Plan | None:
    """The narrowest plan: department and diagnosis, diagnosis, department, any; an older one before a newer."""
    fitting = [one for one in plans if one.fits(department_id, diagnosis)]
    return min(fitting, key=lambda one: (not one.word, one.department_id is None, one.id), default=None)


def dates(discharged: date, days: Sequence[int], today: date) -> list[tuple[int, date]]:
    """Day number and date of every time that is not over: whoever is told of late is not asked about last month."""
    return [(one, due) for one in days if (due := discharged + timedelta(days=one)) >= today]


def read_days(typed: str) -> list[int]:
    """``3, 7, 30`` -> [3, 7, 30]. Raises Refused ``follow_ups.bad_days``."""
    try:
        days = sorted(
            {int(part) for part in typed.replace("，", ",").replace("、", ",").replace(" ", ",").split(",") if part}
        )
    except ValueError:
        days = []
    if not 1 <= len(days) <= MOST_DAYS or not 1 <= days[0] <= days[-1] <= LATEST_DAY:
        raise Refused("follow_ups.bad_days", most=MOST_DAYS, latest=LATEST_DAY)
    return days


def read_questions(typed: str) -> list[Asked]:
    """One question a line; ``=是`` or ``=否`` (``=yes``, ``=no``) at its end: that answer worries.

    Raises Refused ``follow_ups.bad_questions``.
    """
    said = {"是": YES, "yes": YES, "否": NO, "no": NO}
    found: list[Asked] = []
    for line in (one.strip() for one in typed.splitlines()):
        if not line:
            continue
        words, _, mark = line.replace("＝", "=").partition("=")
        worrying = said.get(mark.strip().lower(), "" if not mark.strip() else "?")
        if worrying == "?" or not words.strip() or len(words.strip()) > LONGEST_WORDS:
            raise Refused("follow_ups.bad_questions", most=MOST_QUESTIONS, longest=LONGEST_WORDS)
        found.append(Asked(f"q{len(found) + 1}", words.strip(), worrying))
    if not 1 <= len(found) <= MOST_QUESTIONS:
        raise Refused("follow_ups.bad_questions", most=MOST_QUESTIONS, longest=LONGEST_WORDS)
    return found


def read_answers(asked: Sequence[Asked], sent: Mapping[str, str]) -> dict[str, str]:
    """Raises Refused ``follow_ups.unanswered`` (``n``: the number of the question)."""
    for number, one in enumerate(asked, 1):
        if sent.get(one.key) not in ANSWERS:
            raise Refused("follow_ups.unanswered", n=number)
    return {one.key: sent[one.key] for one in asked}


def worries(asked: Sequence[Asked], answers: Mapping[str, str]) -> list[str]:
    """The words of the questions whose answers worry."""
    return [one.words for one in asked if one.worrying and answers.get(one.key) == one.worrying]
