"""Question sets as files: read with a preview of what would change, kept as a draft, written again."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.questionnaire_bodies import to_body
from feedback_app.domain.questionnaire_changes import changes
from feedback_app.domain.questionnaire_drafts import empty
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.toml_places import excerpt
from feedback_app.errors import Refused
from feedback_app.services import question_sets, questionnaires
from feedback_app.services import questionnaire_editing as editing
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.context import explain, language, runtime, t

blueprint = Blueprint("admin_question_files", __name__)


@blueprint.get("/admin/question-sets/import")
@allow(ADMIN)
def choose() -> str:
    return _page()


def _page(text: str = "", key: str = "", *, refused: Refused | None = None) -> str:
    line = refused.params.get("line") if refused else None
    return render_template(
        "admin/question_import.html",
        text=text,
        key=key,
        problem=explain(refused.code, refused.params) if refused else "",
        line=line,
        excerpt=excerpt(text, line) if isinstance(line, int) else [],
    )


@blueprint.post("/admin/question-sets/import")
@allow(ADMIN)
def receive() -> Any:
    """Read what was sent; show what would change; keep it only when asked to."""
    sent = request.files.get("file")
    has_file = sent is not None and bool(sent.filename)
    data = sent.read(question_sets.LARGEST_FILE + 1) if sent and has_file else request.form.get("text", "").encode()
    name = request.form.get("key", "").strip() or (str(sent.filename) if sent and has_file else "")
    text, key = (
        data.decode("utf-8-sig", errors="replace"),
        question_sets.key_of(f"{name}.toml" if "." not in name else name),
    )
    try:
        if not data.strip():
            raise Refused("questions.no_file")
        made = question_sets.read(data, key)
    except Refused as refused:
        return _page(text if len(data) <= question_sets.LARGEST_FILE else "", key, refused=refused), 400
    return _take(made) if request.form.get("do") == "take" else _preview(made, text)


def _preview(made: Questionnaire, text: str) -> str:
    with runtime().reading() as session:
        known = questionnaires.exists(session, made.key)
        before = editing.working_body(session, made.key) if known else empty(made.key, "")
        return render_template(
            "admin/question_import_preview.html",
            made=made,
            body=to_body(made),
            text=text,
            known=known,
            changes=changes(before, to_body(made), language()) if known else [],
            replaces=editing.draft(session, made.key) is not None,
        )


def _take(made: Questionnaire) -> Any:
    with runtime().transaction() as session:
        kept = question_sets.take(session, made, publish=False, by=g.account.login, now=runtime().now())
        key, is_draft = kept.key, kept.state == "draft"
    flash(t("question_sets.imported" if is_draft else "question_sets.known", n=len(made.questions)), "ok")
    return redirect(url_for("admin_questions.index", set=key), 303)
