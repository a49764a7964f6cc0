"""``service-star …``: the console script. Each module of this package adds its commands."""

import sys
from pathlib import Path

import click

from feedback_app import cli, registry, settings, texts
from feedback_app.cli._common import Session
from feedback_app.errors import ConfigurationError, FeedbackError


@click.group(epilog="Example: service-star --config /etc/service-star.toml check")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=None,
    help="config.toml to use (default: $SERVICE_STAR_CONFIG, then ./config.toml)",
)
@click.version_option(package_name="service-star", prog_name="service-star")
@click.pass_context
def program(context: click.Context, path: Path | None) -> None:
    """服务之星: ratings by scan and by message, complaints, fair leaderboards."""
    context.obj = Session(path or settings.default_path())


def _add_commands() -> None:
    for module in registry.discover(cli):
        for command in getattr(module, "COMMANDS", ()):
            program.add_command(command)


def main() -> None:
    """Exit status: 0 done, 1 the work found something wrong and said what, 2 called wrongly."""
    _add_commands()
    try:
        program.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except FeedbackError as error:
        area, _, name = error.code.partition(".")
        click.echo(texts.text(f"{area}.errors.{name}", **error.params), err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)


if __name__ == "__main__":
    main()
