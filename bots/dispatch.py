"""Message + open conversation -> intent -> answer."""

from datetime import datetime

from bots.messages import Inbound, Reply
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session


def answer(session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> Reply:
    """Do what the message asks for, in the caller's transaction, and say so. Called once for each new message."""
    raise NotImplementedError
