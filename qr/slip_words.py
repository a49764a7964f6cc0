"""What stands on a paper slip; nothing here draws."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """One question on paper: ``boxes`` to tick (for every one of ``rows`` where there are some) or ``lines`` to write on."""

    text: str
    note: str = ""
    boxes: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    lines: int = 0
    unit: str = ""
    heading: bool = False


@dataclass(frozen=True)
class Slip:
    number: str
    hospital: str
    name: str
    place: str
    promise: str
    questions: tuple[Asked, ...]
