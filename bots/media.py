"""Pictures and voices people sent to the official account, for the worker."""

from bots.clients.official_account import OfficialAccount
from bots.clients.reactions import UPLOAD_AGAIN, PlatformError
from feedback_app.services.case_media import MediaSource
from feedback_app.services.runtime import Runtime


class AccountMedia:
    """``feedback_app.services.case_media.MediaSource``; by number, never by an address that stood in a message."""

    def __init__(self, runtime: Runtime) -> None:
        self._account = OfficialAccount(runtime)

    def fetch(self, media_id: str) -> bytes | None:
        """Raises PlatformError (an Unavailable) for whatever may pass."""
        try:
            return self._account.media(media_id).body
        except PlatformError as error:
            if error.reaction != UPLOAD_AGAIN:
                raise
        return None


def open_media(runtime: Runtime) -> MediaSource | None:
    wechat = runtime.settings.wechat
    return AccountMedia(runtime) if wechat.enabled and wechat.app_secret.get_secret_value() else None
