"""What is written to be read: standards, notices, basis documents, leaflets. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from feedback_app.errors import Refused

KINDS = ("standard", "notice", "basis", "leaflet")
"""standard: how we serve, item by item (S14) · notice: to be read by everybody or one department (S40) · basis: a paper of a
superior authority that is followed (S53) · leaflet: health education for patients (S31)."""
TO_BE_READ = ("standard", "notice")
FOR_PATIENTS = "leaflet"
LONGEST_TITLE = 100
LONGEST = 20_000
MOST_ITEMS = 200


@dataclass(frozen=True)
class Share:
    """How many of a department have read something."""

    department: str
    read: int
    of: int


def items(lines: Collection[str], dimensions: Collection[str]) -> list[dict[str, Any]]:
    """Items of a standard, one a line, ``text | dimension of the questions``. Raises Refused ``documents.bad_item``."""
    made = []
    for place, line in enumerate(lines, 1):
        text, _, dimension = (part.strip() for part in line.partition("|"))
        if not text and not dimension:
            continue
        if not text or len(text) > 300 or (dimension and dimension not in dimensions):
            raise Refused("documents.bad_item", line=place)
        made.append({"key": f"i{place}", "text": text, "dimension": dimension})
    if len(made) > MOST_ITEMS:
        raise Refused("documents.bad_item", line=MOST_ITEMS + 1)
    return made


def words(told: Mapping[str, str], languages: Collection[str], longest: int) -> dict[str, str]:
    """By language, without empty ones; Chinese is needed. Raises Refused ``documents.needs_words``, ``documents.too_long``."""
    kept = {language: text.strip() for language, text in told.items() if language in languages and text.strip()}
    if "zh" not in kept:
        raise Refused("documents.needs_words")
    for text in kept.values():
        if len(text) > longest:
            raise Refused("documents.too_long", most=longest, length=len(text))
    return kept
