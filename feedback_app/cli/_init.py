"""Writing a first configuration file: the commented example with fresh secrets in it."""

import os
import re
import secrets
import string
from pathlib import Path

from feedback_app.errors import ConfigurationError

EXAMPLE = Path(__file__).parent.parent.parent / "config.example.toml"
_LETTERS = string.ascii_letters + string.digits


def write_config(path: Path, *, hospital: str = "", base_url: str = "", database: str = "") -> None:
    """Write ``path`` with mode 0600. Raises ConfigurationError ``config.exists``: nothing is ever overwritten."""
    text = EXAMPLE.read_text("utf-8")
    for key, value in fresh_secrets().items():
        text = with_value(text, "security" if key == "secret_key" else "wechat", key, value)
    if hospital:
        text = with_value(text, "hospital", "name", hospital)
    if base_url:
        text = with_value(text, "server", "base_url", base_url)
    if database:
        text = with_value(text, "database", "url", database)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigurationError("config.exists", path=str(path)) from None


def fresh_secrets() -> dict[str, str]:
    """What nobody else has: our own key, and the two the official account's console asks us to think of."""
    return {
        "secret_key": secrets.token_urlsafe(48),
        "token": _letters(32),
        "encoding_aes_key": _letters(42) + secrets.choice("AEIMQUYcgkosw048"),
    }


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def with_value(text: str, section: str, key: str, value: str) -> str:
    """``text`` with the string ``key`` of ``[section]`` set; everything else, comments too, stays.

    Raises KeyError when the example has no such line.
    """
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    line = re.compile(rf"(^\[{section}\]$(?:\n(?!\[).*)*?\n{key} = )\"[^\"\n]*\"", re.MULTILINE)
    changed, count = line.subn(lambda found: found[1] + quoted, text, count=1)
    if not count:
        raise KeyError(f"[{section}] {key}")
    return changed
