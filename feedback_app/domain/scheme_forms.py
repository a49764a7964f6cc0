"""What the editor's form says about a scheme, put into its body. Pure; checks are those of ``domain.award_checks``.

Only what the form shows is taken; everything else of the body stays. A field that is no number is kept as typed, so that the
person sees it again with the fault beside it.
"""

from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]

TEXTS = ("title", "about", "theme", "slogan")
PLAIN = ("period", "starts", "ends", "verification", "basis")
NUMBERS = ("minimum", "public_top", "assess_days")
TICKS = ("second_person", "honours_unverified", "hold_low_unverified")
LEAGUE_TICKS = ("heads", "licence", "no_complaint", "no_incident", "starred_windows_only")
LEAGUE_NUMBERS = ("tenure_months", "winners", "most_per_unit")


def typed(body: Mapping[str, Any], form: Mapping[str, str]) -> Body:
    """The body with what was typed."""
    made: Body = {**body}
    for name in TEXTS:
        words = {language: form.get(f"{name}.{language}", "").strip() for language in ("zh", "en")}
        made[name] = words if any(words.values()) or name in ("title", "about") else {}
    made.update({name: form.get(name, "").strip() for name in PLAIN})
    made.update({name: number(form.get(name, "")) for name in NUMBERS})
    made.update({name: name in form for name in TICKS})
    made["reliability"] = _per_cent(form.get("reliability", ""))
    hours = form.get("publish_after_hours", "").strip()
    made["publish_after_hours"] = number(hours) if hours else None
    made["shares"] = [
        {**share, "weight": number(form.get(f"share.{place}.weight", ""))}
        for place, share in enumerate(body.get("shares", []))
    ]
    made["leagues"] = [
        _league(league, form, f"league.{place}.") for place, league in enumerate(body.get("leagues", []))
    ]
    made["tiers"] = [
        {**tier, "least": decimal(form.get(f"tier.{place}.least", ""))}
        for place, tier in enumerate(body.get("tiers", []))
    ]
    return made


def _league(league: Mapping[str, Any], form: Mapping[str, str], at: str) -> Body:
    return {
        **league,
        **{name: f"{at}{name}" in form for name in LEAGUE_TICKS},
        **{name: number(form.get(at + name, "")) for name in LEAGUE_NUMBERS},
    }


def number(text: str) -> int | str:
    """A whole number, or what was typed."""
    told = text.strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) < 7 else told


def decimal(text: str) -> float | str:
    told = text.strip()
    whole, _, part = told.partition(".")
    is_number = whole.isdigit() and (part.isdigit() or not part) and told.isascii() and len(told) < 10
    return float(told) if is_number else told


def _per_cent(text: str) -> float | str:
    found = decimal(text.strip().rstrip("%"))
    return round(found / 100, 4) if isinstance(found, float) else found
