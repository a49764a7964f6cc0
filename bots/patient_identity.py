"""Who fills in the form, by WeChat: only whether it is the same person, never a name."""

import time

from bots.clients.caller import Caller
from bots.clients.official_account import OfficialAccount
from bots.clients.reactions import PlatformError
from feedback_app.errors import Unavailable
from feedback_app.services.identities import IdentityProvider
from feedback_app.services.runtime import Runtime

TIMEOUT = (2.0, 3.0)  # seconds; a patient waits for it
LONGEST = 4.0
PAUSE = 60.0  # seconds without asking, after the platform did not answer


class PatientIdentity:
    """``feedback_app.services.identities.IdentityProvider`` over snsapi_base of the official account."""

    def __init__(self, runtime: Runtime) -> None:
        wechat = runtime.settings.wechat
        self._account = OfficialAccount(runtime, Caller(wechat.api_base, timeout=TIMEOUT, longest=LONGEST))
        self._silent_until = 0.0

    def authorize_url(self, redirect_to: str, state: str) -> str:
        """Raises Unavailable ``wechat.no_sign_in`` while the platform did not answer lately: nobody waits for it twice."""
        if time.monotonic() < self._silent_until:
            raise Unavailable("wechat.no_sign_in")
        return self._account.authorize_url(redirect_to, state)

    def identify(self, code: str) -> str:
        """The openid. Raises Refused ``wechat.code_used``, ``wechat.snapshot_user``; Unavailable ``wechat.no_sign_in``."""
        try:
            return self._account.openid_of(code)
        except PlatformError:
            self._silent_until = time.monotonic() + PAUSE
        raise Unavailable("wechat.no_sign_in")


def open_identity(runtime: Runtime) -> IdentityProvider | None:
    """None unless the hospital wants it and the account is set up."""
    wechat = runtime.settings.wechat
    wanted = wechat.enabled and wechat.form_sign_in and bool(wechat.app_secret.get_secret_value())
    return PatientIdentity(runtime) if wanted else None
