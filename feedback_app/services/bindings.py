"""Ways to reach members of staff, each confirmed by that person; and how they sign in to their own page.

Who somebody is comes from Enterprise WeChat (its userid must be the one the directory has for them) or from a one-time
slip. Nobody can bind as a colleague: a userid that belongs to somebody else, by the directory or by a binding, is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.accounts import SignIn
from feedback_app.db.directory import ServicePoint
from feedback_app.db.people import Binding
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, deliveries, sign_ins, slips
from feedback_app.services.deliveries import PERSONAL
from feedback_app.services.reasons import coded
from feedback_app.services.vault import Vault

SUBJECT = "staff"
WECOM, MAIL = "wecom", "mail"


@dataclass(frozen=True)
class Unreached:
    """Members of one department who cannot be written to. ``department`` "": of none."""

    department: str
    members: tuple[ServicePoint, ...]

    @property
    def count(self) -> int:
        return len(self.members)


def address_hash(vault: Vault, channel: str, address: str) -> str:
    """How an address is recognised. Userids and mail addresses are the same in any case; openids are not."""
    told = address if channel == "official_account" else address.strip().lower()
    return vault.person(told, f"binding:{channel}")


def bind(session: Session, vault: Vault, point: ServicePoint, channel: str, address: str, *, now: datetime) -> Binding:
    """This address reaches this person from now on; an earlier one on the same channel ends.

    Raises NotAllowed ``staff.left``, Conflict ``staff.address_taken`` when it reaches a colleague.
    """
    if not point.active or point.kind != "staff":
        raise NotAllowed("staff.left")
    hashed = address_hash(vault, channel, address)
    holder = _active(session, channel, hashed)
    if holder is not None and holder.service_point_id == point.id:
        return holder
    if holder is not None:
        raise Conflict("staff.address_taken")
    for earlier in of_point(session, point.id):
        if earlier.channel == channel:
            earlier.ended_at = now
    binding = Binding(
        service_point_id=point.id,
        channel=channel,
        address_sealed=vault.seal(address.strip()),
        address_hash=hashed,
        bound_at=now,
    )
    session.add(binding)
    session.flush()
    audit.write(session, actor=f"staff:{point.key}", action="binding.made", subject=point.key, now=now, channel=channel)
    return binding


def identify_wecom(session: Session, vault: Vault, userid: str, *, now: datetime) -> ServicePoint:
    """Whose userid this is; binds it the first time.

    Raises NotAllowed ``staff.unknown_userid`` (nobody's, or several people's: then a slip decides), ``staff.left``.
    """
    bound = _active(session, WECOM, address_hash(vault, WECOM, userid))
    if bound is not None and _may_use(bound.service_point, userid):
        if not bound.service_point.active:
            raise NotAllowed("staff.left")
        return bound.service_point
    if bound is not None:  # the directory now gives this person another userid
        bound.ended_at = now
        session.flush()
    named = _named_by_directory(session, userid)
    if len(named) != 1:
        raise NotAllowed("staff.unknown_userid")
    bind(session, vault, named[0], WECOM, userid, now=now)
    return named[0]


def redeem(session: Session, vault: Vault, typed: str, *, now: datetime, userid: str = "") -> ServicePoint:
    """Spend a slip, and bind ``userid`` (as Enterprise WeChat told it) to its person.

    Raises Gone ``staff.slip_over``; Refused ``staff.not_yours`` when the userid is a colleague's or the directory names
    another one for this person: the slip then stays good for its owner.
    """
    point = slips.find(session, vault, typed, now).service_point
    if userid:
        others = [one for one in _named_by_directory(session, userid) if one.id != point.id]
        if others or not _may_use(point, userid):
            raise Refused("staff.not_yours")
        bind(session, vault, point, WECOM, userid, now=now)
    slips.use(session, vault, typed, now)
    audit.write(session, actor=f"staff:{point.key}", action="slip.used", subject=point.key, now=now)
    return point


def sign_in(session: Session, point: ServicePoint, now: datetime) -> str:
    """The token for this person's browser. Raises NotAllowed ``staff.left``."""
    if not point.active or point.kind != "staff":
        raise NotAllowed("staff.left")
    return sign_ins.start(session, SUBJECT, point.id, now)


def of_sign_in(session: Session, token: str, now: datetime, *, idle: timedelta) -> tuple[ServicePoint, bool] | None:
    """Who is signed in with this token, and whether that is worth writing down again. None: nobody, or they left."""
    found = sign_ins.find(session, token, now, idle=idle)
    if found is None or found.subject_kind != SUBJECT:
        return None
    point = session.get(ServicePoint, found.subject_id, options=[joinedload(ServicePoint.department)])
    if point is None or not point.active:
        return None
    return point, sign_ins.is_stale(found, now)


def of_point(session: Session, point_id: int) -> Sequence[Binding]:
    """The open bindings of one person, best channel first."""
    found = session.scalars(select(Binding).where(Binding.service_point_id == point_id, Binding.ended_at.is_(None)))
    return sorted(found, key=_preference)


def person(session: Session, point_id: int) -> ServicePoint | None:
    """The active member of staff of this id."""
    found = session.get(ServicePoint, point_id)
    return found if found is not None and found.active and found.kind == "staff" else None


def person_at(session: Session, vault: Vault, channel: str, address: str) -> ServicePoint | None:
    """The active member of staff whom this address reaches."""
    found = _active(session, channel, address_hash(vault, channel, address))
    return found.service_point if found is not None and found.service_point.active else None


def end(session: Session, binding: Binding, *, by: str, now: datetime) -> None:
    """This address reaches nobody any more. Doing it again changes nothing."""
    if binding.ended_at is None:
        binding.ended_at = now
        session.flush()
        audit.write(
            session,
            actor=by,
            action="binding.ended",
            subject=binding.service_point.key,
            now=now,
            channel=binding.channel,
        )


def end_by_id(session: Session, binding_id: int, *, by: str, now: datetime) -> None:
    """Raises NotFound ``staff.no_binding``."""
    binding = session.get(Binding, binding_id)
    if binding is None:
        raise NotFound("staff.no_binding")
    end(session, binding, by=by, now=now)


def end_access(session: Session, point: ServicePoint, *, by: str, now: datetime) -> None:
    """Everything this person could use: bindings, signed-in browsers, slips, messages still queued."""
    for binding in of_point(session, point.id):
        end(session, binding, by=by, now=now)
    sign_ins.end_all(session, SUBJECT, point.id)
    slips.revoke(session, point.id, by=by, now=now)
    deliveries.call_off(session, point.id, coded("deliveries.reasons.left"))


def end_outdated(session: Session, vault: Vault, now: datetime) -> int:
    """End WeCom bindings of people to whom the directory has given another userid meanwhile: the old one may be a
    colleague's by now. Returns how many."""
    outdated = [
        binding
        for binding in bound(session)
        if binding.channel == WECOM
        and binding.service_point.wecom_userid
        and binding.address_hash != address_hash(vault, WECOM, binding.service_point.wecom_userid)
    ]
    for binding in outdated:
        end(session, binding, by="system", now=now)
        deliveries.call_off(session, binding.service_point_id, coded("deliveries.reasons.other_account"))
    return len(outdated)


def leavers(session: Session) -> Sequence[ServicePoint]:
    """Staff marked as gone who still have an open binding or a signed-in browser."""
    bound = exists().where(Binding.service_point_id == ServicePoint.id, Binding.ended_at.is_(None))
    signed_in = exists().where(SignIn.subject_kind == SUBJECT, SignIn.subject_id == ServicePoint.id)
    query = select(ServicePoint).where(
        ServicePoint.kind == "staff", ServicePoint.active.is_(False), or_(bound, signed_in)
    )
    return session.scalars(query).all()


def unbound(session: Session) -> list[Unreached]:
    """Active staff without any binding, by department, both in pinyin order."""
    bound = exists().where(Binding.service_point_id == ServicePoint.id, Binding.ended_at.is_(None))
    query = (
        select(ServicePoint)
        .where(ServicePoint.kind == "staff", ServicePoint.active, ~bound)
        .options(joinedload(ServicePoint.department))
        .order_by(ServicePoint.sort_key, ServicePoint.key)
    )
    groups: dict[int, list[ServicePoint]] = {}
    for person in session.scalars(query):
        groups.setdefault(person.department_id or 0, []).append(person)
    ordered = sorted(groups.values(), key=lambda group: group[0].department.sort_key if group[0].department else "~")
    return [Unreached(group[0].department.name if group[0].department else "", tuple(group)) for group in ordered]


def bound(session: Session) -> Sequence[Binding]:
    """All open bindings with their people, in pinyin order."""
    query = select(Binding).join(Binding.service_point).where(Binding.ended_at.is_(None))
    return session.scalars(
        query.options(joinedload(Binding.service_point).joinedload(ServicePoint.department)).order_by(
            ServicePoint.sort_key, ServicePoint.key, Binding.id
        )
    ).all()


def _active(session: Session, channel: str, hashed: str) -> Binding | None:
    return session.scalar(
        select(Binding)
        .where(Binding.channel == channel, Binding.address_hash == hashed, Binding.ended_at.is_(None))
        .options(joinedload(Binding.service_point))
    )


def _named_by_directory(session: Session, userid: str) -> Sequence[ServicePoint]:
    return session.scalars(
        select(ServicePoint).where(
            ServicePoint.kind == "staff",
            ServicePoint.active,
            func.lower(ServicePoint.wecom_userid) == userid.strip().lower(),
        )
    ).all()


def _may_use(point: ServicePoint, userid: str) -> bool:
    return not point.wecom_userid or point.wecom_userid.lower() == userid.strip().lower()


def _preference(binding: Binding) -> tuple[int, int]:
    return (PERSONAL.index(binding.channel) if binding.channel in PERSONAL else len(PERSONAL), binding.id)
