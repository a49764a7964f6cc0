"""What makes the desk one's own: saved views, prepared answers, who takes new cases on which day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from feedback_app.db.accounts import Account
from feedback_app.db.complaints import Case
from feedback_app.db.desk import DeskDuty, PreparedAnswer, SavedView
from feedback_app.domain import placeholders
from feedback_app.domain.questions.text import clean
from feedback_app.domain.roles import OFFICE
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit

MOST_VIEWS = 12
_FILTERS = ("state", "kind", "department", "urgency", "q", "whose", "near", "category")


@dataclass(frozen=True)
class Load:
    """What one colleague has before them."""

    login: str
    name: str
    open: int
    overdue: int
    due_soon: int
    answered: int  # waiting for the patient's word
    closed: int  # in the last 30 days


def views(session: Session, login: str) -> Sequence[SavedView]:
    return session.scalars(select(SavedView).where(SavedView.login == login).order_by(SavedView.id)).all()


def save_view(session: Session, login: str, name: str, query: str) -> SavedView:
    """Keep a list with its filters; the same name again replaces it.

    Raises Refused ``desk.view_name``, ``desk.too_many_views``.
    """
    told = clean(name)[:30]
    if not told:
        raise Refused("desk.view_name")
    kept = urlencode([(key, value) for key, value in parse_qsl(query) if key in _FILTERS])[:400]
    mine = {one.name: one for one in views(session, login)}
    if told in mine:
        mine[told].query = kept
        return mine[told]
    if len(mine) >= MOST_VIEWS:
        raise Refused("desk.too_many_views", most=MOST_VIEWS)
    view = SavedView(login=login, name=told, query=kept)
    session.add(view)
    session.flush()
    return view


def drop_view(session: Session, login: str, view_id: int) -> None:
    """Only one's own."""
    session.execute(delete(SavedView).where(SavedView.id == view_id, SavedView.login == login))


def prepared(session: Session) -> Sequence[PreparedAnswer]:
    return session.scalars(select(PreparedAnswer).order_by(PreparedAnswer.title)).all()


def prepare(session: Session, title: str, text: str, *, by: str, now: datetime, answer_id: int = 0) -> PreparedAnswer:
    """Keep or change a prepared answer.

    Raises Refused ``desk.prepared_empty``, ``desk.bad_place`` for names in braces that mean nothing.
    """
    name, words = clean(title)[:40], clean(text)[:2000]
    if not name or not words:
        raise Refused("desk.prepared_empty")
    wrong = placeholders.unknown(words)
    if wrong:
        raise Refused("desk.bad_place", name=wrong[0], known="、".join(placeholders.NAMES))
    row = session.get(PreparedAnswer, answer_id) if answer_id else None
    if row is None:
        row = PreparedAnswer()
        session.add(row)
    row.title, row.text, row.by, row.changed_at = name, words, by, now
    session.flush()
    audit.write(session, actor=by, action="desk.prepared", subject=name, now=now)
    return row


def drop_prepared(session: Session, answer_id: int, *, by: str, now: datetime) -> None:
    row = session.get(PreparedAnswer, answer_id)
    if row is not None:
        audit.write(session, actor=by, action="desk.prepared_dropped", subject=row.title, now=now)
        session.delete(row)


def filled(session: Session, answer_id: int, values: Mapping[str, str]) -> str:
    """A prepared answer for one case. Raises NotFound ``desk.no_prepared``."""
    row = session.get(PreparedAnswer, answer_id)
    if row is None:
        raise NotFound("desk.no_prepared")
    return placeholders.filled(row.text, values)


def officers(session: Session) -> Sequence[Account]:
    """Working accounts of the complaints office."""
    return session.scalars(select(Account).where(Account.role == OFFICE, Account.active).order_by(Account.id)).all()


def roster(session: Session) -> Mapping[str, frozenset[int]]:
    """Login to the days of the week on which they take new cases."""
    found: dict[str, set[int]] = {}
    for row in session.scalars(select(DeskDuty)):
        found.setdefault(row.login, set()).add(row.weekday)
    return {login: frozenset(days) for login, days in found.items()}


def set_roster(session: Session, days: Mapping[str, frozenset[int]], *, by: str, now: datetime) -> None:
    """The whole week anew; only for accounts of the office."""
    known = {one.login for one in officers(session)}
    session.execute(delete(DeskDuty))
    session.add_all(
        DeskDuty(login=login, weekday=day) for login, on in days.items() if login in known for day in on if 0 <= day < 7
    )
    audit.write(session, actor=by, action="desk.roster", now=now)


def on_duty(session: Session, day: date) -> str:
    """Who takes a new case on this day: of those on duty whoever has the fewest open ones; "" when nobody is."""
    on = [login for login, days in roster(session).items() if day.weekday() in days]
    working = [one.login for one in officers(session) if one.login in on]
    if not working:
        return ""
    open_now = (
        select(Case.owner, func.count()).where(Case.state == "open", Case.owner.in_(working)).group_by(Case.owner)
    )
    offered = select(Case.offered_to, func.count()).where(Case.state == "open", Case.offered_to.in_(working))
    load = dict.fromkeys(working, 0)
    for login, count in (*session.execute(open_now), *session.execute(offered.group_by(Case.offered_to))):
        load[login] += count
    return min(working, key=lambda login: load[login])


def loads(session: Session, today: date) -> list[Load]:
    """Everybody who has cases or works at the office, the fullest desk first; "" stands for the office as such."""
    soon, month = date.fromordinal(today.toordinal() + 2), date.fromordinal(today.toordinal() - 30)
    is_open = Case.state == "open"
    query = select(
        Case.owner,
        func.count().filter(is_open),
        func.count().filter(is_open, Case.due_on < today),
        func.count().filter(is_open, Case.due_on >= today, Case.due_on <= soon),
        func.count().filter(Case.state == "answered"),
        func.count().filter(Case.state == "closed", Case.answered_on >= month),
    ).group_by(Case.owner)
    rows = {row[0]: row[1:] for row in session.execute(query)}
    names = {one.login: one.name for one in session.scalars(select(Account))}
    logins = {*rows, *(one.login for one in officers(session))}
    found = [Load(login, names.get(login, login), *rows.get(login, (0,) * 5)) for login in logins]
    return sorted(found, key=lambda one: (-one.open, one.login))
