"""From facts to a board: criteria put together, places given, everything a row needs to explain itself kept with it."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from feedback_app.domain import honours
from feedback_app.domain.award_parts import League, Share
from feedback_app.domain.award_scheme import Scheme, criterion_kinds
from feedback_app.domain.criteria._base import Asked, Facts, Measure, Measured
from feedback_app.domain.eligibility import Member
from feedback_app.domain.standing import Estimate, Standing, standings

_DIGITS = 6
PATIENTS = "patient_ratings"
"""The share that every explanation begins with, where a scheme has it."""


@dataclass(frozen=True)
class Row:
    """One candidate on one board. ``rank`` and what follows are 0 while ratings are still being collected."""

    league: str
    point_id: int
    key: str
    name: str
    department: str
    listed: bool
    missing: int  # about so many more ratings until listed; 0 when ratings are not what is lacking
    score: float
    mean: float | None
    n: float  # effective number of ratings over the months
    reliability: float
    variance: float
    valid: int  # valid ratings of this period
    earlier: int  # valid ratings of the two months before
    counts: tuple[int, ...]  # valid ratings of this period with 1, 2, 3, 4, 5 stars
    not_counted: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)  # share -> its value
    waiting: tuple[str, ...] = ()  # shares other than patients' ratings that have not enough to go by
    rank: int = 0
    low: int = 0
    high: int = 0
    band_first: int = 0
    band_last: int = 0
    top_decile: float = 0.0
    won: bool = False
    tier: str = ""  # of the score sheet

    @property
    def shares_place(self) -> bool:
        return self.band_last > self.band_first


@dataclass(frozen=True)
class LeagueResult:
    """One board: its rows, those listed first and in order, then those still collecting by key."""

    key: str
    parameters: Mapping[str, Mapping[str, float]]  # share -> what was estimated
    rows: tuple[Row, ...]

    @property
    def listed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.listed)

    @property
    def mu(self) -> float:
        return float(self.parameters.get(PATIENTS, {}).get("mu", 0.0))

    @property
    def k(self) -> float:
        return float(self.parameters.get(PATIENTS, {}).get("k", 0.0))


def settle(scheme: Scheme, league: League, period: str, candidates: Sequence[tuple[Member, Facts]]) -> LeagueResult:
    """The board of one league. The order of ``candidates`` does not matter."""
    facts = {member.key: known for member, known in candidates}
    measured = {share.name: _measured(scheme, share, facts) for share in scheme.shares}
    whole = {key: _composed(scheme, measured, key) for key in facts}
    ranked = {key: Estimate(one.value, one.variance) for key, one in whole.items() if one.enough}
    places = standings(ranked, seed=f"{scheme.key}:{period}:{league.key}")
    rows = [
        _row(league, member, known, whole[member.key], _of_candidate(measured, member.key), places.get(member.key))
        for member, known in candidates
    ]
    rows.sort(key=lambda row: (not row.listed, row.rank, -row.score, row.key))
    parameters = {name: _rounded(one.parameters) for name, one in measured.items()}
    return _honoured(scheme, league, LeagueResult(league.key, parameters, tuple(rows)))


def _measured(scheme: Scheme, share: Share, facts: Mapping[str, Facts]) -> Measured:
    return criterion_kinds()[share.kind].measure(facts, Asked(share, scheme.scoring, scheme.sheet))


def _composed(scheme: Scheme, measured: Mapping[str, Measured], key: str) -> Measure:
    """All criteria of one candidate in one measure: values by weight, variances by weight squared."""
    parts = [(share.weight / 100, measured[share.name].by_candidate[key]) for share in scheme.shares]
    leading = PATIENTS if PATIENTS in measured else scheme.shares[0].name
    return dataclasses.replace(
        measured[leading].by_candidate[key],
        value=math.fsum(weight * one.value for weight, one in parts),
        variance=math.fsum(weight * weight * one.variance for weight, one in parts),
        enough=all(one.enough for _, one in parts),
    )


def _of_candidate(measured: Mapping[str, Measured], key: str) -> dict[str, Measure]:
    return {name: one.by_candidate[key] for name, one in measured.items()}


def _row(
    league: League,
    member: Member,
    facts: Facts,
    whole: Measure,
    parts: Mapping[str, Measure],
    place: Standing | None,
) -> Row:
    counts = [sum(one.count for one in facts.ratings if one.months_back == 0 and one.score == s) for s in range(1, 6)]
    return Row(
        league=league.key,
        point_id=member.point_id,
        key=member.key,
        name=member.name,
        department=member.department,
        listed=whole.enough,
        missing=parts[PATIENTS].missing if PATIENTS in parts else 0,
        score=round(whole.value, _DIGITS),
        mean=None if whole.mean is None else round(whole.mean, _DIGITS),
        n=round(whole.n, _DIGITS),
        reliability=round(whole.reliability, _DIGITS),
        variance=round(whole.variance, _DIGITS),
        valid=sum(counts),
        earlier=sum(one.count for one in facts.ratings if one.months_back > 0),
        counts=tuple(counts),
        not_counted=dict(sorted(facts.not_counted.items())),
        parts={name: round(one.value, _DIGITS) for name, one in parts.items()},
        waiting=tuple(name for name, one in parts.items() if name != PATIENTS and not one.enough),
        **dataclasses.asdict(place) if place else {},
    )


def _honoured(scheme: Scheme, league: League, result: LeagueResult) -> LeagueResult:
    """The same board with who is honoured, by :mod:`domain.honours`."""
    public = {row.key for row in public_rows(result, scheme.public_top)}
    standing = [
        honours.Standing(row.key, row.department, row.score, _sheet_points(scheme, row), row.key in public)
        for row in result.listed
    ]
    given = honours.given(scheme, league, standing)
    rows = tuple(
        dataclasses.replace(row, won=True, tier=given[row.key]) if row.key in given else row for row in result.rows
    )
    return dataclasses.replace(result, rows=rows)


def _sheet_points(scheme: Scheme, row: Row) -> float:
    return next((row.parts[share.name] for share in scheme.shares if share.kind == "score_sheet"), 0.0)


def _rounded(parameters: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in parameters.items()}


def public_rows(result: LeagueResult, most: int) -> tuple[Row, ...]:
    """What everyone may see: the first ``most`` places and never more than the upper half, so that no one is last.

    Equal scores stay together: where the cut falls among them, those are left out, or all shown when they are the first.
    """
    listed = result.listed
    limit = min(most, math.ceil(len(listed) / 2))
    if limit >= len(listed):
        return listed
    shown = [row for row in listed if row.rank <= limit]
    if len(shown) > limit and shown[-1].rank > 1:
        shown = [row for row in shown if row.rank < shown[-1].rank]
    return tuple(shown)


def row_body(row: Row) -> dict[str, Any]:
    return dataclasses.asdict(row)


def row_from(body: Mapping[str, Any]) -> Row:
    return Row(**{**body, "counts": tuple(body["counts"]), "waiting": tuple(body["waiting"])})


def fingerprint(rules: Mapping[str, Any], result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of the canonical JSON of a closed period: computing it again must give the same."""
    whole = json.dumps(
        [rules, result, list(rows)], ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(whole.encode()).hexdigest()
