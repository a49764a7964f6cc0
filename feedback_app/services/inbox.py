"""Which callbacks have been answered, and with what: a repeated push changes nothing and gets the same answer.

``services.housekeeping`` forgets them, long after ``wechat.callback_window``: an older push is refused anyway.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from feedback_app.db.conversations import InboundMessage
from feedback_app.db.writing import Prepared, Writing
from feedback_app.domain.identity import keyed_hash
from feedback_app.services.vault import Vault

Answer = Mapping[str, Any]

# They stand in the way of every message, so the driver runs them itself (db/writing.py).
_TABLE = cast(Table, InboundMessage.__table__)
_NEW: dict[str, Any] = {name: bindparam(name) for name in ("key", "received_at", "kind")}
_CLAIM = Prepared(
    {
        "sqlite": sqlite.insert(_TABLE).values(_NEW).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(_TABLE).values(_NEW).on_conflict_do_nothing(),
    }
)
_RECORD = Prepared(update(_TABLE).where(_TABLE.c.key == bindparam("of")).values(reply=bindparam("answer")))
_written = json.JSONEncoder(ensure_ascii=False).encode
_SEEN = select(_TABLE.c.reply).where(_TABLE.c.key == bindparam("of"))


def stored_key(vault: Vault, key: str) -> str:
    """How a callback's key is kept: it may hold a patient's openid, which stands nowhere in clear."""
    return keyed_hash(vault.key("inbox"), key)


def claim(writing: Writing, stored: str, *, kind: str, now: datetime) -> bool:
    """Take the callback with this :func:`stored_key` for the current transaction, before anything is done. False: it has been taken before.

    The row is unique in the database, so of several processes that get the same push at once exactly one gets True; the
    others wait for its commit. If it rolls back, nothing was taken and the next push may succeed.
    """
    return bool(_CLAIM.run(writing, key=stored, received_at=now, kind=kind[:30]).rowcount == 1)


def record(writing: Writing, stored: str, answer: Answer) -> None:
    """Remember what was answered to a callback claimed in this transaction."""
    if _RECORD.run(writing, of=stored, answer=_written(answer)).rowcount != 1:
        raise LookupError("record() without claim()")


def seen(session: Session, stored: str) -> dict[str, Any] | None:
    """What was answered to this callback before; None when it is new."""
    row = session.connection().execute(_SEEN, {"of": stored}).first()
    return None if row is None else json.loads(row.reply or "{}")
