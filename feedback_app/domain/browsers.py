"""Which browser a sign-in came from, as its owner would say it."""

_PROGRAMS = (
    ("wxwork", "WeCom"),
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("QQBrowser", "QQ Browser"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
UNKNOWN = "?"


def name_of(user_agent: str) -> str:
    """``Chrome · Windows``; ``?`` for a part that nobody can tell. First match counts: most pretend to be others as well."""
    parts = (next((name for sign, name in known if sign in user_agent), UNKNOWN) for known in (_PROGRAMS, _SYSTEMS))
    return " · ".join(parts)
