"""One declaration for each address of the API: it drives who may call, what is checked, what is documented and what is tested."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from feedback_app.services.api_keys import Caller
from feedback_app.services.transaction import Session


@dataclass(frozen=True)
class Call:
    """A request that was let in, checked: ``body`` and ``query`` are of the declared forms."""

    caller: Caller
    path: Mapping[str, str]
    query: Any
    body: Any


@dataclass(frozen=True)
class Answer:
    body: BaseModel
    status: int = 200


Act = Callable[[Session], Answer]
Handler = Callable[[Call], Act]
"""Whatever needs no transaction happens in the handler; what it returns happens inside one, and briefly."""


@dataclass(frozen=True)
class Endpoint:
    """``answers``: status -> form, the good ones; the bad ones are the same everywhere."""

    method: str
    path: str  # as in OpenAPI: /figures/{name}
    scope: str
    name: str  # operationId
    what: str  # one sentence
    handler: Handler
    answers: Mapping[int, type[BaseModel]]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    example: Mapping[str, Any] = field(default_factory=dict)  # query, path and body of a request that works
    more: str = ""
    refuses: tuple[int, ...] = ()  # statuses beside those of every endpoint

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def rule(self) -> str:
        """As Flask writes it."""
        return self.path.replace("{", "<").replace("}", ">")


ENDPOINTS: list[Endpoint] = []


def endpoint(method: str, path: str, scope: str, what: str, **more: Any) -> Callable[[Handler], Handler]:
    """Declare the decorated handler as the one behind an address."""

    def declare(handler: Handler) -> Handler:
        ENDPOINTS.append(Endpoint(method, path, scope, handler.__name__, what, handler, **more))
        return handler

    return declare
