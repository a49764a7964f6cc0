"""Where a line of mixed Chinese and Latin text may be broken."""

from collections.abc import Iterator


def unbroken(text: str) -> Iterator[str]:
    """The pieces that stay together: Latin words whole, everything else sign by sign; joined they are ``text``."""
    word = ""
    for sign in text:
        if sign.isascii() and not sign.isspace():
            word += sign
            continue
        if word:
            yield word
        word = ""
        yield sign
    if word:
        yield word
