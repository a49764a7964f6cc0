"""What would the bot say; what it did not understand; and teaching it."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import conversations, housekeeping, teaching
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_bot", __name__)
navigation.add(75, "admin_bot.index", "teaching.nav")

EXTENSION = "bot_explains"
"""Set by ``app``: (text, context) -> what the bot understands and would answer, without doing it."""
Explains = Callable[[str, str], Mapping[str, Any]]
CONTEXTS = ("-", "menu", "ask_score", "ask_comment", "scan")
LONGEST = 600


@blueprint.get("/admin/bot")
@allow(ADMIN)
def index() -> str:
    text = request.args.get("text", "").strip()[:LONGEST]
    return _page(text, tried=_tried(text) if text else None)


def _tried(text: str) -> Mapping[str, Any]:
    step, point = request.args.get("step", "-"), request.args.get("point", "").split(" ")[0]
    context = step if step in ("-", "menu") or not point else f"{step}:{point}"
    return cast(Explains, current_app.extensions[EXTENSION])(text, context if step in CONTEXTS else "-")


@blueprint.post("/admin/bot/words")
@allow(ADMIN)
def teach() -> Any:
    form = request.form
    word, category = form.get("word", ""), form.get("category", "")
    try:
        with runtime().transaction() as session:
            now, by = runtime().now(), g.account.login
            if category == teaching.ALIAS:
                teaching.teach_alias(session, form.get("point", "").split(" ")[0], word, by=by, now=now)
            else:
                teaching.teach(session, category, word, meaning=form.get("meaning", ""), by=by, now=now)
            teaching.forget(session, form.get("of", ""))
    except FeedbackError as error:
        return _page("", problem=explain(error.code, error.params), kept=form), 400
    flash(t("teaching.done.taught", word=word), "ok")
    return redirect(url_for("admin_bot.index", text=form.get("of") or word), 303)


@blueprint.post("/admin/bot/words/<int:word_id>/undo")
@allow(ADMIN)
def undo(word_id: int) -> Any:
    with runtime().transaction() as session:
        teaching.take_back(session, word_id, by=g.account.login, now=runtime().now())
    flash(t("teaching.done.undone"), "ok")
    return redirect(url_for("admin_bot.index"), 303)


@blueprint.post("/admin/bot/forget")
@allow(ADMIN)
def forget() -> Any:
    with runtime().transaction() as session:
        teaching.forget(session, request.form.get("of", ""))
    return redirect(url_for("admin_bot.index"), 303)


def _page(text: str, **more: Any) -> str:
    kept = more.pop("kept", request.args)
    with runtime().reading() as session:
        points = conversations.nameable(session)
        return render_template(
            "admin/bot.html",
            text=text,
            kept=kept,
            unplaced=teaching.unplaced(session),
            words_kept=housekeeping.NOT_UNDERSTOOD_KEPT,
            taught=teaching.taught(session),
            points=points,
            names={str(point.id): point.name for point in points},
            categories=teaching.CATEGORIES,
            contexts=CONTEXTS,
            zone=runtime().zone,
            **more,
        )
