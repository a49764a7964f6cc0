"""Beginning and proving: init, migrate, receipt, verify."""

import sys

import click

from feedback_app.cli import _init
from feedback_app.cli._common import Session, put, say
from feedback_app.cli.codes import operator
from feedback_app.errors import ConfigurationError, FeedbackError, NotFound
from feedback_app.services import accounts, audit, evidence, inclusion, schema, verification
from feedback_app.services.verification import KnownHead
from feedback_app.texts import text


@click.command(epilog="Example: service-star init --hospital 青山医院 --base-url https://stars.qingshan.example")
@click.option("--hospital", default="", help="name of the hospital, as patients know it")
@click.option("--base-url", default="", help="the address patients' phones reach this service under")
@click.option("--database", default="", metavar="URL", help="sqlite:////folder/stars.db or postgresql://…")
@click.pass_obj
def init(session: Session, hospital: str, base_url: str, database: str) -> None:
    """Write config.toml with fresh secrets, create the database, print a link to make the first administrator."""
    _init.write_config(session.config, hospital=hospital, base_url=base_url, database=database)
    try:
        session.settings()
    except ConfigurationError:
        session.config.unlink()  # a mistyped address: the same command again, put right
        raise
    with session.runtime(create=True) as runtime:
        try:
            if not schema.is_empty(runtime.database):  # another hospital's, or the one there was
                raise ConfigurationError("config.database_in_use", url=runtime.database.url.render_as_string())
        except FeedbackError:
            session.config.unlink()  # the same command again, when the database answers or another one is named
            raise
        say(f"写好了 {session.config}（只有您能读）：请从头看一遍，每一项都有说明")
        say(f"wrote {session.config} (readable by you only): look through it, it explains itself")
        schema.migrate(runtime.database, runtime.now())
        with runtime.transaction() as transaction:
            token = accounts.make_setup_link(transaction, "admin", runtime.now())
        say("数据库建好了。启动 `service-star serve` 和 `service-star work`，一天之内打开下面的链接（只能用一次）：")
        say("the database is ready. Start `service-star serve` and `service-star work`, then open this within a day:")
        click.echo(f"{runtime.settings.server.base_url}/admin/setup/{token}")


@click.command("admin-link", epilog="Example: service-star admin-link")
@click.pass_obj
def admin_link(session: Session) -> None:
    """A new one-time link to make an administrator, good for a day: the first one was missed, or nobody can sign in."""
    with session.runtime() as runtime:
        with runtime.transaction() as transaction:
            token = accounts.make_setup_link(transaction, "admin", runtime.now(), by=operator())
        click.echo(f"{runtime.settings.server.base_url}/admin/setup/{token}")


@click.command(epilog="Example: service-star migrate")
@click.pass_obj
def migrate(session: Session) -> None:
    """Bring the database to this version."""
    with session.runtime(create=True) as runtime:
        schema.migrate(runtime.database, runtime.now())
        say("database is up to date")


@click.command(epilog="Example: service-star receipt 7XK29QDM3A")
@click.argument("receipt")
@click.pass_obj
def receipt_command(session: Session, receipt: str) -> None:
    """Whether and where the rating of this receipt is included, as JSON."""
    with session.runtime() as runtime, runtime.reading() as transaction:
        try:
            put(inclusion.of_receipt(transaction, receipt))
        except NotFound:
            put({"receipt": receipt, "included": False})
            sys.exit(1)


@click.command(epilog="Example: service-star verify --head 1200:9f86d081884c…")
@click.option("outside", "--head", multiple=True, help="SIZE:ROOT of a signed head that somebody outside has kept")
@click.pass_obj
def verify(session: Session, outside: tuple[str, ...]) -> None:
    """Recompute the whole evidence log and audit chain; exit status 1 and each problem if anything was altered, removed or inserted."""
    kept = tuple(_known_head(one) for one in outside)
    with session.runtime() as runtime, runtime.reading() as transaction:
        found = verification.first_problems(transaction, runtime.vault, runtime.now(), kept)
        newest = evidence.heads(transaction, 1)
        last = audit.last_hash(transaction)
    for one in found:
        say(f"{text(f'evidence.problems.{one.what}')}: {one.where}")
    put(
        {
            "ok": not found,
            "problems": [{"what": one.what, "where": one.where} for one in found],
            "head": newest[0] if newest else None,
            "audit": last,
        }
    )
    if found:
        sys.exit(1)


def _known_head(typed: str) -> KnownHead:
    size, _, root = typed.partition(":")
    if not size.isdigit() or len(root) != 64:
        raise click.BadParameter(f"{typed}: a head is written SIZE:ROOT", param_hint="--head")
    return KnownHead(int(size), root.lower())


receipt_command.name = "receipt"
COMMANDS = [admin_link, init, migrate, receipt_command, verify]
