"""The ways out: one file each, named as the outbox names the channel, with ``open_channel(runtime)``."""

import sys

from feedback_app import registry
from feedback_app.services.deliveries import Channel
from feedback_app.services.runtime import Runtime


def open_channels(runtime: Runtime) -> dict[str, Channel]:
    """Every channel of this package that the configuration enables, by name."""
    opened: dict[str, Channel] = {}
    for module in registry.discover(sys.modules[__name__]):
        channel: Channel | None = module.open_channel(runtime)
        if channel is not None:
            opened[module.__name__.rpartition(".")[2]] = channel
    return opened
