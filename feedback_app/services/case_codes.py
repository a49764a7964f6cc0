"""The code that opens the page of one's own case: printed beside its number, known to whoever filed it and to nobody else.

It follows from the number and the secret key of the configuration, so there is nothing to store, lose or look up.
"""

import hmac

from sqlalchemy.orm import Session

from feedback_app.db import complaints
from feedback_app.db.complaints import Case
from feedback_app.domain.identity import readable, tidy
from feedback_app.errors import NotFound
from feedback_app.services.vault import Vault

LENGTH = 10


def code(vault: Vault, number: str) -> str:
    """Ten characters (50 bits) without look-alikes."""
    return readable(hmac.digest(vault.key("case page"), number.encode(), "sha256"), LENGTH)


def address(vault: Vault, base_url: str, number: str) -> str:
    return f"{base_url}/case/{number}/{code(vault, number)}"


def open_case(session: Session, vault: Vault, number: str, typed: str) -> Case:
    """The case of that number for whoever has its code.

    Raises NotFound ``complaints.bad_secret``, the same for a wrong code, somebody else's number and one never given out.
    """
    wanted = "-".join(part for part in number.strip().upper().replace("—", "-").split("-"))
    case = complaints.by_number(session, wanted)
    if not hmac.compare_digest(code(vault, wanted), tidy(typed)) or case is None:
        raise NotFound("complaints.bad_secret")
    return case
