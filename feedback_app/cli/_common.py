"""What commands share: the configuration, opened when a command first needs it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from feedback_app import settings as configuration
from feedback_app.services.runtime import Runtime, opened
from feedback_app.settings import Settings


class Session:
    """What every command is handed: where the configuration is. ``config`` None: the usual place."""

    def __init__(self, config: Path | None) -> None:
        self.config = config or configuration.default_path()

    def settings(self) -> Settings:
        """Raises ConfigurationError."""
        return configuration.load(self.config)

    @contextmanager
    def runtime(self) -> Iterator[Runtime]:
        """The opened runtime; raises ConfigurationError."""
        with opened(self.settings()) as runtime:
            yield runtime


def say(message: str) -> None:
    """Talk goes to standard error."""
    click.echo(message, err=True)


def put(machine_readable: Any) -> None:
    """Results go to standard output, one JSON value a line."""
    click.echo(json.dumps(machine_readable, ensure_ascii=False))
