"""What the two platforms have in common: calls with an access token, renewed once, and stopped when a quota is used up."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bots.clients.caller import LARGEST_ANSWER, Answer, Caller, Fields, read
from bots.clients.reactions import ADDRESS, QUOTA, STOP, TOKEN, PlatformError
from bots.clients.tokens import Fetch, TokenKeeper
from bots.clients.troubles import TOKEN_CALL, Troubles
from feedback_app.services.runtime import Runtime

CHINA = ZoneInfo("Asia/Shanghai")  # the platform's day, wherever the hospital is
_ALARMS = frozenset({STOP, ADDRESS, TOKEN, QUOTA})
TOKEN_PATHS = frozenset({"cgi-bin/stable_token", "cgi-bin/gettoken"})
Pause = Callable[[datetime], datetime]
_log = logging.getLogger(__name__)


def next_midnight(now: datetime) -> datetime:
    """When daily quotas begin anew; the platform does not publish the hour, midnight in China is what people see."""
    return (now.astimezone(CHINA) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


class Platform:
    """Calls of one account, with its token. One for each process: it remembers which calls have no quota left."""

    def __init__(self, runtime: Runtime, name: str, caller: Caller, fetch: Fetch, pause: Pause = next_midnight) -> None:
        """``pause``: when a call whose quota is used up may be tried again."""
        self._pause = pause
        self._runtime = runtime
        self._name = name
        self.caller = caller
        self._keeper = TokenKeeper(runtime, name, fetch)
        self._troubles = Troubles(runtime, name)
        self._no_quota: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def token(self) -> str:
        """Raises PlatformError; for ``service-star check``, which wants to know whether there is one."""
        try:
            token = self._keeper.token()
            self._troubles.over(TOKEN_CALL)
            return token
        except PlatformError as error:
            self.note(error, TOKEN_CALL)
            raise

    def post(self, path: str, body: Mapping[str, Any]) -> Fields:
        """Raises PlatformError, as ``Caller.json``; a rejected token has been renewed once by then."""
        return read(self._call("POST", path, {}, body, LARGEST_ANSWER).body, path)

    def get(self, path: str, query: Mapping[str, str]) -> Fields:
        """As ``post``."""
        return read(self._call("GET", path, query, None, LARGEST_ANSWER).body, path)

    def download(self, path: str, query: Mapping[str, str], *, largest: int) -> Answer:
        """A file; an answer in JSON is an error or a surprise. As ``post``."""
        return self._call("GET", path, query, None, largest)

    def _call(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None, largest: int
    ) -> Answer:
        self._check_quota(path)
        try:
            token = self._keeper.token()
            try:
                return self._done(path, self._once(method, path, {**query, "access_token": token}, body, largest))
            except PlatformError as error:
                if error.reaction != TOKEN:
                    raise
            renewed = self._keeper.token(rejected=token)
            return self._done(path, self._once(method, path, {**query, "access_token": renewed}, body, largest))
        except PlatformError as error:
            self.note(error, path)
            raise

    def _done(self, path: str, answer: Answer) -> Answer:
        self._troubles.over(path)  # and with it the token call's: without a token there was no answer
        return answer

    def _once(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None, largest: int
    ) -> Answer:
        answer = self.caller.raw(method, path, query, body, largest=largest)
        if answer.body.lstrip()[:1] in {b"{", b""}:
            read(answer.body, path)
        return answer

    def _check_quota(self, path: str) -> None:
        now = self._runtime.now()
        with self._lock:
            until = self._no_quota.get(path)
        if until is not None and now < until <= now + timedelta(days=1):
            raise PlatformError(QUOTA, 45009, path=path, retry_after=int((until - now).total_seconds()) + 1)

    def over(self, path: str) -> None:
        """This call, made without our token, succeeded."""
        self._troubles.over(path, with_token=False)

    def note(self, error: PlatformError, path: str) -> None:
        """Keep what somebody has to put right, and stop asking where the quota is used up."""
        if error.reaction == QUOTA:
            now = self._runtime.now()
            until = self._pause(now)
            with self._lock:
                self._no_quota[path] = until
            error.retry_after = int((until - now).total_seconds()) + 1
        if error.reaction in _ALARMS:
            where = f" from {error.address}" if error.address else ""
            _log.error("%s: %s refused with %s%s (%s)", self._name, path, error.errcode, where, error.reaction)
            self._troubles.note(error, TOKEN_CALL if error.path in TOKEN_PATHS else path)
