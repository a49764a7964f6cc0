"""Numbers in free text by which a person could be reached or known: found, and shortened for reading (R10)."""

import re

_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(0\d{2,3})[- ]?(\d{4})(\d{3,4})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?!\d)")
_CARD = re.compile(r"(?<!\d)(\d{4})[ -]?\d{4}[ -]?\d{4}[ -]?\d{0,3}(\d{4})(?!\d)")  # 16 to 19 digits
_WIDE = {0xFF10 + digit: str(digit) for digit in range(10)}
_WIDE_NUMBER = re.compile("[０-９]{7}")
_MAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+\b", re.ASCII)
_WECHAT = re.compile(r"(?:微信|wechat|vx|QQ)号?(?:是|:|：)? ?([A-Za-z][\w-]{5,19}|\d{6,11})", re.ASCII | re.IGNORECASE)


def addresses(text: str) -> tuple[str, ...]:
    """Phone numbers, mail addresses and chat names in ``text``, in order."""
    bare = _IDENTITY.sub("", text)
    found = [(one.start(), one[0]) for pattern in (_PHONE, _LANDLINE, _MAIL) for one in pattern.finditer(bare)]
    found += [(one.start(1), one[1]) for one in _WECHAT.finditer(bare)]
    return tuple(dict.fromkeys(written for _, written in sorted(found)))


def shortened(text: str) -> str:
    """``text`` with phone, identity and card numbers cut in their middle and mail addresses cut before the @."""
    cut = text.translate(_WIDE) if _holds_wide_number(text) else text
    cut = _IDENTITY.sub(r"\1********\2", cut)
    cut = _CARD.sub(r"\1********\2", cut)
    cut = _PHONE.sub(r"\1****\3", cut)
    cut = _LANDLINE.sub(r"\1-****\3", cut)
    return _MAIL.sub(lambda found: f"{found[0][0]}***{found[0][found[0].index('@') :]}", cut)


def _holds_wide_number(text: str) -> bool:
    """Full-width digits are made narrow only where they make a number: what people count stays as they wrote it."""
    return _WIDE_NUMBER.search(text) is not None
