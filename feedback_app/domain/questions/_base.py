"""What a question is, and what a question type must be able to do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Option:
    value: str
    text: Mapping[str, str]  # language -> words


@dataclass(frozen=True)
class Question:
    key: str
    kind: str
    text: Mapping[str, str]
    hint: Mapping[str, str] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    longest: int = 500  # characters, for free text


class QuestionType(ABC):
    """One kind of question. A kind is one file in this package that defines ``TYPE``, and one template of that name."""

    @abstractmethod
    def check(self, question: Question) -> None:
        """Raise Refused when the question could not be asked as it stands."""

    @abstractmethod
    def read(self, question: Question, sent: Sequence[str]) -> Any:
        """The answer as it will be stored (JSON), None when there is none. Raises Refused."""
