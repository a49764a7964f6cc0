"""Faults planted on purpose, each of a kind that has happened elsewhere: a bench that does not see them sees nothing.

Run as ``python -m bench.group.leaks NAME --config FOLDER serve …`` in place of ``service-star``.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from bots.clients import wecom
from feedback_app.cli import main as program
from feedback_app.db.engine import Database
from feedback_app.services import api_keys
from feedback_app.web import page_cache


def pages() -> None:
    """Kept pages of all hospitals of a process in one place, under the path without the host."""
    shared: dict[Any, Any] = {}
    keep = page_cache.PageCache.__init__

    def kept_together(self: page_cache.PageCache, *given: Any, **named: Any) -> None:
        keep(self, *given, **named)
        self._pages = shared

    page_cache.PageCache.__init__ = kept_together  # type: ignore[method-assign]
    Database.shown_state = lambda self: 0  # type: ignore[method-assign]


def keys() -> None:
    """API keys remembered by the process as they are recognised, without whose they are."""
    known: dict[str, Any] = {}
    recognise = api_keys.recognise

    def remembered(session: Any, vault: Any, header: str, now: Any) -> Any:
        known[header] = known.get(header) or recognise(session, vault, header, now)
        return known[header]

    api_keys.recognise = remembered


def pushes() -> None:
    """One client of Enterprise WeChat for a process, made by whoever sends first."""
    first: list[Any] = []
    make = wecom.Wecom.__init__

    def shared(self: wecom.Wecom, runtime: Any) -> None:
        first.append(runtime)
        make(self, first[0])

    wecom.Wecom.__init__ = shared  # type: ignore[method-assign]


LEAKS: Mapping[str, Callable[[], None]] = {"pages": pages, "keys": keys, "pushes": pushes}


def main() -> None:
    LEAKS[sys.argv.pop(1)]()
    program.main()


if __name__ == "__main__":
    main()
