"""Filing a case from a message: complaint, praise, suggestion."""

from bots.language.directory import Point
from bots.turn import Turn
from feedback_app.domain.contact_details import shortened
from feedback_app.services import complaints, own_cases
from feedback_app.services.complaints import Filing
from feedback_app.services.own_cases import Case


def file(turn: Turn, text: str, *, kind: str, point_id: int | None = None, urgent: bool = False) -> Case:
    """The case of this message; the same message again is the same case. Later messages are added to a complaint."""
    case = complaints.file(
        turn.session,
        Filing(
            text=shortened(text)[: complaints.LONGEST_TEXT],
            source="bot",
            origin_key=f"{turn.key}:{kind}",
            kind=kind,
            urgency="urgent" if urgent else "normal",
            point_id=point_id,
            complainant_hash=turn.person,
        ),
        zone=turn.runtime.zone,
        now=turn.now,
    )
    if turn.media:
        own_cases.add(turn.session, case, f"[{turn.inbound.kind}]", turn.now, **turn.media)
    if kind == "complaint":
        turn.wait_for("case", number=case.number)
    return case


def point_by_id(turn: Turn, point_id: object) -> Point | None:
    """The active service point of that id."""
    return next((point for point in turn.directory.points if point.id == point_id), None)
