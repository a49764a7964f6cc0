"""Every sentence a person reads, by key and language.

``locales/<language>/<area>.toml`` holds flat tables; the key of ``[receipt] counted`` in ``patient.toml`` is
``patient.receipt.counted``. A text may contain ``{name}`` fields: only plain names are replaced, there is no attribute
access, so a text typed by an administrator or a patient can never reach into an object.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locales"
DEFAULT_LANGUAGE = "zh"
_FIELD = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


def fill(text: str, params: Mapping[str, object]) -> str:
    """Replace ``{name}`` by ``params[name]``; a field without a parameter stays as it is."""
    return _FIELD.sub(lambda field: str(params.get(field[1], field[0])), text)


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue, default first."""
    found = sorted(folder.name for folder in LOCALES.iterdir() if folder.is_dir())
    return tuple(sorted(found, key=lambda name: name != DEFAULT_LANGUAGE))


@cache
def complete() -> tuple[str, ...]:
    """The languages in which there is every sentence; the others have those of the patients' pages."""
    return tuple(name for name in languages() if len(catalogue(name)) == len(catalogue(DEFAULT_LANGUAGE)))


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of one language, key to sentence."""
    entries: dict[str, str] = {}
    for file in sorted((LOCALES / language).glob("*.toml")):
        _flatten(tomllib.loads(file.read_text("utf-8")), file.stem, entries)
    return entries


def _flatten(table: Mapping[str, object], prefix: str, into: dict[str, str]) -> None:
    for name, value in table.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}.{name}", into)
        else:
            into[f"{prefix}.{name}"] = str(value)


def text(key: str, language: str = DEFAULT_LANGUAGE, /, **params: object) -> str:
    """The sentence ``key`` in ``language``, falling back to Chinese.

    Raises KeyError when no catalogue has the key: a missing sentence is our mistake and must fail in a test.
    """
    sentence = catalogue(language).get(key) if language in languages() else None
    if sentence is None:
        sentence = catalogue(DEFAULT_LANGUAGE)[key]
    return fill(sentence, params)


def error(code: str, language: str, params: Mapping[str, object]) -> str:
    """The words for an error: ``area.name`` is found under ``area.errors.name``. Parameters that are names of things in that
    area (``area.terms.<value>``) are said in words.
    """
    area, _, name = code.partition(".")
    known = catalogue(DEFAULT_LANGUAGE)
    said = {
        field: text(f"{area}.terms.{value}", language) if f"{area}.terms.{value}" in known else value
        for field, value in params.items()
    }
    return text(f"{area}.errors.{name}", language, **said)
