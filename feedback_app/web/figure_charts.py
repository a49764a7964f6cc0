"""The charts of dashboards, with the words of the reader's language."""

from collections.abc import Sequence

from feedback_app.domain import charts
from feedback_app.domain.charts import Bar, Cell, Chart, Said, Spot, Watched
from feedback_app.domain.intervals import Share
from feedback_app.services.dashboards import Part, WeekFigure
from feedback_app.services.releases import Given
from feedback_app.web.context import t

WHOLE = 100.0


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}%"


def weekly(weeks: Sequence[WeekFigure], name: str) -> Chart:
    """The control chart of a unit."""
    head = tuple(t(f"dashboards.column.{one}") for one in ("week", "share", "usual", "signal"))
    spots = [
        Watched(
            label=one.week.label,
            value=_hundred(one.judged.share),
            told=percent(_hundred(one.judged.share)),
            centre=_hundred(one.judged.centre),
            least=_hundred(one.judged.least),
            most=_hundred(one.judged.most),
            broken=t("dashboards.break", version=one.broken) if one.broken else "",
            signal=bool(one.judged.signal),
        )
        for one in weeks
    ]
    return charts.control(Said(t("dashboards.weekly", name=name), _told(weeks), head), spots, least=0, most=WHOLE)


def _told(weeks: Sequence[WeekFigure]) -> str:
    known = [one for one in weeks if one.judged.share is not None]
    if not known:
        return t("dashboards.weekly_none")
    signals = sum(bool(one.judged.signal) for one in weeks)
    return t("dashboards.weekly_told", n=len(known), signals=signals, last=percent(_hundred(known[-1].judged.share)))


def _hundred(value: float | None) -> float | None:
    return None if value is None else WHOLE * value


def shares(title: str, rows: Sequence[tuple[str, Part]], column: str) -> Chart:
    """Lying bars: the name and the share of each row, its interval, how many people."""
    items = [Bar(name, *_bar(part.share, part.n)) for name, part in rows]
    said = Said(title, t("dashboards.bars_told", n=len(rows)), (column, *_columns()))
    return charts.bars(said, items, most=WHOLE)


def _columns() -> tuple[str, str]:
    return t("dashboards.column.share_n"), t("dashboards.column.interval")


def _bar(share: Share | None, n: int) -> tuple[float | None, str, float | None, float | None]:
    if share is None or share.value is None:
        return None, t("dashboards.too_few"), None, None
    return share.value, t("dashboards.of_n", share=percent(share.value), n=f"{n:,}"), share.low, share.high


def questions(title: str, rows: Sequence[tuple[str, float, int]]) -> Chart:
    """Points of 100 of each question."""
    items = [Bar(name, mean, t("dashboards.points_n", points=f"{mean:.1f}", n=f"{n:,}")) for name, mean, n in rows]
    said = Said(title, t("dashboards.bars_told", n=len(rows)), (t("dashboards.column.question"), *_columns()))
    return charts.bars(said, items, most=WHOLE)


def hours(title: str, parts: Sequence[Part]) -> Chart:
    """One field an hour: the share in whole percent."""
    cells = [
        Cell(
            t("dashboards.hour", hour=int(part.key)),
            part.share.value if part.share else None,
            f"{part.share.value:.0f}" if part.share and part.share.value is not None else "",
        )
        for part in parts
    ]
    head = t("dashboards.column.hour"), t("dashboards.column.share")
    return charts.strip(Said(title, t("dashboards.hours_told"), head), cells, a_line=24)


def monthly(given: Sequence[Given], name: str) -> Chart:
    """The share of each piece with its interval."""
    spots = [
        Spot(one.label[2:], one.share.value, percent(one.share.value), one.share.low, one.share.high)
        for one in given[-13:]
    ]
    head = t("dashboards.column.months"), t("dashboards.column.share"), t("dashboards.column.interval")
    told = t("dashboards.monthly_told", n=len(spots))
    return charts.line(Said(t("dashboards.monthly", name=name), told, head), spots, least=0, most=100)
