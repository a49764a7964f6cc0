"""One turn of a conversation: what an intent is handed, and the sentences and steps it may use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from bots.language import moments, normalise
from bots.language.directory import Directory, Point
from bots.language.meaning import Understanding
from bots.messages import Inbound, Reply
from feedback_app import texts
from feedback_app.domain.workdays import SIMPLE_DAYS, deadline
from feedback_app.services import calendar, case_clock, conversations
from feedback_app.services.conversations import Step
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

MOST_OPTIONS = 8
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Turn:
    session: Session
    runtime: Runtime
    inbound: Inbound
    now: datetime
    person: str  # keyed hash
    language: str
    directory: Directory
    step: Step | None = None

    @property
    def text(self) -> str:
        return self.inbound.text

    @property
    def media(self) -> dict[str, str]:
        """What to keep of a picture or voice message, so that it can be fetched while the platform has it."""
        inbound = self.inbound
        return {"kind": inbound.kind, "media_id": inbound.media_id} if inbound.media_id else {}

    @property
    def key(self) -> str:
        """Short and the same for every push of this message: what makes a rating or case of it one."""
        return f"bot:{sha256(self.inbound.key.encode()).hexdigest()[:40]}"

    def say(self, key: str, **params: object) -> str:
        """The sentence ``bot.<key>``; the hospital's complaint phone, place and hours may be used in any."""
        posted = self.runtime.settings.complaints
        common = {"phone": posted.phone, "place": posted.place, "hours": posted.hours, **self._duty}
        return texts.text(f"bot.{key}", self.language, **{**common, **params})

    @property
    def _duty(self) -> dict[str, object]:
        settings = self.runtime.settings
        duty, posted = settings.duty, settings.complaints
        return {
            "duty": duty.name if self.language == "zh" else duty.name_en,
            "duty_phone": duty.phone or posted.phone,
            "duty_hours": duty.hours if duty.phone else posted.hours,
        }

    def level(self, score: int) -> str:
        return self.say(f"rating.level_{score}")

    def day(self, day: date | None) -> str:
        """12 月 2 日（周三） or 2 December."""
        if day is None:
            return ""
        if self.language == "zh":
            return f"{day.month} 月 {day.day} 日（周{_WEEKDAYS[day.weekday()]}）"
        return f"{day.isoformat()}"

    def moment(self, text: str) -> datetime | None:
        """When ``text`` says it was."""
        return moments.told(normalise.plain(text), self.now.astimezone(self.runtime.zone))

    def due(self) -> str:
        """The day by which something filed now is answered."""
        today = self.now.astimezone(self.runtime.zone).date()
        return self.day(deadline(today, SIMPLE_DAYS, calendar.table(self.session)).day)

    def why_paused(self, case: case_clock.Case) -> str:
        """For which of the listed reasons its clock stands still."""
        reason = next((one.reason for one in reversed(case.pauses) if one.until is None), "")
        return texts.text(f"complaints.pauses.{reason}", self.language) if reason else ""

    def wait_for(self, name: str, **data: object) -> None:
        """Remember what was asked; the next message is read as its answer where it can be one."""
        conversations.remember(self.session, self.person, Step(name, data), self.now)

    def settle(self) -> None:
        """Nothing is open any more."""
        conversations.remember(self.session, self.person, None, self.now)

    def place(self, point: Point) -> str:
        """Its name, with the department where that tells people apart."""
        if point.kind == "staff" and point.department:
            return self.say("options.where", name=point.name, where=point.department)
        return point.name

    def choose(self, intro: str, points: Sequence[Point]) -> Reply:
        """A question with the candidates as numbered lines."""
        return Reply.of(intro, tuple(self.place(point) for point in points[:MOST_OPTIONS]))

    def menu(self, intro: str = "") -> Reply:
        """The four things one can do; the next figure is a choice."""
        self.wait_for("menu")
        entries = tuple(self.say(f"menu.{name}") for name in ("rate", "complain", "progress", "human"))
        return Reply.of("\n".join(filter(None, (intro, self.say("menu.intro")))), entries)


class Intent:
    """One thing people say. ``kinds`` are the readings it answers; one object of it is called INTENT in its file."""

    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        """Do it in the caller's transaction, and say so."""
        raise NotImplementedError
