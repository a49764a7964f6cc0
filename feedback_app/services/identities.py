"""Asking a platform who is at the browser (OAuth). The provider is handed to the web pages by ``app``."""

from typing import Protocol


class IdentityProvider(Protocol):
    """Enterprise WeChat, or a stand-in at the same interface."""

    def authorize_url(self, redirect_to: str, state: str) -> str:
        """Where to send the browser; it comes back to ``redirect_to`` with ``code`` and ``state``."""
        ...

    def identify(self, code: str) -> str:
        """The userid behind a single-use code. Raises Refused ``staff.code_used``, Unavailable ``staff.platform_down``."""
        ...
