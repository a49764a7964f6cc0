"""The directory as the bot talks about it: read once a version, kept per database."""

from datetime import datetime
from weakref import WeakKeyDictionary

from bots.language import directory, lexicon
from bots.language.directory import Directory, Point
from feedback_app.services import conversations, teaching
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

Version = tuple[int, datetime | None, int, int]
_taught: WeakKeyDictionary[object, tuple[object, lexicon.Overlay]] = WeakKeyDictionary()
_kept: WeakKeyDictionary[object, tuple[Version, Directory]] = WeakKeyDictionary()


def of(session: Session, runtime: Runtime) -> Directory:
    """The index of everything that may be rated now."""
    version = conversations.directory_version(session)
    _lay_over(session, runtime, version)
    kept = _kept.get(runtime.database)
    if kept is None or kept[0] != version:
        kept = (version, _read(session))
        _kept[runtime.database] = kept
    return kept[1]


def _lay_over(session: Session, runtime: Runtime, version: Version) -> None:
    """The words administrators taught, over the lexicon, for what this thread understands."""
    kept = _taught.get(runtime.database)
    if kept is None or kept[0] != version[2:]:
        kept = _taught[runtime.database] = (version[2:], lexicon.Overlay(teaching.overlay(session)))
    lexicon.lay(kept[1])


def _read(session: Session) -> Directory:
    return directory.build(
        Point(
            id=point.id,
            kind=point.kind,
            key=point.key,
            name=point.name,
            aliases=tuple(point.aliases or ()),
            department=point.department.name if point.department else "",
            title=point.title,
            duty=point.duty,
            category=point.category,
            floor=point.floor,
        )
        for point in conversations.nameable(session)
    )
