"""Invitations to rate a visit afterwards: the rules, who was invited, and who wants none."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant
from feedback_app.db.visit_feed import SHORT_HASH


class InvitationRule(Base):
    """Empty fields do not narrow. Of several that fit, the one for the department comes first, then the older one."""

    __tablename__ = "invitation_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kinds: Mapped[list[str]] = mapped_column(JSON)  # kinds of visits
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    after_hours: Mapped[int] = mapped_column()
    silent_from: Mapped[str] = mapped_column(String(5))  # "21:00": nothing goes out from then …
    silent_until: Mapped[str] = mapped_column(String(5))  # … until "08:00"
    channels: Mapped[list[str]] = mapped_column(JSON)  # wechat | sms | slip, best first
    remind_days: Mapped[int] = mapped_column(default=0)  # one reminder so many days later; 0: none
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(String(60))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Invitation(Base):
    """One visit, one invitation. Whether it was answered is not here: only the month's marks know, while they can be read."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index("ix_invitations_person_made", "person_hash", "made_at"),
        Index("ix_invitations_state_remind", "state", "remind_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("hospital_visits.id"), unique=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("invitation_rules.id"))
    person_hash: Mapped[str | None] = mapped_column(SHORT_HASH)
    month: Mapped[str] = mapped_column(String(7))  # whose key the mark of its rating is made with
    channel: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8))  # queued | to_print | sent | printed | failed
    message_key: Mapped[str] = mapped_column(String(60), default="")  # dedupe_key of its message in the outbox
    made_at: Mapped[datetime] = mapped_column(Instant)
    remind_at: Mapped[datetime | None] = mapped_column(Instant)  # None: no reminder (any more)


class InvitationSilence(Base):
    """Somebody who wants no invitations, by the keyed hash of a person, a phone or an openid."""

    __tablename__ = "invitation_silences"

    hash: Mapped[str] = mapped_column(SHORT_HASH, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    how: Mapped[str] = mapped_column(String(8))  # sms | link
