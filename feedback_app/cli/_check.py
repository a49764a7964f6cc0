"""What can be wrong with an installation, looked at one by one."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from feedback_app.app import ask_platforms
from feedback_app.cli._init import EXAMPLE
from feedback_app.errors import Unavailable
from feedback_app.services import alarms, backups, overview, periodic, platform_problems, schema
from feedback_app.services.runtime import Runtime
from feedback_app.texts import text

OK, NOTE, WRONG = "ok", "note", "WRONG"
_PATIENCE = 5  # seconds: longer than any transaction of ours
_FREE_ENOUGH = 500 * 1024 * 1024
_BUILT = datetime(2026, 1, 1, tzinfo=UTC)  # this program was written later: a clock before that is wrong


@dataclass(frozen=True)
class Finding:
    level: str
    subject: str
    detail: str


def examine(runtime: Runtime) -> Iterator[Finding]:
    """Every finding, also the good ones. A check that itself breaks is a finding, not a traceback."""
    checks: tuple[Callable[[Runtime], Iterator[Finding]], ...] = (
        _config,
        _database,
        _clock,
        _worker,
        _platforms,
        _fonts,
        _disk,
        _folders,
        _alarms,
    )
    missed = False
    for check in checks:
        if missed and check in _OF_THE_DATABASE:
            yield Finding(WRONG, check.__name__.strip("_"), _said("not_looked"))
            continue
        try:
            for found in check(runtime):
                missed = missed or found == Finding(WRONG, "database", _said("empty"))
                yield found
        except Unavailable as error:
            missed = missed or error.code == "database.unavailable"
            yield Finding(WRONG, check.__name__.strip("_"), _without_database(check, error))
        except Exception as error:  # whatever broke, the other checks are still worth their answer
            yield Finding(WRONG, check.__name__.strip("_"), _said("broke", why=f"{type(error).__name__}: {error}"))


def _said(words: str, /, **params: object) -> str:
    """In both languages, for nobody has chosen one at a terminal."""
    return " / ".join(text(f"check.{words}", language, **params) for language in ("zh", "en"))


def _without_database(check: Callable[[Runtime], Iterator[Finding]], error: Unavailable) -> str:
    if error.code != "database.unavailable":
        return str(error)
    if check is not _database:
        return _said("not_looked")
    why = str(getattr(error.__cause__, "orig", error.__cause__)).splitlines()[0]
    return _said("missing" if "there is no file" in why else "unusable", why=why)


def _config(runtime: Runtime) -> Iterator[Finding]:
    settings = runtime.settings
    yield Finding(OK, "config", f"{settings.hospital.name}, {settings.server.base_url}")
    example = EXAMPLE.read_text("utf-8")
    for name in ("phone", "place", "hours"):
        if f'{name} = "{getattr(settings.complaints, name)}"' in example:
            yield Finding(NOTE, "config", _said("example", name=name))
    if "complaints" not in settings.group_names:
        yield Finding(NOTE, "config", _said("no_group"))
    if settings.server.is_public and not settings.server.base_url.startswith("https://"):
        yield Finding(WRONG, "config", _said("not_https"))
    if settings.security.is_weak:
        yield Finding(WRONG, "config", _said("weak_key"))
    if settings.sandbox.enabled or settings.sandbox.clock_file:
        yield Finding(NOTE, "config", _said("sandbox"))


def _database(runtime: Runtime) -> Iterator[Finding]:
    runtime.database.is_answering()
    if schema.is_empty(runtime.database):
        yield Finding(WRONG, "database", _said("empty"))
        return
    address = runtime.database.url.render_as_string(hide_password=True)
    yield (
        Finding(OK, "database", address)
        if runtime.database.takes_writers(_PATIENCE)
        else Finding(WRONG, "database", _said("locked"))
    )
    if runtime.database.is_sqlite and not Path(runtime.database.url.database or "").is_absolute():
        yield Finding(NOTE, "database", _said("relative"))
    current = schema.is_current(runtime.database)
    yield Finding(OK if current else WRONG, "migrations", _said("migrated" if current else "migrate"))


def _clock(runtime: Runtime) -> Iterator[Finding]:
    now = runtime.now()
    with runtime.reading() as session:
        newest = overview.newest_rating_at(session)
    told = now.astimezone(runtime.zone).isoformat(timespec="seconds")
    if now < _BUILT or (newest is not None and newest > now):
        yield Finding(WRONG, "clock", _said("clock_behind", now=told))
    else:
        yield Finding(OK, "clock", f"{told} ({runtime.settings.hospital.timezone})")


def _worker(runtime: Runtime) -> Iterator[Finding]:
    with runtime.reading() as session:
        alive = periodic.alive(session, runtime.now())
    if alive:
        yield Finding(OK, "worker", _said("workers", count=len(alive)))
    else:
        yield Finding(NOTE, "worker", _said("no_worker"))


def _platforms(runtime: Runtime) -> Iterator[Finding]:
    for name, problem in ask_platforms(runtime).items():
        yield Finding(WRONG if problem else OK, name, problem or _said("answers"))
    with runtime.reading() as session:
        found = platform_problems.listed(session)
    for one in found:
        since, fix = (
            f"{one.first_at.astimezone(runtime.zone):%Y-%m-%d %H:%M}",
            one.fix(runtime.settings.hospital.languages[0]),
        )
        told = _said("refused", path=one.path, count=one.count, since=since, number=one.number or "-", fix=fix)
        yield Finding(WRONG, one.platform, told)


def _fonts(runtime: Runtime) -> Iterator[Finding]:
    found = find_spec("pylopdf_fonts_zh_cn")
    fonts = (
        [file for place in (found.submodule_search_locations or ()) for file in Path(place).rglob("*.[to]tf")]
        if found
        else []
    )
    yield Finding(OK if fonts else WRONG, "fonts", fonts[0].name if fonts else _said("no_font"))


def _disk(runtime: Runtime) -> Iterator[Finding]:
    folder = Path(runtime.database.url.database or ".").parent if runtime.database.is_sqlite else Path()
    folder = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    free = shutil.disk_usage(folder).free
    enough = free >= _FREE_ENOUGH
    told = _said("disk" if enough else "disk_full", free=f"{free / 1024**3:.1f}", folder=folder)
    yield Finding(OK if enough else WRONG, "disk", told)


def _folders(runtime: Runtime) -> Iterator[Finding]:
    """What is shared with other systems; as far as whoever asks may see."""
    settings = runtime.settings
    for name, told in (("visits.drop_folder", settings.visits.drop_folder), ("evidence.file", settings.evidence.file)):
        folder = Path(told) if name == "visits.drop_folder" else Path(told).parent
        if told and not (folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)):
            yield Finding(NOTE, name, _said("folder", folder=folder))


def _alarms(runtime: Runtime) -> Iterator[Finding]:
    """What else would be pushed to the hospital's IT."""
    with runtime.reading() as session:
        now = runtime.now()
        found = alarms.found(session, runtime, now)
        proven = backups.last_proven(session, now)
    for one in found:
        if one.name != "worker":
            said = " / ".join(text(f"alarms.say.{one.name}", language, **one.params) for language in ("zh", "en"))
            yield Finding(NOTE if one.name == "disk" else WRONG, one.name, said)
    if all(one.name != "backup" for one in found):
        told = _said("proven", day=f"{proven:%Y-%m-%d}") if proven else _said("unproven")
        yield Finding(OK if proven else NOTE, "backup", told)


_OF_THE_DATABASE = (_clock, _worker, _platforms, _alarms)
