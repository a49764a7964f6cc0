"""What the browser that sent a rating keeps of it: the right to see its own level for a while, to change it, and a name."""

from collections.abc import Iterator
from dataclasses import dataclass

from feedback_app.services import changes
from feedback_app.services.ratings import Accepted
from feedback_app.web.signing import signer_with

LEVEL_SHOWN_SECONDS = 600
DEVICE_KEPT = 31 * 24 * 3600
OWN, MINE, DEVICE = "own", "mine", "device"


@dataclass(frozen=True)
class Cookie:
    """Read by us alone (HttpOnly), sent with links that lead here (SameSite=Lax)."""

    name: str
    value: str
    max_age: int  # seconds
    path: str


def of_rating(key: bytes, accepted: Accepted, where: str, *, masked: bool, renew: bool = True) -> Iterator[Cookie]:
    """For the receipt's page, which is at ``where``. Only the first time a rating is sent gives the right to change it."""
    yield Cookie(OWN, signer_with(key, "own-level").dumps([accepted.receipt, masked]), LEVEL_SHOWN_SECONDS, where)
    if renew and not accepted.again:
        kept = int(changes.CHANGED_WITHIN.total_seconds())
        yield Cookie(MINE, signer_with(key, "change").dumps(accepted.receipt), kept, where)


def of_device(name: str) -> Cookie:
    """The random name of a browser, for a month: a third rating of the same place in it is not counted again."""
    return Cookie(DEVICE, name, DEVICE_KEPT, "/s/")
