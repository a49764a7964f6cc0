"""Visits from HL7 v2 ADT messages, for systems that speak nothing else.

A03 (discharged) and A04 (registered) tell of a visit, A08 puts one right; A01 (admitted) is taken note of and stored nowhere, for
such a visit has not ended. Source: HL7 v2.5.1, chapter 3 (ADT) and chapter 2 (acknowledgement: AA taken, AE content refused,
AR not understood).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import hl7

from feedback_app import texts
from feedback_app.services import visit_feed
from feedback_app.services.checked import Problem
from feedback_app.services.runtime import Runtime
from feedback_app.services.visit_feed import Surroundings

TAKEN, REFUSED, UNREADABLE = "AA", "AE", "AR"
NOTED, TELLING = frozenset({"A01"}), frozenset({"A03", "A04", "A08"})
_CLASSES = {"I": "inpatient", "E": "emergency", "O": "outpatient", "": "outpatient"}
_EXPIRED = frozenset({*(str(number) for number in range(20, 30)), "40", "41", "42"})  # HL7 table 0112
_CHARACTER_SETS = {"GB 18030-2000": "gb18030", "GB18030": "gb18030", "GBK": "gb18030", "GB2312": "gb18030"}


@dataclass(frozen=True)
class Reply:
    """``text`` is the whole acknowledgement; empty when there is no header to answer to."""

    code: str
    text: str = ""


def receive(runtime: Runtime, message: bytes) -> Reply:
    """Read one message, store its visit, and say what became of it. Never raises for what others send."""
    try:
        read: Any = hl7.parse(_decoded(message).replace("\r\n", "\r").replace("\n", "\r").strip("\r") + "\r")
        if _field(read, "MSH", 9, 1) != "ADT":
            return _reply(read, UNREADABLE, "api.unreadable", {})
    except (hl7.HL7Exception, LookupError, ValueError, AttributeError, TypeError):
        return Reply(UNREADABLE)
    event = _field(read, "MSH", 9, 2) or _field(read, "EVN", 1)
    if event in NOTED:
        return _reply(read, TAKEN)
    if event not in TELLING:
        return _reply(read, UNREADABLE, "visits.other_event", {"event": event[:8]})
    problem = _store(runtime, read, event)
    return _reply(read, REFUSED, problem.code, problem.params) if problem else _reply(read, TAKEN)


def _store(runtime: Runtime, read: Any, event: str) -> Problem | None:
    with runtime.reading() as session:
        around = visit_feed.surroundings(session)
    raw = _visit(read, event, around, runtime.now())
    if raw is None:
        return None  # put right, but not over yet: it will be told when it is
    ready = visit_feed.prepare(
        around, runtime.vault, [raw], told_by="hl7", zone=runtime.zone, now=runtime.now()
    )  # fmt: skip
    if ready.problems:
        return ready.problems[0]
    with runtime.transaction() as session:
        visit_feed.store(session, ready.rows, contact_days=runtime.settings.visits.contact_days)
    return None


def _visit(read: Any, event: str, around: Surroundings, now: datetime) -> dict[str, Any] | None:
    """The message as the API would have had it; None while the patient is still here."""
    kind = _CLASSES.get(_field(read, "PV1", 2), "outpatient")
    ended = _field(read, "PV1", 45)
    if kind == "inpatient" and not ended and event != "A03":
        return None
    told = {
        "reference": _field(read, "PV1", 19, 1),
        "kind": kind,
        "point": _point(read, around),
        "ended_at": _moment(ended or _field(read, "PV1", 44) or _field(read, "EVN", 2) or _field(read, "MSH", 7)),
        "patient": _field(read, "PID", 3, 1),
        "phone": _field(read, "PID", 13, 1).replace("(", "").replace(")", ""),
        "outcome": "loss" if _field(read, "PV1", 36, 1) in _EXPIRED else "",
        "diagnosis_group": (_field(read, "DG1", 3, 2) or _field(read, "DG1", 4))[:40],
    }
    age = _age(_field(read, "PID", 7), now)
    return told if age is None else {**told, "age": age}


def _point(read: Any, around: Surroundings) -> dict[str, str]:
    """Who attended; where that number is unknown, the department."""
    doctor, unit = _field(read, "PV1", 7, 1), _field(read, "PV1", 3, 1)
    by_unit = not doctor or (("staff", doctor) not in around.points and ("department", unit) in around.points)
    return {"kind": "department", "key": unit} if by_unit else {"kind": "staff", "key": doctor}


def _moment(told: str) -> str:
    """``20261120101500+0800`` -> ISO; what is no moment stays as it is, and is refused in words."""
    digits, sign, offset = told[:14], told[-5:-4], told[-4:]
    try:
        moment = datetime.strptime(digits.split(".")[0].ljust(14, "0")[:14], "%Y%m%d%H%M%S").isoformat()  # noqa: DTZ007
    except ValueError:
        return told
    with_offset = sign in {"+", "-"} and offset.isdigit() and len(told) > 14
    return f"{moment}{sign}{offset[:2]}:{offset[2:]}" if with_offset else moment


def _age(born: str, now: datetime) -> int | None:
    try:
        return max((now.date() - datetime.strptime(born[:8], "%Y%m%d").date()).days * 4 // 1461, 0)  # noqa: DTZ007
    except ValueError:
        return None


def _field(read: Any, segment: str, field: int, component: int = 1) -> str:
    """One component of the first repetition, "" when it is not there."""
    try:
        found = read.segment(segment)[field]
        first = found[0] if len(found) and not isinstance(found[0], str) else found
        parts = [str(one) for one in first] if not isinstance(first, str) else [first]
        return parts[component - 1].strip()
    except (LookupError, TypeError):
        return ""


def _decoded(message: bytes) -> str:
    """By MSH-18 where it says so, else UTF-8, else GB 18030. Raises ValueError."""
    head = message.split(b"\r", 1)[0].split(b"|")
    told = head[17].decode("ascii", "replace").strip() if len(head) > 17 else ""
    if told in _CHARACTER_SETS:
        return message.decode(_CHARACTER_SETS[told])
    try:
        return message.decode("utf-8")
    except UnicodeDecodeError:
        return message.decode("gb18030")


def _reply(read: Any, code: str, why: str = "", params: Mapping[str, object] | None = None) -> Reply:
    words = texts.error(why, "en", params or {}) if why else ""
    clean = "".join(" " if sign in "|^~\\&\r\n" else sign for sign in words)[:200]
    sender = [_field(read, "MSH", place) for place in (5, 6, 3, 4)]
    control, version = _field(read, "MSH", 10), _field(read, "MSH", 12) or "2.5.1"
    event = _field(read, "MSH", 9, 2)
    header = "|".join(("MSH", "^~\\&", *sender, "", "", f"ACK^{event}", control, "P", version))
    return Reply(code, f"{header}\rMSA|{code}|{control}|{clean}\r")
