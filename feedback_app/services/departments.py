"""Which department a row means: by code, then by name, then by another name it goes by."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.domain.directory_cells import key as as_key
from feedback_app.domain.directory_rows import PointRow
from feedback_app.errors import Refused


class Departments:
    """The departments of the directory together with those the same file brings; answers with keys."""

    def __init__(self, points: Iterable[ServicePoint], rows: Sequence[PointRow], create: bool) -> None:
        self.ids: dict[str, int] = {}
        self.to_create: dict[str, str] = {}  # key -> name
        self._create = create
        self._keys: dict[int, str] = {}
        self._all_keys: set[str] = set()
        self._by_name: dict[str, set[str]] = defaultdict(set)
        self._by_alias: dict[str, set[str]] = defaultdict(set)
        self._provisional: dict[str, ServicePoint] = {}
        listed = {row.key for row in rows}
        for point in points:
            if point.kind == "department":
                self._learn(point.key, point.name, point.aliases)
                self.ids[point.key] = point.id
                self._keys[point.id] = point.key
                if point.key == as_key(point.name) and point.key not in listed:
                    self._provisional[point.name] = point
        for row in rows:
            self._adopt(row)
            self._learn(row.key, row.values["name"], row.values.get("aliases", ()))

    def _adopt(self, row: PointRow) -> None:
        """A department made from its mere name gets its code now: the old key no longer means anything."""
        point = self._provisional.get(row.values["name"])
        if point is not None and row.key not in self.ids:
            self._keys[point.id] = row.key
            self._by_name[point.name].discard(point.key)
            self._all_keys.discard(point.key)

    def _learn(self, key: str, name: str, aliases: Iterable[str]) -> None:
        self._all_keys.add(key)
        self._by_name[name].add(key)
        for alias in aliases:
            self._by_alias[alias].add(key)

    def provisional(self, row: PointRow) -> ServicePoint | None:
        """The department that was made from this row's name before its code was known; once, for the first such row."""
        return self._provisional.pop(row.values["name"], None)

    def key_of(self, point_id: int | None) -> str:
        return self._keys.get(point_id, "") if point_id is not None else ""

    def resolve(self, row: PointRow) -> str:
        """The key of the row's department; empty when the row names none.

        Raises Refused ``directory.department_unknown`` or ``.department_ambiguous``, with ``column`` and ``value``.
        """
        if row.kind == "department" or not (row.dept_code or row.department):
            return ""
        known = self._known_key(row.dept_code) or self._known_key(as_key(row.department))
        if known:
            return known
        found = self._by_name.get(row.department) or self._by_alias.get(row.department) or set()
        if len(found) > 1:
            raise Refused("directory.department_ambiguous", column="department", value=row.department)
        return next(iter(found), "") or self._made_for(row)

    def _known_key(self, key: str) -> str:
        return key if key in self._all_keys else ""

    def _made_for(self, row: PointRow) -> str:
        column = "department" if row.department else "dept_code"
        if not self._create or not row.department:
            raise Refused("directory.department_unknown", column=column, value=row.department or row.dept_code)
        key = row.dept_code or as_key(row.department)[:64]
        self.to_create[key] = row.department
        self._learn(key, row.department, ())
        return key

    def created(self) -> tuple[str, ...]:
        """Names of the departments that only exist because rows mention them."""
        return tuple(self.to_create.values())

    def remember_ids(self, session: Session) -> None:
        query = select(ServicePoint.key, ServicePoint.id).where(ServicePoint.kind == "department")
        self.ids = {row.key: row.id for row in session.execute(query)}
