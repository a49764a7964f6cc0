"""What leaves or is kept: pushes at their receivers, lists and backups of the command line, tables, logs."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import create_engine, select

from bench.group.hospitals import Hospital
from bench.group.reading import Tally
from bots.sandbox.client import Received
from feedback_app.cli.main import program
from feedback_app.db.base import Base
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.schema import metadata_is_complete
from feedback_app.errors import FeedbackError
from feedback_app.services import backups, evidence

_EXPORTS = ("ratings", "complaints", "stars", "audit")
_FORMS = ("csv", "xlsx", "jsonl")


_CHANNELS = ("wecom", "wecom_group", "webhook", "mail")


def has_left(one: Hospital) -> bool:
    """Whether something has left by every way, and its workers have nothing to do now."""
    got = (
        *one.phones.counts().received,
        *(["events"] if one.events.requests else []),
        *(["mail"] if one.post.mails else []),
    )
    return {"userid", "webhook", "events", "mail"} <= set(got) and _is_quiet(one)


def _is_quiet(one: Hospital) -> bool:
    with one.runtime.reading() as session:
        due = select(OutboxMessage.id).where(
            OutboxMessage.state.in_(("queued", "leased", "sending")), OutboxMessage.not_before <= one.runtime.now()
        )
        return session.scalar(due.limit(1)) is None and not evidence.has_work(session, one.runtime.now())


def pushes(one: Hospital, foreign: Collection[str], tally: Tally) -> None:
    """Everything each receiver of this hospital got is this hospital's; and it is as much as its own outbox says."""
    own = (one.mark.lower(), f"//{one.host}", *(secret.lower() for secret in one.secrets))
    counts = one.phones.counts().received
    for box, whose in counts.items():
        for who in whose:
            for message in _received(one, box, who):
                told = json.dumps([message.text, message.content], ensure_ascii=False).encode()
                tally.look(f"pushes by {message.channel}", f"to {who} of {one.name}", told, foreign, own)
    for headers, body in one.events.requests:
        tally.look("pushes by webhook out", f"to {one.name}", body + json.dumps(headers).encode(), foreign, own)
    for mail in one.post.mails:
        tally.look("pushes by mail", f"to {one.name}", mail, foreign, own)
    with one.runtime.reading() as session:
        rows = session.query(OutboxMessage.channel, OutboxMessage.state).all()
    sent = {name: sum(row == (name, "sent") for row in rows) for name in _CHANNELS}
    got = {"wecom": sum(counts.get("userid", {}).values()), "wecom_group": sum(counts.get("webhook", {}).values()), "webhook": len(one.events.requests), "mail": len(one.post.mails)}  # fmt: skip
    for name, count in sent.items():
        tally.hold("pushes counted", f"{one.name} {name}: sent {count}, arrived {got[name]}", got[name] == count > 0)


def _received(one: Hospital, box: str, who: str) -> Sequence[Received]:
    return one.phones.received(**{box: who})


def lists(one: Hospital, folder: Path, foreign: Collection[str], tally: Tally, third: int | None) -> None:
    """Every list of the command line in every format (``third``: a third of them, this one), and what it says otherwise."""
    own = (one.mark.lower(), one.point_key.lower())
    for place, kind in enumerate(_EXPORTS):
        for form in _FORMS if third is None else (_FORMS[(place + third) % len(_FORMS)],):
            out = folder / f"{one.name}-{kind}.{form}"
            told = command(one, "export", kind, "--format", form, "--out", str(out))
            tally.look(
                "lists of the command line", f"{kind} {form} of {one.name}: {told}", out.read_bytes(), foreign, own
            )
            tally.formats[f"{form} (command)"] += 1
    for words in (("codes", "list", "--format", "jsonl"), ("stars", "close", "--award", "monthly", "--period", "2026-10", "--dry-run", "--json"), ("bot", "explain", f"给{one.mark}敏医生打5分"), ("verify",), ("check",)):  # fmt: skip
        tally.look("commands", f"{' '.join(words)} of {one.name}", command(one, *words).encode(), foreign, own)
    parcel = folder / f"{one.name}.kit"
    command(one, "stars", "bundle", "--award", "monthly", "--period", "2026-10", "--out", str(parcel))
    tally.look("recount kits", one.name, parcel.read_bytes(), foreign)


def command(one: Hospital, *words: str) -> str:
    """What it says, on both streams."""
    done = CliRunner().invoke(program, ["--config", str(one.config), *words])
    return done.output


def kept(one: Hospital, others: Sequence[Hospital], folder: Path, foreign: Collection[str], tally: Tally) -> None:
    """Every value of every table, its backup, and that no other hospital can restore it."""
    metadata_is_complete()
    with one.runtime.reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = [str(tuple(row)) for row in session.execute(select(table))]
            tally.looked["rows of tables"] += len(rows)
            tally.look("tables", f"{table.name} of {one.name}", "\n".join(rows).encode(), foreign, (one.mark.lower(),))
    file = folder / f"{one.name}.backup"
    command(one, "backup", str(file))
    back = folder / f"{one.name}.restored"
    backups.restore(file, back, one.runtime.vault)
    for line in _values(back):
        tally.look("tables of backups", one.name, line.encode(), foreign, (one.mark.lower(),))
    for other in others:
        try:
            backups.restore(file, folder / f"{one.name}-at-{other.name}", other.runtime.vault)
            refused = ""
        except FeedbackError as error:
            refused = error.code
        tally.hold("backups refused", f"{one.name} at {other.name}: {refused}", refused == "backup.other_key")


def _values(file: Path) -> Iterator[str]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            yield "\n".join(str(tuple(row)) for row in connection.execute(select(table)))
    engine.dispose()


_PERSONAL = re.compile(r"138\d{8}|o[Qq]\w+-wang")
_ASKED_FOR = re.compile(r"^.* (?:GET|POST) /.*ms$", re.M)


def logs(folder: Path, hospitals: Sequence[Hospital], tally: Tally) -> None:
    """Nothing anybody wrote, is called or was given stands in the log of a node or a worker."""
    for file in sorted(folder.glob("*.log")):
        if file.name.startswith("sandbox"):
            continue
        text = file.read_text("utf-8", "replace")
        tally.looked["lines of logs"] += text.count("\n")
        for one in hospitals:
            words = {one.mark.lower(), *(secret.lower() for secret in one.secrets - {*one.scans})}
            tally.look("logs", file.name, text.encode(), words)
        tally.hold("logs without persons", file.name, not _PERSONAL.search(text))
        whose = tuple(f"{name}: [" for name in (*(one.name for one in hospitals), "-"))
        nameless = [line for line in _ASKED_FOR.findall(text) if not line.startswith(whose)]
        tally.hold("logs with the name of the hospital", f"{file.name} {nameless[:1]}", not nameless)
        tally.hold("logs without tracebacks", file.name, "Traceback" not in text)
