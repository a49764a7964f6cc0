"""The notice about personal data, and the page behind the link that somebody asked the official account for."""

from flask import Blueprint, Response, render_template

from feedback_app.services import own_data
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("own_data", __name__)
OUTSIDE_CSRF = True  # nobody is signed in; the address itself is the secret


@blueprint.get("/privacy")
@allow(PUBLIC)
def notice() -> str:
    """What is kept, what for, how long, and who to ask (个人信息保护法 Art. 17); the figures are those of the configuration."""
    return render_template(
        "patient/privacy.html", kept=runtime().settings.privacy, chat=runtime().settings.wechat.enabled
    )


@blueprint.get("/mine/<ticket>")
@allow(PUBLIC)
def mine(ticket: str) -> str:
    now = runtime().now()
    person = own_data.person_of(runtime().vault, ticket, now)
    with runtime().reading() as session:
        found = own_data.collect(session, runtime().vault, person)
    return render_template("patient/mine.html", found=found, ticket=ticket)


@blueprint.get("/mine/<ticket>/data.json")
@allow(PUBLIC)
def download(ticket: str) -> Response:
    person = own_data.person_of(runtime().vault, ticket, runtime().now())
    with runtime().reading() as session:
        found = own_data.collect(session, runtime().vault, person)
    answer = Response(found.as_json(), mimetype="application/json")
    answer.headers["Content-Disposition"] = "attachment; filename=my-data.json"
    return answer


@blueprint.post("/mine/<ticket>/erase")
@allow(PUBLIC)
def erase(ticket: str) -> str:
    now = runtime().now()
    person = own_data.person_of(runtime().vault, ticket, now)
    with runtime().transaction() as session:
        own_data.erase(session, person, now)
    return render_template("patient/erased.html")
