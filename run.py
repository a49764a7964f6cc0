"""One file to start with, standard library only.

python3 run.py          the demo: a made-up hospital on this machine  (PORT=8000, --no-seed)
python3 run.py test     everything the tests need, then all of them
python3 run.py setup    only .venv, with .venv/bin/service-star in it

For a server without internet access, on a machine with the same Linux and Python that has it:
python3 run.py wheelhouse DIR         every package, as files in DIR; carry DIR over together with this folder
python3 run.py setup --wheelhouse DIR install from those files alone
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
INSTALLER = "uv==0.13.9"
_NOT_FROM_INDEX = """\
软件包没有装上（原因在上面）。这台机器能访问软件包索引吗？能，再运行一次；没有互联网，用 setup --wheelhouse，见 docs/operator.md“没有互联网”。
The packages could not be installed (see above). Is a package index reachable? Then run this again; without internet access: setup
--wheelhouse, see docs/operator.md."""
_READY = "装好了。接着做什么见 docs/operator.md。 / Installed. What comes next: docs/operator.md."
_NOT_COLLECTED = """\
安装包没有收集全（原因在上面）。说 No module named pip 的：Debian、Ubuntu 先 sudo apt install python3-pip，再运行一次；说连不上的，换一台能上网的机器。
Not everything could be collected (see above). "No module named pip": sudo apt install python3-pip, then again; no connection: use a machine
that has one."""
_NOT_IN_WHEELHOUSE = f"""\
软件包没有装上（原因在上面）。这个文件夹里缺文件，或者是别的版本的：要用这一版程序，在处理器相同、Python 同为 {sys.version_info[0]}.{sys.version_info[1]} 的机器上
重新收集（python3 run.py wheelhouse 文件夹），全部拷过来，再运行一次。
The packages could not be installed (see above). Files are missing from this folder or belong to another version: collect them again with this
very release, on a machine with the same processor and Python {sys.version_info[0]}.{sys.version_info[1]}, carry all of them over, and run this again."""


def ensure(lock: Path, wheelhouse: Path | None = None) -> None:
    """Make .venv hold exactly what ``lock`` names, and this program; quick when it already does.

    ``wheelhouse``: take the packages from this folder, and ask nobody.
    """
    wanted = hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = VENV / f".{lock.stem}-installed"
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    if not (BIN / "python").exists():
        print("making .venv …", flush=True)
        try:
            venv.create(VENV, with_pip=True)
        except (OSError, subprocess.CalledProcessError):
            sys.exit(
                "Python's venv module is incomplete. On Debian or Ubuntu: sudo apt install python3-venv, then again."
            )
    print(f"installing the packages named in {lock.name} …", flush=True)
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(VENV)}
    where: list[str | Path] = ["--no-index", "--find-links", wheelhouse] if wheelhouse else []
    commands: tuple[list[str | Path], ...] = (
        [BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *where, INSTALLER],
        [BIN / "uv", "pip", "sync", "--quiet", "--require-hashes", *where, lock],
        [BIN / "uv", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", *where, "--editable", ROOT],
    )
    for command in commands:
        done = subprocess.run(command, env=environment, cwd=ROOT)
        if done.returncode:
            sys.exit(_NOT_IN_WHEELHOUSE if wheelhouse else _NOT_FROM_INDEX)
    for old in VENV.glob(".*-installed"):
        old.unlink()
    stamp.write_text(wanted, "utf-8")


def collect(wheelhouse: Path) -> int:
    """Every package of requirements.lock and the installer, as files in ``wheelhouse``."""
    download: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--dest",
        wheelhouse,
    ]
    lock: list[str | Path] = ["--require-hashes", "--only-binary", ":all:", "-r", ROOT / "requirements.lock"]
    for what in ([INSTALLER], lock):
        if subprocess.run([*download, *what]).returncode:
            print(_NOT_COLLECTED, file=sys.stderr)
            return 1
    files = [one for one in wheelhouse.iterdir() if one.is_file()]
    print(f"{len(files)} packages, {sum(one.stat().st_size for one in files) // 2**20} MB, in {wheelhouse}")
    return 0


def has_development_packages() -> bool:
    return (VENV / ".requirements-dev-installed").is_file()


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    what, rest = (
        (arguments[0], arguments[1:]) if arguments and not arguments[0].startswith("-") else ("demo", arguments)
    )
    if what == "wheelhouse" and len(rest) == 1:
        return collect(Path(rest[0]))
    if what not in {"demo", "test", "setup"}:
        sys.exit(__doc__)
    if what == "setup" and rest:
        if rest[0] != "--wheelhouse" or len(rest) != 2 or not Path(rest[1]).is_dir():
            sys.exit(__doc__)
        ensure(ROOT / "requirements.lock", Path(rest[1]).resolve())
        print(_READY)
        return 0
    development = ROOT / "requirements-dev.lock"
    ensure(development if what == "test" or has_development_packages() else ROOT / "requirements.lock")
    if what == "setup":
        print(_READY)
        return 0
    if what == "test":
        return subprocess.run([BIN / "python", "-m", "tests.run", *rest], cwd=ROOT).returncode
    demo = [str(BIN / "service-star"), "demo", *rest]
    if os.name == "posix":
        os.chdir(ROOT)
        os.execv(demo[0], demo)  # Ctrl-C must reach the demo alone: it ends its processes in order
    return subprocess.run(demo, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
