"""Files of a form become picture ids among its answers; what the form itself claims to be an id is checked."""

from collections.abc import Mapping, Sequence
from contextlib import closing

from flask import request

from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.questions.picture import MOST
from feedback_app.services import pictures
from feedback_app.web.context import runtime

LARGEST_WITH_PICTURES = MOST * pictures.LARGEST + 512 * 1024


def with_pictures(asked: Questionnaire, form_key: str, values: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """The values with the ids of pictures that came now or with an earlier try of the same form.

    Raises Refused ``questions.not_a_picture`` and ``questions.picture_too_large``.
    """
    fields = [one.key for one in asked.questions if one.kind == "picture"]
    if not fields:
        return dict(values)
    redrawn = {key: [pictures.redrawn(data) for data in _files(key)] for key in fields}
    with runtime().transaction() as session:
        ids = {
            key: [
                *pictures.own(session, form_key, values.get(key, ())),
                *(pictures.store(session, form_key, one, runtime().now()) for one in redrawn[key]),
            ]
            for key in fields
        }
    return {**values, **ids}


def _files(key: str) -> list[bytes]:
    read = []
    for file in request.files.getlist(key)[: MOST + 1]:
        with closing(file):  # a large one is a temporary file
            read.append(file.read(pictures.LARGEST + 1) if file.filename else b"")
    return [data for data in read if data]
