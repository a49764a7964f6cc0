"""What reviewers read about a candidate: figures and reasons, never a name. Names in the reasons are blacked out."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import leaderboards
from feedback_app.db import rounds as tables
from feedback_app.db.directory import ServicePoint
from feedback_app.db.rounds import Candidate
from feedback_app.services.rounds import Opened
from feedback_app.texts import text

BLACK = "▇▇"
MOST_REASONS = 8


def lines(session: Session, opened: Opened, shown: Sequence[Candidate], language: str) -> dict[int, list[str]]:
    """Candidate -> its lines: proposals, reasons without names, figures of the board where the selection uses one."""
    proposals = [one for one in tables.nominations(session, opened.round.id) if not one.set_aside_why]
    hide = _blackener(session)
    figures = _figures(session, opened)
    return {one.id: _of(one, proposals, hide, figures, language) for one in shown}


def _of(
    one: Candidate, proposals: Sequence[tables.Nomination], hide: re.Pattern[str], figures: dict[int, dict[str, float]],
    language: str,
) -> list[str]:  # fmt: skip
    own = [proposal for proposal in proposals if proposal.service_point_id == one.service_point_id]
    kinds = {
        kind: sum(proposal.proposer == kind for proposal in own) for kind in ("patient", "colleague", "self", "unit")
    }
    told = [text("rounds.dossier.proposals", language, **kinds)]
    if one.service_point_id in figures:
        told.append(text("rounds.dossier.patients", language, **figures[one.service_point_id]))
    reasons = sorted({hide.sub(BLACK, proposal.reason) for proposal in own if proposal.reason})
    return [*told, *(text("rounds.dossier.reason", language, reason=reason) for reason in reasons[:MOST_REASONS])]


def _blackener(session: Session) -> re.Pattern[str]:
    """Names of staff and departments, and staff numbers, the longest first."""
    query = select(ServicePoint.name, ServicePoint.key, ServicePoint.kind).where(
        ServicePoint.kind.in_(("staff", "department", "window", "logistics"))
    )
    names = set()
    for name, key, kind in session.execute(query):
        names.add(name)
        if kind == "staff":
            names.add(key)
            if len(name) > 1:
                names.update({f"{name[0]}医生", f"{name[0]}大夫", f"{name[0]}主任", f"{name[0]}护士"})
    longest_first = sorted((re.escape(one) for one in names if len(one) > 1), key=len, reverse=True)
    return re.compile("|".join(longest_first) or r"(?!)", re.IGNORECASE)


def _figures(session: Session, opened: Opened) -> dict[int, dict[str, float]]:
    rules = opened.rules
    board = leaderboards.find(session, rules.award, rules.period) if rules.award else None
    if board is None:
        return {}
    return {
        row.service_point_id: {"valid": row.body["valid"], "score": round(row.body["score"], 1)}
        for row in leaderboards.rows(session, board)
    }
