"""What in a patient's words tells who wrote them: names, phones, identity and bed numbers. Found and masked, never guessed back. Pure.

Held to in doubt: a word too many under a mask costs the office one look, a name too few can cost the patient much more.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from feedback_app.domain.names_in_text import names
from feedback_app.domain.numbers_in_text import digits_of, runs

NAME, PHONE, IDENTITY, BED, NUMBER, ADDRESS = "name", "phone", "identity", "bed", "number", "address"
KINDS = (NAME, PHONE, IDENTITY, BED, NUMBER, ADDRESS)
LABELS = {NAME: "姓名", PHONE: "电话", IDENTITY: "证件号", BED: "床号", NUMBER: "号码", ADDRESS: "联系方式"}
OPEN, CLOSE = "〔", "〕"
"""Around the label that stands where something was masked."""

_WEIGHT = {kind: place for place, kind in enumerate((IDENTITY, PHONE, ADDRESS, NUMBER, BED, NAME))}
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_DAY = r"(?:19|20)[0-9]{2}\s?[-/.－．]\s?(?:0?[1-9]|1[0-2])\s?[-/.－．]\s?(?:[12][0-9]|3[01]|0?[1-9])"
_HOUR = r"(?:[01]?[0-9]|2[0-4])[:：][0-5][0-9](?:[:：][0-5][0-9])?"
_WHEN = re.compile(rf"(?:{_DAY}|{_HOUR})(?:[\s,，、~～至到—–-]*(?:{_DAY}|{_HOUR}))*")
_SHORTEST_PHONE, _SHORTEST_IDENTITY = 7, 15
_DIGIT = r"[0-9０-９零〇一二三四五六七八九十百两壹贰叁肆伍陆柒捌玖]"
_BED = re.compile(
    rf"(?:[A-Za-z]?{_DIGIT}{{1,4}}\s?[-－—]\s?)?[+＋加]?{_DIGIT}{{1,4}}\s?[号號]?\s?病?床(?![被单铺位])(?:位(?!紧|不|太|少|多|满))?"
    rf"|床[位号號]*\s?[:：是为]?\s?[A-Za-z]?[+＋加]?{_DIGIT}{{1,4}}(?!\s?[个张小分天点元次])"
    rf"|{_DIGIT}{{2,4}}\s?[号號]?\s?(?:病房|病室|房间|房(?![颤间子租价产]))"
)
_CARD = re.compile(
    r"(?:住院|门诊|病历|病案|就诊|诊疗|登记|档案|挂号|检查|流水|医保|社保|银行|一卡通|身份证|证件|护照|微信|手机|电话|联系|QQ|ID)"
    r"(?:卡|证|单)?(?:号码|号|尾号|后[四六4６6]位)?\s?[:：是为]?\s?(?P<number>[A-Za-z0-9０-９一二三四五六七八九零〇][A-Za-z0-9０-９一二三四五六七八九零〇\-_]{3,})",
    re.IGNORECASE,
)
_CHAT = re.compile(
    r"(?:微信|威信|薇信|卫星|[vV][xX信❤]|[wW][xX]|[qQ]{2}|加[vVqQ]|加我)\s?(?:号|号码)?\s?[:：是为]?\s?(?P<number>[A-Za-z0-9][A-Za-z0-9_\-]{4,})"
)
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]+\s?[@＠]\s?[A-Za-z0-9\-]+(?:\s?[.．]\s?[A-Za-z0-9\-]+)+")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z]\s?[·•]?\s?[A-HJ-NP-Z0-9]{5,6}"
)


@dataclass(frozen=True, order=True)
class Span:
    """``text[start:end]`` may tell who somebody is."""

    start: int
    end: int
    kind: str


def find(text: str, is_spared: Callable[[str], bool] = lambda name: False) -> list[Span]:
    """What to mask, in order, none touching another. ``is_spared``: names that may stand, for example of staff."""
    return _merged(_all(text, is_spared))


def mask(text: str, spans: Iterable[Span]) -> str:
    """The text with a label in the place of each span."""
    parts: list[str] = []
    at = 0
    for span in spans:
        parts += [text[at : span.start], label(span.kind)]
        at = span.end
    return "".join((*parts, text[at:]))


def label(kind: str) -> str:
    return f"{OPEN}{LABELS[kind]}{CLOSE}"


def screened(text: str, spared: Collection[str] = ()) -> str:
    """``text`` as others may read it; ``spared`` names stay."""
    return mask(text, find(text, lambda name: name in spared)) if text else text


def candidates(text: str) -> set[str]:
    """What stands in the text where names stand: to be asked whether it is somebody of the staff."""
    return {text[start:end] for start, end in names(text)}


def labels_in(text: str) -> list[str]:
    """Kinds that were masked in a screened text, in order."""
    by_label = {label(kind): kind for kind in KINDS}
    pattern = "|".join(re.escape(one) for one in by_label)
    return [by_label[found] for found in re.findall(pattern, text)]


def _all(text: str, is_spared: Callable[[str], bool]) -> Iterator[Span]:
    yield from _numbers(text)
    for pattern, kind in ((_MAIL, ADDRESS), (_PLATE, NUMBER), (_BED, BED)):
        yield from (Span(*found.span(), kind) for found in pattern.finditer(text))
    for found in _CARD.finditer(text):
        if any(digits_of(sign) for sign in found["number"]):
            yield Span(*found.span("number"), NUMBER)
    yield from (Span(*found.span("number"), ADDRESS) for found in _CHAT.finditer(text))
    for start, end in names(text):
        if not is_spared(text[start:end]):
            yield Span(start, end, NAME)


def _numbers(text: str) -> Iterator[Span]:
    for run in runs(text):
        length = len(run.digits)
        if length < _SHORTEST_PHONE:
            continue
        start, end = run.span(0, length)
        if _WHEN.fullmatch(text[start:end].strip()) and not _MOBILE.fullmatch(run.digits):
            continue
        yield Span(start, end, IDENTITY if length >= _SHORTEST_IDENTITY else PHONE)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Overlapping ones become one, of the weightier kind."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            last = merged.pop()
            kind = min(last.kind, span.kind, key=_WEIGHT.__getitem__)
            span = Span(last.start, max(last.end, span.end), kind)
        merged.append(span)
    return merged
