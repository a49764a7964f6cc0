"""Browsers of people who work here carry a sign to the patients' forms, so that self-made praise is noticed.

The sign is set when somebody is signed in as staff or at the console, holds for ninety days, and is read on the forms only.
With a rating is kept whether it was about the own unit or another one, never who it was.
"""

from flask import Blueprint, Response, current_app, g, request
from itsdangerous import BadSignature

from feedback_app.web.signing import signer

blueprint = Blueprint("staff_devices", __name__)
COOKIE = "ward"
KEPT = 90 * 24 * 3600


@blueprint.after_app_request
def mark(answer: Response) -> Response:
    """Set the sign anew with the first page of a sign-in, and where it is about somebody else."""
    who = _signed_in()
    if who is None or answer.status_code != 200 or request.method != "GET":
        return answer
    kept = read()
    if kept is None or (who and kept != who):
        answer.set_cookie(
            COOKIE,
            signer("ward").dumps(who),
            max_age=KEPT,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )
    return answer


def read() -> int | None:
    """The member of staff who signs in on this browser (their service point), 0 for somebody at the console."""
    kept = request.cookies.get(COOKIE, "")
    if not kept:
        return None
    try:
        who = signer("ward").loads(kept, max_age=KEPT)
    except BadSignature:
        return None
    return who if isinstance(who, int) else None


def _signed_in() -> int | None:
    staff, account = g.get("staff"), g.get("account")
    if staff is not None:
        return int(staff.id)
    return None if account is None else int(getattr(account, "person_id", None) or 0)
