"""Award schemes in force: what the hospital has started, and the monthly star that comes with the program."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from feedback_app.db import award_schemes
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.awards import parse
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import Month
from feedback_app.errors import NotFound

PRESETS = Path(__file__).parent.parent / "presets" / "awards"
BUILT_IN = "monthly"
"""The award that runs from the first day, until the hospital starts a version of its own or ends it."""


@cache
def presets() -> Mapping[str, Scheme]:
    """The schemes that come with the program, by key. Raises Refused ``stars.bad_scheme``."""
    parsed = (parse(tomllib.loads(file.read_text("utf-8"))) for file in sorted(PRESETS.glob("*.toml")))
    return {scheme.key: scheme for scheme in parsed}


def schemes(session: Session) -> Mapping[str, Scheme]:
    """Every award's newest rules in force, by key: what the next period is decided by."""
    found = {BUILT_IN: presets()[BUILT_IN]}
    for version in award_schemes.all_versions(session):
        if version.state == "ended":
            found.pop(version.award_key, None)
        if version.state == "started":
            found[version.award_key] = parse(version.body)
    return dict(sorted(found.items(), key=lambda one: (one[0] != BUILT_IN, one[0])))


def scheme(session: Session, key: str, period: Period | None = None) -> Scheme:
    """The rules of an award: those in force for ``period``, else the newest. Raises NotFound ``stars.unknown_award``."""
    known = schemes(session)
    if key not in known:
        raise NotFound("stars.unknown_award", award=key[:40], known=", ".join(known))
    return _for_period(session, key, period) or known[key]


def _for_period(session: Session, key: str, period: Period | None) -> Scheme | None:
    """The newest version that had begun by then; before the first one, the built-in rules where there are any."""
    if period is None:
        return None
    versions = [one for one in award_schemes.of_award(session, key) if one.state == "started"]
    for version in versions:
        if not version.valid_from or Period.parse(version.valid_from) <= period:
            return parse(version.body)
    return presets()[BUILT_IN] if key == BUILT_IN else None


def first_period(session: Session, key: str, first_rated: Month | None) -> Period | None:
    """The first period of an award there is; whatever version says so. Raises NotFound ``stars.unknown_award``."""
    versions = [parse(one.body) for one in award_schemes.of_award(session, key) if one.state == "started"]
    oldest = versions[-1] if versions and key != BUILT_IN else None
    return (oldest or scheme(session, key)).first_period(first_rated)
