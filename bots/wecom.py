"""Who is at the browser, by Enterprise WeChat."""

from bots.clients.reactions import PlatformError
from bots.clients.wecom import Wecom
from feedback_app.errors import Unavailable
from feedback_app.services.identities import IdentityProvider
from feedback_app.services.runtime import Runtime


class WecomIdentity:
    """``feedback_app.services.identities.IdentityProvider`` over snsapi_base: silent, no name, no phone number."""

    def __init__(self, runtime: Runtime) -> None:
        self._wecom = Wecom(runtime)

    def authorize_url(self, redirect_to: str, state: str) -> str:
        return self._wecom.authorize_url(redirect_to, state)

    def identify(self, code: str) -> str:
        """Raises Refused ``staff.code_used``, ``wechat.not_a_member``; Unavailable ``staff.platform_down``."""
        try:
            return self._wecom.userid_of(code)
        except PlatformError:
            pass
        raise Unavailable("staff.platform_down")


def open_identity(runtime: Runtime) -> IdentityProvider | None:
    """None when WeCom is not set up."""
    return WecomIdentity(runtime) if runtime.settings.wecom.enabled else None
