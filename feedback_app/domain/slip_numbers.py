"""Numbers on paper slips: six digits and a check digit (Damm), so that one wrong digit or two swapped ones are noticed."""

from feedback_app.errors import Refused

DIGITS = 6
MOST = 10**DIGITS - 1
_TABLE = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


def written(number: int) -> str:
    """``123-456-7``. Raises ValueError outside 1..999,999."""
    if not 1 <= number <= MOST:
        raise ValueError(f"{number} does not fit on a slip")
    digits = f"{number:0{DIGITS}d}"
    return f"{digits[:3]}-{digits[3:]}-{_check(digits)}"


def read(typed: str) -> int:
    """The running number from what was typed. Raises Refused ``paper.misread``."""
    digits = "".join(sign for sign in typed if sign.isdecimal() and sign.isascii())
    clean = all(sign.isascii() and (sign.isdecimal() or sign in " -–.") for sign in typed.strip().replace("–", "-"))
    if not clean or len(digits) != DIGITS + 1 or _check(digits) != 0 or int(digits[:-1]) == 0:
        raise Refused("paper.misread")
    return int(digits[:-1])


def _check(digits: str) -> int:
    state = 0
    for digit in digits:
        state = int(_TABLE[state][int(digit)])
    return state
