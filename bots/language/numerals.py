"""Numbers as people write them: 5, 4.5, 五, 十二, 两, one."""

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0, "俩": 2}
_DIGITS |= {sign: value for value, sign in enumerate("壹贰叁肆伍陆柒捌玖", start=1)}
_ENGLISH = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
NUMBER = (
    r"(?:\d{1,4}(?:\.\d)?|[零〇一二两三四五六七八九十百壹贰叁肆伍陆柒捌玖]{1,4}|zero|one|two|three|four|five|six|ten)"
)
"""A pattern for what :func:`value` reads."""


def value(written: str) -> float | None:
    """The number, or None for what is none."""
    if written in _ENGLISH:
        return float(_ENGLISH[written])
    try:
        return float(written)
    except ValueError:
        return _chinese(written)


def _chinese(written: str) -> float | None:
    total, waiting = 0, 0
    for sign in written:
        if sign in _DIGITS:
            waiting = waiting * 10 + _DIGITS[sign]
        elif sign in "十百":
            total += (waiting or 1) * (10 if sign == "十" else 100)
            waiting = 0
        else:
            return None
    return float(total + waiting) if written else None
