"""From facts to a board: criteria put together, places given, everything a row needs to explain itself kept with it."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from feedback_app.domain.awards import League, Scheme, criterion_kinds
from feedback_app.domain.criteria._base import Facts, Measure, Measured
from feedback_app.domain.eligibility import Member
from feedback_app.domain.standing import Estimate, Standing, standings

_DIGITS = 6


@dataclass(frozen=True)
class Row:
    """One candidate on one board. ``rank`` and what follows are 0 while ratings are still being collected."""

    league: str
    point_id: int
    key: str
    name: str
    department: str
    listed: bool
    missing: int  # about so many more ratings until listed
    score: float
    mean: float | None
    n: float  # effective number of ratings over the months
    reliability: float
    variance: float
    valid: int  # valid ratings of this period
    earlier: int  # valid ratings of the two months before
    counts: tuple[int, ...]  # valid ratings of this period with 1, 2, 3, 4, 5 stars
    not_counted: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)  # criterion -> its value
    rank: int = 0
    low: int = 0
    high: int = 0
    band_first: int = 0
    band_last: int = 0
    top_decile: float = 0.0

    @property
    def shares_place(self) -> bool:
        return self.band_last > self.band_first


@dataclass(frozen=True)
class LeagueResult:
    """One board: its rows, those listed first and in order, then those still collecting by key."""

    key: str
    parameters: Mapping[str, Mapping[str, float]]  # criterion -> what was estimated
    rows: tuple[Row, ...]

    @property
    def listed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.listed)

    @property
    def mu(self) -> float:
        return float(self.parameters.get("patient_ratings", {}).get("mu", 0.0))

    @property
    def k(self) -> float:
        return float(self.parameters.get("patient_ratings", {}).get("k", 0.0))


def settle(scheme: Scheme, league: League, period: str, candidates: Sequence[tuple[Member, Facts]]) -> LeagueResult:
    """The board of one league. The order of ``candidates`` does not matter."""
    facts = {member.key: known for member, known in candidates}
    measured = {share.kind: criterion_kinds()[share.kind].measure(facts, scheme.scoring) for share in scheme.shares}
    whole = {key: _composed(scheme, measured, key) for key in facts}
    ranked = {key: Estimate(one.value, one.variance) for key, one in whole.items() if one.enough}
    places = standings(ranked, seed=f"{scheme.key}:{period}:{league.key}")
    rows = [
        _row(league, member, known, whole[member.key], _parts(measured, member.key), places.get(member.key))
        for member, known in candidates
    ]
    rows.sort(key=lambda row: (not row.listed, row.rank, -row.score, row.key))
    return LeagueResult(league.key, {kind: _rounded(one.parameters) for kind, one in measured.items()}, tuple(rows))


def _composed(scheme: Scheme, measured: Mapping[str, Measured], key: str) -> Measure:
    """All criteria of one candidate in one measure: values by weight, variances by weight squared."""
    parts = [(share.weight / 100, measured[share.kind].by_candidate[key]) for share in scheme.shares]
    first = measured[scheme.shares[0].kind].by_candidate[key]
    return dataclasses.replace(
        first,
        value=math.fsum(weight * one.value for weight, one in parts),
        variance=math.fsum(weight**2 * one.variance for weight, one in parts),
        enough=all(one.enough for _, one in parts),
        missing=max(one.missing for _, one in parts),
    )


def _parts(measured: Mapping[str, Measured], key: str) -> dict[str, float]:
    return {kind: round(one.by_candidate[key].value, _DIGITS) for kind, one in measured.items()}


def _row(
    league: League, member: Member, facts: Facts, whole: Measure, parts: Mapping[str, float], place: Standing | None
) -> Row:
    counts = [sum(one.count for one in facts.ratings if one.months_back == 0 and one.score == s) for s in range(1, 6)]
    return Row(
        league=league.key,
        point_id=member.point_id,
        key=member.key,
        name=member.name,
        department=member.department,
        listed=whole.enough,
        missing=whole.missing,
        score=round(whole.value, _DIGITS),
        mean=None if whole.mean is None else round(whole.mean, _DIGITS),
        n=round(whole.n, _DIGITS),
        reliability=round(whole.reliability, _DIGITS),
        variance=round(whole.variance, _DIGITS),
        valid=sum(counts),
        earlier=sum(one.count for one in facts.ratings if one.months_back > 0),
        counts=tuple(counts),
        not_counted=dict(sorted(facts.not_counted.items())),
        parts=parts,
        **dataclasses.asdict(place) if place else {},
    )


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
    return Row(**{**body, "counts": tuple(body["counts"])})


def fingerprint(rules: Mapping[str, Any], result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of the canonical JSON of a closed period: computing it again must give the same."""
    whole = json.dumps(
        [rules, result, list(rows)], ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(whole.encode()).hexdigest()
