"""The library in the console: standards by version, notices, basis documents, leaflets; who has read, by department."""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.documents import KINDS, TO_BE_READ
from feedback_app.domain.roles import HEAD
from feedback_app.errors import FeedbackError, NotFound
from feedback_app.services import activity_pages, documents, growth
from feedback_app.services.documents import Wanted
from feedback_app.services.transaction import Session
from feedback_app.web import activity_forms, navigation
from feedback_app.web.access import ADMIN, DIRECTOR, OFFICE, QUALITY, allow, viewer
from feedback_app.web.access import HEAD as HEADS
from feedback_app.web.asked import one_of, whole_number
from feedback_app.web.context import explain, offered, runtime, t
from feedback_app.web.errors import status_of
from feedback_app.web.kept_files import sent
from qr import images

blueprint = Blueprint("admin_documents", __name__, url_prefix="/admin/documents")
navigation.add(59, "admin_documents.index", "documents.nav")


@blueprint.get("/")
@allow(ADMIN, QUALITY, OFFICE, DIRECTOR, HEADS)
def index() -> str:
    kind = one_of("kind", KINDS)
    with runtime().reading() as session:
        found = documents.listed(session, kind)
        totals = {
            one.id: (sum(share.read for share in shares), sum(share.of for share in shares))
            for one in found if one.kind in TO_BE_READ and one.state == documents.PUBLISHED
            for shares in [documents.shares(session, one)]
        }  # fmt: skip
    return render_template("admin/documents/index.html", found=found, kind=kind, kinds=KINDS, totals=totals)


@blueprint.get("/new")
@allow(ADMIN, QUALITY)
def new() -> str:
    return _form(request.args.get("kind", ""), "")


@blueprint.get("/<int:document>/edit")
@allow(ADMIN, QUALITY)
def edit(document: int) -> str:
    """The draft, or the next version of what is published."""
    with runtime().reading() as session:
        one = documents.get(session, document)
    return _form(one.kind, one.key, one)


def _form(kind: str, key: str, one: Any = None, problem: str = "") -> str:
    kind = kind if kind in KINDS else KINDS[0]
    with runtime().reading() as session:
        return render_template(
            "admin/documents/form.html",
            kind=kind,
            kinds=KINDS,
            key=key,
            one=one,
            typed=request.form,
            problem=problem,
            languages=_languages(kind),
            departments=activity_pages.points(session, ("department",)),
            dimensions=growth.dimensions(session),
            to_be_read=kind in TO_BE_READ,
        )


def _languages(kind: str) -> tuple[str, ...]:
    """Leaflets in every language of the patients' pages, everything else in Chinese and English."""
    return offered(runtime().settings.hospital.languages) if kind == "leaflet" else ("zh", "en")


@blueprint.post("/")
@allow(ADMIN, QUALITY)
def write() -> Any:
    kind, key = request.form.get("kind", ""), request.form.get("of", "")[:40]
    try:
        wanted = _wanted(kind)
        with runtime().transaction() as session:
            made = documents.write(
                session, wanted, key=key, by=g.account.login, now=runtime().now(), languages=_languages(kind),
                dimensions=growth.dimensions(session),
            ).id  # fmt: skip
    except FeedbackError as error:
        return _form(kind, key, None, explain(error.code, error.params)), status_of(error)
    flash(t("documents.kept"), "ok")
    return redirect(url_for("admin_documents.show", document=made), 303)


def _wanted(kind: str) -> Wanted:
    form, languages = request.form, _languages(kind)
    return Wanted(
        kind=kind,
        title={name: form.get(f"title-{name}", "") for name in languages},
        body={name: form.get(f"body-{name}", "") for name in languages},
        items=form.get("items", "").splitlines(),
        department_id=whole_number(form.get("department", "")),
        issued_by=form.get("issued_by", ""),
        read_by_day=activity_forms.day(form["read_by_day"]) if form.get("read_by_day") else None,
        files=activity_forms.files("file"),
    )


@blueprint.get("/<int:document>")
@allow(ADMIN, QUALITY, OFFICE, DIRECTOR, HEADS)
def show(document: int) -> str:
    return _page(document)


def _page(document: int, problem: str = "") -> str:
    with runtime().reading() as session:
        one = _mine(session, document)
        return render_template(
            "admin/documents/show.html",
            one=one,
            versions=documents.versions(session, one.key),
            files=documents.files(session, one.id),
            shares=documents.shares(session, one) if one.kind in TO_BE_READ else (),
            dimensions=growth.dimensions(session),
            may=viewer().role in (ADMIN, QUALITY),
            me=viewer().login,
            problem=problem,
        )


def _mine(session: Session, document: int) -> Any:
    """A head sees what concerns the own department; drafts are for those who write. Raises NotFound ``documents.none``."""
    one = documents.get(session, document)
    writes = viewer().role in (ADMIN, QUALITY)
    if not writes and one.state == documents.DRAFT:
        raise NotFound("documents.none")
    if viewer().role == HEAD and one.department_id not in (None, viewer().department_id):
        raise NotFound("documents.none")
    return one


@blueprint.post("/<int:document>")
@allow(ADMIN, QUALITY)
def act(document: int) -> Any:
    """Publish (a second person), or take back."""
    step = documents.publish if request.form.get("action") == "publish" else documents.withdraw
    try:
        with runtime().transaction() as session:
            said = step(session, document, by=g.account.login, now=runtime().now()).state
    except FeedbackError as error:
        return _page(document, explain(error.code, error.params)), status_of(error)
    flash(t(f"documents.now.{said}"), "ok")
    return redirect(url_for("admin_documents.show", document=document), 303)


@blueprint.get("/<int:document>/files/<int:file>")
@allow(ADMIN, QUALITY, OFFICE, DIRECTOR, HEADS)
def file(document: int, file: int) -> Response:
    with runtime().reading() as session:
        _mine(session, document)
        return sent(documents.file(session, document, file))


@blueprint.get("/<int:document>/sheet")
@allow(ADMIN, QUALITY)
def sheet(document: int) -> str:
    """A leaflet's code to print and put up."""
    with runtime().reading() as session:
        one = documents.get(session, document)
    address = f"{runtime().settings.server.base_url}/health/{one.key}"
    return render_template("admin/documents/sheet.html", one=one, picture=images.svg(address), address=address)
