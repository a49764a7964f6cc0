"""What can be said about the code without running it: bandit, and our own semgrep rules, which are tried on broken code first."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = Path(__file__).with_name("semgrep.lock")
RULES = Path(__file__).with_name("semgrep.yml")
CODE = ["feedback_app", "bots", "qr", "run.py", "templates"]
PLACE = ROOT / "var" / "semgrep"

BROKEN = {
    "address-from-the-request": "from flask import request\nlink = request.host_url + 'x'\n",
    "sql-from-text": "def f(session, name):\n    session.execute(f'SELECT {name}')\n",
    "template-from-text": "from flask import render_template_string\nrender_template_string(x)\n",
    "code-from-data": "import pickle\npickle.loads(x)\n",
    "secret-compared-in-the-open": "def f(signature, own):\n    return signature == own\n",
    "no-timeout": "import requests\nrequests.get('http://x')\n",
    "person-in-the-log": "def f(_log, openid):\n    _log.info('from %s', openid)\n",
    "time-asked-elsewhere": "from datetime import datetime\nnow = datetime.now()\n",
    "cookie-in-the-open": "def f(answer):\n    answer.set_cookie('a', 'b', httponly=True)\n",
    "xml-with-entities": "import lxml.etree\nlxml.etree.fromstring(x)\n",
    "unescaped-in-a-page": "<p>{{ comment | safe }}</p>\n",
    "script-in-a-tag": '<p onclick="x()">\n',
}


def semgrep() -> Path:
    """The program in an environment of its own: it pins many packages in versions that are not ours."""
    PLACE.parent.mkdir(exist_ok=True)
    with (PLACE.parent / "semgrep.lock").open("w") as lock:  # several test processes ask at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = PLACE / "installed"
        if not stamp.is_file() or stamp.read_text("utf-8") != LOCK.read_text("utf-8"):
            uv: list[str | Path] = [sys.executable, "-m", "uv"]
            made = [*uv, "venv", "--clear", "--python", sys.executable, PLACE]
            filled = [*uv, "pip", "install", "--python", PLACE / "bin" / "python", "--require-hashes", "-r", LOCK]
            for command in (made, filled):
                subprocess.run(command, capture_output=True, check=True, timeout=300)
            stamp.write_text(LOCK.read_text("utf-8"), "utf-8")
    return PLACE / "bin" / "semgrep"


def found(*targets: str | Path, folder: Path = ROOT) -> list[str]:
    """``rule file:line`` of everything the rules say about these files."""
    command: list[str | Path] = [
        semgrep(),
        "scan",
        "--config",
        RULES,
        "--metrics",
        "off",
        "--disable-version-check",
        "--json",
        "--quiet",
    ]
    command += ["--no-git-ignore", "--jobs", "2", *targets]
    home = {
        **os.environ,
        "SEMGREP_SETTINGS_FILE": str(PLACE / "settings.yml"),
        "PATH": f"{PLACE / 'bin'}:{os.environ['PATH']}",
    }
    done = subprocess.run(command, cwd=folder, env=home, capture_output=True, text=True, check=False, timeout=300)
    told = json.loads(done.stdout)
    assert told["errors"] == []
    return sorted(
        f"{one['check_id'].rpartition('.')[2]} {one['path']}:{one['start']['line']}" for one in told["results"]
    )


def test_each_rule_finds_what_it_is_for(tmp_path: Path) -> None:
    for rule, code in BROKEN.items():
        (tmp_path / f"{rule}{'.html' if code.startswith('<') else '.py'}").write_text(code, "utf-8")
    rules = {one.partition(" ")[0] for one in found(tmp_path, folder=tmp_path)}
    assert rules == set(BROKEN)


def test_the_code_breaks_none_of_our_rules() -> None:
    assert found(*CODE) == []


def test_bandit_finds_nothing_of_weight() -> None:
    command = [sys.executable, "-m", "bandit", "-q", "-ll", "-f", "json", "-r", *CODE[:4]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    results = json.loads(done.stdout)["results"]
    assert [f"{one['test_id']} {one['filename']}:{one['line_number']}" for one in results] == []


@pytest.mark.parametrize("line", ["import hashlib\nhashlib.md5(b'x')\n"])
def test_bandit_does_look(tmp_path: Path, line: str) -> None:
    (tmp_path / "bad.py").write_text(line, "utf-8")
    command: list[str | Path] = [sys.executable, "-m", "bandit", "-q", "-ll", "-f", "json", "-r", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert len(json.loads(done.stdout)["results"]) == 1
