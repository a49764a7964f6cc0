"""Tries at a password or a code, counted before it is looked at: parallel guesses cannot pass the limit."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from feedback_app.db.accounts import Account, SignInFailures
from feedback_app.services import audit, sign_ins
from feedback_app.settings import Security

_FORGOTTEN = timedelta(hours=1)


def may_try(session: Session, what: str, account: Account | None, security: Security, now: datetime) -> bool:
    """Count one try at ``what`` (a login, a second factor); False while it rests.

    After ``lockout_failures`` tries in a row it rests for ``lockout_minutes``; ``account`` is named in the audit log then.
    """
    key, rest = sign_ins.token_hash(what), timedelta(minutes=security.lockout_minutes)
    session.execute(delete(SignInFailures).where(SignInFailures.last_at < now - max(rest, _FORGOTTEN)))
    tries = session.get(SignInFailures, key, with_for_update=True)
    if tries is None:
        tries = SignInFailures(login_hash=key, count=0, last_at=now)
        session.add(tries)
    elif tries.locked_until is not None and tries.locked_until > now:
        return False
    elif tries.locked_until is not None:
        tries.count, tries.locked_until = 0, None
    tries.count += 1
    tries.last_at = now
    if tries.count >= security.lockout_failures:
        tries.locked_until = now + rest
        if account is not None:
            audit.write(session, actor="system", action="account.locked", subject=account.login, now=now)
    session.flush()
    return True


def forgive(session: Session, what: str) -> None:
    """It was right: what was counted is over."""
    session.execute(delete(SignInFailures).where(SignInFailures.login_hash == sign_ins.token_hash(what)))
