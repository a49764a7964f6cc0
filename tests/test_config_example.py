"""config.example.toml is the manual of the configuration: complete, without inventions, and its values are the defaults."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from feedback_app.errors import ConfigurationError
from feedback_app.settings import Section, Settings, load

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
TABLES: dict[str, Any] = tomllib.loads(EXAMPLE.read_text("utf-8"))


def section_type(name: str) -> type[Section]:
    kind = Settings.model_fields[name].annotation
    assert isinstance(kind, type) and issubclass(kind, Section)
    return kind


def plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    secret = getattr(value, "get_secret_value", None)
    value = secret() if secret else value
    return list(value) if isinstance(value, tuple) else value


def test_every_section_and_no_other() -> None:
    assert set(TABLES) == set(Settings.model_fields)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_key_and_no_other(name: str) -> None:
    fields = section_type(name).model_fields
    unset = {key for key, field in fields.items() if field.default is None}  # TOML has no word for it
    assert set(TABLES[name]) == set(fields) - unset
    assert all(f"\n# {key} = " in EXAMPLE.read_text("utf-8") for key in unset)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_values_are_the_defaults(name: str) -> None:
    for key, field in section_type(name).model_fields.items():
        default = field.get_default(call_default_factory=True)
        if default is not PydanticUndefined and default is not None:
            assert TABLES[name][key] == plain(default), f"[{name}] {key}"


def test_every_key_is_explained() -> None:
    """A comment stands directly above each key or above the group it belongs to."""
    explained = False
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if line.startswith("["):
            explained = False
        elif line.startswith("#"):
            explained = True
        elif "=" in line:
            assert explained, line


def test_it_can_be_used_once_it_has_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        EXAMPLE.read_text("utf-8").replace(
            'secret_key = ""', 'secret_key = "one-that-nobody-would-guess-in-forty-signs"'
        ),
        "utf-8",
    )
    monkeypatch.delenv("SERVICE_STAR_CONFIG", raising=False)
    assert load(file).hospital.name == "我们医院"


def test_any_text_may_stand_in_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret, the database's address, and the address of a group, whose names are free."""
    for name, held in (
        ("key", "one-that-nobody-would-guess-in-forty-signs\n"),
        ("robot", "r" * 36),
        ("url", "sqlite:///x.db"),
    ):
        (tmp_path / name).write_text(held, "utf-8")
    text = EXAMPLE.read_text("utf-8").replace('secret_key = ""', f'secret_key_file = "{tmp_path}/key"')
    text = text.replace('url = "sqlite:///var/service-star.db"', f'url_file = "{tmp_path}/url"')
    text = text.replace("[wecom.webhooks]\n", f'[wecom.webhooks]\ncomplaints_file = "{tmp_path}/robot"\n')
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")
    settings = load(file)
    assert settings.security.secret_key.get_secret_value() == "one-that-nobody-would-guess-in-forty-signs"
    assert settings.database.url == "sqlite:///x.db"
    assert {name: one.get_secret_value() for name, one in settings.wecom.webhooks.items()} == {"complaints": "r" * 36}
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("SERVICE_STAR_DATABASE__URL", "sqlite:///copy.db")
        assert load(file).database.url == "sqlite:///copy.db", "the environment holds against a file too"
        (tmp_path / "other").write_text("another-that-nobody-would-guess-in-forty-signs", "utf-8")
        elsewhere.setenv("SERVICE_STAR_SECURITY__SECRET_KEY_FILE", str(tmp_path / "other"))
        assert load(file).security.secret_key.get_secret_value().startswith("another")
    (tmp_path / "robot").unlink()
    with pytest.raises(ConfigurationError) as missing:
        load(file)
    assert "robot" in str(missing.value.params["problems"])
