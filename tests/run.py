"""What ``python3 run.py test`` starts: the static checks, then all tests; the closing line is pytest's.

``python3 run.py test --database postgresql`` runs every test on PostgreSQL; whatever else stands there is handed to pytest.
"""

import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
CHECKS = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports"])


def _database(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Without the choice of the database, which the tests read from the environment."""
    if "--database" not in arguments:
        return arguments, dict(os.environ)
    at = arguments.index("--database")
    return arguments[:at] + arguments[at + 2 :], {**os.environ, "SERVICE_STAR_TEST_DATABASE": arguments[at + 1]}


def main(arguments: list[str]) -> int:
    arguments, environment = _database(arguments)
    failed = []
    for command in () if arguments else CHECKS:
        print("==", *command, flush=True)
        if subprocess.run([BIN / command[0], *command[1:]]).returncode:
            failed.append(command[0])
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "auto", *arguments], env=environment
    ).returncode
    if failed:
        print(f"failed before the tests: {', '.join(failed)}", file=sys.stderr)
    return tested or int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
