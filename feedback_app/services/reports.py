"""The reports there are: each a function from facts to a paper, which is then made into a PDF, a DOCX or an XLSX."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from feedback_app.domain import groups, intervals
from feedback_app.domain.papers import Block, Heading, NewPage, Paper, Picture, Points, Table, Text
from feedback_app.domain.periods import Month, local_day
from feedback_app.domain.roles import HEAD, Viewer
from feedback_app.errors import NotFound
from feedback_app.services import case_register, report_facts, unit_reports
from feedback_app.services import report_words as words
from feedback_app.services.report_facts import MonthFacts
from feedback_app.services.report_words import Voice
from feedback_app.settings import Settings
from feedback_app.texts import text

WEEK = timedelta(days=7)
ON_ONE_PAGE = 12  # lines of a list for the meeting


@dataclass(frozen=True)
class Asked:
    """Which report: of ``month``; of one department (None: the hospital)."""

    month: Month
    unit_id: int | None = None
    language: str = "zh"


@dataclass(frozen=True)
class Desk:
    """What every report is made with."""

    session: Session
    settings: Settings
    viewer: Viewer
    now: datetime

    @property
    def today(self) -> date:
        return local_day(self.now, self.settings.hospital.zone)


def paper(desk: Desk, kind: str, asked: Asked) -> Paper:
    """Raises NotFound ``reports.no_kind``, ``reports.no_unit``."""
    if kind not in KINDS:
        raise NotFound("reports.no_kind")
    if desk.viewer.role == HEAD:
        return _of_head(desk, kind, asked)
    return KINDS[kind](desk, asked)


def _of_head(desk: Desk, kind: str, asked: Asked) -> Paper:
    """Made of what was given alone; only the head's own department."""
    if kind not in OF_UNITS or asked.unit_id is None or asked.unit_id != desk.viewer.department_id:
        raise NotFound("reports.no_kind")
    say, span = Voice(asked.language), ""
    if kind == "month":
        blocks = unit_reports.month(desk.session, asked.unit_id, str(asked.month), desk.today, say)
    elif kind == "week":
        blocks = unit_reports.week(desk.session, asked.unit_id, desk.today, ON_ONE_PAGE, say)
        span = say("effects.until", day=desk.today.isoformat())
    else:
        blocks = unit_reports.effect(desk.session, asked.unit_id, say)
        span = say("effects.until", day=desk.today.isoformat())
    return _paper(desk, say(f"kinds.{kind}"), asked, None, blocks, span)


def _month(desk: Desk, asked: Asked) -> Paper:
    say, facts = Voice(asked.language), _facts(desk, asked)
    blocks: list[Block] = [] if facts.n else [Text(say("nobody"))]
    if facts.n and not facts.is_told:
        blocks = [Text(say("too_few_unit"))]
    elif facts.n:
        blocks = [
            words.figures(facts, say),
            Heading(say("summary")),
            words.summary(facts, say, desk.today),
            Heading(say("trend.title"), 2),
            words.trend(facts, say),
        ]
        blocks += _levels(facts, say) + _units(facts, say)
    blocks += _themes(facts, say) if facts.is_told else []
    blocks += _cases(facts, say) + _tasks(desk, facts, say) + [words.how_counted(say)]
    return _paper(desk, say("kinds.month"), asked, facts, blocks)


def _levels(facts: MonthFacts, say: Voice) -> list[Block]:
    if not words.levels_are_told(facts):
        return [Text(say("levels.hidden"), quiet=True)]
    return [Heading(say("levels.title"), 2), words.levels_chart(facts.levels, say)]


def _units(facts: MonthFacts, say: Voice) -> list[Block]:
    if not facts.units:
        return []
    return [
        Heading(say("units.title")), words.units_chart(facts, say), words.units_table(facts, say), Text(say("units.note"), quiet=True),
    ]  # fmt: skip


def _themes(facts: MonthFacts, say: Voice) -> list[Block]:
    blocks: list[Block] = [Heading(say("themes.title"))]
    if not facts.themes.comments:
        return [*blocks, Text(say("themes.none"))]
    if facts.unit is not None and not groups.is_enough(facts.themes.comments):
        return [*blocks, Text(say("themes.few"))]
    blocks.append(Text(say("themes.about", n=f"{facts.themes.comments:,}")))
    blocks.append(Picture(say("themes.chart"), words.themes_chart(facts.themes.lines, say)))
    blocks.append(words.themes_table(facts.themes.lines, facts.theme_verdicts, say))
    if facts.quotes:
        blocks.append(Heading(say("quotes.title"), 2))
        for one in facts.quotes:
            blocks.append(Text(say.theme(one.theme)))
            blocks.append(Points(tuple(f"“{said}”" for said in one.words)))
        blocks.append(Text(say("quotes.note"), quiet=True))
    return blocks


def _cases(facts: MonthFacts, say: Voice) -> list[Block]:
    cases, before = facts.cases, facts.cases_before
    hide = facts.unit is not None
    rows = []
    for kind in ("complaint", "suggestion", "praise", "question", "repair"):
        now, then = cases.by_kind.get(kind, 0), before.by_kind.get(kind, 0)
        if now or then:
            told = (words.few(now, say), words.few(then, say)) if hide else (now, then)
            rows.append((text(f"admin_complaints.kinds.{kind}", say.language), *told))
    if not rows:
        return [Heading(say("cases.title")), Text(say("cases.none"))]
    head = (say("cases.kind"), say("cases.this_month"), say("cases.last_month"))
    blocks: list[Block] = [
        Heading(say("cases.title")),
        Table(say("cases.title"), head, rows, (3, 1, 1), frozenset({1, 2})),
    ]
    if not hide:
        blocks.append(
            Text(
                say("cases.dates", dated=cases.dated, on_time=cases.on_time, open=cases.open_now, overdue=cases.overdue)
            )
        )
    return blocks


def _tasks(desk: Desk, facts: MonthFacts, say: Voice) -> list[Block]:
    blocks: list[Block] = [Heading(say("tasks.title"))]
    blocks.append(words.tasks_table(facts.tasks, desk.today, say) if facts.tasks else Text(say("tasks.none")))
    if facts.looked:
        blocks += [Heading(say("effects.title"), 2), words.effects_table(facts.looked, say)]
    return blocks


def _week(desk: Desk, asked: Asked) -> Paper:
    """One page for the weekly meeting: the seven days before today."""
    say = Voice(asked.language)
    unit = report_facts.unit(desk.session, asked.unit_id)
    last = desk.today - timedelta(days=1)
    first = last - timedelta(days=6)
    now = report_facts.levels_of(desk.session, asked.unit_id, first, last)
    before = report_facts.levels_of(desk.session, asked.unit_id, first - 4 * WEEK, first - timedelta(days=1))
    cases = report_facts.cases(desk.session, first, last, asked.unit_id, desk.today)
    told = groups.is_enough(sum(now))
    said = [
        say(
            "week.share",
            n=sum(now),
            share=words.percent(intervals.satisfied(now)),
            before=words.percent(intervals.satisfied(before)),
        )
        if told
        else say("week.few"),
        say(f"verdicts_long.{report_facts.compared(now, before)}"),
    ]
    if unit is None:
        said.append(say("week.cases", n=cases.complaints, open=cases.open_now, overdue=cases.overdue))
    blocks: list[Block] = [Points(tuple(said)), *(_overdue(desk, say) if unit is None else [])]
    tasks = report_facts.open_tasks(desk.session, asked.unit_id)
    blocks.append(Heading(say("tasks.title")))
    blocks.append(words.tasks_table(tasks[:ON_ONE_PAGE], desk.today, say) if tasks else Text(say("tasks.none")))
    if len(tasks) > ON_ONE_PAGE:
        blocks.append(Text(say("week.more", n=len(tasks) - ON_ONE_PAGE)))
    title = say("week.span", first=first.isoformat(), last=last.isoformat())
    return _paper(desk, say("kinds.week"), asked, None, blocks, title)  # fmt: skip


def _overdue(desk: Desk, say: Voice) -> list[Block]:
    """By number: whose words they are stands in no report for a meeting."""
    late = report_facts.overdue(desk.session, None, desk.today)
    if not late:
        return [Heading(say("week.overdue")), Text(say("week.none"))]
    rows = [
        (one.number or "", one.department.name if one.department else "–", str(one.due_on))
        for one in late[:ON_ONE_PAGE]
    ]
    head = (say("week.number"), say("unit"), say("week.due"))
    table: list[Block] = [Heading(say("week.overdue")), Table(say("week.overdue"), head, rows, (2, 3, 2))]
    return [*table, Text(say("week.more", n=len(late) - ON_ONE_PAGE))] if len(late) > ON_ONE_PAGE else table


def _register(desk: Desk, asked: Asked) -> Paper:
    """The complaint register of the month as the law asks for it."""
    say = Voice(asked.language)
    zone = desk.settings.hospital.zone
    rows = []
    for one in case_register.register(desk.session, asked.month, desk.viewer):
        case = one.case
        about = case.service_point.name if case.service_point else "–"
        unit = f" · {case.department.name}" if case.department else ""
        matter = text("desk.guard.waits", say.language) if one.matter is None else one.matter
        rows.append((
            f"{case.number}\n{case.day}",
            text("desk.register.sealed" if case.has_contact or case.complainant_hash else "desk.register.unknown", say.language),
            f"{about}{unit}\n{matter}",
            "\n".join(f"{event.at.astimezone(zone).date()} {event.text}" for event in one.handling if event.text),
            "\n".join(f"{event.at.astimezone(zone).date()} {event.text}" for event in one.feedback),
            text(f"admin_complaints.states.{case.state}", say.language) + (f"\n{case.due_on}" if case.due_on else ""),
        ))  # fmt: skip
    head = tuple(
        text(f"desk.register.{name}", say.language)
        for name in ("number", "person", "matter", "handling", "feedback", "other")
    )
    blocks: list[Block] = [Text(text("desk.register.hint", say.language), quiet=True)]
    blocks.append(
        Table(say("kinds.register"), head, rows, (1.9, 1.4, 3, 2.4, 2.4, 1.9))
        if rows
        else Text(text("desk.register.none", say.language))
    )
    return _paper(desk, say("kinds.register"), asked, None, blocks)  # fmt: skip


def _notice(desk: Desk, asked: Asked) -> Paper:
    """What the hospital tells everybody: figures of the whole house, what was changed, how to complain."""
    say = Voice(asked.language)
    facts = report_facts.of_month(desk.session, asked.month, None, desk.today)
    share, cases, told = facts.share, facts.cases, desk.settings.complaints
    blocks: list[Block] = []
    if groups.is_enough(facts.n):
        blocks.append(
            Text(say("notice.ratings", n=f"{facts.n:,}", share=words.percent(share), interval=words.interval(share)))
        )
        blocks += [Heading(say("trend.title"), 2), words.trend(facts, say)]
    else:
        blocks.append(Text(say("notice.few")))
    if groups.is_enough(cases.dated):
        blocks.append(
            Text(
                say(
                    "notice.cases",
                    n=cases.complaints,
                    dated=cases.dated,
                    share=f"{100 * cases.on_time / cases.dated:.0f}",
                )
            )
        )
    blocks.append(Heading(say("notice.changed")))
    if facts.cards:
        rows = [(one.said, one.did) for one in facts.cards]
        blocks.append(Table(say("notice.changed"), (say("notice.said"), say("notice.did")), rows, (1, 1)))
    else:
        blocks.append(Text(say("notice.no_cards")))
    blocks += [
        Heading(say("notice.complain")),
        Text(say("notice.ways", phone=told.phone, place=told.place, hours=told.hours)),
        Text(say("notice.routes", routes=told.routes)),
        words.how_counted(say),
    ]
    signed = (desk.settings.hospital.name, say("day", year=desk.today.year, month=desk.today.month, day=desk.today.day))
    return _paper(desk, say("kinds.notice"), asked, facts, blocks, signed=signed)


def _year(desk: Desk, asked: Asked) -> Paper:
    """The annual complaint summary; groups below five are not told."""
    say, year = Voice(asked.language), asked.month.year
    told = case_register.summary(desk.session, year)
    share = f"{100 * told.on_time / told.with_date:.0f}" if told.with_date else "–"
    said = [
        say("year.total", n=told.total, complaints=told.by_kind.get("complaint", 0)),
        say("year.on_time", dated=told.with_date, share=share),
    ]
    if told.median_days is not None:
        said.append(say("year.median", days=told.median_days))
    said.append(say("year.ended", settled=told.settled, silent=told.silent, refused=told.refused, final=told.final))
    if told.handling is not None and groups.is_enough(told.rated):
        said.append(say("year.handling", mean=f"{told.handling:.1f}", n=told.rated))
    said.append(
        text(
            "desk.summary.trust",
            say.language,
            appeals=sum(told.appeals.values()),
            upheld=told.appeals.get("upheld", 0),
            unlocks=told.unlocks,
            looks=told.looks,
        )
    )
    blocks: list[Block] = [Heading(say("summary")), Points(tuple(said))]
    for title, rows in (
        (
            "by_category",
            [
                (
                    text(f"desk.categories.{one.label}" if one.label else "desk.no_category", say.language),
                    say("few") if one.count is None else one.count,
                )
                for one in told.by_category
            ],
        ),
        ("by_department", [(one.label, say("few") if one.count is None else one.count) for one in told.by_department]),
        (
            "by_month",
            [(say("month_short", number=number), count) for number, count in enumerate(told.by_month, start=1)],
        ),
    ):
        if rows:
            name = text(f"desk.summary.{title}", say.language)
            head = (name, text("desk.summary.count", say.language))
            blocks += [Heading(name, 2), Table(name, head, rows, (3, 1), frozenset({1}))]
    blocks.append(Text(text("desk.summary.note", say.language), quiet=True))
    return _paper(desk, say("kinds.year"), asked, None, blocks, say("year.span", year=year))  # fmt: skip


def _effect(desk: Desk, asked: Asked) -> Paper:
    """Before and after: what was put right and how it has been rated since."""
    say = Voice(asked.language)
    report_facts.unit(desk.session, asked.unit_id)
    tasks = report_facts.effects(desk.session, asked.unit_id)
    blocks: list[Block] = [Text(say("effects.why"))]
    blocks.append(words.effects_table(tasks, say) if tasks else Text(say("effects.none")))
    blocks.append(Text(say("effects.note"), quiet=True))
    return _paper(desk, say("kinds.effect"), asked, None, blocks, say("effects.until", day=desk.today.isoformat()))


KINDS: Mapping[str, Callable[[Desk, Asked], Paper]] = {
    "month": _month,
    "week": _week,
    "notice": _notice,
    "effect": _effect,
    "register": _register,
    "year": _year,
}
OF_UNITS = frozenset({"month", "week", "effect"})
"""Kinds that may be asked for one department."""


def _facts(desk: Desk, asked: Asked) -> MonthFacts:
    return report_facts.of_month(desk.session, asked.month, asked.unit_id, desk.today)


def _paper(
    desk: Desk, kind: str, asked: Asked, facts: MonthFacts | None, blocks: list[Block], span: str = "", signed: tuple[str, ...] = ()
) -> Paper:  # fmt: skip
    say = Voice(asked.language)
    unit = report_facts.unit(desk.session, asked.unit_id)
    place = unit.name if unit else desk.settings.hospital.name
    made_up = facts is not None and facts.made_up
    return Paper(
        title=f"{place} {kind}",
        subtitle=span or say.month(asked.month),
        blocks=[one for one in blocks if not (isinstance(one, NewPage) and one is blocks[-1])],
        foot=say("foot", hospital=desk.settings.hospital.name, day=desk.today.isoformat()),
        marks=(say("made_up"),) if made_up else (),
        signed=signed,
    )
