"""A head's page: the own department's figures, themes and words, by whole months as they were given."""

from typing import Any

from flask import Blueprint, g, render_template, request

from feedback_app.domain.periods import local_day
from feedback_app.errors import NotFound
from feedback_app.services import releases, theme_quotes, themes, today
from feedback_app.services.releases import Given
from feedback_app.services.transaction import Session
from feedback_app.web import figure_charts, navigation
from feedback_app.web.access import HEAD, allow, viewer
from feedback_app.web.admin_figures import channel_name, part_name
from feedback_app.web.context import runtime, t, words

blueprint = Blueprint("admin_unit_figures", __name__)
navigation.add(30, "admin_unit_figures.index", "dashboards.unit_nav")


def _given(session: Session) -> tuple[Any, list[Given], Given | None]:
    """The department, everything that was given of it, and the one that is asked for (else the newest)."""
    unit = releases.unit(session, g.account.department_id)
    given = releases.of_unit(session, unit.id) if unit else []
    asked = request.args.get("month", "")
    return unit, given, next((one for one in given if one.last == asked), given[-1] if given else None)


@blueprint.get("/admin/figures/unit")
@allow(HEAD)
def index() -> str:
    """Never a named person, never a single month of too few."""
    with runtime().reading() as session:
        unit, given, newest = _given(session)
        desk = today.of_head(session, viewer(), local_day(runtime().now(), runtime().zone))
    charts: dict[str, Any] = {"months": figure_charts.monthly(given, unit.name if unit else "")}
    if newest:
        charts["parts"] = figure_charts.shares(
            t("dashboards.by_point"), [(part_name(one), one) for one in newest.parts], t("dashboards.point")
        )
        charts["questions"] = figure_charts.questions(
            t("dashboards.by_question"), [(words(one.text), one.mean, one.n) for one in newest.questions]
        )
        charts["channels"] = figure_charts.shares(
            t("dashboards.by_channel"),
            [(channel_name(one), one) for one in newest.channels],
            t("dashboards.column.channel"),
        )
        charts["hours"] = figure_charts.hours(t("dashboards.by_hour"), [one for one in newest.hours if one.key])
    return render_template("admin/figures/unit.html", unit=unit, given=given, newest=newest, charts=charts, desk=desk)


@blueprint.get("/admin/figures/unit/themes/<theme>")
@allow(HEAD)
def theme(theme: str) -> str:
    """What was written about it, as it stood when the month was given: screened, undated, in no order of time."""
    if theme not in themes.every():
        raise NotFound("themes.not_there")
    with runtime().reading() as session:
        unit, _, newest = _given(session)
        cell = next((one for one in newest.themes if one.theme == theme), None) if newest else None
        said = theme_quotes.of_ratings(session, cell.quotes) if cell else []
    return render_template("admin/figures/unit_theme.html", unit=unit, given=newest, theme=theme, cell=cell, said=said)
