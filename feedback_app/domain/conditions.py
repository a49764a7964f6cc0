"""When a question is shown: a tiny language over earlier answers, parsed here and never evaluated as anything else.

    q7 == 窗口挂号        wait >= 30 and not (kind in (a, "b c"))        overall <= 2 or overall >= 4

Words without quotes may contain blanks. ``==`` on a question with several choices means "among those chosen".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from feedback_app.domain.questions._base import Operand
from feedback_app.errors import Refused

LONGEST = 4000
DEEPEST = 20
_TOKEN = re.compile(
    r"\s*(?:(?P<op>==|!=|>=|<=|&&|\|\||[=<>≥≤≠!(),\[\]])|(?P<quoted>\"[^\"]*\"|'[^']*')|(?P<word>[^\s=<>≥≤≠!(),\[\]&|\"']+))"
)
_SAME = {"=": "==", "≥": ">=", "≤": "<=", "≠": "!=", "[": "(", "]": ")", "&&": "and", "||": "or", "!": "not"}
_COMPARING = {"==", "!=", ">=", "<=", "<", ">"}
_JOINING = {"and", "or", "not", "in"}


@dataclass(frozen=True)
class Compare:
    """``op`` is ==, !=, >=, <=, <, > with one value, or ``in`` with any number of them."""

    key: str
    op: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Not:
    inner: "Condition"


@dataclass(frozen=True)
class Both:
    """``op`` is ``and`` or ``or``."""

    op: str
    left: "Condition"
    right: "Condition"


Condition = Compare | Not | Both


def parse(text: str) -> Condition:
    """Raises Refused ``questions.bad_condition`` with ``at``: what could not be read."""
    if len(text) > LONGEST:
        raise Refused("questions.bad_condition", at=text[:20])
    return _Reader(_tokens(text)).whole()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Refused("questions.bad_condition", at=text[at : at + 20])
        kind = str(match.lastgroup)
        value = _SAME.get(match[kind], match[kind]) if kind == "op" else match[kind]
        kind = "op" if value.lower() in _JOINING and kind != "quoted" else kind
        found.append((kind, value.lower() if kind == "op" else value[1:-1] if kind == "quoted" else value))
        at = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    def whole(self) -> Condition:
        made = self.joined("or")
        if self.at < len(self.tokens):
            self.stop()
        return made

    def joined(self, op: str) -> Condition:
        inner: Callable[[], Condition] = (lambda: self.joined("and")) if op == "or" else self.single
        made = inner()
        while self.took(op):
            made = Both(op, made, inner())
        return made

    def single(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            self.stop()
        made: Condition
        if self.took("not"):
            made = Not(self.single())
        elif self.took("("):
            made = self.joined("or")
            self.must(")")
        else:
            made = self.compare()
        self.depth -= 1
        return made

    def compare(self) -> Compare:
        key = self.value()
        op = self.tokens[self.at][1] if self.at < len(self.tokens) and self.tokens[self.at][0] == "op" else ""
        if op in _COMPARING:
            self.at += 1
            return Compare(key, op, (self.value(),))
        self.must("in")
        self.must("(")
        values = [self.value()]
        while self.took(","):
            values.append(self.value())
        self.must(")")
        return Compare(key, "in", tuple(values))

    def value(self) -> str:
        """One quoted text, or all plain words up to the next sign."""
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "quoted":
            self.at += 1
            return self.tokens[self.at - 1][1]
        start = self.at
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "word":
            self.at += 1
        if start == self.at:
            self.stop()
        return " ".join(value for _, value in self.tokens[start : self.at])

    def took(self, op: str) -> bool:
        found = self.at < len(self.tokens) and self.tokens[self.at] == ("op", op)
        self.at += found
        return found

    def must(self, op: str) -> None:
        if not self.took(op):
            self.stop()

    def stop(self) -> None:
        raise Refused("questions.bad_condition", at=" ".join(value for _, value in self.tokens[self.at :][:3]) or "…")


def written(condition: Condition) -> str:
    """The inverse of :func:`parse`."""
    match condition:
        case Compare(key, "in", values):
            return f"{key} in ({', '.join(map(_quoted, values))})"
        case Compare(key, op, (value,)):
            return f"{key} {op} {_quoted(value)}"
        case Not(inner):
            return f"not ({written(inner)})"
        case Both(op, left, right):
            return f"{_bracketed(left, op)} {op} {_bracketed(right, op, right=True)}"
    raise TypeError(condition)


def _bracketed(inner: Condition, op: str, *, right: bool = False) -> str:
    needs = isinstance(inner, Both) and (inner.op != op or right)
    return f"({written(inner)})" if needs else written(inner)


def _quoted(value: str) -> str:
    plain = re.fullmatch(r"[^\s=<>≥≤≠!(),\[\]&|\"']+", value) and value.lower() not in _JOINING
    return value if plain else f"'{value}'" if '"' in value else f'"{value}"'


def compares(condition: Condition) -> list[Compare]:
    """Every comparison inside, from left to right."""
    match condition:
        case Not(inner):
            return compares(inner)
        case Both(_, left, right):
            return compares(left) + compares(right)
    return [condition]


def changed(condition: Condition, change: Callable[[Compare], Compare]) -> Condition:
    """The same condition with every comparison replaced."""
    match condition:
        case Not(inner):
            return Not(changed(inner, change))
        case Both(op, left, right):
            return Both(op, changed(left, change), changed(right, change))
    return change(condition)


def holds(condition: Condition, look_up: Callable[[str], Operand | None]) -> bool:
    """Whether it is so. ``look_up`` gives an answer by question key, None without one: then no comparison holds but !=."""
    match condition:
        case Not(inner):
            return not holds(inner, look_up)
        case Both("and", left, right):
            return holds(left, look_up) and holds(right, look_up)
        case Both(_, left, right):
            return holds(left, look_up) or holds(right, look_up)
    return _compare(condition, look_up(condition.key))


def _compare(one: Compare, found: Operand | None) -> bool:
    if one.op == "!=":
        return found is None or not _equal(found, one.values[0])
    if found is None:
        return False
    if one.op in {"==", "in"}:
        return any(_equal(found, value) for value in one.values)
    wanted = as_number(one.values[0])
    if wanted is None or found.number is None:
        return False
    difference = found.number - wanted
    return {">=": difference >= 0, "<=": difference <= 0, ">": difference > 0, "<": difference < 0}[one.op]


def _equal(found: Operand, value: str) -> bool:
    return value in found.words or (found.number is not None and as_number(value) == found.number)


def as_number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text, re.ASCII) else None
