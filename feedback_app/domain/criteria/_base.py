"""What a criterion is: one measure, 0 to 100, of everyone in a league."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from feedback_app.domain.award_parts import Share, SheetItem
from feedback_app.domain.scoring import ScoringRules, Tally


@dataclass(frozen=True, order=True)
class Mark:
    """What one person gave one candidate under one share of a scheme: points 0..100. ``by`` is a pseudonym."""

    by: str
    points: float


@dataclass(frozen=True, order=True)
class Taken:
    """Points taken off one item of a candidate's score sheet, so often."""

    item: str
    reason: str
    points: float


@dataclass(frozen=True)
class Facts:
    """What is known of one candidate. A new kind of evidence is a new field with an empty default."""

    ratings: tuple[Tally, ...] = ()
    not_counted: Mapping[str, int] = field(default_factory=dict)  # reason -> ratings of this period
    marks: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)  # name of the share -> what people gave
    figures: Mapping[str, float] = field(default_factory=dict)  # name of an imported figure -> its value
    taken: tuple[Taken, ...] | None = None  # deductions on the score sheet; None: not inspected in this period
    praise: int = 0  # deeds praised in this period, each once whatever the channels
    complaints: int = 0  # justified complaints of this period
    visits: int = 0  # patients served in this period, as far as known; at least the valid ratings


@dataclass(frozen=True)
class Asked:
    """What a scheme asks of one of its shares."""

    share: Share
    rules: ScoringRules
    sheet: tuple[SheetItem, ...] = ()

    def option(self, name: str, otherwise: Any) -> Any:
        return self.share.options.get(name, otherwise)


@dataclass(frozen=True)
class Measure:
    """One candidate by one criterion. ``variance`` 0: an exact figure; ``missing``: about so many more are needed."""

    value: float  # 0..100
    variance: float = 0.0
    enough: bool = True
    missing: int = 0
    mean: float | None = None  # before it was drawn towards the league
    n: float = 0.0  # effective number of observations
    reliability: float = 1.0


@dataclass(frozen=True)
class Measured:
    """A league by one criterion; ``parameters`` are frozen and published with the result."""

    by_candidate: Mapping[str, Measure]
    parameters: Mapping[str, float]


class Criterion(ABC):
    """One kind of evidence. A kind is one file in this package that defines ``CRITERION``."""

    options: Mapping[str, type | tuple[type, ...]] = {}
    """What a scheme may choose, by name, with the type of its value."""
    of_patients = False
    """Whether it tells what patients experienced; everything else is what colleagues, experts and registers say."""

    @abstractmethod
    def measure(self, league: Mapping[str, Facts], asked: Asked) -> Measured:
        """Measure everyone; ``league`` maps a unique key to facts. Must not depend on their order."""

    def accepts(self, options: Mapping[str, Any]) -> bool:
        """Whether a scheme may choose these."""
        return all(
            name in self.options and isinstance(value, self.options[name]) and not isinstance(value, bool)
            for name, value in options.items()
        )
