"""The only importer of OpenCC; its tables are loaded when the first traditional text arrives."""

from functools import cache

import opencc


@cache
def _converter() -> "opencc.OpenCC":
    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """``text`` with traditional characters written simplified; other signs stay."""
    return (
        str(_converter().convert(text)).replace("𠮶", "嗰")
        if any("\u3400" <= sign <= "\u9fff" for sign in text)
        else text
    )
