"""What is asked behind a code, read once and kept while nothing that patients see has changed (``Database.shown_state``).

For sending a form in: reading its questions again for every rating cost more than storing the rating.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from flask import Flask, current_app

from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.services import forms, questionnaires
from feedback_app.services.forms import OpenForm
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

MOST = 2000
"""Forms and question sets kept at once in one process, a few KB each."""
_EXTENSION = "service_star.kept_forms"
T = TypeVar("T")


@dataclass(frozen=True)
class _Kept:
    """Everything read while the state was this one."""

    state: int
    forms: dict[str, OpenForm] = field(default_factory=dict)
    asked: dict[int, Questionnaire | None] = field(default_factory=dict)


class KeptForms:
    """Of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._kept = _Kept(-1)

    def form(self, code: str) -> OpenForm:
        """Raises what ``codes.open_code`` raises."""
        runtime, names = self._runtime, self._runtime.settings.hospital.staff_names
        kept, now = self._now().forms, runtime.now()
        found = kept.get(code)
        if found is None or (found.until is not None and found.until <= now):
            found = self._read(lambda session: forms.open_form(session, runtime.vault, code, now, names))
            _keep(kept, code, found)
        return found

    def questions(self, version_id: int) -> Questionnaire | None:
        """The content of a published version."""
        kept = self._now().asked
        if version_id not in kept:
            _keep(kept, version_id, self._read(lambda session: questionnaires.by_id(session, version_id)))
        return kept[version_id]

    def _now(self) -> _Kept:
        state = self._runtime.database.shown_state()  # before anything is read: what changes meanwhile is read again
        if self._kept.state != state:
            self._kept = _Kept(state)
        return self._kept

    def _read(self, read: Callable[[Session], T]) -> T:
        with self._runtime.reading() as session:
            return read(session)


Key = TypeVar("Key", str, int)


def _keep(kept: dict[Key, T], key: Key, value: T) -> None:
    if len(kept) >= MOST:
        kept.clear()
    kept[key] = value


def attach(app: Flask, runtime: Runtime) -> KeptForms:
    kept = app.extensions[_EXTENSION] = KeptForms(runtime)
    return kept


def kept_forms() -> KeptForms:
    """Those of the application that serves this request."""
    return cast(KeptForms, current_app.extensions[_EXTENSION])
