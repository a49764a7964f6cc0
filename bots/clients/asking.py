"""Does every platform that is set up accept us? For ``service-star check``."""

from collections.abc import Callable

from bots.clients import apprise_groups
from bots.clients.official_account import OfficialAccount
from bots.clients.reactions import PlatformError
from bots.clients.wecom import Wecom
from feedback_app.services.runtime import Runtime


def ask(runtime: Runtime) -> dict[str, str]:
    """Platform to what is wrong, "" when it gives us a token; only those that are enabled."""
    asked: dict[str, Callable[[], str]] = {}
    if runtime.settings.wechat.enabled and runtime.settings.wechat.app_secret.get_secret_value():
        asked["wechat"] = OfficialAccount(runtime).token
    if runtime.settings.wecom.enabled:
        asked["wecom"] = Wecom(runtime).token
    groups = runtime.settings.channels.groups
    wrong = {f"channels.groups.{name}": _unknown(one.get_secret_value()) for name, one in groups.items()}
    return {name: _trouble(token) for name, token in asked.items()} | wrong


def _unknown(address: str) -> str:
    return "" if apprise_groups.opened(address) else "not an address that Apprise knows, or Apprise is not installed"


def _trouble(token: Callable[[], str]) -> str:
    try:
        token()
    except PlatformError as error:
        return f"{error.params['reason']} ({error.params['number']})"
    return ""
