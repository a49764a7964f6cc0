"""When and how somebody may be asked afterwards how a visit was. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from feedback_app.errors import Refused

WECHAT, SMS, SLIP = "wechat", "sms", "slip"
CHANNELS = (WECHAT, SMS, SLIP)
ONCE_IN = timedelta(days=30)
"""Nobody is invited more often than this, whatever the rules say."""
LATEST = timedelta(days=3)
"""After an outage: what should have gone out longer ago is not sent any more."""
LONGEST_HOURS, LONGEST_REMINDER = 14 * 24, 14


@dataclass(frozen=True)
class Rule:
    id: int
    kinds: Sequence[str]
    department_id: int | None
    after_hours: int
    silent_from: str
    silent_until: str
    channels: Sequence[str]
    remind_days: int = 0

    def fits(self, kind: str, department_id: int | None) -> bool:
        return (not self.kinds or kind in self.kinds) and self.department_id in {None, department_id}


def rule_for(rules: Iterable[Rule], kind: str, department_id: int | None) -> Rule | None:
    """The rule for this visit: one for its department before one for all, an older before a newer."""
    fitting = [one for one in rules if one.fits(kind, department_id)]
    return min(fitting, key=lambda one: (one.department_id is None, one.id), default=None)


def channels_open(rule: Rule, *, has_openid: bool, has_phone: bool) -> list[str]:
    """The ways of this rule that can be gone, best first."""
    can = {WECHAT: has_openid, SMS: has_phone, SLIP: True}
    return [one for one in rule.channels if can[one]]


def goes_out(at: datetime, zone: ZoneInfo, silent_from: str, silent_until: str) -> datetime:
    """``at``, or the end of the quiet hours it falls into (UTC). The same time twice: no quiet hours."""
    begins, ends = time.fromisoformat(silent_from), time.fromisoformat(silent_until)
    local = at.astimezone(zone)
    now = local.time().replace(tzinfo=None)
    across_midnight = begins > ends
    silent = (now >= begins or now < ends) if across_midnight else begins <= now < ends
    if not silent:
        return at
    day = local.date() + timedelta(days=1 if across_midnight and now >= begins else 0)
    return datetime.combine(day, ends, zone).astimezone(at.tzinfo)


def check(
    *, kinds: Collection[str], known: Collection[str], after_hours: int, silent: tuple[str, str], channels: Sequence[str], remind_days: int
) -> None:  # fmt: skip
    """Raises Refused ``visit_invitations.bad_kinds``, ``.bad_hours``, ``.bad_silence``, ``.bad_channels``, ``.bad_reminder``."""
    if not set(kinds) <= set(known):
        raise Refused("visit_invitations.bad_kinds")
    if not 0 <= after_hours <= LONGEST_HOURS:
        raise Refused("visit_invitations.bad_hours", most=LONGEST_HOURS)
    if not channels or not set(channels) <= set(CHANNELS) or len(set(channels)) != len(channels):
        raise Refused("visit_invitations.bad_channels")
    if not 0 <= remind_days <= LONGEST_REMINDER:
        raise Refused("visit_invitations.bad_reminder", most=LONGEST_REMINDER)
    for one in silent:
        try:
            time.fromisoformat(one)
        except ValueError:
            raise Refused("visit_invitations.bad_silence") from None
        if len(one) != 5:
            raise Refused("visit_invitations.bad_silence")


OPT_OUT = frozenset({"td", "t", "退订", "退定", "拒收", "不要再发", "stop", "unsubscribe"})


def is_opt_out(text: str) -> bool:
    """Whether a reply is the one word that ends invitations."""
    return "".join(sign for sign in text.lower() if sign.isalnum()) in OPT_OUT
