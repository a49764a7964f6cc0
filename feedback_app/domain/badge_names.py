"""How staff are named where their full name is not to be shown: 张医生 工号 D01."""

from feedback_app.domain.names_in_text import DOUBLE_SURNAMES

_CALLED = {"医师": "医生", "护理": "护士"}
"""Category of staff -> what patients call them; everybody else is 老师."""


def badge_name(name: str, category: str, number: str) -> str:
    """Surname, what they are called, staff number. A name in other letters gives its first word."""
    name = name.strip()
    family = name[:2] if name[:2] in DOUBLE_SURNAMES and len(name) > 2 else name[:1]
    called = _CALLED.get(category, "老师")
    if name and name[0].isascii():
        family, called = name.split()[0], f" {called}"
    return f"{family}{called} 工号 {number}"
