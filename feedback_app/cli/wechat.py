"""The official account: its menu, and its own codes for our service points."""

import click

from bots import account_menu
from bots.clients.official_account import OfficialAccount
from feedback_app.cli._common import Session, put, say
from feedback_app.errors import ConfigurationError
from feedback_app.services import codes
from feedback_app.services.runtime import Runtime

_AT_ONCE = 100


@click.group(epilog="Example: service-star wechat menu --dry-run")
def wechat() -> None:
    """The WeChat official account."""


@wechat.command(epilog="Example: service-star wechat menu --dry-run")
@click.option("--dry-run", is_flag=True, help="print the menu as JSON and change nothing")
@click.option("--replace", is_flag=True, help="also where another server's menu may stand there (wechat.role = front)")
@click.pass_obj
def menu(session: Session, dry_run: bool, replace: bool) -> None:
    """Give the account our menu: rate, complain, mine. It replaces the whole menu; phones show it within 5 minutes.

    Beside another server (wechat.role = front) the menu is theirs too: print ours with --dry-run and add its buttons
    to theirs by hand; their keys begin with "stars.", which brings their taps to us.
    """
    settings = session.settings()
    made = account_menu.buttons(settings)
    if dry_run:
        put({"button": made})
        return
    if settings.wechat.role == "front" and not replace:
        raise click.UsageError("this would replace the other server's menu: see --dry-run, or insist with --replace")
    with session.runtime() as runtime:
        _account(runtime).create_menu(made)
    say(f"menu set: {', '.join(top['name'] for top in made)}")


@wechat.command("codes", epilog="Example: service-star wechat codes --dry-run")
@click.option("--dry-run", is_flag=True, help="only tell how many are missing")
@click.option("--most", type=click.IntRange(1, 100_000), default=100_000, show_default=True, help="stop after so many")
@click.pass_obj
def scan_codes(session: Session, dry_run: bool, most: int) -> None:
    """Make a permanent parametric code of the account for every code in use, so that a scan opens the chat.

    An account has 100,000 of them and cannot delete any: none is made twice, and an interruption loses at most one.
    Printed pictures hold them once wechat.scan_opens_chat is true. Needs a verified service account.
    """
    with session.runtime() as runtime:
        with runtime.reading() as reading:
            lacking = codes.without_chat(reading, most)
        if dry_run:
            put({"missing": len(lacking)})
            return
        account = _account(runtime)
        for number, text in enumerate(lacking, start=1):
            made = account.create_code(text, expires_in=None)
            with runtime.transaction() as work:
                codes.keep_chat(work, text, made.url)
            if number % _AT_ONCE == 0:
                say(f"{number} of {len(lacking)}")
        put({"made": len(lacking)})
        if not runtime.settings.wechat.scan_opens_chat:
            say("pictures still hold the form: set wechat.scan_opens_chat = true to print these")


def _account(runtime: Runtime) -> OfficialAccount:
    """Raises ConfigurationError ``wechat.not_set_up``."""
    settings = runtime.settings.wechat
    if not (settings.enabled and settings.app_secret.get_secret_value()):
        raise ConfigurationError("wechat.not_set_up")
    return OfficialAccount(runtime)


COMMANDS = [wechat]
