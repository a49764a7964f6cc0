"""What the bot would understand and say, without doing it."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import click

from bots.explain import Told
from bots.explain import explain as explained
from feedback_app.cli._common import Session, put

_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\\": "\\"}
_ESCAPE = re.compile(r"\\[nt\\]")


@click.group(epilog="Example: service-star bot explain 给张伟医生5星")
def bot() -> None:
    """The chat bot of the official account."""


@bot.command(
    epilog='Example: service-star bot explain "给张伟医生5星"   '
    "Example: service-star bot explain --file messages.tsv > readings.jsonl"
)
@click.argument("text", required=False)
@click.option(
    "--context", default="-", show_default=True, help="what the bot did last: -, menu, ask_score:KEY, scan:KEY …"
)
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TSV with a column message and perhaps context; one JSON line for each row",
)
@click.option("--case", "own", multiple=True, help="a case number of the sender; may be given several times")
@click.pass_obj
def explain(session: Session, text: str | None, context: str, path: Path | None, own: tuple[str, ...]) -> None:
    """Print what TEXT means to the bot: intent, target, score, expect, reply. Nothing is stored or sent.

    Without --case, any case number that exists counts as the sender's own; with it, only those given do. {CASE},
    {CASE_OTHER} and {CASE_UNKNOWN} stand for an imagined case of the sender, of somebody else, and of nobody.
    """
    if (text is None) == (path is None):
        raise click.UsageError("give either a text or --file")
    asked = _rows(path, own) if path else iter([Told(text or "", context, own)])
    with session.runtime() as runtime:
        for told in asked:
            put(explained(runtime, told))


def _rows(path: Path, own: tuple[str, ...]) -> Iterator[Told]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if "message" not in (rows.fieldnames or ()):
            raise click.UsageError(f"{path}: needs a column named message")
        for row in rows:
            yield Told(_plain(row["message"] or ""), row.get("context") or "-", own)


def _plain(written: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES[found[0]], written)


COMMANDS = [bot]
