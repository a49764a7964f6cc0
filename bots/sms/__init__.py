"""SMS providers: one file each, named as ``sms.provider`` of the configuration, with ``open_provider(settings, now)``.

A provider says what became of one SMS (``Outcome``): RETRY only where it certainly was not taken, UNKNOWN where nobody knows.
"""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from feedback_app import registry
from feedback_app.errors import ConfigurationError
from feedback_app.services.deliveries import Outcome
from feedback_app.settings import Sms


class Provider(Protocol):
    def send(self, phone: str, words: str, name: str) -> Outcome:
        """``name`` stands for this SMS: the same for a second try."""


def open_provider(settings: Sms, now: Callable[[], datetime]) -> Provider:
    """Raises ConfigurationError ``visit_invitations.no_provider``."""
    for module in registry.discover(sys.modules[__name__]):
        if module.__name__.rpartition(".")[2] == settings.provider:
            provider: Provider = module.open_provider(settings, now)
            return provider
    raise ConfigurationError("visit_invitations.no_provider", name=settings.provider)
