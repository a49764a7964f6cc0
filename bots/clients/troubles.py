"""Remembering what an administrator has to put right, without writing for every call."""

import threading
import time

from bots.clients.reactions import PlatformError
from feedback_app.services import platform_problems
from feedback_app.services.runtime import Runtime

TOKEN_CALL = "token"  # noqa: S105 - the name under which a refused token call is kept, whichever its address
LOOK_EVERY = 30.0  # seconds; another process may have noted what our success solves
NOTE_EVERY = 10.0


class Troubles:
    """Of one account; one for each process. May be shared by threads."""

    def __init__(self, runtime: Runtime, account: str) -> None:
        self._runtime = runtime
        self._account = account
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._looked_at = -LOOK_EVERY
        self._noted_at: dict[str, tuple[int, float]] = {}

    def note(self, error: PlatformError, path: str) -> None:
        """Keep it; the same again within NOTE_EVERY is one."""
        number, now = error.errcode or 0, time.monotonic()
        with self._lock:
            before = self._noted_at.get(path)
            if before and before[0] == number and now - before[1] < NOTE_EVERY:
                return
            self._noted_at[path] = (number, now)
            self._known |= {path}
        with self._runtime.transaction() as session:
            platform_problems.note(
                session,
                self._account,
                path,
                number=number,
                reaction=error.reaction,
                address=error.address,
                now=self._runtime.now(),
            )

    def over(self, path: str, *, with_token: bool = True) -> None:
        """This call succeeded, and (``with_token``) so did the token call before it."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY:
            with self._runtime.reading() as session:
                found = platform_problems.paths(session, self._account)
            with self._lock:
                self._looked_at, self._known = now, self._known | found
        gone = self._known & ({path, TOKEN_CALL} if with_token else {path})
        if not gone:
            return
        with self._runtime.transaction() as session:
            for one in gone:
                platform_problems.solved(session, self._account, one)
        with self._lock:
            self._known -= gone
            for one in gone:
                self._noted_at.pop(one, None)
