"""Questions through the versions of their sets: which sums may stand together, and where a row of figures must break."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain.comparability import MARKED, SAME, levels_compare, trends
from feedback_app.domain.day_bodies import Body
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaires import Questionnaire


@dataclass(frozen=True)
class QuestionLine:
    """One question: ``mean`` 0 to 100 of ``n`` scored answers. ``cut``: asked otherwise earlier in the range; those answers
    are left out, and ``since`` is the number of the first version that is in."""

    set_key: str
    set_title: Mapping[str, str]
    key: str
    text: Mapping[str, str]
    mean: float
    n: int
    cut: bool = False
    since: int = 0


@dataclass(frozen=True)
class _Version:
    id: int
    key: str
    number: int
    made: Questionnaire


class Versions:
    """The question sets of some figures, read once each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[int, _Version | None] = {}

    def of(self, version_id: int) -> _Version | None:
        if version_id not in self._known:
            stored = self._session.get(QuestionnaireVersion, version_id) if version_id else None
            made = stored and _Version(stored.id, stored.key, stored.number, from_body(stored.body))
            self._known[version_id] = made or None
        return self._known[version_id]

    def breaks(self, bodies: Iterable[Body]) -> list[str]:
        """For each body of a row: the name of the version with which its levels stop comparing with what came before
        ("客户满意 3"), else ""."""
        newest: dict[str, _Version] = {}
        made = []
        for body in bodies:
            told = ""
            for version in sorted(
                (one for key in body.get("v", ()) if (one := self.of(int(key)))), key=lambda v: v.number
            ):
                before = newest.get(version.key)
                if before is not None and before.number < version.number:
                    told = told or ("" if levels_compare(before.made, version.made) else _name(version))
                if before is None or before.number < version.number:
                    newest[version.key] = version
            made.append(told)
        return made

    def lines(self, body: Body) -> list[QuestionLine]:
        """Every question with a score of the newest version of each set, with the versions before it that compare."""
        sums: dict[int, dict[str, tuple[int, float]]] = {}
        for name, (n, total) in body.get("q", {}).items():
            version_id, key = name.split(":", 1)
            sums.setdefault(int(version_id), {})[key] = (n, total)
        by_set: dict[str, list[_Version]] = {}
        for version_id in sums:
            if version := self.of(version_id):
                by_set.setdefault(version.key, []).append(version)
        return [line for several in by_set.values() for line in _of_set(several, sums)]


def _of_set(several: list[_Version], sums: Mapping[int, Mapping[str, tuple[int, float]]]) -> list[QuestionLine]:
    several = sorted(several, key=lambda one: one.number, reverse=True)
    newest = several[0]
    alike: dict[str, list[_Version]] = {}
    cut: set[str] = set()
    for version in several:
        verdicts = {one.key: one.verdict for one in trends(version.made, newest.made)}
        for key in sums[version.id]:
            fits = version is newest or verdicts.get(key) in {SAME, MARKED}
            if fits and key not in cut:
                alike.setdefault(key, []).append(version)
            elif not fits:
                cut.add(key)
    made = []
    for one in newest.made.questions:
        parts = [(version, *sums[version.id][one.key]) for version in alike.get(one.key, ())]
        n = sum(count for _, count, _ in parts)
        if n:
            mean = sum(total for *_, total in parts) / n
            since = min(version.number for version, *_ in parts)
            made.append(QuestionLine(newest.key, newest.made.title, one.key, one.text, mean, n, one.key in cut, since))
    return made


def _name(version: _Version) -> str:
    return f"{version.made.title.get('zh', version.key)} {version.number}"
