"""Case numbers however they were typed: T-2611-0417, t26110417, Ｔ２６１１ ０４１７, 26110417."""

import re

_TYPED = re.compile(r"(?<![a-z\d])(?:([tbjz]) ?[-_—–.·/#:]? ?)?(\d{2}) ?(0[1-9]|1[0-2]) ?[-_—–.·/]? ?(\d{4,6})(?!\d)")


def found(text: str) -> tuple[str, ...]:
    """The numbers in ``text`` (normalised: half-width, lower case) in the form they were given out, in order."""
    made = [f"{(one[1] or 't').upper()}-{one[2]}{one[3]}-{one[4]}" for one in _TYPED.finditer(text)]
    return tuple(dict.fromkeys(made))
