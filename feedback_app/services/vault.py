"""Personal identifiers: sealed where they must come back, hashed where they must only be recognised."""

from base64 import urlsafe_b64encode
from typing import TypeVar, cast

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from sqlalchemy.orm import Session

from feedback_app.db.writing import Writing
from feedback_app.domain.identity import derive_key, keyed_hash
from feedback_app.errors import ConfigurationError

_BLOCK = 16
_MOST_ROWS = 2**63
_MOST_KEYS = 64  # remembered
_TRAVELS = "vault"


class Vault:
    """Made from the secret key of the configuration, which never is in the database."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._keys: dict[str, bytes] = {}
        self._box = Fernet(urlsafe_b64encode(derive_key(secret, "seal")))
        self._people = derive_key(secret, "people")

    def key(self, purpose: str) -> bytes:
        """A key of its own for one purpose, for example ``codes``."""
        if purpose not in self._keys:
            if len(self._keys) >= _MOST_KEYS:
                self._keys.clear()
            self._keys[purpose] = derive_key(self._secret, purpose)
        return self._keys[purpose]

    def seal(self, text: str) -> str:
        """Encrypt and authenticate; "" stays ""."""
        return self._box.encrypt(text.encode()).decode() if text else ""

    def unseal(self, sealed: str) -> str:
        """Raises ConfigurationError ``vault.wrong_key`` when the secret key is not the one that sealed it."""
        try:
            return self._box.decrypt(sealed.encode()).decode() if sealed else ""
        except InvalidToken:
            raise ConfigurationError("vault.wrong_key") from None

    def cover(self, number: int) -> str:
        """A row's number as addresses show it: 32 hexadecimal characters that tell nothing about the order of rows."""
        encryptor = self._cover().encryptor()
        return (encryptor.update(number.to_bytes(16)) + encryptor.finalize()).hex()

    def uncover(self, covered: str) -> int | None:
        """The number behind :meth:`cover`; None for anything else."""
        try:
            block = bytes.fromhex(covered)
        except ValueError:
            return None
        if len(block) != _BLOCK:
            return None
        decryptor = self._cover().decryptor()
        number = int.from_bytes(decryptor.update(block) + decryptor.finalize())
        return number if number < _MOST_ROWS else None

    def _cover(self) -> Cipher[ECB]:
        return Cipher(AES(self.key("cover")), ECB())  # noqa: S305 # nosec B305 - one block, each number once: a permutation

    def ticket(self, purpose: str, text: str) -> str:
        """Seal what somebody will bring back to prove something. Each purpose has a key of its own, so that nothing that was
        sealed otherwise (a patient's contact can be any text) passes for it.
        """
        return self._ticket_box(purpose).encrypt(text.encode()).decode()

    def read_ticket(self, purpose: str, ticket: str) -> str:
        """What :meth:`ticket` sealed; "" for anything but a ticket of this purpose."""
        try:
            return self._ticket_box(purpose).decrypt(ticket.encode()).decode()
        except InvalidToken:
            return ""

    def _ticket_box(self, purpose: str) -> Fernet:
        return Fernet(urlsafe_b64encode(self.key(f"ticket/{purpose}")))

    def person(self, openid: str, app_id: str = "") -> str:
        """The name other tables know a WeChat user by."""
        return keyed_hash(self._people, f"{app_id}:{openid}")


Carrier = TypeVar("Carrier", Session, Writing)


def travel(carrier: Carrier, vault: Vault) -> Carrier:
    """Let the vault travel with the session: whoever stores a patient's words seals what they hold of a person."""
    carrier.info[_TRAVELS] = vault
    return carrier


def of(session: Session) -> Vault:
    """The vault that travels with the session. Raises LookupError when the door did not open it through ``Runtime``."""
    if _TRAVELS not in session.info:
        raise LookupError("open the session through Runtime: a patient's words cannot be sealed without the vault")
    return cast(Vault, session.info[_TRAVELS])
