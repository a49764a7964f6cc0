"""What a worker has to do, as plug-ins: each file of ``work`` may expose

* ``DAILY``: name -> work done once in each of the hospital's calendar days, as soon as it has begun, in the order written
  (a whole one in one transaction, or ``InSteps``);
* ``MINUTELY``: duties that are asked each minute whether there is something to do;
* ``EVERY_TICK``: the same, asked at every tick, for what people wait for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

Whole = Callable[[Session, Runtime, datetime], object]
Step = Callable[[Session, Runtime, datetime, int], int | None]
"""Does the next part after the given id; returns the last id it looked at, None when there were no more."""


@dataclass(frozen=True)
class InSteps:
    """A day's work in small transactions, so that writers never wait long; any worker may go on where another broke off."""

    step: Step


@dataclass(frozen=True)
class Beforehand:
    """What takes long is found out by ``look`` in a reading transaction, for which nobody waits, and ``write`` only writes it.

    ``look`` gives None, and ``write`` False, where it must be done as a ``whole`` instead.
    """

    look: Callable[[Session, Runtime, datetime], Any]
    write: Callable[[Session, Runtime, datetime, Any], bool]
    whole: Whole


@dataclass(frozen=True)
class InParts:
    """Work in many small parts, each found out by ``look`` in a reading transaction and then written; until there are no more.

    ``look`` gives None when there is nothing left. ``write`` leaves out what has changed since.
    """

    look: Callable[[Session], Any]
    write: Callable[[Session, Any], object]


Daily = Whole | InSteps


@dataclass(frozen=True)
class Duty:
    """``has_work`` is asked in a reading transaction; only then ``work`` gets a writing one.

    ``leased``: one worker at a time holds it (a lease of this name). Not needed where the work claims its period itself.
    """

    name: str
    has_work: Callable[[Session, Runtime, datetime], bool]
    work: Whole | InSteps | InParts | Beforehand
    leased: bool = True


@dataclass(frozen=True)
class Duties:
    daily: Mapping[str, Daily]
    minutely: tuple[Duty, ...]
    every_tick: tuple[Duty, ...]
