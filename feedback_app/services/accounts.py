"""Console accounts: made by one-time link, signed in with a password, locked for a while after wrong ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from feedback_app.db import accounts, directory
from feedback_app.db.accounts import Account as Account
from feedback_app.db.accounts import SetupLink
from feedback_app.domain import passwords as rules
from feedback_app.domain import roles
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, Gone, NotFound, Refused
from feedback_app.services import attempts, audit, passwords, second_factors, sign_ins
from feedback_app.settings import Security

ROLES = roles.CONSOLE
LINK_LIVES = timedelta(hours=24)
SUBJECT = "account"
_LOGIN_MOST = 60


@dataclass(frozen=True)
class Attempt:
    """One try to sign in. ``account_id`` and ``password_hash`` are None for an unknown, locked or retired login."""

    login: str
    device: str = ""
    account_id: int | None = None
    password_hash: str | None = None


@dataclass(frozen=True)
class Place:
    """Where somebody works: needed by roles of one department; ``staff_no`` keeps what is about themself away from them."""

    department_id: int | None = None
    staff_no: str = ""


@dataclass(frozen=True)
class NewAccount:
    """What somebody typed on the page behind a one-time link."""

    login: str
    name: str
    password: str


def make_setup_link(
    session: Session,
    role: str,
    now: datetime,
    *,
    by: str = "system",
    account_id: int | None = None,
    place: Place = Place(),
) -> str:
    """A token that makes one account of this role (or a new password for ``account_id``) within 24 hours.

    The address is ``{base_url}/admin/setup/{token}``; only its hash is stored. Raises Refused ``accounts.bad_role``,
    ``accounts.department_needed``, ``accounts.no_department``, ``accounts.no_staff``.
    """
    if role not in ROLES:
        raise Refused("accounts.bad_role", role=role)
    department_id, person_id = (None, None) if account_id else _placed(session, role, place)
    token = sign_ins.new_token()
    session.add(
        SetupLink(
            token_hash=sign_ins.token_hash(token),
            role=role,
            account_id=account_id,
            department_id=department_id,
            person_id=person_id,
            created_at=now,
            created_by=by,
            expires_at=now + LINK_LIVES,
        )
    )
    session.flush()
    audit.write(session, actor=by, action="account.link_made", subject=role, now=now, account_id=account_id)
    return token


def open_link(session: Session, token: str, now: datetime, *, to_use: bool = False) -> SetupLink:
    """The link while it can be used; ``to_use``: by nobody else until this transaction ends. Raises Gone ``accounts.link_over`` for unknown, used and old ones alike."""
    link = session.get(SetupLink, sign_ins.token_hash(token), with_for_update=to_use or None)
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise Gone("accounts.link_over")
    return link


def withdraw_link(session: Session, token_hash: str, now: datetime, *, by: str) -> None:
    """Raises NotFound ``accounts.no_link``."""
    link = session.get(SetupLink, token_hash)
    if link is None or link.used_at is not None:
        raise NotFound("accounts.no_link")
    link.used_at = now
    audit.write(session, actor=by, action="account.link_withdrawn", subject=link.role, now=now)


def create_by_link(session: Session, token: str, wanted: NewAccount, security: Security, now: datetime) -> Account:
    """Use up the link and make the account.

    Raises Gone ``accounts.link_over``, Refused ``accounts.*`` (which uses nothing up), Conflict ``accounts.login_taken``.
    """
    link = open_link(session, token, now, to_use=True)
    if link.account is not None:
        _set_password(link.account, wanted.password, security)
        second_factors.switch_off(session, link.account, now, by=link.created_by)  # perhaps the phone is what was lost
        sign_ins.end_all(session, SUBJECT, link.account.id)
        attempts.forgive(session, _kept_as(link.account.login))
        link.used_at = now
        audit.write(session, actor=link.account.login, action="account.password_reset", now=now)
        return link.account
    login, name = _tidy_login(wanted.login), clean(wanted.name)[:_LOGIN_MOST]
    if accounts.by_login(session, login) is not None:
        raise Conflict("accounts.login_taken", login=login)
    account = Account(login=login, name=name or login, role=link.role, password_hash="", created_at=now)
    account.department_id, account.person_id = link.department_id, link.person_id
    account.last_login_at = now  # whoever makes an account is signed in right away
    _set_password(account, wanted.password, security)
    link.used_at = now
    session.add(account)
    session.flush()
    audit.write(
        session, actor=login, action="account.made", subject=login, now=now, role=link.role, asked_by=link.created_by
    )
    return account


def begin_attempt(session: Session, login: str, security: Security, now: datetime, *, device: str = "") -> Attempt:
    """Count one try before the password is looked at, so that parallel guesses cannot pass the limit.

    After ``lockout_failures`` tries in a row the login rests for ``lockout_minutes``, whether it exists or not. A browser that
    was signed in before (``device``) is counted by itself: strangers who guess cannot keep its owner out.
    """
    name = rules.fold(login)[:_LOGIN_MOST]
    account = accounts.by_login(session, name)
    if (
        not attempts.may_try(session, _kept_as(name, device), account, security, now)
        or account is None
        or not account.active
    ):
        return Attempt(name, device)
    return Attempt(name, device, account.id, account.password_hash)


def is_right(attempt: Attempt, password: str, security: Security) -> bool:
    """Slow on purpose and equally slow for unknown logins. Call it outside of any transaction."""
    return passwords.matches(password[: rules.LONGEST * 2], attempt.password_hash, security.hashing)


def passed(session: Session, attempt: Attempt) -> Account:
    """After the right password: forget the failures. Raises Refused ``accounts.wrong`` when it was changed meanwhile."""
    account = session.get(Account, attempt.account_id)
    if account is None or not account.active or account.password_hash != attempt.password_hash:
        raise Refused("accounts.wrong")
    attempts.forgive(session, _kept_as(attempt.login, attempt.device))
    return account


def enter(session: Session, account: Account, now: datetime, *, browser: str = "", known: bool = True) -> str:
    """Everything asked for was right: start a sign-in; returns its token. From a browser not ``known``, the owner is told."""
    account.last_login_at = now
    if not known:
        account.new_browser, account.new_browser_at = browser, now
    audit.write(session, actor=account.login, action="account.signed_in", now=now, browser=browser)
    return sign_ins.start(session, SUBJECT, account.id, now, browser=browser)


@dataclass(frozen=True)
class SignedIn:
    """Who is at the browser. ``stale``: time to write that they were seen; ``confirmed``: the password was just entered."""

    account: Account
    stale: bool
    confirmed: bool
    since: datetime


def of_sign_in(session: Session, token: str, security: Security, now: datetime) -> SignedIn | None:
    """Who is signed in with this token."""
    found = sign_ins.find(session, token, now, idle=timedelta(minutes=security.session_idle_minutes))
    if found is None or found.subject_kind != SUBJECT:
        return None
    account = session.get(Account, found.subject_id)
    if account is None or not account.active:
        return None
    return SignedIn(account, sign_ins.is_stale(found, now), sign_ins.is_confirmed(found, now), found.created_at)


def change_password(session: Session, attempt: Attempt, new: str, security: Security, now: datetime) -> str:
    """After the right old password (``begin_attempt`` and ``is_right``, as for signing in).

    Ends every sign-in of the account; returns the token of a fresh one. Raises Refused ``accounts.password_*``.
    """
    account = get(session, attempt.account_id or 0)
    _set_password(account, new, security)
    attempts.forgive(session, _kept_as(account.login))
    sign_ins.end_all(session, SUBJECT, account.id)
    audit.write(session, actor=account.login, action="account.password_changed", now=now)
    return sign_ins.start(session, SUBJECT, account.id, now)


def get(session: Session, account_id: int) -> Account:
    """Raises NotFound ``accounts.no_account``."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("accounts.no_account")
    return account


def by_login(session: Session, login: str) -> Account | None:
    """However it is typed."""
    return accounts.by_login(session, rules.fold(login)[:_LOGIN_MOST])


def told_of_new_browser(session: Session, account_id: int) -> None:
    """Its owner has seen that a new browser was signed in."""
    account = get(session, account_id)
    account.new_browser, account.new_browser_at = "", None


def all_accounts(session: Session) -> Sequence[Account]:
    return accounts.listed(session)


def open_links(session: Session, now: datetime) -> Sequence[SetupLink]:
    return accounts.open_links(session, now)


def set_active(session: Session, account_id: int, active: bool, now: datetime, *, by: str) -> Account:
    """Let somebody in again, or not any more (which ends their sign-ins at once).

    Raises Refused ``accounts.last_administrator``: somebody must be able to open this page.
    """
    account = get(session, account_id)
    if not active and account.active and account.role == "admin" and accounts.working_administrators(session) == 1:
        raise Refused("accounts.last_administrator")
    if account.active != active:
        account.active = active
        sign_ins.end_all(session, SUBJECT, account.id)
        action = "account.activated" if active else "account.deactivated"
        audit.write(session, actor=by, action=action, subject=account.login, now=now)
    return account


def _placed(session: Session, role: str, place: Place) -> tuple[int | None, int | None]:
    """Department and own entry of the directory; who is in the directory belongs to their department there."""
    person = directory.find(session, "staff", place.staff_no.strip()) if place.staff_no.strip() else None
    if place.staff_no.strip() and person is None:
        raise Refused("accounts.no_staff", staff_no=place.staff_no.strip()[:40])
    department = directory.get(session, place.department_id) if place.department_id else None
    if place.department_id and (department is None or department.kind != "department"):
        raise Refused("accounts.no_department")
    department_id = department.id if department else person.department_id if person else None
    if role in roles.OF_A_DEPARTMENT and department_id is None:
        raise Refused("accounts.department_needed")
    return department_id, person.id if person else None


def _tidy_login(typed: str) -> str:
    login = rules.fold(typed)
    if not 2 <= len(login) <= _LOGIN_MOST or not all(sign.isalnum() or sign in "._-@" for sign in login):
        raise Refused("accounts.bad_login")
    return login


def _set_password(account: Account, password: str, security: Security) -> None:
    problem = rules.problem(password, account.login)
    if problem is not None:
        raise Refused(problem, least=rules.LONG, short=rules.SHORT, most=rules.LONGEST)
    account.password_hash = passwords.hash_of(password, security.hashing)


def _kept_as(login: str, device: str = "") -> str:
    return f"login:{login}:{device}" if device else f"login:{login}"
