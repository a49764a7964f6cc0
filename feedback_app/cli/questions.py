"""Question sets: list, import from files, export to files."""

from pathlib import Path

import click

from feedback_app.cli._common import Session, put, say
from feedback_app.domain.question_logic import effort
from feedback_app.services import question_sets


@click.group(epilog="Example: service-star questions list")
def questions() -> None:
    """What patients are asked: list, import, export."""


@questions.command("list", epilog="Example: service-star questions list")
@click.pass_obj
def list_(session: Session) -> None:
    """One object a set: key, title, questions, published version, whether a draft waits."""
    with session.runtime() as runtime, runtime.reading() as transaction:
        for one in question_sets.listed(transaction):
            told = {"key": one.key, "title": one.title, "questions": one.questions}
            put({**told, "version": one.number, "draft": one.has_draft})


@questions.command("import", epilog="Example: service-star questions import outpatient_2019.toml --publish")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", help="name of the set (default: from the file's name)")
@click.option("--publish", is_flag=True, help="publish at once; without it the set waits as a draft")
@click.option("--dry-run", is_flag=True, help="only read and judge the file")
@click.pass_obj
def import_(session: Session, file: Path, key: str | None, publish: bool, dry_run: bool) -> None:
    """Read a question set: TOML in our own form or in the neutral notation (title, [[item]])."""
    made = question_sets.read(file.read_bytes(), question_sets.key_of(f"{key}.toml" if key else file.name))
    told = {
        "key": made.key,
        "title": made.title.get("zh", ""),
        "questions": len(made.questions),
        "overall": made.overall,
    }
    counts = effort(made)
    if len(set(counts.values())) > 1:
        say(f"not every level is asked the same number of questions: {dict(sorted(counts.items()))}")
    if dry_run:
        put({**told, "state": "not stored"})
        return
    with session.runtime() as runtime, runtime.transaction() as transaction:
        version = question_sets.take(transaction, made, publish=publish, by="command line", now=runtime.now())
        put({**told, "state": version.state, "version": version.number})


@questions.command("export", epilog="Example: service-star questions export outpatient --out outpatient.toml")
@click.argument("key")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="file to write; else standard output")
@click.option("--neutral", is_flag=True, help="in the neutral notation instead of our own form")
@click.pass_obj
def export(session: Session, key: str, out: Path | None, neutral: bool) -> None:
    """Write a question set as TOML: the published version, else its draft."""
    with session.runtime() as runtime, runtime.reading() as transaction:
        text = question_sets.written(transaction, key, as_neutral=neutral)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, "utf-8")
        say(f"{out}: {len(text)} characters")


COMMANDS = [questions]
