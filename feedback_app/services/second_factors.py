"""What somebody has besides the password: codes from an app on the phone, passkeys, and ten codes on paper."""

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from feedback_app.db.accounts import Account, Passkey, RecoveryCode
from feedback_app.domain.identity import readable, tidy
from feedback_app.errors import Refused
from feedback_app.services import attempts, audit, sign_ins
from feedback_app.services.vault import Vault
from feedback_app.settings import Security

STEP = 30  # seconds a code lasts, RFC 6238
WINDOW = (-1, 0, 1)  # steps a phone's clock may be away
RECOVERY_CODES = 10
REQUIRED_OF = "admin"
_TICKET = "one-time-codes"
_RECOVERY_LENGTH = 12


@dataclass(frozen=True)
class Held:
    """What an account has."""

    codes: bool
    passkeys: Sequence[Passkey]
    on_paper: int  # recovery codes that are left

    def __bool__(self) -> bool:
        return self.codes or bool(self.passkeys)


def held(session: Session, account: Account) -> Held:
    keys = session.scalars(select(Passkey).where(Passkey.account_id == account.id).order_by(Passkey.id)).all()
    unused = RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None)
    on_paper = len(session.scalars(select(RecoveryCode.code_hash).where(*unused)).all())
    return Held(bool(account.totp_sealed), keys, on_paper)


def due_on(account: Account, has: Held, security: Security) -> datetime | None:
    """From when on an administrator needs a second factor to go on; None: has one, or need not."""
    if account.role != REQUIRED_OF or has:
        return None
    return account.created_at + timedelta(days=security.second_factor_days)


@dataclass(frozen=True)
class Offer:
    """A new secret, before it is switched on. ``ticket`` comes back with the first code; nothing is stored until then."""

    secret: str
    address: str
    ticket: str


def offer(vault: Vault, account: Account, issuer: str) -> Offer:
    secret = pyotp.random_base32()
    return _offered(vault, account, issuer, secret)


def offered_again(vault: Vault, account: Account, issuer: str, ticket: str) -> Offer:
    """The same offer after a code that was not right; a new one when the ticket is nobody's or somebody else's."""
    secret = _secret_of(vault, account, ticket)
    return _offered(vault, account, issuer, secret) if secret else offer(vault, account, issuer)


def switch_on(session: Session, vault: Vault, account: Account, ticket: str, typed: str, now: datetime) -> list[str]:
    """Use the offered secret from now on; returns fresh recovery codes, to be shown once.

    Raises Refused ``second.code_wrong``: the first code proves that the app has understood.
    """
    secret = _secret_of(vault, account, ticket)
    step = _step_of(secret, typed, now) if secret else None
    if step is None:
        raise Refused("second.code_wrong")
    account.totp_sealed, account.totp_step = vault.seal(secret), step
    audit.write(session, actor=account.login, action="account.codes_on", now=now)
    return new_recovery_codes(session, account, now)


def check(session: Session, vault: Vault, account_id: int, typed: str, security: Security, now: datetime) -> str:
    """A code from the app or from the paper: "" when it is right, else the error's code. Each code counts once.

    Tries are counted like passwords, so the transaction must be committed either way.
    """
    account = session.get(Account, account_id, with_for_update=True, populate_existing=True)
    what = f"second:{account_id}"
    if account is None or not account.active:
        return "second.code_wrong"
    if not attempts.may_try(session, what, account, security, now):
        return "second.resting"
    secret = vault.unseal(account.totp_sealed)
    step = _step_of(secret, typed, now) if secret else None
    if step is not None and step > account.totp_step:
        account.totp_step = step
    elif not _spend_recovery_code(session, account, typed, now):
        return "second.code_wrong"
    attempts.forgive(session, what)
    return ""


def new_recovery_codes(session: Session, account: Account, now: datetime) -> list[str]:
    """Ten codes for a sheet of paper; the old ones are void."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [readable(secrets.token_bytes(8), _RECOVERY_LENGTH) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=_hash(account, code), account_id=account.id) for code in codes)
    audit.write(session, actor=account.login, action="account.recovery_codes", now=now)
    return ["-".join(code[start : start + 4] for start in range(0, _RECOVERY_LENGTH, 4)) for code in codes]


def switch_off(session: Session, account: Account, now: datetime, *, by: str) -> None:
    """No codes, no passkeys, no paper any more; silent when there were none."""
    if not held(session, account):
        return
    account.totp_sealed, account.totp_step = "", 0
    for table in (Passkey, RecoveryCode):
        session.execute(delete(table).where(table.account_id == account.id))
    audit.write(session, actor=by, action="account.second_off", subject=account.login, now=now)


def _offered(vault: Vault, account: Account, issuer: str, secret: str) -> Offer:
    address = pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=account.login, issuer_name=issuer)
    return Offer(secret, address, vault.ticket(_TICKET, f"{account.id}:{secret}"))


def _secret_of(vault: Vault, account: Account, ticket: str) -> str:
    owner, _, secret = vault.read_ticket(_TICKET, ticket).partition(":")
    return secret if owner == str(account.id) else ""


def _step_of(secret: str, typed: str, now: datetime) -> int | None:
    """The time step whose code this is; every step is compared, in constant time each."""
    code = "".join(sign for sign in unicodedata.normalize("NFKC", typed) if sign.isdigit())
    codes, step = pyotp.TOTP(secret, interval=STEP), int(now.timestamp()) // STEP
    right = [step + away for away in WINDOW if secrets.compare_digest(codes.at((step + away) * STEP), code)]
    return max(right, default=None)


def _spend_recovery_code(session: Session, account: Account, typed: str, now: datetime) -> bool:
    code = tidy(typed)
    row = (
        session.get(RecoveryCode, _hash(account, code), with_for_update=True) if len(code) == _RECOVERY_LENGTH else None
    )
    if row is None or row.used_at is not None:
        return False
    row.used_at = now
    audit.write(session, actor=account.login, action="account.recovery_used", now=now)
    return True


def _hash(account: Account, code: str) -> str:
    return sign_ins.token_hash(f"recovery:{account.id}:{code}")
