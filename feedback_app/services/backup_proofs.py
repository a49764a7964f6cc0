"""The first line of a backup, and what it proves.

====================  ==============================================================================================
service-star backup   2 (1: made by release 0.1.0, without ``digest``, ``key`` and ``seal``)
taken_at, bytes       the moment; the size of the database that follows the line
rows, digest          rows by table; a digest of every row, made from the live database while it was copied
key                   whose it is: a name of the secret key that tells nothing about it
sha256                of all of this and of the database
seal                  HMAC-SHA256 of ``sha256`` under a key derived from the secret key: nobody without it can make one
====================  ==============================================================================================
"""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from feedback_app.errors import Refused
from feedback_app.services.vault import Vault

FORMAT = 2
UNSEALED = 1
"""The format of release 0.1.0."""
LONGEST_HEADING = 64 * 1024
PIECE = 1024 * 1024
_NAMES = {"taken_at": str, "bytes": int, "rows": dict, "sha256": str}
_SINCE_2 = {"digest": str, "key": str, "seal": str}
_OF_SUM = {"sha256", "seal"}


@dataclass(frozen=True)
class Heading:
    """``length``: of the line, in bytes; the database begins there."""

    told: Mapping[str, Any]
    length: int

    @property
    def taken_at(self) -> str:
        return str(self.told["taken_at"])

    @property
    def bytes(self) -> int:
        return int(self.told["bytes"])

    def fits(self, rows: Mapping[str, int], digest: str) -> bool:
        """Whether these are the rows it promised."""
        return bool(rows == self.told["rows"] and self.told.get("digest", digest) == digest)


def write_heading(database: Path, vault: Vault, taken_at: str, rows: Mapping[str, int], digest: str) -> bytes:
    """The line before this database file."""
    told: dict[str, Any] = {
        "service-star backup": FORMAT,
        "taken_at": taken_at,
        "bytes": database.stat().st_size,
        "rows": rows,
        "digest": digest,
        "key": _name_of(vault),
    }
    with database.open("rb") as file:
        _, told["sha256"] = _sum(told, file)
    told["seal"] = _seal(vault, told["sha256"])
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def proven_heading(backup: Path, vault: Vault, *, other_key: bool) -> Heading:
    """The heading, after the whole file has been read and fits it. Raises Refused as ``backups.restore`` says."""
    with backup.open("rb") as file:
        heading = _read(file, backup.name)
        size, digest = _sum(heading.told, file)
    if size < heading.bytes:
        raise Refused("backup.cut", file=backup.name, have=size + heading.length, want=heading.bytes + heading.length)
    if (size, digest) != (heading.bytes, heading.told["sha256"]):
        raise Refused("backup.damaged", file=backup.name)
    if not other_key:
        if heading.told["service-star backup"] == UNSEALED:  # whoever edits a file could claim this
            raise Refused("backup.no_seal", file=backup.name)
        if heading.told["key"] != _name_of(vault):
            raise Refused("backup.other_key", file=backup.name)
        if not hmac.compare_digest(heading.told["seal"].encode(), _seal(vault, digest).encode()):
            raise Refused("backup.forged", file=backup.name)
    return heading


def _read(file: BinaryIO, name: str) -> Heading:
    line = file.readline(LONGEST_HEADING)
    try:
        told = json.loads(line)
        version = told["service-star backup"]
        wanted = {**_NAMES, **_SINCE_2} if version != 1 else _NAMES
        if type(version) is int and version > FORMAT:
            raise Refused("backup.newer", file=name)
        if type(version) is int and version > 0 and all(type(told[key]) is kind for key, kind in wanted.items()):
            return Heading(told, len(line))
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Refused("backup.not_a_backup", file=name)


def _sum(told: Mapping[str, Any], database: BinaryIO) -> tuple[int, str]:
    """Bytes of the database, and the sum over what the heading says and over it."""
    said = {name: value for name, value in told.items() if name not in _OF_SUM}
    digest, size = hashlib.sha256(json.dumps(said, sort_keys=True).encode()), 0
    while piece := database.read(PIECE):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


def _name_of(vault: Vault) -> str:
    return hmac.new(vault.key("backup/name"), b"", hashlib.sha256).hexdigest()[:16]


def _seal(vault: Vault, digest: str) -> str:
    return hmac.new(vault.key("backup/seal"), digest.encode(), hashlib.sha256).hexdigest()


def table_names(opened: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Name, and the name as it is written in a statement."""
    for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        yield name, '"' + name.replace('"', '""') + '"'


def row_digest(opened: sqlite3.Connection) -> str:
    """Of every value of every row of every table, in whatever order they lie."""
    sums: dict[str, int] = {}
    for name, quoted in table_names(opened):
        total = 0
        # nosemgrep: sql-from-text
        for row in opened.execute(f"SELECT * FROM {quoted}"):  # noqa: S608 # nosec B608 - names of the file's own catalogue
            total += int.from_bytes(
                hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).digest()
            )
        sums[name] = total % 2**128
    return hashlib.sha256(json.dumps(sums).encode()).hexdigest()
