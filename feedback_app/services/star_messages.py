"""The words that go out when a board is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import leaderboards, tallies
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import boards, groups, thanks
from feedback_app.domain.boards import Row
from feedback_app.domain.criteria._base import Facts
from feedback_app.domain.eligibility import is_head
from feedback_app.services import bindings, explanations, small_months, star_facts
from feedback_app.services.leaderboards import Board
from feedback_app.services.small_months import SmallMonths
from feedback_app.texts import text

KIND = 4  # stars, from which a comment may be passed on as thanks


@dataclass(frozen=True)
class Writer:
    """Everything needed to write to each member of staff about one board, read once."""

    board: Board
    rows: Mapping[int, Row]
    before: Mapping[int, Row]
    facts: Mapping[int, Facts]
    left_out: Mapping[str, str]  # staff key -> reason
    served: Mapping[int, int]
    kind_words: Mapping[int, Sequence[str]]
    names: Sequence[str]
    unreached: Mapping[str, int]  # department -> staff without any channel
    small: SmallMonths

    @classmethod
    def prepare(cls, session: Session, board: Board) -> "Writer":
        return cls(
            board=board,
            rows={row.point_id: row for result in board.results for row in result.rows},
            before=_rows_before(session, board),
            facts=star_facts.facts_by_point(session, board.period, 1),
            left_out={one.key: one.reason for one in board.left_out},
            served=tallies.served_at_windows(session, _months(board)),
            kind_words=_kind_words(session, _months(board)),
            names=session.scalars(select(ServicePoint.name).where(ServicePoint.kind == "staff")).all(),
            unreached={unit.department: unit.count for unit in bindings.unbound(session)},
            small=small_months.of_periods(session, [board.period]),
        )

    def to_member(self, member: ServicePoint, url: str) -> dict[str, Any]:
        """Title, text and address of one person's message: own result, own trend, one thank-you text."""
        row = self.rows.get(member.id)
        lines = self._own(row) if row else self._without_place(member)
        served = self.served.get(member.id, 0)
        if served:
            lines.append(text("stars.push.served", month=self._month, count=served))
        words = thanks.choose(self.kind_words.get(member.id, ()), self.names, own=member.name)
        if words:
            lines.append(text("stars.push.thanks", words=words))
        if is_head(member.duty) and member.department:
            lines.append(self._of_unit(member.department.name))
        if self.board.unverified and row:
            lines.append(text("stars.explain.unverified"))
        return {"title": self._title(), "text": "\n".join(lines), "url": url}

    def _of_unit(self, unit: str) -> str:
        """What a head reads about the own unit: counts and the publicly named, no list of anybody else."""
        public = [
            row for result in self.board.results for row in boards.public_rows(result, self.board.scheme.public_top)
        ]
        told = text("stars.push.head", summary=" ".join(_unit_lines(self.board, unit, public)))
        without = self.unreached.get(unit, 0)
        return f"{told} {text('stars.push.unreached', count=without)}" if without else told

    def _own(self, row: Row) -> list[str]:
        before = self.before.get(row.point_id)
        is_told = explanations.is_told(row) and not self.small.are_behind(row.point_id, self.board.period)
        lines = [explanations.place(self.board, row, is_told=is_told)]
        if row.listed and is_told:
            lines.append(text("stars.push.counted", month=self._month, valid=row.valid, score=f"{row.score:.1f}"))
        trend = explanations.trend(self.board, row, before) if is_told else ""
        return [*lines, trend] if trend else lines

    def _without_place(self, member: ServicePoint) -> list[str]:
        reason = self.left_out.get(member.key, "no_league")
        facts = self.facts.get(member.id, Facts())
        count = sum(one.count for one in facts.ratings)
        return [text(f"stars.push.left_out.{reason}"), text("stars.push.own_count", month=self._month, count=count)]

    def _title(self) -> str:
        return text("stars.push.title", award=self.board.scheme.title["zh"], month=self._month)

    @property
    def _month(self) -> str:
        return explanations.period_name(self.board.period)


def _kind_words(session: Session, months: Sequence[str]) -> dict[int, list[str]]:
    """Of everybody whom at least five people rated in each of these months in which anybody did."""
    found: dict[int, list[str]] = {}
    for comment in tallies.kind_comments(session, months, KIND):
        for who in {comment.point_id, comment.on_duty_id} - {None}:
            found.setdefault(who, []).append(comment.text)  # type: ignore[arg-type]
    few = {who for who, _, n in tallies.raters(session, months) if not groups.is_enough(n)}
    return {who: words for who, words in found.items() if who not in few}


def _months(board: Board) -> list[str]:
    return [str(month) for month in board.period.months]


def _rows_before(session: Session, board: Board) -> dict[int, Row]:
    earlier = board.period.shifted(-1)
    stored = leaderboards.find(session, board.scheme.key, str(earlier)) if earlier else None
    if stored is None:
        return {}
    return {one.service_point_id: boards.row_from(one.body) for one in leaderboards.rows(session, stored)}


def to_department(board: Board, unit: str, public: Sequence[Row], url: str) -> dict[str, Any]:
    """The summary for a department's group: the publicly named and counts; no list of anybody else."""
    month = explanations.period_name(board.period)
    lines = _unit_lines(board, unit, public)
    if board.unverified:
        lines.append(text("stars.explain.unverified"))
    title = text("stars.push.unit_title", award=board.scheme.title["zh"], month=month, unit=unit)
    return {"title": title, "text": "\n".join(lines), "url": url}


def _unit_lines(board: Board, unit: str, public: Sequence[Row]) -> list[str]:
    own = [row for result in board.results for row in result.rows if row.department == unit]
    named = [row.name for row in public if row.department == unit]
    month = explanations.period_name(board.period)
    return [
        text(
            "stars.push.unit",
            unit=unit,
            month=month,
            ratings=sum(row.valid for row in own),
            listed=sum(row.listed for row in own),
            collecting=sum(not row.listed for row in own),
        ),
        text("stars.push.unit_named", names="、".join(named)) if named else text("stars.push.unit_none", month=month),
    ]
