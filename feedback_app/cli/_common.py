"""What commands share: the configuration, opened when a command first needs it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from feedback_app import settings as configuration
from feedback_app.errors import ConfigurationError
from feedback_app.services.runtime import Runtime, opened
from feedback_app.settings import Settings


class Session:
    """What every command is handed: where the configuration is. ``config`` None: the usual place."""

    def __init__(self, config: Path | None) -> None:
        self.config = config or configuration.default_path()

    def settings(self) -> Settings:
        """Raises ConfigurationError; ``group.choose`` where there are several hospitals and one must be named."""
        if self.is_group:
            raise ConfigurationError("group.choose", path=str(self.config))
        return configuration.load(self.config)

    @property
    def is_group(self) -> bool:
        """Whether ``--config`` is a folder of configurations, one for each hospital (see ``feedback_app.group``)."""
        return self.config.is_dir()

    def each(self) -> Iterator[tuple[str, "Session"]]:
        """Every hospital of a group by its name, or the one that there is, without one.

        Raises ConfigurationError ``group.empty``. What is wrong with the configuration of one shows when that one is opened.
        """
        files = sorted(self.config.glob("*.toml")) if self.is_group else [self.config]
        if not files:
            raise ConfigurationError("group.empty", path=str(self.config))
        for file in files:
            yield file.stem if self.is_group else "", Session(file)

    @contextmanager
    def runtime(self, *, create: bool = False) -> Iterator[Runtime]:
        """The opened runtime; raises ConfigurationError. ``create``: a database file that is not there is made."""
        with opened(self.settings(), create=create) as runtime:
            yield runtime


def say(message: str) -> None:
    """Talk goes to standard error."""
    click.echo(message, err=True)


def put(machine_readable: Any) -> None:
    """Results go to standard output, one JSON value a line."""
    click.echo(json.dumps(machine_readable, ensure_ascii=False))
