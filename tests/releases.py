"""The released schemas: their migrations never change again."""

import hashlib

from feedback_app.db import schema

VERSIONS = schema.MIGRATIONS / "versions"
RELEASED = {
    "0001_initial.py": ("0.1.0", "7ad473c08fdd2a89875047d7dabbbba058a8febc70f36125a40691f391ce33e8"),
}
"""Migration -> the release that made its tables known to the world, and the SHA-256 of the file."""
NEXT = f"{len(RELEASED) + 1:04d}"
"""The migration of what is not released yet."""


def digest(name: str) -> str:
    return hashlib.sha256((VERSIONS / name).read_bytes()).hexdigest()
