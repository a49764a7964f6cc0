"""What ``python3 run.py test`` starts: the static checks, then all tests; the closing line is pytest's."""

import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
CHECKS = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports"])


def main(arguments: list[str]) -> int:
    failed = []
    for command in () if arguments else CHECKS:
        print("==", *command, flush=True)
        if subprocess.run([BIN / command[0], *command[1:]]).returncode:
            failed.append(command[0])
    tested = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "auto", *arguments]).returncode
    if failed:
        print(f"failed before the tests: {', '.join(failed)}", file=sys.stderr)
    return tested or int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
