"""Selections as everyone sees them: what runs until when, proposing, voting, objecting."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.questions.text import clean
from feedback_app.errors import FeedbackError, NotFound
from feedback_app.services import nominations, objections, round_pages, rounds, votes
from feedback_app.services.nominations import Proposal
from feedback_app.services.objections import Filing
from feedback_app.services.round_pages import Name
from feedback_app.services.votes import Voter
from feedback_app.web import rater, traffic
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import explain, runtime
from feedback_app.web.errors import status_of

blueprint = Blueprint("rounds", __name__, url_prefix="/stars/rounds")
OUTSIDE_CSRF = True  # nobody is signed in here; the forms carry a key of their own instead

LARGEST_FORM = 64 * 1024
LONGEST_CONTACT = 100
_KEY = re.compile(r"^[A-Za-z0-9_-]{16,64}$")


@dataclass(frozen=True)
class Draft:
    """What somebody has written so far, shown again when it could not be taken."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    options: tuple[Name, ...] = ()  # several whom the name may mean
    done: str = ""


@blueprint.before_request
def _small_bodies() -> None:
    request.max_content_length = LARGEST_FORM


@blueprint.get("/")
@allow(PUBLIC)
def index() -> str:
    with runtime().reading() as session:
        views = rounds.listed(session, now=runtime().now(), zone=runtime().zone, public=True)
    return render_template("rounds/index.html", views=views, now=runtime().now(), zone=runtime().zone)


@blueprint.get("/<key>")
@allow(PUBLIC)
def page(key: str) -> str:
    """One selection: its days, its rules, what can be done today, and in the end who was chosen."""
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        shown = round_pages.shown(session, key, now=now, zone=zone)
    return render_template("rounds/page.html", shown=shown, view=shown.view, now=now, zone=zone)


@blueprint.get("/<key>/nominate")
@allow(PUBLIC)
def nominate(key: str) -> str | Response:
    _public(key)
    away = rater.way_round(key, "rounds.back", "key")
    return away or _form("nominate", key, Draft(_new_key(), {"name": request.args.get("name", "")[:40]}))


@blueprint.post("/<key>/nominate")
@allow(PUBLIC)
def send_nomination(key: str) -> str | tuple[str, int]:
    """Take the proposal; several people of that name: ask which."""
    draft = _draft("name", "chosen", "reason")
    now, zone, vault = runtime().now(), runtime().zone, runtime().vault
    try:
        with runtime().transaction() as session:
            traffic.count(session, "complaints")
            view = rounds.opened(session, key, now=now, zone=zone, public=True)
            found = nominations.find(session, view.rules, draft.values["name"])
            chosen = [one for one in found if one.key == draft.values["chosen"]] or found
            if len(chosen) > 1:
                return _form("nominate", key, replace(draft, options=tuple(map(round_pages.name_of, chosen)))), 400
            if not chosen:
                raise NotFound("rounds.no_nominee")
            who = rater.known() or f"form:{draft.key}"
            told = Proposal(chosen[0].id, "patient", "form", who, draft.values["reason"])
            name = nominations.propose(session, vault, key, told, now=now, zone=zone).nominee.name
    except FeedbackError as error:
        return _form("nominate", key, replace(draft, problem=explain(error.code, error.params))), status_of(error)
    return _form("nominate", key, replace(draft, done=name))


@blueprint.get("/<key>/back")
@allow(PUBLIC)
def back(key: str) -> Response:
    """Back from WeChat: to the vote, known or not."""
    more: dict[str, Any] = {} if rater.learn(key) else {"as": rater.GUEST}
    return redirect(url_for("rounds.vote", key=key, **more))


@blueprint.get("/<key>/vote")
@allow(PUBLIC)
def vote(key: str) -> str | Response:
    _public(key)
    return rater.way_round(key, "rounds.back", "key") or _form("vote", key, Draft(_new_key()))


@blueprint.post("/<key>/vote")
@allow(PUBLIC)
def send_vote(key: str) -> str | tuple[str, int]:
    """One person, one vote; what was voted is never shown again, not even to that person."""
    draft, now, zone = _draft(), runtime().now(), runtime().zone
    sent = request.form.getlist("candidate")[:50]
    try:
        _public(key)
        choice = [int(one) for one in sent if one.isascii() and one.isdigit() and len(one) < 4]
        with runtime().transaction() as session:
            traffic.count(session, "ratings")
            voter = Voter(rater.known() or "")
            cast = votes.cast(session, runtime().vault, key, voter, choice, now=now, zone=zone)
    except FeedbackError as error:
        return _form("vote", key, replace(draft, problem=explain(error.code, error.params))), status_of(error)
    return _form("vote", key, replace(draft, done=cast.receipt))


@blueprint.get("/<key>/object")
@allow(PUBLIC)
def object_to(key: str) -> str:
    return _form("object", key, Draft(_new_key()))


@blueprint.post("/<key>/object")
@allow(PUBLIC)
def send_objection(key: str) -> str | tuple[str, int]:
    draft = _draft("about", "text", "contact")
    about, now, zone = draft.values["about"], runtime().now(), runtime().zone
    number = int(about) if about.isascii() and about.isdigit() and len(about) < 4 else None
    contact = runtime().vault.seal(draft.values["contact"][:LONGEST_CONTACT])
    try:
        _public(key)
        with runtime().transaction() as session:
            traffic.count(session, "complaints")
            told = Filing(number, draft.values["text"], f"object:{draft.key}", contact)
            objections.file(session, key, told, now=now, zone=zone)
    except FeedbackError as error:
        return _form("object", key, replace(draft, problem=explain(error.code, error.params))), status_of(error)
    return _form("object", key, replace(draft, done="1"))


def _form(name: str, key: str, draft: Draft) -> str:
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        shown = round_pages.shown(session, key, now=now, zone=zone)
        person = rater.known() or ""
        voted = bool(person) and votes.has_voted(session, runtime().vault, shown.view.round, person)
        visited = bool(person) and votes.has_visited(session, person, now)
        juror = votes.is_juror(session, runtime().vault, shown.view.round, person)
    return render_template(
        f"rounds/{name}.html",
        shown=shown,
        view=shown.view,
        draft=draft,
        known=bool(person),
        voted=voted,
        visited=visited,
        juror=juror,
    )


def _public(key: str) -> None:
    """Raises NotFound ``rounds.unknown`` for drafts too."""
    with runtime().reading() as session:
        rounds.opened(session, key, now=runtime().now(), zone=runtime().zone, public=True)


def _draft(*names: str) -> Draft:
    key = request.form.get("key", "")
    values = {name: clean(request.form.get(name, "")) for name in names}
    return Draft(key if _KEY.match(key) else _new_key(), values)


def _new_key() -> str:
    return secrets.token_urlsafe(18)
