"""What other programs send, checked against its declared form: every fault with its place and a code that has words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

_MOST = 20  # faults told of one thing; more help nobody
_CODES = {
    "missing": "api.missing",
    "extra_forbidden": "api.unknown_field",
    "literal_error": "api.not_offered",
    "string_too_long": "api.too_long",
    "too_long": "api.too_many",
    "string_too_short": "api.too_short",
    "too_short": "api.too_short",
    "greater_than_equal": "api.out_of_range",
    "less_than_equal": "api.out_of_range",
    "string_pattern_mismatch": "api.bad_form",
    "datetime_from_date_parsing": "api.bad_moment",
    "datetime_parsing": "api.bad_moment",
    "datetime_type": "api.bad_moment",
    "date_from_datetime_parsing": "api.bad_day",
    "date_parsing": "api.bad_day",
    "date_type": "api.bad_day",
}


class Form(BaseModel):
    """The declared form of something another program sends. Frozen; unknown fields are refused, so that typing mistakes show."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


Declared = TypeVar("Declared", bound=BaseModel)


@dataclass(frozen=True)
class Problem:
    """One fault. ``line`` counts from 1 in a list, 0 elsewhere; ``place`` is a path such as ``point.key``."""

    code: str
    place: str = ""
    line: int = 0
    params: Mapping[str, object] = field(default_factory=dict)


def read(form: type[Declared], raw: Any, line: int = 0) -> Declared | list[Problem]:
    """The thing in its form, or what is wrong with it."""
    try:
        return form.model_validate(raw)
    except ValidationError as error:
        return [_problem(one, line) for one in error.errors(include_url=False, include_input=False)[:_MOST]]


def _problem(fault: Any, line: int) -> Problem:
    kind = str(fault["type"])
    place = ".".join(str(part) for part in fault["loc"])
    limits = {name: value for name, value in fault.get("ctx", {}).items() if isinstance(value, (int, float, str))}
    most = next((limits[name] for name in ("max_length", "le", "expected", "min_length", "ge") if name in limits), "")
    return Problem(_CODES.get(kind, "api.wrong_type"), place[:80], line, {"field": place[:80], "limit": most})
