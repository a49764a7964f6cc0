"""The form of a letter of thanks or a banner, the same for the office and for staff: a photo, whom it is for, which of the two."""

from datetime import date

from flask import request

from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotFound, Refused
from feedback_app.services import deeds, pictures
from feedback_app.services.deeds import Registration
from feedback_app.web.context import runtime


class Several(Exception):
    """More than one is called like that; ``options``: (id, name, department) of each. A question, not a mistake."""

    def __init__(self, options: tuple[tuple[int, str, str], ...]) -> None:
        super().__init__(len(options))
        self.options = options


def take(by: str) -> str:
    """Register what the form says and return the case's number.

    Raises Several, NotFound ``deeds.nobody``, Refused ``deeds.bad_kind`` / ``deeds.bad_day`` and those of pictures.
    """
    photo = _photo()
    with runtime().transaction() as session:
        found = deeds.find_person(session, request.form.get("name", ""))
        chosen = [one for one in found if str(one.id) == request.form.get("chosen", "")] or found
        if not chosen:
            raise NotFound("deeds.nobody")
        if len(chosen) > 1:
            raise Several(tuple((one.id, one.name, one.department.name if one.department else "") for one in chosen))
        told = Registration(
            kind=request.form.get("kind", ""),
            point_id=chosen[0].id,
            words=clean(request.form.get("words", ""))[:2000],
            day=_day(request.form.get("day", "")),
            form_key=request.form.get("key", "")[:64],
            photo=photo,
        )
        case = deeds.register(session, told, by=by, now=runtime().now(), zone=runtime().zone)
        return case.number or ""


def _photo() -> bytes | None:
    file = request.files.get("photo")
    if file is None or not file.filename:
        return None
    try:
        return pictures.redrawn(file.read(pictures.LARGEST + 1))
    finally:
        file.close()


def _day(typed: str) -> date | None:
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refused("deeds.bad_day") from None
