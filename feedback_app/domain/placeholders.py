"""Prepared answers with named places to be filled in. Names out of one list and nothing else: no expressions, no attributes. Pure."""

import re
from collections.abc import Mapping

NAMES = ("编号", "对象", "科室", "期限", "今天", "医院", "投诉电话", "经办人")
"""What may stand between braces: number, about, department, due date, today, hospital, complaint phone, who answers."""

_PLACE = re.compile(r"[{｛]\s*([^{}｛｝]{0,20}?)\s*[}｝]")


def unknown(text: str) -> list[str]:
    """Names in braces that mean nothing."""
    return [name for name in _PLACE.findall(text) if name not in NAMES]


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with each known name replaced by its value; what is not known stays as it stands."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)
