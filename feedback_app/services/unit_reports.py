"""What the head of a department gets as a paper: only what was given of the department (services.releases), and its tasks.

A report made today and one made tomorrow differ by what was given in between, never by the answer that came in between.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from feedback_app.db.improvements import CaseTask
from feedback_app.domain import noise
from feedback_app.domain.charts import Bar, Said, Spot, bars, line
from feedback_app.domain.intervals import SATISFIED
from feedback_app.domain.papers import Block, Cell, Figures, Heading, Picture, Points, Table, Text
from feedback_app.services import releases, report_facts, theme_quotes
from feedback_app.services import report_words as words
from feedback_app.services.dashboards import STAFF, Part
from feedback_app.services.release_bodies import ThemeCell
from feedback_app.services.releases import Given
from feedback_app.services.report_words import Voice
from feedback_app.texts import DEFAULT_LANGUAGE

QUOTED, QUOTES_OF = 2, 4  # quotes a theme, themes
MONTHS = 6  # of the trend


def month(session: Session, unit_id: int, asked: str, today: date, say: Voice) -> list[Block]:
    """The piece in which this month was given, with those before it."""
    given = [one for one in releases.of_unit(session, unit_id) if one.last <= asked]
    now = given[-1] if given and given[-1].last == asked else None
    tasks = report_facts.open_tasks(session, unit_id)
    blocks: list[Block] = [_waits(given, say)] if now is None else _of(session, now, given, say)
    blocks += [Heading(say("tasks.title"))]
    blocks.append(words.tasks_table(tasks, today, say) if tasks else Text(say("tasks.none")))
    return [*blocks, Text(say("given.how"), quiet=True), words.how_counted(say)]


def week(session: Session, unit_id: int, today: date, most: int, say: Voice) -> list[Block]:
    """For the meeting: what was given last, and what is to be done. The days of this week are not a head's to see."""
    given = releases.of_unit(session, unit_id)
    tasks = report_facts.open_tasks(session, unit_id)
    blocks: list[Block] = [Points((_sentence(given[-1], say), _compared(given, say))) if given else _waits(given, say)]
    blocks.append(Heading(say("tasks.title")))
    blocks.append(words.tasks_table(tasks[:most], today, say) if tasks else Text(say("tasks.none")))
    return [*blocks, Text(say("week.more", n=len(tasks) - most))] if len(tasks) > most else blocks


def effect(session: Session, unit_id: int, say: Voice) -> list[Block]:
    """What was put right; beside it the department's figure before it was begun and the newest one since it is done."""
    tasks = report_facts.effects(session, unit_id)
    if not tasks:
        return [Text(say("effects.why")), Text(say("effects.none"))]
    given = releases.of_unit(session, unit_id)
    rows = [(one.what, one.done_on.isoformat() if one.done_on else "–", *_sides(one, given), one.finding or say("effects.not_yet")) for one in tasks]  # fmt: skip
    head = (say("tasks.what"), say("effects.done"), say("effects.before"), say("effects.after"), say("effects.finding"))
    return [Text(say("given.effect")), Table(say("effects.title"), head, rows, (3, 1.5, 1.8, 1.8, 3)), Text(say("effects.note"), quiet=True)]  # fmt: skip


def _sides(task: CaseTask, given: Sequence[Given]) -> tuple[str, str]:
    before = [one for one in given if one.last < f"{task.made_on:%Y-%m}"]
    after = [one for one in given if task.done_on and one.first > f"{task.done_on:%Y-%m}"]
    return tuple(f"{words.percent(one[-1].share)}（{one[-1].share.n:,}）" if one else "–" for one in (before, after))  # type: ignore[return-value]


def _waits(given: Sequence[Given], say: Voice) -> Block:
    return Text(say("given.waits_since", month=given[-1].label) if given else say("given.waits"))


def _of(session: Session, now: Given, given: Sequence[Given], say: Voice) -> list[Block]:
    blocks: list[Block] = [
        Figures(((f"{now.share.n:,}", say("ratings")), (words.percent(now.share), say("satisfied")), (f"{now.points:.1f}", say("given.points")))),
        Heading(say("summary")),
        Points((_sentence(now, say), _compared(given, say), *_blamed(now, say))),
        Heading(say("given.trend"), 2),
        _trend(given[-MONTHS:], say),
    ]  # fmt: skip
    if now.parts:
        blocks += [Heading(say("given.parts")), _table(now.parts, say)]
    if now.questions:
        blocks += [Heading(say("given.questions")), _questions(now, say)]
    return blocks + _themes(session, now, say)


def _sentence(now: Given, say: Voice) -> str:
    share = words.percent(now.share), words.interval(now.share)
    return say("given.share", months=now.label, n=f"{now.share.n:,}", share=share[0], interval=share[1])


def _compared(given: Sequence[Given], say: Voice) -> str:
    if len(given) < 2:
        return say("said.too_few")
    now, before = given[-1], given[-2]
    verdict = noise.counts(*_good(now), *_good(before))
    return say(f"said.{verdict}", before=words.percent(before.share))


def _good(one: Given) -> tuple[int, int]:
    return sum(one.levels[SATISFIED - 1 :]), sum(one.levels)


def _blamed(now: Given, say: Voice) -> list[str]:
    named = [f"{say.theme(one.theme)}（{one.bad}）" for one in now.themes if one.bad][:3]
    return [say("given.blamed", themes=say("and").join(named))] if named else []


def _trend(given: Sequence[Given], say: Voice) -> Picture:
    spots = [Spot(one.label[2:], one.share.value, words.percent(one.share), one.share.low, one.share.high) for one in given]  # fmt: skip
    said = Said(say("given.trend"), say("given.trend_told"), (say("month_head"), say("satisfied"), say("interval")))
    return Picture(say("given.trend"), line(said, spots, least=0, most=100))


def _table(parts: Sequence[Part], say: Voice) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (say("given.staff") if one.key == STAFF else one.name or say("others"), one.n, words.percent(one.share) if one.share else say("hidden"))
        for one in parts
    ]  # fmt: skip
    return Table(say("given.parts"), (say("given.place"), say("ratings"), say("satisfied")), rows, (3, 1, 1.3), frozenset({1, 2}))  # fmt: skip


def _questions(now: Given, say: Voice) -> Picture:
    items = [Bar(one.text.get(say.language) or one.text.get(DEFAULT_LANGUAGE, ""), one.mean, f"{one.mean:.1f}（{one.n:,}）") for one in now.questions]  # fmt: skip
    said = Said(say("given.questions"), say("given.questions_told"), (say("given.question"), say("given.points"), say("interval")))  # fmt: skip
    return Picture(say("given.questions"), bars(said, items, most=100))


def _themes(session: Session, now: Given, say: Voice) -> list[Block]:
    if not now.themes:
        return [Heading(say("themes.title")), Text(say("given.no_themes"))]
    head = (say("theme"), say("mentioned"), say("blamed"), say("praised"))
    rows: list[tuple[Cell, ...]] = [(say.theme(one.theme), one.total, _or_hidden(one.bad, say), _or_hidden(one.good, say)) for one in now.themes]  # fmt: skip
    blocks: list[Block] = [Heading(say("themes.title")), Table(say("themes.title"), head, rows, (2, 1.2, 1.2, 1.2), frozenset({1, 2, 3}))]  # fmt: skip
    return blocks + _quotes(session, now.themes[:QUOTES_OF], say)


def _quotes(session: Session, cells: Sequence[ThemeCell], say: Voice) -> list[Block]:
    blocks: list[Block] = []
    for one in cells:
        said = tuple(dict.fromkeys(theme_quotes.of_ratings(session, one.quotes)))[:QUOTED]
        if said:
            blocks += [Text(say.theme(one.theme)), Points(tuple(f"“{each}”" for each in said))]
    if not blocks:
        return []
    return [Heading(say("quotes.title"), 2), *blocks, Text(say("quotes.note"), quiet=True)]


def _or_hidden(count: int | None, say: Voice) -> Cell:
    return say("hidden") if count is None else count
