"""Award schemes: those that come with the program."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from feedback_app.domain.awards import Scheme, parse
from feedback_app.errors import NotFound

PRESETS = Path(__file__).parent.parent / "presets" / "awards"


@cache
def schemes() -> Mapping[str, Scheme]:
    """All schemes by key. Raises Refused ``stars.bad_scheme``."""
    parsed = (parse(tomllib.loads(file.read_text("utf-8"))) for file in sorted(PRESETS.glob("*.toml")))
    return {scheme.key: scheme for scheme in parsed}


def scheme(key: str) -> Scheme:
    """Raises NotFound ``stars.unknown_award``."""
    if key not in schemes():
        raise NotFound("stars.unknown_award", award=key, known=", ".join(schemes()))
    return schemes()[key]
