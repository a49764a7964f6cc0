"""What patients write about: themes of a month, the words behind them, and correcting what was read wrongly."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.domain import noise
from feedback_app.domain.periods import Month
from feedback_app.domain.themes import POLARITIES
from feedback_app.errors import FeedbackError, NotFound
from feedback_app.services import rating_lists, theme_quotes, theme_teaching, themes
from feedback_app.services.theme_quotes import Wanted
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, HEAD, QUALITY, allow
from feedback_app.web.asked import number_from, one_of, whole_number
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_themes", __name__)
navigation.add(31, "admin_themes.index", "themes.nav")
AT_ONCE = 30


def _asked(session: Session) -> tuple[list[Month], Month, int | None]:
    now = Month.of(runtime().now(), runtime().zone)
    months = rating_lists.months(session, now)
    period = request.args.get("period", "")
    month = next((one for one in months if str(one) == period), months[0])
    return months, month, number_from("department")


@blueprint.get("/admin/themes")
@allow(QUALITY, ADMIN, DIRECTOR, HEAD)
def index() -> Any:
    """A head reads what was given of the own department: see ``web.admin_unit_figures``."""
    if g.account.role == HEAD:
        return redirect(url_for("admin_unit_figures.index", _anchor="themes"))
    with runtime().reading() as session:
        months, month, unit = _asked(session)
        told = themes.overview(session, month, unit)
        before = themes.overview(session, month.shifted(-1), unit).comments
        changes = {
            one.theme: noise.counts(one.bad + one.mixed, told.comments, one.bad_before, before) for one in told.lines
        }
        departments = theme_quotes.departments(session)
        return render_template(
            "admin/themes.html",
            told=told,
            changes=changes,
            months=months,
            month=month,
            unit=unit,
            departments=departments,
            names={one.id: one.name for one in departments},
            keys=themes.every(),
            reading=theme_teaching.is_reading(session),
        )


@blueprint.get("/admin/themes/<theme>")
@allow(QUALITY, ADMIN, DIRECTOR, HEAD)
def show(theme: str) -> Any:
    if g.account.role == HEAD:
        return redirect(url_for("admin_unit_figures.theme", theme=theme))
    with runtime().reading() as session:
        return _theme_page(session, theme)


def _theme_page(session: Session, theme: str, problem: str = "") -> str:
    if theme not in themes.every():
        raise NotFound("themes.not_there")
    months, month, unit = _asked(session)
    wanted = Wanted(theme, str(month), unit, one_of("polarity", POLARITIES))
    number = theme_quotes.number(session, wanted)
    page = max(number_from("page", 1) or 1, 1)
    quotes = theme_quotes.listed(session, wanted, most=AT_ONCE, after=(page - 1) * AT_ONCE)
    return render_template(
        "admin/theme.html",
        theme=theme,
        wanted=wanted,
        months=months,
        month=month,
        unit=unit,
        departments=theme_quotes.departments(session),
        quotes=quotes,
        number=number,
        held=theme_quotes.held(session, wanted),
        page=page,
        last=max(1, -(-number // AT_ONCE)),
        keys=themes.every(),
        polarities=POLARITIES,
        cover=runtime().vault.cover,
        may_teach=g.account.role in {ADMIN, QUALITY},
        problem=problem,
    )


@blueprint.get("/admin/theme-words")
@allow(QUALITY, ADMIN)
def words() -> str:
    with runtime().reading() as session:
        return _words_page(session)


def _words_page(session: Session, problem: str = "") -> str:
    tried = request.values.get("text", "").strip()[:500]
    return render_template(
        "admin/theme_words.html",
        taught=theme_teaching.taught(session),
        corrections=theme_teaching.corrections(session),
        keys=themes.every(),
        roles=theme_teaching.ROLES,
        kept=request.form if problem else request.args,
        tried=tried,
        reading=themes.read(tried, None, themes.taught(session)) if tried else None,
        problem=problem,
        zone=runtime().zone,
        busy=theme_teaching.is_reading(session),
    )


@blueprint.post("/admin/theme-words")
@allow(QUALITY, ADMIN)
def act() -> Any:
    """Correct a comment, teach a word, or take either back; then to the page it was asked on."""
    form = request.form
    action = form.get("action", "")
    try:
        with runtime().transaction() as session:
            _act(session, action)
    except FeedbackError as error:
        with runtime().reading() as session:
            return _words_page(session, explain(error.code, error.params)), 400
    flash(t(f"themes.done.{action}" if action in ACTIONS else "themes.done.nothing"), "ok")
    return redirect(_back(), 303)


ACTIONS = ("correct", "undo_correction", "teach", "take_back")


def _act(session: Session, action: str) -> None:
    form, by, now = request.form, g.account.login, runtime().now()
    if action == "correct":
        _correct(session)
    elif action == "undo_correction":
        theme_teaching.undo_correction(session, whole_number(form.get("id", "")) or 0, by=by, now=now)
    elif action == "teach":
        theme_teaching.teach(session, form.get("theme", ""), form.get("role", ""), form.get("word", ""), by=by, now=now)
    elif action == "take_back":
        theme_teaching.take_back(session, whole_number(form.get("id", "")) or 0, by=by, now=now)


def _correct(session: Session) -> None:
    form, by, now = request.form, g.account.login, runtime().now()
    rating_id = runtime().vault.uncover(form.get("of", "")) or 0
    theme, other, polarity = form.get("theme", ""), form.get("other", ""), form.get("polarity", "")
    if other in {"", theme}:
        theme_teaching.correct(session, rating_id, theme, polarity if other else "", by=by, now=now)
    else:
        theme_teaching.move(session, rating_id, theme, other, polarity, by=by, now=now)


def _back() -> str:
    form = request.form
    if form.get("theme") in themes.every() and form.get("period"):
        kept: dict[str, Any] = {
            name: form[name] for name in ("period", "department", "polarity_shown") if form.get(name)
        }
        if "polarity_shown" in kept:
            kept["polarity"] = kept.pop("polarity_shown")
        return url_for("admin_themes.show", theme=form["theme"], **kept)
    return url_for("admin_themes.words")
