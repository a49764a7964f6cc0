"""Who has been heard of too little: everybody is to be assessed at least once in a campaign (P13, S23). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from feedback_app.domain.boards import LeagueResult, Row


@dataclass(frozen=True)
class UnitCoverage:
    """One department: how many take part, who has nothing yet, who has something but not enough."""

    unit: str
    people: int
    unseen: tuple[Row, ...]
    few: tuple[Row, ...]

    @property
    def seen(self) -> int:
        return self.people - len(self.unseen)


def is_unseen(row: Row, hears_patients: bool) -> bool:
    """Nothing was said of this candidate in the period: no valid rating or, where patients are not asked, nothing given."""
    return row.valid == 0 if hears_patients else not row.listed and bool(row.waiting)


def by_unit(result: LeagueResult, hears_patients: bool) -> list[UnitCoverage]:
    """Every department of the group: those with the most people unseen first, then by name."""
    units: dict[str, list[Row]] = {}
    for row in result.rows:
        units.setdefault(row.department, []).append(row)
    found = [_unit(unit, rows, hears_patients) for unit, rows in units.items()]
    return sorted(found, key=lambda one: (-len(one.unseen), one.unit))


def _unit(unit: str, rows: Sequence[Row], hears_patients: bool) -> UnitCoverage:
    unseen = tuple(sorted((row for row in rows if is_unseen(row, hears_patients)), key=lambda row: row.key))
    few = sorted((row for row in rows if row not in unseen and not row.listed), key=lambda row: (-row.missing, row.key))
    return UnitCoverage(unit, len(rows), unseen, tuple(few))
