"""What a member of staff is to read: standards and notices, read and understood with one tap."""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, url_for

from feedback_app.domain.documents import TO_BE_READ
from feedback_app.errors import NotFound
from feedback_app.services import documents
from feedback_app.services.transaction import Session
from feedback_app.web.access import STAFF, allow
from feedback_app.web.context import runtime, t
from feedback_app.web.kept_files import sent

blueprint = Blueprint("staff_reading", __name__, url_prefix="/staff/reading")


@blueprint.get("")
@allow(STAFF)
def index() -> str:
    with runtime().reading() as session:
        return render_template(
            "staff/reading.html",
            found=documents.for_person(session, g.staff),
            had=documents.receipts_of(session, g.staff),
            to_be_read=TO_BE_READ,
        )


@blueprint.get("/<int:document>")
@allow(STAFF)
def show(document: int) -> str:
    with runtime().reading() as session:
        one = _mine(session, document)
        return render_template(
            "staff/document.html",
            one=one,
            files=documents.files(session, one.id),
            had=documents.receipts_of(session, g.staff).get(one.id),
            to_be_read=one.kind in TO_BE_READ,
            zone=runtime().zone,
        )


def _mine(session: Session, document: int) -> Any:
    """Raises NotFound ``documents.none``."""
    found = next((one for one in documents.for_person(session, g.staff) if one.id == document), None)
    if found is None:
        raise NotFound("documents.none")
    return found


@blueprint.post("/<int:document>")
@allow(STAFF)
def understood(document: int) -> Any:
    with runtime().transaction() as session:
        documents.read(session, document, g.staff, now=runtime().now())
    flash(t("documents.thanks"), "ok")
    return redirect(url_for("staff_reading.index"), 303)


@blueprint.get("/<int:document>/files/<int:file>")
@allow(STAFF)
def file(document: int, file: int) -> Response:
    with runtime().reading() as session:
        _mine(session, document)
        return sent(documents.file(session, document, file))
