"""Reading an award scheme: what counts how much, who is compared with whom, how much is made public.

The whole file is TOML (``presets/awards/*.toml`` are the living examples) or the JSON that rules are frozen as; both are read
by :func:`parse`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from feedback_app.domain import award_reading
from feedback_app.domain.award_checks import CHECKS
from feedback_app.domain.award_parts import League, Phase, Share, Tier
from feedback_app.domain.award_scheme import Scheme, criterion_kinds
from feedback_app.errors import Refused

__all__ = ["League", "Phase", "Scheme", "Share", "Tier", "criterion_kinds", "faults", "parse", "to_body"]


def parse(body: Mapping[str, Any]) -> Scheme:
    """A scheme from its TOML (or frozen JSON) form.

    Raises Refused ``stars.bad_scheme`` with ``award`` and ``what`` (the field at fault) for anything that could not be
    computed as it stands: unknown or missing keys, weights that do not total 100, leagues or phases that overlap.
    """
    award = str(body.get("key", "?"))[:40]
    try:
        scheme = award_reading.build(Scheme, body)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise Refused("stars.bad_scheme", award=award, what=str(error)[:200]) from None
    wrong = faults(scheme)
    if wrong:
        raise Refused("stars.bad_scheme", award=award, what=wrong[0])
    return scheme


def faults(scheme: Scheme) -> list[str]:
    """Every field at fault, in the order of the form; nothing when the scheme can be computed."""
    return [what for what, holds in CHECKS.items() if not _holds(holds, scheme)]


def _holds(check: Callable[[Scheme], bool], scheme: Scheme) -> bool:
    try:
        return check(scheme)
    except (Refused, TypeError, KeyError, ValueError, AttributeError):
        return False


def to_body(scheme: Scheme) -> dict[str, Any]:
    """JSON that ``parse`` turns back into an equal scheme: how rules are frozen."""
    return dataclasses.asdict(scheme)
