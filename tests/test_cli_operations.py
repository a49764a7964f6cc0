"""The commands of operation, called as an operator calls them."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from feedback_app import cli, registry
from feedback_app.cli import _check, main
from feedback_app.db.audit import AuditEntry
from feedback_app.db.directory import ServicePoint
from feedback_app.errors import ConfigurationError
from feedback_app.jobs import running
from feedback_app.services import audit, ratings
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime, opened
from feedback_app.settings import Settings, load
from tests.bots.doubles import closed_port

PROGRAM = [sys.executable, "-m", "feedback_app.cli.main"]
Star = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def star(tmp_path: Path) -> Star:
    """Run ``service-star …`` in an empty folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_STAR_")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        root = str(Path(__file__).parent.parent)
        return subprocess.run(
            [*PROGRAM, *arguments],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def toml_of(settings: Settings) -> str:
    """The parts of a test configuration that matter for reading its database."""
    hospital, complaints = settings.hospital, settings.complaints
    return "\n".join(
        (
            f'[hospital]\nname = "{hospital.name}"',
            f'[database]\nurl = "{settings.database.url}"',
            f'[security]\nsecret_key = "{settings.security.secret_key.get_secret_value()}"',
            f'[complaints]\nphone = "{complaints.phone}"\nplace = "p"\nhours = "h"\nroutes = "r"\n',
            f'[sandbox]\nclock_file = "{settings.sandbox.clock_file}"\n',
        )
    )


@pytest.fixture
def configured(runtime: Runtime, tmp_path: Path) -> Runtime:
    (tmp_path / "config.toml").write_text(toml_of(runtime.settings), "utf-8")
    return runtime


def test_init_makes_everything_and_never_overwrites(star: Star, tmp_path: Path) -> None:
    made = star("init", "--hospital", '青山"医院"', "--base-url", "http://127.0.0.1:8123")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("http://127.0.0.1:8123/admin/setup/")
    config = tmp_path / "config.toml"
    settings = load(config)
    assert settings.hospital.name == '青山"医院"'
    assert len(settings.security.secret_key.get_secret_value()) >= 32
    assert len(settings.wechat.encoding_aes_key.get_secret_value()) == 43
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    before = config.read_text("utf-8")
    again = star("init")
    assert (again.returncode, config.read_text("utf-8")) == (2, before)
    assert "config.toml" in again.stderr


def test_init_takes_a_database_and_leaves_nothing_behind_when_an_address_is_mistyped(
    star: Star, tmp_path: Path
) -> None:
    wrong = star("init", "--base-url", "stars.qingshan.example")
    assert (wrong.returncode, (tmp_path / "config.toml").exists()) == (2, False)
    assert "server.base_url" in wrong.stderr and "Traceback" not in wrong.stderr
    made = star("init", "--database", f"sqlite:///{tmp_path / 'elsewhere' / 'stars.db'}")
    assert made.returncode == 0 and (tmp_path / "elsewhere" / "stars.db").exists()
    (tmp_path / "config.toml").rename(tmp_path / "first.toml")
    taken = star("init", "--database", f"sqlite:///{tmp_path / 'elsewhere' / 'stars.db'}")
    assert (taken.returncode, taken.stdout, (tmp_path / "config.toml").exists()) == (2, "", False)
    assert "--database" in taken.stderr and "Traceback" not in taken.stderr
    down = star("init", "--database", f"postgresql://nobody@127.0.0.1:{closed_port()}/none")
    assert (down.returncode, down.stdout, (tmp_path / "config.toml").exists()) == (1, "", False)
    assert "Traceback" not in down.stderr and "写好了" not in down.stderr
    (tmp_path / "first.toml").rename(tmp_path / "config.toml")
    another = star("admin-link")
    assert another.stdout.startswith("http://127.0.0.1:8000/admin/setup/") and another.stdout != made.stdout


def test_check_says_what_is_wrong(star: Star, tmp_path: Path) -> None:
    assert star("init").returncode == 0
    fine = star("check")
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert "complaints.phone is still the example's" in fine.stdout
    assert "nobody is told of new complaints" in fine.stdout
    (tmp_path / "var" / "service-star.db").unlink()
    missing = star("check")
    assert missing.returncode == 1 and "WRONG   database: 数据库文件不在" in missing.stdout
    (tmp_path / "var" / "service-star.db").touch()
    broken = star("check")
    assert broken.returncode == 1
    assert "WRONG   database: 数据库是空的" in broken.stdout and "run `service-star migrate`" not in broken.stdout
    assert "Traceback" not in broken.stdout + broken.stderr


def test_without_a_configuration_it_says_so(star: Star) -> None:
    missing = star("check")
    assert (missing.returncode, "Traceback" in missing.stderr, "init" in missing.stderr) == (2, False, True)


def test_an_unknown_key_is_named(star: Star, configured: Runtime, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(config.read_text("utf-8").replace('name = "青山医院"', 'nmae = "青山医院"'), "utf-8")
    wrong = star("migrate")
    assert wrong.returncode == 2
    assert (
        "hospital.nmae" in wrong.stderr and "是不是 hospital.name？" in wrong.stderr and "must be given" in wrong.stderr
    )


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("[hospital]", "[hospital", "不是正确的 TOML"),
        ("base_url = ", "trusted_proxy = 1\nbase_url = ", "是不是 server.trusted_proxies？"),
        ('secret_key = "', 'secret_key = "short"  # ', "too short"),
        ('secret_key = "', f'secret_key = "{"a" * 40}"  # ', "太容易猜到"),
        (
            "[wechat]\n",
            '[wechat]\nmode = "plain"\nenabled = true\napp_id = "wx"\ntoken = "t"\n',
            "明文模式",
        ),
    ],
)
def test_a_wrong_configuration_is_refused_in_words_that_say_what_to_do(
    tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    told = example_for(tmp_path).replace(was, becomes, 1)
    (tmp_path / "config.toml").write_text(told, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path / "config.toml")
    assert said in str(refused.value.params["problems"])


def test_a_weak_key_of_before_is_accepted_by_name_and_check_goes_on_saying_so(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    told = example_for(tmp_path).replace('secret_key = "', f'accept_weak_key = true\nsecret_key = "{"a" * 40}"  # ', 1)
    config.write_text(told, "utf-8")
    with opened(load(config)) as runtime:
        found = [one for one in _check.examine(runtime) if one.subject == "config" and one.level == _check.WRONG]
    assert any("太容易猜到" in one.detail for one in found)


def example_for(folder: Path) -> str:
    """As an operator has it: a public address, the official account not switched on."""
    return (
        '[hospital]\nname = "青山医院"\n[server]\nbase_url = "https://stars.qingshan.example"\n'
        f'[database]\nurl = "sqlite:///{folder}/stars.db"\n[wechat]\n'
        '[complaints]\nphone = "0571"\nplace = "一楼"\nhours = "8-17"\nroutes = "法院"\n'
        '[security]\nsecret_key = "a-secret-for-tests-0123456789-0123456789"\n'
    )


def test_a_receipt_says_where_the_rating_is(
    star: Star, configured: Runtime, point: Callable[[str], ServicePoint]
) -> None:
    with configured.transaction() as session:
        accepted = ratings.submit(
            session,
            Submission(point_id=point("W03").id, score=4, channel="form", idempotency_key="k"),
            zone=configured.zone,
            now=configured.now(),
        )
    told = star("receipt", accepted.receipt.lower())
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {
        "receipt": accepted.receipt,
        "included": True,
        "kind": "window",
        "key": "W03",
        "day": "2026-11-20",
        "period": "2026-11",
        "counted": True,
        "why_not": None,
        "verified": False,
        "leaderboards": [],
    }
    unknown = star("receipt", "0000000000")
    assert (unknown.returncode, json.loads(unknown.stdout)["included"]) == (1, False)


def test_verify_finds_the_first_altered_entry(star: Star, configured: Runtime) -> None:
    with configured.transaction() as session:
        for number in range(3):
            audit.write(session, actor="liu", action="code.retired", subject=str(number), now=configured.now())
    sound = star("verify")
    assert (sound.returncode, json.loads(sound.stdout)["ok"]) == (0, True)
    with configured.transaction() as session:
        entry = session.query(AuditEntry).order_by(AuditEntry.id).offset(1).first()
        assert entry is not None
        entry.actor = "somebody"
        altered = entry.id
    found = star("verify")
    problem = {"what": "audit_broken", "where": f"audit:{altered}"}
    assert (found.returncode, json.loads(found.stdout)["problems"]) == (1, [problem])
    assert f"审计日志被改动: audit:{altered}" in found.stderr


def every_command() -> Iterator[tuple[str, click.Command]]:
    for module in registry.discover(cli):
        for command in getattr(module, "COMMANDS", ()):
            yield command.name, command
            for name, inner in getattr(command, "commands", {}).items():
                yield f"{command.name} {name}", inner


@pytest.mark.parametrize(("name", "command"), list(every_command()))
def test_the_help_of_every_command_shows_an_example(name: str, command: click.Command) -> None:
    assert f"Example: service-star {name}" in (command.epilog or ""), name


def test_the_list_of_commands_knows_every_command_where_it_is() -> None:
    """Commands are loaded by name (cli/main.py): one that is not found by it could not be called."""
    written = {
        command.name: module.__name__.rpartition(".")[2]
        for module in registry.discover(cli)
        for command in getattr(module, "COMMANDS", ())
    }
    assert {name: place.module for name, place in main.places().items()} == written
    assert all(place.summary for place in main.places().values())


def test_the_list_of_commands_is_shown_without_loading_the_product(star: Star) -> None:
    assert {"serve", "work", "check"} <= set(star("--help").stdout.split())
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "feedback_app.cli.main", "--help"], capture_output=True, text=True
    ).stderr
    assert "click.core" in loaded
    assert not [name for name in ("sqlalchemy", "flask", "pydantic") if f" {name}\n" in loaded]


def test_export_writes_what_was_asked_for(star: Star, configured: Runtime, tmp_path: Path) -> None:
    with configured.transaction() as session:
        audit.write(session, actor="liu", action="=code", subject="x", now=configured.now())
    told = star("export", "audit", "--format", "jsonl")
    assert (told.returncode, json.loads(told.stdout)["action"]) == (0, "=code")
    assert "1 rows" in told.stderr
    for name, start in (("audit.csv", b"\xef\xbb\xbfid,at"), ("audit.xlsx", b"PK")):
        assert star("export", "audit", "--out", name).returncode == 0
        assert (tmp_path / name).read_bytes().startswith(start)
    assert star("export", "audit", "--format", "xlsx").returncode == 2
    assert star("export", "audit", "--since", "yesterday").returncode == 2


def test_check_names_a_folder_of_another_system_that_is_not_there(runtime: Runtime, tmp_path: Path) -> None:
    def wrong(drop: Path, file: Path) -> set[str]:
        shared = runtime.settings.model_copy(
            update={
                "visits": runtime.settings.visits.model_copy(update={"drop_folder": str(drop)}),
                "evidence": runtime.settings.evidence.model_copy(update={"file": str(file)}),
            }
        )
        return {one.subject for one in _check.examine(replace(runtime, settings=shared)) if one.level == _check.NOTE}

    names = {"visits.drop_folder", "evidence.file"}
    assert wrong(tmp_path / "no", tmp_path / "no" / "heads.txt") >= names
    assert not wrong(tmp_path, tmp_path / "heads.txt") & names


def test_a_folder_that_cannot_be_used_is_a_line_of_the_log(
    runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "his").mkdir()
    (tmp_path / "his" / "a.csv").write_text("x", "utf-8")
    os.utime(tmp_path / "his" / "a.csv", (0, 0))
    (tmp_path / "his" / "done").write_text("a file where the folder should be", "utf-8")
    for folder in (tmp_path / "his", tmp_path / "away"):
        caplog.clear()
        running._take_visits(runtime, folder)
        assert "no visits can be taken" in caplog.text and "Traceback" not in caplog.text
