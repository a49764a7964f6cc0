"""Files that people attached, on their way out again."""

from typing import Protocol

from flask import Response

from feedback_app.services.inspections import JPEG
from feedback_app.web.file_names import named


class Kept(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def content_type(self) -> str: ...


def sent(found: Kept) -> Response:
    """Pictures (made anew by us) stand in the page, everything else is to be saved."""
    answer = Response(found.content, mimetype=found.content_type)
    return answer if found.content_type == JPEG else named(answer, found.name)
