"""What there is to open in a web application: its routes, and whatever their pages lead to."""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit

from werkzeug.routing import MapAdapter


class Addresses:
    """Each once, and not more than ``alike`` of a sort: the same view, asked for the same things. More may be put to those
    that wait while they are gone through; what no route answers is left out, and so are the views ``not_walked``.
    """

    def __init__(self, routes: MapAdapter, first: Iterable[str], alike: int, not_walked: Collection[str]) -> None:
        self.waiting = deque(first)
        self._routes, self._alike, self._not_walked = routes, alike, not_walked

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Address and endpoint."""
        known, sorts = set[str](), Counter[tuple[str, tuple[str, ...]]]()
        while self.waiting:
            address = self.waiting.popleft()
            parts = urlsplit(address)
            if address in known or not self._routes.test(parts.path, "GET"):
                continue
            known.add(address)
            endpoint = str(self._routes.match(parts.path, "GET")[0])
            sort = endpoint, tuple(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
            sorts[sort] += 1
            if endpoint not in self._not_walked and sorts[sort] <= self._alike:
                yield address, endpoint
