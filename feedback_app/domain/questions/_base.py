"""What a question is, and what a question type must be able to do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Form = Mapping[str, Sequence[str]]
"""What was sent: field name -> the values under it."""


@dataclass(frozen=True)
class Option:
    """``score`` stands in the question's own ``score_range``; None is "no score": it never enters a denominator."""

    value: str
    text: Mapping[str, str]  # language -> words
    score: float | None = None
    other: bool = False  # may be explained in a field of its own


@dataclass(frozen=True)
class Question:
    """One question of a set. Which fields matter depends on the kind; the others keep their defaults."""

    key: str
    kind: str
    text: Mapping[str, str]
    hint: Mapping[str, str] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    longest: int = 500  # characters, for free text
    rows: tuple[Option, ...] = ()  # of a matrix
    unit: Mapping[str, str] = field(default_factory=dict)  # of a number
    least: float | None = None
    most: float | None = None
    low: Mapping[str, str] = field(default_factory=dict)  # words at the ends of a numeric scale
    high: Mapping[str, str] = field(default_factory=dict)
    score_range: tuple[float, float] = (0, 100)  # raw scores of worst and best
    unscored: bool = False
    show_if: str = ""
    dimension: str = ""
    group: str = ""  # of which some are drawn
    shown_as: str = ""  # of the five levels: "stars" instead of faces
    required: bool = False  # wished for by the author; nothing is ever required in order to be counted
    source: Mapping[str, Any] = field(default_factory=dict)  # what an imported file said beyond this


@dataclass(frozen=True)
class Operand:
    """An answer as conditions see it: the words it may be called by, and its number."""

    words: frozenset[str] = frozenset()
    number: float | None = None


class QuestionType(ABC):
    """One kind of question. A kind is one file in this package that defines ``TYPE``, and one template of that name."""

    asks = True  # False: shown, never answered

    @abstractmethod
    def check(self, question: Question) -> None:
        """Raise Refused when the question could not be asked as it stands."""

    @abstractmethod
    def read(self, question: Question, sent: Sequence[str]) -> Any:
        """The answer as it will be stored (JSON), None when there is none. Raises Refused."""

    def read_form(self, question: Question, form: Form) -> dict[str, Any]:
        """Everything this question stores, by key; the answer itself under the question's key. Raises Refused."""
        value = self.read(question, tuple(form.get(question.key, ())))
        return {} if value is None else {question.key: value}

    def score(self, question: Question, value: Any) -> float | None:
        """0 (worst) to 100 (best); None when this answer has no score."""
        return None

    def said(self, question: Question, value: Any, language: str) -> str:
        """The answer in words."""
        return str(value)

    def operand(self, question: Question, value: Any) -> Operand:
        return Operand(frozenset({str(value)}))

    def possible(self, question: Question) -> Sequence[Any] | None:
        """Every answer there can be, None when there are too many to list."""
        return None

    def fresh(self) -> dict[str, Any]:
        """What a new, empty question of this kind begins with, beside key, kind and text."""
        return {}


def words_of(text: Mapping[str, str], language: str) -> str:
    return text.get(language) or text.get("zh", "")


def scaled(question: Question, raw: float) -> float:
    """A raw score as 0..100."""
    worst, best = question.score_range
    return (raw - worst) / (best - worst) * 100
