"""The hospital's codes as the phone's scanner lists them; given by whoever starts the sandbox."""

from collections.abc import Callable, Sequence
from typing import TypedDict


class ShownCode(TypedDict):
    """One line of ``service-star codes list``, as far as the phone needs it."""

    code: str
    url: str
    kind: str  # staff | window | logistics | department
    name: str


Codes = Callable[[], Sequence[ShownCode]]


def no_codes() -> Sequence[ShownCode]:
    return ()
