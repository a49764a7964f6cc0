"""What can be wrong with an installation, looked at one by one."""

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
_EMPTY = (
    "数据库是空的：是不是 database.url 写错了，或者放它的盘没有挂上？先不要 migrate，见 docs/runbook/database-down.md / "
    "it is empty: is database.url wrong, or its disk not mounted? Do not migrate yet: docs/runbook/database-down.md"
)
_MISSING = (
    "数据库文件不在：是不是盘没有挂上、被移走了，或者 database.url 写错了？先不要 migrate，见 docs/runbook/database-down.md / "
    "{why}: is the disk not mounted, was it moved, is database.url wrong? Do not migrate: docs/runbook/database-down.md"
)
_LOCKED = (
    "另一个程序占着数据库文件，评价存不进去：见 docs/runbook/database-down.md 的“被锁住” / "
    "another program keeps the file locked, so no rating can be stored: docs/runbook/database-down.md"
)
_RELATIVE = (
    "路径是相对的，换一个目录执行就找不到：database.url 写成四条斜杠的完整路径，如 sqlite:////opt/service-star/var/stars.db / "
    "the path is relative to the folder where a command is started: write it whole, with four slashes"
)
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
        _alarms,
    )
    missed = False
    for check in checks:
        if missed and check in _OF_THE_DATABASE:
            yield Finding(WRONG, check.__name__.strip("_"), "not looked at, because the database cannot be used")
            continue
        try:
            for found in check(runtime):
                missed = missed or found == Finding(WRONG, "database", _EMPTY)
                yield found
        except Unavailable as error:
            missed = missed or error.code == "database.unavailable"
            yield Finding(WRONG, check.__name__.strip("_"), _without_database(check, error))
        except Exception as error:  # whatever broke, the other checks are still worth their answer
            yield Finding(WRONG, check.__name__.strip("_"), f"{type(error).__name__}: {error}")


def _without_database(check: Callable[[Runtime], Iterator[Finding]], error: Unavailable) -> str:
    if error.code != "database.unavailable" or check is not _database:
        return (
            "not looked at, because the database cannot be used" if error.code == "database.unavailable" else str(error)
        )
    why = str(getattr(error.__cause__, "orig", error.__cause__)).splitlines()[0]
    if "there is no file" in why:
        return _MISSING.format(why=why)
    return f"cannot be used: {why}. What to do: docs/runbook/database-down.md"


def _config(runtime: Runtime) -> Iterator[Finding]:
    settings = runtime.settings
    yield Finding(OK, "config", f"{settings.hospital.name}, {settings.server.base_url}")
    example = EXAMPLE.read_text("utf-8")
    for name in ("phone", "place", "hours"):
        if f'{name} = "{getattr(settings.complaints, name)}"' in example:
            yield Finding(NOTE, "config", f"complaints.{name} is still the example's: patients see it")
    if settings.server.is_public and not settings.server.base_url.startswith("https://"):
        yield Finding(WRONG, "config", "server.base_url is public and must begin with https://")
    if settings.sandbox.enabled or settings.sandbox.clock_file:
        yield Finding(NOTE, "config", "the sandbox is on: for this machine only")


def _database(runtime: Runtime) -> Iterator[Finding]:
    runtime.database.is_answering()
    if schema.is_empty(runtime.database):
        yield Finding(WRONG, "database", _EMPTY)
        return
    address = runtime.database.url.render_as_string(hide_password=True)
    yield (
        Finding(OK, "database", address)
        if runtime.database.takes_writers(_PATIENCE)
        else Finding(WRONG, "database", _LOCKED)
    )
    if runtime.database.is_sqlite and not Path(runtime.database.url.database or "").is_absolute():
        yield Finding(NOTE, "database", _RELATIVE)
    current = schema.is_current(runtime.database)
    yield Finding(
        *((OK, "migrations", "at this version") if current else (WRONG, "migrations", "run `service-star migrate`"))
    )


def _clock(runtime: Runtime) -> Iterator[Finding]:
    now = runtime.now()
    with runtime.reading() as session:
        newest = overview.newest_rating_at(session)
    told = now.astimezone(runtime.zone).isoformat(timespec="seconds")
    if now < _BUILT or (newest is not None and newest > now):
        yield Finding(WRONG, "clock", f"{told} is earlier than what is stored: set the clock (NTP)")
    else:
        yield Finding(OK, "clock", f"{told} ({runtime.settings.hospital.timezone})")


def _worker(runtime: Runtime) -> Iterator[Finding]:
    with runtime.reading() as session:
        alive = periodic.alive(session, runtime.now())
    if alive:
        yield Finding(OK, "worker", f"{len(alive)} running")
    else:
        yield Finding(NOTE, "worker", "no `service-star work` is running: no month is closed, no message is sent")


def _platforms(runtime: Runtime) -> Iterator[Finding]:
    for name, problem in ask_platforms(runtime).items():
        yield Finding(WRONG if problem else OK, name, problem or "answers")
    with runtime.reading() as session:
        found = platform_problems.listed(session)
    for one in found:
        where = f"{one.path} refused {one.count} times since {one.first_at.astimezone(runtime.zone):%Y-%m-%d %H:%M}"
        yield Finding(
            WRONG, one.platform, f"{where} ({one.number or '-'}): {one.fix(runtime.settings.hospital.languages[0])}"
        )


def _fonts(runtime: Runtime) -> Iterator[Finding]:
    found = find_spec("pylopdf_fonts_zh_cn")
    fonts = (
        [file for place in (found.submodule_search_locations or ()) for file in Path(place).rglob("*.[to]tf")]
        if found
        else []
    )
    yield Finding(*((OK, "fonts", fonts[0].name) if fonts else (WRONG, "fonts", "no Chinese font for printed sheets")))


def _disk(runtime: Runtime) -> Iterator[Finding]:
    folder = Path(runtime.database.url.database or ".").parent if runtime.database.is_sqlite else Path()
    free = shutil.disk_usage(folder).free
    level = OK if free >= _FREE_ENOUGH else WRONG
    yield Finding(level, "disk", f"{free / 1024**3:.1f} GiB free in {folder}")


def _alarms(runtime: Runtime) -> Iterator[Finding]:
    """What else would be pushed to the hospital's IT."""
    with runtime.reading() as session:
        found = alarms.found(session, runtime, runtime.now())
        proven = backups.last_proven(session)
    for one in found:
        if one.name != "worker":
            yield Finding(
                NOTE if one.name == "disk" else WRONG, one.name, text(f"alarms.say.{one.name}", "en", **one.params)
            )
    if all(one.name != "backup" for one in found):
        told = f"last restored and proven {proven:%Y-%m-%d}" if proven else "none proven yet: run `service-star drill`"
        yield Finding(OK if proven else NOTE, "backup", told)


_OF_THE_DATABASE = (_clock, _worker, _platforms, _alarms)
