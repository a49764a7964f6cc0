"""Everything the stand-in remembers, in memory, behind one lock.

``with platform.lock`` around every read-and-write; never across a network call or a wait.
"""

import itertools
import secrets
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bots.sandbox.faults import Faults
from bots.sandbox.limits import Quotas, Rate, Window
from bots.sandbox.tokens import ClassicTokens, CorpTokens, StableTokens
from feedback_app import clock as clocks
from feedback_app.settings import Settings

ACCOUNT = "gh_5a7d0b0c5a7d"  # the official account's original id, the From and To of callbacks
BOX_SIZE = 500  # messages kept for each person, member and group
DIRECTORY_PAUSE = 2.0  # seconds of real time
MEDIA_LIFE = timedelta(days=3)
MEMORY = 20_000  # codes, tickets, media and message ids kept, each
FAILURE_TEXT = "该公众号提供的服务出现故障，请稍后再试"  # what WeChat itself shows

MINE, THEIRS, SYSTEM = "mine", "theirs", "system"  # whose bubble it is, seen from the phone


@dataclass
class Patient:
    """Somebody with WeChat on the phone."""

    openid: str
    name: str
    following: bool = True
    followed_at: datetime | None = None
    window: Window = field(default_factory=Window)
    snapshot: bool = False  # opens pages in the snapshot mode: OAuth gives a made-up openid
    template_outcome: str = "success"  # or "failed:user block", "failed: system failed", "failed:freq limit"
    consents: Counter[str] = field(default_factory=Counter)  # template id -> messages agreed to


@dataclass
class Member:
    """Somebody in the hospital's WeCom."""

    userid: str
    name: str
    department: str = ""


@dataclass(frozen=True)
class Message:
    """One bubble, of any phone."""

    number: int
    side: str
    channel: str  # chat | reply | custom | template | notice | wecom | webhook | wechat (the app itself speaks)
    kind: str  # text, image, voice, news, msgmenu, textcard, markdown, template …
    text: str
    at: datetime
    content: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "side": self.side,
            "channel": self.channel,
            "kind": self.kind,
            "text": self.text,
            "at": self.at.isoformat(),
            "content": self.content,
        }


@dataclass(frozen=True)
class Media:
    """A temporary file: pictures and voices people send, and what is uploaded. It can be fetched for three days."""

    kind: str
    content: bytes
    until: datetime


@dataclass
class Grant:
    """An OAuth code: whose, until when, used or not."""

    who: str
    until: datetime
    snapshot: bool = False
    used: bool = False


@dataclass
class Scene:
    """What a parametric code stands for."""

    scene: str
    ticket: str
    address: str
    until: datetime | None  # None: permanent


Key = TypeVar("Key")
Value = TypeVar("Value")
Box = tuple[str, str]  # ("openid" | "userid" | "webhook", who)


class Platform:
    """WeChat and WeCom for one hospital account and one WeCom app, as ``settings`` name them."""

    def __init__(self, settings: Settings, directory: Callable[[], Sequence[Member]] = tuple) -> None:
        self.settings = settings
        self.directory = directory
        clock_file = settings.sandbox.clock_file
        self.now = clocks.file_clock(Path(clock_file)) if clock_file else clocks.system_clock
        self.lock = threading.RLock()
        self._last_msg_id = 0
        self.given_faults = Faults()
        self.reset()

    def reset(self) -> None:
        """Forget everybody and everything; the configuration stays."""
        with self.lock:
            self.mode: str = self.settings.wechat.mode
            self.patients: dict[str, Patient] = {}
            self.members: dict[str, Member] = {}  # by lower-case userid
            self.left: set[str] = set()  # removed on request, whatever the directory says
            self.asked_at = -DIRECTORY_PAUSE
            self.boxes: dict[Box, deque[Message]] = defaultdict(lambda: deque(maxlen=BOX_SIZE))
            self.received: Counter[Box] = Counter()
            self.calls: Counter[str] = Counter()
            self.token_calls: dict[str, list[float]] = defaultdict(list)  # path -> seconds, of a clock nobody moves
            self.dropped: Counter[str] = Counter()  # swallowed without a word, by reason
            self.numbers = itertools.count(1)
            self.classic, self.stable, self.corp = ClassicTokens(), StableTokens(), CorpTokens()
            self.quotas = Quotas()
            self.faults = self.given_faults
            self.wechat_grants: dict[str, Grant] = {}
            self.wecom_grants: dict[str, Grant] = {}
            self.scenes: dict[str, Scene] = {}  # by ticket
            self.templates: dict[str, dict[str, str]] = {}
            self.sent_ids: dict[tuple[str, str], tuple[datetime, int]] = {}  # (openid, client_msg_id)
            self.repeated: dict[bytes, datetime] = {}  # WeCom request bodies under the duplicate check
            self.menu: dict[str, Any] | None = None
            self.media: dict[str, Media] = {}
            self.webhook_rate = Rate(20, timedelta(minutes=1))
            self.member_rates = (Rate(30, timedelta(minutes=1)), Rate(1_000, timedelta(hours=1)))
            self.ip_refused = False
            self.secret_frozen = False
            self.phone_openid = ""
            self.phone_userid = ""
            self.jsapi_ticket: tuple[str, datetime] | None = None

    def next_msg_id(self) -> int:
        """64-bit, never the same twice, also over restarts (real time, not the shared clock)."""
        with self.lock:
            self._last_msg_id = max(self._last_msg_id + 1, time.time_ns() // 1000)
            return self._last_msg_id

    def patient(self, openid: str, name: str = "", *, following: bool = True) -> Patient:
        """The person; made (already a follower, unless told otherwise) when new."""
        with self.lock:
            person = self.patients.get(openid)
            if person is None:
                person = Patient(openid, name or openid, following, self.now() if following else None)
                self.patients[openid] = person
                self.phone_openid = self.phone_openid or openid
            return person

    def add_members(self, members: Iterable[Member]) -> None:
        with self.lock:
            for member in members:
                self.members[member.userid.lower()] = member
                self.phone_userid = self.phone_userid or member.userid

    def member(self, userid: str) -> Member | None:
        """By userid in any case."""
        with self.lock:
            if userid.lower() not in self.members:
                self.ask_directory()
            return self.members.get(userid.lower())

    def ask_directory(self) -> None:
        """Take in whoever the directory has that we do not know yet; at most once in DIRECTORY_PAUSE."""
        with self.lock:
            if time.monotonic() - self.asked_at < DIRECTORY_PAUSE:
                return
            self.asked_at = time.monotonic()
            new = [one for one in self.directory() if one.userid.lower() not in {*self.members, *self.left}]
            self.add_members(new)

    def remove_member(self, userid: str) -> bool:
        with self.lock:
            self.left.add(userid.lower())
            return self.members.pop(userid.lower(), None) is not None

    def put(
        self, box: Box, side: str, channel: str, kind: str, text: str, content: dict[str, Any] | None = None
    ) -> int:
        """Add a bubble; counts as received when it came from the other side. Returns its number."""
        with self.lock:
            message = Message(next(self.numbers), side, channel, kind, text, self.now(), content or {})
            self.boxes[box].append(message)
            if side == THEIRS:
                self.received[box] += 1
            return message.number

    def box(self, box: Box, *, theirs: bool = False) -> list[Message]:
        """The kept messages, oldest first; ``theirs``: only what was received from the hospital."""
        with self.lock:
            return [one for one in self.boxes.get(box, ()) if not theirs or one.side == THEIRS]

    def webhooks(self) -> dict[str, str]:
        """Key to group name, as configured: the key alone or the whole address."""
        configured = {name: secret.get_secret_value() for name, secret in self.settings.wecom.webhooks.items()}
        return {text.rpartition("key=")[2]: name for name, text in configured.items()}

    def remember(self, memory: dict[Key, Value], key: Key, value: Value) -> None:
        """Keep it, and forget the oldest beyond MEMORY: a sandbox may run for weeks."""
        with self.lock:
            memory[key] = value
            if len(memory) > MEMORY:
                del memory[next(iter(memory))]

    def scene_for(self, scene: str, until: datetime | None = None) -> Scene:
        """A new ticket for the scene."""
        with self.lock:
            made = Scene(
                scene, "gQ" + secrets.token_urlsafe(48), f"http://weixin.qq.com/q/02{secrets.token_hex(10)}", until
            )
            self.scenes[made.ticket] = made
            return made

    def another_system_renews(self, platform: str) -> None:
        """What happens when somebody else with the same secret fetches (or forces) a token: ours is dead at once."""
        with self.lock:
            books = (self.classic, self.stable) if platform == "wechat" else (self.corp,)
            for book in books:
                book.replace(self.now(), overlap=timedelta())
