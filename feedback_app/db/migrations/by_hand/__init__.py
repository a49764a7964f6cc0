"""What a migration does to rows, written by people: files ``after_<revision>_<topic>.py`` with ``upgrade(connection)``."""

from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection


def run(connection: Connection, revision: str) -> None:
    for file in sorted(Path(__file__).parent.glob(f"after_{revision}_*.py")):
        import_module(f"{__name__}.{file.stem}").upgrade(connection)
