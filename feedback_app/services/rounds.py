"""Selections (一次评选): planned from a preset, changed until they start, then frozen; and what stands where."""

import dataclasses
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import rounds
from feedback_app.db.directory import ServicePoint
from feedback_app.db.rounds import Round
from feedback_app.domain import phases, round_rules
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.cycles import Period
from feedback_app.domain.phases import Phase
from feedback_app.domain.round_rules import RoundRules
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, evidence
from feedback_app.services.vault import Vault

__all__ = ["Opened", "Preset", "Round", "RoundRules"]

PRESETS = Path(__file__).parent.parent / "presets" / "rounds"
_KEY = re.compile(r"^[a-z0-9][a-z0-9-]{2,39}\Z")


@dataclass(frozen=True)
class Preset:
    """How one of the plans runs a selection: rules without dates, and how many days each phase has."""

    key: str
    title: Mapping[str, str]
    about: Mapping[str, str]
    lengths: tuple[tuple[str, int], ...]
    fields: Mapping[str, Any]

    @property
    def days(self) -> int:
        return sum(days for _, days in self.lengths)


@dataclass(frozen=True)
class Opened:
    """A selection with its rules and where it stands now."""

    round: Round
    rules: RoundRules
    phase: Phase | None  # running now
    following: Phase | None

    @property
    def state(self) -> str:
        """draft | waiting | running | between | deciding | published | cancelled."""
        if self.round.cancelled_at:
            return "cancelled"
        if self.round.published_at:
            return "published"
        if self.round.started_at is None:
            return "draft"
        if self.phase:
            return "running"
        if self.following is None:
            return "deciding"
        return "waiting" if self.following == self.rules.phases[0] else "between"

    @property
    def is_public(self) -> bool:
        return self.round.started_at is not None and self.round.cancelled_at is None


@cache
def presets() -> Mapping[str, Preset]:
    """Those that come with the program, by key."""
    found = {}
    for file in sorted(PRESETS.glob("*.toml")):
        body = tomllib.loads(file.read_text("utf-8"))
        preset = Preset(
            key=body.pop("key"),
            title=body.pop("title"),
            about=body.pop("about"),
            lengths=tuple((kind, days) for kind, days in body.pop("phases")),
            fields=body,
        )
        found[preset.key] = preset
    return found


def proposal(preset_key: str, first: date, *, language: str = "zh") -> RoundRules:
    """The rules of a preset with dates from ``first`` on. Raises NotFound ``rounds.no_preset``."""
    preset = presets().get(preset_key)
    if preset is None:
        raise NotFound("rounds.no_preset")
    title = f"{first.year} {preset.title.get(language) or preset.title['zh']}"
    dated = [_as_body(one) for one in phases.proposed(preset.lengths, first)]
    return round_rules.parse({"title": title, **preset.fields, "phases": dated})


def proposal_of(scheme: Scheme, period: Period) -> RoundRules:
    """The rules of a selection that leads an award through one of its periods: its phases, places, experts' shares and board.

    Raises Refused ``rounds.no_phases`` for an award without phases.
    """
    league = scheme.leagues[0]
    experts = [share for share in scheme.shares if share.kind == "expert_score"]
    whole = sum(share.weight for share in experts)
    winners = max(1, sum(one.winners for one in scheme.leagues))
    dated = [Phase(one.kind, *one.days(period)) for one in scheme.phases]
    return round_rules.check(
        RoundRules(
            title=f"{period.first.year} {scheme.title['zh']}",
            phases=phases.checked(dated),
            theme=scheme.theme.get("zh", ""),
            slogan=scheme.slogan.get("zh", ""),
            basis=scheme.basis,
            award=scheme.key,
            period=str(period),
            nominees=league.kind,
            categories=tuple(dict.fromkeys(category for one in scheme.leagues for category in one.categories)),
            heads=league.heads,
            proposers=scheme.nomination.by or ("patient", "colleague", "self"),
            finalists=max(scheme.nomination.places or 20, winners),
            winners=winners,
            per_department=league.most_per_unit,
            items=tuple(
                round_rules.Item(one.title.get("zh", one.name), max(1, round(100 * one.weight / whole)), one.name)
                for one in experts
            ),
            second_person=scheme.second_person,
        )
    )


def _as_body(phase: Phase) -> dict[str, str]:
    return {"kind": phase.kind, "first": phase.first.isoformat(), "last": phase.last.isoformat()}


def plan(session: Session, key: str, rules: RoundRules, *, by: str, now: datetime) -> Round:
    """A new draft. Raises Refused ``rounds.bad_key``, Conflict ``rounds.key_taken``, and what the rules' check raises."""
    if not _KEY.match(key):
        raise Refused("rounds.bad_key")
    if rounds.find(session, key) is not None:
        raise Conflict("rounds.key_taken", key=key)
    round_rules.check(rules)
    made = Round(key=key, title=rules.title, body=round_rules.to_body(rules), made_by=by, made_at=now, result={})
    session.add(made)
    session.flush()
    audit.write(session, actor=by, action="round.planned", subject=key, now=now)
    return made


def change(session: Session, key: str, rules: RoundRules, *, by: str, now: datetime) -> Round:
    """Other rules for a draft. Raises Conflict ``rounds.frozen`` once it has started."""
    found = find(session, key)
    if found.started_at is not None:
        raise Conflict("rounds.frozen")
    round_rules.check(rules)
    found.title, found.body = rules.title, round_rules.to_body(rules)
    audit.write(session, actor=by, action="round.changed", subject=key, now=now)
    return found


def start(session: Session, vault: Vault, key: str, *, by: str, now: datetime, zone: ZoneInfo) -> Round:
    """Freeze the rules; from now on the clock leads. Twice changes nothing.

    Raises Refused ``rounds.first_day_over`` when the first phase should have begun before today, Conflict
    ``rounds.cancelled``.
    """
    found = find(session, key)
    if found.cancelled_at is not None:
        raise Conflict("rounds.cancelled")
    if found.started_at is not None:
        return found
    rules = round_rules.parse(found.body)
    today = now.astimezone(zone).date()
    if rules.phases[0].first < today:
        raise Refused("rounds.first_day_over", day=rules.phases[0].first.isoformat())
    found.started_at, found.started_by = now, by
    found.rules_hash = round_rules.fingerprint(rules)
    found.key_sealed = vault.seal(secrets.token_hex(32))
    evidence.write(
        session, "rules", subject(key), shown={"round": key, "rules": found.rules_hash}, hidden=found.body, now=now
    )
    audit.write(session, actor=by, action="round.started", subject=key, now=now, hash=found.rules_hash)
    session.flush()
    return found


def cancel(session: Session, key: str, *, why: str, by: str, now: datetime) -> Round:
    """Call it off, with a reason everyone may read. Raises Conflict ``rounds.over`` for a published one, Refused ``rounds.no_reason``."""
    found = find(session, key)
    if found.published_at is not None:
        raise Conflict("rounds.over")
    if not why.strip():
        raise Refused("rounds.no_reason")
    if found.cancelled_at is None:
        found.cancelled_at, found.cancelled_why, found.key_sealed = now, why.strip()[:200], ""
        audit.write(session, actor=by, action="round.cancelled", subject=key, now=now, why=found.cancelled_why)
    return found


def postpone(
    session: Session, key: str, kind: str, first: date, last: date, *, by: str, now: datetime, zone: ZoneInfo
) -> Round:
    """Other days for a phase of a running selection that has not begun, or a later end for the one that runs.

    Raises Conflict ``rounds.phase_begun`` for anything else that would change what has happened, and what
    ``phases.checked`` raises.
    """
    found = find(session, key)
    rules = round_rules.parse(found.body)
    old = phases.of_kind(rules.phases, kind)
    today = now.astimezone(zone).date()
    if old is None:
        raise Conflict("rounds.not_planned", phase=kind)
    moved = Phase(kind, first, last)
    state = old.state(now, zone)
    later_end = state == "running" and moved.first == old.first and moved.last >= today
    if not later_end and (state != "coming" or first <= today):
        raise Conflict("rounds.phase_begun", phase=kind)
    changed = [moved if one.kind == kind else one for one in rules.phases]
    found.body = {**found.body, "phases": [_as_body(one) for one in phases.checked(changed)]}
    details = {"phase": kind, "was": [old.first.isoformat(), old.last.isoformat()]}
    audit.write(
        session,
        actor=by,
        action="round.postponed",
        subject=key,
        now=now,
        **details,
        now_days=[first.isoformat(), last.isoformat()],
    )
    return found


def find(session: Session, key: str) -> Round:
    """Raises NotFound ``rounds.unknown``."""
    found = rounds.find(session, key)
    if found is None:
        raise NotFound("rounds.unknown")
    return found


def opened(session: Session, key: str, *, now: datetime, zone: ZoneInfo, public: bool = False) -> Opened:
    """Raises NotFound ``rounds.unknown``; with ``public`` also for drafts and cancelled ones."""
    view = view_of(find(session, key), now=now, zone=zone)
    if public and not view.is_public:
        raise NotFound("rounds.unknown")
    return view


def view_of(found: Round, *, now: datetime, zone: ZoneInfo) -> Opened:
    rules = round_rules.parse(found.body)
    return Opened(found, rules, phases.current(rules.phases, now, zone), phases.following(rules.phases, now, zone))


def listed(session: Session, *, now: datetime, zone: ZoneInfo, public: bool = False) -> list[Opened]:
    """All selections, the newest first; ``public``: those everyone may see."""
    views = [view_of(one, now=now, zone=zone) for one in rounds.listed(session)]
    return [one for one in views if one.is_public or not public]


def in_phase(session: Session, kind: str, *, now: datetime, zone: ZoneInfo) -> list[Opened]:
    """Selections in which a phase of this kind runs now, the oldest first."""
    views = [view_of(one, now=now, zone=zone) for one in rounds.open_rounds(session)]
    return [one for one in views if one.phase is not None and one.phase.kind == kind]


def require(session: Session, key: str, action: str, *, now: datetime, zone: ZoneInfo) -> Opened:
    """The selection, when ``action`` may be done in it now.

    Raises NotFound ``rounds.unknown``, Conflict ``rounds.not_started``, ``rounds.cancelled`` and what
    ``phases.require`` raises.
    """
    view = opened(session, key, now=now, zone=zone)
    if view.round.cancelled_at is not None:
        raise Conflict("rounds.cancelled")
    if view.round.started_at is None:
        raise Conflict("rounds.not_started")
    phases.require(view.rules.phases, action, now, zone)
    return view


def key_of(vault: Vault, found: Round) -> bytes | None:
    """The selection's own key; None once its votes are counted: from then on marks say nothing to anybody."""
    return bytes.fromhex(vault.unseal(found.key_sealed)) if found.key_sealed else None


def subject(key: str) -> str:
    """How evidence entries name a selection."""
    return f"round:{key}"


def suggested_key(session: Session, preset: str, first: date) -> str:
    """A key nobody uses yet: ``2026-five-star-doctor``."""
    plain = re.sub(r"^\d{4}-|-\d+$", "", preset.replace("_", "-"))
    stem = f"{first.year}-{plain}"[:36]
    names = (stem, *(f"{stem}-{number}" for number in range(2, 99)))
    return next(name for name in names if rounds.find(session, name) is None)


def set_owner(session: Session, key: str, staff_id: int | None, *, by: str, now: datetime) -> None:
    """Who is reminded of its phases. Raises Refused ``rounds.no_owner`` for nobody of the active staff."""
    found = find(session, key)
    person = session.get(ServicePoint, staff_id) if staff_id is not None else None
    if staff_id is not None and (person is None or person.kind != "staff" or not person.active):
        raise Refused("rounds.no_owner")
    found.owner_id = staff_id
    audit.write(session, actor=by, action="round.owner", subject=key, now=now, who=person.key if person else "")


def copied(session: Session, key: str, first: date) -> RoundRules:
    """The rules of an earlier selection, its days moved so that the first phase begins on ``first``."""
    rules = round_rules.parse(find(session, key).body)
    shift = first - rules.phases[0].first
    moved = [Phase(one.kind, one.first + shift, one.last + shift) for one in rules.phases]
    return dataclasses.replace(rules, phases=phases.checked(moved))
