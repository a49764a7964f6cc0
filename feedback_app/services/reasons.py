"""Why something was not sent: kept as the key of a sentence with its fields, said in the language of whoever reads it."""

import json
from typing import Any

from feedback_app import texts

LONGEST = 300
_LONGEST_PART = 120


def coded(code: str, /, **params: object) -> str:
    """``code`` (a key of the catalogues) and its fields in at most LONGEST characters; ``number`` is a platform's own."""
    fields = {name: value if isinstance(value, int) else str(value)[:_LONGEST_PART] for name, value in params.items()}
    told = json.dumps({"is": code, **fields}, ensure_ascii=False, separators=(",", ":"))
    return told if len(told) <= LONGEST else json.dumps({"is": code})


def because(code: str, reason: str, /, **params: object) -> str:
    """``code`` with another reason inside it, as its field ``why``."""
    inner = _decoded(reason)
    told = json.dumps({"is": code, **params, "why": inner or reason}, ensure_ascii=False, separators=(",", ":"))
    return told if len(told) <= LONGEST else coded(code, **params, why="")


def words(kept: str, language: str) -> str:
    """The sentence; what is no code (written by an older version) is shown as it is."""
    found = _decoded(kept)
    return kept if found is None else _said(found, language)


def _said(found: dict[str, Any], language: str) -> str:
    fields = {
        name: _said(value, language) if isinstance(value, dict) else value
        for name, value in found.items()
        if name != "is"
    }
    sentence = texts.text(found["is"], language, **fields)
    return f"{sentence} ({found['number']})" if found.get("number") else sentence


def _decoded(kept: str) -> dict[str, Any] | None:
    try:
        found = json.loads(kept)
    except ValueError:
        return None
    code = found.get("is") if isinstance(found, dict) else None
    return found if isinstance(code, str) and code in texts.catalogue(texts.DEFAULT_LANGUAGE) else None
