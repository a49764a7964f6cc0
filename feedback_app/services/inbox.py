"""Which callbacks have been answered, and with what: a repeated push changes nothing and gets the same answer.

``services.housekeeping`` forgets them, long after ``wechat.callback_window``: an older push is refused anyway.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Executable, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from feedback_app.db.conversations import InboundMessage
from feedback_app.domain.identity import keyed_hash
from feedback_app.services.vault import Vault

Answer = Mapping[str, Any]

# Plain statements, not mapped objects: they stand in the way of every message, and cost a third.
_TABLE = cast(Table, InboundMessage.__table__)
_CLAIM: Mapping[str, Executable] = {
    "sqlite": sqlite.insert(_TABLE).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(_TABLE).on_conflict_do_nothing(),
}
_RECORD = update(_TABLE).where(_TABLE.c.key == bindparam("of")).values(reply=bindparam("answer"))
_SEEN = select(_TABLE.c.reply).where(_TABLE.c.key == bindparam("of"))


def stored_key(vault: Vault, key: str) -> str:
    """How a callback's key is kept: it may hold a patient's openid, which stands nowhere in clear."""
    return keyed_hash(vault.key("inbox"), key)


def claim(session: Session, vault: Vault, key: str, *, kind: str, now: datetime) -> bool:
    """Take this callback for the current transaction, before anything is done. False: it has been taken before.

    The row is unique in the database, so of several processes that get the same push at once exactly one gets True; the
    others wait for its commit. If it rolls back, nothing was taken and the next push may succeed.
    """
    values = {"key": stored_key(vault, key), "received_at": now, "kind": kind[:30]}
    connection = session.connection()
    taken = connection.execute(_CLAIM[connection.dialect.name], values, execution_options={"preserve_rowcount": True})
    return taken.rowcount == 1


def record(session: Session, vault: Vault, key: str, answer: Answer) -> None:
    """Remember what was answered to a callback claimed in this transaction."""
    values = {"of": stored_key(vault, key), "answer": json.dumps(answer, ensure_ascii=False)}
    if session.connection().execute(_RECORD, values).rowcount != 1:
        raise LookupError("record() without claim()")


def seen(session: Session, vault: Vault, key: str) -> dict[str, Any] | None:
    """What was answered to this callback before; None when it is new."""
    row = session.connection().execute(_SEEN, {"of": stored_key(vault, key)}).first()
    return None if row is None else json.loads(row.reply or "{}")
