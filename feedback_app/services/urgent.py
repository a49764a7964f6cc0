"""Somebody may be in danger: the duty route is told at once, at any hour (rules.md R4: high-risk cases)."""

from datetime import datetime

from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case
from feedback_app.services import outbox
from feedback_app.services.vault import Vault
from feedback_app.settings import Settings
from feedback_app.texts import text

TOPICS = ("self_harm", "violence", "emergency", "medicine", "bribery")
_PAUSE = 600  # seconds in which further words about the same case call nobody again


def is_set(settings: Settings) -> bool:
    """Whether anybody can be told: a group on any platform, or WeCom members."""
    in_person = settings.wecom.enabled and bool(settings.duty.wecom_userids)
    return in_person or settings.duty.webhook in settings.group_names


def tell(session: Session, vault: Vault, settings: Settings, case: Case, topic: str, now: datetime) -> bool:
    """Queue one message for the duty group and each duty member, due now. False: nobody is set up to be told.

    What the patient wrote stays in the console; the message says of what kind it is and where to read it.
    """
    if not is_set(settings):
        return False
    duty, stamp = settings.duty, int(now.timestamp()) // _PAUSE
    members = duty.wecom_userids if settings.wecom.enabled else ()
    recipients = [("wecom", userid, vault.seal(userid)) for userid in members]
    if duty.webhook in settings.group_names:
        recipients.append(("wecom_group", duty.webhook, duty.webhook))
    for channel, name, recipient in recipients:
        outbox.put(
            session,
            dedupe_key=f"urgent:{case.id}:{topic}:{stamp}:{channel}:{name}"[:160],
            purpose="urgent",
            channel=channel,
            recipient=recipient,
            payload={
                "title": text("urgent.push.title", number=case.number),
                "text": text("urgent.push.text", kind=text(f"urgent.kinds.{topic}"), number=case.number),
                "url": f"{settings.server.base_url}/admin/complaints/{case.number}",
            },
            now=now,
        )
    return True
