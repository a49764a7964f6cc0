"""Values of template fields (类目模板): the type is the field's name without its number. Violations are errcode 47003.

Source: community reports of the platform's limits; the test accounts of the platform do not enforce them, we do.
"""

import re

_RULES = {
    "thing": r"[^\n]{1,20}",
    "const": r"[^\n]{1,20}",
    "number": r"-?\d{1,32}(\.\d{1,32})?",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[\x21-\x7e][\x20-\x7e]{0,31}",
    "time": r"(\d{4}[年/-]\d{1,2}[月/-]\d{1,2}日?)?[ ]?\d{1,2}[:点]\d{2}.*|\d{4}[年/-]\d{1,2}[月/-]\d{1,2}日?",
    "date": r"\d{4}[年/-]\d{1,2}[月/-]\d{1,2}日?([ ]\d{1,2}:\d{2}(:\d{2})?)?",
    "amount": r"[^\d]?\d{1,10}(\.\d{1,2})?元?",
    "phone_number": r"[\d+ -]{1,17}",
    "car_number": r"[^\s]{1,8}",
    "name": r"[\u4e00-\u9fff·]{1,10}|[A-Za-z .]{1,20}",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
}


def fits(name: str, value: str) -> bool:
    """Whether ``value`` may stand in field ``name`` (``thing4``). A name of no known type takes up to 20 characters."""
    kind = name.rstrip("0123456789")
    return re.fullmatch(_RULES.get(kind, r"[^\n]{1,20}"), value) is not None
