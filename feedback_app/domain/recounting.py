"""The recount kit: everything a decision was made from, without a name, as lines of text; and the same decision from them.

A line is canonical JSON. The first holds the rules as they were frozen; then come the candidates of each league as numbers,
one line for each fact about them, who was left out by reason, and what is expected: parameters and one line a candidate. The
last line, the seal, is the SHA-256 of all the others. Candidates and units are numbered by what is known of them, never by
their names or staff numbers, so that nobody's low place can be read from the file.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from feedback_app.domain import boards
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.awards import parse, to_body
from feedback_app.domain.boards import LeagueResult, Row
from feedback_app.domain.criteria._base import Facts, Mark, Taken
from feedback_app.domain.deciding import Decided
from feedback_app.domain.eligibility import Member
from feedback_app.domain.scoring import Tally
from feedback_app.errors import Refused

VERSION = 1
MOST_TOLD = 5
_TOLD = (
    "listed", "missing", "score", "mean", "n", "reliability", "variance", "valid", "earlier", "counts", "not_counted",
    "parts", "waiting", "rank", "low", "high", "band_first", "band_last", "top_decile", "won", "tier",
)  # fmt: skip


@dataclass(frozen=True)
class Bundle:
    """The lines without the seal; ``seal`` is their hash."""

    lines: tuple[str, ...]

    @property
    def seal(self) -> str:
        return hashlib.sha256("".join(f"{line}\n" for line in self.lines).encode()).hexdigest()

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in (*self.lines, line({"seal": self.seal})))


@dataclass(frozen=True)
class Recounted:
    """``differing``: lines expected and not found (``-``) or found and not expected (``+``), the first few of them."""

    award: str
    period: str
    seal: str
    told_seal: str
    candidates: int
    ratings: int
    differing: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        return not self.differing and self.seal == self.told_seal


def line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def bundle(decided: Decided) -> Bundle:
    """The kit of a decision."""
    facts: list[str] = []
    expected: list[str] = []
    number = 0
    for league, result in zip(decided.scheme.leagues, decided.results, strict=True):
        numbers: dict[str, int] = {}
        for candidate in _in_order(decided.scheme, decided.candidates[league.key]):
            number += 1
            numbers[candidate.key] = number
            facts.append(line({"c": number, "league": league.key, "unit": candidate.unit}))
            facts += [line({"c": number, **one}) for one in candidate.told]
        expected += _expected(result, numbers)
    left_out = Counter((one.league, one.reason) for one in decided.left_out)
    aside = [line({"league": key, "left_out": why, "people": count}) for (key, why), count in sorted(left_out.items())]
    head = {"kit": VERSION, "period": str(decided.period), "rules": to_body(decided.scheme)}
    return Bundle((line(head), *facts, *aside, *expected))


@dataclass(frozen=True)
class _Candidate:
    key: str
    unit: int
    told: Sequence[Mapping[str, Any]]


def _in_order(scheme: Scheme, candidates: Sequence[tuple[Member, Facts]]) -> list[_Candidate]:
    """By what is known of them and of their units; keys only make the order of equal ones repeatable."""
    told = {member.key: list(_facts(scheme, facts)) for member, facts in candidates}
    texts = {key: [line(one) for one in facts] for key, facts in told.items()}
    people: dict[str, list[list[str]]] = {}
    for member, _ in candidates:
        people.setdefault(member.department, []).append(texts[member.key])
    units = {unit: n for n, unit in enumerate(sorted(people, key=lambda unit: (sorted(people[unit]), unit)), start=1)}
    ordered = sorted((texts[member.key], units[member.department], member.key) for member, _ in candidates)
    return [_Candidate(key, unit, told[key]) for _, unit, key in ordered]


def _facts(scheme: Scheme, facts: Facts) -> Iterator[Mapping[str, Any]]:
    """What this scheme uses of what is known."""
    for tally in sorted(facts.ratings):
        told = {"back": tally.months_back, "stars": tally.score, "ratings": tally.count, "verified": tally.verified}
        yield {**told, "stratum": tally.stratum} if tally.stratum else told
    for reason, count in sorted(facts.not_counted.items()):
        yield {"not_counted": reason, "ratings": count}
    kinds = {share.kind for share in scheme.shares}
    for share in scheme.shares:
        for points in sorted(mark.points for mark in facts.marks.get(share.name, ())):
            yield {"share": share.name, "points": points}
        figure = facts.figures.get(str(share.options.get("figure", "")))
        if figure is not None:
            yield {"figure": share.options["figure"], "value": figure}
    if "score_sheet" in kinds and facts.taken is not None:
        yield {"inspected": True}
        for one in sorted(facts.taken):
            yield {"item": one.item, "taken": one.points}
    if "praise" in kinds:
        yield {"praise": facts.praise}
    if "complaints" in kinds:
        yield {"complaints": facts.complaints, "visits": facts.visits}


def _expected(result: LeagueResult, numbers: Mapping[str, int]) -> list[str]:
    rows = sorted((numbers[row.key], row) for row in result.rows)
    parameters = {name: dict(one) for name, one in result.parameters.items()}
    return [
        line({"expected": {"league": result.key, "parameters": parameters}}),
        *(line({"c": number, "expected": _told(row)}) for number, row in rows),
    ]


def _told(row: Row) -> dict[str, Any]:
    body = boards.row_body(row)
    return {name: body[name] for name in _TOLD}


def seal_of(text: str) -> str:
    """The seal of a kit's lines, whatever its last line says."""
    return Bundle(tuple(text.split("\n")[:-2])).seal


def recount(text: str) -> Recounted:
    """Decide again from the kit alone. Raises Refused ``stars.bad_kit`` with the number of a line that is none of its."""
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    read = [_read(number, one) for number, one in enumerate(lines, start=1)]
    if not read or read[0].get("kit") != VERSION:
        raise Refused("stars.bad_kit", line=1)
    told_seal = str(read[-1].get("seal", ""))
    body = lines[:-1] if told_seal else lines
    scheme = parse(read[0]["rules"])
    people = _people(read)
    found: list[str] = []
    for league in scheme.leagues:
        mine = {number: one for number, one in people.items() if one.league == league.key}
        candidates = [(one.member(number), one.facts()) for number, one in mine.items()]
        result = boards.settle(scheme, league, str(read[0]["period"]), candidates)
        found += _expected(result, {one.key: int(one.key) for one, _ in candidates})
    told = [one for one, content in zip(lines, read, strict=True) if "expected" in content]
    return Recounted(
        award=scheme.key,
        period=str(read[0]["period"]),
        seal=Bundle(tuple(body)).seal,
        told_seal=told_seal,
        candidates=len(people),
        ratings=sum(tally.count for one in people.values() for tally in one.ratings if tally.months_back == 0),
        differing=tuple(_differing(told, found)),
    )


def _read(number: int, text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Refused("stars.bad_kit", line=number)
    return content


@dataclass
class _Person:
    """One candidate as the lines tell it."""

    league: str
    unit: int
    ratings: list[Tally] = field(default_factory=list)
    not_counted: dict[str, int] = field(default_factory=dict)
    marks: dict[str, list[Mark]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    taken: list[Taken] | None = None
    counts: dict[str, int] = field(default_factory=dict)

    def member(self, number: int) -> Member:
        return Member(number, f"{number:09d}", "", "", department=str(self.unit))

    def facts(self) -> Facts:
        return Facts(
            ratings=tuple(sorted(self.ratings)),
            not_counted=self.not_counted,
            marks={share: tuple(given) for share, given in self.marks.items()},
            figures=self.figures,
            taken=None if self.taken is None else tuple(self.taken),
            **self.counts,
        )

    def add(self, fact: Mapping[str, Any]) -> None:
        """Raises KeyError, TypeError or ValueError for what is no fact."""
        if "stars" in fact:
            back, stars, count = (int(fact[name]) for name in ("back", "stars", "ratings"))
            self.ratings.append(Tally(back, stars, count, bool(fact["verified"]), str(fact.get("stratum", ""))))
        elif "not_counted" in fact:
            self.not_counted[str(fact["not_counted"])] = int(fact["ratings"])
        elif "share" in fact:
            self.marks.setdefault(str(fact["share"]), []).append(Mark("", float(fact["points"])))
        elif "figure" in fact:
            self.figures[str(fact["figure"])] = float(fact["value"])
        elif "inspected" in fact:
            self.taken = self.taken or []
        elif "item" in fact:
            self.taken = [*(self.taken or []), Taken(str(fact["item"]), "", float(fact["taken"]))]
        else:
            self.counts.update({name: int(fact[name]) for name in ("praise", "complaints", "visits") if name in fact})


def _people(read: Sequence[Mapping[str, Any]]) -> dict[int, _Person]:
    people: dict[int, _Person] = {}
    for number, content in enumerate(read, start=1):
        if "c" not in content or "expected" in content:
            continue
        try:
            if "unit" in content:
                people[int(content["c"])] = _Person(str(content["league"]), int(content["unit"]))
            else:
                people[int(content["c"])].add(content)
        except (KeyError, TypeError, ValueError):
            raise Refused("stars.bad_kit", line=number) from None
    return people


def _differing(told: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    """The first lines that are on one side only."""
    missing, extra = Counter(told) - Counter(found), Counter(found) - Counter(told)
    yield from (f"- {one}" for one in [*missing.elements()][:MOST_TOLD])
    yield from (f"+ {one}" for one in [*extra.elements()][:MOST_TOLD])
