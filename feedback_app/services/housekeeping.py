"""What is thrown away when its time is over."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from feedback_app.db.accounts import SetupLink, SignIn, SignInFailures
from feedback_app.db.conversations import Conversation, InboundMessage, NotUnderstood
from feedback_app.db.imports import ImportDraft
from feedback_app.db.people import BindingSlip
from feedback_app.db.pictures import Picture
from feedback_app.services import buckets, conversations

INBOUND_KEPT = timedelta(days=7)  # the platform repeats a push for seconds; a week is for looking into a complaint
SPENT_KEPT = timedelta(days=30)
NOT_UNDERSTOOD_KEPT = timedelta(days=90)  # words without their sender, until somebody has taught them or nobody will
PICTURE_KEPT = timedelta(days=2)  # of a form that was never finished
CONVERSATION_KEPT = max(*conversations.LASTS.values(), conversations.OTHERWISE) + timedelta(days=1)


def sweep(session: Session, now: datetime) -> dict[str, int]:
    """Remove ended sign-ins, spent links and slips, abandoned imports and conversations, answered callbacks, old words; returns counts."""
    statements = {
        "sign_ins": delete(SignIn).where(SignIn.ends_at < now),
        "setup_links": delete(SetupLink).where(SetupLink.expires_at < now - SPENT_KEPT),
        "binding_slips": delete(BindingSlip).where(BindingSlip.expires_at < now - SPENT_KEPT),
        "sign_in_failures": delete(SignInFailures).where(SignInFailures.last_at < now - SPENT_KEPT),
        "inbound_messages": delete(InboundMessage).where(InboundMessage.received_at < now - INBOUND_KEPT),
        "not_understood": delete(NotUnderstood).where(NotUnderstood.at < now - NOT_UNDERSTOOD_KEPT),
        "import_drafts": delete(ImportDraft).where(ImportDraft.expires_at <= now),
        "pictures": delete(Picture).where(Picture.kept.is_(False), Picture.received_at < now - PICTURE_KEPT),
        "conversations": delete(Conversation).where(Conversation.changed_at < now - CONVERSATION_KEPT),
    }
    removed = {"buckets": buckets.sweep(session, now)}
    for name, statement in statements.items():
        done = session.execute(statement)
        removed[name] = done.rowcount if isinstance(done, CursorResult) else 0
    return removed
