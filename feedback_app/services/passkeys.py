"""Passkeys (W3C WebAuthn): a key in a phone or computer, unlocked by finger, face or number, that no copied page can use.

The standard binds them to a host name over https (or to ``localhost``); elsewhere they are not offered.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from feedback_app.db.accounts import Account, Passkey
from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit
from feedback_app.settings import Settings

_LONGEST = 20_000  # characters of what a browser sends back
_NAME_MOST = 40


@dataclass(frozen=True)
class Question:
    """What the browser is asked. ``challenge`` stays with us and comes back signed."""

    options: str  # JSON
    challenge: str


def are_offered(settings: Settings) -> bool:
    parts = urlsplit(settings.server.base_url)
    return parts.hostname == "localhost" or (parts.scheme == "https" and not _is_number(parts.hostname or ""))


def ask_for_new(session: Session, settings: Settings, account: Account) -> Question:
    """For ``navigator.credentials.create``."""
    known = session.scalars(select(Passkey.credential_id).where(Passkey.account_id == account.id)).all()
    options = webauthn.generate_registration_options(
        rp_id=_host(settings),
        rp_name=settings.hospital.name,
        user_name=account.login,
        user_display_name=account.name,
        user_id=f"service-star/{account.id}".encode(),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known],
    )
    return Question(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))


def add(
    session: Session, settings: Settings, account: Account, answer: str, challenge: str, name: str, now: datetime
) -> Passkey:
    """Raises Refused ``second.passkey_wrong``."""
    try:
        proven = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_host(settings),
            expected_origin=settings.server.base_url,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Refused("second.passkey_wrong") from error
    key = Passkey(
        account_id=account.id,
        credential_id=bytes_to_base64url(proven.credential_id),
        public_key=proven.credential_public_key,
        sign_count=proven.sign_count,
        name=clean(name)[:_NAME_MOST],
        created_at=now,
    )
    session.add(key)
    audit.write(session, actor=account.login, action="account.passkey_added", subject=key.name, now=now)
    return key


def remove(session: Session, account: Account, passkey_id: int, now: datetime) -> str:
    """Returns its name. Raises NotFound ``second.no_passkey``."""
    key = session.get(Passkey, passkey_id)
    if key is None or key.account_id != account.id:
        raise NotFound("second.no_passkey")
    session.delete(key)
    audit.write(session, actor=account.login, action="account.passkey_removed", subject=key.name, now=now)
    return key.name


def ask_for_proof(settings: Settings) -> Question:
    """For ``navigator.credentials.get``; the browser lists the keys it has for this host."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(settings), user_verification=UserVerificationRequirement.REQUIRED
    )
    return Question(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))


def prove(session: Session, settings: Settings, answer: str, challenge: str, now: datetime) -> Account:
    """Whose key signed the challenge. Raises Refused ``second.passkey_wrong``."""
    try:
        sent = _read(answer)
        key = session.scalar(select(Passkey).where(Passkey.credential_id == str(sent.get("id", ""))).with_for_update())
        account = None if key is None else session.get(Account, key.account_id)
        if key is None or account is None or not account.active:
            raise Refused("second.passkey_wrong")
        proven = webauthn.verify_authentication_response(
            credential=sent,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_host(settings),
            expected_origin=settings.server.base_url,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Refused("second.passkey_wrong") from error
    key.sign_count, key.last_used_at = proven.new_sign_count, now
    return account


def _read(answer: str) -> dict[str, object]:
    sent = json.loads(answer) if len(answer) <= _LONGEST else None
    if not isinstance(sent, dict):
        raise ValueError("not an answer of a browser")
    return sent


def _host(settings: Settings) -> str:
    return urlsplit(settings.server.base_url).hostname or ""


def _is_number(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
