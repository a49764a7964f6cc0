"""What to do about each error code of the platforms. Decided by ``errcode``, never by ``errmsg``, which changes."""

from typing import Final

from feedback_app import texts
from feedback_app.errors import Unavailable

RETRY: Final = "retry"  # busy, perhaps with effect: growing pauses, and only where sending twice shows once
SLOW_DOWN: Final = "slow_down"  # too fast: certainly nothing happened
TOKEN: Final = "token"  # noqa: S105 - not a secret: renew the access token once, then an alarm
STOP: Final = "stop"  # configuration: stop the batch, tell the administrator
ADDRESS: Final = "address"  # this server's address is not allowed: the same, and say which
DROP: Final = "drop"  # this recipient cannot get messages
OTHER_CHANNEL: Final = "other_channel"
QUOTA: Final = "quota"  # stop this API until midnight in China
SHORTEN: Final = "shorten"  # too long or a field of the wrong form: a mistake of ours
SIGN_IN: Final = "sign_in"  # OAuth code used: start again, once
UPLOAD_AGAIN: Final = "upload_again"
DONE: Final = "done"  # was sent before
FAIL: Final = "fail"  # anything we do not know: no retry
UNREACHED: Final = "unreached"  # nothing was sent
UNSURE: Final = "unsure"  # sent, no answer

_CODES: Final = {
    RETRY: (-1,),
    SLOW_DOWN: (45011,),
    TOKEN: (40001, 40014, 42001),
    STOP: (40013, 40125, 40243, 40036, 40037, 41030, 40249, 48001, 48004, 48006, 50001, 50002, 93000),
    ADDRESS: (40164, 89503, 60020),
    DROP: (40003, 43019, 48002, 81013, 60111),
    OTHER_CHANNEL: (43004, 50005, 43101, 45015, 45047),
    QUOTA: (45009,),
    SHORTEN: (45002, 45008, 47001, 47003),
    SIGN_IN: (40029, 40163, 42003),
    UPLOAD_AGAIN: (40007,),
    DONE: (45065,),
}
REACTIONS: Final = {code: reaction for reaction, codes in _CODES.items() for code in codes}


class PlatformError(Unavailable):
    """A platform did not do it. ``reaction`` (above) says what to do; ``errcode`` is its number, None without an answer.

    The text holds neither tokens, secrets, addresses of people nor the platform's own words.
    """

    def __init__(
        self, reaction: str, errcode: int | None = None, *, path: str = "", address: str = "", retry_after: int = 0
    ) -> None:
        why = texts.text(f"wechat.reason.{reaction}", ip=address)
        super().__init__("wechat.platform", reason=why, number="-" if errcode is None else errcode)
        self.reaction = reaction
        self.errcode = errcode
        self.path = path
        self.address = address
        self.retry_after = retry_after


def reaction_to(errcode: int) -> str:
    return REACTIONS.get(errcode, FAIL)
