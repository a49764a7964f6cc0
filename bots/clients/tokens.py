"""The keeper of one access token, for all threads and processes that share the database."""

import secrets
import time
from collections.abc import Callable

from bots.clients.reactions import UNREACHED, PlatformError
from feedback_app.clock import system_clock
from feedback_app.services import platform_tokens
from feedback_app.services.platform_tokens import AccessToken
from feedback_app.services.runtime import Runtime

PATIENCE = 12.0  # seconds to wait for somebody else's fetch
_LOOK_EVERY = 0.05
Fetch = Callable[[], tuple[str, int]]


class TokenKeeper:
    """Fetches when there is no fresh token, one at a time (a lease in the database); everybody else waits for it.

    The lease and the rest after a fetch are kept by the system's clock, never by the shared clock file: the platform counts
    real seconds, and a clock moved ahead would end the rest at once and hand a lease to a second process during a fetch.
    """

    def __init__(self, runtime: Runtime, name: str, fetch: Fetch) -> None:
        """``fetch`` asks the platform: token and the seconds it lives. Raises PlatformError."""
        self._runtime = runtime
        self._name = name
        self._fetch = fetch

    def token(self, *, rejected: str = "") -> str:
        """A token that is not ``rejected``, unless the platform itself insists on that one.

        Reads the shared one first: another process may have renewed it already. Raises PlatformError.
        """
        owner, until = secrets.token_hex(8), time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = self._shared()
            if found and found.value != rejected and found.is_fresh(self._runtime.now()):
                return found.value
            with self._runtime.transaction() as session:
                mine = platform_tokens.claim(session, self._name, owner, system_clock())
            if mine:
                return self._renew(owner, rejected)
            time.sleep(_LOOK_EVERY)
        raise PlatformError(UNREACHED)

    def _shared(self) -> AccessToken | None:
        with self._runtime.reading() as session:
            return platform_tokens.stored(session, self._runtime.vault, self._name)

    def _renew(self, owner: str, rejected: str) -> str:
        try:
            found = self._shared()  # the one before us may have finished between our look and our claim
            if found and found.value != rejected and found.is_fresh(self._runtime.now()):
                return found.value
            value, seconds = self._fetch()
            with self._runtime.transaction() as session:
                now = self._runtime.now()
                platform_tokens.keep(session, self._runtime.vault, self._name, value, expires_in=seconds, now=now)
            return value
        finally:
            with self._runtime.transaction() as session:
                platform_tokens.release(session, self._name, owner, system_clock())
