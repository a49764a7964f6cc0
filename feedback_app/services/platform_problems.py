"""What a platform refuses until an administrator does something: the newest for each call, gone once the call succeeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from feedback_app import texts
from feedback_app.db.platform import PlatformProblem


@dataclass(frozen=True)
class Problem:
    """``account``: wechat:<app id> or wecom:<corp>:<agent>; ``path``: the call; ``number``: the platform's error code."""

    account: str
    path: str
    number: int
    reaction: str  # bots.clients.reactions
    address: str  # of this server, where the platform does not accept it; else ""
    first_at: datetime
    last_at: datetime
    count: int

    @property
    def platform(self) -> str:
        """wechat | wecom"""
        return self.account.partition(":")[0]

    def fix(self, language: str) -> str:
        """What to do about it, in plain words."""
        known = f"wechat.fix.e{self.number}"
        key = known if known in texts.catalogue(texts.DEFAULT_LANGUAGE) else f"wechat.fix.{self.reaction}"
        there = key in texts.catalogue(texts.DEFAULT_LANGUAGE)
        address = self.address or texts.text("wechat.fix.this_address", language)
        return texts.text(key if there else "wechat.fix.other", language, ip=address, number=self.number)


def note(
    session: Session, account: str, path: str, *, number: int, reaction: str, address: str = "", now: datetime
) -> None:
    """The call was refused for a reason that does not pass by itself."""
    row = session.get(PlatformProblem, (account[:80], path[:80]))
    if row is None:
        row = PlatformProblem(account=account[:80], path=path[:80], first_at=now, count=0)
        session.add(row)
    if row.number != number:
        row.first_at, row.count = now, 0
    row.number, row.reaction, row.address, row.last_at = number, reaction, address[:45], now
    row.count += 1
    session.flush()


def solved(session: Session, account: str, path: str) -> None:
    """The call succeeds again."""
    session.execute(
        delete(PlatformProblem).where(PlatformProblem.account == account[:80], PlatformProblem.path == path[:80])
    )


def paths(session: Session, account: str) -> frozenset[str]:
    """The calls of this account that have a problem."""
    return frozenset(session.scalars(select(PlatformProblem.path).where(PlatformProblem.account == account[:80])))


def listed(session: Session) -> Sequence[Problem]:
    """All of them, newest first."""
    rows = session.scalars(select(PlatformProblem).order_by(PlatformProblem.last_at.desc()))
    return [
        Problem(
            row.account, row.path, row.number, row.reaction, row.address, row.first_at, row.last_at, row.count
        )
        for row in rows
    ]  # fmt: skip
