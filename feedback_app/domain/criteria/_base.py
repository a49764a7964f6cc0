"""What a criterion is: one measure, 0 to 100, of everyone in a league."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from feedback_app.domain.scoring import ScoringRules, Tally


@dataclass(frozen=True)
class Facts:
    """What is known of one candidate. A new kind of evidence is a new field with an empty default."""

    ratings: tuple[Tally, ...] = ()
    not_counted: Mapping[str, int] = field(default_factory=dict)  # reason -> ratings of this period


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

    @abstractmethod
    def measure(self, league: Mapping[str, Facts], rules: ScoringRules) -> Measured:
        """Measure everyone; ``league`` maps a unique key to facts. Must not depend on their order."""
