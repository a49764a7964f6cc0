"""Pictures and voices that people sent to their cases are fetched while the platform still has them."""

import logging

from feedback_app.errors import FeedbackError
from feedback_app.services import case_media
from feedback_app.services.case_media import MediaSource
from feedback_app.services.runtime import Runtime

BATCH = 20
_log = logging.getLogger(__name__)


def fetch(runtime: Runtime, source: MediaSource) -> int:
    """Returns how much was asked for."""
    now = runtime.now()
    with runtime.reading() as session:
        if not case_media.has_work(session, now):
            return 0
    with runtime.transaction() as session:
        wanted = case_media.take(session, now, BATCH)
    for one in wanted:
        try:
            content = source.fetch(one.media_id)
        except FeedbackError as error:  # perhaps later: it stays wanted until the platform has it no more
            _log.warning("media not fetched: %s", error.code)
            continue
        with runtime.transaction() as session:
            case_media.fetched(session, one.id, content)
    return len(wanted)
