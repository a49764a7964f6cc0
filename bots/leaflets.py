"""Health education by message: one word, and the hospital's leaflets come as links (S31)."""

import re

from bots.messages import Reply
from bots.turn import Turn
from feedback_app import texts
from feedback_app.services import documents

MOST = 6
_ASKED = re.compile(
    r"^(?:我想看|我要看|看看|查看|发)?(?:健康知识|健康教育|健康宣教|科普|leaflets?|health leaflets?)[。.!！]*$",
    re.IGNORECASE,
)


def read(turn: Turn) -> Reply | None:
    """The newest leaflets with their addresses; None when something else was said, or there are none."""
    if not _ASKED.match(turn.text.strip()):
        return None
    found = documents.leaflets(turn.session)
    if not found:
        return None
    base = turn.runtime.settings.server.base_url
    lines = [f"{one.title.get(turn.language) or one.title['zh']}\n{base}/health/{one.key}" for one in found[:MOST]]
    intro = texts.text("leaflets.bot.intro", turn.language)
    more = [f"{texts.text('leaflets.all', turn.language)} {base}/health"] if len(found) > MOST else []
    return Reply.of("\n".join([intro, *lines, *more]))
