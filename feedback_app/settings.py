"""config.toml + environment -> one typed, frozen object.

Every key may be overridden by ``SERVICE_STAR_<SECTION>__<KEY>``; every text, such as a secret, may instead be given as the path of a
file that holds it, in a key with ``_file`` appended. Unknown keys are refused, so that a typing mistake is found at start-up.
``config.example.toml`` is the manual of these keys; a test holds the two together.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from feedback_app.errors import ConfigurationError

SECRET_BYTES = 32
OPERATORS = "operators"  # the name of the group of the hospital's IT
_DIFFERENT = 8  # characters in a secret that somebody did not make by holding down a key


def _read_file(values: dict[str, Any], name: str) -> dict[str, Any]:
    """``name_file = "path"`` becomes ``name``, with what the file holds. Raises OSError."""
    path = values.get(f"{name}_file")
    if not path:
        return values
    others = {key: value for key, value in values.items() if key != f"{name}_file"}
    return {**others, name: Path(path).read_text("utf-8").strip()}


def _with_files_read(section: type[BaseModel], values: Any) -> Any:
    """A table with every ``…_file`` of a text, or of a table of secrets, replaced by what stands in the file."""
    if not isinstance(values, dict):
        return values
    for name, field in section.model_fields.items():
        if field.annotation in (SecretStr, str) and f"{name}_file" not in section.model_fields:
            values = _read_file(values, name)
        elif field.annotation == dict[str, SecretStr] and isinstance(values.get(name), dict):
            inner = values[name]
            for key in inner:
                inner = _read_file(inner, key.removesuffix("_file"))
            values = {**values, name: inner}
    return values


class Section(BaseModel):
    """One table of the file: frozen, and no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Hospital(Section):
    name: str = Field(min_length=1)
    name_en: str = ""
    timezone: str = "Asia/Shanghai"
    languages: tuple[str, ...] = ("zh", "en")
    # How staff are named on badges and on the page behind a scan: in full, or surname and staff number (张医生 工号 D01).
    staff_names: Literal["full", "surname"] = "full"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        ZoneInfo(name)
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Server(Section):
    base_url: str = "http://127.0.0.1:8000"
    trusted_proxies: int = Field(default=0, ge=0, le=3)
    workers: int = Field(default=2, ge=1)
    threads: int | None = Field(default=None, ge=1)  # None: as suits the database (``Settings.web_threads``)
    # The certificate (PEM) the web server in front shows to browsers, if this program may read it: the IT page tells its end.
    certificate_file: str = ""
    # How logs are written: a line for people, or a JSON object a line for a collector.
    log_format: Literal["text", "json"] = "text"

    @field_validator("base_url")
    @classmethod
    def _plain_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError("must be like https://stars.hospital.example, without a path")
        return url.rstrip("/")

    @property
    def is_public(self) -> bool:
        """Whether others than this machine can reach it by this address."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host != "localhost"


class DatabaseSection(Section):
    url: str = "sqlite:///var/service-star.db"
    # PostgreSQL behind pgbouncer in transaction mode: false.
    prepared_statements: bool = True
    # Seconds a page waits for one answer of a PostgreSQL server before it says that nothing could be stored.
    answer_seconds: int = Field(default=10, ge=1, le=300)


class Redis(Section):
    url: str = ""


class Wechat(Section):
    enabled: bool = False
    app_id: str = ""
    app_secret: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    encoding_aes_key: SecretStr = SecretStr("")
    mode: Literal["plain", "compatible", "secure"] = "secure"
    api_base: str = "https://api.weixin.qq.com"
    open_base: str = "https://open.weixin.qq.com"
    result_template: str = ""
    # Which part of a message (title, text, url) goes into which field of that template.
    result_fields: dict[str, Literal["title", "text", "url"]] = {"thing1": "title", "thing2": "text"}
    # Template for news of one's own complaint, for people who have not written for two days; and its fields.
    case_template: str = ""
    case_fields: dict[str, Literal["title", "text", "url"]] = {"thing1": "title", "thing2": "text"}
    # Template for asking how a visit was and how somebody is after it; and its fields.
    visit_template: str = ""
    visit_fields: dict[str, Literal["title", "text", "url"]] = {"thing1": "title", "thing2": "text"}
    # Printed codes open the chat (a parametric code of the account) instead of the form.
    scan_opens_chat: bool = False
    # Inside WeChat's browser, ask the platform silently who fills in the form, so that one person counts once a day.
    form_sign_in: bool = False
    # own: we are the account's server. front: we stand before the one it had, which gets everything that is not ours.
    role: Literal["own", "front"] = "own"
    upstream: str = ""
    # Empty: the other server gets pushes exactly as they came. Otherwise they are signed (and encrypted) anew with these.
    upstream_token: SecretStr = SecretStr("")
    upstream_aes_key: SecretStr = SecretStr("")
    # Seconds a signed callback may be old, or ahead of our clock; less than answers are kept (housekeeping).
    callback_window: int = Field(default=3600, ge=60, le=432_000)

    @model_validator(mode="after")
    def _complete(self) -> Wechat:
        if self.enabled and not (self.app_id and self.token.get_secret_value()):
            raise ValueError("启用微信要填 app_id 和 token / app_id and token are needed when enabled")
        if self.enabled and self.mode != "plain" and len(self.encoding_aes_key.get_secret_value()) != 43:
            raise ValueError(
                "encoding_aes_key 要有 43 个字符，从公众平台“服务器配置”里复制 / encoding_aes_key must have 43 characters"
            )
        return self

    @model_validator(mode="after")
    def _upstream_known(self) -> Wechat:
        if self.role == "front" and urlsplit(self.upstream).scheme not in {"http", "https"}:
            raise ValueError("upstream must be the full address of the other server when role is front")
        if len(self.upstream_aes_key.get_secret_value()) not in {0, 43}:
            raise ValueError("upstream_aes_key must have 43 characters, or be empty")
        if self.upstream_aes_key.get_secret_value() and not self.upstream_token.get_secret_value():
            raise ValueError("upstream_aes_key needs upstream_token")
        return self


class Wecom(Section):
    enabled: bool = False
    corp_id: str = ""
    agent_id: int = 0
    secret: SecretStr = SecretStr("")
    api_base: str = "https://qyapi.weixin.qq.com"
    open_base: str = "https://open.weixin.qq.com"
    webhooks: dict[str, SecretStr] = Field(default_factory=dict)


class Channels(Section):
    """Groups of staff on other platforms: DingTalk, Feishu, SMS gateways, mail and whatever else Apprise speaks."""

    # Name of a group -> its Apprise address, which is a secret.
    groups: dict[str, SecretStr] = Field(default_factory=dict)


class Mail(Section):
    enabled: bool = False
    host: str = ""
    port: int = 465
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = ""


class Complaints(Section):
    """What 医疗纠纷预防和处理条例 Art. 17-18 wants posted: never empty. And how cases are followed up."""

    phone: str = Field(min_length=3)
    place: str = Field(min_length=1)
    hours: str = Field(min_length=1)
    routes: str = Field(min_length=1)
    # Staff numbers of the heads of the hospital: told of what is overdue for days, and of what was refused twice.
    directors: tuple[str, ...] = ()
    # Calendar days after an answer in which its reader can say whether it is settled.
    close_after_days: int = Field(default=10, ge=3, le=90)


class Duty(Section):
    """Who is told at once, at any hour, when somebody may be in danger; and the number patients are given then."""

    name: str = Field(default="总值班", min_length=1)
    name_en: str = "the person on duty"
    phone: str = ""  # empty: the complaints phone and its hours
    hours: str = "全天"
    wecom_userids: tuple[str, ...] = ()
    webhook: str = "duty"  # a name of wecom.webhooks


class Deliveries(Section):
    working_hours: str = Field(default="08:30-18:00", pattern=r"^\d\d:\d\d-\d\d:\d\d$")
    retry_seconds: tuple[int, ...] = (5, 30, 120, 600, 3600)
    give_up_hours: int = Field(default=72, ge=1)


class Sandbox(Section):
    enabled: bool = False
    port: int = 8100
    clock_file: str = ""


class Security(Section):
    secret_key: SecretStr
    # For installations of 0.1.0 whose key is too easy to guess and cannot be changed any more.
    accept_weak_key: bool = False
    session_idle_minutes: int = Field(default=30, ge=1)
    lockout_failures: int = Field(default=5, ge=1)
    lockout_minutes: int = Field(default=15, ge=1)
    hashing: Literal["normal", "fast"] = "normal"
    # Days an administrator may go without a second factor; 0: it is set up at the first sign-in.
    second_factor_days: int = Field(default=7, ge=0)

    @field_validator("secret_key")
    @classmethod
    def _strong(cls, secret: SecretStr) -> SecretStr:
        if len(secret.get_secret_value()) < SECRET_BYTES:
            raise ValueError(
                f"太短，至少 {SECRET_BYTES} 个字符；service-star init 会生成一个 / too short: at least {SECRET_BYTES} "
                "characters; `service-star init` makes one"
            )
        return secret

    @property
    def is_weak(self) -> bool:
        return len(set(self.secret_key.get_secret_value())) < _DIFFERENT

    @model_validator(mode="after")
    def _hard_to_guess(self) -> Security:
        if self.is_weak and not self.accept_weak_key:
            raise ValueError(
                "secret_key 太容易猜到；service-star init 会生成一个。从 0.1.0 升级来的不要换（已印的码和封存的联系方式都靠它）："
                "在 [security] 里加一行 accept_weak_key = true / secret_key is too easy to guess; `service-star init` makes "
                "one. Upgraded from 0.1.0: do not change it (printed codes and sealed contacts depend on it), add "
                "accept_weak_key = true to [security]"
            )
        return self


class Limits(Section):
    """How much may come from one network address; this machine itself is not counted."""

    ratings_per_minute: int = Field(default=30, ge=1)
    complaints_per_hour: int = Field(default=60, ge=1)
    sign_ins_per_hour: int = Field(default=60, ge=1)
    # Of one person who writes to the official account; six minutes' worth may come at once.
    messages_per_minute: int = Field(default=10, ge=1)
    # Networks where many phones share one address, such as the hospital's Wi-Fi: ten times as much.
    shared_networks: tuple[str, ...] = ()

    @field_validator("shared_networks")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for one in networks:
            ipaddress.ip_network(one, strict=False)
        return networks


class Backups(Section):
    # Alarm when no `service-star backup` was written for two nights; false where something else copies the database.
    nightly: bool = True


class Privacy(Section):
    text_months: int = Field(default=36, ge=1)
    contact_months: int = Field(default=12, ge=1)
    link_days: int = Field(default=60, ge=7)


class Visits(Section):
    """Visits told by the hospital's system."""

    # Days until phone number and reference of a visit are deleted; invitations and follow-up happen before.
    contact_days: int = Field(default=60, ge=1, le=400)
    # A folder in which another system puts CSV files of visits; empty: none. The worker takes them from there.
    drop_folder: str = ""


class Webhooks(Section):
    # Inner networks in which receivers of webhooks may be, such as "10.20.0.0/16". Others than public ones are refused.
    inner_networks: tuple[str, ...] = ()

    @field_validator("inner_networks")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for one in networks:
            ipaddress.ip_network(one, strict=False)
        return networks


class Sms(Section):
    """The provider's plug-in is a file in bots/sms; what it needs is here."""

    provider: str = ""  # empty: no SMS
    url: str = ""
    user: str = ""
    secret: SecretStr = SecretStr("")
    sign: str = ""  # the signature in front of every SMS, such as 青山医院
    template: str = ""  # where the provider wants one

    @property
    def enabled(self) -> bool:
        return bool(self.provider)


class Mllp(Section):
    """Visits by HL7 v2 messages: `service-star mllp`."""

    host: str = "127.0.0.1"
    port: int = Field(default=2575, ge=0, le=65535)
    # Networks that may connect; nothing in HL7 tells who sends.
    allowed_networks: tuple[str, ...] = ("127.0.0.0/8",)

    @field_validator("allowed_networks")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for one in networks:
            ipaddress.ip_network(one, strict=False)
        return networks


class Questions(Section):
    # A question set is published by somebody else than who asked for it.
    second_person: bool = False


class Canary(Section):
    enabled: bool = True
    every_hours: int = Field(default=6, ge=1, le=168)
    address: str = ""  # where it knocks; empty: base_url


class EvidenceSection(Section):
    """Who keeps the signed head of each day outside, once the leadership has switched it on in the console."""

    mails: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # names of wecom.webhooks
    file: str = ""  # a line a day; best on a machine that is not ours


class Settings(BaseSettings):
    """The whole configuration. Build it with :func:`load`."""

    model_config = SettingsConfigDict(
        env_prefix="SERVICE_STAR_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    hospital: Hospital
    server: Server = Server()
    database: DatabaseSection = DatabaseSection()
    redis: Redis = Redis()
    wechat: Wechat = Wechat()
    wecom: Wecom = Wecom()
    channels: Channels = Channels()
    mail: Mail = Mail()
    complaints: Complaints
    duty: Duty = Duty()
    deliveries: Deliveries = Deliveries()
    sandbox: Sandbox = Sandbox()
    security: Security
    limits: Limits = Limits()
    backups: Backups = Backups()
    privacy: Privacy = Privacy()
    questions: Questions = Questions()
    visits: Visits = Visits()
    webhooks: Webhooks = Webhooks()
    sms: Sms = Sms()
    mllp: Mllp = Mllp()
    canary: Canary = Canary()
    evidence: EvidenceSection = EvidenceSection()

    @property
    def web_threads(self) -> int:
        """In each web process. On a SQLite file those that write wait for one another: with more, one flush serves more. On a
        server each thread may need two connections, of which it has a hundred for all.
        """
        return self.server.threads or (12 if self.database.url.startswith("sqlite") else 6)

    @property
    def group_names(self) -> frozenset[str]:
        """Groups that can be told something: WeCom's robots and those of other platforms."""
        return frozenset(self.wecom.webhooks) | frozenset(self.channels.groups)

    @property
    def operators_group(self) -> str:
        """The group that is told what the hospital's IT must look at; it need not exist."""
        return OPERATORS if OPERATORS in self.group_names else "complaints"

    @model_validator(mode="after")
    def _one_way_to_a_group(self) -> Settings:
        twice = sorted(set(self.wecom.webhooks) & set(self.channels.groups))
        if twice:
            raise ValueError(f"{', '.join(twice)} stands in wecom.webhooks and in channels.groups: a group has one way")
        return self

    @model_validator(mode="after")
    def _no_play_in_public(self) -> Settings:
        if self.server.is_public and (self.sandbox.enabled or self.sandbox.clock_file):
            raise ValueError(
                "模拟平台和时钟文件只能在本机用：server.base_url 是公开地址时，去掉 sandbox.enabled 和 sandbox.clock_file / "
                "sandbox.enabled and sandbox.clock_file are for this machine only: base_url must be on 127.0.0.1"
            )
        if self.server.is_public and self.wechat.enabled and self.wechat.mode == "plain":
            raise ValueError(
                "公开地址上不能用明文模式，别人可以伪造患者的消息：wechat.mode 改成 secure，并在公众平台选“安全模式” / "
                "wechat.mode must be secure (or compatible) when base_url is public"
            )
        if self.server.is_public and self.security.hashing == "fast":
            raise ValueError("security.hashing = fast 只用于测试，删掉这一行 / is for tests only: remove it")
        return self


class _WithFiles(PydanticBaseSettingsSource):
    """A source with its files read by itself: what the environment says holds, also against a file that config.toml names."""

    def __init__(self, source: PydanticBaseSettingsSource) -> None:
        super().__init__(source.settings_cls)
        self._source = source

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self._source.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        kinds: dict[str, Any] = {name: one.annotation for name, one in Settings.model_fields.items()}
        read = self._source()
        return {name: _with_files_read(kinds[name], value) if name in kinds else value for name, value in read.items()}


def load(path: Path | None) -> Settings:
    """Read ``path`` (none: environment only) and the environment.

    Raises ConfigurationError ``config.missing`` or ``config.invalid`` (``problems``: one line for every bad key).
    """
    if path is not None and not path.is_file():
        raise ConfigurationError("config.missing", path=str(path))

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, _WithFiles(env_settings))
            if path is not None:
                sources = (*sources, _WithFiles(TomlConfigSettingsSource(settings_cls, path)))
            return sources

    try:
        return FromFile()  # type: ignore[call-arg]
    except ValidationError as error:
        problems = [_said(tuple(map(str, one["loc"])), one["type"], one["msg"]) for one in error.errors()]
        raise ConfigurationError("config.invalid", path=str(path or ""), problems="\n".join(problems)) from error
    except tomllib.TOMLDecodeError as error:
        problem = f"不是正确的 TOML / not valid TOML: {error}"
        raise ConfigurationError("config.invalid", path=str(path or ""), problems=problem) from error
    except OSError as error:
        raise ConfigurationError("config.invalid", path=str(path or ""), problems=str(error)) from error


def _said(where: tuple[str, ...], kind: str, message: str) -> str:
    """One line for whoever edits the file, in both languages."""
    name = ".".join(where) or "config"
    if kind == "extra_forbidden":
        return f"{name}: 没有这一项{_meant(where, '，是不是 {}？')} / there is no such key{_meant(where, '; did you mean {}?')}"
    if kind == "missing":
        return f"{name}: 必须填写 / must be given"
    return f"{name}: {message.removeprefix('Value error, ')}"


def _meant(where: tuple[str, ...], words: str) -> str:
    """The key of the same table that is spelled most alike; "" when none is."""
    fields: Any = Settings.model_fields
    for part in where[:-1]:
        fields = getattr(fields[part].annotation, "model_fields", {}) if part in fields else {}
    alike = get_close_matches(where[-1], list(fields), n=1, cutoff=0.7)
    return words.format(".".join((*where[:-1], alike[0]))) if alike else ""


def default_path() -> Path:
    """``$SERVICE_STAR_CONFIG``, else ./config.toml."""
    return Path(os.environ.get("SERVICE_STAR_CONFIG", "config.toml"))
