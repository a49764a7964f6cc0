"""Files shared with other products of the workshop: read only, never copied here."""

import os
from pathlib import Path

import pytest

_REPO = Path(__file__).resolve().parent.parent
_PLACES = (_REPO.parent / "shared" / "data", _REPO.parent.parent / "shared" / "data")


def path(name: str) -> Path:
    """``SERVICE_STAR_SAMPLES/name``, or in the folder ``shared/data`` beside the checkout. Skips without it, except in CI."""
    told = os.environ.get("SERVICE_STAR_SAMPLES")
    for folder in (Path(told),) if told else _PLACES:
        if (folder / name).exists():
            return folder / name
    if os.environ.get("CI"):
        pytest.fail(f"the sample {name} is missing: set SERVICE_STAR_SAMPLES")
    pytest.skip(f"the sample {name} is not on this machine")
