"""The sentences and tables of reports: small groups are never told, a change is called one only when chance does not explain it."""

from collections.abc import Mapping, Sequence
from datetime import date

from feedback_app.db.improvements import CaseTask
from feedback_app.domain import groups, noise
from feedback_app.domain.charts import Bar, Chart, Said, Spot, bars, line
from feedback_app.domain.intervals import Share, satisfied
from feedback_app.domain.papers import Cell, Figures, Picture, Points, Table, Text
from feedback_app.domain.periods import Month
from feedback_app.services.report_facts import CaseCounts, Levels, MonthFacts
from feedback_app.services.themes import Line
from feedback_app.texts import text

AREA = "reports"


class Voice:
    """Says a key of ``reports`` in one language."""

    def __init__(self, language: str = "zh") -> None:
        self.language = language

    def __call__(self, key: str, /, **params: object) -> str:
        return text(f"{AREA}.{key}", self.language, **params)

    def theme(self, key: str) -> str:
        return text(f"themes.names.{key}", self.language)

    def month(self, month: Month) -> str:
        return self("month", year=month.year, number=month.number)


def percent(share: Share) -> str:
    return "–" if share.value is None else f"{share.value:.1f}%"


def interval(share: Share) -> str:
    return "–" if share.low is None or share.high is None else f"{share.low:.1f}–{share.high:.1f}%"


def few(count: int, say: Voice) -> Cell:
    """A count that may be told, else that it is fewer than five."""
    return count if not count or groups.is_enough(count) else say("few")


def figures(facts: MonthFacts, say: Voice) -> Figures:
    cases = facts.cases
    hide = facts.unit is not None
    return Figures(
        (
            (f"{facts.n:,}", say("ratings")),
            (percent(facts.share), say("satisfied")),
            (str(few(cases.complaints, say) if hide else cases.complaints), say("complaints")),
            (_on_time(cases, hide), say("on_time")),
            (str(len(facts.tasks)), say("open_tasks")),
        )
    )


def _on_time(cases: CaseCounts, hide: bool) -> str:
    if not cases.dated or (hide and not groups.is_enough(cases.dated)):
        return "–"
    return f"{100 * cases.on_time / cases.dated:.0f}%"


def summary(facts: MonthFacts, say: Voice, today: date) -> Points:
    """The executive page in sentences, each with what it rests on."""
    share, before = facts.share, satisfied(facts.trend[-2][1])
    said = [say("said.share", n=f"{facts.n:,}", share=percent(share), interval=interval(share))]
    said.append(say(f"said.{facts.verdict}", before=percent(before)))
    blamed = [one for one in facts.themes.lines if groups.is_enough(one.bad + one.mixed)][:3]
    if blamed:
        named = say("and").join(f"{say.theme(one.theme)}（{one.bad + one.mixed}）" for one in blamed)
        said.append(say("said.themes", themes=named, n=f"{facts.themes.comments:,}"))
    changed = [
        say(f"said.theme_{verdict}", theme=say.theme(theme))
        for theme, verdict in facts.theme_verdicts.items()
        if verdict in {noise.MORE, noise.FEWER}
    ]
    said += changed
    said += [
        say(f"said.unit_{one.verdict}", unit=one.name)
        for one in facts.units
        if one.name and one.verdict in {noise.MORE, noise.FEWER}
    ]
    if facts.unit is None:
        said.append(
            say(
                "said.cases",
                n=facts.cases.complaints,
                before=facts.cases_before.complaints,
                open=facts.cases.open_now,
                overdue=facts.cases.overdue,
            )
        )
    late = sum(one.due_on < today for one in facts.tasks)
    if facts.tasks:
        said.append(say("said.tasks", n=len(facts.tasks), late=late))
    return Points(tuple(said))  # fmt: skip


def trend(facts: MonthFacts, say: Voice) -> Picture:
    def spot(month: Month, levels: Levels) -> Spot:
        share = satisfied(levels)
        told = groups.is_enough(sum(levels))
        return Spot(
            label=say("month_short", number=month.number),
            value=share.value if told else None,
            told=f"{share.value:.0f}%" if told and share.value is not None else "",
            low=share.low if told else None,
            high=share.high if told else None,
        )

    said = Said(say("trend.title"), say("trend.told"), (say("month_head"), say("satisfied"), say("interval")))
    return Picture(say("trend.title"), line(said, [spot(*one) for one in facts.trend], least=0, most=100))


def levels_chart(levels: Levels, say: Voice) -> Picture:
    n = sum(levels)
    items = [
        Bar(text(f"patient.level.{star}", say.language), levels[star - 1], f"{levels[star - 1]:,}（{100 * levels[star - 1] / n:.0f}%）" if n else "0")
        for star in (5, 4, 3, 2, 1)
    ]  # fmt: skip
    said = Said(say("levels.title"), say("levels.told"), (say("level"), say("count"), say("interval")))
    return Picture(say("levels.title"), bars(said, items))


def levels_are_told(facts: MonthFacts) -> bool:
    """Whether every level may be told to a department: none with one to four ratings."""
    return facts.unit is None or all(not one or groups.is_enough(one) for one in facts.levels)


def units_chart(facts: MonthFacts, say: Voice) -> Picture:
    items = [
        Bar(one.name or say("others"), one.share.value, f"{percent(one.share)}（{sum(one.levels):,}）", one.share.low, one.share.high)
        for one in facts.units
    ]  # fmt: skip
    said = Said(say("units.chart"), say("units.chart_told"), (say("unit"), say("satisfied"), say("interval")))
    return Picture(say("units.chart"), bars(said, items, most=100))


def units_table(facts: MonthFacts, say: Voice) -> Table:
    rows = [
        (one.name or say("others"), sum(one.levels), percent(one.share), interval(one.share), say(f"verdicts.{one.verdict}") if one.name else "–")
        for one in facts.units
    ]  # fmt: skip
    head = (say("unit"), say("ratings"), say("satisfied"), say("interval"), say("compared"))
    return Table(say("units.title"), head, rows, (3, 1.2, 1.3, 2, 2.6), frozenset({1, 2, 3}))


def themes_chart(lines: Sequence[Line], say: Voice) -> Chart:
    told = [one for one in lines if groups.is_enough(one.bad + one.mixed)]
    items = [Bar(say.theme(one.theme), one.bad + one.mixed, str(one.bad + one.mixed)) for one in told]
    said = Said(say("themes.chart"), say("themes.chart_told"), (say("theme"), say("blamed"), say("interval")))
    return bars(said, items)


def themes_table(lines: Sequence[Line], verdicts: Mapping[str, str], say: Voice) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in lines:
        if not one.total:
            continue
        cells = groups.told({"bad": one.bad + one.mixed, "good": one.good, "plain": one.plain})
        bad, good = (
            _cell(cells.shown, key, value, say) for key, value in (("bad", one.bad + one.mixed), ("good", one.good))
        )
        if not groups.is_enough(one.total):  # that nobody praised it would already tell what the few said
            rows.append((say.theme(one.theme), say("few"), say("hidden"), say("hidden"), say("hidden")))
            continue
        rows.append(
            (
                say.theme(one.theme),
                one.total,
                bad,
                good,
                say(f"theme_verdicts.{verdicts.get(one.theme, noise.TOO_FEW)}"),
            )
        )
    head = (say("theme"), say("mentioned"), say("blamed"), say("praised"), say("compared"))
    return Table(say("themes.title"), head, rows, (2, 1.2, 1.2, 1.2, 3), frozenset({1, 2, 3}))


def _cell(shown: Mapping[str, int], key: str, value: int, say: Voice) -> Cell:
    return value if key in shown or not value else say("hidden")


def tasks_table(tasks: Sequence[CaseTask], today: date, say: Voice) -> Table:
    rows = [
        (
            one.what,
            one.case.department.name if one.case.department else "–",
            one.owner,
            one.due_on.isoformat() + (say("late") if one.due_on < today else ""),
        )
        for one in tasks
    ]
    return Table(
        say("tasks.title"),
        (say("tasks.what"), say("unit"), say("tasks.owner"), say("tasks.due")),
        rows,
        (4, 2, 1.5, 2.2),
    )


def effects_table(tasks: Sequence[CaseTask], say: Voice) -> Table:
    rows = [
        (one.what, one.done_on.isoformat() if one.done_on else "–", _figure(one.before, say), _figure(one.after, say), one.finding or say("effects.not_yet"))
        for one in tasks
    ]  # fmt: skip
    head = (say("tasks.what"), say("effects.done"), say("effects.before"), say("effects.after"), say("effects.finding"))
    return Table(say("effects.title"), head, rows, (3, 1.5, 1.6, 1.6, 3))


def _figure(found: Mapping[str, object], say: Voice) -> str:
    if not found:
        return "–"
    mean = found.get("mean")
    return say("effects.figure", mean=mean, n=found.get("n")) if mean is not None else say("effects.too_few")


def how_counted(say: Voice) -> Text:
    return Text(say("how"), quiet=True)
