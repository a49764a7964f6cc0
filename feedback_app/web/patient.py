"""The patient's pages: the form behind a scanned code, the receipt, and a place to write when there is no code."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for
from itsdangerous import BadSignature
from werkzeug.wrappers import Response as AnyResponse

from feedback_app.domain.answers import Answers, read_answers
from feedback_app.domain.contact_details import addresses
from feedback_app.domain.identity import tidy
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Gone, NotFound, Refused, TooOften
from feedback_app.services import (
    canary,
    case_codes,
    changes,
    complaints,
    documents,
    forms,
    patient_questions,
    pictures,
    pilot,
    place_profiles,
    questionnaires,
    ratings,
    visits,
)
from feedback_app.services import tablets as assisted
from feedback_app.services.complaints import Filing
from feedback_app.services.forms import OpenForm
from feedback_app.services.ratings import Accepted, Submission
from feedback_app.services.transaction import Writing
from feedback_app.texts import text
from feedback_app.web import arrivals, page_cache, rater, sender_cookies, tablets, traffic
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.asking import asking
from feedback_app.web.context import NONCE_BYTES, explain, language, runtime
from feedback_app.web.errors import status_of
from feedback_app.web.kept_forms import kept_forms
from feedback_app.web.picture_fields import LARGEST_WITH_PICTURES, with_pictures
from feedback_app.web.signing import signer

blueprint = Blueprint("patient", __name__)
OUTSIDE_CSRF = True  # nobody is signed in here; the form carries an idempotency key instead

LARGEST_FORM = 64 * 1024
WRITTEN = ("complaint", "question", "repair", "supply")
"""One door for what people write (S43); each kind has its own days."""
LONGEST_CONTACT = 100
KEY_BYTES = 18
LONGEST_OWN = 2000
"""Bytes that what only the sender sees on the receipt is filled up to, so that its length tells nothing of the level."""
KEY = re.compile(r"^[A-Za-z0-9_-]{16,64}$")


@dataclass(frozen=True)
class Draft:
    """What the person has filled in so far; shown again exactly so when something could not be accepted."""

    key: str
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    contact: str = ""
    wants_answer: bool = False
    for_child: bool = False
    problem: str = ""
    visit: str = ""  # a ticket that held when the form was opened, signed


@blueprint.before_request
def _small_bodies() -> None:
    with_files = request.mimetype == "multipart/form-data"
    request.max_content_length = LARGEST_WITH_PICTURES if with_files else LARGEST_FORM
    request.max_form_memory_size = LARGEST_FORM


@blueprint.get("/s/<code>")
@allow(PUBLIC)
def form(code: str) -> AnyResponse | tuple[str, int]:
    """The form of one service point."""
    try:
        with runtime().reading() as session:
            opened = forms.open_form(session, runtime().vault, code, runtime().now(), _names())
    except Gone as gone:
        return _retired(code, gone)
    helped = tablets.mode()
    if helped is not None:
        with runtime().reading() as session:
            assisted.check(session, helped, opened.place.id)
    away = rater.way_round(code) if helped is None else None
    if away is not None:
        return away
    visit = arrivals.seal_ticket(opened, request.args.get("v", ""))
    draft = Draft(key=_new_key(), visit=visit)
    if not opened.questionnaire.groups and not visit and helped is None:  # the same for everybody
        page_cache.offer(((draft.key, KEY_BYTES), (g.csp_nonce, NONCE_BYTES)), opened.until)
    return make_response(_page(opened, opened.questionnaire, opened.version_id, draft))


@blueprint.post("/s/<code>")
@allow(PUBLIC)
def rate(code: str) -> AnyResponse | tuple[str, int]:
    """Accept the answers: 303 to the receipt, or the form again with a word about what is missing.

    A code that was retired while the page was open takes nothing more, but what was written is offered for sending on.
    """
    draft = _draft()
    try:
        opened = kept_forms().form(code)
    except Gone as gone:
        return _retired(code, gone, draft)
    version_id = version_of(request.form.get("version", ""), opened)
    asked = kept_forms().questions(version_id)
    if asked is None:
        version_id, asked = opened.version_id, opened.questionnaire
    try:
        arrival, helped = arrivals.read(opened), tablets.mode()
        if helped is not None:  # the device is no person: the next patient may rate the same place there
            arrival = replace(arrival, device="", network="")
            with runtime().reading() as session:
                assisted.check(session, helped, opened.place.id)
        contact = _contact(draft)
        draft = replace(draft, values=with_pictures(asked, draft.key, draft.values))
        answers = read_answers(asked, draft.values, draft.key)
    except Refused as refused:
        words = explain(refused.code, refused.params)
        return _page(opened, asked, version_id, replace(draft, problem=words)), 400
    submission = replace(
        submission_of(opened, version_id, draft.key, answers, language()),
        channel="form" if helped is None else assisted.CHANNEL,
        rater_hash=rater.known() if helped is None else None,
        contact_sealed=runtime().vault.seal(contact),
    )
    if canary.is_marked(runtime().vault, draft.key, request.form.get("canary", "")):
        submission = replace(submission, status=canary.CANARY)
    with_picture = any(one.kind == "picture" for one in asked.questions)
    opened_here, counted = runtime(), traffic.counter("ratings")

    def accept(unit: Writing) -> Accepted:
        counted(unit)
        done = visits.accept(unit, opened_here.vault, submission, arrival, zone=opened_here.zone, now=opened_here.now())
        if with_picture:
            pictures.keep(unit.session, draft.key)
        return done

    try:
        accepted = opened_here.together(accept)
    except TooOften as much:
        return _page(opened, asked, version_id, replace(draft, problem=explain(much.code, much.params))), status_of(
            much
        )
    return _to_receipt(accepted, masked=answers.masked)


def submission_of(opened: OpenForm, version_id: int, key: str, answers: Answers, language: str) -> Submission:
    """What is sent in on the form of one place, by somebody nobody knows."""
    return Submission(
        point_id=opened.place.id,
        score=answers.score,
        channel="form",
        # With the place in it: a key that came from another page must neither swallow a rating nor show its receipt.
        idempotency_key=f"form:{key}:{opened.place.id}",
        comment=answers.comment,
        answers=answers.values,
        code_id=opened.code_id,
        version_id=version_id,
        language=language,
    )


@blueprint.get("/s/<code>/about")
@allow(PUBLIC)
def about(code: str) -> str:
    """The profile of the place: hours, duties, what fees rest on, what it promises. Raises NotFound ``places.nothing``."""
    with runtime().reading() as session:
        opened = forms.open_form(session, runtime().vault, code, runtime().now(), _names())
        profile = place_profiles.of(session, opened.place.id)
    if not profile:
        raise NotFound("places.nothing")
    return render_template("patient/about.html", opened=opened, profile=profile)


@blueprint.get("/r/<receipt>")
@allow(PUBLIC)
def receipt(receipt: str) -> str:
    """Thanks, what happens next, proof of counting. The level is shown only to the browser that has just sent it."""
    with runtime().reading() as session:
        accepted = ratings.by_receipt(session, tidy(receipt))
        place = forms.place_of(accepted.point, _names())
        unit = accepted.point.department
        leaflets = documents.has_leaflets(session, unit.id if unit else None)
        unit_key = unit.key if unit else ""
        trial = pilot.stage(session).is_trial
    changeable = _may_change(accepted.receipt) and changes.is_open(accepted, runtime().now())
    level, masked = _own(accepted)
    code = case_codes.code(runtime().vault, accepted.case_number) if accepted.case_number else ""
    return render_template(
        "patient/receipt.html",
        accepted=accepted,
        place=place,
        level=level,
        masked=masked,
        changeable=changeable,
        case_code=code,
        filler=secrets.token_hex(LONGEST_OWN // 2) if level else "",
        leaflets=leaflets,
        unit_key=unit_key,
        trial=trial,
    )


@blueprint.get("/r/<receipt>/change")
@allow(PUBLIC)
def change(receipt: str) -> str:
    """An empty form in the browser that sent the rating, never the old answers: whoever looks over a shoulder sees nothing."""
    opened = _to_change(tidy(receipt))
    return _page(opened, opened.questionnaire, opened.version_id, Draft(key=_new_key()), change=tidy(receipt))


@blueprint.post("/r/<receipt>/change")
@allow(PUBLIC)
def send_change(receipt: str) -> AnyResponse | tuple[str, int]:
    """Put the new answers in the place of the old ones; the receipt stays."""
    held, draft = tidy(receipt), _draft()
    opened = _to_change(held)
    with runtime().reading() as session:
        version_id = version_of(request.form.get("version", ""), opened)
        asked = questionnaires.by_id(session, version_id)
    if asked is None:
        version_id, asked = opened.version_id, opened.questionnaire
    try:
        contact = _contact(draft)
        draft = replace(draft, values=with_pictures(asked, draft.key, draft.values))
        answers = read_answers(asked, draft.values, draft.key)
    except Refused as refused:
        words = explain(refused.code, refused.params)
        return _page(opened, asked, version_id, replace(draft, problem=words), change=held), 400
    submission = Submission(
        point_id=opened.place.id,
        score=answers.score,
        channel="form",
        idempotency_key=f"change:{draft.key}:{held}",
        comment=answers.comment,
        answers=answers.values,
        version_id=version_id,
        language=language(),
        contact_sealed=runtime().vault.seal(contact),
    )
    with runtime().transaction() as session:
        accepted = changes.change(session, held, submission, zone=runtime().zone, now=runtime().now())
        if any(one.kind == "picture" for one in asked.questions):
            pictures.keep(session, draft.key)
    return _to_receipt(accepted, masked=answers.masked, renew=False)


@blueprint.get("/feedback")
@allow(PUBLIC)
def feedback() -> str:
    """A place to write, with or without a code: the complaint route on the web. From a form it is about its place unless
    the person says otherwise.
    """
    about = _about(request.args.get("code", ""))
    return render_template("patient/feedback.html", draft=Draft(key=_new_key()), kinds=WRITTEN, about=about)


def _about(code: str) -> OpenForm | None:
    """Whose form the person comes from; None when there is none, or not any more."""
    try:
        return kept_forms().form(code) if code else None
    except (Gone, NotFound, Refused):
        return None


@blueprint.post("/feedback")
@allow(PUBLIC)
def send_feedback() -> AnyResponse | tuple[str, int]:
    """File what was written as a case: 303 to its number and date. A number in the text is asked about, once."""
    draft = _draft()
    written = clean("\n".join(draft.values.get("text", ())))
    kind = draft.values.get("kind", [""])[0]
    about = _about(draft.values.get("about", [""])[0])
    reached = addresses(written) if not draft.contact and "numbers" not in draft.values else ()
    try:
        contact = _contact(draft)
        if not written:
            raise Refused("complaints.nothing_written")
        if reached:
            draft = replace(draft, contact=reached[0][:LONGEST_CONTACT])
            raise Refused("patient.number_in_text")
        filing = Filing(
            text=written,
            source="form",
            origin_key=f"form:{draft.key}",
            kind=kind if kind in WRITTEN else WRITTEN[0],
            point_id=about.place.id if about else None,
            contact_sealed=runtime().vault.seal(contact),
        )
        with runtime().transaction() as session:
            traffic.count(session, "complaints")
            file = patient_questions.ask if filing.kind == patient_questions.KIND else complaints.file
            case = file(session, filing, zone=runtime().zone, now=runtime().now())
            filed = [case.number or "", case.due_on.isoformat() if case.due_on else ""]
    except Refused as refused:
        words = explain(refused.code, refused.params)
        page = render_template(
            "patient/feedback.html",
            draft=replace(draft, problem=words),
            kinds=WRITTEN,
            about=about or _about(request.args.get("code", "")),
            unticked=about is None,
            numbers=bool(reached) or "numbers" in draft.values,
        )
        return page, status_of(refused)
    case_at = signer("filed").dumps(filed)
    return redirect(url_for("patient.filed", case=case_at, lang=request.args.get("lang")), code=303)


@blueprint.get("/feedback/filed")
@allow(PUBLIC)
def filed() -> str:
    """Number and date of a case. Raises NotFound ``patient.no_case`` for an address that we did not make."""
    try:
        number, due = signer("filed").loads(request.args.get("case", ""))
    except BadSignature:
        raise NotFound("patient.no_case") from None
    return render_template(
        "patient/filed.html",
        number=number,
        due_on=date.fromisoformat(due) if due else None,
        code=case_codes.code(runtime().vault, number),
    )


def _draft() -> Draft:
    sent = {name: request.form.getlist(name) for name in request.form}
    key = request.form.get("key", "")
    return Draft(
        key=key if KEY.match(key) else _new_key(),
        values=sent,
        contact=clean(request.form.get("contact", "")),
        wants_answer=bool(request.form.get("wants_answer")),
        for_child=bool(request.form.get("for_child")),
        visit=request.form.get("visit", ""),
    )


def _new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def _contact(draft: Draft) -> str:
    """Kept only with the box ticked (separate consent, 个人信息保护法 Art. 29; of a parent for a child under 14, Art. 31)."""
    if len(draft.contact) > LONGEST_CONTACT:
        raise Refused("patient.contact_too_long", key="contact", most=LONGEST_CONTACT, length=len(draft.contact))
    if not draft.contact or not draft.wants_answer:
        return ""
    # That a child stands behind it is sealed with the contact: whoever may open that, and nobody else, is told.
    return draft.contact + text("patient.contact.child_note") if draft.for_child else draft.contact


def version_of(sent: str, opened: OpenForm) -> int:
    """The version the page was made from, so that answers are read as they were asked."""
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else opened.version_id


def _page(opened: OpenForm, asked: Questionnaire, version_id: int, draft: Draft, change: str = "") -> str:
    context = asking(asked, draft.key)
    return render_template(
        "patient/form.html", opened=opened, version_id=version_id, draft=draft, change=change, **context
    )


def _names() -> str:
    """How much of the names of staff patients see."""
    return runtime().settings.hospital.staff_names


def _to_change(receipt: str) -> OpenForm:
    """The form of a rating that this browser may change now. Raises NotFound ``patient.not_this_phone``, Gone."""
    if not _may_change(receipt):
        raise NotFound("patient.not_this_phone")
    with runtime().reading() as session:
        accepted = ratings.by_receipt(session, receipt)
        if not changes.is_open(accepted, runtime().now()):
            raise Gone("ratings.change_over")
        return forms.form_again(session, accepted.point, _names())


def _retired(code: str, gone: Gone, draft: Draft | None = None) -> tuple[str, int]:
    not_open = gone.code == "codes.not_open"
    with runtime().reading() as session:
        others = () if not_open else forms.alternatives(session, runtime().vault, code, _names())
    kept = draft or Draft(key=_new_key())
    written = "\n".join(kept.values.get("comment", ()))
    page = render_template(
        "patient/retired.html", message=explain(gone.code, gone.params), name=gone.params["name"], others=others,
        draft=kept, written=written,
    )  # fmt: skip
    return page, 404 if not_open else 410


def _may_change(receipt: str) -> bool:
    """Whether this browser sent the rating; the receipt alone, shown to somebody, lets nobody change it."""
    try:
        kept: str = signer("change").loads(request.cookies.get(sender_cookies.MINE, ""))
    except BadSignature:
        return False
    return kept == receipt


def _to_receipt(accepted: Accepted, *, masked: bool, renew: bool = True) -> AnyResponse:
    """To the thank-you page. Only the browser that sends a rating for the first time gets the right to change it."""
    where = url_for("patient.receipt", receipt=accepted.receipt)
    seen = url_for("patient.receipt", receipt=accepted.receipt, lang=request.args.get("lang"))
    answer: Response = make_response(redirect(seen, code=303))
    if tablets.mode() is not None:
        return answer  # nothing of this patient stays on the device
    for one in sender_cookies.of_rating(current_app.config["SECRET_KEY"], accepted, where, masked=masked, renew=renew):
        arrivals.keep(answer, one)
    arrivals.remember_device(answer)
    return answer


def _own(accepted: Accepted) -> tuple[int | None, bool]:
    """For the browser that has just sent it: the level, and whether numbers in its text were masked."""
    try:
        mine, masked = signer("own-level").loads(
            request.cookies.get(sender_cookies.OWN, ""), max_age=sender_cookies.LEVEL_SHOWN_SECONDS
        )
    except (BadSignature, ValueError):
        return None, False
    return (accepted.score, bool(masked)) if mine == accepted.receipt else (None, False)
